/*
 * Targets that two servers share, and one that would be this machine's own CTL file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PUBLISHED "CTLFile.tlv"

/* A target, whose it is, and what is the same for two that are one place. */
struct use {
	const char *server;
	const struct inventory_target *target;
	struct buffer key;
};

struct uses {
	struct use *list;
	size_t n, room;
};

/* PATH without "//", "/." and a slash at the end. */
static void put_plain_path(struct buffer *out, const char *path)
{
	const size_t start = out->len;

	if (path[0] == '/')
		buffer_add_u8(out, '/');
	while (*path != '\0') {
		const size_t len = strcspn(path, "/");

		if (len != 0 && !(len == 1 && path[0] == '.')) {
			if (out->len > start && out->data[out->len - 1] != '/')
				buffer_add_u8(out, '/');
			buffer_add(out, path, len);
		}
		path += len + (path[len] == '/');
	}
}

/* The folder itself when it is there, else its path. */
static void put_directory(struct buffer *out, const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == 0) {
		buffer_printf(out, "%jx %jx", (uintmax_t)sb.st_dev, (uintmax_t)sb.st_ino);
		return;
	}
	buffer_printf(out, "at ");
	put_plain_path(out, path);
}

static void put_host(struct buffer *out, const struct inventory_target *target)
{
	struct inventory_address address;

	/* An address can be written in several ways. */
	if (inventory_address_parse(target->host, &address))
		for (size_t i = 0; i < address.len; i++)
			buffer_printf(out, "%02x:", address.bytes[i]);
	else
		for (const char *c = target->host; *c != '\0'; c++)
			buffer_add_u8(out, (unsigned)tolower((unsigned char)*c));
	buffer_printf(out, " %u", target->port);
}

static enum status add(struct uses *uses, const char *server,
    const struct inventory_targets *targets, struct error *err)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct inventory_target *target = &targets->list[i];
		struct use *use;

		if (uses->n == uses->room) {
			const size_t room = uses->room * 2 + 16;
			struct use *grown = realloc(uses->list, room * sizeof(*grown));

			if (grown == NULL)
				return error_no_memory(err);
			uses->list = grown;
			uses->room = room;
		}
		use = &uses->list[uses->n++];
		*use = (struct use){server, target, BUFFER_INIT};
		buffer_printf(&use->key, "%d ", (int)target->kind);
		if (target->kind == TARGET_DIRECTORY) {
			put_directory(&use->key, target->path);
		} else {
			put_host(&use->key, target);
			if (target->user != NULL)
				buffer_printf(&use->key, " %s", target->user);
		}
		if (target->kind == TARGET_SFTP) {
			buffer_add_u8(&use->key, '\n');
			put_plain_path(&use->key, target->path);
		}
		if (buffer_status(&use->key, err) != ST_OK)
			return ST_NO_MEMORY;
	}
	return ST_OK;
}

static enum status add_servers(
    struct uses *uses, const struct inventory_server *servers, size_t n, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < n; i++)
		st = add(uses, servers[i].name, &servers[i].deliver, err);
	return st;
}

static enum status collect(const struct inventory *inventory, struct uses *uses, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < inventory->n_nodes; i++)
		st = add(uses, inventory->nodes[i].name, &inventory->nodes[i].deliver, err);
	if (st == ST_OK)
		st = add_servers(uses, inventory->alternate_tftp, inventory->n_alternate_tftp, err);
	if (st == ST_OK)
		st = add_servers(uses, inventory->firewalls, inventory->n_firewalls, err);
	if (st == ST_OK)
		st = add_servers(uses, inventory->entries, inventory->n_entries, err);
	return st;
}

static enum status refuse_pair(
    const struct conf *conf, const struct use *a, const struct use *b, struct error *err)
{
	const struct use *later = a->target->line > b->target->line ? a : b;
	const struct use *earlier = later == a ? b : a;
	char shown[320];

	text_printable_into(shown, sizeof(shown), text_bytes(later->target->text));
	if (strcmp(a->server, b->server) == 0) {
		error_set(err, ST_FORMAT, _("'%s' delivers to '%s' twice"), a->server, shown);
		error_hint(err, "%s", _("take one of them away"));
	} else {
		error_set(err, ST_FORMAT, _("'%s' and '%s' have the same target '%s'"),
		    earlier->server, later->server, shown);
		error_hint(err, _("give each its own; the other one stands on line %u"),
		    earlier->target->line);
	}
	return conf_refuse(conf, later->target->line, err);
}

/* Whether what is published in the folder PATH is CTL_FILE itself. */
static enum status is_ctl_file(
    const char *path, const char *ctl_file, bool *same, struct error *err)
{
	const char *slash = strrchr(ctl_file, '/');
	const char *name = slash != NULL ? slash + 1 : ctl_file;
	struct buffer theirs = BUFFER_INIT, ours = BUFFER_INIT, folder = BUFFER_INIT;
	struct buffer published = BUFFER_INIT;
	enum status st;

	buffer_printf(&folder, "%.*s", slash != NULL ? (int)(slash + 1 - ctl_file) : 1,
	    slash != NULL ? ctl_file : ".");
	buffer_printf(&published, "%s/" PUBLISHED, path);
	if (buffer_text(&folder) != NULL)
		put_directory(&ours, buffer_text(&folder));
	put_directory(&theirs, path);
	*same =
	    strcmp(name, PUBLISHED) == 0 && bytes_equal(buffer_bytes(&ours), buffer_bytes(&theirs));
	/* Or a link leads there. */
	if (buffer_text(&published) != NULL)
		*same = *same || file_same(buffer_text(&published), ctl_file);
	st = buffer_status(&folder, err);
	if (st == ST_OK)
		st = buffer_status(&published, err);
	if (st == ST_OK)
		st = buffer_status(&ours, err);
	if (st == ST_OK)
		st = buffer_status(&theirs, err);
	buffer_free(&theirs);
	buffer_free(&ours);
	buffer_free(&folder);
	buffer_free(&published);
	return st;
}

static enum status check_ctl_file(
    const struct conf *conf, const char *ctl_file, const struct use *use, struct error *err)
{
	char shown[320];
	bool same = false;
	enum status st = ST_OK;

	if (use->target->kind == TARGET_DIRECTORY)
		st = is_ctl_file(use->target->path, ctl_file, &same, err);
	if (st != ST_OK || !same)
		return st;
	text_printable_into(shown, sizeof(shown), text_bytes(use->target->text));
	error_set(err, ST_FORMAT,
	    _("the CTL that is delivered to '%s' would be this machine's own CTL file"), shown);
	error_hint(err, "%s",
	    _("choose another ctl-file, such as \"ctl/CTLFile.tlv\": it is a working copy"));
	return conf_refuse(conf, use->target->line, err);
}

enum status inventory_check_targets(
    const struct conf *conf, const struct inventory *inventory, struct error *err)
{
	struct uses uses = {.list = NULL};
	enum status st = collect(inventory, &uses, err);

	for (size_t i = 0; st == ST_OK && i < uses.n; i++)
		st = check_ctl_file(conf, inventory->ctl_file, &uses.list[i], err);
	for (size_t i = 0; st == ST_OK && i < uses.n; i++)
		for (size_t j = 0; st == ST_OK && j < i; j++)
			if (bytes_equal(
				buffer_bytes(&uses.list[i].key), buffer_bytes(&uses.list[j].key)))
				st = refuse_pair(conf, &uses.list[j], &uses.list[i], err);
	for (size_t i = 0; i < uses.n; i++)
		buffer_free(&uses.list[i].key);
	free(uses.list);
	return st;
}
