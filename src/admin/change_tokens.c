/*
 * Which tokens are SASTs of the new list: those of the current one, and those that are inserted.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

#include <ctype.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum status change_open_tokens(struct change *c, struct error *err)
{
	if (c->tokens != NULL)
		return ST_OK;
	return c->request->open_tokens(c->request->context, &c->tokens, err);
}

/* ---- removing ----------------------------------------------------------------------------------
 */

static void list_tokens(const struct change *c, struct buffer *out)
{
	for (size_t i = 0; i < c->n_listed; i++) {
		if (i > 0)
			buffer_add(out, ", ", 2);
		text_hex(out, tl_certificate_serial(c->listed[i]), ':', false);
		buffer_add(out, " (", 2);
		certificate_subject(c->listed[i], out);
		buffer_add(out, ")", 1);
	}
}

static enum status no_such_token(const struct change *c, size_t matches, struct error *err)
{
	struct buffer tokens = BUFFER_INIT;
	const char *text;

	list_tokens(c, &tokens);
	text = buffer_text(&tokens);
	if (matches == 0)
		error_set(err, ST_NO_TOKEN, _("the current CTL has no token with serial %s"),
		    c->request->remove_token);
	else
		error_set(err, ST_AMBIGUOUS,
		    _("%zu tokens of the current CTL begin with serial %s"), matches,
		    c->request->remove_token);
	error_hint(err, _("it lists: %s"), text != NULL ? text : "");
	buffer_free(&tokens);
	return matches == 0 ? ST_NO_TOKEN : ST_AMBIGUOUS;
}

static enum status remove_token(struct change *c, struct error *err)
{
	size_t matches = 0, at = 0;
	bool whole = false;

	if (c->request->remove_token == NULL)
		return ST_OK;
	for (size_t i = 0; i < c->n_listed && !whole; i++) {
		if (!certificate_serial_fits(c->listed[i], c->request->remove_token, &whole))
			continue;
		matches = whole ? 1 : matches + 1;
		at = i;
	}
	if (matches != 1)
		return no_such_token(c, matches, err);
	c->removed = c->listed[at];
	memmove(c->listed + at, c->listed + at + 1, (c->n_listed - at - 1) * sizeof(*c->listed));
	c->n_listed--;
	return ST_OK;
}

/* ---- collecting --------------------------------------------------------------------------------
 */

static bool is_listed(const struct change *c, const X509 *certificate)
{
	for (size_t i = 0; i < c->n_listed; i++)
		if (X509_cmp(c->listed[i], certificate) == 0)
			return true;
	return false;
}

/* How many tokens have to be inserted. */
static size_t count_wanted(const struct change *c, size_t n_before)
{
	const bool key_named = c->request->key != NULL;

	if (c->request->kind != CHANGE_ROLLBACK && n_before == 0)
		return 2;
	if (c->request->add_token)
		return key_named ? 1 : 2;
	return key_named ? 0 : 1;
}

static enum status refuse_removed(const struct change *c, struct error *err)
{
	for (size_t i = 0; c->removed != NULL && i < c->collection.n; i++) {
		if (X509_cmp(c->collection.list[i].certificate, c->removed) != 0)
			continue;
		error_set(err, ST_LOCKOUT, "%s",
		    _("this token is the one that is to be removed, so it cannot sign"));
		error_where(err, "%s", c->collection.list[i].name);
		error_hint(err, "%s", _("insert another token that the CTL lists"));
		return ST_LOCKOUT;
	}
	return ST_OK;
}

/* The tokens that are new join the list. */
static enum status add_collected(struct change *c, bool first, struct error *err)
{
	const size_t before = c->n_listed;

	for (size_t i = 0; (first || c->request->add_token) && i < c->collection.n; i++)
		if (!is_listed(c, c->collection.list[i].certificate))
			c->listed[c->n_listed++] = c->collection.list[i].certificate;
	if (!c->request->add_token || c->n_listed > before)
		return ST_OK;
	error_set(err, ST_EXISTS, "%s", _("the tokens are in the CTL already: none was added"));
	error_hint(err, "%s", _("insert a token that is new to this cluster"));
	return ST_EXISTS;
}

static bool was_tokenless(const struct change *c)
{
	return c->current != NULL && cluster_signing(c->cluster) == SIGNING_TOKENLESS;
}

/*
 * A token that was named is judged by what the phones hold, if that is known: who is refused then
 * learns which phones it would lock out.  At the terminal a token that is none of the current CTL's
 * is refused as it is inserted, so that the right one can follow.
 */
static bool model_decides(const struct change *c)
{
	uint64_t phones = 0;

	if (c->request->n_named == 0 || c->cluster->store == NULL)
		return false;
	return store_phones_n(c->cluster->store, &phones, NULL) == ST_OK && phones > 0;
}

/* From tokenless to tokens: nobody is asked for a token when none can sign. */
static enum status check_trusted(const struct change *c, struct error *err)
{
	const char *origin = c->cluster->current.origins;

	if (!was_tokenless(c) || change_is_forced(c) || model_decides(c) || c->request->key != NULL)
		return ST_OK;
	for (; *origin != '\0'; origin++)
		if (*origin == ORIGIN_TRUST || *origin == ORIGIN_KEPT)
			return ST_OK;
	error_set(err, ST_LOCKOUT, "%s",
	    _("the current CTL lists no token as SAST: phones would reject what one signs"));
	error_where(err, _("generation %lld"), (long long)c->cluster->current.number);
	change_hint_at_trust(err);
	return ST_LOCKOUT;
}

/* The tokens that the current list has, by name, for who inserted another one. */
static void name_insertable(struct change *c)
{
	struct buffer names = BUFFER_INIT;

	for (size_t i = 0; i < c->n_listed; i++) {
		if (c->request->signer != NULL && X509_cmp(c->request->signer, c->listed[i]) != 0)
			continue;
		if (names.len > 0)
			buffer_add(&names, ", ", 2);
		certificate_subject(c->listed[i], &names);
	}
	if (buffer_text(&names) != NULL)
		text_cut_into(c->insertable, sizeof(c->insertable), buffer_text(&names));
	buffer_free(&names);
}

/* What a person is about to be asked for. */
static const char *intro(const struct change *c)
{
	if (c->n_before == 0)
		return NULL;
	if (!c->request->add_token)
		return _("One token of the current CTL is needed: it signs.");
	if (c->request->key != NULL)
		return _("One new token is needed: it joins the CTL.");
	return _("Two tokens are needed: one of the current CTL, which signs, and a new one, which "
		 "joins it.");
}

static void fill_request(struct change *c, size_t wanted)
{
	const struct change_request *r = c->request;
	const bool judged_later = change_is_forced(c) || model_decides(c);

	name_insertable(c);

	snprintf(c->current_name, sizeof(c->current_name), _("the current CTL (generation %lld)"),
	    (long long)c->cluster->current.number);
	text_printable_into(
	    c->output, sizeof(c->output), text_bytes(c->cluster->inventory.ctl_file));
	c->collect = (struct collect_request){.tokens = c->tokens,
	    .wanted = wanted,
	    .digest = c->plan.digest,
	    .current = judged_later ? NULL : c->current,
	    .current_name = c->current_name,
	    .signer_named = r->key != NULL,
	    .named = r->named,
	    .n_named = r->n_named,
	    .output = c->output,
	    .intro = intro(c),
	    .insertable = c->n_listed > 0 ? c->insertable : NULL,
	    .first = c->current == NULL};
}

/* Phone-SAST-trust, without the token that is to be removed. */
static enum status list_trust(struct change *c, struct error *err)
{
	const struct change_request *r = c->request;
	X509 *const *trust = r->has_trust ? r->trust : c->cluster->trust;
	const size_t n = r->has_trust ? r->n_trust : c->cluster->n_trust;

	c->trust = calloc(n + 1, sizeof(*c->trust));
	if (c->trust == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		if (c->removed != NULL && X509_cmp(trust[i], c->removed) == 0)
			c->untrusted = true;
		else
			c->trust[c->n_trust++] = trust[i];
	}
	return ST_OK;
}

/* The tokens are known by their certificates: only the one that signs has to be there. */
static enum status take_sasts(struct change *c, struct error *err)
{
	if (c->request->n_sasts_tokens > COLLECT_MAX)
		return error_set(
		    err, ST_LIMIT, _("a CTL lists %d tokens at the most"), COLLECT_MAX);
	for (size_t i = 0; i < c->request->n_sasts_tokens; i++)
		c->listed[c->n_listed++] = c->request->sasts_tokens[i];
	c->n_before = c->n_listed;
	return ST_OK;
}

enum status change_list_tokens(struct change *c, struct error *err)
{
	enum status st = ST_OK;

	c->listed = calloc(c->cluster->list.n_records + COLLECT_MAX + 1, sizeof(*c->listed));
	if (c->listed == NULL)
		return error_no_memory(err);
	if (c->signing == SIGNING_TOKENS && c->request->has_sasts_tokens) {
		st = take_sasts(c, err);
	} else if (c->signing == SIGNING_TOKENS) {
		c->n_listed = cluster_tokens(c->cluster, c->listed);
		c->n_before = c->n_listed;
		st = remove_token(c, err);
	}
	return st == ST_OK ? list_trust(c, err) : st;
}

enum status change_collect(struct change *c, struct error *err)
{
	const struct change_request *r = c->request;
	const size_t wanted = count_wanted(c, c->n_before);
	enum status st;

	/* A dry run that needs no new token needs none at all. */
	if (c->signing != SIGNING_TOKENS || wanted == 0 ||
	    (r->dry_run && c->n_before > 0 && !r->add_token && r->n_named == 0))
		return ST_OK;
	st = c->n_before == 0 ? check_trusted(c, err) : ST_OK;
	if (st == ST_OK)
		st = change_open_tokens(c, err);
	if (st != ST_OK)
		return st;
	fill_request(c, wanted);
	st = ceremony_collect(&c->collect, &c->collection, err);
	if (st == ST_LOCKOUT && was_tokenless(c))
		change_hint_at_trust(err);
	if (st == ST_OK)
		st = refuse_removed(c, err);
	if (st == ST_OK && r->kind != CHANGE_ROLLBACK)
		st = add_collected(c, c->n_before == 0, err);
	return st;
}
