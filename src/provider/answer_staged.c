/*
 * The first phase: a file is here, whole and checked, before phones see anything of it; then it is
 * made the one that they see, in one step.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include "provider/rules.h"

#include <string.h>

static void not_staged(struct provider_answer *out, int code, const char *name)
{
	reply_error(out, code, _("PUT the file first"), _("nothing is staged for %s"), name);
}

void answer_staged(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	struct error err = {0};
	struct content *content;

	if (folder_staged(&provider->folder, name, &content, &err) != ST_OK) {
		reply_failed(out, &err);
		return;
	}
	if (content != NULL)
		reply_content(out, request, "application/octet-stream", content);
	else
		not_staged(out, 404, name);
	content_release(content);
}

static void stage(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	char hash[CONTENT_HASH], signer[RULES_SIGNER_MAX];
	struct content *present;
	struct error err = {0};
	enum status st;

	st = folder_get(&provider->folder, name, &present, &err);
	if (st != ST_OK) {
		reply_failed(out, &err);
		return;
	}
	if (answer_may_become(
		provider, name, request->body, present, signer, sizeof(signer), out)) {
		st = content_hash(request->body, hash, &err);
		if (st == ST_OK)
			st = folder_stage(&provider->folder, name, request->body, present, &err);
		if (st != ST_OK) {
			reply_failed(out, &err);
		} else {
			reply_json(out, json_pack("{s:s, s:I}", "sha256", hash, "length",
					    (json_int_t)request->body.len));
			reply_note(out, _("staged %s, SHA-256 %s"), name, hash);
		}
	}
	content_release(present);
}

void answer_stage(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	if (!answer_is_file_body(request, out))
		return;
	pthread_mutex_lock(&provider->writing);
	stage(provider, request, name, out);
	pthread_mutex_unlock(&provider->writing);
}

void answer_unstage(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	struct error err = {0};
	enum status st;

	(void)request;
	pthread_mutex_lock(&provider->writing);
	st = folder_unstage(&provider->folder, name, &err);
	pthread_mutex_unlock(&provider->writing);
	if (st == ST_OK)
		reply_nothing(out);
	else
		reply_failed(out, &err);
}

/* Asked again after its answer was lost: what is wanted is there, and nothing staged any more. */
static bool is_done(
    struct provider *provider, const char *name, const char *hash, struct provider_answer *out)
{
	struct error err = {0};
	struct content *present;
	bool done = false;

	if (folder_get(&provider->folder, name, &present, &err) != ST_OK)
		reply_failed(out, &err);
	else if (present == NULL || strcmp(present->sha256, hash) != 0)
		not_staged(out, 409, name);
	else
		done = true;
	content_release(present);
	return done;
}

static void commit(
    struct provider *provider, const char *name, const char *hash, struct provider_answer *out)
{
	struct error err = {0};
	struct content *staged;

	if (folder_staged(&provider->folder, name, &staged, &err) != ST_OK) {
		reply_failed(out, &err);
		return;
	}
	if (staged == NULL) {
		if (is_done(provider, name, hash, out)) {
			reply_json(out, json_pack("{s:s, s:s}", "sha256", hash, "previous", hash));
			reply_note(out, _("%s is this file already, SHA-256 %s"), name, hash);
		}
		return;
	}
	if (strcmp(staged->sha256, hash) != 0)
		reply_error(out, 409, _("stage it again: somebody else has staged another one"),
		    _("what is staged for %s has the SHA-256 %s"), name, staged->sha256);
	else if (answer_store_staged(provider, name, staged, out))
		/* It is there still if it was the file already. */
		folder_unstage(&provider->folder, name, NULL);
	content_release(staged);
}

void answer_commit(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	static const char *const members[] = {"sha256", NULL};
	json_t *json = answer_read_json(request, members, out);
	char hash[CONTENT_HASH];
	const json_t *value;
	bool good;

	if (json == NULL)
		return;
	value = json_object_get(json, "sha256");
	good = json_is_string(value) && answer_read_hash(json_string_value(value), hash);
	json_decref(json);
	if (!good) {
		reply_error(out, 400, _("send {\"sha256\": \"<SHA-256 of what was staged>\"}"),
		    "%s", _("\"sha256\" is no SHA-256 in hexadecimal"));
		return;
	}
	pthread_mutex_lock(&provider->writing);
	commit(provider, name, hash, out);
	pthread_mutex_unlock(&provider->writing);
}
