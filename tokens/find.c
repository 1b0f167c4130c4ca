/*
 * From a selector to exactly one token or certificate, or to an error that lists what there is.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/selector.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <string.h>

/* What still fits into struct error's text beside the sentence that introduces the list. */
#define LIST_MAX 600

/* Appends ENTRY to the list in LIST unless it grows too long; counts what had no room. */
static void list_add(struct buffer *list, struct buffer *entry, size_t *left_out)
{
	if (list->len + entry->len + 2 > LIST_MAX) {
		(*left_out)++;
	} else {
		buffer_add(list, list->len > 0 ? "; " : "", list->len > 0 ? 2 : 0);
		buffer_add(list, entry->data, entry->len);
	}
	buffer_reset(entry);
}

static void list_end(struct buffer *list, size_t left_out)
{
	if (left_out > 0)
		buffer_printf(list,
		    ngettext("; and %zu more", "; and %zu more", (unsigned long)left_out),
		    left_out);
}

/* In quotes, so that it can be pasted into a shell: p11-kit writes a quote as %27. */
static void add_quoted_uri(
    const struct token *t, const struct token_certificate *certificate, struct buffer *out)
{
	buffer_add(out, "'", 1);
	token_uri(&t->info, certificate, out);
	buffer_add(out, "'", 1);
}

static void describe_token(const struct token *t, bool with_uri, struct buffer *out)
{
	if (!with_uri) {
		buffer_printf(out, _("'%s' (serial %s)"), t->info.label, t->info.serial);
		return;
	}
	buffer_printf(
	    out, _("'%s', serial %s, slot %lu: "), t->info.label, t->info.serial, t->info.slot_id);
	add_quoted_uri(t, NULL, out);
}

/* The tokens that fit SELECTOR (all when it is NULL), as one line. */
static void list_tokens(
    const struct tokens *tokens, const struct token_selector *selector, struct buffer *list)
{
	struct buffer entry = BUFFER_INIT;
	size_t left_out = 0;

	for (size_t i = 0; i < tokens->n; i++) {
		if (selector != NULL && !selector_fits_token(selector, tokens->list[i]))
			continue;
		describe_token(tokens->list[i], selector != NULL, &entry);
		list_add(list, &entry, &left_out);
	}
	list_end(list, left_out);
	buffer_free(&entry);
}

/* Nothing at all: what was left out may be the reason. */
static enum status no_token(const struct tokens *tokens, struct error *err)
{
	size_t n = tokens_problem_count(tokens);
	const struct error *first;

	if (n == 0) {
		error_set(err, ST_NO_TOKEN, _("no token is there"));
		error_hint(err, _("insert the token"));
		return ST_NO_TOKEN;
	}
	first = tokens_problem_at(tokens, 0);
	error_set(err, ST_NO_TOKEN,
	    ngettext("no token is there, and %zu module or slot was left out: %s: %s",
		"no token is there, and %zu modules or slots were left out, the first: %s: %s",
		(unsigned long)n),
	    n, first->where, first->what);
	if (first->hint[0] != '\0')
		error_hint(err, "%s", first->hint);
	else
		error_hint(err, _("see to that first, or name another module with --module"));
	return ST_NO_TOKEN;
}

static enum status nothing_fits(
    const struct tokens *tokens, const struct token_selector *selector, struct error *err)
{
	struct buffer list = BUFFER_INIT;
	const char *text;

	if (selector_misses_module(selector, tokens)) {
		error_set(err, ST_NO_TOKEN, _("'%s' names a module that is not loaded"),
		    selector_text(selector));
		error_hint(err, _("name the module with --module"));
		return ST_NO_TOKEN;
	}
	if (tokens->n == 0)
		return no_token(tokens, err);
	list_tokens(tokens, NULL, &list);
	text = buffer_text(&list);
	error_set(err, ST_NO_TOKEN, _("no token matches '%s'; there is: %s"),
	    selector_text(selector), text == NULL ? "" : text);
	error_hint(err, _("insert the token, or name one that is there"));
	buffer_free(&list);
	return ST_NO_TOKEN;
}

static enum status several_fit(
    const struct tokens *tokens, const struct token_selector *selector, size_t n, struct error *err)
{
	struct buffer list = BUFFER_INIT;
	const char *text;

	list_tokens(tokens, selector, &list);
	text = buffer_text(&list);
	error_set(err, ST_AMBIGUOUS,
	    ngettext("%zu token matches: %s", "%zu tokens match: %s", (unsigned long)n), n,
	    text == NULL ? "" : text);
	error_hint(err, _("remove the others, or name one by its serial number or its URI"));
	buffer_free(&list);
	return ST_AMBIGUOUS;
}

enum status tokens_find(struct tokens *tokens, const struct token_selector *selector,
    const struct token_info **out, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < tokens->n; i++) {
		if (!selector_fits_token(selector, tokens->list[i]))
			continue;
		*out = &tokens->list[i]->info;
		n++;
	}
	if (n == 1)
		return ST_OK;
	return n == 0 ? nothing_fits(tokens, selector, err) : several_fit(tokens, selector, n, err);
}

/* The certificates that a selector fits, counted and with the last one that has a key. */
struct matches {
	const struct token_info *token; /* the last one that was looked at */
	const struct token_certificate *any;
	const struct token_certificate *with_key;
	size_t n;
	size_t n_with_key;
	struct buffer list; /* the URI of each */
	size_t left_out;
};

static void match_certificates(
    struct matches *m, const struct token *token, const struct token_selector *selector)
{
	struct buffer entry = BUFFER_INIT;

	for (size_t i = 0; i < token->n_certificates; i++) {
		const struct token_certificate *c = &token->certificates[i];

		if (!selector_fits_object(selector, c->id, text_bytes(token->extras[i].label)))
			continue;
		m->n++;
		m->any = c;
		if (c->has_key) {
			m->n_with_key++;
			m->with_key = c;
		}
		add_quoted_uri(token, c, &entry);
		list_add(&m->list, &entry, &m->left_out);
	}
	buffer_free(&entry);
}

static enum status no_match(
    const struct token_info *token, const struct token_selector *selector, struct error *err)
{
	error_set(
	    err, ST_NO_TOKEN, _("'%s' names no certificate on the token"), selector_text(selector));
	error_hint(err,
	    _("see what is there with: ctlsign token show '%s'; or take the certificate from a "
	      "file"),
	    token->serial[0] != '\0' ? token->serial : token->label);
	return ST_NO_TOKEN;
}

static enum status one_match(
    struct matches *m, const struct token_selector *selector, X509 **out, struct error *err)
{
	const struct token_certificate *chosen = m->n == 1 ? m->any : m->with_key;
	const char *list;

	if (m->n == 0)
		return no_match(m->token, selector, err);
	if (m->n > 1 && m->n_with_key != 1) {
		list_end(&m->list, m->left_out);
		list = buffer_text(&m->list);
		error_set(err, ST_AMBIGUOUS,
		    ngettext("%zu certificate matches: %s", "%zu certificates match: %s",
			(unsigned long)m->n),
		    m->n, list == NULL ? "" : list);
		error_hint(err, _("use one of these URIs"));
		return ST_AMBIGUOUS;
	}
	X509_up_ref(chosen->x509);
	*out = chosen->x509;
	return ST_OK;
}

enum status tokens_certificate(
    struct tokens *tokens, const struct token_selector *selector, X509 **out, struct error *err)
{
	struct matches m = {.list = BUFFER_INIT};
	const struct token_info *only;
	enum status status = ST_OK;

	if (selector_excludes_certificates(selector)) {
		error_set(err, ST_USAGE, _("'%s' names a key where a certificate is needed"),
		    selector_text(selector));
		error_hint(err, _("use type=cert, or leave type= out"));
		return ST_USAGE;
	}
	/* Without an object it must be one token; with one, the object may tell them apart. */
	if (!selector_names_object(selector))
		status = tokens_find(tokens, selector, &only, err);
	for (size_t i = 0; i < tokens->n && status == ST_OK; i++) {
		if (!selector_fits_token(selector, tokens->list[i]))
			continue;
		m.token = &tokens->list[i]->info;
		status = certificates_read(tokens->list[i], err);
		if (status == ST_OK)
			match_certificates(&m, tokens->list[i], selector);
	}
	if (status == ST_OK && m.n == 0)
		status = tokens_find(tokens, selector, &m.token, err);
	if (status == ST_OK)
		status = one_match(&m, selector, out, err);
	buffer_free(&m.list);
	return status;
}
