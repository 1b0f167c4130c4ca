/*
 * Answers the simulator: a question a line on standard input, an answer a line on standard output,
 * both JSON.  It only turns questions into calls of the phone model and of the planner, so that
 * what is answered is theirs.
 *
 *   {"judge": {"lists": [LIST...], "new": I, "server": I|-1, "trust": ["CERTIFICATE"...],
 *     "tvs": true, "phones": [{"family": FAMILY|null, "ctl": "unknown|none|list|other", "list": I,
 *     "itl": "no|yes|maybe"}...]}}
 *   {"plan": PROBLEM}      see read_problem() in problem.c
 *
 * With --break=RULE it answers wrong on purpose: the simulator has to find it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const break_names[N_BREAKS] = {
    [BREAK_NOTHING] = "",
    [BREAK_TVS] = "tvs",
    [BREAK_LIMITS] = "limits",
    [BREAK_KEY] = "key",
    [BREAK_UNKNOWN] = "unknown",
    [BREAK_REASON] = "reason",
    [BREAK_ANCHORS] = "anchors",
    [BREAK_LONGER] = "longer",
    [BREAK_NONE] = "none",
    [BREAK_VISIT] = "visit",
};

_Noreturn void driver_die(const char *what)
{
	fprintf(stderr, "driver: %s\n", what);
	exit(2);
}

/* ---- what is in a question ------------------------------------------------------------------- */

json_t *member(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (value == NULL) {
		fprintf(stderr, "driver: no member '%s'\n", name);
		exit(2);
	}
	return value;
}

long long number(json_t *object, const char *name)
{
	json_t *value = member(object, name);

	if (!json_is_integer(value))
		driver_die(name);
	return json_integer_value(value);
}

static struct bytes text(json_t *value)
{
	if (!json_is_string(value))
		driver_die("a string was expected");
	return (struct bytes){(const uint8_t *)json_string_value(value), json_string_length(value)};
}

/* Strings are borrowed from the question. */
struct phone_anchor read_anchor(json_t *from)
{
	struct phone_anchor anchor;

	anchor.issuer = text(json_array_get(from, 0));
	anchor.issuer.len++; /* with its NUL, as stored */
	anchor.serial = text(json_array_get(from, 1));
	anchor.key = text(json_array_get(from, 2));
	anchor.certificate = text(json_array_get(from, 3));
	return anchor;
}

static struct bytes *read_certificates(json_t *from, size_t *n)
{
	struct bytes *all = calloc(json_array_size(from) + 1, sizeof(*all));

	if (all == NULL)
		driver_die("no memory");
	*n = json_array_size(from);
	for (size_t i = 0; i < *n; i++)
		all[i] = text(json_array_get(from, i));
	return all;
}

static void read_list(json_t *from, struct phone_list *out)
{
	json_t *sasts = member(from, "sasts");

	memset(out, 0, sizeof(*out));
	snprintf(out->md5, sizeof(out->md5), "%s", json_string_value(member(from, "md5")));
	snprintf(out->sha1, sizeof(out->sha1), "%s", json_string_value(member(from, "sha1")));
	out->size = (size_t)number(from, "size");
	out->digest = (unsigned)number(from, "digest");
	out->key_bits = (unsigned)number(from, "key_bits");
	out->valid = json_is_true(member(from, "valid"));
	out->signer = read_anchor(member(from, "signer"));
	out->n_sasts = json_array_size(sasts);
	out->sasts = calloc(out->n_sasts + 1, sizeof(*out->sasts));
	if (out->sasts == NULL)
		driver_die("no memory");
	for (size_t i = 0; i < out->n_sasts; i++)
		out->sasts[i] = read_anchor(json_array_get(sasts, i));
	out->certificates = read_certificates(member(from, "certificates"), &out->n_certificates);
}

enum phone_answer read_answer(json_t *from)
{
	const char *word = json_string_value(from);

	if (word != NULL && strcmp(word, "no") == 0)
		return PHONE_NO;
	if (word != NULL && strcmp(word, "yes") == 0)
		return PHONE_YES;
	return PHONE_MAYBE;
}

/* NULL when the question has none. */
const struct phone_family *read_family(json_t *from, struct phone_family *out)
{
	json_t *digests;

	if (!json_is_object(from))
		return NULL;
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "a family");
	out->security_by_default = read_answer(member(from, "sbd"));
	out->largest_key = (unsigned)number(from, "largest_key");
	digests = member(from, "digests");
	for (size_t i = 1; i < sizeof(out->digests) / sizeof(out->digests[0]); i++)
		out->digests[i] = read_answer(json_array_get(digests, i - 1));
	return out;
}

enum phone_holds read_holds(json_t *from)
{
	static const char *const words[] = {"unknown", "none", "list", "other"};

	for (int i = 0; i < 4; i++)
		if (json_is_string(from) && strcmp(words[i], json_string_value(from)) == 0)
			return (enum phone_holds)i;
	driver_die("ctl");
}

/* ---- judge ----------------------------------------------------------------------------------- */

/* A SAST of LIST that has the signer's name and number gets its key, too. */
static void forge(struct phone_list *list, const struct phone_anchor *signer)
{
	for (size_t i = 0; i < list->n_sasts; i++)
		if (bytes_equal(list->sasts[i].issuer, signer->issuer) &&
		    bytes_equal(list->sasts[i].serial, signer->serial))
			list->sasts[i].key = signer->key;
}

/* What a rule that is broken looks like from outside. */
static void break_question(enum breaks broken, struct phone_family *family,
    struct phone_list *lists, size_t n, struct phone_offer *offer)
{
	if (broken == BREAK_TVS)
		offer->vouched = true;
	if (broken == BREAK_LIMITS && family != NULL) {
		for (size_t i = 1; i < 4; i++)
			family->digests[i] = PHONE_YES;
		family->largest_key = 4096;
	}
	for (size_t i = 0; broken == BREAK_KEY && i < n; i++)
		forge(&lists[i], &offer->list->signer);
}

static void break_verdict(enum breaks broken, struct phone_verdict *verdict)
{
	if (broken == BREAK_UNKNOWN && verdict->outcome == PHONE_REJECTED)
		*verdict = (struct phone_verdict){PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL};
	if (broken == BREAK_REASON && verdict->outcome == PHONE_REJECTED)
		verdict->why = PHONE_WHY_NO_SBD;
}

static json_t *answer_judge(json_t *question, enum breaks broken)
{
	json_t *lists_json = member(question, "lists"), *phones = member(question, "phones");
	size_t n_lists = json_array_size(lists_json), n_trust;
	struct phone_list *lists = calloc(n_lists + 1, sizeof(*lists));
	struct bytes *trust = read_certificates(member(question, "trust"), &n_trust);
	long long server = number(question, "server");
	json_t *verdicts = json_array();
	struct phone_offer offer;

	if (lists == NULL)
		driver_die("no memory");
	for (size_t i = 0; i < n_lists; i++)
		read_list(json_array_get(lists_json, i), &lists[i]);
	offer.list = &lists[number(question, "new")];
	offer.tvs = json_is_true(member(question, "tvs"));
	offer.vouched =
	    phone_vouched(offer.list, server < 0 ? NULL : &lists[server], trust, n_trust);
	for (size_t i = 0; i < json_array_size(phones); i++) {
		json_t *from = json_array_get(phones, i);
		struct phone_verdict verdict;
		struct phone_family family;
		struct phone phone;

		memset(&phone, 0, sizeof(phone));
		phone.family = read_family(member(from, "family"), &family);
		phone.ctl = read_holds(member(from, "ctl"));
		if (phone.ctl == PHONE_HOLDS_LIST)
			phone.list = &lists[number(from, "list")];
		phone.itl = read_answer(member(from, "itl"));
		break_question(
		    broken, phone.family != NULL ? &family : NULL, lists, n_lists, &offer);
		verdict = phone_judge(&phone, &offer);
		break_verdict(broken, &verdict);
		json_array_append_new(
		    verdicts, json_pack("[ss]", phone_outcome_name(verdict.outcome),
				  phone_why_name(verdict.why)));
	}
	for (size_t i = 0; i < n_lists; i++)
		phone_list_free(&lists[i]);
	free(lists);
	free(trust);
	return verdicts;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static enum breaks what_to_break(int argc, char **argv)
{
	if (argc == 1)
		return BREAK_NOTHING;
	for (int i = 1; argc == 2 && i < N_BREAKS; i++)
		if (strncmp(argv[1], "--break=", 8) == 0 &&
		    strcmp(argv[1] + 8, break_names[i]) == 0)
			return (enum breaks)i;
	driver_die("usage: driver [--break=RULE]");
}

int main(int argc, char **argv)
{
	enum breaks broken = what_to_break(argc, argv);
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		json_t *question = json_loads(line, 0, NULL);
		json_t *judge = json_object_get(question, "judge");
		json_t *answer;
		char *shown;

		if (question == NULL)
			driver_die("no JSON");
		answer = judge != NULL ? answer_judge(judge, broken)
				       : answer_plan(member(question, "plan"), broken);
		shown = json_dumps(answer, JSON_COMPACT);
		if (shown == NULL)
			driver_die("no memory");
		puts(shown);
		fflush(stdout);
		free(shown);
		json_decref(answer);
		json_decref(question);
	}
	free(line);
	return 0;
}
