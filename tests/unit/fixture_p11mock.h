/*
 * Two private SoftHSM tokens, "mock A" and "mock B", behind the fault-injecting module: each with
 * an RSA key of 1024 bits and a certificate object whose value is FIXTURE_VALUE.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_P11MOCK_H
#define CTLSIGN_TESTS_FIXTURE_P11MOCK_H

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

#define FIXTURE_PIN	  "4711"
#define FIXTURE_VALUE	  "no certificate, but nobody reads it"
#define FIXTURE_SIGNATURE 128

/*
 * Loads the module that CTLSIGN_TEST_P11MOCK names, makes the tokens (once), empties the control
 * directory and calls C_Initialize; *FUNCTIONS are the module's.  False, with the running test
 * marked as skipped, when the module or SoftHSM is not there.
 */
bool p11mock_start(CK_FUNCTION_LIST **functions);

/* C_Finalize, unless a test has called it. */
void p11mock_stop(void);

/* Writes, removes and looks for a control file; the number of log lines that are LINE. */
void p11mock_control(const char *name, const char *text);
void p11mock_uncontrol(const char *name);
bool p11mock_control_is(const char *name, const char *text);
unsigned p11mock_log_count(const char *line);

/* The slot of the token with this label, or CK_UNAVAILABLE_INFORMATION. */
CK_SLOT_ID p11mock_slot(const char *label);

/* The flags of the token in SLOT. */
CK_FLAGS p11mock_flags(CK_SLOT_ID slot);

/* A session, or 0. */
CK_SESSION_HANDLE p11mock_session(CK_SLOT_ID slot);

/* C_Login of the user with PIN (NULL: the PIN pad). */
CK_RV p11mock_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);

/* The objects of a class that the session sees; *FIRST is the first one's handle. */
CK_ULONG p11mock_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *first);

/* C_SignInit with CKM_RSA_PKCS and the token's key. */
CK_RV p11mock_sign_init(CK_SESSION_HANDLE session);

/* C_Sign of a fixed text.  *LEN is the buffer's size, then what the module claims. */
CK_RV p11mock_sign(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *len);

/* The same without the signature. */
CK_RV p11mock_sign_only(CK_SESSION_HANDLE session);

/* A session of "mock A" with its user logged in and C_SignInit done. */
CK_SESSION_HANDLE p11mock_signing_session(void);

#endif
