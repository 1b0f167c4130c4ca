/*
 * The target that is a node's CTL Provider.
 *
 * What is committed is named by its hash, so a file that somebody else has staged meanwhile is
 * never taken for ours; and the provider, which keeps the file before, goes back to it only if it
 * is the one that we mean.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/provider_client.h"
#include "publish/target.h"

#include "base/text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_NOT_FOUND 404
#define PATH_SIZE      (TARGET_NAME_MAX + 32)

struct sha256 {
	char text[65];
};

struct staged {
	char name[TARGET_NAME_MAX];
	struct sha256 hash;
};

struct target_provider {
	struct target base;
	struct provider_client *client;
	struct staged *staged; /* what this run has staged */
	size_t n_staged;
};

static enum status hash(struct bytes data, struct sha256 *out, struct error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buffer hex = BUFFER_INIT;
	enum status status = ST_OK;
	unsigned len = 0;

	if (EVP_Digest(data.data, data.len, digest, &len, EVP_sha256(), NULL) != 1)
		status = error_openssl(err, ST_CRYPTO, "%s", _("no SHA-256 can be computed"));
	text_hex(&hex, (struct bytes){digest, len}, 0, true);
	if (status == ST_OK && buffer_text(&hex) == NULL)
		status = error_no_memory(err);
	if (status == ST_OK)
		snprintf(out->text, sizeof(out->text), "%s", buffer_text(&hex));
	buffer_free(&hex);
	return status;
}

/* One call; errors have the target as it is written in the inventory. */
static enum status call(struct target_provider *self, const struct provider_call *what,
    struct buffer *out, long *code, struct error *err)
{
	enum status status = provider_client_call(self->client, what, out, code, err);

	if (status != ST_OK)
		error_where(err, "%s", self->base.place->text);
	return status;
}

/* The same where only success matters. */
static enum status tell(
    struct target_provider *self, const struct provider_call *what, struct error *err)
{
	struct buffer answer = BUFFER_INIT;
	enum status status;
	long code;

	status = call(self, what, &answer, &code, err);
	buffer_free(&answer);
	return status;
}

static enum status make_path(struct target_provider *self, char path[PATH_SIZE], const char *folder,
    const char *name, struct error *err)
{
	/* Names are our own: CTLFile.tlv and the like. */
	if (name[0] != '\0' && strlen(name) < TARGET_NAME_MAX &&
	    name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			      "0123456789._-")] == '\0') {
		snprintf(path, PATH_SIZE, "%s%s", folder, name);
		return ST_OK;
	}
	error_set(err, ST_USAGE, _("%s is no name of a file for phones"), name);
	error_where(err, "%s", self->base.place->text);
	return ST_USAGE;
}

static enum status get_from(struct target_provider *self, const char *folder, const char *name,
    struct buffer *out, bool *there, struct error *err)
{
	char path[PATH_SIZE];
	const struct provider_call what = {.method = "GET", .path = path, .missing_is_fine = true};
	enum status status = make_path(self, path, folder, name, err);
	long code = 0;

	*there = false;
	if (status == ST_OK)
		status = call(self, &what, out, &code, err);
	*there = status == ST_OK && code != HTTP_NOT_FOUND;
	return status;
}

static enum status op_get(
    struct target *target, const char *name, struct buffer *out, bool *there, struct error *err)
{
	return get_from((struct target_provider *)target, "/v1/files/", name, out, there, err);
}

static struct staged *find_staged(struct target_provider *self, const char *name)
{
	for (size_t i = 0; i < self->n_staged; i++)
		if (strcmp(self->staged[i].name, name) == 0)
			return &self->staged[i];
	return NULL;
}

static enum status note_staged(
    struct target_provider *self, const char *name, const struct sha256 *its, struct error *err)
{
	struct staged *staged = find_staged(self, name);

	if (staged == NULL) {
		struct staged *more =
		    realloc(self->staged, (self->n_staged + 1) * sizeof(*self->staged));

		if (more == NULL)
			return error_no_memory(err);
		self->staged = more;
		staged = &more[self->n_staged++];
		snprintf(staged->name, sizeof(staged->name), "%s", name);
	}
	staged->hash = *its;
	return ST_OK;
}

static enum status not_the_same(const struct target_provider *self, struct error *err)
{
	error_set(
	    err, ST_NOT_VERIFIED, "%s", _("the provider does not give back what it was given"));
	error_where(err, "%s", self->base.place->text);
	error_hint(err, "%s",
	    _("check that nobody else publishes to this node at the same time, and its disk"));
	return ST_NOT_VERIFIED;
}

static enum status op_stage(
    struct target *target, const char *name, struct bytes data, struct error *err)
{
	struct target_provider *self = (struct target_provider *)target;
	char path[PATH_SIZE];
	const struct provider_call put = {.method = "PUT", .path = path, .body = &data};
	struct buffer back = BUFFER_INIT;
	struct sha256 its;
	enum status status;
	bool there = false;

	status = make_path(self, path, "/v1/staged/", name, err);
	if (status == ST_OK)
		status = hash(data, &its, err);
	if (status == ST_OK)
		status = tell(self, &put, err);
	if (status == ST_OK)
		status = get_from(self, "/v1/staged/", name, &back, &there, err);
	if (status == ST_OK && (!there || !bytes_equal(buffer_bytes(&back), data)))
		status = not_the_same(self, err);
	if (status == ST_OK)
		status = note_staged(self, name, &its, err);
	buffer_free(&back);
	return status;
}

static enum status op_commit(struct target *target, const char *name, struct error *err)
{
	struct target_provider *self = (struct target_provider *)target;
	const struct staged *staged = find_staged(self, name);
	char path[PATH_SIZE], json[96];
	struct bytes body = {(const uint8_t *)json, 0};
	const struct provider_call post = {
	    .method = "POST", .path = path, .body = &body, .type = "application/json"};
	enum status status = make_path(self, path, "/v1/staged/", name, err);

	if (status != ST_OK)
		return status;
	if (staged == NULL) {
		error_set(err, ST_FAILED, _("%s has not been staged by this run"), name);
		error_where(err, "%s", target->place->text);
		return ST_FAILED;
	}
	body.len = (size_t)snprintf(json, sizeof(json), "{\"sha256\":\"%s\"}", staged->hash.text);
	return tell(self, &post, err);
}

static enum status op_unstage(struct target *target, const char *name, struct error *err)
{
	struct target_provider *self = (struct target_provider *)target;
	char path[PATH_SIZE];
	const struct provider_call delete = {
	    .method = "DELETE", .path = path, .missing_is_fine = true};
	enum status status = make_path(self, path, "/v1/staged/", name, err);

	return status == ST_OK ? tell(self, &delete, err) : status;
}

static bool is_old(const struct buffer *now, bool there, const struct bytes *old)
{
	return old == NULL ? !there : there && bytes_equal(buffer_bytes(now), *old);
}

static enum status revert(
    struct target_provider *self, const char *name, const struct bytes *old, struct error *err)
{
	char path[PATH_SIZE], json[96];
	struct bytes body = {(const uint8_t *)json, 0};
	const struct provider_call post = {
	    .method = "POST", .path = path, .body = &body, .type = "application/json"};
	struct sha256 its = {""};
	enum status status = make_path(self, path, "/v1/files/", name, err);

	if (status == ST_OK && old != NULL)
		status = hash(*old, &its, err);
	if (status != ST_OK)
		return status;
	strncat(path, "/revert", sizeof(path) - strlen(path) - 1);
	if (old != NULL)
		body.len = (size_t)snprintf(json, sizeof(json), "{\"to\":\"%s\"}", its.text);
	else
		body.len = (size_t)snprintf(json, sizeof(json), "{\"to\":null}");
	return tell(self, &post, err);
}

static enum status op_put_back(
    struct target *target, const char *name, const struct bytes *old, struct error *err)
{
	struct target_provider *self = (struct target_provider *)target;
	struct buffer now = BUFFER_INIT;
	enum status status;
	bool there;

	status = op_get(target, name, &now, &there, err);
	if (status == ST_OK && !is_old(&now, there, old)) {
		status = revert(self, name, old, err);
		if (status == ST_OK)
			status = op_get(target, name, &now, &there, err);
		if (status == ST_OK && !is_old(&now, there, old))
			status = not_the_same(self, err);
	}
	buffer_free(&now);
	return status;
}

static enum status op_set_mode(struct target *target, int mode, struct error *err)
{
	char json[32];
	struct bytes body = {(const uint8_t *)json, 0};
	const struct provider_call put = {
	    .method = "PUT", .path = "/v1/mode", .body = &body, .type = "application/json"};

	body.len = (size_t)snprintf(json, sizeof(json), "{\"mode\":%d}", mode);
	return tell((struct target_provider *)target, &put, err);
}

static void op_interrupt(struct target *target)
{
	provider_client_interrupt(((struct target_provider *)target)->client);
}

static void op_reset(struct target *target)
{
	provider_client_reset(((struct target_provider *)target)->client);
}

static void op_free(struct target *target)
{
	struct target_provider *self = (struct target_provider *)target;

	provider_client_free(self->client);
	free(self->staged);
	free(self);
}

static const struct target_ops ops = {
    .get = op_get,
    .stage = op_stage,
    .commit = op_commit,
    .unstage = op_unstage,
    .put_back = op_put_back,
    .set_mode = op_set_mode,
    .interrupt = op_interrupt,
    .reset = op_reset,
    .free = op_free,
};

enum status target_provider_new(const struct inventory_target *place,
    const struct target_access *access, struct target **out, struct error *err)
{
	struct target_provider *self = calloc(1, sizeof(*self));
	enum status status;

	if (self == NULL)
		return error_no_memory(err);
	self->base = (struct target){.ops = &ops, .place = place, .access = access};
	if (asprintf(&self->base.link, "https://%s:%u", place->host, place->port) < 0) {
		self->base.link = NULL;
		status = error_no_memory(err);
	} else {
		status = provider_client_new(place->host, place->port, access, &self->client, err);
	}
	if (status != ST_OK) {
		error_where(err, "%s", place->text);
		target_free(&self->base);
		return status;
	}
	*out = &self->base;
	return ST_OK;
}
