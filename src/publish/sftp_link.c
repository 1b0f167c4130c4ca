/*
 * Making, keeping and ending the SSH connections.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_link.h"

#include "publish/sftp_login.h"
#include "publish/sftp_trust.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sftp_link {
	struct sftp_link *next;
	char *name;
	char *user;
	char *host;
	unsigned port;
	unsigned targets; /* of this server, in its first link */
	const struct target_access *access;
	struct sftp_line line;
	ssh_session session; /* NULL: not connected */
	struct sftp_wire *wire;
	struct error failed; /* why it could not be connected or was lost; ST_OK: it was not */
};

struct target_links {
	struct sftp_link *first;
};

/*
 * A server with many targets has several connections, which work at the same time: each target
 * waits mostly for the server's disk.  Four targets use one; sshd takes ten that log in at once, by
 * default, and firewalls often fewer.
 */
#define TARGETS_EACH	4
#define MAX_CONNECTIONS 4

/* Who runs this, by the user database and not by what $USER says. */
static bool running_user(char *out, size_t size)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) != 0 || found == NULL)
		return false;
	snprintf(out, size, "%s", found->pw_name);
	return true;
}

static void link_free(struct sftp_link *link)
{
	sftp_link_reset(link);
	sftp_line_destroy(&link->line);
	free(link->name);
	free(link->user);
	free(link->host);
	free(link);
}

static struct sftp_link *link_new(const struct inventory_target *place,
    const struct target_access *access, const char *user, const char *name)
{
	struct sftp_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	sftp_line_init(&link->line, access->timeout_ms);
	link->access = access;
	link->port = place->port;
	link->name = strdup(name);
	link->user = strdup(user);
	link->host = strdup(place->host);
	if (link->name == NULL || link->user == NULL || link->host == NULL) {
		link_free(link);
		return NULL;
	}
	return link;
}

/* The link called NAME; a new one if there is none. */
static struct sftp_link *find_or_add(struct target_links *links,
    const struct inventory_target *place, const struct target_access *access, const char *user,
    const char *name)
{
	struct sftp_link *link;

	for (link = links->first; link != NULL; link = link->next)
		if (strcmp(link->name, name) == 0)
			return link;
	link = link_new(place, access, user, name);
	if (link != NULL) {
		link->next = links->first;
		links->first = link;
	}
	return link;
}

enum status sftp_link_find(struct target_links **links, const struct inventory_target *place,
    const struct target_access *access, struct sftp_link **out, struct error *err)
{
	char user[256], name[1024], numbered[1040];
	struct sftp_link *link;
	unsigned turn;

	if (place->user != NULL) {
		snprintf(user, sizeof(user), "%s", place->user);
	} else if (!running_user(user, sizeof(user))) {
		error_set(err, ST_FAILED, "%s", _("the user who runs this has no name here"));
		error_hint(err, "%s", _("write the user into the target: sftp://USER@HOST/DIR"));
		return ST_FAILED;
	}
	snprintf(name, sizeof(name), "sftp://%s@%s:%u", user, place->host, place->port);
	/* Host names have no case. */
	for (char *p = name + strlen("sftp://") + strlen(user); *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (*links == NULL)
		*links = calloc(1, sizeof(**links));
	link = *links != NULL ? find_or_add(*links, place, access, user, name) : NULL;
	if (link == NULL)
		return error_no_memory(err);
	turn = link->targets++;
	turn = turn < TARGETS_EACH * MAX_CONNECTIONS ? turn / TARGETS_EACH : turn % MAX_CONNECTIONS;
	if (turn > 0) {
		snprintf(numbered, sizeof(numbered), "%s#%u", name, turn + 1);
		link = find_or_add(*links, place, access, user, numbered);
		if (link == NULL)
			return error_no_memory(err);
	}
	*out = link;
	return ST_OK;
}

void target_links_free(struct target_links *links)
{
	if (links == NULL)
		return;
	while (links->first != NULL) {
		struct sftp_link *link = links->first;

		links->first = link->next;
		link_free(link);
	}
	free(links);
}

const char *sftp_link_name(const struct sftp_link *link)
{
	return link->name;
}

const char *sftp_link_user(const struct sftp_link *link)
{
	return link->user;
}

void sftp_link_interrupt(struct sftp_link *link)
{
	sftp_line_cut(&link->line);
}

void sftp_link_note(struct sftp_link *link, const struct error *err)
{
	if (link->wire != NULL && sftp_wire_broken(link->wire) && link->failed.status == ST_OK)
		link->failed = *err;
}

static void disconnect(struct sftp_link *link)
{
	/* libssh takes leave with a few packets, which nobody may be there to take. */
	if (link->wire == NULL || sftp_wire_broken(link->wire))
		sftp_line_end(&link->line);
	sftp_wire_free(link->wire);
	link->wire = NULL;
	/* Not ssh_disconnect(): it forgets a descriptor that it was given without closing it. */
	ssh_free(link->session);
	link->session = NULL;
	sftp_line_end(&link->line);
}

void sftp_link_reset(struct sftp_link *link)
{
	disconnect(link);
	sftp_line_mend(&link->line);
	error_clear(&link->failed);
}

/*
 * The settings of a connection: none of ~/.ssh/config, where a ProxyCommand or another host could
 * stand; no password and no dialogue.  libssh's own order of algorithms begins with curve25519,
 * Ed25519 and an AEAD cipher, and has none that is weak but for the CBC ciphers and SHA-1 MACs at
 * its end, which are left out.
 */
static enum status set_options(struct sftp_link *link, struct error *err)
{
	static const char ciphers[] = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
				      "chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr";
	static const char macs[] = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
				   "hmac-sha2-256,hmac-sha2-512";
	const long seconds = (long)(link->line.timeout_ms / 1000);
	const long microseconds = (long)(link->line.timeout_ms % 1000) * 1000;
	ssh_session s = link->session;
	const int no = 0;
	const bool off = false;

	if (ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &off) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_HOST, link->host) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_PORT, &link->port) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_USER, link->user) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_TIMEOUT, &seconds) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_TIMEOUT_USEC, &microseconds) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_PASSWORD_AUTH, &no) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_KBDINT_AUTH, &no) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_GSSAPI_AUTH, &no) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_CIPHERS_C_S, ciphers) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_CIPHERS_S_C, ciphers) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_HMAC_C_S, macs) != 0 ||
	    ssh_options_set(s, SSH_OPTIONS_HMAC_S_C, macs) != 0) {
		error_set(err, ST_FAILED, _("cannot connect to this host: %s"), ssh_get_error(s));
		error_hint(err, "%s", _("mend the host or the user of the target in ctlsign.conf"));
		return ST_FAILED;
	}
	return sftp_trust_files(s, link->access->settings, err);
}

/* The two sides agree on keys, and the server shows that it has its own. */
static enum status shake_hands(struct sftp_link *link, struct error *err)
{
	const int64_t begun = sftp_clock();
	int fd = -1;
	enum status st = sftp_line_connect(&link->line, link->host, link->port, &fd, err);

	if (st != ST_OK)
		return st;
	if (ssh_options_set(link->session, SSH_OPTIONS_FD, &fd) != 0) {
		close(fd);
		return error_no_memory(err);
	}
	if (ssh_connect(link->session) == SSH_OK)
		return ST_OK;
	if (atomic_load(&link->line.cut) || sftp_clock() - begun >= link->line.timeout_ms)
		return sftp_line_no_answer(&link->line, err);
	error_set(err, ST_FAILED, _("no SSH connection: %s"), ssh_get_error(link->session));
	error_hint(err, "%s",
	    _("see that this port is an SSH server's, and what that has written to its log"));
	return ST_FAILED;
}

static enum status connect_link(struct sftp_link *link, struct error *err)
{
	const struct inventory_publish *settings = link->access->settings;
	enum status st;

	link->session = ssh_new();
	if (link->session == NULL)
		return error_no_memory(err);
	st = set_options(link, err);
	if (st == ST_OK)
		st = shake_hands(link, err);
	if (st == ST_OK)
		st = sftp_trust_check(link->session, settings, link->host, link->port, err);
	if (st == ST_OK)
		st = sftp_login(link->session, settings, link->user, &link->line, err);
	if (st == ST_OK)
		st = sftp_wire_open(link->session, &link->line, &link->wire, err);
	return st;
}

enum status sftp_link_use(struct sftp_link *link, struct sftp_wire **out, struct error *err)
{
	enum status st = ST_OK;

	if (link->failed.status == ST_OK && atomic_load(&link->line.cut))
		sftp_line_no_answer(&link->line, &link->failed);
	if (link->wire == NULL && link->failed.status == ST_OK) {
		st = connect_link(link, &link->failed);
		/* A server that is not trusted, or does not trust us, is not kept waiting. */
		if (st != ST_OK)
			disconnect(link);
	}
	*out = link->wire;
	if (link->failed.status == ST_OK)
		return ST_OK;
	if (err != NULL)
		*err = link->failed;
	return link->failed.status;
}
