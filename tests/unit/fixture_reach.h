/*
 * An SFTP target of a server that the test started, and what tests do with it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_REACH_H
#define CTLSIGN_TESTS_FIXTURE_REACH_H

#include "fixture_sshd.h"

#include "publish/target.h"

#include <stdint.h>

#define CTL    "CTLFile.tlv"
#define STAGED ".CTLFile.tlv.ctlsign"

/* A target of a server, and everything that it borrows. */
struct reach {
	struct inventory_publish settings;
	struct target_access access;
	struct inventory_target place;
	struct target_links *links;
	struct target *target;
	struct error err;
	char text[256];
};

/* The usual one: OpenSSH's, with internal-sftp. */
extern struct sshd server;

/* Starts it when it does not run.  False, with the running test skipped, when sshd is missing. */
bool have_server(void);

/* A target of PATH behind PORT, with the key and the known_hosts of SSHD; ssh-agent is not used. */
void reach_open(struct reach *r, struct sshd *sshd, unsigned port, const char *path);
void reach_close(struct reach *r);

/* The target's steps for the file CTL. */
enum status stage(struct reach *r, struct bytes data);
enum status commit(struct reach *r);
enum status get(struct reach *r, struct buffer *out, bool *there);

/* Whether the error has these parts, and the target as its place; prints it when not. */
bool says(const struct reach *r, const char *what, const char *hint);

/* The path of NAME in the server's directory; of two calls both results are good. */
const char *file(const struct sshd *sshd, const char *name);
bool holds(const char *path, struct bytes data);
void put(const char *path, const char *text);

/* Removes CTL and what is staged beside it. */
void clean(const struct sshd *sshd);

struct bytes bytes_of(const char *text);
void fill(uint8_t *data, size_t len); /* with bytes that do not repeat soon */
int64_t clock_ms(void);

#endif
