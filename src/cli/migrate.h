/*
 * What the `migrate` commands share: gathering what a plan is made of, and showing plans.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_MIGRATE_H
#define CTLSIGN_CLI_MIGRATE_H

#include "admin/cluster.h"
#include "cli/cli.h"
#include "migrate/journal.h"
#include "phone/world.h"

/* ---- gathering: migrate_gather.c --------------------------------------------------------------
 */

/* A cluster, what its phones hold, and the plan from there.  Start from all zero. */
struct migrate_view {
	struct cluster *cluster; /* borrowed, open */
	struct phone_world world;
	struct fleet_answer fleet; /* without an offer */
	struct migrate_problem problem;
	struct migrate_plan plan;
};
void migrate_view_close(struct migrate_view *view);

/*
 * Makes the plan for WISH.  PHONES_HOLD: the officer's word, or 0; a generation that never was is
 * ST_USAGE.  ST_OK whether or not there is a plan.  migrate_view_close() in any case;
 * CLUSTER has to be open until then.
 */
enum status migrate_gather(struct cluster *cluster, const struct migrate_wish *wish,
    int64_t phones_hold, struct migrate_view *out, struct error *err);

/* The digest that the next CTL of CLUSTER will have: the inventory's, else the present one. */
unsigned migrate_digest(const struct cluster *cluster);

/* What all phones would do with the CTL of one step.  Start from all zero. */
struct migrate_asked {
	struct phone_world world;
	struct phone_list offer;
	struct fleet_question question; /* borrows from both */
	struct fleet_answer answer;
};

/*
 * Asks the model what phones do with step INDEX of JOURNAL while the servers have what they have
 * now.  PHONES_HOLD: the officer's word, or 0.  migrate_asked_close() in any case.
 */
enum status migrate_ask(const struct cluster *cluster, const struct journal *journal, size_t index,
    int64_t phones_hold, struct migrate_asked *out, struct error *err);
void migrate_asked_close(struct migrate_asked *asked);

/*
 * Appends the first of the AT_RISK phones that would not surely accept the step, a line each: name,
 * model, what it holds, why; and writes all that reject it to PATH (NULL: nowhere).
 */
enum status migrate_name_lockouts(const struct migrate_asked *asked, uint64_t at_risk,
    const char *path, struct buffer *out, struct error *err);

/* ---- a migration that is under way: migrate_run.c ---------------------------------------------
 */

/* Start from all zero, with `cluster` open. */
struct migrate_run {
	struct cluster cluster;
	bool open; /* false: none is under way, and the rest is empty */
	struct journal journal;
	struct journal_position position;
	struct migrate_asked asked;   /* of the next step; only at JOURNAL_READY */
	struct conditions conditions; /* the same */
};

/* Reads the journal and finds out where it stands; the second again, after a change. */
enum status migrate_run_read(struct migrate_run *run, struct error *err);
enum status migrate_run_locate(struct migrate_run *run, struct error *err);

/*
 * At JOURNAL_READY: asks the model, and looks whether what has to be true before the next step is.
 * The officer's word is that step's said_phones_hold.
 */
enum status migrate_run_look(struct migrate_run *run, struct error *err);
void migrate_run_close(struct migrate_run *run);

/* Reads the last migration, which is over, into `journal`; its number is 0 when there was none. */
enum status migrate_run_last(struct migrate_run *run, struct error *err);

/* Phones that hold a generation or a later one, as they were seen. */
struct migrate_holders {
	bool has_fleet;
	uint64_t n, all;
};
enum status migrate_holders(const struct migrate_run *run, int64_t generation,
    struct migrate_holders *out, struct error *err);

/*
 * What is to be entered in ctlsign.conf because of JOURNAL's wish, and is not: a line in OUT; ""
 * when nothing is.
 */
void migrate_setting_due(
    const struct journal *journal, const struct inventory *inventory, char out[256]);

/* The generation of which an officer can say that all phones hold it before the next step. */
int64_t migrate_run_base(const struct migrate_run *run);

/* Keeps the journal, with an entry in the log: WHAT, in English. */
enum status migrate_run_keep(struct migrate_run *run, const char *act, const char *what,
    enum migration_state state, struct error *err);

/* What to say where no migration is under way: ST_FAILED. */
enum status migrate_none(struct error *err);

/*
 * Phone-SAST-trust: migrate_trust.c.  What the next step wants joins it before that is signed; asks
 * before unless YES, which also stands for what is to leave.  A certificate that the plan does not
 * know is refused.  What the last step that is done does not list any more leaves it only then: so
 * a step that fails, or is taken back, has taken nothing away that TVS vouches for.
 */
enum status migrate_trust_join(struct migrate_run *run, bool dry_run, bool yes, struct error *err);
enum status migrate_trust_leave(struct migrate_run *run, struct error *err);

/*
 * Somebody changed the cluster: a new plan for the same end, kept unless it is a dry run, and
 * shown: the exit code, never CLI_DONE.  PHONES_HOLD: the officer's word, or 0.  migrate_replan.c.
 */
int migrate_replan(struct migrate_run *run, int64_t phones_hold, bool json, bool dry_run);

/* ---- a plan from what was typed: migrate_begin.c ----------------------------------------------
 */

#define MIGRATE_NAMES_MAX MIGRATE_CERTIFICATES_MAX

/* An option that may be repeated. */
struct migrate_names {
	const char *list[MIGRATE_NAMES_MAX];
	size_t n;
};

/* What a command that plans was given. */
struct migrate_request {
	const struct cli_command *command;
	const char *config;
	bool plan; /* --plan: shown, and nothing begins */
	bool json;
	bool yes;
	struct cli_modules modules;
	enum migrate_end end;
	const char *signer;
	const char *callmanager, *itlrecovery; /* files */
	struct migrate_names new_tokens;       /* files or pkcs11: URIs */
	struct migrate_names remove_tokens;    /* serials */
	struct migrate_names lost_tokens;      /* serials */
	struct migrate_names foreign;	       /* files */
	bool lost_callmanager, lost_itlrecovery;
	int64_t phones_hold; /* the officer's word; 0: nothing was said */
};

enum {
	MIGRATE_OPTION_PLAN = 1400,
	MIGRATE_OPTION_JSON,
	MIGRATE_OPTION_YES,
	MIGRATE_OPTION_SIGNER,
	MIGRATE_OPTION_CALLMANAGER,
	MIGRATE_OPTION_ITLRECOVERY,
	MIGRATE_OPTION_NEW_TOKEN,
	MIGRATE_OPTION_REMOVE_TOKEN,
	MIGRATE_OPTION_LOST_TOKEN,
	MIGRATE_OPTION_LOST_KEY,
	MIGRATE_OPTION_PHONES_HOLD,
};

/* Those of every command that plans. */
#define MIGRATE_PLAN_ROWS                                                                          \
	{"plan", no_argument, NULL, MIGRATE_OPTION_PLAN},                                          \
	    {"json", no_argument, NULL, MIGRATE_OPTION_JSON},                                      \
	    {"yes", no_argument, NULL, MIGRATE_OPTION_YES},                                        \
	    {"phones-hold", required_argument, NULL, MIGRATE_OPTION_PHONES_HOLD},                  \
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,                                            \
	{                                                                                          \
		NULL, 0, NULL, 0                                                                   \
	}

/* The lines of --help that explain them. */
extern const char migrate_plan_usage[];

/*
 * Reads the options of OPTIONS into REQUEST; what is left of argv stands from optind on.  False
 * when the command has to end, with its exit code in *RC.
 */
bool migrate_take_options(
    struct migrate_request *request, const struct option *options, int argc, char **argv, int *rc);

/* Plans, shows it, and begins the migration unless --plan was given: the exit code. */
int migrate_begin(struct migrate_request *request);

/* What REQUEST wants, in the terms of the planner: migrate_wish.c. */
enum status migrate_wish_make(const struct migrate_request *request, const struct cluster *cluster,
    struct migrate_wish *out, struct error *err);

/* ---- showing: migrate_print.c, migrate_json.c --------------------------------------------------
 */

/* A plan, and its place in a journal; all borrowed. */
struct migrate_shown {
	const struct migrate_view *view;
	const struct journal *journal;
	size_t first;			  /* step of the journal that the plan begins with */
	const struct conditions *before;  /* of that step; NULL: not asked */
	const struct fleet_answer *asked; /* what phones do with it; NULL: not asked */
	bool older; /* it is needed only for phones that may hold an older CTL */
};

/* Columns that a plan is folded to: 72, or fewer where the terminal FD is narrower. */
size_t migrate_width(int fd);

/* Appends the whole plan. */
void migrate_put_plan(const struct migrate_shown *shown, size_t width, struct buffer *out);

/* Why there is none, whom to visit, and what would lock out the fewest. */
void migrate_put_no_plan(const struct migrate_shown *shown, size_t width, struct buffer *out);

/* The same plan as JSON, keys as in ctlsign-migrate-tokenless(1). */
json_t *migrate_plan_json(const struct migrate_shown *shown);

/* Conditions, a line or two each, with what to do about those that are not met. */
void migrate_put_conditions(const struct conditions *conditions, size_t width, struct buffer *out);
json_t *migrate_conditions_json(const struct conditions *conditions);

/*
 * Whether the first step of VIEW's plan is there only for phones that may hold an older CTL: if all
 * held the present one, the plan would be shorter.
 */
enum status migrate_asks_older(const struct migrate_view *view, const struct migrate_wish *wish,
    bool *older, struct error *err);

/* Phones by what they do with one step of the plan. */
struct migrate_outcomes {
	uint64_t phones[N_PHONE_OUTCOMES];
	size_t groups[N_PHONE_OUTCOMES]; /* how many groups: without a fleet they have no phones */
};

/*
 * Of step INDEX of the plan: the first meets phones as they are, each later one the one before.
 * Each phone counts once; those that the problem leaves out do not.
 */
void migrate_outcomes(
    const struct migrate_shown *shown, size_t index, struct migrate_outcomes *out);

/* ---- lines: migrate_lines.c -------------------------------------------------------------------
 */

/* Appends LABEL, and TEXT beside it, folded; LABEL "" goes on under it. */
void migrate_put_row(struct buffer *out, size_t width, const char *label, const char *text);

/* The same with every line of LINES, blanks before them left out; only the first has LABEL. */
void migrate_put_rows(struct buffer *out, size_t width, const char *label, struct buffer *lines);

/* LINES as an array of strings. */
json_t *migrate_lines_json(struct buffer *lines);

/* "tokenless", "tokens", ... for people. */
const char *migrate_end_word(enum migrate_end end);

#endif
