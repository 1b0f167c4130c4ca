/*
 * What the node is: its name, its services, the other servers, and the CTL that it has.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include "base/text.h"
#include "provider/openapi.h"
#include "trustlist/trustlist.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static json_t *services_json(const struct provider_settings *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < settings->n_services; i++)
		json_array_append_new(list, json_string(settings->services[i]));
	return list;
}

/* "NAME ADDRESS [HOST:PORT]" as three members; what is missing is empty. */
static json_t *server_json(const char *server)
{
	static const char *const members[] = {"name", "address", "provider"};
	json_t *object = json_object();

	for (size_t i = 0; i < 3; i++) {
		size_t len;

		server += strspn(server, " \t");
		len = strcspn(server, " \t");
		json_object_set_new(object, members[i], json_stringn(server, len));
		server += len;
	}
	return object;
}

static json_t *servers_json(const struct provider_settings *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < settings->n_servers; i++)
		json_array_append_new(list, server_json(settings->servers[i]));
	return list;
}

void answer_services(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	(void)request;
	(void)name;
	reply_json(out, services_json(provider->settings));
}

void answer_servers(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	(void)request;
	(void)name;
	reply_json(out, servers_json(provider->settings));
}

void answer_openapi(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	(void)provider;
	(void)request;
	(void)name;
	reply_constant(out, REPLY_JSON,
	    (struct bytes){(const uint8_t *)provider_openapi, provider_openapi_len});
}

/* Null where OpenSSL does not offer it: MD5 in FIPS mode. */
static json_t *hash_json(const char *algorithm, struct bytes data)
{
	struct buffer hex = BUFFER_INIT;
	uint8_t digest[EVP_MAX_MD_SIZE];
	json_t *json = NULL;
	size_t len = 0;

	if (EVP_Q_digest(NULL, algorithm, NULL, data.len > 0 ? (const void *)data.data : "",
		data.len, digest, &len) != 1) {
		ERR_clear_error();
		return json_null();
	}
	text_hex(&hex, (struct bytes){digest, len}, 0, true);
	if (!hex.failed)
		json = json_string(buffer_text(&hex));
	buffer_free(&hex);
	return json;
}

/* When the list says that it was made; null for what is no list or does not say it. */
static json_t *made_json(struct bytes file)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer text = BUFFER_INIT;
	json_t *json = json_null();

	if (tl_read(&list, file, NULL) == ST_OK && list.has_timestamp) {
		text_time_utc(&text, (time_t)list.timestamp);
		if (!text.failed)
			json = json_string(buffer_text(&text));
	}
	buffer_free(&text);
	tl_free(&list);
	return json;
}

static enum status ctl_json(struct provider *provider, json_t **out, struct error *err)
{
	struct content *ctl;
	enum status st = folder_get(&provider->folder, PROVIDER_CTL, &ctl, err);

	*out = NULL;
	if (st != ST_OK)
		return st;
	if (ctl == NULL) {
		*out = json_null();
		return ST_OK;
	}
	*out = json_pack("{s:s, s:o, s:o, s:I, s:o}", "sha256", ctl->sha256, "sha1",
	    hash_json("SHA1", ctl->data), "md5", hash_json("MD5", ctl->data), "length",
	    (json_int_t)ctl->data.len, "made", made_json(ctl->data));
	content_release(ctl);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

void answer_node(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	const struct provider_settings *settings = provider->settings;
	json_t *mode = NULL, *certificates = NULL, *ctl = NULL;
	struct error err = {0};
	enum status st;

	(void)request;
	(void)name;
	st = answer_mode_json(provider, &mode, &err);
	if (st == ST_OK)
		st = answer_certificates_json(provider, &certificates, &err);
	if (st == ST_OK)
		st = ctl_json(provider, &ctl, &err);
	if (st == ST_OK) {
		reply_json(out,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:O, s:O, s:o, s:O, s:s}", "name",
			settings->node, "dns", settings->dns, "address", settings->address, "role",
			settings->role, "release", settings->release, "services",
			services_json(settings), "mode", mode, "certificates", certificates,
			"servers", servers_json(settings), "ctl", ctl, "version", PACKAGE_VERSION));
	} else {
		reply_failed(out, &err);
	}
	json_decref(mode);
	json_decref(certificates);
	json_decref(ctl);
}
