/*
 * Private SoftHSM tokens, filled by PKCS#11 calls, and somebody who answers PIN questions.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_SOFTHSM_H
#define CTLSIGN_TESTS_FIXTURE_SOFTHSM_H

#include "base/pin.h"
#include "tokens/tokens.h"

#define SOFTHSM_PIN    "4711 geheim"
#define SOFTHSM_SO_PIN "12345678"

/*
 * SoftHSM's module: $CTLSIGN_TEST_SOFTHSM, else where Debian has it.  NULL, with the running test
 * marked as skipped, when it is not installed.
 */
const char *softhsm_module(void);

/*
 * The fault-injecting module around it: $CTLSIGN_TEST_P11MOCK, else ./.libs/p11mock.so.  Makes its
 * control directory.  NULL, with the running test marked as skipped, when it or SoftHSM is missing.
 */
const char *softhsm_mock(void);

/* Writes a control file of the mock; empties its control directory; counts LINE in its log. */
void softhsm_control(const char *name, const char *text);
void softhsm_control_reset(void);
unsigned softhsm_log_count(const char *line);

/*
 * Begins and ends a time in which tokens are made and filled; nothing else may use SoftHSM in the
 * meantime.  The first softhsm_begin() of a program starts with no token.
 */
void softhsm_begin(void);
void softhsm_end(void);

/* Between the two.  A token is named by its serial number, which SoftHSM chooses. */
void softhsm_new_token(const char *label, char serial[17]);

enum softhsm_key_kind {
	SOFTHSM_PRIVATE,
	SOFTHSM_PUBLIC,
	SOFTHSM_PRIVATE_WITHOUT_EXPONENT, /* does not tell its public exponent */
};

/* RSA keys of all kinds; EC keys (P-256) only as SOFTHSM_PRIVATE.  ID is one byte, or -1: none. */
void softhsm_put_key(
    const char *serial, enum softhsm_key_kind kind, EVP_PKEY *key, int id, const char *label);
void softhsm_put_certificate(const char *serial, X509 *certificate, int id, const char *label);

/* A self-signed certificate over KEY. */
X509 *softhsm_certificate(EVP_PKEY *key, const char *common_name);

/*
 * Answers each question with TEXT (NULL: with nothing) or STATUS, and remembers the question; those
 * for a new PIN and for the SO's with a text of their own.  Remembers what it is told: what was
 * sent, what of that was not used, and what came of the others.
 */
struct softhsm_pins {
	struct pin_source source;
	const char *text;
	const char *new_text;
	const char *so_text; /* PIN_SO and PIN_NEW_SO */
	enum status status;
	enum status new_status; /* of PIN_NEW only */
	unsigned sent, unused, told;
	bool awaited;		    /* the last that was sent has no outcome yet */
	enum pin_outcome outcome;   /* the last one, and for what */
	struct pin_request told_of; /* its strings are gone, but for that one: */
	char manufacturer[64];
	unsigned delay_ms; /* thinks first */
	unsigned asked;
	struct pin_request last; /* its strings in the three arrays */
	char label[64];
	char serial[64];
	char reader[128];
};
void softhsm_pins_init(struct softhsm_pins *pins, const char *text);

/* tokens_open() of one module; fails the test when it does not work. */
struct tokens *softhsm_open(const char *module, unsigned timeout_ms);

/* token_signer_open() with the selector TEXT. */
enum status softhsm_signer(struct tokens *tokens, const char *text, X509 *const *candidates,
    size_t n, struct softhsm_pins *pins, struct signer **out, struct error *err);

/* Signs a SHA-256 DigestInfo of zeros; on success the signature must be CERTIFICATE's. */
enum status softhsm_sign(struct signer *signer, X509 *certificate, struct error *err);

/* The same, telling whether the signature is right instead of demanding it. */
enum status softhsm_try_sign(
    struct signer *signer, X509 *certificate, bool *right, struct error *err);

#endif
