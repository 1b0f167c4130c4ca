/*
 * The files that TFTP serves: which there are, their bytes, a new one, and back to the one before.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_TYPE "application/octet-stream"

/* More files than that are not told: a directory that has them has been filled by mistake. */
#define FILES_MAX 4096

static int is_file(const struct dirent *entry)
{
	return provider_file_kind(entry->d_name) != FILE_NONE;
}

/* What is there but no regular file is not handed out either, so it is left out. */
static enum status add_file(
    struct provider *provider, const char *name, json_t *list, struct error *err)
{
	struct buffer modified = BUFFER_INIT;
	struct error why = {0};
	struct content *content;
	enum status st = ST_OK;
	json_t *item;

	if (folder_get(&provider->folder, name, &content, &why) != ST_OK || content == NULL)
		return ST_OK;
	text_time_utc(&modified, content->stamp.modified.tv_sec);
	item = json_pack("{s:s, s:I, s:s, s:s}", "name", name, "length",
	    (json_int_t)content->data.len, "sha256", content->sha256, "modified",
	    modified.failed ? "" : buffer_text(&modified));
	if (json_array_append_new(list, item) != 0)
		st = error_no_memory(err);
	buffer_free(&modified);
	content_release(content);
	return st;
}

void answer_files(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	struct dirent **entries = NULL;
	json_t *list = json_array();
	struct error err = {0};
	enum status st = ST_OK;
	int n;

	(void)request;
	(void)name;
	st = folder_is_there(&provider->folder, &err);
	n = st == ST_OK ? scandir(provider->folder.directory, &entries, is_file, alphasort) : 0;
	if (n < 0)
		st = error_errno(&err, ST_IO, errno, "%s", _("cannot read the directory"));
	else if (n > FILES_MAX)
		st = error_set(&err, ST_LIMIT, _("there are %d files here, and %d are the most"), n,
		    FILES_MAX);
	for (int i = 0; st == ST_OK && i < n; i++)
		st = add_file(provider, entries[i]->d_name, list, &err);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	if (st == ST_OK) {
		reply_json(out, list);
	} else {
		json_decref(list);
		reply_failed(out, &err);
	}
}

void answer_file(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	struct error err = {0};
	struct content *content;

	if (folder_get(&provider->folder, name, &content, &err) != ST_OK) {
		reply_failed(out, &err);
		return;
	}
	if (content != NULL)
		reply_content(out, request, FILE_TYPE, content);
	else
		reply_error(out, 404, _("GET /v1/files tells which files there are"),
		    _("this node has no %s"), name);
	content_release(content);
}

void answer_put_file(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	char hash[CONTENT_HASH];
	struct error err = {0};

	if (!answer_is_file_body(request, out))
		return;
	if (content_hash(request->body, hash, &err) != ST_OK) {
		reply_failed(out, &err);
		return;
	}
	pthread_mutex_lock(&provider->writing);
	answer_store(provider, name, request->body, hash, out);
	pthread_mutex_unlock(&provider->writing);
}

/* Whether PRESENT is what TO wants: the file with this hash, or ("") none. */
static bool is_hash(const struct content *present, const char *to)
{
	return present == NULL ? to[0] == '\0' : strcmp(present->sha256, to) == 0;
}

static void reply_reverted(
    struct provider_answer *out, const char *name, const char *to, bool already)
{
	const bool none = to[0] == '\0';

	reply_json(out, json_pack("{s:s?}", "sha256", none ? NULL : to));
	if (out->code != 200)
		return;
	if (already && none)
		reply_note(out, _("there is no %s, as before"), name);
	else if (already)
		reply_note(out, _("%s is this file already, SHA-256 %s"), name, to);
	else if (none)
		reply_note(out, _("removed %s: there was none before"), name);
	else
		reply_note(out, _("put back %s, SHA-256 %s"), name, to);
}

/* Only one step back, and only from what that step has put there. */
static void revert(
    struct provider *provider, const char *name, const char *to, struct provider_answer *out)
{
	struct folder_before before = {0};
	struct content *present;
	struct error err = {0};
	enum status st;

	st = folder_get(&provider->folder, name, &present, &err);
	if (st == ST_OK && is_hash(present, to)) {
		reply_reverted(out, name, to, true);
		content_release(present);
		return;
	}
	if (st == ST_OK)
		st = folder_before(&provider->folder, name, present, &before, &err);
	if (st != ST_OK)
		reply_failed(out, &err);
	else if (!before.known || strcmp(before.before, to) != 0)
		reply_error(out, 409, _("PUT the file that is wanted, newly signed"),
		    _("this is not what %s was before, as far as is known here"), name);
	else if (!is_hash(present, before.after))
		reply_error(out, 409, _("look at what it holds now"),
		    _("%s was changed on the node since it was stored"), name);
	else if (folder_put_back(&provider->folder, name, &before, present, &err) != ST_OK)
		reply_failed(out, &err);
	else
		reply_reverted(out, name, to, false);
	folder_before_free(&before);
	content_release(present);
}

void answer_revert(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	static const char *const members[] = {"to", NULL};
	json_t *json = answer_read_json(request, members, out);
	char hash[CONTENT_HASH] = "";
	const json_t *to;
	bool good;

	if (json == NULL)
		return;
	to = json_object_get(json, "to");
	good = json_is_null(to) ||
	       (json_is_string(to) && answer_read_hash(json_string_value(to), hash));
	json_decref(json);
	if (!good) {
		reply_error(out, 400, _("send {\"to\": \"<SHA-256>\"} or {\"to\": null}"), "%s",
		    _("\"to\" is neither a SHA-256 in hexadecimal nor null"));
		return;
	}
	pthread_mutex_lock(&provider->writing);
	revert(provider, name, hash, out);
	pthread_mutex_unlock(&provider->writing);
}
