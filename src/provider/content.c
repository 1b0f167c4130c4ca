/*
 * Reading a file that others may change meanwhile, with its hash.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/content.h"

#include "base/text.h"
#include "provider/content_stamp.h"
#include "provider/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a file is read that is different afterwards. */
#define READ_TRIES 8

/* Seconds without a change after which a file's stamp is believed: coarser than any clock tick. */
#define SETTLED_S 1

void content_stamp_of(const struct stat *sb, struct content_stamp *out)
{
	*out = (struct content_stamp){
	    .device = sb->st_dev,
	    .inode = sb->st_ino,
	    .size = sb->st_size,
	    .modified = sb->st_mtim,
	    .changed = sb->st_ctim,
	};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool content_stamp_equal(const struct content_stamp *a, const struct content_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

enum status content_hash(struct bytes data, char out[CONTENT_HASH], struct error *err)
{
	struct buffer hex = BUFFER_INIT;
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len = 0;
	enum status st;

	out[0] = '\0';
	if (EVP_Q_digest(NULL, "SHA256", NULL, data.len > 0 ? (const void *)data.data : "",
		data.len, digest, &len) != 1)
		return error_openssl(err, ST_CRYPTO, _("cannot compute %s"), "SHA-256");
	text_hex(&hex, (struct bytes){digest, len}, 0, true);
	st = buffer_status(&hex, err);
	if (st == ST_OK)
		snprintf(out, CONTENT_HASH, "%s", buffer_text(&hex));
	buffer_free(&hex);
	return st;
}

struct content *content_hold(struct content *content)
{
	atomic_fetch_add_explicit(&content->holders, 1, memory_order_relaxed);
	return content;
}

void content_release(struct content *content)
{
	if (content == NULL ||
	    atomic_fetch_sub_explicit(&content->holders, 1, memory_order_acq_rel) != 1)
		return;
	free((void *)(uintptr_t)content->data.data);
	free(content);
}

/* Until SIZE bytes are there or the file ends; -1 with errno. */
static ssize_t read_up_to(int fd, uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static enum status check_kind(const struct stat *sb, struct error *err)
{
	if (!S_ISREG(sb->st_mode)) {
		error_set(err, ST_IO, "%s", _("this is not a regular file"));
		error_hint(err, "%s", _("move it out of the way on the node"));
		return ST_IO;
	}
	if (sb->st_size < 0 || (uintmax_t)sb->st_size > PROVIDER_MAX_BODY) {
		error_set(err, ST_LIMIT,
		    _("the file is larger than %zu bytes, the most that is read here"),
		    (size_t)PROVIDER_MAX_BODY);
		error_hint(err, "%s", _("move it out of the way on the node"));
		return ST_LIMIT;
	}
	return ST_OK;
}

/* Reads FD into OUT; *CHANGED when it was not the same file before and after. */
static enum status read_once(int fd, struct content *out, bool *changed, struct error *err)
{
	struct content_stamp after;
	struct timespec now;
	uint8_t *data;
	struct stat sb;
	ssize_t n;

	*changed = false;
	if (fstat(fd, &sb) != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot look at the file"));
	if (check_kind(&sb, err) != ST_OK)
		return err != NULL ? err->status : ST_IO;
	content_stamp_of(&sb, &out->stamp);
	clock_gettime(CLOCK_REALTIME, &now);
	out->settled = sb.st_ctim.tv_sec + SETTLED_S < now.tv_sec;
	data = malloc((size_t)sb.st_size + 1);
	if (data == NULL)
		return error_no_memory(err);
	out->data.data = data;
	n = read_up_to(fd, data, (size_t)sb.st_size + 1);
	if (n < 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot read the file"));
	out->data.len = (size_t)n;
	if (fstat(fd, &sb) != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot look at the file"));
	content_stamp_of(&sb, &after);
	*changed = n != sb.st_size || !content_stamp_equal(&after, &out->stamp);
	return ST_OK;
}

/* ST_OK and -1: there is no such file. */
static enum status open_file(const char *path, int *fd, struct error *err)
{
	/* O_NONBLOCK: a FIFO of that name must not hang the provider. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (*fd >= 0 || errno == ENOENT)
		return ST_OK;
	if (errno == ELOOP) {
		error_set(err, ST_IO, "%s", _("this is a symbolic link, which is not followed"));
		error_hint(err, "%s", _("put the file itself in its place on the node"));
		return ST_IO;
	}
	error_errno(err, ST_IO, errno, "%s", _("cannot open the file"));
	error_hint(err, "%s", _("let the provider's user read it"));
	return ST_IO;
}

static enum status read_new(
    const char *path, struct content **out, bool *changed, struct error *err)
{
	struct content *content;
	enum status st;
	int fd;

	*changed = false;
	st = open_file(path, &fd, err);
	if (st != ST_OK || fd < 0)
		return st;
	content = calloc(1, sizeof(*content));
	if (content == NULL) {
		close(fd);
		return error_no_memory(err);
	}
	atomic_init(&content->holders, 1);
	st = read_once(fd, content, changed, err);
	close(fd);
	if (st == ST_OK && !*changed)
		st = content_hash(content->data, content->sha256, err);
	if (st == ST_OK && !*changed)
		*out = content;
	else
		content_release(content);
	return st;
}

enum status content_read(const char *path, struct content **out, struct error *err)
{
	const struct timespec pause = {0, 2000000};
	struct error unseen;
	enum status st;
	bool changed;

	if (err == NULL)
		err = &unseen;
	*out = NULL;
	for (int i = 0; i < READ_TRIES; i++) {
		st = read_new(path, out, &changed, err);
		if (st != ST_OK)
			error_where(err, "%s", path);
		if (st != ST_OK || !changed)
			return st;
		nanosleep(&pause, NULL);
	}
	error_set(err, ST_BUSY, "%s", _("the file changes all the time while it is read"));
	error_hint(err, "%s", _("try again when whoever writes it on the node is done"));
	error_where(err, "%s", path);
	return ST_BUSY;
}
