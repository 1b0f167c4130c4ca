/*
 * A directory behind SFTP as a target.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_folder.h"
#include "publish/sftp_link.h"
#include "publish/target.h"

#include <stdlib.h>
#include <string.h>

/* Room that a path of the inventory leaves for a name. */
#define MAX_FOLDER (SFTP_MAX_PATH - TARGET_NAME_MAX - 2)

struct sftp_target {
	struct target common;
	struct sftp_link *link;
	char *folder; /* as struct sftp_folder has it */
};

static struct sftp_target *self_of(struct target *target)
{
	return (struct sftp_target *)target;
}

/* Every call ends here: the error says where, and the link knows whether it was lost. */
static enum status told(
    struct sftp_target *self, enum status st, struct error *mine, struct error *err)
{
	if (st == ST_OK)
		return ST_OK;
	sftp_link_note(self->link, mine);
	error_where(mine, "%s", self->common.place->text);
	if (err != NULL)
		*err = *mine;
	return st;
}

static enum status reach(struct sftp_target *self, struct sftp_folder *folder, struct error *err)
{
	folder->path = self->folder;
	folder->user = sftp_link_user(self->link);
	return sftp_link_use(self->link, &folder->wire, err);
}

static enum status read_file(const struct sftp_folder *folder, const char *name, struct buffer *out,
    bool *there, struct error *err)
{
	struct sftp_attributes attributes;
	enum status st = sftp_folder_look(folder, name, &attributes, there, err);

	buffer_reset(out);
	if (st != ST_OK || !*there)
		return st;
	return sftp_folder_read(folder, name, attributes.size, TARGET_MAX_FILE, out, err);
}

static enum status sftp_get(
    struct target *target, const char *name, struct buffer *out, bool *there, struct error *err)
{
	struct sftp_target *const self = self_of(target);
	struct sftp_folder folder;
	struct error mine;
	enum status st;

	buffer_reset(out);
	*there = false;
	st = reach(self, &folder, &mine);
	if (st == ST_OK)
		st = read_file(&folder, name, out, there, &mine);
	return told(self, st, &mine, err);
}

/* Nothing is put on a server that could not put it in place. */
static enum status check_server(const struct sftp_folder *folder, struct error *err)
{
	if (sftp_wire_can_replace(folder->wire))
		return ST_OK;
	error_set(err, ST_FAILED, "%s",
	    _("this SFTP server cannot replace a file in one step (posix-rename@openssh.com)"));
	error_hint(err, "%s",
	    _("see that it is not read-only; else run OpenSSH's there, or deliver through "
	      "ctlproviderd or a mounted directory"));
	return ST_FAILED;
}

static enum status stage_file(
    const struct sftp_folder *folder, const char *name, struct bytes data, struct error *err)
{
	char staged[TARGET_NAME_MAX];
	struct buffer back = BUFFER_INIT;
	struct sftp_attributes old;
	bool there;
	enum status st = check_server(folder, err);

	target_staged_name(name, staged);
	if (st == ST_OK)
		st = sftp_folder_look(folder, name, &old, &there, err);
	if (st == ST_OK)
		st = sftp_folder_create(folder, staged, data, there ? &old : NULL, err);
	if (st != ST_OK)
		return st;
	st = sftp_folder_read(folder, staged, data.len, TARGET_MAX_FILE, &back, err);
	if (st == ST_OK && !bytes_equal(buffer_bytes(&back), data)) {
		error_set(err, ST_IO, "%s", _("the file does not read back as it was written"));
		error_hint(err, "%s", _("see whether the server's disk is full or broken"));
		st = ST_IO;
	}
	buffer_free(&back);
	if (st != ST_OK && !sftp_wire_broken(folder->wire))
		sftp_folder_remove(folder, staged, false, NULL);
	return st;
}

static enum status sftp_stage(
    struct target *target, const char *name, struct bytes data, struct error *err)
{
	struct sftp_target *const self = self_of(target);
	struct sftp_folder folder;
	struct error mine;
	enum status st;

	if (data.len > TARGET_MAX_FILE)
		st = error_set(&mine, ST_LIMIT, "%s", _("the file is too large to be delivered"));
	else
		st = reach(self, &folder, &mine);
	if (st == ST_OK)
		st = stage_file(&folder, name, data, &mine);
	return told(self, st, &mine, err);
}

static enum status sftp_commit(struct target *target, const char *name, struct error *err)
{
	struct sftp_target *const self = self_of(target);
	char staged[TARGET_NAME_MAX];
	struct sftp_folder folder;
	struct error mine;
	enum status st = reach(self, &folder, &mine);

	if (st == ST_OK)
		st = check_server(&folder, &mine);
	if (st == ST_OK)
		st = sftp_folder_replace(&folder, target_staged_name(name, staged), name, &mine);
	return told(self, st, &mine, err);
}

static enum status sftp_unstage(struct target *target, const char *name, struct error *err)
{
	struct sftp_target *const self = self_of(target);
	char staged[TARGET_NAME_MAX];
	struct sftp_folder folder;
	struct error mine;
	enum status st = reach(self, &folder, &mine);

	if (st == ST_OK)
		st = sftp_folder_remove(&folder, target_staged_name(name, staged), false, &mine);
	return told(self, st, &mine, err);
}

static enum status put_back_file(
    const struct sftp_folder *folder, const char *name, const struct bytes *old, struct error *err)
{
	char staged[TARGET_NAME_MAX];
	struct buffer now = BUFFER_INIT;
	bool there, same;
	enum status st = read_file(folder, name, &now, &there, err);

	same = old == NULL ? !there : there && bytes_equal(buffer_bytes(&now), *old);
	buffer_free(&now);
	if (st != ST_OK || same)
		return st;
	if (old == NULL)
		return sftp_folder_remove(folder, name, true, err);
	st = stage_file(folder, name, *old, err);
	if (st == ST_OK)
		st = sftp_folder_replace(folder, target_staged_name(name, staged), name, err);
	return st;
}

static enum status sftp_put_back(
    struct target *target, const char *name, const struct bytes *old, struct error *err)
{
	struct sftp_target *const self = self_of(target);
	struct sftp_folder folder;
	struct error mine;
	enum status st = reach(self, &folder, &mine);

	if (st == ST_OK)
		st = put_back_file(&folder, name, old, &mine);
	return told(self, st, &mine, err);
}

static void sftp_interrupt(struct target *target)
{
	sftp_link_interrupt(self_of(target)->link);
}

static void sftp_reset(struct target *target)
{
	sftp_link_reset(self_of(target)->link);
}

static void sftp_target_free(struct target *target)
{
	free(self_of(target)->folder);
	free(target);
}

static const struct target_ops sftp_ops = {
    .get = sftp_get,
    .stage = sftp_stage,
    .commit = sftp_commit,
    .unstage = sftp_unstage,
    .put_back = sftp_put_back,
    .set_mode = NULL,
    .interrupt = sftp_interrupt,
    .reset = sftp_reset,
    .free = sftp_target_free,
};

/* "/~/DIR" is DIR below the home, where SFTP begins; no slash at the end. */
static char *folder_of(const char *path)
{
	char *folder;
	size_t len;

	if (strncmp(path, "/~", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
		path += path[2] == '/' ? 3 : 2;
	folder = strdup(path[0] == '\0' ? "." : path);
	if (folder == NULL)
		return NULL;
	for (len = strlen(folder); len > 1 && folder[len - 1] == '/'; len--)
		folder[len - 1] = '\0';
	return folder;
}

enum status target_sftp_new(const struct inventory_target *place,
    const struct target_access *access, struct target_links **links, struct target **out,
    struct error *err)
{
	struct sftp_target *self = calloc(1, sizeof(*self));
	enum status st;

	*out = NULL;
	if (self == NULL)
		return error_no_memory(err);
	self->common = (struct target){&sftp_ops, place, access, NULL};
	if (strlen(place->path) >= MAX_FOLDER)
		st = error_set(err, ST_LIMIT, "%s", _("the path of the target is too long"));
	else
		st = sftp_link_find(links, place, access, &self->link, err);
	if (st == ST_OK) {
		self->folder = folder_of(place->path);
		self->common.link = strdup(sftp_link_name(self->link));
		if (self->folder == NULL || self->common.link == NULL)
			st = error_no_memory(err);
	}
	if (st != ST_OK) {
		error_where(err, "%s", place->text);
		free(self->common.link);
		sftp_target_free(&self->common);
		return st;
	}
	*out = &self->common;
	return ST_OK;
}
