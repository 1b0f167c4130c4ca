/*
 * The signing ceremony: where trust lists and tokens meet.  Certificates and keys from files, PINs
 * from people, and the one way in which a list is signed and written.
 *
 * What is said to a person goes to /dev/tty, never to stdout or stderr.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_H
#define CTLSIGN_CEREMONY_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/pin.h"
#include "base/signer.h"
#include "trustlist/trustlist.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * A signer with the private key in the PEM file PATH.  Its certificate is the one of
 * CANDIDATES that fits the key; none is ST_NO_KEY.  An encrypted key asks PINS for its passphrase,
 * once.  CANDIDATES need only live during the call.
 */
enum status pem_signer_open(const char *path, X509 *const *candidates, size_t n_candidates,
    const struct pin_source *pins, struct signer **out, struct error *err);

/*
 * The private key in the PEM file PATH, whatever it is for.  An encrypted one asks PINS for its
 * passphrase, once; one that is not must not be readable by others.  The caller owns *OUT
 * (EVP_PKEY_free).  Errors have the file as `where`.
 */
enum status pem_key_read(
    const char *path, const struct pin_source *pins, EVP_PKEY **out, struct error *err);

/*
 * Where PINs come from: for each kind of PIN a file, a descriptor, or (both unset) the person at
 * the terminal; a new PIN is typed twice there.  The same descriptor may be named for several:
 * each takes a line.
 *
 * A token that is on its final try, or to which this computer has sent two wrong PINs since the
 * last right one (pin_failures.h), asks for a typed confirmation at the terminal in every case, and
 * is left alone where there is none.  At the terminal an empty line or Ctrl-C is ST_CANCELLED, and
 * no try is used.  A file or descriptor answers once: a second question for the same PIN means that
 * the first answer was wrong, and is ST_PIN_WRONG.
 */
struct ceremony_pin_place {
	const char *file; /* NULL: unset */
	int fd;		  /* -1: unset */
	bool used;
};

struct ceremony_pins {
	struct ceremony_pin_place pin;	   /* the user PIN, or a key file's passphrase */
	struct ceremony_pin_place so_pin;  /* the SO PIN or PUK; a new SO PIN, too */
	struct ceremony_pin_place new_pin; /* a new user PIN */
	const char *about; /* what is about to happen, printable; said before asking; may be NULL */
	bool noted;	   /* the source's own: that the last PIN was sent is written down */
};

#define CEREMONY_PINS_INIT                                                                         \
	{                                                                                          \
		.pin = {.fd = -1}, .so_pin = {.fd = -1}, .new_pin = {.fd = -1 }                    \
	}

/* PINs must outlive the source. */
struct pin_source ceremony_pin_source(struct ceremony_pins *pins);

/*
 * What can be known before any key is touched: builds PLAN (whose signer is passed over) as if one
 * of its SAST entries signed it, and lints it.  The findings go to FOUND, which the caller frees in
 * any case; one of severity TL_ERROR is ST_NOT_VERIFIED unless IGNORE_LINT.  A person is told of
 * the others before a PIN is asked for.
 */
enum status ceremony_prepare(
    const struct tl_plan *plan, bool ignore_lint, struct tl_findings *found, struct error *err);

/* A finding as a line for people: "record 3: TEXT; HINT".  OUT is always terminated; returns OUT. */
#define CEREMONY_FINDING_MAX 768
char *ceremony_finding_line(const struct tl_finding *finding, char out[CEREMONY_FINDING_MAX]);

/*
 * What changes from CURRENT to the list of PLAN, but for its signer, which need not be known yet.
 * tl_changes_free() in any case.
 */
enum status ceremony_compare(const struct tl_plan *plan, const struct trustlist *current,
    struct tl_changes *changes, struct error *err);

/*
 * A list that is to be signed and written.  CURRENT is what phones have now: a signer that is no
 * SAST there is ST_LOCKOUT.  NULL: nothing, or not known, or it is to be forced.
 */
struct ceremony {
	const struct tl_plan *plan;
	struct signer *signer;
	const struct trustlist *current;
	const char *path;
	bool replace;
	bool ignore_lint;
};

/*
 * All of it: ceremony_make(), then ceremony_write().  Whatever fails before the last step leaves
 * PATH as it was.
 */
enum status ceremony_run(const struct ceremony *ceremony, struct error *err);

/*
 * Into OUT (emptied first): checks that PATH could be written, tl_build(), tl_lint() of what is
 * about to be signed, the signer's place in CURRENT, one signature that is verified in software.
 */
enum status ceremony_make(const struct ceremony *ceremony, struct buffer *out, struct error *err);

/*
 * Writes the signed FILE durably to PATH, reads it back, compares and verifies it.  When one of the
 * last three fails, or the directory cannot be flushed, the new file is there whole and the error
 * says so.
 */
enum status ceremony_write(const struct ceremony *ceremony, struct bytes file, struct error *err);

/* Certificates that end within this many days are worth a warning, unless told otherwise. */
#define CEREMONY_EXPIRY_DAYS 30

#endif
