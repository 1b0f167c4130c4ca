/*
 * Making answers: bytes, JSON, refusals.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_REPLY_H
#define CTLSIGN_PROVIDER_REPLY_H

#include "provider/content.h"
#include "provider/provider.h"

#include <jansson.h>

#define REPLY_JSON "application/json"

/* Each fills OUT, which is all zero before, whole. */

/* Takes JSON over, also when it is NULL: then memory has run out. */
void reply_json(struct provider_answer *out, json_t *json);

/* Takes TEXT's memory over and leaves it empty; one that has failed: memory has run out. */
void reply_text(struct provider_answer *out, const char *type, struct buffer *text);

/* A file, or that the client has it already; CONTENT stays the caller's. */
void reply_content(struct provider_answer *out, const struct provider_request *request,
    const char *type, struct content *content);

/* Bytes that are never freed. */
void reply_constant(struct provider_answer *out, const char *type, struct bytes data);

/* Done, and nothing to say: 204. */
void reply_nothing(struct provider_answer *out);

/* {"error", "hint"} of ERR, and a note of it for the log. */
void reply_refuse(struct provider_answer *out, int code, const struct error *err);

/* The same for an error of the node's own: 507 when its disk is full, 409, or 500. */
void reply_failed(struct provider_answer *out, const struct error *err);

/* The same with a text and a hint. */
void reply_error(struct provider_answer *out, int code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* What the log line of this request says besides, made printable; never sent to the client. */
void reply_note(struct provider_answer *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
