/*
 * Whose key signs.
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

/* ---- tokenless ---------------------------------------------------------------------------------
 */

/* Rolling back may bring a list whose usual signer was another one. */
static enum tokenless_signer choose_anchor(const struct change *c)
{
	const enum tokenless_signer usual = c->cluster->inventory.tokenless_signer;
	const enum tokenless_signer other =
	    usual == SIGNER_CALLMANAGER ? SIGNER_ITLRECOVERY : SIGNER_CALLMANAGER;
	const X509 *certificate = change_anchor(c, usual);

	if (c->request->signer != NULL && change_anchor(c, other) != NULL &&
	    X509_cmp(c->request->signer, change_anchor(c, other)) == 0)
		return other;
	if (c->request->kind == CHANGE_RESET_LOCALKEY)
		return other;
	if (c->request->kind == CHANGE_ROLLBACK &&
	    (!change_is_sast(c, certificate) || !change_current_knows(c, certificate)) &&
	    change_is_sast(c, change_anchor(c, other)))
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
	const X509 *certificate = change_anchor(c, which);
	enum status st;

	*only = NULL;
	for (size_t i = 0; certificate != NULL && i < c->n_signers; i++)
		if (X509_cmp(c->signers[i], certificate) == 0)
			*only = c->signers[i];
	if (*only == NULL) {
		error_set(err, ST_NO_KEY, _("%s is to sign, and it is none of the new CTL's SASTs"),
		    which == SIGNER_CALLMANAGER ? "CallManager" : "ITLRecovery");
		error_hint(err, "%s", _("name another key with --sign-with"));
		return ST_NO_KEY;
	}
	st = change_check_phones(c, *only, inventory->tokenless_signer, err);
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

	for (size_t i = 0; record != NULL && record->x509 != NULL && i < c->n_signers; i++)
		if (X509_cmp(c->signers[i], record->x509) == 0 &&
		    (!c->served.is_other || tl_find_sast(&c->served.list, c->signers[i]) != NULL) &&
		    change_withdrawn_without(c, c->signers[i]) == NULL)
			return c->signers[i];
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
		return *only == NULL ? ST_OK
				     : change_check_phones(
					   c, *only, c->cluster->inventory.tokenless_signer, err);
	}
	st = ceremony_finish(&c->collect, &c->collection, &index, err);
	if (st != ST_OK)
		return st;
	token = &c->collection.list[index];
	c->key_owned = strdup(token->uri);
	if (c->key_owned == NULL)
		return error_no_memory(err);
	c->key = c->key_owned;
	for (size_t i = 0; i < c->n_signers; i++)
		if (X509_cmp(c->signers[i], token->certificate) == 0)
			*only = c->signers[i];
	if (*only != NULL)
		return change_check_phones(c, *only, c->cluster->inventory.tokenless_signer, err);
	error_set(err, ST_NO_KEY, "%s", _("this token is none of the tokens of the new CTL"));
	error_where(err, "%s", token->name);
	error_hint(err, "%s",
	    c->request->has_sasts_tokens
		? _("insert one that is; ctlsign migrate status names them")
		: _("add it in the same step with --add-token, or insert one that is"));
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

	for (size_t i = 0; i < c->n_signers; i++) {
		if (c->only != NULL && c->only != c->signers[i])
			continue;
		if (names.len > 0)
			buffer_add(&names, "; ", 2);
		change_name_with_serial(c->signers[i], &names);
	}
	if (buffer_text(&names) != NULL)
		error_hint(err, _("name the private key of: %s"), buffer_text(&names));
	buffer_free(&names);
}

/* Nobody whose key is named is among those that may sign. */
static enum status no_signer(const struct change *c, struct error *err)
{
	if (c->signing == SIGNING_TOKENS)
		error_set(err, ST_NO_KEY, "%s", _("the new CTL lists no token that could sign it"));
	else
		error_set(err, ST_NO_KEY, "%s",
		    _("the new CTL lists neither CallManager nor ITLRecovery, who could sign it"));
	error_hint(err, "%s", _("see what ctlsign.conf and its release call for: ctlsign status"));
	return ST_NO_KEY;
}

/*
 * Opens the key without a word to anybody.  One that wants its passphrase now is opened after the
 * person has said yes, where its certificate is known without it.
 */
static enum status open_key(struct change *c, X509 *only, struct error *err)
{
	const struct pin_source asking = ceremony_pin_source(c->request->pins);
	enum status st = ST_OK;

	if (c->n_signers == 0)
		return no_signer(c, err);
	if (token_selector_is_uri(c->key))
		st = change_open_tokens(c, err);
	c->pins = (struct pin_source){.ask = ask_nothing};
	c->only = only;
	if (st == ST_OK)
		st = change_open_key(c, err);
	if (st == ST_PIN_NEEDED && (only != NULL || c->request->dry_run)) {
		c->locked = true;
		return ST_OK;
	}
	c->pins = asking;
	if (st == ST_PIN_NEEDED) {
		named_signer_close(&c->named);
		st = change_open_key(c, err);
	}
	if (st == ST_OK)
		c->plan.signer = signer_certificate(c->named.signer);
	return st;
}

enum status change_open_key(struct change *c, struct error *err)
{
	enum status st =
	    named_signer_open(&c->named, c->key, c->only != NULL ? &c->only : c->signers,
		c->only != NULL ? 1 : c->n_signers, c->tokens, &c->pins, err);

	if (st == ST_NO_KEY && !token_selector_is_uri(c->key))
		hint_at_certificates(c, err);
	return st;
}

enum status change_unlock_key(struct change *c, struct error *err)
{
	c->pins = ceremony_pin_source(c->request->pins);
	if (!c->locked)
		return ST_OK;
	named_signer_close(&c->named);
	return change_open_key(c, err);
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
		st = change_check_phones(c, c->plan.signer, usual, err);
	if (st == ST_OK && c->plan.signer == NULL)
		c->request->warn(c->request->context,
		    _("what phones would do was not asked: who signs is not known yet; name the "
		      "token with --token, or the key with --sign-with"));
	return st;
}
