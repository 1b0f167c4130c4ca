/*
 * The commands of the admin shell for the files that phones are served: file list tftp, file
 * delete tftp.  Names are looked up in the folders themselves, and never lead out of them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "base/text.h"
#include "ceremony/terminal.h"
#include "cli/admin_folders.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell_missing(const struct admin_folders *folders)
{
	char text[1024];

	for (size_t i = 0; i < folders->n_missing; i++) {
		snprintf(text, sizeof(text), _("a folder is left out: %s"), folders->missing[i]);
		cli_warn(text);
	}
}

/* "/srv/tftp/" and "CTLFile.tlv" as they can be shown. */
static void put_file(struct buffer *out, const char *folder, const char *name)
{
	const size_t len = strlen(folder);

	cluster_put_path(out, folder);
	if (len > 0 && folder[len - 1] != '/')
		buffer_add_u8(out, '/');
	cluster_put_path(out, name);
}

static bool is_list_name(const char *name)
{
	const size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".tlv") == 0 && name[0] != '.' &&
	       strpbrk(name, "/*?[\\") == NULL;
}

/* ---- file list tftp ---------------------------------------------------------------------------
 */

struct listing {
	const char *pattern;
	struct buffer out;
	size_t files;
	size_t folders;
};

static void list_one(struct listing *listing, const struct admin_folder *folder, const char *name)
{
	struct stat sb;

	/* Keys, PINs and the state may lie beside the CTL file: phones are not served those. */
	if (!folder->served && !is_list_name(name))
		return;
	if (fnmatch(listing->pattern, name, FNM_PERIOD) != 0 ||
	    fstatat(folder->fd, name, &sb, 0) != 0)
		return;
	if (S_ISDIR(sb.st_mode))
		listing->folders++;
	else
		listing->files++;
	buffer_printf(&listing->out, "%s", S_ISDIR(sb.st_mode) ? "<dir>  " : "       ");
	put_file(&listing->out, folder->path, name);
	buffer_printf(&listing->out, "\n");
}

static enum status list_folder(
    struct listing *listing, const struct admin_folder *folder, struct error *err)
{
	struct dirent **names = NULL;
	int n = scandirat(folder->fd, ".", &names, NULL, alphasort);

	if (n < 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot read the folder"));
		error_where(err, "%s", folder->path);
		return ST_IO;
	}
	for (int i = 0; i < n; i++) {
		list_one(listing, folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return ST_OK;
}

static int list(struct listing *listing, const struct inventory *inventory)
{
	struct admin_folders folders = {.list = NULL};
	struct error err;
	enum status st = admin_folders_open(inventory, &folders, &err);
	int rc;

	tell_missing(&folders);
	for (size_t i = 0; st == ST_OK && i < folders.n; i++)
		st = list_folder(listing, &folders.list[i], &err);
	buffer_printf(
	    &listing->out, "dir count = %zu, file count = %zu\n", listing->folders, listing->files);
	rc = st == ST_OK ? cli_print(&listing->out) : cli_fail(&err);
	admin_folders_close(&folders);
	return rc;
}

int admin_file_list(struct admin *admin, const struct admin_call *call)
{
	struct listing listing = {.pattern = call->arguments[0], .out = BUFFER_INIT};
	struct cluster cluster = {.store = NULL};
	struct error err;
	int rc;

	if (strchr(listing.pattern, '/') != NULL || strstr(listing.pattern, "..") != NULL) {
		error_set(&err, ST_USAGE,
		    _("'%s' is no pattern of a file name: it contains '/' or '..'"),
		    listing.pattern);
		error_hint(&err, "%s", _("for example: file list tftp *.tlv"));
		return cli_fail(&err);
	}
	if (cli_cluster_read(admin->config, &cluster, &err) == ST_OK)
		rc = list(&listing, &cluster.inventory);
	else
		rc = cli_fail(&err);
	cluster_close(&cluster);
	buffer_free(&listing.out);
	return rc;
}

/* ---- file delete tftp -------------------------------------------------------------------------
 */

struct deletion {
	const char *name;
	bool yes;
	struct admin_folders folders; /* those that have it */
	struct buffer where;	      /* their files, printable, with ", " between */
};

static bool has_file(const struct admin_folder *folder, const char *name)
{
	struct stat sb;

	return fstatat(folder->fd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(sb.st_mode);
}

static enum status find(struct deletion *deletion, struct error *err)
{
	for (size_t i = 0; i < deletion->folders.n; i++) {
		if (!has_file(&deletion->folders.list[i], deletion->name))
			continue;
		if (deletion->where.len > 0)
			buffer_printf(&deletion->where, ", ");
		put_file(&deletion->where, deletion->folders.list[i].path, deletion->name);
	}
	if (deletion->where.len == 0) {
		error_set(err, ST_FAILED, _("there is no file '%s' to delete"), deletion->name);
		error_hint(err, "%s", _("see which ones there are: file list tftp *"));
		return ST_FAILED;
	}
	return buffer_status(&deletion->where, err);
}

static bool is_yes(const char *answer)
{
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

static enum status ask(struct deletion *deletion, struct error *err)
{
	struct buffer prompt = BUFFER_INIT;
	char answer[16];
	bool other;
	enum status st;

	buffer_printf(&prompt,
	    _("This operation will delete %s.\nDo you want to continue? (y/n): "),
	    buffer_text(&deletion->where));
	st = buffer_status(&prompt, err);
	if (st == ST_OK)
		st = terminal_ask_line(
		    buffer_text(&prompt), NULL, answer, sizeof(answer), &other, err);
	buffer_free(&prompt);
	if (st == ST_OK && !is_yes(answer))
		st = error_set(err, ST_CANCELLED, "%s", _("stopped: nothing was deleted"));
	return st;
}

static enum status delete_all(struct deletion *deletion, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < deletion->folders.n; i++) {
		const struct admin_folder *folder = &deletion->folders.list[i];

		if (!has_file(folder, deletion->name))
			continue;
		if (unlinkat(folder->fd, deletion->name, 0) == 0 && fsync(folder->fd) == 0)
			continue;
		st = error_errno(err, ST_IO, errno, _("cannot delete '%s'"), deletion->name);
		error_where(err, "%s", folder->path);
	}
	return st;
}

static enum status note(
    struct cluster *cluster, struct deletion *deletion, const char *outcome, struct error *err)
{
	struct buffer what = BUFFER_INIT;
	struct audit_entry entry = {.act = "file delete tftp", .outcome = outcome};
	enum status st;

	buffer_printf(&what, "deletes %s", buffer_text(&deletion->where));
	entry.what = buffer_text(&what);
	st = buffer_status(&what, err);
	if (st == ST_OK)
		st = store_audit(cluster->store, &entry, err);
	buffer_free(&what);
	return st;
}

/* The log is told before, too, so that a run that is killed in between has left its trace. */
static enum status delete_noted(
    struct cluster *cluster, struct deletion *deletion, struct error *err)
{
	enum status st = note(cluster, deletion, "started", err), noted;
	struct error note_err;
	char outcome[1024], line[960];

	if (st != ST_OK)
		return st;
	st = delete_all(deletion, err);
	if (st == ST_OK)
		return note(cluster, deletion, "done", err);
	snprintf(outcome, sizeof(outcome), "failed: %s", error_line(err, line, sizeof(line)));
	noted = note(cluster, deletion, outcome, &note_err);
	if (noted != ST_OK)
		cli_warn(error_line(&note_err, line, sizeof(line)));
	return st;
}

static int say_deleted(struct deletion *deletion)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out,
	    _("Deleted: %s\n"
	      "Phones keep the list that they have, until it is deleted on them, too.\n"
	      "Delete it on every TFTP server, and restart Cisco Tftp there.\n"),
	    buffer_text(&deletion->where));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static enum status work(const struct admin *admin, struct deletion *deletion, struct error *err)
{
	struct cluster cluster = {.store = NULL};
	enum status st = cli_cluster_change(admin->config, "file delete tftp", &cluster, err);

	if (st == ST_OK)
		st = admin_folders_open(&cluster.inventory, &deletion->folders, err);
	tell_missing(&deletion->folders);
	if (st == ST_OK)
		st = find(deletion, err);
	if (st == ST_OK && !deletion->yes)
		st = ask(deletion, err);
	if (st == ST_OK)
		st = delete_noted(&cluster, deletion, err);
	cluster_close(&cluster);
	return st;
}

int admin_file_delete(struct admin *admin, const struct admin_call *call)
{
	struct deletion deletion = {
	    .name = call->arguments[0], .yes = admin->yes || call->n == 2, .where = BUFFER_INIT};
	struct error err;
	enum status st = ST_OK;
	int rc;

	if (call->n == 2 && strcasecmp(call->arguments[1], "noconfirm") != 0) {
		error_set(
		    &err, st = ST_USAGE, _("'%s' is not understood here"), call->arguments[1]);
		error_hint(&err, "%s", _("the only word that may follow is: noconfirm"));
	} else if (!is_list_name(deletion.name)) {
		error_set(&err, st = ST_USAGE,
		    _("'%s' is not the plain name of a trust list: such end in .tlv"),
		    deletion.name);
		error_hint(&err, "%s", _("for example: file delete tftp CTLFile.tlv"));
	} else if (!deletion.yes && !terminal_available()) {
		error_set(&err, st = ST_USAGE, "%s",
		    _("file delete asks before it deletes, and there is no terminal to ask at"));
		error_hint(&err, "%s", _("give ctlsign admin --yes"));
	}
	if (st == ST_OK)
		st = work(admin, &deletion, &err);
	rc = st == ST_OK ? say_deleted(&deletion) : cli_fail(&err);
	admin_folders_close(&deletion.folders);
	buffer_free(&deletion.where);
	return rc;
}
