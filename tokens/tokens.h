/*
 * Tokens: PKCS#11 modules, slots and tokens, certificates, and the signer that is a token.
 *
 * This is the only header of tokens/ that the rest of the program includes.  Nothing here prints,
 * and nothing here knows a trust list.
 *
 * A `struct tokens` holds loaded modules and one snapshot of their slots.  Token flags (tries
 * left, locked) are those of the moment of the snapshot; tokens_refresh() takes a new one.
 * Pointers to token_info and token_certificate stay good until the next refresh or close.
 *
 * Every call into a module runs under a watchdog.  A module that does not answer in time gives
 * ST_TOKEN_TIMEOUT, is not called again, and its thread is left behind: see tokens_wedged().
 *
 * A `struct tokens` belongs to one thread at a time.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_H
#define CTLSIGN_TOKENS_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/pin.h"
#include "base/signer.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

struct tokens;

/* What a call may take before the watchdog ends it, and a PIN entry on a reader's own keypad. */
#define TOKENS_DEFAULT_TIMEOUT_MS 20000
#define TOKENS_PIN_PAD_TIMEOUT_MS 120000

struct tokens_options {
	/*
	 * Module files, absolute paths.  With n_modules 0 the modules that p11-kit's configuration
	 * registers are used, but for those that only hold trusted certificates (p11-kit-trust).
	 */
	const char *const *modules;
	size_t n_modules;
	unsigned timeout_ms; /* a module call; 0: TOKENS_DEFAULT_TIMEOUT_MS */
};

/* One initialised token.  All strings are UTF-8, printable, without padding, never NULL. */
struct token_info {
	const char *module; /* path of the module's file */
	unsigned long slot_id;
	const char *reader; /* the slot's description */
	const char *label;
	const char *manufacturer;
	const char *model;
	const char *serial;
	bool login_required;
	bool pin_initialised; /* the user PIN has been set */
	bool pin_pad;	      /* CKF_PROTECTED_AUTHENTICATION_PATH */
	bool pin_count_low;
	bool pin_final_try;
	bool pin_locked;
	bool write_protected;
};

/* A certificate on a token, readable without a PIN. */
struct token_certificate {
	const char *label; /* printable, may be empty */
	struct bytes id;   /* CKA_ID */
	X509 *x509;	   /* owned by the snapshot */
	bool has_key;	   /* a public or private key object with this CKA_ID could be seen */
};

/*
 * Loads the modules and takes the first snapshot.  A module that is missing, not absolute,
 * writable by others, no PKCS#11 module, or that fails to initialise is left out and recorded as a
 * problem; one that others could have written is not even loaded.  Fails with ST_MODULE only when a
 * module that OPTIONS names, or every registered one, was rejected; with ST_TOKEN_TIMEOUT or
 * ST_TOKEN when a named one does not answer or cannot list its slots.  Empty, uninitialised and
 * broken slots are skipped.
 */
enum status tokens_open(
    const struct tokens_options *options, struct tokens **out, struct error *err);

/* Logs out, releases slots, finalises and unloads the modules.  Takes NULL. */
void tokens_close(struct tokens *tokens);

/* A new snapshot. */
enum status tokens_refresh(struct tokens *tokens, struct error *err);

/* The snapshot, sorted by module, then slot. */
size_t tokens_count(const struct tokens *tokens);
const struct token_info *tokens_at(const struct tokens *tokens, size_t index);

/* Modules and slots that were left out, each with its reason. */
size_t tokens_problem_count(const struct tokens *tokens);
const struct error *tokens_problem_at(const struct tokens *tokens, size_t index);

/*
 * Whether a thread of this process is still stuck inside a module.  Then the process must end with
 * _exit(): destructors of the module would wait for that thread.
 */
bool tokens_wedged(void);

/*
 * A selector says which token, and maybe which object on it: an RFC 7512 URI, or else text that is
 * a token's label or serial number.  A URI with a pin-value is refused, so is one with attributes
 * that are not understood: a selector is never ignored in part.  What is not understood is
 * ST_USAGE.
 */
struct token_selector;
enum status token_selector_parse(const char *text, struct token_selector **out, struct error *err);
void token_selector_free(struct token_selector *selector);

/* Whether TEXT begins with the URI scheme "pkcs11:" (in any case), so is no file name. */
bool token_selector_is_uri(const char *text);

/*
 * The one token that the selector names.  None: ST_NO_TOKEN.  Several: ST_AMBIGUOUS, with label,
 * serial, slot and URI of each in the error.
 */
enum status tokens_find(struct tokens *tokens, const struct token_selector *selector,
    const struct token_info **out, struct error *err);

/* The certificates of a token, in the module's order.  No PIN is asked for. */
enum status tokens_certificates(struct tokens *tokens, const struct token_info *token,
    const struct token_certificate **list, size_t *n, struct error *err);

/*
 * The one certificate that a selector names (for a SPEC that is a pkcs11: URI); several on the
 * token and no id= or object= that tells them apart: ST_AMBIGUOUS with the URI of each, unless
 * exactly one of them has a key.  The caller owns *OUT (X509_free).
 */
enum status tokens_certificate(
    struct tokens *tokens, const struct token_selector *selector, X509 **out, struct error *err);

/*
 * Appends the token's URI, or with CERTIFICATE the URI of that object, ready to paste.  Both must
 * be the snapshot's own, not copies.
 */
void token_uri(const struct token_info *token, const struct token_certificate *certificate,
    struct buffer *out);

/*
 * The signer on the token that SELECTOR names.
 *
 * CANDIDATES are the certificates that the signer may have (the SAST entries of the list).  The
 * signer's certificate is the one of them that the token carries (same DER).  If the token carries
 * none of them but has no certificate at all, or the selector names an object without one, the key
 * is looked for by its public half after login.  A token that carries other certificates only is
 * refused by name, without asking for a PIN; so is a selector whose id= or object= fits none of the
 * token's certificates, although one of them is a candidate.
 *
 * The PIN is asked for as late as possible: in signer_sign(), or here when the certificate can
 * only be told after login.  One PIN entered is one C_Login, one signature one C_Sign; a PIN is
 * never tried twice.  A locked PIN is refused before asking.  A C_Login that failed may have used
 * up a try, and the error says so, unless its code leaves no doubt that it did not.  After the
 * signature the token is logged out; the snapshot in TOKENS is gone then until tokens_refresh().
 *
 * TOKENS, CANDIDATES and PINS must outlive the signer.
 */
struct token_signer_request {
	const struct token_selector *selector;
	X509 *const *candidates;
	size_t n_candidates;
	const struct pin_source *pins;
};
enum status token_signer_open(struct tokens *tokens, const struct token_signer_request *request,
    struct signer **out, struct error *err);

#endif
