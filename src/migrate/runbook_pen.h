/*
 * What the runbook is written with: the same content by a pen for Markdown or one for HTML.  And
 * the content's parts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_RUNBOOK_PEN_H
#define CTLSIGN_MIGRATE_RUNBOOK_PEN_H

#include "migrate/runbook.h"

enum runbook_mark {
	RUNBOOK_POINT, /* a list's item */
	RUNBOOK_OPEN,  /* with a box to be ticked */
};

/* Every pen escapes the text that it is given. */
struct runbook_pen {
	void (*begin)(struct buffer *out, const char *title);
	void (*end)(struct buffer *out);
	void (*page)(struct buffer *out); /* what follows begins on a new page */
	void (*heading)(struct buffer *out, unsigned level, const char *text); /* from 1 */
	void (*paragraph)(struct buffer *out, const char *text);
	void (*list)(struct buffer *out);
	void (*item)(struct buffer *out, enum runbook_mark mark, const char *text);
	void (*list_end)(struct buffer *out);
	void (*command)(struct buffer *out, const struct runbook_command *command);
	void (*table)(struct buffer *out, const char *const *heads, size_t n);
	void (*row)(struct buffer *out, const char *const *cells, size_t n);
	void (*table_end)(struct buffer *out);
	void (*line)(struct buffer *out, const char *label); /* with room to write on */
	void (*picture)(struct buffer *out, const struct runbook *runbook);
};

/* Text between tags or in a quoted attribute: HTML and XML, without bytes that XML forbids. */
void runbook_escape_html(struct buffer *out, const char *text);

/* Text of one line that Markdown leaves alone, also at a line's beginning and in a table. */
void runbook_escape_markdown(struct buffer *out, const char *text);

/* All of it. */
void runbook_write(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);

/* ---- its parts ------------------------------------------------------------------------------- */

/* Today's state, phones, warnings. */
void runbook_put_state(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);

/* The generations with their checksums. */
void runbook_put_generations(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);

/* What to have at hand. */
void runbook_put_before(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);

/* Step INDEX, on pages of its own. */
void runbook_put_step(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out);

/* Samples of phones to be looked at, what to do when it goes wrong, signatures. */
void runbook_put_samples(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);
void runbook_put_wrong(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);
void runbook_put_signatures(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out);

/* Whether the migration was given up: only its steps that were signed are told then. */
bool runbook_is_given_up(const struct runbook *runbook);
bool runbook_step_is_told(const struct runbook *runbook, size_t index);

/* The way back from step INDEX: what it says, with its commands to be typed. */
void runbook_put_back(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out);

/* COMMAND with the runbook's --config, to be typed; what it says is not compared. */
void runbook_put_command(const struct runbook_pen *pen, const struct runbook *runbook,
    const char *command, struct buffer *out);

/* ---- words ------------------------------------------------------------------------------------
 */

/* A hex checksum as people compare it: "9f86 d081 ...", in groups of four. */
void runbook_put_checksum(struct buffer *out, const char *hex);

/* "done", "current", "signed, not on all servers yet", "taken back": translated. */
const char *runbook_state_word(const struct runbook *runbook, const struct generation *generation);

/* Where step INDEX stands: "done", "pending", "next", "planned": translated. */
const char *runbook_step_word(const struct runbook *runbook, size_t index);

/* Whether step INDEX is signed and on all servers; whether it is signed at all. */
bool runbook_step_is_done(const struct runbook *runbook, size_t index);
bool runbook_step_is_signed(const struct runbook *runbook, size_t index);

/* ---- the chain, for picture and table -------------------------------------------------------- */

#define RUNBOOK_LINKS_MAX  18
#define RUNBOOK_LINK_SASTS 32

enum runbook_look { RUNBOOK_IN_USE, RUNBOOK_PENDING, RUNBOOK_PLANNED, RUNBOOK_TAKEN_BACK };

/* A generation that is, or is to come. */
struct runbook_link {
	enum runbook_look look;
	char name[64];			       /* "Generation 3", "Step 2" */
	const char *state;		       /* in a word */
	char arrow[384];		       /* "signed by X, whom generation 2 trusts" */
	const char *sasts[RUNBOOK_LINK_SASTS]; /* borrowed */
	size_t n_sasts;
	char phones[96]; /* "812 phones hold it"; "" when nobody knows */
};

/* In their order, the newest ones when there are more than fit; returns their number. */
size_t runbook_chain(const struct runbook *runbook, struct runbook_link links[RUNBOOK_LINKS_MAX]);

#endif
