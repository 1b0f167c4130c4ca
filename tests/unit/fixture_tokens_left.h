/*
 * Two SoftHSM tokens behind the fault-injecting module, "left" and "right", and a signature with
 * the left one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_TOKENS_LEFT_H
#define CTLSIGN_TESTS_FIXTURE_TOKENS_LEFT_H

#include "fixture_softhsm.h"

#include <openssl/types.h>

/* Each token has a 1024 bit key and its certificate, with the id 1. */
struct left {
	const char *module;
	char a[17]; /* the serial number of "left" */
	char b[17]; /* of "right" */
	X509 *cert_a, *cert_b;
	struct softhsm_pins pins;
	struct error err; /* of the last signature */
};
extern struct left left;

/*
 * False, with the test marked as skipped, when the modules are missing.  Else the mock does nothing
 * bad yet, its log is empty, and left.pins knows the PIN.
 */
bool left_start(void);

/* Opens everything and a signer on "left", which must work without a PIN. */
struct signer *left_open(struct tokens **tokens);

/* Closes both; SIGNER may be NULL.  Nothing may be left behind. */
void left_close(struct signer *signer, struct tokens *tokens);

/* Signs once, from left_open() to left_close(); the status of the signature. */
enum status left_sign(void);

/* Whether TEXT has WHAT; says so on stderr when not. */
bool left_says(const char *text, const char *what);

#endif
