/*
 * Asks which of the collected tokens signs: "finish".
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/collect_ask.h"

#include "ceremony/scene.h"

#include <stdio.h>
#include <string.h>

/* Never translated, as it stands in quotes in the question. */
#define FINISH "finish"

struct finishing {
	struct scene scene;
	const struct collect_request *request;
	const struct collection *collection;
};

/* A collected token that is inserted and may sign. */
struct signer_here {
	size_t index; /* in the collection */
	const struct token_info *token;
};

/* Those that may sign, the one that was added last first; *OTHER: one that may not, or NULL. */
static size_t find_signers(const struct finishing *f, struct signer_here list[COLLECT_MAX],
    const struct token_info **other)
{
	size_t n = 0;

	*other = NULL;
	for (size_t k = f->collection->n; k-- > 0;) {
		for (size_t i = 0; i < tokens_count(f->scene.tokens); i++) {
			const struct token_info *token = tokens_at(f->scene.tokens, i);

			if (candidate_known(f->collection, token) != &f->collection->list[k])
				continue;
			if (f->request->current != NULL && !f->collection->list[k].listed)
				*other = token;
			else
				list[n++] = (struct signer_here){k, token};
			break;
		}
	}
	for (size_t i = 0; i < tokens_count(f->scene.tokens) && n == 0 && *other == NULL; i++)
		*other = tokens_at(f->scene.tokens, i);
	return n;
}

/* None that may sign is inserted: says why not, and asks for one. */
static enum status ask_for_signer(
    struct finishing *f, const struct token_info *other, struct error *err)
{
	const struct collected_token *known =
	    other == NULL ? NULL : candidate_known(f->collection, other);
	struct buffer names = BUFFER_INIT;
	char prompt[4096], line[SCENE_LINE];
	enum status st = ST_OK;
	const char *text;
	bool changed;

	if (known != NULL)
		st = scene_say(err, _("\n%s is inserted, but %s does not list it: it cannot sign."),
		    known->name, f->request->current_name);
	else if (other != NULL)
		st = scene_say(err,
		    _("\ntoken '%s' (serial %s) is inserted, but it was not added to this list."),
		    other->label, other->serial);
	for (size_t i = 0; i < f->collection->n; i++)
		if (f->request->current == NULL || f->collection->list[i].listed)
			buffer_printf(&names, "  %s\n", f->collection->list[i].name);
	text = buffer_text(&names);
	snprintf(prompt, sizeof(prompt),
	    _("\nInsert the token that is to sign, one of:\n%s(Ctrl-C stops): "),
	    text != NULL ? text : "");
	buffer_free(&names);
	if (st == ST_OK)
		st = scene_ask(&f->scene, prompt, line, sizeof(line), &changed, err);
	return st == ST_OK && !changed ? tokens_refresh(f->scene.tokens, err) : st;
}

/* One that may sign is inserted: the word makes it so. */
static enum status ask_finish(
    struct finishing *f, const struct signer_here *signer, bool *done, struct error *err)
{
	char prompt[1024], line[SCENE_LINE];
	enum status st;
	bool changed;

	snprintf(prompt, sizeof(prompt),
	    _("\nAll tokens are added. The one that is inserted signs %s:\n  %s\n"
	      "Type \"%s\" to sign with it, or insert another one of them first: "),
	    f->request->output, f->collection->list[signer->index].name, FINISH);
	st = scene_ask(&f->scene, prompt, line, sizeof(line), &changed, err);
	*done = st == ST_OK && !changed && scene_typed(line, FINISH);
	if (st == ST_OK && !changed && !*done)
		st = scene_say(err, _("Please type \"%s\"."), FINISH);
	return st;
}

/* Several that may sign are inserted: one is chosen by its number. */
static enum status ask_number(struct finishing *f, const struct signer_here *list, size_t n,
    size_t *chosen, bool *done, struct error *err)
{
	const struct token_info *tokens[COLLECT_MAX];
	char prompt[512], line[SCENE_LINE];
	enum status st;
	size_t number;
	bool changed;

	for (size_t i = 0; i < n; i++)
		tokens[i] = list[i].token;
	st = scene_say(err, "%s", _("\nAll tokens are added. Inserted are:"));
	if (st == ST_OK)
		st = scene_list(tokens, n, n, NULL, err);
	snprintf(prompt, sizeof(prompt), _("Type the number of the one that is to sign %s: "),
	    f->request->output);
	if (st == ST_OK)
		st = scene_ask(&f->scene, prompt, line, sizeof(line), &changed, err);
	number = st == ST_OK && !changed ? scene_number(line, n) : 0;
	*done = number > 0;
	if (*done)
		*chosen = list[number - 1].index;
	else if (st == ST_OK && !changed)
		st = scene_say(err, _("That is no number from 1 to %zu."), n);
	return st;
}

enum status collect_ask_signer(const struct collect_request *request,
    const struct collection *collection, size_t *signer, struct error *err)
{
	struct finishing f = {.request = request, .collection = collection};
	enum status st = scene_open(&f.scene, request->tokens, err);
	bool done = false;

	while (st == ST_OK && !done) {
		struct signer_here list[COLLECT_MAX];
		const struct token_info *other;
		const size_t n = find_signers(&f, list, &other);

		if (n == 0)
			st = ask_for_signer(&f, other, err);
		else if (n > 1)
			st = ask_number(&f, list, n, signer, &done, err);
		else {
			*signer = list[0].index;
			st = ask_finish(&f, &list[0], &done, err);
		}
	}
	scene_close(&f.scene);
	return st;
}
