/*
 * Talks to the Smart Card service: see pcsc.h.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/pcsc.h"

#include "tokens/watchdog.h"

#include <stdlib.h>
#include <string.h>
#include <winscard.h>

/* The name that stands for "a reader came or went". */
#define NEW_READER "\\\\?PnP?\\Notification"

/* What a change of means that a card came or went; the upper half counts such events. */
#define CARD_BITS                                                                                  \
	(0xffff0000UL | SCARD_STATE_PRESENT | SCARD_STATE_EMPTY | SCARD_STATE_MUTE |               \
	    SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE)

_Static_assert(PCSC_MAX_READERS + 1 <= PCSCLITE_MAX_READERS_CONTEXTS, "no wait for that many");

struct pcsc_link {
	SCARDCONTEXT context;
	SCARD_READERSTATE states[PCSC_MAX_READERS + 1]; /* the last one is NEW_READER's */
	char names[PCSC_MAX_READERS][sizeof(((struct pcsc_reader *)NULL)->name)];
	size_t n;
	bool listed; /* at least once */
};

static void set_answer(struct pcsc_look *look, LONG rv)
{
	look->code = (long)rv;
	if (rv == SCARD_S_SUCCESS)
		look->answer = PCSC_ANSWERS;
	else if (rv == SCARD_E_NO_SERVICE || rv == SCARD_E_SERVICE_STOPPED)
		look->answer = PCSC_NOT_RUNNING;
	else if (rv == SCARD_W_SECURITY_VIOLATION)
		look->answer = PCSC_REFUSED;
	else if (rv == SCARD_F_COMM_ERROR)
		look->answer = PCSC_DROPPED;
	else
		look->answer = PCSC_FAILED;
}

void pcsc_no_answer(struct pcsc_look *look)
{
	look->answer = PCSC_NO_ANSWER;
	look->code = 0;
}

/* ---- readers -------------------------------------------------------------------------------- */

/* What is known of a reader; one that is new has not been looked at. */
static SCARD_READERSTATE known_state(const struct pcsc_link *link, const char *name)
{
	for (size_t i = 0; i < link->n; i++)
		if (strcmp(link->names[i], name) == 0)
			return link->states[i];
	return (SCARD_READERSTATE){.dwCurrentState = SCARD_STATE_UNAWARE};
}

static bool same_names(const struct pcsc_link *a, const struct pcsc_link *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

static void point_at_names(struct pcsc_link *link)
{
	for (size_t i = 0; i < link->n; i++)
		link->states[i].szReader = link->names[i];
	link->states[link->n].szReader = NEW_READER;
}

/* Lists the readers anew.  *CHANGED: they are others than before, or it is the first time. */
static LONG list_readers(struct pcsc_link *link, bool *changed)
{
	char names[2 * PCSC_MAX_READERS * (MAX_READERNAME + 1) + 1] = "";
	struct pcsc_link fresh = {.context = link->context, .listed = true};
	DWORD len = sizeof(names) - 1;
	LONG rv = SCardListReaders(link->context, NULL, names, &len);
	size_t room;

	if (rv == SCARD_E_NO_READERS_AVAILABLE)
		names[0] = '\0';
	else if (rv != SCARD_S_SUCCESS)
		return rv;
	for (const char *p = names; *p != '\0' && fresh.n < PCSC_MAX_READERS; p += room + 1) {
		room = strnlen(p, (size_t)(names + sizeof(names) - 1 - p));
		if (room >= sizeof(fresh.names[0]))
			continue;
		memcpy(fresh.names[fresh.n], p, room);
		fresh.states[fresh.n] = known_state(link, fresh.names[fresh.n]);
		fresh.n++;
	}
	fresh.states[fresh.n] = link->states[link->n];
	*changed = !link->listed || !same_names(link, &fresh);
	*link = fresh;
	point_at_names(link);
	return SCARD_S_SUCCESS;
}

/* What the service told last counts as known; returns whether a card came or went. */
static bool accept_states(struct pcsc_link *link)
{
	bool news = false;

	for (size_t i = 0; i <= link->n; i++) {
		SCARD_READERSTATE *state = &link->states[i];

		if (i < link->n && ((state->dwEventState ^ state->dwCurrentState) & CARD_BITS) != 0)
			news = true;
		state->dwCurrentState = state->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	}
	return news;
}

static void describe(const struct pcsc_link *link, struct pcsc_look *look)
{
	look->n_readers = link->n;
	for (size_t i = 0; i < link->n; i++) {
		const SCARD_READERSTATE *state = &link->states[i];
		struct pcsc_reader *reader = &look->readers[i];

		memcpy(reader->name, link->names[i], sizeof(reader->name));
		reader->card = (state->dwCurrentState & SCARD_STATE_PRESENT) != 0;
		reader->mute = (state->dwCurrentState & SCARD_STATE_MUTE) != 0;
	}
}

/* ---- one client's connection ---------------------------------------------------------------- */

struct pcsc_link *pcsc_connect(struct pcsc_look *look)
{
	struct pcsc_link *link = calloc(1, sizeof(*link));
	LONG rv = SCARD_E_NO_MEMORY;

	memset(look, 0, sizeof(*look));
	if (link != NULL)
		rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &link->context);
	set_answer(look, rv);
	if (rv == SCARD_S_SUCCESS)
		return link;
	free(link);
	return NULL;
}

bool pcsc_wait(struct pcsc_link *link, unsigned timeout_ms, struct pcsc_look *look, bool *news)
{
	LONG rv = list_readers(link, news);

	if (rv == SCARD_S_SUCCESS) {
		rv = SCardGetStatusChange(
		    link->context, *news ? 0 : (DWORD)timeout_ms, link->states, (DWORD)link->n + 1);
		if (rv == SCARD_S_SUCCESS)
			*news |= accept_states(link);
		/* A reader went away just now: the next list is without it. */
		else if (rv == SCARD_E_UNKNOWN_READER)
			*news = true;
		if (rv == SCARD_E_UNKNOWN_READER || rv == SCARD_E_TIMEOUT)
			rv = SCARD_S_SUCCESS;
	}
	set_answer(look, rv);
	describe(link, look);
	return rv == SCARD_S_SUCCESS;
}

void pcsc_cancel(const struct pcsc_link *link)
{
	SCardCancel(link->context);
}

void pcsc_disconnect(struct pcsc_link *link)
{
	SCardReleaseContext(link->context);
	free(link);
}

/* ---- one look ------------------------------------------------------------------------------- */

struct look_job {
	struct watchdog_job base;
	struct pcsc_look look;
};

static void look_run(struct watchdog_job *base)
{
	struct pcsc_look *look = &((struct look_job *)base)->look;
	struct pcsc_link *link = pcsc_connect(look);
	bool news;

	if (link == NULL)
		return;
	pcsc_wait(link, 0, look, &news);
	pcsc_disconnect(link);
}

static void look_release(struct watchdog_job *base)
{
	free(base);
}

void pcsc_look(unsigned timeout_ms, struct pcsc_look *out)
{
	struct look_job *job = calloc(1, sizeof(*job));
	struct watchdog *dog = NULL;

	memset(out, 0, sizeof(*out));
	set_answer(out, SCARD_E_NO_MEMORY);
	if (job == NULL || watchdog_start(NULL, &dog, NULL) != ST_OK) {
		free(job);
		return;
	}
	job->base = (struct watchdog_job){.run = look_run, .release = look_release};
	if (watchdog_run(dog, timeout_ms, &job->base)) {
		*out = job->look;
		free(job);
	} else {
		pcsc_no_answer(out);
	}
	watchdog_stop(dog);
}
