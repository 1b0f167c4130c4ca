/*
 * The Smart Card service (PC/SC): whether it answers, its readers and their cards.
 *
 * The one place that talks to pcscd itself; modules do so on their own.  Its calls have no time
 * limit: with a service that hangs they never come back.  So all of them run on threads of their
 * own, which are left behind when they hang: tokens_wedged() is true then.
 *
 * The library of pcscd 1.9 keeps one table of readers for all connections of a process, without a
 * lock around it: what a call tells may be of the table as another one just changes it.  The second
 * look after each news, below, makes that good.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_PCSC_H
#define CTLSIGN_TOKENS_PCSC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum pcsc_answer {
	PCSC_ANSWERS,
	PCSC_NOT_RUNNING, /* or its socket cannot be reached by this user */
	PCSC_REFUSED,	  /* it runs, and its policy (polkit) forbids us to use it */
	PCSC_DROPPED,	  /* it took the connection and closed it */
	PCSC_NO_ANSWER,	  /* the call has not come back (yet) */
	PCSC_FAILED,
};

struct pcsc_reader {
	char name[129]; /* as the driver gave it: not made printable */
	bool card;
	bool mute; /* there is a card, and it does not answer */
};

/* pcscd waits for 16 at once, and one of them is for readers that come: others are left out. */
#define PCSC_MAX_READERS 15

struct pcsc_look {
	enum pcsc_answer answer;
	long code; /* SCARD_... as the service's library gave it; 0 with PCSC_ANSWERS */
	struct pcsc_reader readers[PCSC_MAX_READERS];
	size_t n_readers;
};

/*
 * Asks the service once.  Where a service is started by its first client, that is this call.
 * PCSC_NO_ANSWER when it did not come back within TIMEOUT_MS.
 */
void pcsc_look(unsigned timeout_ms, struct pcsc_look *out);

/* LOOK while a call is under way; the readers stay. */
void pcsc_no_answer(struct pcsc_look *look);

/*
 * A client's connection, for a thread of its own: the calls may block for ever.  NULL when the
 * service cannot be had; LOOK has the reason.
 */
struct pcsc_link;
struct pcsc_link *pcsc_connect(struct pcsc_look *look);
void pcsc_disconnect(struct pcsc_link *link);

/*
 * Waits until there is something new about readers and cards, but the first time not at all, and
 * never longer than TIMEOUT_MS; LOOK is how things are then.  *NEWS: a reader or a card came or
 * went.  False, with the reason in LOOK, when the connection is lost.
 *
 * A reader that comes between the call's two questions is missed by pcscd 1.9 until the next call:
 * wait shortly once after each news.
 */
bool pcsc_wait(struct pcsc_link *link, unsigned timeout_ms, struct pcsc_look *look, bool *news);

/* Ends a wait that another thread is in; the connection is lost then. */
void pcsc_cancel(const struct pcsc_link *link);

#endif
