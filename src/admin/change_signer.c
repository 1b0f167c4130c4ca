/*
 * Whose key signs, and what is said when phones do not know it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the refusal, and the way that works -------------------------------------------------------
 */

static const X509 *anchor_of_inventory(const struct change *c, enum tokenless_signer which)
{
	const struct inventory *inventory = &c->cluster->inventory;

	return which == SIGNER_CALLMANAGER ? inventory_publisher(inventory)->certificate.x509
					   : inventory->itlrecovery.x509;
}

static bool current_knows(const struct change *c, const X509 *certificate)
{
	return certificate != NULL && tl_find_sast(c->current, certificate) != NULL;
}

static bool was_tokenless(const struct change *c)
{
	return cluster_signing(c->cluster) == SIGNING_TOKENLESS;
}

void change_hint_at_trust(struct error *err)
{
	error_hint(err, "%s",
	    _("the way that works: ctlsign token export each token's certificate, ctlsign trust "
	      "add it, ctlsign update; when all phones have that CTL, go to tokens"));
}

/* Which step leads there, for the case at hand. */
static void hint_the_way(const struct change *c, enum tokenless_signer usual, struct error *err)
{
	const enum tokenless_signer other =
	    usual == SIGNER_CALLMANAGER ? SIGNER_ITLRECOVERY : SIGNER_CALLMANAGER;
	const bool lists_other = current_knows(c, anchor_of_inventory(c, other));

	if (c->signing == SIGNING_TOKENLESS && was_tokenless(c) && lists_other &&
	    c->request->kind != CHANGE_RESET_LOCALKEY)
		error_hint(err, "%s",
		    _("its certificate is new since phones got their CTL. The way that works: "
		      "ctlsign reset-localkey, which signs with the other SAST, that phones know"));
	else if (c->request->kind == CHANGE_NON_SECURE_MODE && !was_tokenless(c) &&
		 release_rules(&c->cluster->inventory.release)->nonsecure_without_token)
		error_hint(err, "%s",
		    _("sign with a token of the CTL: --tokens. If all are lost, --force-signer "
		      "goes "
		      "on without; phones then keep their old CTL until it is deleted on each of "
		      "them"));
	else if (c->signing == SIGNING_TOKENLESS && !was_tokenless(c))
		error_hint(err, "%s",
		    _("the way that works: with release = 11.5(1) or later in ctlsign.conf, "
		      "ctlsign "
		      "update with a token; that CTL lists CallManager and ITLRecovery as SAST. "
		      "When all phones have it, go tokenless"));
	else if (c->signing == SIGNING_TOKENS && was_tokenless(c))
		change_hint_at_trust(err);
	else
		error_hint(err, "%s",
		    _("sign with a key that the current CTL lists as SAST: ctlsign show names "
		      "them"));
}

static enum status refuse(
    const struct change *c, const X509 *signer, enum tokenless_signer usual, struct error *err)
{
	struct buffer name = BUFFER_INIT, known = BUFFER_INIT;

	certificate_subject(signer, &name);
	tl_sast_names(c->current, &known);
	error_set(err, ST_LOCKOUT,
	    _("%s is no SAST of the current CTL (which are: %s): every phone would reject the new "
	      "one, and those that do not ask TVS would have to be reset by hand; --force-signer "
	      "signs anyway"),
	    buffer_text(&name), buffer_text(&known));
	error_where(err, _("generation %lld"), (long long)c->cluster->current.number);
	hint_the_way(c, usual, err);
	buffer_free(&name);
	buffer_free(&known);
	return ST_LOCKOUT;
}

static enum status check_known(
    const struct change *c, const X509 *signer, enum tokenless_signer usual, struct error *err)
{
	if (c->current == NULL || c->request->force_signer || current_knows(c, signer))
		return ST_OK;
	return refuse(c, signer, usual, err);
}

/* ---- tokenless ---------------------------------------------------------------------------------
 */

static bool is_sast(const struct change *c, const X509 *certificate)
{
	for (size_t i = 0; certificate != NULL && i < c->n_sasts; i++)
		if (X509_cmp(c->sasts[i], certificate) == 0)
			return true;
	return false;
}

/* Rolling back may bring a list whose usual signer was another one. */
static enum tokenless_signer choose_anchor(const struct change *c)
{
	const enum tokenless_signer usual = c->cluster->inventory.tokenless_signer;
	const enum tokenless_signer other =
	    usual == SIGNER_CALLMANAGER ? SIGNER_ITLRECOVERY : SIGNER_CALLMANAGER;
	const X509 *certificate = anchor_of_inventory(c, usual);

	if (c->request->kind == CHANGE_RESET_LOCALKEY)
		return other;
	if (c->request->kind == CHANGE_ROLLBACK &&
	    (!is_sast(c, certificate) || !current_knows(c, certificate)) &&
	    is_sast(c, anchor_of_inventory(c, other)))
		return other;
	return usual;
}

static enum status no_key_named(
    const struct change *c, enum tokenless_signer which, struct error *err)
{
	const struct inventory *inventory = &c->cluster->inventory;

	if (which == SIGNER_CALLMANAGER)
		error_set(err, ST_NO_KEY, "%s",
		    _("the CallManager key is to sign, and the inventory does not say where it "
		      "is"));
	else
		error_set(err, ST_NO_KEY, "%s",
		    _("the ITLRecovery key is to sign, and the inventory does not say where it "
		      "is"));
	error_where(err, "%s", inventory->path);
	error_hint(err,
	    _("enter it: %s { key = \"FILE or pkcs11:...\" }, or name it with "
	      "--sign-with"),
	    which == SIGNER_CALLMANAGER ? "callmanager" : "itlrecovery");
	return ST_NO_KEY;
}

/* The certificate that has to sign is known before its key is touched. */
static enum status choose_tokenless(struct change *c, X509 **only, struct error *err)
{
	const enum tokenless_signer which = choose_anchor(c);
	const struct inventory *inventory = &c->cluster->inventory;
	const X509 *certificate = anchor_of_inventory(c, which);
	enum status st;

	*only = NULL;
	for (size_t i = 0; certificate != NULL && i < c->n_sasts; i++)
		if (X509_cmp(c->sasts[i], certificate) == 0)
			*only = c->sasts[i];
	if (*only == NULL) {
		error_set(err, ST_NO_KEY, _("%s is to sign, and it is none of the new CTL's SASTs"),
		    which == SIGNER_CALLMANAGER ? "CallManager" : "ITLRecovery");
		error_hint(err, "%s", _("name another key with --sign-with"));
		return ST_NO_KEY;
	}
	st = check_known(c, *only, inventory->tokenless_signer, err);
	if (st != ST_OK)
		return st;
	c->key = which == SIGNER_CALLMANAGER ? inventory->callmanager_key.where
					     : inventory->itlrecovery_key.where;
	return c->key != NULL ? ST_OK : no_key_named(c, which, err);
}

/* ---- tokens ------------------------------------------------------------------------------------
 */

/* In a dry run without a token: the one that signed last, if it still may. */
static X509 *last_signer(const struct change *c)
{
	const struct tl_record *record = c->current == NULL ? NULL : tl_signer_record(c->current);

	for (size_t i = 0; record != NULL && record->x509 != NULL && i < c->n_sasts; i++)
		if (X509_cmp(c->sasts[i], record->x509) == 0)
			return c->sasts[i];
	return NULL;
}

static enum status choose_token(struct change *c, X509 **only, struct error *err)
{
	const struct collected_token *token;
	enum status st;
	size_t index;

	*only = NULL;
	if (c->collection.n == 0) {
		*only = last_signer(c);
		return ST_OK;
	}
	st = ceremony_finish(&c->collect, &c->collection, &index, err);
	if (st != ST_OK)
		return st;
	token = &c->collection.list[index];
	c->key_owned = strdup(token->uri);
	if (c->key_owned == NULL)
		return error_no_memory(err);
	c->key = c->key_owned;
	for (size_t i = 0; i < c->n_sasts; i++)
		if (X509_cmp(c->sasts[i], token->certificate) == 0)
			*only = c->sasts[i];
	if (*only != NULL)
		return check_known(c, *only, c->cluster->inventory.tokenless_signer, err);
	error_set(err, ST_NO_KEY, "%s", _("this token is none of the new CTL's SASTs"));
	error_where(err, "%s", token->name);
	error_hint(err, "%s", _("add it in the same step with --add-token, or insert one that is"));
	return ST_NO_KEY;
}

/* ---- both --------------------------------------------------------------------------------------
 */

/* A dry run asks for nothing. */
static enum status ask_nothing(
    void *context, const struct pin_request *request, struct secret *pin, struct error *err)
{
	(void)context;
	(void)request;
	(void)pin;
	return error_set(err, ST_PIN_NEEDED, "%s", _("a dry run asks for no PIN"));
}

/* The key is a good one, but none that may sign this list. */
static void hint_at_certificates(const struct change *c, struct error *err)
{
	struct buffer names = BUFFER_INIT;

	for (size_t i = 0; i < c->n_sasts; i++) {
		if (c->only != NULL && c->only != c->sasts[i])
			continue;
		if (names.len > 0)
			buffer_add(&names, ", ", 2);
		certificate_subject(c->sasts[i], &names);
	}
	if (buffer_text(&names) != NULL)
		error_hint(err, _("name the private key of: %s"), buffer_text(&names));
	buffer_free(&names);
}

static enum status open_key(struct change *c, X509 *only, struct error *err)
{
	const struct pin_source silent = {.ask = ask_nothing};
	const struct pin_source asking = ceremony_pin_source(c->request->pins);
	const bool dry = c->request->dry_run;
	enum status st = ST_OK;

	if (token_selector_is_uri(c->key))
		st = change_open_tokens(c, err);
	c->pins = dry ? silent : asking;
	c->only = only;
	if (st == ST_OK)
		st = named_signer_open(&c->named, c->key, only != NULL ? &c->only : c->sasts,
		    only != NULL ? 1 : c->n_sasts, c->tokens, &c->pins, err);
	if (st == ST_PIN_NEEDED && dry)
		return ST_OK;
	if (st == ST_NO_KEY && !token_selector_is_uri(c->key))
		hint_at_certificates(c, err);
	if (st == ST_OK)
		c->plan.signer = signer_certificate(c->named.signer);
	return st;
}

/* The generation before the current one, as some phone may have missed the current one. */
static enum status read_before(
    const struct change *c, struct generation *before, struct trustlist *list, struct error *err)
{
	enum status st = ST_FAILED;

	for (int64_t n = c->cluster->current.number - 1; n > 0 && st == ST_FAILED; n--)
		st = store_generation(c->cluster->store, n, before, err);
	if (st == ST_OK)
		st = tl_read(list, buffer_bytes(&before->ctl), err);
	return st;
}

/*
 * One SAST has to survive every step.  Which phones missed the current CTL nobody knows here, so
 * those are warned of, not refused.
 */
static void warn_of_stragglers(const struct change *c)
{
	struct generation before = GENERATION_INIT;
	struct trustlist list = TRUSTLIST_INIT;
	struct error err;
	char line[640];

	if (c->current == NULL || c->plan.signer == NULL || c->cluster->store == NULL)
		return;
	if (read_before(c, &before, &list, &err) == ST_OK &&
	    tl_find_sast(&list, c->plan.signer) == NULL) {
		snprintf(line, sizeof(line),
		    _("this signer is no SAST of generation %lld: phones that missed generation "
		      "%lld would reject the new CTL; see that all have it, or sign with an older "
		      "SAST"),
		    (long long)before.number, (long long)c->cluster->current.number);
		c->request->warn(c->request->context, line);
	}
	tl_free(&list);
	generation_free(&before);
}

enum status change_choose_signer(struct change *c, struct error *err)
{
	const enum tokenless_signer usual = c->cluster->inventory.tokenless_signer;
	X509 *only = NULL;
	enum status st = ST_OK;

	if (c->request->key != NULL)
		c->key = c->request->key;
	else if (c->signing == SIGNING_TOKENS)
		st = choose_token(c, &only, err);
	else
		st = choose_tokenless(c, &only, err);
	c->plan.signer = only;
	if (st == ST_OK && c->key != NULL)
		st = open_key(c, only, err);
	if (st == ST_OK && c->request->key != NULL && c->plan.signer != NULL)
		st = check_known(c, c->plan.signer, usual, err);
	if (st == ST_OK)
		warn_of_stragglers(c);
	return st;
}
