/*
 * Lists in which every element can be bent, for the tests that look at lists: a clean list that a
 * test changes in one place, then encodes, signs and reads.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_LOOKS_H
#define CTLSIGN_TESTS_FIXTURE_LOOKS_H

#include "trustlist/trustlist.h"

#include "fixture_certs.h"

#include <time.h>

/* 2026-11-23 12:00:00 UTC, when the tests take place; the list is a day old. */
#define LOOKS_NOW	((time_t)1795435200)
#define LOOKS_TIMESTAMP 1795348800u

#define LOOKS_RECORDS_MAX 64

/* A record as it will stand in the file; a range whose data is NULL is left out. */
struct looks_record {
	bool has_role;
	unsigned role;
	struct bytes dns; /* names with their NUL */
	struct bytes subject;
	struct bytes issuer;
	struct bytes serial;
	struct bytes public_key;
	struct bytes signature;
	struct bytes certificate;
	struct bytes ip;
	struct bytes more; /* encoded elements, appended as they are */
};

struct looks {
	unsigned version;	 /* 0x0102 */
	unsigned signer_version; /* 0: none */
	struct bytes signer_name;
	struct bytes signer_serial;
	struct bytes signer_issuer;
	unsigned digest;
	unsigned algorithm;
	unsigned modulus_code;
	size_t signature_len;
	bool sign; /* by fixture_key(FIXTURE_RSA_2048); else the signature is zero */
	struct bytes filename;
	bool has_timestamp;
	uint32_t timestamp;
	struct bytes more;
	bool pad;
	struct looks_record records[LOOKS_RECORDS_MAX];
	size_t n;

	struct buffer file; /* what looks_make() makes */
	struct trustlist list;
};

/*
 * The clean list: record 1 SAST, the signer; 2 SAST; 3 CCM+TFTP cucm-pub; 4 CAPF; 5 CCM+TFTP
 * cucm-sub1.  SHA-512, RSA-2048.  Certificates are the same in every list of a program.
 */
void looks_clean(struct looks *looks);

/* Encodes, signs and reads.  Aborts if the list cannot be read.  May be called again. */
void looks_make(struct looks *looks);
void looks_free(struct looks *looks);

/* Ranges that live until the program ends. */
struct bytes looks_bytes(const void *data, size_t len);
struct bytes looks_text(const char *text); /* with its NUL */

/* Fills a record from a certificate, with CUCM's names.  DNS and IP (dotted) may be NULL: as a
 * token has them. */
void looks_record(
    struct looks_record *record, unsigned role, X509 *cert, const char *dns, const char *ip);

/* A certificate CN=CN,O=Acme with KEY and a serial of 8 bytes made of SERIAL; kept to the end. */
X509 *looks_cert(const char *cn, EVP_PKEY *key, unsigned serial);

/* A public key of BITS, the same one for every call; kept to the end. */
EVP_PKEY *looks_public_key(int bits);

/* A name that tries what a terminal can be made to do, with a NUL inside and none at its end. */
struct bytes looks_hostile(void);

/* Whether TEXT is lines of printable ASCII. */
bool looks_is_printable(struct bytes text);

/* Writes the file into the test's directory as NAME; the path is static. */
const char *looks_save(const struct looks *looks, const char *name);

#endif
