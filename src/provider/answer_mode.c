/*
 * The cluster's security mode as the node was told.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include "base/file.h"

#include <string.h>

static enum status mode_path(struct provider *provider, char out[PATH_MAX], struct error *err)
{
	return folder_path(provider->folder.state, "mode", "", out, err);
}

enum status answer_mode_json(struct provider *provider, json_t **out, struct error *err)
{
	struct content *content = NULL;
	char path[PATH_MAX];
	enum status st;

	*out = NULL;
	st = mode_path(provider, path, err);
	if (st == ST_OK)
		st = content_get(provider->folder.cache, path, &content, err);
	if (st == ST_OK && content == NULL) {
		*out = json_null();
	} else if (st == ST_OK && content->data.len == 2 && content->data.data[1] == '\n' &&
		   (content->data.data[0] == '0' || content->data.data[0] == '1')) {
		*out = json_integer(content->data.data[0] - '0');
	} else if (st == ST_OK) {
		st = error_set(err, ST_FORMAT, "%s", _("the file of the mode is damaged"));
		error_where(err, "%s", path);
		error_hint(err, "%s", _("set the mode again"));
	}
	content_release(content);
	if (st == ST_OK && *out == NULL)
		st = error_no_memory(err);
	return st;
}

void answer_mode(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	struct error err = {0};
	json_t *mode;

	(void)request;
	(void)name;
	if (answer_mode_json(provider, &mode, &err) == ST_OK)
		reply_json(out, json_pack("{s:o}", "mode", mode));
	else
		reply_failed(out, &err);
}

static enum status write_mode(struct provider *provider, int mode, struct error *err)
{
	const uint8_t text[2] = {(uint8_t)('0' + mode), '\n'};
	char path[PATH_MAX];
	enum status st = mode_path(provider, path, err);

	if (st == ST_OK) {
		pthread_mutex_lock(&provider->writing);
		st = file_write_durably(path, (struct bytes){text, sizeof(text)}, true, 0600, err);
		content_forget(provider->folder.cache, path);
		pthread_mutex_unlock(&provider->writing);
	}
	return st;
}

void answer_set_mode(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	static const char *const members[] = {"mode", NULL};
	json_t *json = answer_read_json(request, members, out);
	struct error err = {0};
	const json_t *mode;
	int value;

	(void)name;
	if (json == NULL)
		return;
	mode = json_object_get(json, "mode");
	if (!json_is_integer(mode) || json_integer_value(mode) < 0 ||
	    json_integer_value(mode) > 1) {
		json_decref(json);
		reply_error(out, 400, _("send {\"mode\": 0} or {\"mode\": 1}"), "%s",
		    _("the mode is neither 0 (non-secure) nor 1 (mixed)"));
		return;
	}
	value = (int)json_integer_value(mode);
	json_decref(json);
	if (write_mode(provider, value, &err) != ST_OK) {
		reply_failed(out, &err);
		return;
	}
	reply_json(out, json_pack("{s:i}", "mode", value));
	if (out->code == 200)
		reply_note(out, _("set mode %d"), value);
}
