/*
 * Sample lists of the three dialects, put together byte by byte without the code under test.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_LISTS_H
#define CTLSIGN_TESTS_FIXTURE_LISTS_H

#include "base/bytes.h"
#include "fixture_certs.h"
#include "trustlist/trustlist.h"

/* ---- the pieces ---------------------------------------------------------------------------- */

void fixture_element(struct buffer *out, unsigned tag, const void *value, size_t len);

/* TEXT with its NUL. */
void fixture_text(struct buffer *out, unsigned tag, const char *text);
void fixture_u8(struct buffer *out, unsigned tag, unsigned value);
void fixture_u16(struct buffer *out, unsigned tag, unsigned value);

/* A container or a record: begin returns what end needs to fill in the length. */
size_t fixture_container_begin(struct buffer *out, unsigned tag);
void fixture_container_end(struct buffer *out, size_t begin);
size_t fixture_record_begin(struct buffer *out);
void fixture_record_end(struct buffer *out, size_t begin);

struct fixture_header {
	const char *name;
	const char *issuer;
	struct bytes serial;
	unsigned digest;
	unsigned modulus_code;
	size_t signature_len;
	bool community;	  /* element 28, and 4, 6, 5 instead of 4, 5, 6 */
	const void *more; /* appended after TIMESTAMP as it is */
	size_t more_len;
};

/* Appends a whole header, padded; the signature is zero.  Returns the offset of element 12. */
size_t fixture_header(struct buffer *out, const struct fixture_header *header);

struct fixture_record {
	unsigned role;
	const char *dns; /* NULL: no DNSNAME */
	const char *subject;
	const char *issuer;
	struct bytes serial;
	X509 *cert;		/* NULL: only 1, 2, 4, 10 */
	bool without_signature; /* no element 8 */
	const uint8_t *ip;	/* NULL: no element 10 */
};

void fixture_record(struct buffer *out, const struct fixture_record *record);

/* Signs FILE with OpenSSL's own hash-and-sign; DIGEST is OpenSSL's name of it. */
void fixture_sign(struct buffer *file, EVP_PKEY *key, const char *digest);

/* ---- the samples: made once, signed and valid ---------------------------------------------- */

/*
 * The tokenless list of CUCM's command line whose dump is published: 4,947 bytes, header 336,
 * records 1156, 1156, 1138 and 1161.  Its certificates are those of fixture_cucm_cert().
 */
const struct buffer *fixture_cucm_list(void);
enum fixture_cucm_cert_id { FIXTURE_CUCM_PUB, FIXTURE_CUCM_CAPF, FIXTURE_CUCM_SUB, FIXTURE_N_CUCM };
X509 *fixture_cucm_cert(enum fixture_cucm_cert_id id);

/* The address and time in the CUCM sample. */
extern const uint8_t fixture_cucm_ip[3][4];
#define FIXTURE_TIMESTAMP 0x54d4c3f0u

/*
 * What the Windows CTL client wrote in non-secure mode: 3,746 bytes, header 304, records 1186,
 * 1186, 33, 33 and 1004; serials of tokens byte-reversed, no element 8.
 */
const struct buffer *fixture_windows_list(void);

/* The same list signed by its second token. */
const struct buffer *fixture_windows_list_token_2(void);

/*
 * A small list as the usecallmanager community's tool writes them: element 28, names of RFC 4514,
 * 4, 6, 5; an EC entry; a record without DNSNAME, all without IPADDRESS; SHA-256.
 */
const struct buffer *fixture_community_list(void);

/* All three, and their number. */
#define FIXTURE_N_SAMPLES 3
const struct buffer *fixture_sample(size_t i);

/* tl_sign() with a verifier of its own. */
enum status fixture_sign_list(
    struct buffer *file, struct fixture_signer *signer, struct error *err);

#endif
