/*
 * The error object.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/error.h"

#include "base/text.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

static void format_into(char *out, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void set_what(struct error *err, enum status status, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* Formats into OUT; whatever control characters come in with the arguments become escapes. */
static void format_into(char *out, size_t size, const char *fmt, va_list ap)
{
	char raw[1024];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	text_one_line_into(out, size, raw);
}

void error_clear(struct error *err)
{
	memset(err, 0, sizeof(*err));
}

/* Makes ERR a fresh error. */
static void set_what(struct error *err, enum status status, const char *fmt, va_list ap)
{
	error_clear(err);
	err->status = status;
	format_into(err->what, sizeof(err->what), fmt, ap);
}

enum status error_set(struct error *err, enum status status, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return status;
	va_start(ap, fmt);
	set_what(err, status, fmt, ap);
	va_end(ap);
	return status;
}

void error_where(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return;
	va_start(ap, fmt);
	format_into(err->where, sizeof(err->where), fmt, ap);
	va_end(ap);
}

void error_where_prefix(struct error *err, const char *prefix)
{
	char raw[sizeof(err->where) * 2];

	if (err == NULL)
		return;
	if (err->where[0] == '\0')
		snprintf(raw, sizeof(raw), "%s", prefix);
	else
		snprintf(raw, sizeof(raw), "%s: %s", prefix, err->where);
	text_one_line_into(err->where, sizeof(err->where), raw);
}

void error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return;
	va_start(ap, fmt);
	format_into(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

enum status error_no_memory(struct error *err)
{
	return error_set(err, ST_NO_MEMORY, "%s", _("out of memory"));
}

/* Appends ": REASON" to what has been set. */
static void append_reason(struct error *err, const char *reason)
{
	char line[256], whole[sizeof(err->what) + sizeof(line) + 2];

	text_one_line_into(line, sizeof(line), reason);
	snprintf(whole, sizeof(whole), "%s: %s", err->what, line);
	text_cut_into(err->what, sizeof(err->what), whole);
}

enum status error_errno(struct error *err, enum status status, int errnum, const char *fmt, ...)
{
	char reason[128];
	va_list ap;

	if (err == NULL)
		return status;
	va_start(ap, fmt);
	set_what(err, status, fmt, ap);
	va_end(ap);
	append_reason(err, strerror_r(errnum, reason, sizeof(reason)));
	return status;
}

enum status error_openssl(struct error *err, enum status status, const char *fmt, ...)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		set_what(err, status, fmt, ap);
		va_end(ap);
		if (reason != NULL)
			append_reason(err, reason);
	}
	ERR_clear_error();
	return status;
}

char *error_line(const struct error *err, char *out, size_t size)
{
	const char *between = err->where[0] != '\0' ? ": " : "";
	const size_t len = strlen(err->what);
	/* A sentence of somebody else's ends by itself. */
	const char *joint = len > 0 && err->what[len - 1] == '.' ? " " : "; ";
	const char *before_hint = err->hint[0] != '\0' ? joint : "";
	char whole[sizeof(*err) + 4];

	snprintf(whole, sizeof(whole), "%s%s%s%s%s", err->where, between, err->what, before_hint,
	    err->hint);
	return text_cut_into(out, size, whole);
}

const char *status_name(enum status status)
{
	static const char *const names[] = {
	    [ST_OK] = "ok",
	    [ST_FAILED] = "failed",
	    [ST_NO_MEMORY] = "no-memory",
	    [ST_USAGE] = "usage",
	    [ST_IO] = "io",
	    [ST_EXISTS] = "exists",
	    [ST_FORMAT] = "format",
	    [ST_LIMIT] = "limit",
	    [ST_CRYPTO] = "crypto",
	    [ST_NOT_VERIFIED] = "not-verified",
	    [ST_LOCKOUT] = "lockout",
	    [ST_MODULE] = "module",
	    [ST_NO_TOKEN] = "no-token",
	    [ST_AMBIGUOUS] = "ambiguous",
	    [ST_NO_KEY] = "no-key",
	    [ST_PIN_NEEDED] = "pin-needed",
	    [ST_PIN_WRONG] = "pin-wrong",
	    [ST_PIN_LOCKED] = "pin-locked",
	    [ST_TOKEN_REMOVED] = "token-removed",
	    [ST_TOKEN_TIMEOUT] = "token-timeout",
	    [ST_TOKEN] = "token",
	    [ST_CANCELLED] = "cancelled",
	    [ST_UPDATE_DUE] = "update-due",
	    [ST_BUSY] = "busy",
	};
	size_t i = (size_t)status;

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : "unknown";
}
