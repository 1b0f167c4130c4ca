/*
 * The control directory: small text files that a test writes and the module reads anew at each
 * call, and the log that the module writes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool control_path(const char *name, char path[PATH_MAX])
{
	const char *directory = getenv("P11MOCK_DIR");
	int n;

	if (directory == NULL)
		return false;
	n = snprintf(path, PATH_MAX, "%s/%s", directory, name);
	return n > 0 && n < PATH_MAX;
}

bool control_exists(const char *name)
{
	char path[PATH_MAX];

	return control_path(name, path) && access(path, F_OK) == 0;
}

ssize_t control_bytes(const char *name, unsigned char *bytes, size_t size)
{
	char path[PATH_MAX];
	size_t have = 0;
	ssize_t n = 0;
	int fd;

	if (!control_path(name, path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (have < size && (n = read(fd, bytes + have, size - have)) > 0)
		have += (size_t)n;
	close(fd);
	return n < 0 ? -1 : (ssize_t)have;
}

bool control_read(const char *name, char *text, size_t size)
{
	ssize_t n = control_bytes(name, (unsigned char *)text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

static bool write_whole(int fd, const char *text)
{
	size_t len = strlen(text);

	return write(fd, text, len) == (ssize_t)len;
}

void control_write(const char *name, const char *text)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	int fd;

	/* Another process may read the file at any moment: it must see the old or the new one. */
	if (!control_path(name, path) || !control_path(".new.XXXXXX", temporary))
		return;
	fd = mkstemp(temporary);
	if (fd < 0)
		return;
	if (!write_whole(fd, text) || rename(temporary, path) != 0) {
		perror(path);
		unlink(temporary);
	}
	close(fd);
}

void control_remove(const char *name)
{
	char path[PATH_MAX];

	if (control_path(name, path))
		unlink(path);
}

char *control_line(char **cursor)
{
	char *line;

	do {
		line = strsep(cursor, "\n");
	} while (line != NULL && line[0] == '\0');
	return line;
}

bool control_text_names(char *text, const struct mock_token *token)
{
	char *cursor = text, *line;
	bool any = false;

	while ((line = control_line(&cursor)) != NULL) {
		any = true;
		if (strcmp(line, "*") == 0 || strcmp(line, token->label) == 0 ||
		    strcmp(line, token->serial) == 0)
			return true;
	}
	return !any;
}

bool control_names(const char *name, const struct mock_token *token)
{
	char text[CONTROL_SIZE];

	return control_read(name, text, sizeof(text)) && control_text_names(text, token);
}

CK_RV control_log(const char *function, CK_RV rv, const char *note)
{
	char path[PATH_MAX], line[128];
	int fd;

	if (!control_path("log", path))
		return rv;
	/* No O_CREAT: a log is kept only where a test asked for one. */
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return rv;
	snprintf(line, sizeof(line), "%s 0x%lx%s%s\n", function, rv, note != NULL ? " " : "",
	    note != NULL ? note : "");
	if (!write_whole(fd, line))
		perror(path);
	close(fd);
	return rv;
}
