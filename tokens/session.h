/*
 * A token that is logged in to for writing: what the files that write share.
 *
 * Private to tokens/.  session.c opens, closes and counts, generate.c makes keys,
 * session_key.c finds them and signs, store.c keeps certificates, destroy.c removes objects.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_SESSION_H
#define CTLSIGN_TOKENS_SESSION_H

#include "tokens/internal.h"
#include "tokens/login.h"
#include "tokens/objects.h"

/* libp11 has room for this much of a CKA_ID. */
#define SESSION_MAX_ID 255

struct token_session {
	struct tokens *tokens;
	struct login login;
	unsigned generation; /* of the module when the session was opened */
};

/* Whether the session is still there: others may have used the module since. */
enum status session_check(const struct token_session *session, struct error *err);

/*
 * Says that the token was removed in a sentence that leaves its name to the error's place, where
 * all other errors of a session have it.  Returns STATUS.
 */
enum status session_blame(
    const struct token_session *session, enum status status, struct error *err);

/* ST_USAGE unless ID has 1 to SESSION_MAX_ID bytes. */
enum status session_check_id(struct bytes id, struct error *err);

/*
 * Runs JOB.  False: it did not come back, or the session is gone; ERR is set, the job is gone.
 * True: the caller takes the results and calls session_end().
 */
bool session_run(
    struct token_session *session, struct module_job *job, unsigned timeout_ms, struct error *err);

/* Frees the job; its error, completed by the token's name, goes to ERR. */
enum status session_end(struct token_session *session, struct module_job *job, struct error *err);

/* In a job: what stands under ID. */
enum status session_count(struct module_job *job, struct bytes id, struct token_objects *out);

/*
 * In a job: destroys all that stands under ID, private keys first, and looks whether that is so.
 */
enum status session_destroy(struct module_job *job, struct bytes id);

#endif
