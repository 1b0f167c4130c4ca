/*
 * Slots: reading them, finding a token again, and libp11's own list of them.
 *
 * The slots are read by PKCS#11's own functions and not by libp11, because libp11 0.4.12 gives up
 * on the whole module when a single slot is broken, and keeps neither the raw CK_TOKEN_INFO, which
 * URIs are matched against, nor the library's version.  Its list is made only when objects are read
 * or keys are looked for.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_SLOTS_H
#define CTLSIGN_TOKENS_SLOTS_H

#include "tokens/module.h"

#include <stdint.h>

/* One slot as the module described it. */
struct slot_reading {
	CK_SLOT_ID id;
	CK_SLOT_INFO slot;   /* padded with blanks, as is `token` */
	CK_TOKEN_INFO token; /* valid when rv is CKR_OK */
	CK_RV rv;
	const char *failed; /* the call that answered with RV */
};

/*
 * Reads all slots that hold a token, in order of their numbers.  The caller frees *LIST.  One that
 * cannot be read is in the list with its error; one whose token just went away is not.
 */
enum status slots_read(
    struct module *module, struct slot_reading **list, size_t *n, struct error *err);

/* A token, wherever it is plugged in: what is needed to find it again and to speak of it. */
struct token_identity {
	struct module *module;
	CK_SLOT_ID slot_id; /* where it was last */
	CK_UTF8CHAR label[32];
	CK_CHAR serial[16];
	char name[256]; /* "token 'SAST-1' (serial 4a21)" */
};

/*
 * Reads the token's flags anew, wherever it is now (slot numbers may move), and notes its slot in
 * ID.  ST_TOKEN_REMOVED when it is gone.
 */
enum status slots_find_again(struct token_identity *id, CK_TOKEN_INFO *token, struct error *err);

/* "token 'X' (serial Y) was removed", with what to do. */
enum status slots_removed(const struct token_identity *id, struct error *err);

/*
 * After a call that failed without saying why: whether the token is gone, with the sentence above
 * in ERR.  A reader's software may notice only a good while after a card was pulled out (OpenSC
 * looks once a second), so this looks for up to SLOTS_NOTICE_MS.
 */
#define SLOTS_NOTICE_MS 1500
bool slots_gone(struct token_identity *id, struct error *err);

/*
 * Completes the error of a call that had to do with the token: ST_TOKEN_REMOVED becomes the
 * sentence above, anything else gets the token's name as its place.  Returns STATUS.
 */
enum status slots_blame(const struct token_identity *id, enum status status, struct error *err);

/* Turns the NUL bytes that some modules pad a field with into the blanks that PKCS#11 wants. */
void slots_pad(unsigned char *field, size_t size);

/*
 * For jobs.  slots_list_anew() drops libp11's list (and with it every session and login) and makes
 * a new one; slots_list() makes one only where none is.
 */
enum status slots_list_anew(struct module_job *job);
enum status slots_list(struct module_job *job);
void slots_drop(struct module *module);

/*
 * For jobs.  slots_look() is slots_find_again() inside a job.  slots_open_session() drops what was
 * open, looks, and opens a session for writing: module->session, without libp11.
 */
enum status slots_look(struct module_job *job, struct token_identity *id, CK_TOKEN_INFO *token);
enum status slots_open_session(struct module_job *job, struct token_identity *id);

/*
 * For jobs, after slots_list(): libp11's slot that holds the token, or NULL with the job's error.
 * Opens and closes a session there, since libp11 0.4.12 waits for ever when the token lets it open
 * none.  ID->slot_id is brought up to date.
 */
struct PKCS11_slot_st *slots_of_token(struct module_job *job, struct token_identity *id);

#endif
