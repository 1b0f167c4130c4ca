/*
 * What a node says of itself, read from its CTL Provider's JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/provider_client_parts.h"

#include "base/text.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT    256
#define MAX_SERVERS 256

/* Others are nobody's business here. */
static const char *const known_certificates[] = {"callmanager", "capf", "itlrecovery", "tvs"};
enum { KNOWN_CERTIFICATES = sizeof(known_certificates) / sizeof(known_certificates[0]) };

static const char *const known_roles[] = {"publisher", "subscriber", "tftp", "media"};

static enum status senseless(const char *member, struct error *err)
{
	error_set(err, ST_FORMAT, _("the provider's answer makes no sense: %s"), member);
	error_hint(err, "%s", _("check that ctlproviderd on the node is of a version that fits"));
	return ST_FORMAT;
}

static enum status read_text(
    const json_t *object, const char *member, char **out, struct error *err)
{
	const json_t *value = json_object_get(object, member);
	char text[4 * MAX_TEXT + 1] = "";

	if (value != NULL && !json_is_null(value)) {
		if (!json_is_string(value) || json_string_length(value) > MAX_TEXT)
			return senseless(member, err);
		text_printable_into(text, sizeof(text),
		    (struct bytes){
			(const uint8_t *)json_string_value(value), json_string_length(value)});
	}
	*out = strdup(text);
	return *out == NULL ? error_no_memory(err) : ST_OK;
}

static unsigned service_of(const char *name)
{
	for (unsigned bit = SERVICE_CALLMANAGER; bit <= SERVICE_CTL_PROVIDER; bit <<= 1)
		if (strcasecmp(name, inventory_service_name((enum node_service)bit)) == 0)
			return bit;
	return 0;
}

static enum status read_services(const json_t *answer, unsigned *out, struct error *err)
{
	const json_t *list = json_object_get(answer, "services"), *value;
	size_t i;

	if (!json_is_array(list))
		return senseless("services", err);
	json_array_foreach(list, i, value)
	{
		if (!json_is_string(value))
			return senseless("services", err);
		*out |= service_of(json_string_value(value));
	}
	return ST_OK;
}

static enum status read_mode(const json_t *answer, int *out, struct error *err)
{
	const json_t *mode = json_object_get(answer, "mode");

	*out = -1;
	if (mode == NULL || json_is_null(mode))
		return ST_OK;
	if (!json_is_integer(mode) || json_integer_value(mode) < 0 || json_integer_value(mode) > 1)
		return senseless("mode", err);
	*out = (int)json_integer_value(mode);
	return ST_OK;
}

static enum status read_servers(const json_t *answer, struct provider_node *out, struct error *err)
{
	const json_t *list = json_object_get(answer, "servers"), *value;
	enum status status = ST_OK;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > MAX_SERVERS)
		return senseless("servers", err);
	out->servers = calloc(json_array_size(list) + 1, sizeof(*out->servers));
	if (out->servers == NULL)
		return error_no_memory(err);
	json_array_foreach(list, i, value)
	{
		struct provider_server *server = &out->servers[out->n_servers];

		if (!json_is_object(value))
			return senseless("servers", err);
		out->n_servers++;
		status = read_text(value, "name", &server->name, err);
		if (status == ST_OK)
			status = read_text(value, "address", &server->address, err);
		if (status == ST_OK)
			status = read_text(value, "provider", &server->provider, err);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

static enum status read_role(const json_t *answer, struct provider_node *out, struct error *err)
{
	enum status status = read_text(answer, "role", &out->role, err);

	for (size_t i = 0; i < sizeof(known_roles) / sizeof(known_roles[0]); i++)
		if (status == ST_OK && strcmp(out->role, known_roles[i]) == 0)
			return ST_OK;
	return status == ST_OK ? senseless("role", err) : status;
}

static enum status read_node(const json_t *answer, struct provider_node *out, struct error *err)
{
	enum status status = read_text(answer, "name", &out->name, err);

	if (status == ST_OK && out->name[0] == '\0')
		status = senseless("name", err);
	if (status == ST_OK)
		status = read_text(answer, "dns", &out->dns, err);
	if (status == ST_OK)
		status = read_text(answer, "address", &out->address, err);
	if (status == ST_OK)
		status = read_role(answer, out, err);
	if (status == ST_OK)
		status = read_text(answer, "release", &out->release, err);
	if (status == ST_OK)
		status = read_services(answer, &out->services, err);
	if (status == ST_OK)
		status = read_mode(answer, &out->mode, err);
	return status == ST_OK ? read_servers(answer, out, err) : status;
}

/* ---- certificates ---------------------------------------------------------------------------- */

/* The certificate in FILE must be the one that was announced. */
static enum status read_certificate(
    struct bytes file, const char *sha256, X509 **out, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buffer hex = BUFFER_INIT;
	X509 *x509 = NULL;
	enum status status = ST_OK;
	unsigned len = 0;

	if (bio == NULL)
		return error_no_memory(err);
	x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (x509 == NULL || X509_digest(x509, EVP_sha256(), digest, &len) != 1)
		status = senseless("certificates", err);
	text_hex(&hex, (struct bytes){digest, len}, 0, true);
	if (status == ST_OK && buffer_text(&hex) == NULL)
		status = error_no_memory(err);
	if (status == ST_OK && strcasecmp(buffer_text(&hex), sha256) != 0) {
		status = error_set(err, ST_FAILED, "%s",
		    _("the provider's certificates changed while they were read"));
		error_hint(err, "%s", _("try again"));
	}
	buffer_free(&hex);
	if (status == ST_OK)
		*out = x509;
	else
		X509_free(x509);
	return status;
}

static enum status fetch_certificate(struct provider_client *client, const char *name,
    const char *sha256, struct provider_certificate *out, struct error *err)
{
	char path[64];
	const struct provider_call call = {.method = "GET", .path = path};
	struct buffer file = BUFFER_INIT;
	enum status status;
	long code;

	snprintf(path, sizeof(path), "/v1/certificates/%s", name);
	status = provider_client_call(client, &call, &file, &code, err);
	if (status == ST_OK)
		status = read_certificate(buffer_bytes(&file), sha256, &out->x509, err);
	buffer_free(&file);
	if (status == ST_OK) {
		out->name = strdup(name);
		if (out->name == NULL)
			status = error_no_memory(err);
	}
	return status;
}

static enum status fetch_certificates(struct provider_client *client, const json_t *answer,
    struct provider_node *out, struct error *err)
{
	const json_t *list = json_object_get(answer, "certificates"), *value;
	bool taken[KNOWN_CERTIFICATES] = {false};
	enum status status;
	size_t i;

	if (!json_is_array(list))
		return senseless("certificates", err);
	out->certificates = calloc(KNOWN_CERTIFICATES, sizeof(*out->certificates));
	if (out->certificates == NULL)
		return error_no_memory(err);
	json_array_foreach(list, i, value)
	{
		const char *name = json_string_value(json_object_get(value, "name"));
		const char *sha256 = json_string_value(json_object_get(value, "sha256"));

		if (name == NULL || sha256 == NULL)
			return senseless("certificates", err);
		for (size_t k = 0; k < KNOWN_CERTIFICATES; k++) {
			if (taken[k] || strcmp(name, known_certificates[k]) != 0)
				continue;
			taken[k] = true;
			status = fetch_certificate(client, known_certificates[k], sha256,
			    &out->certificates[out->n_certificates++], err);
			if (status != ST_OK)
				return status;
		}
	}
	return ST_OK;
}

enum status provider_client_node(
    struct provider_client *client, struct provider_node *out, struct error *err)
{
	const struct provider_call call = {.method = "GET", .path = "/v1/node"};
	struct buffer body = BUFFER_INIT;
	json_t *answer = NULL;
	enum status status;
	long code;

	*out = (struct provider_node){.mode = -1};
	status = provider_client_call(client, &call, &body, &code, err);
	if (status == ST_OK) {
		answer =
		    json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
		status = json_is_object(answer) ? read_node(answer, out, err)
						: senseless(_("it is no JSON object"), err);
	}
	if (status == ST_OK)
		status = fetch_certificates(client, answer, out, err);
	json_decref(answer);
	buffer_free(&body);
	if (status != ST_OK && err->where[0] == '\0')
		error_where(err, "%s", client->base);
	return status;
}

void provider_node_free(struct provider_node *node)
{
	for (size_t i = 0; i < node->n_certificates; i++) {
		free(node->certificates[i].name);
		X509_free(node->certificates[i].x509);
	}
	for (size_t i = 0; i < node->n_servers; i++) {
		free(node->servers[i].name);
		free(node->servers[i].address);
		free(node->servers[i].provider);
	}
	free(node->certificates);
	free(node->servers);
	free(node->name);
	free(node->dns);
	free(node->address);
	free(node->role);
	free(node->release);
	*node = (struct provider_node){.mode = -1};
}
