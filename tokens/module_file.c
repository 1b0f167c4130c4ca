/*
 * Checks a module's file before it is loaded.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/module_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool owned_by_stranger(const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != geteuid();
}

static enum status check_directory(const char *path, struct error *err)
{
	char *real = realpath(path, NULL);
	enum status status = ST_OK;
	struct stat st;
	char *slash;

	slash = real == NULL ? NULL : strrchr(real, '/');
	if (slash == NULL) {
		free(real);
		return error_errno(err, ST_MODULE, errno, _("cannot resolve the module's path"));
	}
	slash[slash == real ? 1 : 0] = '\0';
	if (stat(real, &st) != 0)
		status = error_errno(err, ST_MODULE, errno, _("cannot look at %s"), real);
	else if (owned_by_stranger(&st))
		status = error_set(err, ST_MODULE,
		    _("the module's directory %s belongs to neither root nor you"), real);
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)
		status = error_set(
		    err, ST_MODULE, _("others can write the module's directory %s"), real);
	free(real);
	return status;
}

enum status module_file_check(const char *path, struct error *err)
{
	enum status status;
	struct stat st;

	if (path[0] != '/')
		return error_set(err, ST_MODULE, _("the module's path is not absolute"));
	if (stat(path, &st) != 0)
		return error_errno(err, ST_MODULE, errno, _("cannot find the module"));
	if (!S_ISREG(st.st_mode))
		return error_set(err, ST_MODULE, _("the module is not a regular file"));
	if (owned_by_stranger(&st))
		status = error_set(
		    err, ST_MODULE, _("the module's file belongs to neither root nor you"));
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		status = error_set(err, ST_MODULE, _("others can write the module's file"));
	else
		status = check_directory(path, err);
	if (status != ST_OK)
		error_hint(err, _("give the file and its directory to root, and take the write "
				  "permission from group and others"));
	return status;
}
