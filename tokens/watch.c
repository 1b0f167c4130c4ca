/*
 * Waits for tokens to come and go: see the watch in tokens.h.
 *
 * News from the Smart Card service mean that every module is read.  One that does not have what the
 * service has is read a few times more, because it may see a card a good while later; no other,
 * because OpenSC 0.23 may hang when it asks a card that is being pulled.  Modules with slots that
 * the service knows nothing of are read again every POLL_MS.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/pcsc_watch.h"
#include "tokens/reader_slots.h"
#include "tokens/watch_known.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Half a second is promised, and reading takes time too. */
#define POLL_MS 300

/* When modules are read after news, in milliseconds since then. */
static const int after_news[] = {0, 60, 150, 300, 500, 750, 1000};

#define N_READINGS (sizeof(after_news) / sizeof(after_news[0]))

struct watched_module {
	bool polled;
	int64_t due;	  /* when it is polled next */
	size_t n_slots;	  /* when it was last seen with any */
	size_t n_readers; /* of them */
};

struct token_watch {
	struct tokens *tokens;
	struct pcsc_watch *pcsc;
	struct pcsc_look service;
	struct reader_names readers;
	struct watched_module *modules;
	unsigned drops; /* of the snapshot that is known */

	int64_t news;	/* when there were news */
	size_t reading; /* which reading after them is next; N_READINGS: none */
	bool woken;	/* a reading was broken off: all is read again */
	bool unknown;	/* what changed has not been compared with what is known */

	struct watch_known known;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void begin_readings(struct token_watch *watch, int64_t now)
{
	watch->news = now;
	watch->reading = 0;
}

/* Finds out whether the module must be polled: not when the service tells of all its slots. */
static enum status classify(struct token_watch *watch, size_t module, struct error *err)
{
	struct watched_module *w = &watch->modules[module];
	struct error ignored;
	size_t n_slots, n_readers;
	enum status status;

	status = reader_slots_count(
	    watch->tokens->modules[module], &watch->readers, &n_slots, &n_readers, &ignored);
	if (status == ST_NO_MEMORY)
		return error_no_memory(err);
	if (status == ST_OK && n_slots > 0) {
		w->n_slots = n_slots;
		w->n_readers = n_readers;
	}
	w->polled = status != ST_OK || w->n_slots == 0 || w->n_readers < w->n_slots;
	return ST_OK;
}

/* Whether the service has a card that answers in the reader. */
static bool has_card(const struct pcsc_look *service, const char *name)
{
	for (size_t i = 0; i < service->n_readers; i++)
		if (strcmp(service->readers[i].name, name) == 0)
			return service->readers[i].card && !service->readers[i].mute;
	return false;
}

static bool has_token(const struct module_snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->n; i++)
		if (reader_slot_is(name, &snapshot->list[i]->slot_raw))
			return true;
	return false;
}

/* Whether the module has a token where the service has a card, and nowhere else. */
static bool is_settled(const struct token_watch *watch, size_t module)
{
	const struct tokens *tokens = watch->tokens;
	const struct watched_module *w = &watch->modules[module];

	if (watchdog_is_stuck(tokens->modules[module]->dog))
		return true;
	if (known_in_doubt(&watch->known, tokens, tokens->modules[module]))
		return false;
	if (tokens->snapshots == NULL || (w->n_slots > 0 && w->n_readers == 0))
		return true;
	for (size_t i = 0; i < watch->readers.n; i++) {
		const char *name = watch->readers.list[i];

		if (has_card(&watch->service, name) != has_token(&tokens->snapshots[module], name))
			return false;
	}
	return true;
}

/* Takes the news of the service. */
static enum status take_news(struct token_watch *watch, int64_t now, struct error *err)
{
	if (!pcsc_watch_take(watch->pcsc, &watch->service))
		return ST_OK;
	begin_readings(watch, now);
	return reader_names_add(&watch->readers, &watch->service) == ST_OK ? ST_OK
									   : error_no_memory(err);
}

enum reading { NO_READING, OF_UNSETTLED, OF_ALL };

/* Which reading after news is due; it counts as done then, as do those that were missed. */
static enum reading take_reading(struct token_watch *watch, int64_t now)
{
	const size_t before = watch->reading;

	while (watch->reading < N_READINGS && watch->news + after_news[watch->reading] <= now)
		watch->reading++;
	if (watch->reading == before)
		return NO_READING;
	return before == 0 ? OF_ALL : OF_UNSETTLED;
}

/* No more readings when no module needs one. */
static void end_readings(struct token_watch *watch)
{
	for (size_t i = 0; i < watch->tokens->n_modules; i++)
		if (!is_settled(watch, i))
			return;
	watch->reading = N_READINGS;
}

static enum status read_one(
    struct token_watch *watch, size_t module, bool with_slots, bool *changed, struct error *err)
{
	struct watched_module *w = &watch->modules[module];
	const struct watchdog *dog = watch->tokens->modules[module]->dog;
	enum status status;
	bool differs;

	status = snapshot_read(watch->tokens, module, &differs, err);
	*changed |= differs;
	if (status == ST_OK && (with_slots || w->n_slots == 0) && !watchdog_is_stuck(dog) &&
	    !watchdog_was_woken(dog))
		status = classify(watch, module, err);
	watch->woken |= watchdog_was_woken(dog);
	w->due = now_ms() + POLL_MS;
	return status;
}

/* Reads the modules that are due. */
static enum status read_modules(
    struct token_watch *watch, enum reading reading, bool *changed, struct error *err)
{
	enum status status = ST_OK;

	for (size_t i = 0; i < watch->tokens->n_modules && status == ST_OK; i++) {
		const struct watched_module *w = &watch->modules[i];
		const bool due =
		    reading == OF_ALL || (reading == OF_UNSETTLED && !is_settled(watch, i));

		if (watchdog_is_stuck(watch->tokens->modules[i]->dog))
			continue;
		if (due || (w->polled && w->due <= now_ms()))
			status = read_one(watch, i, due, changed, err);
	}
	return status;
}

/* ---- the watch ------------------------------------------------------------------------------ */

/* Reads what is due, and finds the events and problems in it. */
static enum status look(struct token_watch *watch, struct error *err)
{
	const struct tokens *tokens = watch->tokens;
	struct watch_known *known = &watch->known;
	bool was_dropped, settled, changed = false;
	enum reading reading;
	enum status status = take_news(watch, now_ms(), err);

	if (status != ST_OK)
		return status;
	was_dropped = watch->drops != tokens->drops;
	reading = take_reading(watch, now_ms());
	if (was_dropped)
		reading = OF_ALL;
	status = read_modules(watch, reading, &changed, err);
	if (status != ST_OK)
		return status;
	changed |= watch->unknown;
	watch->unknown = watch->woken && changed;
	if (watch->woken) {
		begin_readings(watch, now_ms());
		return ST_OK;
	}
	watch->drops = tokens->drops;
	/* A problem may pass: it is looked at again before it is told. */
	if (changed && watch->reading == N_READINGS && known_in_doubt(known, tokens, NULL)) {
		begin_readings(watch, now_ms());
		watch->reading = 1;
	}
	if (reading != NO_READING)
		end_readings(watch);
	settled = reading != NO_READING && watch->reading == N_READINGS;
	if (settled)
		status = known_tell_problems(known, tokens);
	if (status == ST_OK && (settled || changed || was_dropped))
		status = known_compare(known, tokens);
	return status == ST_OK ? ST_OK : error_no_memory(err);
}

/* When something is to be done next without news; INT64_MAX: never. */
static int64_t next_due(const struct token_watch *watch)
{
	int64_t due = INT64_MAX;

	if (watch->reading < N_READINGS)
		due = watch->news + after_news[watch->reading];
	for (size_t i = 0; i < watch->tokens->n_modules; i++) {
		const struct watched_module *w = &watch->modules[i];

		if (w->polled && w->due < due && !watchdog_is_stuck(watch->tokens->modules[i]->dog))
			due = w->due;
	}
	return due;
}

/* False when the wait is to end: WAKE_FD can be read, or a signal was caught. */
static bool sleep_until(const struct token_watch *watch, int64_t until, int wake_fd)
{
	struct pollfd fds[2] = {{.fd = pcsc_watch_fd(watch->pcsc), .events = POLLIN},
	    {.fd = wake_fd, .events = POLLIN}};
	int64_t ms = until - now_ms();

	if (until == INT64_MAX)
		ms = -1;
	else if (ms < 0)
		ms = 0;
	else if (ms > INT_MAX)
		ms = INT_MAX;
	return poll(fds, 2, (int)ms) >= 0 && fds[1].revents == 0;
}

/* What ends a wait for a module, too. */
static void wake_by(const struct token_watch *watch, int wake_fd)
{
	for (size_t i = 0; i < watch->tokens->n_modules; i++)
		watchdog_wake_by(watch->tokens->modules[i]->dog, wake_fd);
}

enum status token_watch_wait(struct token_watch *watch, int timeout_ms, int wake_fd,
    const struct token_event **events, size_t *n, struct error *err)
{
	const int64_t end = timeout_ms < 0 ? INT64_MAX : now_ms() + timeout_ms;
	enum status status;
	int64_t due;

	known_forget_news(&watch->known);
	wake_by(watch, wake_fd);
	watch->woken = false;
	*n = 0;
	for (;;) {
		status = look(watch, err);
		if (status != ST_OK || watch->woken || watch->known.n_events > 0 ||
		    watch->known.problems.n > 0)
			break;
		due = next_due(watch);
		if (now_ms() >= end || !sleep_until(watch, due < end ? due : end, wake_fd))
			break;
	}
	wake_by(watch, -1);
	*events = watch->known.events;
	*n = status == ST_OK ? watch->known.n_events : 0;
	return status;
}

size_t token_watch_problem_count(const struct token_watch *watch)
{
	return watch->known.problems.n;
}

const struct error *token_watch_problem_at(const struct token_watch *watch, size_t index)
{
	return &watch->known.problems.list[index];
}

void token_watch_close(struct token_watch *watch)
{
	if (watch == NULL)
		return;
	pcsc_watch_stop(watch->pcsc);
	known_free(&watch->known);
	reader_names_free(&watch->readers);
	free(watch->modules);
	free(watch);
}

enum status token_watch_open(struct tokens *tokens, struct token_watch **out, struct error *err)
{
	struct token_watch *watch = calloc(1, sizeof(*watch));
	enum status status;

	if (watch == NULL)
		return error_no_memory(err);
	watch->tokens = tokens;
	watch->reading = N_READINGS;
	watch->drops = tokens->drops;
	watch->modules = calloc(tokens->n_modules + 1, sizeof(*watch->modules));
	status = known_begin(&watch->known, tokens);
	if (status != ST_OK || watch->modules == NULL)
		status = error_no_memory(err);
	/* Until the service has said which slots are readers. */
	for (size_t i = 0; status == ST_OK && i < tokens->n_modules; i++)
		watch->modules[i] =
		    (struct watched_module){.polled = true, .due = now_ms() + POLL_MS};
	if (status == ST_OK)
		status = pcsc_watch_start(&watch->pcsc, err);
	if (status != ST_OK) {
		token_watch_close(watch);
		return status;
	}
	*out = watch;
	return ST_OK;
}
