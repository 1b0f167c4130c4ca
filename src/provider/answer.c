/*
 * Which request is answered by what.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLE "{name}"

/* Room for a part of a path: longer ones name nothing. */
#define PART_MAX 64

const struct route provider_routes[] = {
    {"/v1/node", false, answer_node, NULL, NULL, NULL},
    {"/v1/services", false, answer_services, NULL, NULL, NULL},
    {"/v1/servers", false, answer_servers, NULL, NULL, NULL},
    {"/v1/certificates", false, answer_certificates, NULL, NULL, NULL},
    {"/v1/certificates/{name}", false, answer_certificate, NULL, NULL, NULL},
    {"/v1/mode", false, answer_mode, answer_set_mode, NULL, NULL},
    {"/v1/files", false, answer_files, NULL, NULL, NULL},
    {"/v1/files/{name}", true, answer_file, answer_put_file, NULL, NULL},
    {"/v1/files/{name}/revert", true, NULL, NULL, answer_revert, NULL},
    {"/v1/staged/{name}", true, answer_staged, answer_stage, answer_commit, answer_unstage},
    {"/v1/openapi.json", false, answer_openapi, NULL, NULL, NULL},
};
const size_t provider_n_routes = sizeof(provider_routes) / sizeof(provider_routes[0]);

enum status provider_open(
    const struct provider_settings *settings, struct provider **out, struct error *err)
{
	struct provider *provider = calloc(1, sizeof(*provider));
	enum status st;

	*out = NULL;
	if (provider == NULL)
		return error_no_memory(err);
	provider->settings = settings;
	if (pthread_mutex_init(&provider->writing, NULL) != 0) {
		free(provider);
		return error_no_memory(err);
	}
	st = folder_open(&provider->folder, settings->directory, settings->state, err);
	if (st == ST_OK)
		*out = provider;
	else
		provider_close(provider);
	return st;
}

void provider_close(struct provider *provider)
{
	if (provider == NULL)
		return;
	folder_close(&provider->folder);
	pthread_mutex_destroy(&provider->writing);
	free(provider);
}

const char *route_allow(const struct route *route)
{
	if (route->get == NULL)
		return "POST";
	if (route->remove != NULL)
		return "GET, HEAD, PUT, POST, DELETE";
	return route->put != NULL ? "GET, HEAD, PUT" : "GET, HEAD";
}

/* Whether PATH is one of ROUTE's; NAME then has its variable part, if there is one. */
static bool matches(const struct route *route, const char *path, char name[PART_MAX])
{
	const char *variable = strstr(route->path, VARIABLE);
	size_t before, len;

	if (variable == NULL)
		return strcmp(path, route->path) == 0;
	before = (size_t)(variable - route->path);
	if (strncmp(path, route->path, before) != 0)
		return false;
	len = strcspn(path + before, "/");
	if (len == 0 || len >= PART_MAX ||
	    strcmp(path + before + len, variable + strlen(VARIABLE)) != 0)
		return false;
	memcpy(name, path + before, len);
	name[len] = '\0';
	return true;
}

static answer_fn *method_of(const struct route *route, const char *method)
{
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return route->get;
	if (strcmp(method, "PUT") == 0)
		return route->put;
	if (strcmp(method, "POST") == 0)
		return route->post;
	if (strcmp(method, "DELETE") == 0)
		return route->remove;
	return NULL;
}

static void answer_route(struct provider *provider, const struct route *route,
    const struct provider_request *request, const char *name, struct provider_answer *out)
{
	answer_fn *answer = method_of(route, request->method);

	if (route->is_file && provider_file_kind(name) == FILE_NONE) {
		reply_error(out, 404,
		    _("name CTLFile.tlv, CTLSEP and 12 upper-case hexadecimal digits and .tlv, "
		      "capf.cer or capf.pem"),
		    "%s", _("there is no file of this name here"));
	} else if (answer == NULL) {
		reply_error(out, 405, _("use one of those that the Allow header names"), "%s",
		    _("this method does nothing here"));
		out->allow = route_allow(route);
	} else if (request->body.len > PROVIDER_MAX_BODY) {
		reply_error(out, 413, _("send less"), _("%zu bytes are the most that is taken"),
		    (size_t)PROVIDER_MAX_BODY);
	} else {
		answer(provider, request, name, out);
	}
}

void provider_answer(
    struct provider *provider, const struct provider_request *request, struct provider_answer *out)
{
	*out = (struct provider_answer){0};
	for (size_t i = 0; i < provider_n_routes; i++) {
		const struct route *route = &provider_routes[i];
		char name[PART_MAX] = "";

		if (matches(route, request->path, name)) {
			answer_route(provider, route, request,
			    strstr(route->path, VARIABLE) != NULL ? name : NULL, out);
			return;
		}
	}
	reply_error(out, 404, _("GET /v1/openapi.json tells what there is"), "%s",
	    _("there is nothing of this name here"));
}
