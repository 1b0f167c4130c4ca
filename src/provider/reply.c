/*
 * Answers and what keeps their bytes alive.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/reply.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an answer holds: a shared file, or memory of its own. */
struct holder {
	struct content *content;
	void *memory;
};

static const char no_memory[] = "{\"error\": \"out of memory\", \"hint\": \"try again later\"}\n";

static void out_of_memory(struct provider_answer *out)
{
	reply_constant(out, REPLY_JSON, text_bytes(no_memory));
	out->code = 500;
	reply_note(out, "%s", _("out of memory"));
}

static bool hold(struct provider_answer *out, struct content *content, void *memory)
{
	struct holder *holder = malloc(sizeof(*holder));

	if (holder == NULL)
		return false;
	*holder = (struct holder){content, memory};
	out->holder = holder;
	return true;
}

void provider_answer_done(struct provider_answer *answer)
{
	struct holder *holder = answer->holder;

	if (holder != NULL) {
		content_release(holder->content);
		free(holder->memory);
		free(holder);
	}
	*answer = (struct provider_answer){0};
}

void reply_constant(struct provider_answer *out, const char *type, struct bytes data)
{
	out->code = 200;
	out->type = type;
	out->data = data;
}

void reply_nothing(struct provider_answer *out)
{
	out->code = 204;
	out->type = NULL;
	out->data = (struct bytes){NULL, 0};
}

void reply_text(struct provider_answer *out, const char *type, struct buffer *text)
{
	if (text->failed || !hold(out, NULL, text->data)) {
		buffer_free(text);
		out_of_memory(out);
		return;
	}
	reply_constant(out, type, buffer_bytes(text));
	*text = (struct buffer)BUFFER_INIT;
}

void reply_json(struct provider_answer *out, json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;
	struct buffer body = BUFFER_INIT;

	json_decref(json);
	if (text == NULL) {
		out_of_memory(out);
		return;
	}
	buffer_printf(&body, "%s\n", text);
	free(text);
	reply_text(out, REPLY_JSON, &body);
}

/* Whether If-None-Match names this tag: a list of tags, perhaps weak ones, or any with "*". */
static bool has_tag(const char *sent, const char *tag)
{
	const size_t len = strlen(tag);

	while (sent != NULL && *sent != '\0') {
		sent += strspn(sent, " \t,");
		if (*sent == '*')
			return true;
		if (strncmp(sent, "W/", 2) == 0)
			sent += 2;
		if (strncmp(sent, tag, len) == 0)
			return true;
		sent += strcspn(sent, ",");
	}
	return false;
}

void reply_content(struct provider_answer *out, const struct provider_request *request,
    const char *type, struct content *content)
{
	snprintf(out->etag, sizeof(out->etag), "\"%s\"", content->sha256);
	if (has_tag(request->etag, out->etag)) {
		out->code = 304;
		out->type = type;
		return;
	}
	if (!hold(out, content_hold(content), NULL)) {
		content_release(content);
		out->etag[0] = '\0';
		out_of_memory(out);
		return;
	}
	reply_constant(out, type, content->data);
}

void reply_note(struct provider_answer *out, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_one_line_into(out->note, sizeof(out->note), line);
}

void reply_refuse(struct provider_answer *out, int code, const struct error *err)
{
	char what[sizeof(err->what) + sizeof(err->where) + 4];

	snprintf(
	    what, sizeof(what), "%s%s%s", err->where, err->where[0] != '\0' ? ": " : "", err->what);
	reply_json(
	    out, json_pack("{s:s, s:s}", "error", what, "hint",
		     err->hint[0] != '\0' ? err->hint : _("look at the node's log and its disk")));
	out->code = code;
	if (code >= 500)
		reply_note(out, _("failed: %s"), what);
	else
		reply_note(out, _("refused: %s"), what);
}

/* error_errno() has put the system's words for ERRNUM at the end. */
static bool ends_with_errno(const struct error *err, int errnum)
{
	char reason[128];
	const char *words = strerror_r(errnum, reason, sizeof(reason));
	size_t len = strlen(err->what), n = strlen(words);

	return len > n && strcmp(err->what + len - n, words) == 0;
}

void reply_failed(struct provider_answer *out, const struct error *err)
{
	static const int full[] = {ENOSPC, EDQUOT, EFBIG};
	struct error copy = *err;
	int code = err->status == ST_EXISTS ? 409 : 500;

	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++)
		if (ends_with_errno(err, full[i]))
			code = 507;
	if (code == 507 && copy.hint[0] == '\0')
		error_hint(&copy, "%s", _("make room on the node's disk"));
	else if (copy.hint[0] == '\0' &&
		 (ends_with_errno(err, EACCES) || ends_with_errno(err, EPERM) ||
		     ends_with_errno(err, EROFS)))
		error_hint(&copy, "%s", _("let the provider's user write there"));
	reply_refuse(out, code, &copy);
}

void reply_error(struct provider_answer *out, int code, const char *hint, const char *fmt, ...)
{
	struct error err = {0};
	char what[sizeof(err.what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	error_set(&err, ST_FAILED, "%s", what);
	error_hint(&err, "%s", hint);
	reply_refuse(out, code, &err);
}
