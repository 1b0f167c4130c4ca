/*
 * The runbook: a migration on paper, made before and filled with what happened after.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_RUNBOOK_H
#define CTLSIGN_MIGRATE_RUNBOOK_H

#include "migrate/journal.h"

/* Everything that is told, gathered by the caller; all borrowed, strings printable. */
struct runbook_generation {
	const struct generation *generation; /* without its bytes */
	uint64_t phones;		     /* that hold it, as seen; told when there is a fleet */
	const char *const *sasts;	     /* names of its SASTs */
	size_t n_sasts;
	const char *signer;	   /* its name, short; "" when it is not known */
	int64_t before;		   /* the generation that servers had before; 0: it was the first */
	enum phone_answer trusted; /* that one has the signer as a SAST; MAYBE: not known */
};

struct runbook_command {
	const char *command; /* to be typed */
	const char *says;    /* what its first lines say; NULL: nothing to compare */
	bool done;	     /* it is known that it was: what nobody saw is for officers to tick */
};

struct runbook_step {
	const struct journal_step *step;
	const struct conditions *conditions; /* NULL: not asked */
	const struct fleet_answer *answer;   /* what phones would do; NULL: not asked */
	const struct fleet_lists *lists;     /* that the answer speaks of */
	const char *title; /* "Bridge: tokens sign, CallManager and ITLRecovery are trusted" */
	const char *const *changes; /* of the list before, a sentence each */
	size_t n_changes;
	const struct runbook_command *commands; /* in their order */
	size_t n_commands;
	const char *const *todo; /* what to restart, and the like: after the commands */
	size_t n_todo;
	const struct runbook_command *later; /* days after that, when phones have been on */
	size_t n_later;
	/* The way back, a sentence each, which may name a command: from "ctlsign " to a comma. */
	const char *const *back;
	size_t n_back;
	const struct generation *made; /* NULL: not yet */
};

struct runbook {
	const char *cluster, *release, *conf, *mode, *signing, *tokenless_signer;
	const char *config_option; /* behind every command: "" or " --config 'FILE'" */
	const char *put_away;	   /* the command that copies state and inventory; NULL: none */
	time_t now;
	const char *who;
	const struct journal *journal;		      /* NULL: no migration is under way */
	const struct journal_position *position;      /* the same */
	time_t given_up;			      /* a journal that was: when; 0: not known */
	const char *given_up_by;		      /* "": not known */
	const struct runbook_generation *generations; /* oldest first */
	size_t n_generations;
	int64_t current; /* number of the current generation; 0: none */
	const struct runbook_step *steps;
	size_t n_steps;
	const struct fleet_answer *fleet; /* NULL: no fleet */
	const char *const *models;	  /* of phones, for the samples to be looked at */
	size_t n_models;
	const char *const *hands; /* tokens and key files to have at hand, by name */
	size_t n_hands;
	const char *const *nodes; /* "cucm-pub: folder /srv/tftp" */
	size_t n_nodes;
	const char *const *warnings;
	size_t n_warnings;
};

/*
 * Appends it, as Markdown, or as one HTML file without anything from elsewhere, which prints well:
 * today's state; the plan, step by step, with commands, what must be true before, what they print,
 * checksums to compare on phones, the way back; room for signatures of officers; and a picture of
 * the chain of generations (inline SVG; in Markdown as a table).  The HTML is well-formed XML, too.
 */
void runbook_markdown(const struct runbook *runbook, struct buffer *out);
void runbook_html(const struct runbook *runbook, struct buffer *out);

/*
 * What a SAST of a generation is called: "token CN=SAST-1 (4A:21:9F)".  ORIGIN is the character
 * that is remembered of its record (enum origin).
 */
void runbook_sast_name(char origin, const struct tl_record *record, char *out, size_t size);

/* The picture alone: who trusts whom. */
void runbook_svg(const struct runbook *runbook, struct buffer *out);

#endif
