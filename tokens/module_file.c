/*
 * Checks a module's file before it is loaded.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/module_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The fault of the path that is looked at. */
struct finding {
	enum module_file_fault fault;
	char *culprit; /* PATH_MAX bytes */
};

static void found(struct finding *finding, enum module_file_fault fault, const char *path)
{
	finding->fault = fault;
	snprintf(finding->culprit, PATH_MAX, "%s", path);
}

static bool owned_by_stranger(const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != geteuid();
}

/*
 * Who can write a directory can put another file in the module's place.  A sticky one (/tmp) is
 * fine: there only a file's owner can replace it, and that is root or the user.
 */
static bool others_can_replace_in(const struct stat *st, mode_t others)
{
	return (st->st_mode & others) != 0 && (st->st_mode & S_ISVTX) == 0;
}

/* The directory that the file lies in. */
static enum status check_directory(const char *path, struct finding *finding, struct error *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return error_errno(err, ST_MODULE, errno, _("cannot look at %s"), path);
	if (owned_by_stranger(&st)) {
		found(finding, MODULE_FILE_STRANGER, path);
		return error_set(err, ST_MODULE,
		    _("the module's directory %s belongs to neither root nor you"), path);
	}
	if (others_can_replace_in(&st, S_IWGRP | S_IWOTH)) {
		found(finding, MODULE_FILE_WRITABLE, path);
		return error_set(
		    err, ST_MODULE, _("others can write the module's directory %s"), path);
	}
	return ST_OK;
}

/*
 * A directory further up.  Groups that administer, say, /usr/local are common there, and so are
 * owners that only a container does not know: only what everybody can write is refused.
 */
static enum status check_parent(const char *path, struct finding *finding, struct error *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return error_errno(err, ST_MODULE, errno, _("cannot look at %s"), path);
	if (others_can_replace_in(&st, S_IWOTH)) {
		found(finding, MODULE_FILE_WRITABLE, path);
		return error_set(err, ST_MODULE,
		    _("everybody can write %s, which the module's directory lies in"), path);
	}
	return ST_OK;
}

static enum status check_directories(const char *path, struct finding *finding, struct error *err)
{
	char *real = realpath(path, NULL);
	enum status status;
	char *slash;

	slash = real == NULL ? NULL : strrchr(real, '/');
	if (slash == NULL) {
		free(real);
		return error_errno(err, ST_MODULE, errno, _("cannot resolve the module's path"));
	}
	slash[slash == real ? 1 : 0] = '\0';
	status = check_directory(real, finding, err);
	while (status == ST_OK && real[1] != '\0') {
		slash = strrchr(real, '/');
		slash[slash == real ? 1 : 0] = '\0';
		status = check_parent(real, finding, err);
	}
	free(real);
	return status;
}

static enum status check_file(const char *path, struct finding *finding, struct error *err)
{
	struct stat st;

	found(finding, MODULE_FILE_NO_FILE, path);
	if (path[0] != '/')
		return error_set(err, ST_MODULE, _("the module's path is not absolute"));
	if (stat(path, &st) != 0)
		return error_errno(err, ST_MODULE, errno, _("cannot find the module"));
	if (!S_ISREG(st.st_mode))
		return error_set(err, ST_MODULE, _("the module is not a regular file"));
	if (owned_by_stranger(&st)) {
		found(finding, MODULE_FILE_STRANGER, path);
		return error_set(
		    err, ST_MODULE, _("the module's file belongs to neither root nor you"));
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		found(finding, MODULE_FILE_WRITABLE, path);
		return error_set(err, ST_MODULE, _("others can write the module's file"));
	}
	found(finding, MODULE_FILE_NONE, path);
	return check_directories(path, finding, err);
}

enum status module_file_examine(
    const char *path, enum module_file_fault *fault, char *culprit, struct error *err)
{
	struct finding finding = {.culprit = culprit};
	enum status status = check_file(path, &finding, err);

	*fault = finding.fault;
	if (status != ST_OK && finding.fault != MODULE_FILE_NO_FILE)
		error_hint(err, _("give the file and its directory to root, and take the write "
				  "permission from group and others"));
	return status;
}

enum status module_file_check(const char *path, struct error *err)
{
	enum module_file_fault fault;
	char culprit[PATH_MAX];

	return module_file_examine(path, &fault, culprit, err);
}
