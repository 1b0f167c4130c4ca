/*
 * Collects tokens: those that were named, then those that a person inserts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/collect.h"

#include "ceremony/candidate.h"
#include "ceremony/collect_ask.h"
#include "ceremony/terminal.h"

#include <openssl/x509.h>

/* Everything that can be known before anybody is asked. */
static enum status check_request(const struct collect_request *r, struct error *err)
{
	if (r->n_named > r->wanted) {
		error_set(err, ST_USAGE,
		    ngettext("%zu tokens are named, and %zu is to be collected",
			"%zu tokens are named, and %zu are to be collected",
			(unsigned long)r->wanted),
		    r->n_named, r->wanted);
		error_hint(err, "%s",
		    _("name just as many; the last one signs, and tokens that the list has "
		      "already need not be there"));
		return ST_USAGE;
	}
	if (r->n_named == r->wanted || terminal_available())
		return ST_OK;
	error_set(err, ST_PIN_NEEDED,
	    ngettext("%zu token is to be collected, %zu named, and there is no terminal to ask at",
		"%zu tokens are to be collected, %zu named, and there is no terminal to ask at",
		(unsigned long)r->wanted),
	    r->wanted, r->n_named);
	error_hint(err, "%s", _("name each with --token URI, or run it at a terminal"));
	return ST_PIN_NEEDED;
}

static enum status several_certificates(const struct candidate *c, struct error *err)
{
	struct buffer uri = BUFFER_INIT;
	const char *text;

	token_uri(c->token, c->certificates[0], &uri);
	text = buffer_text(&uri);
	error_set(err, ST_AMBIGUOUS,
	    ngettext("the token carries %zu certificate that could stand for it",
		"the token carries %zu certificates that could stand for it", (unsigned long)c->n),
	    c->n);
	error_where(err, _("token '%s' (serial %s)"), c->token->label, c->token->serial);
	error_hint(err, _("name one by its URI, as in --token '%s'"), text != NULL ? text : "");
	buffer_free(&uri);
	return ST_AMBIGUOUS;
}

/* The certificate that SELECTOR names on the token, or NULL in *ONLY when it names none. */
static enum status named_certificate(const struct collect_request *r,
    const struct token_selector *selector, X509 **only, struct error *err)
{
	*only = NULL;
	if (!token_selector_names_object(selector))
		return ST_OK;
	return tokens_certificate(r->tokens, selector, only, err);
}

static enum status take_selected(const struct collect_request *r,
    const struct token_selector *selector, struct collection *out, struct error *err)
{
	const struct token_info *token;
	struct candidate candidate;
	X509 *only = NULL;
	enum status st = tokens_find(r->tokens, selector, &token, err);

	if (st == ST_OK)
		st = named_certificate(r, selector, &only, err);
	if (st == ST_OK)
		st = candidate_look(r, token, only, &candidate, err);
	if (st == ST_OK && candidate.n > 1)
		st = several_certificates(&candidate, err);
	if (st == ST_OK)
		st = candidate_check(r, out, token, candidate.certificates[0], err);
	if (st == ST_OK)
		st = candidate_add(r, out, token, candidate.certificates[0], err);
	X509_free(only);
	return st;
}

static enum status take_named(
    const struct collect_request *r, const char *name, struct collection *out, struct error *err)
{
	struct token_selector *selector;
	enum status st = token_selector_parse(name, &selector, err);

	if (st != ST_OK)
		return st;
	st = take_selected(r, selector, out, err);
	token_selector_free(selector);
	return st;
}

enum status ceremony_collect(
    const struct collect_request *request, struct collection *out, struct error *err)
{
	enum status st;

	*out = (struct collection){.n = 0};
	st = check_request(request, err);
	for (size_t i = 0; i < request->n_named && st == ST_OK; i++)
		st = take_named(request, request->named[i], out, err);
	if (st == ST_OK && out->n < request->wanted)
		st = collect_ask(request, out, err);
	return st;
}

enum status ceremony_finish(const struct collect_request *request,
    const struct collection *collection, size_t *signer, struct error *err)
{
	const size_t last = collection->n - 1;

	if (request->n_named < request->wanted && collection->n > 1)
		return collect_ask_signer(request, collection, signer, err);
	*signer = last;
	if (request->current == NULL || collection->list[last].listed)
		return ST_OK;
	error_set(err, ST_LOCKOUT,
	    _("the last token named signs, and it is no SAST of %s: phones would reject the list"),
	    request->current_name);
	error_where(err, "%s", collection->list[last].name);
	error_hint(err, "%s", _("name one that the list knows last, or with --sign-with"));
	return ST_LOCKOUT;
}
