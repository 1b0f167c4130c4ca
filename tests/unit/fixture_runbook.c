/*
 * A migration that never was, and looks at what was written of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_runbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- data --------------------------------------------------------------------------------------
 */

struct journal journal;
struct journal_position position;
struct generation generations[4];
struct runbook_generation told[4];
struct runbook_step steps[3];
struct conditions conditions;
static struct fleet_answer fleet;
struct runbook runbook;
struct buffer out;

static const char *const sasts[] = {"token CN=SAST-1 (4A:21)", "token CN=SAST-2 (4B:22)"};
static const char *const changes[] = {"adds CallManager (5C:01)"};
static const char *const todo[] = {"restart TFTP on: cucm-pub"};
static const char *const back[] = {"take it back before phones have it",
    "after that: ctlsign rollback 3 --token TOKEN, with token CN=SAST-1, whom phones know"};
static const struct runbook_command later[] = {{"ctlsign phones check", NULL, false}};
static const struct runbook_command commands[] = {
    {"ctlsign migrate next", "Generation 4 is signed by", false}, {"ctlsign nodes", NULL, false}};
static const char *const nodes[] = {"cucm-pub: /srv/tftp"};
static const char *const hands[] = {"token CN=SAST-1 (4A:21) signs step 1"};
static const char *const models[] = {"Cisco 7940"};
static const char *const warnings[] = {"certificate of cucm-sub1 ends in 3 days"};

static char md5[] = "d41d8cd98f00b204e9800998ecf8427e";
static char sha1[] = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
static char signer[] = "token 'SAST-1' (serial 4a21)", who[] = "anna (uid 1000) on host adm1";

void make_generation(size_t index, int64_t number, enum generation_state state)
{
	generations[index] = (struct generation){.number = number,
	    .state = state,
	    .made = 1700000000 + number,
	    .md5 = md5,
	    .sha1 = sha1,
	    .signer = signer,
	    .who = who};
	told[index] = (struct runbook_generation){.generation = &generations[index],
	    .phones = (uint64_t)number * 100,
	    .sasts = sasts,
	    .n_sasts = 2,
	    .signer = "token CN=SAST-1 (4A:21)",
	    .before = number - 1,
	    .trusted = PHONE_YES};
}

static void make_step(size_t index, migrate_set set, int by, const char *title)
{
	journal.steps[index].list = (struct migrate_list){.sasts = set, .signer = by};
	steps[index] = (struct runbook_step){.step = &journal.steps[index],
	    .title = title,
	    .changes = changes,
	    .n_changes = 1,
	    .commands = commands,
	    .n_commands = 2,
	    .todo = todo,
	    .n_todo = 1,
	    .later = later,
	    .n_later = 1,
	    .back = back,
	    .n_back = 2};
}

static void make_condition(
    const char *code, enum condition_state state, const char *text, const char *what)
{
	struct condition *condition = &conditions.list[conditions.n++];

	condition->code = code;
	condition->state = state;
	snprintf(condition->text, sizeof(condition->text), "%s", text);
	snprintf(condition->todo, sizeof(condition->todo), "%s", what);
}

/* Generation 3 is in use; two steps, of which none is done. */
void runbook_fixture_make(void)
{
	static struct journal_sast known[3];

	setenv("TZ", "UTC", 1);
	journal = (struct journal){.number = 1, .base = 3, .begun = 1700000100, .who = "anna"};
	journal.wish.end = MIGRATE_TOKENLESS;
	snprintf(known[0].name, sizeof(known[0].name), "token CN=SAST-1 (4A:21)");
	snprintf(known[1].name, sizeof(known[1].name), "CallManager (5C:01)");
	snprintf(known[2].name, sizeof(known[2].name), "ITLRecovery (6D:02)");
	journal.sasts = known;
	journal.n_sasts = 3;
	journal.n_steps = 2;
	journal.from.sasts = journal.now.sasts = 1;
	make_step(0, 7, 0, "Bridge: signed by a token");
	make_step(1, 6, 1, "Tokenless: signed by CallManager");
	position = (struct journal_position){.place = JOURNAL_READY};
	for (size_t i = 0; i < 4; i++)
		make_generation(i, (int64_t)i + 1, GENERATION_DONE);
	conditions = (struct conditions){.ready = false};
	make_condition("published", CONDITION_MET, "generation 3 is on all servers", "publish it");
	make_condition(
	    "phones-hold", CONDITION_NOT_MET, "12 phones do not hold it", "wait for them");
	steps[0].conditions = steps[1].conditions = &conditions;
	fleet = (struct fleet_answer){
	    .has_fleet = true, .n = 312, .behind = 12, .oldest = 1700000200, .newest = 1700000300};
	runbook = (struct runbook){.cluster = "lab",
	    .release = "12.5(1)",
	    .conf = "ctlsign.conf",
	    .mode = "mixed",
	    .signing = "tokens",
	    .tokenless_signer = "CallManager",
	    .config_option = "",
	    .put_away = "cp -p state.db ctlsign.conf FOLDER/",
	    .now = 1700000400,
	    .who = "bert",
	    .journal = &journal,
	    .position = &position,
	    .generations = told,
	    .n_generations = 3,
	    .current = 3,
	    .steps = steps,
	    .n_steps = 2,
	    .fleet = &fleet,
	    .models = models,
	    .n_models = 1,
	    .hands = hands,
	    .n_hands = 1,
	    .nodes = nodes,
	    .n_nodes = 1,
	    .warnings = warnings,
	    .n_warnings = 1};
	buffer_reset(&out);
}

/* ---- looks -------------------------------------------------------------------------------------
 */

bool has(const char *text)
{
	const char *all = buffer_text(&out);
	const bool there = all != NULL && strstr(all, text) != NULL;

	if (!there)
		printf("# not there: %s\n", text);
	return there;
}

bool has_not(const char *text)
{
	const char *all = buffer_text(&out);
	const bool there = all == NULL || strstr(all, text) != NULL;

	if (there)
		printf("# there: %s\n", text);
	return !there;
}

size_t count(const char *text)
{
	const char *at = buffer_text(&out);
	size_t n = 0;

	for (; at != NULL && (at = strstr(at, text)) != NULL; at += strlen(text))
		n++;
	return n;
}

bool in_order(const char *const *texts, size_t n)
{
	const char *at = buffer_text(&out);

	for (size_t i = 0; i < n; i++) {
		at = at != NULL ? strstr(at, texts[i]) : NULL;
		if (at == NULL) {
			printf("# not there, or not behind the one before: %s\n", texts[i]);
			return false;
		}
		at += strlen(texts[i]);
	}
	return true;
}

/* Whether every element of the HTML or SVG is closed in its order. */
bool is_balanced(void)
{
	static char open[64][32];
	const char *at = buffer_text(&out);
	size_t depth = 0;

	while (at != NULL && (at = strchr(at, '<')) != NULL) {
		const char *end = strchr(at, '>');
		const bool closes = at[1] == '/';
		char name[32];

		if (end == NULL || depth >= 64)
			return false;
		snprintf(name, sizeof(name), "%.*s",
		    (int)strcspn(at + 1 + (closes ? 1 : 0), " />\n"), at + 1 + (closes ? 1 : 0));
		if (closes && (depth == 0 || strcmp(open[--depth], name) != 0)) {
			printf("# </%s> closes nothing\n", name);
			return false;
		}
		if (!closes && at[1] != '!' && end[-1] != '/')
			snprintf(open[depth++], sizeof(open[0]), "%s", name);
		at = end;
	}
	return depth == 0;
}
