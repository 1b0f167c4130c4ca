/*
 * Names for the sections of an inventory, and so for certificate files, out of names that somebody
 * else chose.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/takeover_parts.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Room for "-1024" behind a name. */
#define STEM_MAX (TAKING_NAME_MAX - 8)

void taking_common_name(const struct tl_record *record, struct buffer *out)
{
	const X509_NAME *name;
	const ASN1_STRING *value;
	int at;

	if (record->x509 == NULL)
		return;
	name = X509_get_subject_name(record->x509);
	at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	if (at < 0)
		return;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	buffer_add(out, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
}

static bool is_address(struct bytes text)
{
	char copy[INET6_ADDRSTRLEN + 1];
	uint8_t address[16];

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return inet_pton(AF_INET, copy, address) == 1 || inet_pton(AF_INET6, copy, address) == 1;
}

bool taking_is_host_name(struct bytes text)
{
	char shown[2 * TAKING_DNS_MAX];

	if (text.len == 0 || text.len >= TAKING_DNS_MAX || memchr(text.data, ' ', text.len) != NULL)
		return false;
	/* What is escaped when it is shown is no part of a name. */
	text_printable_into(shown, sizeof(shown), text);
	return strlen(shown) == text.len && memcmp(shown, text.data, text.len) == 0;
}

static bool is_plain(unsigned char c)
{
	return c < 0x80 && (isalnum(c) || c == '-' || c == '_');
}

/* Up to the first dot, only what needs no quotes in the file and is safe in a file's name. */
static void make_stem(struct bytes host, char out[STEM_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < host.len && host.data[i] != '.' && len < STEM_MAX - 1; i++) {
		const unsigned char c = host.data[i];

		if (is_plain(c) && (len > 0 || isalnum(c)))
			out[len++] = (char)c;
		else if (len > 0 && out[len - 1] != '-')
			out[len++] = '-';
	}
	while (len > 0 && out[len - 1] == '-')
		len--;
	out[len] = '\0';
}

static const char *word_for(enum taken_kind kind)
{
	switch (kind) {
	case TAKEN_PUBLISHER:
		return "publisher";
	case TAKEN_SUBSCRIBER:
		return "subscriber";
	case TAKEN_TFTP:
	case TAKEN_ALTERNATE_TFTP:
		return "tftp";
	case TAKEN_FIREWALL:
		return "firewall";
	case TAKEN_ENTRY:
		break;
	}
	return "entry";
}

/* Case does not count: the names become files, too. */
static bool is_taken(const struct taking *t, size_t self, const char *name)
{
	for (size_t s = 0; s < t->n_servers; s++)
		if (s != self && strcasecmp(t->servers[s].name, name) == 0)
			return true;
	return false;
}

static void name_server(struct taking *t, size_t s)
{
	struct taken_server *server = &t->servers[s];
	const struct bytes dns = text_bytes(server->dns);
	char stem[STEM_MAX] = "";

	if (!is_address(dns))
		make_stem(dns, stem);
	if (stem[0] == '\0')
		snprintf(stem, sizeof(stem), "%s", word_for(server->kind));
	snprintf(server->name, sizeof(server->name), "%s", stem);
	for (size_t k = 2; is_taken(t, s, server->name); k++)
		snprintf(server->name, sizeof(server->name), "%s-%zu", stem, k);
}

/* The CN of RECORD's certificate, unless another server's has it, too: one certificate for all. */
static void own_common_name(
    const struct taking *t, const struct tl_record *record, struct buffer *out)
{
	struct buffer other = BUFFER_INIT;

	taking_common_name(record, out);
	for (size_t s = 0; s < t->n_servers; s++) {
		const struct tl_record *r = &t->list->records[t->servers[s].record];

		if (r == record)
			continue;
		buffer_reset(&other);
		taking_common_name(r, &other);
		if (taking_same_host(buffer_bytes(&other), buffer_bytes(out)) ||
		    taking_same_host(tl_string(r->dns), buffer_bytes(out)))
			buffer_reset(out);
	}
	buffer_free(&other);
}

/*
 * The name as the list has it.  The Windows client wrote addresses there: then the certificate says
 * the name, and records with the address for a name still are the same.
 */
static void find_dns(struct taking *t, struct taken_server *server)
{
	const struct tl_record *record = &t->list->records[server->record];
	struct bytes dns = tl_string(record->dns);
	struct buffer cn = BUFFER_INIT;

	if (dns.len == 0 || is_address(dns)) {
		own_common_name(t, record, &cn);
		if (taking_is_host_name(buffer_bytes(&cn)) && !is_address(buffer_bytes(&cn)))
			dns = buffer_bytes(&cn);
	}
	snprintf(server->dns, sizeof(server->dns), "%.*s", (int)dns.len, (const char *)dns.data);
	buffer_free(&cn);
}

void taking_name_servers(struct taking *t)
{
	for (size_t s = 0; s < t->n_servers; s++)
		find_dns(t, &t->servers[s]);
	/* The publisher's name is the plainest. */
	name_server(t, t->publisher);
	for (size_t s = 0; s < t->n_servers; s++)
		if (s != t->publisher)
			name_server(t, s);
}
