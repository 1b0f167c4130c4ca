/*
 * Files that are replaced in one step, and can be put back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/folder.h"

#include "base/file.h"
#include "provider/folder_new.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_HASH "none"

enum status folder_path(
    const char *directory, const char *name, const char *end, char out[PATH_MAX], struct error *err)
{
	int n = snprintf(out, PATH_MAX, "%s/%s%s", directory, name, end);

	if (n > 0 && n < PATH_MAX)
		return ST_OK;
	error_set(err, ST_LIMIT, "%s", _("the directory's path is too long"));
	error_hint(err, "%s", _("use a directory with a shorter path"));
	return ST_LIMIT;
}

enum status folder_get(
    const struct folder *folder, const char *name, struct content **out, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_path(folder->directory, name, "", path, err);

	*out = NULL;
	return st == ST_OK ? content_get(folder->cache, path, out, err) : st;
}

enum status folder_staged(
    const struct folder *folder, const char *name, struct content **out, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_path(folder->state, name, ".staged", path, err);

	*out = NULL;
	return st == ST_OK ? content_read(path, out, err) : st;
}

enum status folder_stage(
    const struct folder *folder, const char *name, struct bytes data, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_path(folder->state, name, ".staged", path, err);

	return st == ST_OK ? file_write_durably(path, data, true, 0600, err) : st;
}

/* Removes END of NAME in the state directory. */
static enum status remove_state(
    const struct folder *folder, const char *name, const char *end, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_path(folder->state, name, end, path, err);

	if (st == ST_OK && unlink(path) != 0 && errno != ENOENT) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot remove the file"));
		error_where(err, "%s", path);
	}
	return st;
}

enum status folder_unstage(const struct folder *folder, const char *name, struct error *err)
{
	return remove_state(folder, name, ".staged", err);
}

/* Whether NAME is still NOW; ST_EXISTS if somebody changed it. */
static enum status check_still(
    const struct folder *folder, const char *name, const struct content *now, struct error *err)
{
	struct content *present;
	enum status st = folder_get(folder, name, &present, err);

	if (st != ST_OK)
		return st;
	if ((present == NULL) != (now == NULL) ||
	    (present != NULL && strcmp(present->sha256, now->sha256) != 0)) {
		st = error_set(
		    err, ST_EXISTS, _("%s was changed on the node in the same moment"), name);
		error_hint(err, "%s", _("look at what it holds now, then try again"));
	}
	content_release(present);
	return st;
}

/* Puts DATA in place of NAME: a new file beside it, which is then renamed. */
static enum status put(
    const struct folder *folder, const char *name, struct bytes data, struct error *err)
{
	char path[PATH_MAX], wanted[CONTENT_HASH];
	struct content *present = NULL;
	enum status st;

	st = folder_path(folder->directory, name, "", path, err);
	if (st == ST_OK)
		st = content_hash(data, wanted, err);
	if (st == ST_OK)
		st = folder_new_write(folder->directory, name, data, err);
	if (st == ST_OK)
		st = folder_new_rename(folder->directory, name, err);
	content_forget(folder->cache, path);
	if (st == ST_OK)
		st = content_read(path, &present, err);
	if (st == ST_OK && (present == NULL || strcmp(present->sha256, wanted) != 0)) {
		st = error_set(err, ST_IO, _("%s does not read back as it was written"), name);
		error_hint(err, "%s", _("check the node's disk"));
	}
	content_release(present);
	return st;
}

static enum status keep_before(const struct folder *folder, const char *name, struct bytes data,
    const struct content *now, struct error *err)
{
	struct buffer kept = BUFFER_INIT;
	char path[PATH_MAX], after[CONTENT_HASH];
	enum status st;

	st = folder_path(folder->state, name, ".previous", path, err);
	if (st == ST_OK)
		st = content_hash(data, after, err);
	if (st == ST_OK) {
		buffer_printf(
		    &kept, "before %s after %s\n", now != NULL ? now->sha256 : NO_HASH, after);
		if (now != NULL)
			buffer_add(&kept, now->data.data, now->data.len);
		st = buffer_status(&kept, err);
	}
	if (st == ST_OK)
		st = file_write_durably(path, buffer_bytes(&kept), true, 0600, err);
	buffer_free(&kept);
	return st;
}

enum status folder_replace(const struct folder *folder, const char *name, struct bytes data,
    const struct content *now, struct error *err)
{
	enum status st = check_still(folder, name, now, err);

	if (st == ST_OK)
		st = keep_before(folder, name, data, now, err);
	if (st == ST_OK)
		st = put(folder, name, data, err);
	return st;
}

/* "before HASH after HASH\n" in front of the bytes; false when it is damaged. */
static bool read_before(struct folder_before *out)
{
	const struct bytes file = out->content->data;
	const uint8_t *end = file.len > 0 ? memchr(file.data, '\n', file.len) : NULL;
	char line[32 + 2 * CONTENT_HASH], hash[CONTENT_HASH];
	size_t len = end != NULL ? (size_t)(end - file.data) : sizeof(line);

	if (len >= sizeof(line))
		return false;
	memcpy(line, file.data, len);
	line[len] = '\0';
	if (sscanf(line, "before %64[0-9a-z] after %64[0-9a-f]", out->before, out->after) != 2 ||
	    strlen(out->after) != CONTENT_HASH - 1)
		return false;
	out->data = (struct bytes){end + 1, file.len - len - 1};
	if (strcmp(out->before, NO_HASH) == 0) {
		out->before[0] = '\0';
		return out->data.len == 0;
	}
	return content_hash(out->data, hash, NULL) == ST_OK && strcmp(hash, out->before) == 0;
}

enum status folder_before(
    const struct folder *folder, const char *name, struct folder_before *out, struct error *err)
{
	char path[PATH_MAX];
	enum status st;

	*out = (struct folder_before){0};
	st = folder_path(folder->state, name, ".previous", path, err);
	if (st == ST_OK)
		st = content_read(path, &out->content, err);
	if (st == ST_OK && out->content != NULL)
		out->known = read_before(out);
	return st;
}

void folder_before_free(struct folder_before *before)
{
	content_release(before->content);
	*before = (struct folder_before){0};
}

enum status folder_put_back(const struct folder *folder, const char *name,
    const struct folder_before *before, const struct content *now, struct error *err)
{
	char path[PATH_MAX];
	enum status st = check_still(folder, name, now, err);

	if (st == ST_OK && before->before[0] != '\0') {
		st = put(folder, name, before->data, err);
	} else if (st == ST_OK) {
		st = folder_new_remove(folder->directory, name, err);
		if (folder_path(folder->directory, name, "", path, NULL) == ST_OK)
			content_forget(folder->cache, path);
	}
	/* It says what is there now: of no more use, and no harm if it cannot be removed. */
	if (st == ST_OK)
		remove_state(folder, name, ".previous", NULL);
	return st;
}
