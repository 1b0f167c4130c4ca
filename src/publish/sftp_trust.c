/*
 * The check of a server's host key against known_hosts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libssh puts other things in the place of "%d" and the like: a path's own % is doubled. */
static char *escaped(const char *path)
{
	char *copy = malloc(2 * strlen(path) + 1), *to = copy;

	if (copy == NULL)
		return NULL;
	for (; *path != '\0'; path++) {
		if (*path == '%')
			*to++ = '%';
		*to++ = *path;
	}
	*to = '\0';
	return copy;
}

enum status sftp_trust_files(
    ssh_session session, const struct inventory_publish *settings, struct error *err)
{
	char *path;
	bool set;

	if (settings->ssh_known_hosts == NULL)
		return ST_OK;
	path = escaped(settings->ssh_known_hosts);
	if (path == NULL)
		return error_no_memory(err);
	set = ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, path) == 0 &&
	      ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == 0;
	free(path);
	return set ? ST_OK : error_no_memory(err);
}

/* Appends the server's key to KEY as people compare it: "ssh-ed25519 SHA256:...". */
static bool describe_key(ssh_session session, char *key, size_t size)
{
	unsigned char *hash = NULL;
	ssh_key public = NULL;
	char *print = NULL;
	size_t len = 0;

	if (ssh_get_server_publickey(session, &public) == SSH_OK &&
	    ssh_get_publickey_hash(public, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
		print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	if (print != NULL)
		snprintf(key, size, "%s %s", ssh_key_type_to_char(ssh_key_type(public)), print);
	ssh_string_free_char(print);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(public);
	return print != NULL;
}

/* How somebody who has the key's fingerprint from elsewhere enters it. */
static void hint_enter(
    const struct inventory_publish *settings, const char *host, unsigned port, struct error *err)
{
	const char *file =
	    settings->ssh_known_hosts != NULL ? settings->ssh_known_hosts : "~/.ssh/known_hosts";

	error_hint(err,
	    _("compare this fingerprint with the one that the server itself shows (ssh-keygen -lf "
	      "/etc/ssh/ssh_host_..._key.pub there); if they are the same, enter it: "
	      "ssh-keyscan -p %u %s >> %s"),
	    port, host, file);
}

/* How an old key is removed; known_hosts has the port only where it is not 22. */
static void hint_changed(
    const struct inventory_publish *settings, const char *host, unsigned port, struct error *err)
{
	const char *file =
	    settings->ssh_known_hosts != NULL ? settings->ssh_known_hosts : "~/.ssh/known_hosts";
	char name[512];

	if (port == 22)
		snprintf(name, sizeof(name), "%s", host);
	else
		snprintf(name, sizeof(name), "[%s]:%u", host, port);
	error_hint(err,
	    _("somebody may stand between; only if the server is known to have a new key, compare "
	      "the fingerprint there, remove the old one (ssh-keygen -f %s -R '%s') and enter the "
	      "new one with ssh-keyscan -p %u %s"),
	    file, name, port, host);
}

enum status sftp_trust_check(ssh_session session, const struct inventory_publish *settings,
    const char *host, unsigned port, struct error *err)
{
	const enum ssh_known_hosts_e known = ssh_session_is_known_server(session);
	char key[256];

	if (known == SSH_KNOWN_HOSTS_OK)
		return ST_OK;
	if (!describe_key(session, key, sizeof(key)))
		return error_set(
		    err, ST_NOT_VERIFIED, "%s", _("the server's host key cannot be read"));
	switch (known) {
	case SSH_KNOWN_HOSTS_CHANGED:
		error_set(err, ST_NOT_VERIFIED,
		    _("the server's host key is not the one in known_hosts: it shows %s"), key);
		hint_changed(settings, host, port, err);
		break;
	case SSH_KNOWN_HOSTS_OTHER:
		error_set(err, ST_NOT_VERIFIED,
		    _("known_hosts has a host key of another type for this server: it shows %s"),
		    key);
		hint_enter(settings, host, port, err);
		break;
	case SSH_KNOWN_HOSTS_UNKNOWN:
	case SSH_KNOWN_HOSTS_NOT_FOUND:
		error_set(err, ST_NOT_VERIFIED,
		    _("the server's host key is not in known_hosts: it shows %s"), key);
		hint_enter(settings, host, port, err);
		break;
	case SSH_KNOWN_HOSTS_ERROR:
	case SSH_KNOWN_HOSTS_OK:
		error_set(err, ST_NOT_VERIFIED, "%s", _("known_hosts cannot be read"));
		error_hint(err, "%s", _("see that every line of it is a host and its key"));
		break;
	}
	return ST_NOT_VERIFIED;
}
