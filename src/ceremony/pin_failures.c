/*
 * Keeps the count of wrong PINs in a small JSON file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/pin_failures.h"

#include "base/bytes.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "pin-failures.json"
#define LOCK_NAME "pin-failures.lock"

/* A file that is larger is not ours; nobody has so many tokens. */
#define MAX_FILE   (256u * 1024)
#define MAX_TOKENS 1000
#define MAX_COUNT  1000

/* Appends the folder where the counts are kept; false when there is no home to keep them in. */
static bool add_folder(struct buffer *out)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (state != NULL && state[0] == '/')
		return buffer_printf(out, "%s/ctlsign", state), true;
	if (home == NULL || home[0] != '/')
		return false;
	buffer_printf(out, "%s/.local/state/ctlsign", home);
	return true;
}

/* The path of NAME in the folder, in OUT; NULL when there is none. */
static const char *path_of(const char *name, struct buffer *out)
{
	buffer_reset(out);
	if (!add_folder(out))
		return NULL;
	buffer_printf(out, "/%s", name);
	return buffer_text(out);
}

/* Makes PATH's folders, for this user only. */
static void make_folders(const char *path)
{
	char *copy = strdup(path), *slash = copy;

	while (slash != NULL && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
	free(copy);
}

/* The array of tokens in the file; an empty one when there is none that can be read. */
static json_t *load(const char *path)
{
	struct buffer file = BUFFER_INIT;
	json_t *root = NULL, *tokens = NULL;

	if (file_read(path, MAX_FILE, &file, NULL, NULL) == ST_OK)
		root = json_loadb((const char *)file.data, file.len, JSON_REJECT_DUPLICATES, NULL);
	buffer_free(&file);
	tokens = json_incref(json_object_get(root, "tokens"));
	json_decref(root);
	if (!json_is_array(tokens) || json_array_size(tokens) > MAX_TOKENS) {
		json_decref(tokens);
		tokens = json_array();
	}
	return tokens;
}

static bool has_text(const json_t *entry, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(entry, key));

	return value != NULL && strcmp(value, text) == 0;
}

static const char *pin_name(enum pin_purpose purpose)
{
	return purpose == PIN_SO ? "so" : "user";
}

/* The index of the token's entry; the array's size when it has none. */
static size_t find(const json_t *tokens, const struct pin_request *request, const char *pin)
{
	size_t i = 0;

	while (i < json_array_size(tokens)) {
		const json_t *entry = json_array_get(tokens, i);

		if (has_text(entry, "pin", pin) && has_text(entry, "serial", request->serial) &&
		    has_text(entry, "manufacturer", request->manufacturer) &&
		    has_text(entry, "label", request->label))
			break;
		i++;
	}
	return i;
}

static unsigned count_at(const json_t *tokens, size_t i)
{
	const json_int_t n =
	    json_integer_value(json_object_get(json_array_get(tokens, i), "failures"));

	if (n < 0)
		return 0;
	return n > MAX_COUNT ? MAX_COUNT : (unsigned)n;
}

unsigned pin_failures_count(const struct pin_request *request)
{
	struct buffer path = BUFFER_INIT;
	const char *name = path_of(FILE_NAME, &path);
	unsigned count = 0;
	json_t *tokens;

	if (name != NULL && access(name, F_OK) == 0) {
		tokens = load(name);
		count = count_at(tokens, find(tokens, request, pin_name(request->purpose)));
		json_decref(tokens);
	}
	buffer_free(&path);
	return count;
}

/* Adds a failure; the oldest entry makes room. */
static void add_failure(json_t *tokens, const struct pin_request *request)
{
	const char *pin = pin_name(request->purpose);
	const size_t at = find(tokens, request, pin);
	const json_int_t count = (json_int_t)count_at(tokens, at) + 1;

	if (at < json_array_size(tokens))
		json_array_remove(tokens, at);
	else if (at >= MAX_TOKENS)
		json_array_remove(tokens, 0);
	json_array_append_new(tokens, json_pack("{s:s, s:s, s:s, s:s, s:I}", "label",
					  request->label, "serial", request->serial, "manufacturer",
					  request->manufacturer, "pin", pin, "failures", count));
}

static bool forget(json_t *tokens, const struct pin_request *request, const char *pin)
{
	const size_t at = find(tokens, request, pin);

	return at < json_array_size(tokens) && json_array_remove(tokens, at) == 0;
}

static bool take_back(json_t *tokens, const struct pin_request *request)
{
	const char *pin = pin_name(request->purpose);
	const size_t at = find(tokens, request, pin);
	const unsigned count = count_at(tokens, at);

	if (count <= 1)
		return forget(tokens, request, pin);
	json_object_set_new(json_array_get(tokens, at), "failures", json_integer(count - 1));
	return true;
}

/* Whether TOKENS has to be written. */
static bool apply(json_t *tokens, const struct pin_request *request, enum pin_outcome outcome)
{
	bool changed;

	switch (outcome) {
	case PIN_SENT:
		add_failure(tokens, request);
		return true;
	case PIN_REFUSED:
	case PIN_UNCERTAIN:
		/* Another run may have had the right PIN since. */
		if (count_at(tokens, find(tokens, request, pin_name(request->purpose))) == 0)
			add_failure(tokens, request);
		return true;
	case PIN_UNUSED:
		return take_back(tokens, request);
	case PIN_ACCEPTED:
		break;
	}
	changed = forget(tokens, request, pin_name(request->purpose));
	if (request->purpose == PIN_SO && forget(tokens, request, pin_name(PIN_LOGIN)))
		changed = true;
	return changed;
}

static bool write_all(int fd, struct bytes data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.data, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data.data += n;
		data.len -= (size_t)n;
	}
	return true;
}

/* Whole or not at all for other processes, without waiting for the disk.  Under the lock. */
static enum status write_quickly(const char *path, struct bytes data, struct error *err)
{
	struct buffer beside = BUFFER_INIT;
	const char *name;
	int fd, number = 0;

	buffer_printf(&beside, "%s.new", path);
	name = buffer_text(&beside);
	if (name == NULL)
		return error_no_memory(err);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !write_all(fd, data))
		number = errno;
	if (fd >= 0 && close(fd) != 0 && number == 0)
		number = errno;
	if (number == 0 && rename(name, path) != 0)
		number = errno;
	if (number != 0)
		unlink(name);
	buffer_free(&beside);
	return number == 0 ? ST_OK : error_errno(err, ST_IO, number, _("cannot write %s"), path);
}

static enum status save(const char *path, json_t *tokens, bool quickly, struct error *err)
{
	json_t *root = json_pack("{s:i, s:O}", "version", 1, "tokens", tokens);
	char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	struct bytes data;
	enum status st;

	json_decref(root);
	if (text == NULL)
		return error_no_memory(err);
	data = (struct bytes){(const uint8_t *)text, strlen(text)};
	if (quickly)
		st = write_quickly(path, data, err);
	else
		st = file_write_durably(path, data, true, 0600, err);
	free(text);
	return st;
}

static enum status remove_file(const char *path, struct error *err)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return ST_OK;
	return error_errno(err, ST_IO, errno, _("cannot remove %s"), path);
}

/* An exclusive lock beside the file, held until the descriptor is closed. */
static int lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
		;
	return fd;
}

static enum status note_at(const char *path, const struct pin_request *request,
    enum pin_outcome outcome, bool locked, struct error *err)
{
	json_t *tokens = load(path);
	enum status st = ST_OK;
	bool alone;

	if (tokens == NULL)
		return error_no_memory(err);
	if (apply(tokens, request, outcome)) {
		alone = json_array_size(tokens) == 1 && count_at(tokens, 0) == 1;
		if (json_array_size(tokens) == 0)
			st = remove_file(path, err);
		else
			st = save(path, tokens, locked && outcome == PIN_SENT && alone, err);
	}
	json_decref(tokens);
	return st;
}

enum status pin_failures_note(
    const struct pin_request *request, enum pin_outcome outcome, struct error *err)
{
	struct buffer path = BUFFER_INIT, beside = BUFFER_INIT;
	const char *name = path_of(FILE_NAME, &path), *lock_name = path_of(LOCK_NAME, &beside);
	const bool clears = outcome == PIN_ACCEPTED || outcome == PIN_UNUSED;
	enum status st = ST_OK;
	int fd;

	if (name == NULL || lock_name == NULL) {
		st = clears ? ST_OK
			    : error_set(err, ST_IO, "%s",
				  _("neither XDG_STATE_HOME nor HOME says where to count wrong "
				    "PINs"));
	} else if (!clears || access(name, F_OK) == 0) {
		make_folders(name);
		fd = lock(lock_name);
		st = note_at(name, request, outcome, fd >= 0, err);
		if (fd >= 0)
			close(fd);
	}
	buffer_free(&path);
	buffer_free(&beside);
	return st;
}
