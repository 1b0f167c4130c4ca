/*
 * Files that are replaced in one step, and can be put back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/folder.h"

#include "base/file.h"
#include "provider/folder_new.h"
#include "provider/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_HASH	 "none"
#define PREVIOUS ".previous"
#define NEXT	 ".next"

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
	if (st == ST_OK)
		st = content_get(folder->cache, path, out, err);
	return st == ST_OK && *out == NULL ? folder_is_there(folder, err) : st;
}

enum status folder_staged(
    const struct folder *folder, const char *name, struct content **out, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_new_path(folder->directory, name, FOLDER_NEW_STAGED, path, err);

	*out = NULL;
	if (st == ST_OK)
		st = content_read(path, out, err);
	return st == ST_OK && *out == NULL ? folder_is_there(folder, err) : st;
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

/* Whether NAME is still NOW; ST_EXISTS if somebody changed it. */
static enum status check_still(
    const struct folder *folder, const char *name, const struct content *now, struct error *err)
{
	struct content *present;
	enum status st = folder_is_there(folder, err);

	if (st == ST_OK)
		st = folder_get(folder, name, &present, err);
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

/* ---- what was there before --------------------------------------------------------------------
 */

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

static enum status read_kept(const struct folder *folder, const char *name, const char *end,
    struct folder_before *out, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_path(folder->state, name, end, path, err);

	*out = (struct folder_before){0};
	if (st == ST_OK)
		st = content_read(path, &out->content, err);
	if (st == ST_OK && out->content != NULL)
		out->known = read_before(out);
	return st;
}

static bool is_after(const struct folder_before *kept, const struct content *now)
{
	return kept->known && now != NULL && strcmp(kept->after, now->sha256) == 0;
}

/* NAME.next takes its place if NAME has become what it was kept for, and NOW is that. */
static enum status settle(
    const struct folder *folder, const char *name, const struct content *now, struct error *err)
{
	char next[PROVIDER_NAME_MAX + sizeof(NEXT)], previous[PROVIDER_NAME_MAX + sizeof(PREVIOUS)];
	struct folder_before kept;
	enum status st = ST_OK;

	/* One that cannot be read is of no use. */
	if (read_kept(folder, name, NEXT, &kept, NULL) == ST_OK && is_after(&kept, now)) {
		snprintf(next, sizeof(next), "%s" NEXT, name);
		snprintf(previous, sizeof(previous), "%s" PREVIOUS, name);
		st = folder_new_move(folder->state, next, previous, err);
	}
	folder_before_free(&kept);
	return st;
}

/* Keeps NOW as what NAME was before AFTER; nothing to do when it is kept. */
static enum status keep_before(const struct folder *folder, const char *name, const char *after,
    const struct content *now, struct error *err)
{
	const char *before = now != NULL ? now->sha256 : NO_HASH;
	struct buffer kept = BUFFER_INIT;
	struct folder_before old;
	char path[PATH_MAX];
	enum status st;
	bool same;

	same = read_kept(folder, name, NEXT, &old, NULL) == ST_OK && old.known &&
	       strcmp(old.after, after) == 0 &&
	       strcmp(old.before, now != NULL ? now->sha256 : "") == 0;
	folder_before_free(&old);
	if (same)
		return ST_OK;
	st = settle(folder, name, now, err);
	if (st == ST_OK)
		st = folder_path(folder->state, name, NEXT, path, err);
	if (st == ST_OK) {
		buffer_printf(&kept, "before %s after %s\n", before, after);
		if (now != NULL)
			buffer_add(&kept, now->data.data, now->data.len);
		st = buffer_status(&kept, err);
	}
	if (st == ST_OK)
		st = file_write_durably(path, buffer_bytes(&kept), true, 0600, err);
	buffer_free(&kept);
	return st;
}

enum status folder_before(const struct folder *folder, const char *name, const struct content *now,
    struct folder_before *out, struct error *err)
{
	if (read_kept(folder, name, NEXT, out, NULL) == ST_OK && is_after(out, now)) {
		out->next = true;
		return ST_OK;
	}
	folder_before_free(out);
	return read_kept(folder, name, PREVIOUS, out, err);
}

void folder_before_free(struct folder_before *before)
{
	content_release(before->content);
	*before = (struct folder_before){0};
}

/* What was kept for a change that did not come about is of no use. */
static void forget_next(const struct folder *folder, const char *name)
{
	struct content *now = NULL;

	if (folder_get(folder, name, &now, NULL) == ST_OK &&
	    settle(folder, name, now, NULL) == ST_OK)
		remove_state(folder, name, NEXT, NULL);
	content_release(now);
}

/* ---- changes ----------------------------------------------------------------------------------
 */

/* Makes the new file WHICH, which has the hash WANTED, the file NAME. */
static enum status put_in_place(const struct folder *folder, const char *name,
    enum folder_new which, const char *wanted, struct error *err)
{
	char path[PATH_MAX];
	struct content *present = NULL;
	enum status st;

	st = folder_path(folder->directory, name, "", path, err);
	if (st == ST_OK)
		st = folder_new_rename(folder->directory, name, which, err);
	content_forget(folder->cache, path);
	if (st == ST_OK)
		st = content_read(path, &present, err);
	if (st == ST_OK && (present == NULL || strcmp(present->sha256, wanted) != 0)) {
		st = error_set(err, ST_IO, _("%s does not read back as it was written"), name);
		error_hint(err, "%s", _("check the node's disk"));
	}
	/* Later is as good: it counts already. */
	if (st == ST_OK)
		settle(folder, name, present, NULL);
	content_release(present);
	return st;
}

/* Puts DATA in place of NAME at once. */
static enum status put(const struct folder *folder, const char *name, struct bytes data,
    const char *hash, struct error *err)
{
	enum status st = folder_new_write(folder->directory, name, FOLDER_NEW_AT_ONCE, data, err);

	if (st != ST_OK)
		return st;
	st = put_in_place(folder, name, FOLDER_NEW_AT_ONCE, hash, err);
	if (st != ST_OK)
		folder_new_discard(folder->directory, name, FOLDER_NEW_AT_ONCE, NULL);
	return st;
}

enum status folder_stage(const struct folder *folder, const char *name, struct bytes data,
    const struct content *now, struct error *err)
{
	char hash[CONTENT_HASH];
	enum status st = content_hash(data, hash, err);

	if (st == ST_OK)
		st = folder_unstage(folder, name, err);
	/* To put the same in its place changes nothing. */
	if (st == ST_OK && (now == NULL || strcmp(now->sha256, hash) != 0))
		st = keep_before(folder, name, hash, now, err);
	if (st == ST_OK)
		st = folder_new_write(folder->directory, name, FOLDER_NEW_STAGED, data, err);
	if (st != ST_OK)
		folder_unstage(folder, name, NULL);
	return st;
}

enum status folder_unstage(const struct folder *folder, const char *name, struct error *err)
{
	enum status st = folder_is_there(folder, err);

	if (st == ST_OK)
		st = folder_new_withdraw(folder->directory, name, FOLDER_NEW_STAGED, err);
	if (st == ST_OK)
		forget_next(folder, name);
	return st;
}

enum status folder_commit(const struct folder *folder, const char *name,
    const struct content *staged, const struct content *now, struct error *err)
{
	enum status st = check_still(folder, name, now, err);

	if (st == ST_OK)
		st = keep_before(folder, name, staged->sha256, now, err);
	return st == ST_OK ? put_in_place(folder, name, FOLDER_NEW_STAGED, staged->sha256, err)
			   : st;
}

enum status folder_replace(const struct folder *folder, const char *name, struct bytes data,
    const struct content *now, struct error *err)
{
	char hash[CONTENT_HASH];
	enum status st = check_still(folder, name, now, err);

	if (st == ST_OK)
		st = content_hash(data, hash, err);
	if (st == ST_OK)
		st = keep_before(folder, name, hash, now, err);
	if (st == ST_OK)
		st = put(folder, name, data, hash, err);
	if (st != ST_OK)
		forget_next(folder, name);
	return st;
}

enum status folder_put_back(const struct folder *folder, const char *name,
    const struct folder_before *before, const struct content *now, struct error *err)
{
	char path[PATH_MAX];
	enum status st = check_still(folder, name, now, err);

	if (st == ST_OK && before->before[0] != '\0') {
		st = put(folder, name, before->data, before->before, err);
	} else if (st == ST_OK) {
		st = folder_new_remove(folder->directory, name, err);
		if (folder_path(folder->directory, name, "", path, NULL) == ST_OK)
			content_forget(folder->cache, path);
	}
	/* It says what is there now: of no more use, and no harm if it cannot be removed. */
	if (st == ST_OK)
		remove_state(folder, name, PREVIOUS, NULL);
	if (st == ST_OK && before->next)
		remove_state(folder, name, NEXT, NULL);
	return st;
}
