/*
 * Giving up privileges.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static enum status find(
    const struct provider_settings *settings, struct passwd **out, struct error *err)
{
	if (settings->user == NULL) {
		error_set(err, ST_USAGE, "%s", _("it does not serve as root"));
		error_hint(err,
		    _("write user = \"NAME\" into %s, somebody who may write the "
		      "directory and the state; or start it as that user"),
		    settings->path);
		return ST_USAGE;
	}
	errno = 0;
	*out = getpwnam(settings->user);
	if (*out == NULL && errno != 0 && errno != ENOENT)
		return error_errno(
		    err, ST_IO, errno, _("cannot look up the user '%s'"), settings->user);
	if (*out == NULL) {
		error_set(err, ST_USAGE, _("there is no user '%s'"), settings->user);
		error_hint(err, _("make it with: useradd --system %s; or name another one in %s"),
		    settings->user, settings->path);
		return ST_USAGE;
	}
	if ((*out)->pw_uid == 0) {
		error_set(err, ST_USAGE, _("the user '%s' is root"), settings->user);
		error_hint(err, _("name another one in %s"), settings->path);
		return ST_USAGE;
	}
	return ST_OK;
}

enum status privileges_check(const struct provider_settings *settings, struct error *err)
{
	struct passwd *user;

	return geteuid() == 0 || getuid() == 0 ? find(settings, &user, err) : ST_OK;
}

static enum status become(const struct passwd *user, struct error *err)
{
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
		return error_errno(
		    err, ST_FAILED, errno, _("cannot become the user '%s'"), user->pw_name);
	/* What could be taken back was not given up. */
	if (setuid(0) == 0 || seteuid(0) == 0)
		return error_set(err, ST_FAILED, "%s", _("could become root again"));
	return ST_OK;
}

enum status privileges_drop(const struct provider_settings *settings, struct error *err)
{
	struct passwd *user;
	enum status st = ST_OK;

	if (geteuid() == 0 || getuid() == 0) {
		st = find(settings, &user, err);
		if (st == ST_OK)
			st = become(user, err);
	}
	/* Another user may have made the process one that dumps. */
	if (st == ST_OK && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0))
		st = error_errno(err, ST_FAILED, errno, "%s", _("cannot give up privileges"));
	return st;
}

/* Before there are threads. */
enum status privileges_try(const struct provider_settings *settings,
    enum status (*check)(const struct provider_settings *settings, struct error *err),
    struct error *err)
{
	const bool root = geteuid() == 0 || getuid() == 0;
	struct passwd *user = NULL;
	struct error said = {0};
	ssize_t n = -1;
	int ends[2];
	pid_t pid;

	if (settings->user != NULL && find(settings, &user, err) != ST_OK)
		return err->status;
	if (!root)
		return user == NULL || user->pw_uid == geteuid() ? check(settings, err) : ST_OK;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_errno(err, ST_FAILED, errno, "%s", _("cannot start a process"));
	pid = fork();
	if (pid == 0) {
		if (privileges_drop(settings, &said) == ST_OK)
			check(settings, &said);
		n = write(ends[1], &said, sizeof(said));
		_exit(n == sizeof(said) ? 0 : 1);
	}
	close(ends[1]);
	/* It is written in one piece. */
	if (pid > 0)
		n = read(ends[0], &said, sizeof(said));
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (n != sizeof(said))
		return error_set(err, ST_FAILED, "%s", _("cannot start a process"));
	if (said.status != ST_OK)
		*err = said;
	return said.status;
}
