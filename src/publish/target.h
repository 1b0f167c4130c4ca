/*
 * A target: a place that a node's files are delivered to.  A directory of this machine, a directory
 * behind SFTP, and a node's CTL Provider are all used through the same few steps, which make
 * "everywhere or nowhere" possible: stage on all, then commit on all.
 *
 * A target, and all targets that have the same link, are used by one thread at a time;
 * target_interrupt() alone may be called from any.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_TARGET_H
#define CTLSIGN_PUBLISH_TARGET_H

#include "base/bytes.h"
#include "base/error.h"
#include "cluster/inventory.h"

#include <openssl/types.h>
#include <stdbool.h>

/* The largest file that is read from a target. */
#define TARGET_MAX_FILE TL_MAX_FILE

/* How targets are reached.  Borrowed by every target for its life. */
struct target_access {
	const struct inventory_publish *settings;
	unsigned timeout_ms;	  /* connecting, and each answer */
	X509 *client_certificate; /* to CTL Providers; NULL: none, they will refuse */
	EVP_PKEY *client_key;	  /* of it; may be one on a token */
};

struct target;

struct target_ops {
	/* What NAME holds now.  *THERE false and ST_OK when there is no such file.  OUT is emptied
	 * first; more than TARGET_MAX_FILE is ST_LIMIT. */
	enum status (*get)(struct target *target, const char *name, struct buffer *out, bool *there,
	    struct error *err);
	/*
	 * Puts DATA beside NAME under a name of its own, durably, and reads it back: ST_OK means
	 * that the target has it, byte for byte.  One that an earlier run left is replaced.
	 * Nothing that phones see changes.
	 */
	enum status (*stage)(
	    struct target *target, const char *name, struct bytes data, struct error *err);
	/* Makes what was staged the file NAME, in one step, durably. */
	enum status (*commit)(struct target *target, const char *name, struct error *err);
	/* Removes what was staged; nothing there is fine. */
	enum status (*unstage)(struct target *target, const char *name, struct error *err);
	/*
	 * Undoes a commit: NAME holds OLD again (NULL: is gone again), in one step, durably.  Fine
	 * when it does already.
	 */
	enum status (*put_back)(
	    struct target *target, const char *name, const struct bytes *old, struct error *err);
	/* Tells the cluster's security mode (0, 1) to a node that wants to know; NULL: it does not.
	 */
	enum status (*set_mode)(struct target *target, int mode, struct error *err);
	/* Lets a call that waits for an answer fail at once, and all later ones until reset(). */
	void (*interrupt)(struct target *target);
	/* Drops the connection, if any: the next call makes a new one. */
	void (*reset)(struct target *target);
	void (*free)(struct target *target);
};

/* The common part; implementations put it first. */
struct target {
	const struct target_ops *ops;
	const struct inventory_target *place; /* borrowed */
	const struct target_access *access;   /* borrowed */
	/* What it shares: targets with equal links use one connection.  target_free() frees it. */
	char *link;
};

/* Connections that targets share.  Start from NULL; freed behind the targets. */
struct target_links;
void target_links_free(struct target_links *links); /* takes NULL */

/*
 * Makes the target of PLACE.  Nothing is connected before the first call that needs it.  Errors of
 * all calls have the place as `where`, and say what to do next.
 */
enum status target_new(const struct inventory_target *place, const struct target_access *access,
    struct target_links **links, struct target **out, struct error *err);
void target_free(struct target *target); /* takes NULL */

/* The three kinds, for target_new(). */
enum status target_directory_new(const struct inventory_target *place,
    const struct target_access *access, struct target **out, struct error *err);
enum status target_sftp_new(const struct inventory_target *place,
    const struct target_access *access, struct target_links **links, struct target **out,
    struct error *err);
enum status target_provider_new(const struct inventory_target *place,
    const struct target_access *access, struct target **out, struct error *err);

/* The name under which NAME is staged beside it: ".NAME.ctlsign". */
#define TARGET_NAME_MAX 64
char *target_staged_name(const char *name, char out[TARGET_NAME_MAX]);

#endif
