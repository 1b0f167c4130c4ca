/*
 * Public key authentication: a key file, or the agent and the usual files.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_login.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct login {
	ssh_session session;
	const char *user;
	struct sftp_line *line;
	char locked[PATH_MAX]; /* a key file that has a passphrase; "" */
	unsigned offered;      /* keys that the server did not take */
	bool broken;	       /* the connection, not the key */
};

/* Asked for a passphrase: there is none, but now it is known that there should be. */
static int refuse_passphrase(
    const char *prompt, char *buf, size_t len, int echo, int verify, void *userdata)
{
	bool *asked = userdata;

	(void)prompt;
	(void)buf;
	(void)len;
	(void)echo;
	(void)verify;
	*asked = true;
	return -1;
}

/* What the server said to a key. */
static bool accepted(struct login *login, int rc)
{
	login->broken = rc == SSH_AUTH_ERROR || rc == SSH_AUTH_AGAIN;
	login->offered += rc == SSH_AUTH_DENIED || rc == SSH_AUTH_PARTIAL;
	return rc == SSH_AUTH_SUCCESS;
}

static bool try_agent(struct login *login)
{
	int rc;

	if (getenv("SSH_AUTH_SOCK") == NULL)
		return false;
	rc = ssh_userauth_agent(login->session, NULL);
	/* No agent behind the socket is no fault of the connection. */
	if (rc == SSH_AUTH_ERROR && ssh_is_connected(login->session) != 0)
		rc = SSH_AUTH_DENIED;
	return accepted(login, rc);
}

/* The key in PATH.  *READ false: it could not be read. */
static bool try_file(struct login *login, const char *path, bool *read)
{
	bool asked = false, in;
	ssh_key key = NULL;

	*read = ssh_pki_import_privkey_file(path, NULL, refuse_passphrase, &asked, &key) == SSH_OK;
	if (!*read) {
		if (asked)
			snprintf(login->locked, sizeof(login->locked), "%s", path);
		return false;
	}
	in = accepted(login, ssh_userauth_publickey(login->session, NULL, key));
	ssh_key_free(key);
	return in;
}

static enum status refused(const struct login *login, struct error *err)
{
	if (atomic_load(&login->line->cut))
		return sftp_line_no_answer(login->line, err);
	if (login->broken) {
		error_set(err, ST_FAILED, "%s", _("the server ended the connection at the login"));
		error_hint(err, "%s", _("see the SSH server's log"));
	} else if (login->locked[0] != '\0') {
		error_set(err, ST_FAILED,
		    _("the key file %s has a passphrase, which is not asked for here"),
		    login->locked);
		error_hint(err, _("load it into ssh-agent: ssh-add %s"), login->locked);
	} else if (login->offered == 0) {
		error_set(err, ST_FAILED, "%s", _("there is no SSH key to log in with"));
		error_hint(err, "%s",
		    _("name one with ssh-key in the section publish of ctlsign.conf, or load one "
		      "into ssh-agent"));
	} else {
		error_set(err, ST_FAILED, _("the server does not let %s in with this SSH key"),
		    login->user);
		error_hint(err,
		    _("append the public key to the file ~/.ssh/authorized_keys of %s there"),
		    login->user);
	}
	return ST_FAILED;
}

/* As ssh(1) does: a key that others can read is no secret. */
static enum status check_file(const char *path, struct error *err)
{
	struct stat sb;

	if (stat(path, &sb) != 0) {
		error_errno(err, ST_IO, errno, _("cannot open the SSH key %s"), path);
		error_hint(err, "%s", _("mend ssh-key in the section publish of ctlsign.conf"));
		return ST_IO;
	}
	if (sb.st_uid == geteuid() && (sb.st_mode & 077) != 0) {
		error_set(err, ST_FAILED, _("others can read the SSH key %s"), path);
		error_hint(err, _("take that from them: chmod 600 %s"), path);
		return ST_FAILED;
	}
	return ST_OK;
}

/* The key that the settings name, or the same one in the agent if it has a passphrase. */
static enum status login_with(struct login *login, const char *path, struct error *err)
{
	enum status st = check_file(path, err);
	bool read;

	if (st != ST_OK)
		return st;
	if (try_file(login, path, &read))
		return ST_OK;
	if (!read && login->locked[0] == '\0') {
		error_set(err, ST_FAILED, _("%s is no private SSH key"), path);
		error_hint(err, "%s", _("mend ssh-key in the section publish of ctlsign.conf"));
		return ST_FAILED;
	}
	if (!read && try_agent(login))
		return ST_OK;
	return refused(login, err);
}

static enum status login_usual(struct login *login, struct error *err)
{
	static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
	char path[PATH_MAX], text[4096];
	struct passwd entry, *found = NULL;
	bool read;

	if (try_agent(login))
		return ST_OK;
	getpwuid_r(getuid(), &entry, text, sizeof(text), &found);
	for (size_t i = 0; i < 3 && found != NULL && !login->broken; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/.ssh/%s", found->pw_dir, names[i]) >=
		    sizeof(path))
			continue;
		if (access(path, R_OK) == 0 && check_file(path, NULL) == ST_OK &&
		    try_file(login, path, &read))
			return ST_OK;
	}
	return refused(login, err);
}

enum status sftp_login(ssh_session session, const struct inventory_publish *settings,
    const char *user, struct sftp_line *line, struct error *err)
{
	struct login login = {.session = session, .user = user, .line = line};

	if (settings->ssh_key != NULL)
		return login_with(&login, settings->ssh_key, err);
	return login_usual(&login, err);
}
