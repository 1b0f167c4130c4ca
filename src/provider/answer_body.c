/*
 * Bodies that are sent: what they call themselves, JSON, and hashes in it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include <string.h>
#include <strings.h>

/* No body of JSON that is taken here is near it. */
#define JSON_MAX 4096

/* "application/json; charset=utf-8" is application/json. */
static bool is_type(const char *sent, const char *type)
{
	const size_t len = strlen(type);

	return strncasecmp(sent, type, len) == 0 && strcspn(sent + len, " \t;") == 0;
}

static void wrong_type(struct provider_answer *out, const char *type)
{
	static const char hint[] = N_("send it with the header Content-Type: %s");
	struct error err = {0};

	error_set(&err, ST_FORMAT, _("the body has to be %s"), type);
	error_hint(&err, _(hint), type);
	reply_refuse(out, 415, &err);
}

bool answer_is_file_body(const struct provider_request *request, struct provider_answer *out)
{
	static const char type[] = "application/octet-stream";

	if (request->type == NULL || request->type[0] == '\0' || is_type(request->type, type))
		return true;
	wrong_type(out, type);
	return false;
}

/* Whether OBJECT has these members, and no other. */
static bool has_just(const json_t *object, const char *const *names)
{
	size_t n = 0;

	for (; names[n] != NULL; n++)
		if (json_object_get(object, names[n]) == NULL)
			return false;
	return json_object_size(object) == n;
}

static void wrong_json(struct provider_answer *out, const char *const *names, const char *why)
{
	struct buffer members = BUFFER_INIT;
	struct error err = {0};

	for (size_t i = 0; names[i] != NULL; i++)
		buffer_printf(&members, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	error_set(&err, ST_FORMAT, "%s", why);
	error_hint(&err, _("send a JSON object with nothing but %s"),
	    members.failed ? "" : buffer_text(&members));
	reply_refuse(out, 400, &err);
	buffer_free(&members);
}

json_t *answer_read_json(
    const struct provider_request *request, const char *const *names, struct provider_answer *out)
{
	struct error err = {0};
	json_error_t why;
	json_t *json;

	/* A page that a browser shows can send any other type here in the officer's name. */
	if (request->type != NULL && !is_type(request->type, REPLY_JSON)) {
		wrong_type(out, REPLY_JSON);
		return NULL;
	}
	if (request->body.len > JSON_MAX) {
		reply_error(out, 413, _("send less"),
		    _("%d bytes of JSON are the most that is taken"), JSON_MAX);
		return NULL;
	}
	json = json_loadb(request->body.len > 0 ? (const char *)request->body.data : "",
	    request->body.len, JSON_REJECT_DUPLICATES, &why);
	if (json == NULL) {
		error_set(&err, ST_FORMAT, _("the body is no JSON: %s"), why.text);
		wrong_json(out, names, err.what);
	} else if (!json_is_object(json) || !has_just(json, names)) {
		json_decref(json);
		json = NULL;
		wrong_json(out, names, _("the body is not the JSON object that is taken here"));
	}
	return json;
}

bool answer_read_hash(const char *hash, char out[CONTENT_HASH])
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t len = strspn(hash, digits);

	if (len != CONTENT_HASH - 1 || hash[len] != '\0')
		return false;
	for (size_t i = 0; i <= len; i++)
		out[i] = (char)(hash[i] >= 'A' && hash[i] <= 'F' ? hash[i] + ('a' - 'A') : hash[i]);
	return true;
}
