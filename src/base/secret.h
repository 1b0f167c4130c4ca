/*
 * Memory for PINs and passphrases: locked against swapping, left out of core dumps, wiped when
 * released (OpenSSL's secure heap underneath).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_SECRET_H
#define CTLSIGN_BASE_SECRET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The longest PIN or passphrase that is taken, in bytes, without the NUL. */
#define SECRET_MAX 255

/* Always NUL-terminated; LEN does not count the NUL.  Start from SECRET_INIT. */
struct secret {
	char *text; /* SECRET_MAX + 1 bytes in the secure heap, or NULL */
	size_t len;
};

#define SECRET_INIT {NULL, 0}

/*
 * Once at the start of the program, before anything secret is read: no core dumps, no ptrace by
 * other processes of the user, the secure heap.  Fails when the heap cannot be had; a heap that
 * could not be locked (RLIMIT_MEMLOCK) is not an error: PINs are still wiped and never dumped.
 */
enum status secret_process_setup(struct error *err);

/* Gives the heap back, at the very end. */
void secret_process_end(void);

/* Room for SECRET_MAX bytes, all zero.  A secret that has room is emptied. */
enum status secret_alloc(struct secret *s, struct error *err);

/* Wipes and releases; S is SECRET_INIT afterwards.  May be called twice. */
void secret_wipe(struct secret *s);

/*
 * Reads one line (without its newline) from the file or descriptor: what --pin-file and --pin-fd
 * name.  Nothing is buffered outside S.  A file must be a regular file or FIFO that only its owner
 * can read.  An empty line, a NUL byte or more than SECRET_MAX bytes is an error.
 * secret_read_fd() leaves FD open, positioned after the line.
 */
enum status secret_read_file(struct secret *s, const char *path, struct error *err);
enum status secret_read_fd(struct secret *s, int fd, struct error *err);

/*
 * Whether a PIN could come from FD: open for reading, and a regular file, a FIFO, a socket or a
 * terminal.  Nothing is read.
 */
bool secret_fd_usable(int fd);

#endif
