/*
 * How certificates are told to people and scripts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/certificate_text.h"

#include "trustlist/trustlist.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* A serial number that is typed may be cut short, but not to nothing. */
#define SERIAL_LEAST 4

/* The texts that both forms show. */
struct facts {
	struct buffer subject, issuer, serial, from, to;
	char key[TL_KEY_TEXT_MAX];
};

static void add_name(struct buffer *out, const X509_NAME *name)
{
	struct buffer raw = BUFFER_INIT;

	if (tl_name_text(name, TL_NAMES_CUCM, &raw, NULL) == ST_OK)
		text_printable(out, buffer_bytes(&raw));
	buffer_free(&raw);
}

void certificate_subject(const X509 *certificate, struct buffer *out)
{
	add_name(out, X509_get_subject_name(certificate));
}

static void facts_of(const X509 *certificate, bool local_time, struct facts *facts)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	void (*put_time)(struct buffer *, time_t) = local_time ? text_time_local : text_time_utc;
	time_t from, to;

	*facts = (struct facts){.subject = BUFFER_INIT};
	certificate_subject(certificate, &facts->subject);
	add_name(&facts->issuer, X509_get_issuer_name(certificate));
	text_hex(&facts->serial, tl_certificate_serial(certificate), ':', false);
	if (key != NULL)
		tl_key_text(facts->key, key);
	if (tl_certificate_validity(certificate, &from, &to)) {
		put_time(&facts->from, from);
		put_time(&facts->to, to);
	}
}

static void facts_free(struct facts *facts)
{
	buffer_free(&facts->subject);
	buffer_free(&facts->issuer);
	buffer_free(&facts->serial);
	buffer_free(&facts->from);
	buffer_free(&facts->to);
}

static const char *text_of(struct buffer *buf)
{
	const char *text = buffer_text(buf);

	return text != NULL ? text : "";
}

void certificate_rows(const X509 *certificate, struct text_table *table)
{
	struct facts facts;

	facts_of(certificate, true, &facts);
	text_table_row(table, (const char *[]){_("  Subject"), text_of(&facts.subject)});
	text_table_row(table, (const char *[]){_("  Issuer"), text_of(&facts.issuer)});
	text_table_row(table, (const char *[]){_("  Serial"), text_of(&facts.serial)});
	text_table_row(table, (const char *[]){_("  Key"), facts.key});
	text_table_row(table, (const char *[]){_("  Valid from"), text_of(&facts.from)});
	text_table_row(table, (const char *[]){_("  Valid to"), text_of(&facts.to)});
	facts_free(&facts);
}

static json_t *hash_of(const X509 *certificate, const EVP_MD *algorithm)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buffer hex = BUFFER_INIT;
	unsigned len = 0;
	json_t *json;

	if (X509_digest(certificate, algorithm, digest, &len) != 1)
		return json_null();
	text_hex(&hex, (struct bytes){digest, len}, '\0', true);
	json = json_string(text_of(&hex));
	buffer_free(&hex);
	return json;
}

json_t *certificate_json(const X509 *certificate)
{
	struct facts facts;
	json_t *json;

	facts_of(certificate, false, &facts);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "subject",
	    text_of(&facts.subject), "issuer", text_of(&facts.issuer), "serial",
	    text_of(&facts.serial), "key", facts.key, "not_before", text_of(&facts.from),
	    "not_after", text_of(&facts.to), "sha1", hash_of(certificate, EVP_sha1()), "sha256",
	    hash_of(certificate, EVP_sha256()));
	facts_free(&facts);
	return json;
}

bool certificate_serial_fits(const X509 *certificate, const char *typed, bool *whole)
{
	struct buffer hex = BUFFER_INIT;
	const char *serial, *p;
	bool fits;

	text_hex(&hex, tl_certificate_serial(certificate), 0, true);
	serial = p = buffer_text(&hex);
	fits = serial != NULL;
	for (; fits && *typed != '\0'; typed++) {
		if (*typed == ':')
			continue;
		fits = *p != '\0' && tolower((unsigned char)*typed) == *p;
		p++;
	}
	*whole = fits && *p == '\0';
	fits = fits && (*whole || p - serial >= SERIAL_LEAST);
	buffer_free(&hex);
	return fits;
}
