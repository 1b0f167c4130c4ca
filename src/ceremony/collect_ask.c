/*
 * Asks for tokens at the terminal.
 *
 * Every round starts from the snapshot as it is: which tokens are there that have been neither
 * added nor set aside?  None: one is asked for.  Several: which one?  One: its details, and whether
 * to add it.  A token that comes or goes ends the question, and a new round begins.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/collect_ask.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "ceremony/scene.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a person types; never translated, as it stands in quotes in the questions. */
#define ADD  "add"
#define USE  "use"
#define SKIP "skip"

struct asking {
	struct scene scene;
	const struct collect_request *request;
	struct collection *collection;
	char *chosen;	   /* identity of the token that is talked about; NULL: none */
	X509 *certificate; /* the one of several on it that was chosen; NULL: none */
	bool described;
};

static void drop_choice(struct asking *a)
{
	free(a->chosen);
	X509_free(a->certificate);
	a->chosen = NULL;
	a->certificate = NULL;
	a->described = false;
}

/* ---- "remove all tokens" --------------------------------------------------------------------- */

static enum status ask_removal(struct asking *a, struct error *err)
{
	enum status st = ST_OK;
	bool changed = true;
	char line[SCENE_LINE] = "";

	/* Only Enter goes on: whoever types a name or number believes to choose. */
	while (st == ST_OK && (changed || line[0] != '\0') && tokens_count(a->scene.tokens) > 0) {
		const struct token_info *there[COLLECT_MAX];
		size_t n = 0;

		while (n < tokens_count(a->scene.tokens) && n < COLLECT_MAX) {
			there[n] = tokens_at(a->scene.tokens, n);
			n++;
		}
		st = scene_say(err, "%s", _("\nRemove all tokens. Still inserted:"));
		if (st == ST_OK)
			st = scene_list(there, n, 0, NULL, err);
		if (st == ST_OK)
			st = scene_ask(&a->scene,
			    _("Remove them, or press Enter to go on with them inserted: "), line,
			    sizeof(line), &changed, err);
	}
	return st;
}

/* ---- choosing ------------------------------------------------------------------------------- */

/* The tokens that can be talked about now: the chosen one only, while it is there. */
static size_t present(struct asking *a, const struct token_info *list[COLLECT_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < tokens_count(a->scene.tokens) && n < COLLECT_MAX; i++) {
		const struct token_info *token = tokens_at(a->scene.tokens, i);
		char *identity;
		bool is_chosen;

		if (candidate_known(a->collection, token) != NULL ||
		    scene_is_aside(&a->scene, token))
			continue;
		identity = scene_identity(token);
		is_chosen =
		    a->chosen != NULL && identity != NULL && strcmp(a->chosen, identity) == 0;
		free(identity);
		if (is_chosen) {
			list[0] = token;
			return 1;
		}
		list[n++] = token;
	}
	drop_choice(a);
	return n;
}

/* A line of the menu. */
struct choice {
	const struct token_info *token;
	enum candidate_standing standing;
};

static int by_standing_and_label(const void *left, const void *right)
{
	const struct choice *a = left, *b = right;
	int order = (a->standing > b->standing) - (a->standing < b->standing);

	if (order == 0)
		order = strcmp(a->token->label, b->token->label);
	return order != 0 ? order : strcmp(a->token->serial, b->token->serial);
}

static const char *standing_text(enum candidate_standing standing)
{
	switch (standing) {
	case CANDIDATE_LISTED:
		return _("in the CTL");
	case CANDIDATE_NEW:
		return _("new");
	case CANDIDATE_ADDED:
		return _("already added");
	case CANDIDATE_UNFIT:
		break;
	}
	return _("cannot sign");
}

/* Puts those first that the current list has, and shows what was added before behind the rest. */
static enum status show_standings(
    struct asking *a, const struct token_info **list, size_t n, struct error *err)
{
	const struct token_info *tokens[2 * COLLECT_MAX];
	const char *notes[2 * COLLECT_MAX];
	struct choice choices[2 * COLLECT_MAX];
	size_t all = 0;

	for (; all < n; all++)
		choices[all] = (struct choice){
		    list[all], candidate_standing(a->request, a->collection, list[all])};
	for (size_t i = 0; i < tokens_count(a->scene.tokens) && all < 2 * COLLECT_MAX; i++) {
		const struct token_info *token = tokens_at(a->scene.tokens, i);

		if (candidate_known(a->collection, token) != NULL)
			choices[all++] = (struct choice){token, CANDIDATE_ADDED};
	}
	qsort(choices, all, sizeof(choices[0]), by_standing_and_label);
	for (size_t i = 0; i < all; i++) {
		tokens[i] = choices[i].token;
		notes[i] = standing_text(choices[i].standing);
		if (i < n)
			list[i] = tokens[i];
	}
	return scene_list(tokens, all, n, notes, err);
}

static enum status choose_token(
    struct asking *a, const struct token_info **list, size_t n, struct error *err)
{
	char line[SCENE_LINE], *identities[COLLECT_MAX] = {NULL};
	enum status st;
	bool changed;
	size_t number;

	st = scene_say(err, "%s", _("\nSeveral tokens are inserted:"));
	if (st == ST_OK && a->request->current != NULL)
		st = show_standings(a, list, n, err);
	else if (st == ST_OK)
		st = scene_list(list, n, n, NULL, err);
	for (size_t i = 0; i < n; i++)
		identities[i] = scene_identity(list[i]);
	if (st == ST_OK)
		st = scene_ask(&a->scene, _("Type the number of one, or remove the others: "), line,
		    sizeof(line), &changed, err);
	number = st == ST_OK && !changed ? scene_number(line, n) : 0;
	if (st == ST_OK && !changed && number == 0)
		st = scene_say(err, _("That is no number from 1 to %zu."), n);
	if (number > 0) {
		a->chosen = identities[number - 1];
		identities[number - 1] = NULL;
	}
	for (size_t i = 0; i < n; i++)
		free(identities[i]);
	return st;
}

static enum status choose_certificate(
    struct asking *a, const struct candidate *candidate, struct error *err)
{
	X509 *list[COLLECT_MAX];
	char line[SCENE_LINE];
	enum status st;
	bool changed;
	size_t number;

	st = scene_say(err, _("\nToken '%s' (serial %s) carries several certificates:"),
	    candidate->token->label, candidate->token->serial);
	for (size_t i = 0; i < candidate->n; i++) {
		const struct token_certificate *c = candidate->certificates[i];
		struct buffer subject = BUFFER_INIT, id = BUFFER_INIT;
		const char *name, *hex;

		list[i] = c->x509;
		X509_up_ref(list[i]);
		certificate_subject(c->x509, &subject);
		text_hex(&id, c->id, '\0', true);
		name = buffer_text(&subject);
		hex = buffer_text(&id);
		if (st == ST_OK)
			st = scene_say(err, _("  %zu  id %s  %s"), i + 1, hex != NULL ? hex : "",
			    name != NULL ? name : "");
		buffer_free(&subject);
		buffer_free(&id);
	}
	if (st == ST_OK)
		st = scene_ask(&a->scene, _("Type the number of the one that is to stand for it: "),
		    line, sizeof(line), &changed, err);
	number = st == ST_OK && !changed ? scene_number(line, candidate->n) : 0;
	if (st == ST_OK && !changed && number == 0)
		st = scene_say(err,
		    _("That is no number from 1 to %zu; to leave this token out, remove it."),
		    candidate->n);
	for (size_t i = 0; i < candidate->n; i++) {
		if (i + 1 == number)
			a->certificate = list[i];
		else
			X509_free(list[i]);
	}
	return st;
}

/* ---- one token ------------------------------------------------------------------------------ */

/* Refused: says why, and passes over the token until it is removed. */
static enum status refuse(
    struct asking *a, const struct token_info *token, const struct error *why, struct error *err)
{
	if (why->status == ST_NO_MEMORY || why->status == ST_CANCELLED) {
		*err = *why;
		return why->status;
	}
	scene_set_aside(&a->scene, token, false);
	drop_choice(a);
	return scene_tell(why, err);
}

static enum status describe(struct asking *a, const struct token_info *token,
    const struct token_certificate *certificate, struct error *err)
{
	struct buffer out = BUFFER_INIT;
	const char *text;
	enum status st;

	if (a->described)
		return ST_OK;
	buffer_printf(&out, _("\nToken %zu of %zu:\n"), a->collection->n + 1, a->request->wanted);
	candidate_describe(a->request, token, certificate, &out);
	if (out.len > 0)
		out.len--;
	text = buffer_text(&out);
	st = text == NULL ? error_no_memory(err) : scene_say(err, "%s", text);
	buffer_free(&out);
	a->described = true;
	return st;
}

/*
 * Asks whether to add the chosen token, or to use it when it joins nothing; the answer counts only
 * while it is there.
 */
static enum status ask_add(struct asking *a, bool only_signs, struct error *err)
{
	const char *word = only_signs ? USE : ADD;
	char line[SCENE_LINE], prompt[128];
	const struct token_info *list[COLLECT_MAX];
	struct candidate candidate;
	struct error why;
	enum status st;
	bool changed;

	snprintf(prompt, sizeof(prompt),
	    only_signs ? _("Type \"%s\" to sign with this token, \"%s\" to leave it out: ")
		       : _("Type \"%s\" to add this token, \"%s\" to leave it out: "),
	    word, SKIP);
	st = scene_ask(&a->scene, prompt, line, sizeof(line), &changed, err);
	if (st != ST_OK || changed || a->chosen == NULL || present(a, list) != 1)
		return st;
	if (scene_typed(line, SKIP)) {
		scene_set_aside(&a->scene, list[0], true);
		drop_choice(a);
		return ST_OK;
	}
	if (!scene_typed(line, word))
		return scene_say(err, _("Please type \"%s\" or \"%s\"."), word, SKIP);
	st = candidate_look(a->request, list[0], a->certificate, &candidate, &why);
	if (st == ST_OK)
		st = candidate_add(
		    a->request, a->collection, list[0], candidate.certificates[0], &why);
	if (st != ST_OK)
		return refuse(a, list[0], &why, err);
	drop_choice(a);
	return scene_say(err, only_signs ? _("To sign with: %s.") : _("Added: %s."),
	    a->collection->list[a->collection->n - 1].name);
}

static enum status consider(struct asking *a, const struct token_info *token, struct error *err)
{
	struct candidate candidate;
	struct error why;
	enum status st = candidate_look(a->request, token, a->certificate, &candidate, &why);
	bool only_signs;

	if (st == ST_OK && candidate.n > 1)
		return choose_certificate(a, &candidate, err);
	if (st == ST_OK)
		st = candidate_check(
		    a->request, a->collection, token, candidate.certificates[0], &why);
	if (st != ST_OK)
		return refuse(a, token, &why, err);
	only_signs = candidate_only_signs(a->request, candidate.certificates[0]);
	st = describe(a, token, candidate.certificates[0], err);
	return st == ST_OK ? ask_add(a, only_signs, err) : st;
}

/* ---- asking for one ------------------------------------------------------------------------- */

/* The collected token that is still inserted, or NULL. */
static const struct collected_token *still_inserted(const struct asking *a)
{
	for (size_t i = 0; i < tokens_count(a->scene.tokens); i++) {
		const struct collected_token *known =
		    candidate_known(a->collection, tokens_at(a->scene.tokens, i));

		if (known != NULL)
			return known;
	}
	return NULL;
}

/* A token came in that has been added before. */
static enum status tell_twice(struct asking *a, struct error *err)
{
	for (size_t i = 0; i < a->collection->n && a->scene.inserted != NULL; i++)
		if (strcmp(a->collection->list[i].identity, a->scene.inserted) == 0)
			return scene_say(err,
			    _("%s has been added already; remove it, and insert another one"),
			    a->collection->list[i].name);
	return ST_OK;
}

static void fill_insertion(const struct asking *a, size_t skipped, char *out, size_t size)
{
	const struct collected_token *last = still_inserted(a);
	const size_t next = a->collection->n + 1, wanted = a->request->wanted;

	if (last != NULL && skipped > 0)
		snprintf(out, size,
		    ngettext(
			"\nRemove %s,\nand insert token %zu of %zu, or press Enter to be asked "
			"again about the token that was skipped (Ctrl-C stops): ",
			"\nRemove %s,\nand insert token %zu of %zu, or press Enter to be asked "
			"again "
			"about the %zu tokens that were skipped (Ctrl-C stops): ",
			(unsigned long)skipped),
		    last->name, next, wanted, skipped);
	else if (last != NULL)
		snprintf(out, size, _("\nRemove %s,\nand insert token %zu of %zu (Ctrl-C stops): "),
		    last->name, next, wanted);
	else if (skipped > 0)
		snprintf(out, size,
		    ngettext(
			"\nInsert token %zu of %zu, or press Enter to be asked again about the "
			"token that was skipped (Ctrl-C stops): ",
			"\nInsert token %zu of %zu, or press Enter to be asked again about the %zu "
			"tokens that were skipped (Ctrl-C stops): ",
			(unsigned long)skipped),
		    next, wanted, skipped);
	else
		snprintf(out, size, _("\nInsert token %zu of %zu (Ctrl-C stops): "), next, wanted);
}

static enum status ask_insertion(struct asking *a, struct error *err)
{
	char prompt[1024], line[SCENE_LINE];
	enum status st;
	bool changed;

	fill_insertion(a, scene_count_skipped(&a->scene), prompt, sizeof(prompt));
	st = scene_ask(&a->scene, prompt, line, sizeof(line), &changed, err);
	/* Whoever presses Enter wants to be looked for, and thinks again about what was skipped. */
	if (st == ST_OK && !changed) {
		scene_take_back_skipped(&a->scene);
		st = tokens_refresh(a->scene.tokens, err);
	}
	return st == ST_OK ? tell_twice(a, err) : st;
}

static enum status ask_one(struct asking *a, struct error *err)
{
	const struct token_info *list[COLLECT_MAX];
	const size_t n = present(a, list);

	if (n == 0)
		return ask_insertion(a, err);
	if (n > 1)
		return choose_token(a, list, n, err);
	if (a->chosen == NULL)
		a->chosen = scene_identity(list[0]);
	return a->chosen == NULL ? error_no_memory(err) : consider(a, list[0], err);
}

/* How many are wanted, and that one of several has to be in the current list. */
static enum status say_wanted(const struct collect_request *r, bool one_signs, struct error *err)
{
	enum status st = scene_say(err,
	    ngettext("%s needs %zu token.", "%s needs %zu tokens, which are asked for one by one.",
		(unsigned long)r->wanted),
	    r->output, r->wanted);

	if (st == ST_OK && one_signs && r->current != NULL)
		st = scene_say(err,
		    _("One of them at least must be in %s: it signs. The others may be new."),
		    r->current_name);
	return st;
}

static enum status introduce(const struct collect_request *r, struct error *err)
{
	const bool one_signs = r->wanted > 1 && !r->signer_named;
	enum status st =
	    r->intro != NULL ? scene_say(err, "%s", r->intro) : say_wanted(r, one_signs, err);

	if (st == ST_OK && one_signs && r->current == NULL)
		st = scene_say(
		    err, "%s", _("When all are added you are asked which one of them signs."));
	if (st == ST_OK)
		st = scene_say(
		    err, "%s", _("Ctrl-C ends this at any time, and nothing is written."));
	return st;
}

enum status collect_ask(
    const struct collect_request *request, struct collection *collection, struct error *err)
{
	struct asking a = {.request = request, .collection = collection};
	enum status st = scene_open(&a.scene, request->tokens, err);

	if (st == ST_OK)
		st = introduce(request, err);
	if (st == ST_OK)
		st = ask_removal(&a, err);
	while (st == ST_OK && collection->n < request->wanted)
		st = ask_one(&a, err);
	drop_choice(&a);
	scene_close(&a.scene);
	return st;
}
