/*
 * One loaded PKCS#11 module, and the way work gets done in it: as jobs on its own thread.
 *
 * Private to tokens/.  Everything in a struct module below "the worker's" belongs to jobs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_MODULE_H
#define CTLSIGN_TOKENS_MODULE_H

#include "tokens/watchdog.h"

#include <p11-kit/pkcs11.h>
#include <stdatomic.h>

struct PKCS11_ctx_st;
struct PKCS11_slot_st;

struct module {
	char *path;
	char *name; /* p11-kit's name, or the file's without "lib" and ".so" */
	bool named; /* the caller asked for it, p11-kit did not bring it */
	unsigned timeout_ms;
	struct watchdog *dog;
	_Atomic(const char *) calling; /* the PKCS#11 function that runs, for messages */
	atomic_uint progress;	       /* of the job that runs: see module_progress() */
	unsigned reached;	       /* and of the last one, when module_run() returned */

	/* the worker's */
	char *init_args;
	void *handle;
	CK_FUNCTION_LIST *functions;
	CK_INFO info;
	struct PKCS11_ctx_st *ctx;
	struct PKCS11_slot_st *slots; /* libp11's list, or NULL; see slots.h */
	unsigned n_slots;
	unsigned generation; /* counts the lists: a session is lost with its list */
	/* Ours, not libp11's: holds the login and signs.  CK_INVALID_HANDLE: there is none. */
	CK_SESSION_HANDLE session;
	bool logged_in;
};

/*
 * Checks, loads and initialises a module.  NAME and INIT_ARGS may be NULL.  ST_MODULE with the
 * reason when it cannot be used, ST_TOKEN_TIMEOUT when it does not come back.
 */
enum status module_open(const char *path, const char *name, const char *init_args,
    unsigned timeout_ms, struct module **out, struct error *err);

/*
 * The same; when it fails, FAILED_IN gets the call that did not succeed or come back ("dlopen",
 * "C_Initialize"), or NULL when the file was not even loaded.
 */
enum status module_open_telling(const char *path, const char *name, const char *init_args,
    unsigned timeout_ms, struct module **out, const char **failed_in, struct error *err);

/*
 * Wipes, releases, finalises, unloads and frees; NULL is taken.  A module that is stuck is left
 * alone.
 */
void module_close(struct module *module);

/*
 * A job on the module's thread.  Embed this as the first member.  work() returns the job's status
 * and fills `error`; clear() frees what the job owns but not the job, and may be NULL.
 */
struct module_job {
	struct watchdog_job job;
	struct module *module;
	enum status (*work)(struct module_job *job);
	void (*clear)(struct module_job *job);
	enum status status;
	struct error error;
};

/* SIZE zeroed bytes that begin with a module_job.  NULL when out of memory. */
void *module_job_new(size_t size, struct module *module,
    enum status (*work)(struct module_job *job), void (*clear)(struct module_job *job));

/*
 * Runs JOB.  False: the module did not answer within TIMEOUT_MS (0: the module's own time); ERR
 * says so with ST_TOKEN_TIMEOUT, and the job is gone.  The same with ST_CANCELLED when the wait was
 * broken off (watchdog_wake_by()): then the module is as good as before.  True: the caller takes
 * the results and then calls module_job_end().
 */
bool module_run(struct module_job *job, unsigned timeout_ms, struct error *err);

/*
 * How far a job got, for whoever waits for it in vain: bits of what it has done or begun.  A job
 * adds them, those of a call before it makes sure by module_calling_once() that somebody waits.
 * Each job starts with none; module->reached has them after module_run(), whatever that returned,
 * and until the next.
 */
enum module_progress {
	PROGRESS_PIN_SENT = 1 << 0,
	PROGRESS_PIN_PROVED = 1 << 1, /* what was sent is right */
	PROGRESS_CHANGING = 1 << 2,   /* the token was told to change */
	PROGRESS_CHANGED = 1 << 3,    /* and did */
};
void module_progress(struct module_job *job, unsigned bits);

/* Whether the job has got to all of BITS. */
bool module_has(const struct module_job *job, unsigned bits);

/* Frees the job, hands its error to ERR and returns its status. */
enum status module_job_end(struct module_job *job, struct error *err);

/*
 * In a job: C_Initialize, without CKF_OS_LOCKING_OK.  All calls into a module come one after the
 * other, so it needs no locks; and OpenSC 0.23, which would take them, waits for ever for one of
 * its own when a card is pulled out at the wrong moment.
 */
CK_RV module_initialise(struct module *module);

/* In a job, before a call: notes FUNCTION for messages and empties OpenSSL's error queue. */
void module_calling(struct module *module, const char *function);

/*
 * In a job, before a call that sends a PIN or makes something: the same, and false when nobody
 * waits for the job any more.  Then FUNCTION must not be called; the job's error is set.
 */
bool module_calling_once(struct module_job *job, const char *function);

/*
 * In a job, after libp11 failed in what module_calling() noted: the job's error from the queue,
 * where codes are cut (see tokens/ckr.h).
 */
enum status module_failed(struct module_job *job);

/* The same for a call that was made directly and returned RV. */
enum status module_failed_with(struct module_job *job, CK_RV rv);

#endif
