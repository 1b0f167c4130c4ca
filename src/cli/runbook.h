/*
 * Gathering what `ctlsign runbook` tells.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_RUNBOOK_H
#define CTLSIGN_CLI_RUNBOOK_H

#include "admin/cluster.h"
#include "cli/migrate.h"
#include "migrate/runbook.h"
#include "phone/world.h"

/* Owned strings.  Start from all zero. */
struct runbook_lines {
	const char **list;
	size_t n;
};
void runbook_lines_free(struct runbook_lines *lines);

/* A copy of TEXT. */
enum status runbook_lines_add(struct runbook_lines *lines, const char *text, struct error *err);

/* Every line of TEXT without the blanks around it; empty ones are left out. */
enum status runbook_lines_split(
    struct runbook_lines *lines, struct buffer *text, struct error *err);

/* What a step is made of. */
struct runbook_step_parts {
	struct migrate_asked asked;
	struct conditions conditions;
	struct buffer title;
	struct runbook_lines changes, todo, back;
	struct runbook_lines typed; /* the commands */
	struct runbook_lines says;
	struct runbook_command commands[8];
	struct runbook_command later[4];
};

/* Everything, and what it is gathered from.  Start from all zero. */
struct runbook_view {
	struct cluster cluster;
	struct phone_world world;
	struct fleet_answer fleet;
	struct journal journal;
	bool has_journal;
	struct journal_position position;

	struct generation *generations; /* of the history */
	struct runbook_generation *told;
	struct runbook_lines *sasts; /* of each */
	struct runbook_lines signers;
	size_t n_generations;

	struct runbook_step_parts parts[MIGRATE_STEPS_MAX];
	struct runbook_step steps[MIGRATE_STEPS_MAX];

	struct runbook_lines hands, nodes, warnings, models, words;
	char who[256];
	char given_up_by[256];
	struct runbook runbook;
};
/* Frees it, and closes its cluster. */
void runbook_view_close(struct runbook_view *view);

/*
 * Gathers it all into VIEW, whose cluster is open.  CONFIG: the inventory as it was named, NULL
 * when it was found by itself.  Whatever came of it, runbook_view_close().
 */
enum status runbook_gather(struct runbook_view *view, const char *config, struct error *err);

/* The generations of the history, who signed them, and how many phones hold each. */
enum status runbook_gather_history(struct runbook_view *view, struct error *err);

/* The steps of the migration; after the history. */
enum status runbook_gather_steps(struct runbook_view *view, struct error *err);

/* Tokens and keys, servers, models of phones. */
enum status runbook_gather_hands(struct runbook_view *view, struct error *err);
enum status runbook_gather_nodes(struct runbook_view *view, struct error *err);
enum status runbook_gather_models(struct runbook_view *view, struct error *err);

#endif
