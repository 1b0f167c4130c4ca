/*
 * What changing, unblocking and first setting a PIN have in common: two PINs that go into one job,
 * and words for how it failed.
 *
 * Both PINs are asked for before either is sent, so that whoever cancels the second question has
 * used up no try of the first.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_PIN_JOB_H
#define CTLSIGN_TOKENS_PIN_JOB_H

#include "tokens/internal.h"
#include "tokens/login.h"

struct pin_job {
	struct module_job base;
	struct token_identity id;
	struct secret pin;     /* the one that allows it: of the user or SO, or a PUK */
	struct secret new_pin; /* of the user; both are none with a PIN pad */
	bool login_first;      /* C_SetPIN: not before C_Login */
	bool blank;	       /* C_InitToken: the token was not initialised */
	CK_UTF8CHAR label[32]; /* C_InitToken: padded with blanks */

	CK_RV rv; /* of what failed; CKR_OK: nothing did, or it has no code */
};

/* PIN and NEW_PIN are moved into the job.  NULL: no memory, both are wiped. */
struct pin_job *pin_job_new(const struct login *login, enum status (*work)(struct module_job *job),
    struct secret *pin, struct secret *new_pin);

/*
 * In the job, in module->session.  False: it failed, and the job's error is set.  Each notes how
 * far it got, but for whether `pin` is right: modules differ in when they look.
 */
bool pin_job_login(struct pin_job *job, CK_USER_TYPE user);
bool pin_job_set_pin(struct pin_job *job);
bool pin_job_init_pin(struct pin_job *job);

/*
 * Tells that `pin` is sent, runs JOB, logs out, tells what came of it, explains a failure, and
 * frees JOB.  *REACHED (NULL is taken) is how far it got, also when it did not come back: the bits
 * of enum module_progress.
 */
enum status pin_job_run(struct login *login, struct pin_job *job, unsigned timeout_ms,
    unsigned *reached, struct error *err);

#endif
