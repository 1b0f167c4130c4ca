/*
 * Loading, appending to and cutting the admin shell's history.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin_history.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (4u * 1024 * 1024)

/* Makes the folder, for this user only; the path stays empty when nothing says where it is. */
static void find_path(struct buffer *out)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path, *slash;

	if (state != NULL && state[0] == '/')
		buffer_printf(out, "%s/ctlsign/admin-history", state);
	else if (home != NULL && home[0] == '/')
		buffer_printf(out, "%s/.local/state/ctlsign/admin-history", home);
	path = out->len > 0 && buffer_text(out) != NULL ? strdup(buffer_text(out)) : NULL;
	slash = path;
	while (slash != NULL && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	free(path);
}

static size_t count_lines(struct bytes file)
{
	size_t n = 0;

	for (size_t i = 0; i < file.len; i++)
		n += file.data[i] == '\n' ? 1 : 0;
	return n;
}

/* Behind the first SKIP lines. */
static struct bytes newest(struct bytes file, size_t skip)
{
	while (skip > 0) {
		const uint8_t *end = memchr(file.data, '\n', file.len);

		file.len -= (size_t)(end + 1 - file.data);
		file.data = end + 1;
		skip--;
	}
	return file;
}

static enum status take_lines(struct admin_history *history, struct bytes file, struct error *err)
{
	history->lines = calloc(ADMIN_HISTORY_MAX, sizeof(*history->lines));
	if (history->lines == NULL)
		return error_no_memory(err);
	while (file.len > 0 && history->n < ADMIN_HISTORY_MAX) {
		const uint8_t *end = memchr(file.data, '\n', file.len);
		char line[1024], shown[1024];

		if (end == NULL)
			break;
		snprintf(
		    line, sizeof(line), "%.*s", (int)(end - file.data), (const char *)file.data);
		/* What somebody else wrote there must not reach the terminal. */
		text_one_line_into(shown, sizeof(shown), line);
		history->lines[history->n] = strdup(shown);
		if (history->lines[history->n] == NULL)
			return error_no_memory(err);
		history->n++;
		file.len -= (size_t)(end + 1 - file.data);
		file.data = end + 1;
	}
	return ST_OK;
}

enum status admin_history_load(struct admin_history *history, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	const char *path;
	enum status st;
	size_t n;

	find_path(&history->path);
	if (history->path.len == 0)
		return ST_OK;
	path = buffer_text(&history->path);
	if (path == NULL)
		return error_no_memory(err);
	if (access(path, F_OK) != 0)
		return ST_OK;
	st = file_read(path, FILE_MAX, &file, NULL, err);
	if (st == ST_OK) {
		struct bytes lines = buffer_bytes(&file);

		n = count_lines(lines);
		if (n > ADMIN_HISTORY_MAX)
			lines = newest(lines, n - ADMIN_HISTORY_MAX);
		if (n > 2 * ADMIN_HISTORY_MAX)
			st = file_write_durably(path, lines, true, 0600, err);
		if (st == ST_OK)
			st = take_lines(history, lines, err);
	}
	buffer_free(&file);
	return st;
}

enum status admin_history_add(struct admin_history *history, const char *line, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	enum status st = ST_OK;
	const char *path;
	int fd;

	if (history->path.len == 0)
		return ST_OK;
	path = buffer_text(&history->path);
	buffer_printf(&text, "%s\n", line);
	if (path == NULL || buffer_status(&text, err) != ST_OK) {
		buffer_free(&text);
		return error_no_memory(err);
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* One write, so that lines of two shells do not mix; mode 600 also for a file that was
	 * there. */
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, text.data, text.len) != (ssize_t)text.len) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot write the shell's history"));
		error_where(err, "%s", path);
		/* Told once. */
		buffer_reset(&history->path);
	}
	if (fd >= 0)
		close(fd);
	buffer_free(&text);
	return st;
}

void admin_history_free(struct admin_history *history)
{
	for (size_t i = 0; i < history->n; i++)
		free(history->lines[i]);
	free(history->lines);
	buffer_free(&history->path);
	*history = (struct admin_history){.lines = NULL};
}
