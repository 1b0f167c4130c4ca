/*
 * A cluster to publish on, for tests: targets that stand in memory, whose every call can go wrong.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_PUBLISH_H
#define CTLSIGN_TESTS_FIXTURE_PUBLISH_H

#include "cluster/inventory.h"
#include "publish/rows.h"
#include "store/store.h"

/* How a call goes wrong. */
enum fixture_wrong {
	FIXTURE_REFUSES,     /* nothing is done, ST_IO */
	FIXTURE_LOSES,	     /* it is done, and the answer does not come: ST_IO */
	FIXTURE_HANGS,	     /* nothing is done until it is interrupted */
	FIXTURE_DOWN_BEFORE, /* as FIXTURE_REFUSES, and so are all later calls */
	FIXTURE_DOWN_AFTER,  /* as FIXTURE_LOSES, and all later calls are refused */
};
#define FIXTURE_N_WRONG 5

/* Everything starts anew: an empty state, an empty memory, the publisher alone in the inventory. */
void fixture_publish_begin(void);
void fixture_publish_end(void);

struct inventory *fixture_publish_inventory(void);
struct store *fixture_publish_store(void); /* opened for changing */

/* Closes the state, as before a fork; opens it again, as another run would. */
void fixture_publish_close(void);
void fixture_publish_reopen(void);

/* Adds a target or a URL to what has DELIVER or VERIFY.  A text that begins with "https:" is a CTL
 * Provider's, which is told the mode; one that begins with "/" a directory. */
void fixture_publish_target(struct inventory_targets *deliver, const char *text);
void fixture_publish_url(struct inventory_urls *verify, const char *text);
void fixture_publish_phone(const char *mac);

/* COUNT subscribers, each with a target "mem:sub1", "mem:sub2", ... of its own. */
void fixture_publish_subscribers(unsigned count);

/* A current generation with the bytes CTL (its file written and, with EVERYWHERE, on all targets),
 * in MODE; then a pending one in phase SIGNED. */
void fixture_publish_current(const char *ctl, int mode, bool everywhere);
void fixture_publish_pending(const char *ctl, int mode);

/* From the beginning: the publisher ("mem:pub") and COUNT subscribers with targets, "CTL 1" current
 * everywhere, "CTL 2" pending.  And the end, before which the audit log has to be whole. */
void fixture_publish_two(unsigned count);
void fixture_publish_end_whole(struct publish_result *result);

/* The numbers of the generations that are so; 0: none is. */
int64_t fixture_publish_current_number(void);
int64_t fixture_publish_pending_number(void);

/* The request and the means over this memory; URLs "http://TARGET" show what TARGET holds. */
const struct publish_request *fixture_publish_request(void);
const struct publish_means *fixture_publish_means(void);
void fixture_publish_timeout(unsigned ms);

/* Fails the test, and prints ERR, when ST is not the EXPECTED one. */
void fixture_publish_expect(enum status st, enum status expected, const struct error *err);

/* publish_run_by() and so on. */
enum status fixture_publish_run(struct publish_result *out, struct error *err);
enum status fixture_publish_back(struct publish_result *out, struct error *err);

/* What TARGET has under NAME; NULL: nothing.  Set it, or remove it with NULL. */
const char *fixture_publish_holds(const char *target, const char *name);
void fixture_publish_put(const char *target, const char *name, const char *text);
void fixture_publish_put_bytes(const char *target, const char *name, struct bytes data);
int fixture_publish_mode(const char *target);	 /* -1: never told */
size_t fixture_publish_staged(void);		 /* files on all targets */
bool fixture_publish_all_hold(const char *text); /* their CTLFile.tlv; NULL: none has it */

/* The CTL file of this machine; NULL: there is none. */
const char *fixture_publish_ctl_file(void);

/* The call number OP (from 0) of TARGET goes wrong; calls are counted anew. */
void fixture_publish_wrong(const char *target, unsigned op, enum fixture_wrong wrong);
void fixture_publish_heal(void);
unsigned fixture_publish_calls(const char *target); /* since the last of the two above */

/* What a URL answers instead; NULL: what its target holds. */
void fixture_publish_phones_get(const char *text);

/* The phase of the journal, and its files. */
enum delivery_phase fixture_publish_phase(size_t *n_files);

/* The most targets that were at work at the same time. */
unsigned fixture_publish_most_at_once(void);

/* The row of TARGET; fails the test when there is none. */
const struct publish_row *fixture_publish_row(
    const struct publish_result *result, const char *target);

#endif
