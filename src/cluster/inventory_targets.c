/*
 * Where a server's files go (`deliver`), and where phones get them (`verify`).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PORT_SSH 22

void inventory_targets_free(struct inventory_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		free(targets->list[i].text);
		free(targets->list[i].user);
		free(targets->list[i].host);
		free(targets->list[i].path);
	}
	free(targets->list);
	*targets = (struct inventory_targets){.list = NULL};
}

/* Said about an untrusted TEXT. */
static const char *show(char shown[320], const char *text)
{
	return text_printable_into(shown, 320, text_bytes(text));
}

/* A folder of this machine. */
static enum status take_directory(
    const struct conf *conf, struct inventory_target *target, struct error *err)
{
	const char *text = target->text;
	char shown[320];

	target->kind = TARGET_DIRECTORY;
	if (text[0] == '~') {
		error_set(err, ST_FORMAT, _("'~' is not replaced by a home folder: '%s'"),
		    show(shown, text));
		error_hint(err, "%s", _("write the whole path"));
		return ST_FORMAT;
	}
	/* "ctl@192.0.2.10:/tftp", "sftp:/192.0.2.10/tftp": somebody means another machine. */
	if (text[0] != '/' && memchr(text, ':', strcspn(text, "/")) != NULL) {
		error_set(err, ST_FORMAT, _("this is no folder of this machine: '%s'"),
		    show(shown, text));
		error_hint(err, "%s",
		    _("write sftp://USER@HOST/FOLDER for another machine's, or begin with ./"));
		return ST_FORMAT;
	}
	target->path = conf_resolve(conf, text);
	return target->path != NULL ? ST_OK : error_no_memory(err);
}

/* The target takes what is in URL. */
static enum status take_sftp(struct url *url, struct inventory_target *target, struct error *err)
{
	char shown[320];

	target->kind = TARGET_SFTP;
	if (url->path[0] == '\0') {
		error_set(err, ST_FORMAT, _("'%s' names no folder"), show(shown, target->text));
		error_hint(err, "%s",
		    _("write sftp://HOST/FOLDER, or sftp://HOST/~/FOLDER for one below the user's "
		      "home"));
		return ST_FORMAT;
	}
	target->user = url->user;
	target->host = url->host;
	target->port = url->port != 0 ? url->port : PORT_SSH;
	url->user = url->host = NULL;
	return url_decode(url->path, strlen(url->path), &target->path, err);
}

static enum status take_provider(struct url *url, const struct inventory *inventory,
    struct inventory_target *target, struct error *err)
{
	char shown[320];

	target->kind = TARGET_PROVIDER;
	if (url->user != NULL) {
		error_set(err, ST_FORMAT, _("a CTL Provider has no users: '%s'"),
		    show(shown, target->text));
		error_hint(err, "%s",
		    _("write https://HOST; it knows you by client-certificate of the section "
		      "publish"));
		return ST_FORMAT;
	}
	if (url->path[0] != '\0' && strcmp(url->path, "/") != 0) {
		error_set(err, ST_FORMAT, _("a CTL Provider takes no folder: '%s'"),
		    show(shown, target->text));
		error_hint(
		    err, "%s", _("write https://HOST; its own settings say where it puts files"));
		return ST_FORMAT;
	}
	target->host = url->host;
	target->port = url->port != 0 ? url->port : inventory->ports[PORT_CTL_PROVIDER];
	url->host = NULL;
	return ST_OK;
}

static enum status take_target(const struct conf *conf, const struct inventory *inventory,
    struct inventory_target *target, struct error *err)
{
	const bool sftp = url_has_scheme(target->text, "sftp");
	struct url url = {.user = NULL};
	char shown[320];
	enum status st;

	if (url_scheme_length(target->text) == 0)
		return take_directory(conf, target, err);
	if (!sftp && !url_has_scheme(target->text, "https")) {
		text_printable_into(shown, sizeof(shown),
		    (struct bytes){(const uint8_t *)target->text, url_scheme_length(target->text)});
		error_set(err, ST_FORMAT, _("'%s' is no way to deliver a file"), shown);
		error_hint(err, "%s",
		    _("write a folder, sftp://HOST/FOLDER, or https://HOST for a CTL Provider"));
		return ST_FORMAT;
	}
	st = url_parse(target->text, &url, err);
	if (st == ST_OK)
		st = sftp ? take_sftp(&url, target, err)
			  : take_provider(&url, inventory, target, err);
	url_free(&url);
	return st;
}

enum status place_targets(const struct conf_place *place, const struct inventory *inventory,
    struct inventory_targets *out, struct error *err)
{
	char **texts;
	size_t n;
	enum status st = conf_list(place, "deliver", CONF_MAX_LIST, &texts, &n, err);

	if (st == ST_OK && n != 0) {
		out->list = calloc(n, sizeof(*out->list));
		if (out->list == NULL)
			st = error_no_memory(err);
	}
	for (size_t i = 0; st == ST_OK && i < n; i++) {
		struct inventory_target *target = &out->list[out->n++];

		target->text = texts[i];
		target->line = conf_line(place->section, "deliver");
		texts[i] = NULL;
		st = take_target(place->conf, inventory, target, err);
		if (st == ST_FORMAT)
			conf_refuse_value(place, "deliver", err);
	}
	conf_strings_free(texts, n);
	return st;
}

/* Printable ASCII without blanks: what libraries take as an address. */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static enum status check_url(const char *text, struct error *err)
{
	struct url url = {.user = NULL};
	char shown[320], *path = NULL;
	enum status st;

	if (!url_has_scheme(text, "tftp") && !url_has_scheme(text, "http")) {
		error_set(err, ST_FORMAT, _("phones do not download from '%s'"), show(shown, text));
		error_hint(err, "%s", _("write tftp://HOST or http://HOST:PORT"));
		return ST_FORMAT;
	}
	st = url_parse(text, &url, err);
	if (st == ST_OK && url.user != NULL) {
		error_set(err, ST_FORMAT, _("phones download without a user's name: '%s'"),
		    show(shown, text));
		error_hint(err, "%s", _("write tftp://HOST or http://HOST:PORT"));
		st = ST_FORMAT;
	}
	if (st == ST_OK && !is_plain(text)) {
		error_set(err, ST_FORMAT,
		    _("a character cannot stand in an address as it is: '%s'"), show(shown, text));
		error_hint(err, "%s", _("write % and its two hexadecimal digits: %20 for a blank"));
		st = ST_FORMAT;
	}
	if (st == ST_OK)
		st = url_decode(url.path, strlen(url.path), &path, err);
	free(path);
	url_free(&url);
	return st;
}

enum status place_urls(
    const struct conf_place *place, struct inventory_urls *out, struct error *err)
{
	enum status st = conf_list(place, "verify", CONF_MAX_LIST, &out->list, &out->n, err);

	for (size_t i = 0; st == ST_OK && i < out->n; i++) {
		st = check_url(out->list[i], err);
		if (st == ST_FORMAT)
			conf_refuse_value(place, "verify", err);
	}
	return st;
}
