/*
 * Checks of the certificates: that a record tells of its certificate what is true, that phones can
 * use the key, that the dates hold.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/lint.h"

#include "base/text.h"
#include "trustlist/describe.h"
#include "trustlist/elements.h"
#include "trustlist/public_key.h"
#include "trustlist/sorted.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One record and its certificate. */
struct subject {
	struct lint *lint;
	const struct tl_record *record;
	size_t number;
	X509 *cert;
	EVP_PKEY *key; /* NULL: of a type that OpenSSL does not know */
};

static struct bytes without_leading_zeros(struct bytes value)
{
	while (value.len > 0 && value.data[0] == 0) {
		value.data++;
		value.len--;
	}
	return value;
}

static bool equal_reversed(struct bytes a, struct bytes b)
{
	while (a.len > 0 && a.data[a.len - 1] == 0)
		a.len--;
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.data[a.len - 1 - i] != b.data[i])
			return false;
	return true;
}

static void check_serial(const struct subject *s)
{
	struct bytes real = without_leading_zeros(tl_certificate_serial(s->cert));
	char stored_text[DESCRIBE_SERIAL_MAX], real_text[DESCRIBE_SERIAL_MAX];

	/* A negative serial is against the standard, and how CUCM writes one is not known. */
	if (s->record->serial.data == NULL ||
	    ASN1_STRING_type(X509_get0_serialNumber(s->cert)) == V_ASN1_NEG_INTEGER)
		return;
	if (bytes_equal(without_leading_zeros(s->record->serial), real))
		return;
	describe_serial(stored_text, s->record->serial);
	describe_serial(real_text, real);
	if (equal_reversed(s->record->serial, real))
		lint_add(s->lint, LINT_SERIAL_REVERSED, TL_ADVICE, s->number, NULL,
		    _("the serial is stored byte-reversed, as Cisco's Windows CTL client did for "
		      "eTokens: %s, in the certificate %s"),
		    stored_text, real_text);
	else
		lint_add(s->lint, LINT_SERIAL_MISMATCH, TL_ERROR, s->number,
		    _("build the list anew from the certificate"),
		    _("SERIALNUMBER is %s, but the certificate's serial is %s"), stored_text,
		    real_text);
}

/*
 * The name that the Windows client wrote: lower-case types, odd quotes.  It never equals what the
 * certificate gives, and phones do not mind.
 */
static bool is_windows_name(struct bytes name)
{
	return name.len > 0 && (islower(name.data[0]) || memchr(name.data, '"', name.len) != NULL);
}

static bool name_fits(struct bytes stored, const X509_NAME *name, enum tl_names style)
{
	struct buffer text = BUFFER_INIT;
	bool fits;

	/* A name that cannot be turned into text cannot be compared either. */
	if (tl_name_text(name, style, &text, NULL) != ST_OK || text.failed)
		fits = true;
	else
		fits = text.len == stored.len &&
		       (text.len == 0 || strncasecmp((const char *)text.data,
					     (const char *)stored.data, text.len) == 0);
	buffer_free(&text);
	return fits;
}

static void check_name(
    const struct subject *s, uint8_t tag, struct bytes stored, const X509_NAME *name)
{
	struct bytes text = tl_string(stored);
	char words[DESCRIBE_NAME_MAX];

	if (stored.data == NULL || is_windows_name(text) || name_fits(text, name, TL_NAMES_CUCM) ||
	    name_fits(text, name, TL_NAMES_RFC4514))
		return;
	lint_add(s->lint, LINT_NAME_DIFFERS, TL_ADVICE, s->number, NULL,
	    _("%s is not the certificate's: '%s'"), element_rule_record(tag)->name,
	    describe_name_into(words, sizeof(words), stored));
}

static void check_public_key(const struct subject *s)
{
	struct buffer key = BUFFER_INIT;

	if (s->record->public_key.data == NULL || s->key == NULL)
		return;
	/* A type that has no such form cannot be compared; key-type tells of it. */
	if (public_key_element(s->cert, &key, NULL) == ST_OK &&
	    !bytes_equal(s->record->public_key, buffer_bytes(&key)))
		lint_add(s->lint, LINT_PUBLIC_KEY_MISMATCH, TL_ERROR, s->number,
		    _("build the list anew from the certificate"),
		    _("PUBLICKEY is not the key of the record's certificate"));
	ERR_clear_error();
	buffer_free(&key);
}

static void check_rsa(const struct subject *s)
{
	int bits = EVP_PKEY_get_bits(s->key);

	if (bits > 4096)
		lint_add(s->lint, LINT_RSA_OVER_4096, TL_ERROR, s->number,
		    _("use a certificate with an RSA key of 2048 bits"),
		    _("the certificate has an RSA key of %d bits; no phone takes over 4096"), bits);
	else if (bits > 2048)
		lint_add(s->lint, LINT_RSA_OVER_2048, TL_WARNING, s->number,
		    _("use a certificate with an RSA key of 2048 bits"),
		    _("the certificate has an RSA key of %d bits; many phones refuse over 2048"),
		    bits);
	else if (bits < 2048)
		lint_add(s->lint, LINT_RSA_1024, TL_ADVICE, s->number,
		    _("use a certificate with an RSA key of 2048 bits"),
		    _("the certificate has an RSA key of %d bits, which is weak"), bits);
}

/* What depends on the role too: told of every record, though the certificate be the same. */
static void check_ec(const struct subject *s)
{
	const struct trustlist *list = s->lint->list;
	unsigned role = s->record->role;

	if (!s->record->has_role)
		return;
	if (role == TL_ROLE_SAST)
		lint_add(s->lint, LINT_KEY_TYPE, TL_WARNING, s->number,
		    _("use a certificate with an RSA key"),
		    _("the SAST record has an EC key, and lists are signed with RSA only"));
	if ((role == TL_ROLE_TFTP || role == TL_ROLE_CCM_TFTP) &&
	    !(list->has_signer_version && list->signer_version[0] == 1 &&
		list->signer_version[1] == 1))
		lint_add(s->lint, LINT_EC_NEEDS_1_1, TL_WARNING, s->number,
		    _("build the list with signer version 1.1"),
		    _("the TFTP certificate has an EC key, for which phones want SIGNERVERSION "
		      "1.1"));
}

static void check_key(const struct subject *s, bool first)
{
	char words[TL_KEY_TEXT_MAX];

	if (s->key != NULL && EVP_PKEY_is_a(s->key, "EC"))
		check_ec(s);
	else if (!first)
		return;
	else if (s->key != NULL && EVP_PKEY_is_a(s->key, "RSA"))
		check_rsa(s);
	else
		lint_add(s->lint, LINT_KEY_TYPE, TL_WARNING, s->number,
		    _("use a certificate with an RSA key"),
		    _("the certificate's key is neither RSA nor EC: %s"),
		    s->key != NULL ? tl_key_text(words, s->key) : _("unknown"));
}

static void check_dates(const struct subject *s)
{
	const time_t soon = (time_t)s->lint->expiry_days * 24 * 60 * 60;
	const char *replace = _("replace the certificate and update the list");
	char entry[DESCRIBE_ENTRY_MAX], date[DESCRIBE_TIME_MAX];
	time_t now = s->lint->now, not_before, not_after;

	if (!tl_certificate_validity(s->cert, &not_before, &not_after))
		return;
	describe_entry(entry, s->record);
	describe_time(date, now < not_before ? not_before : not_after);
	if (now > not_after)
		lint_add(s->lint, LINT_EXPIRED, TL_WARNING, s->number, replace,
		    _("the certificate of %s expired on %s"), entry, date);
	else if (now < not_before)
		lint_add(s->lint, LINT_NOT_YET_VALID, TL_WARNING, s->number,
		    _("check the clock, or wait"),
		    _("the certificate of %s is not valid before %s"), entry, date);
	else if (not_after - now < soon)
		lint_add(s->lint, LINT_EXPIRES_SOON, TL_WARNING, s->number, replace,
		    _("the certificate of %s expires on %s"), entry, date);
}

static int by_certificate(const struct tl_record *a, const struct tl_record *b)
{
	return sorted_compare_bytes(a->certificate, b->certificate);
}

/* For each record whether its certificate stands in none before it; NULL when out of memory. */
static bool *find_first(const struct trustlist *list)
{
	size_t *order = sorted_records(list, by_certificate);
	bool *first = calloc(list->n_records + 1, sizeof(*first));

	if (order == NULL || first == NULL) {
		free(first);
		first = NULL;
		goto out;
	}
	for (size_t i = 0; i < list->n_records; i++)
		first[order[i]] = i == 0 || by_certificate(&list->records[order[i - 1]],
						&list->records[order[i]]) != 0;
out:
	free(order);
	return first;
}

static void check_record(
    struct lint *lint, const struct tl_record *record, size_t number, bool first)
{
	struct subject s = {.lint = lint, .record = record, .number = number};

	if (tl_record_x509(record, &s.cert, NULL) != ST_OK) {
		lint_add(lint, LINT_CERTIFICATE_UNDECODABLE, TL_ERROR, number,
		    _("build the list anew from the certificate"),
		    _("CERTIFICATE is no X.509 certificate in DER"));
		return;
	}
	s.key = X509_get0_pubkey(s.cert);
	ERR_clear_error();
	check_public_key(&s);
	check_serial(&s);
	check_name(&s, TL_R_SUBJECT, record->subject, X509_get_subject_name(s.cert));
	check_name(&s, TL_R_ISSUER, record->issuer, X509_get_issuer_name(s.cert));
	check_key(&s, first);
	if (first)
		check_dates(&s);
	X509_free(s.cert);
}

void lint_certificates(struct lint *lint)
{
	const struct trustlist *list = lint->list;
	bool *first = find_first(list);

	if (first == NULL) {
		lint->failed = true;
		return;
	}
	for (size_t i = 0; i < list->n_records; i++)
		if (list->records[i].certificate.data != NULL)
			check_record(lint, &list->records[i], i + 1, first[i]);
	free(first);
}
