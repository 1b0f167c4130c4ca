/*
 * OpenSSH's server, started by the test on a port of 127.0.0.1 with keys of its own, and relays
 * that cut a connection where the test wants it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_SSHD_H
#define CTLSIGN_TESTS_FIXTURE_SSHD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sshd {
	char folder[128]; /* its configuration; below harness_directory() */
	char files[160];  /* an empty directory to deliver to */
	char key[160];	  /* of a user who may log in */
	char known[160];  /* known_hosts with the server's key */
	unsigned port;
	pid_t pid; /* 0: not running */
};

/*
 * Starts one.  SUBSYSTEM: "internal-sftp", or a shell command that speaks for SFTP.  NAME is its
 * own in this test program.  False, with the running test marked as skipped, when sshd is not
 * installed; anything else that goes wrong ends the program.
 */
bool sshd_start(struct sshd *sshd, const char *name, const char *subsystem);
void sshd_stop(struct sshd *sshd);

/* A new key pair PATH and PATH.pub; TYPE "ed25519", ...; PASSPHRASE "" for none. */
void sshd_new_key(const char *path, const char *type, const char *passphrase);

/* Appends the key in PUBLIC_PATH as the one of 127.0.0.1:PORT to the known_hosts file PATH. */
void sshd_add_known(const char *path, unsigned port, const char *public_path);

/* A socket that listens on a free port of 127.0.0.1 and to which nobody answers. */
int sshd_listen(unsigned *port);

#define SSHD_RELAY_MAX 64 /* connections in the life of a relay */

/* Passes connections on to TO_PORT, and cuts each when CUT_AFTER bytes went to the server (0: never
 * by itself). */
struct sshd_relay {
	unsigned port, to_port;
	atomic_ulong cut_after;
	atomic_ulong passed; /* bytes to the server, of the last connection */
	atomic_uint accepted;
	int listening;
	pthread_t thread;
	pthread_t connections[SSHD_RELAY_MAX];
	atomic_bool stop;
};
void sshd_relay_start(struct sshd_relay *relay, unsigned to_port);
void sshd_relay_stop(struct sshd_relay *relay);

#endif
