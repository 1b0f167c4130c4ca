/*
 * Status codes and the error object.
 *
 * Every function that can fail returns an enum status.  The details that a person needs stand in
 * a struct error, which the caller owns (usually on the stack) and passes down.  Only the command
 * layer prints one.  An error object holds no pointers: it may be copied and needs no freeing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_ERROR_H
#define CTLSIGN_BASE_ERROR_H

#include <libintl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define _(text) gettext(text)
#define N_(text) text

/*
 * What came of a call.  The command layer turns these into exit codes (src/cli/report.c), so
 * code tests for a status where it can act on it and otherwise hands it up unchanged.
 */
enum status {
	ST_OK = 0,
	ST_FAILED,	  /* did not work; the error object says why */
	ST_NO_MEMORY,
	ST_USAGE,	  /* the command line or a SPEC is not understood */
	ST_IO,		  /* a file could not be read or written */
	ST_EXISTS,	  /* the output exists and was not to be replaced */
	ST_FORMAT,	  /* an input is malformed: a trust list, a certificate */
	ST_LIMIT,	  /* the format or the phones cannot carry what was asked for */
	ST_CRYPTO,	  /* OpenSSL refused */
	ST_NOT_VERIFIED,  /* a signature, a signer or a lint check did not hold */
	ST_LOCKOUT,	  /* phones would reject the list */
	ST_MODULE,	  /* a PKCS#11 module could not be used */
	ST_NO_TOKEN,	  /* nothing matches the selector, or no token is there */
	ST_AMBIGUOUS,	  /* more than one token, certificate or key matches */
	ST_NO_KEY,	  /* the token has no key that fits */
	ST_PIN_NEEDED,	  /* a PIN is needed and nobody can be asked */
	ST_PIN_WRONG,	  /* the token refused the PIN: one try is gone */
	ST_PIN_LOCKED,	  /* the token takes no more PINs */
	ST_TOKEN_REMOVED, /* the token went away during the work */
	ST_TOKEN_TIMEOUT, /* the token stopped answering */
	ST_TOKEN,	  /* the token or module answered with another error */
	ST_CANCELLED,	  /* the person said no */
	ST_UPDATE_DUE,	  /* nothing failed: the cluster needs a new CTL */
	ST_BUSY,	  /* another run holds what this one needs; it will be done some time */
};

/*
 * Texts are UTF-8, NUL-terminated, cut at the array's end when too long, and free of control
 * characters: whatever comes from outside is made printable when it is put in.
 */
struct error {
	enum status status;
	char what[768];	 /* what failed and why; never empty once set */
	char where[384]; /* the input: "FILE: offset 336", "token 'A' (serial 1f2e)"; may be empty */
	char hint[512];	 /* what to do next; may be empty */
};

/* Makes ERR empty (ST_OK). */
void error_clear(struct error *err);

/*
 * Records STATUS and what failed; empties `where` and `hint`.  Returns STATUS, so that a function
 * can end with `return error_set(...)`.  ERR may be NULL: then only the status is returned.
 */
enum status error_set(struct error *err, enum status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the place to an error that is set already. */
void error_where(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts PREFIX and ": " in front of the place: the caller knows the file, the callee the offset. */
void error_where_prefix(struct error *err, const char *prefix);

/* Adds what the person can do next. */
void error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ST_NO_MEMORY with its text. */
enum status error_no_memory(struct error *err);

/*
 * STATUS with the text of errno value ERRNUM appended to the formatted text (": No space left on
 * device").
 */
enum status error_errno(struct error *err, enum status status, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * ST_CRYPTO (or another STATUS) with the first reason in OpenSSL's error queue appended; the queue
 * is emptied.  Never contains data of the failed call.
 */
enum status error_openssl(struct error *err, enum status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The whole error as one line without a newline: "WHERE: WHAT; HINT", cut at a character's end.
 * OUT is always terminated; returns OUT.
 */
char *error_line(const struct error *err, char *out, size_t size);

/* A short constant English word for STATUS, for JSON and logs ("pin-wrong"); never translated. */
const char *status_name(enum status status);

#endif
