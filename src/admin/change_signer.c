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

static bool is_sast(const struct change *c, const X509 *certificate)
{
	for (size_t i = 0; certificate != NULL && i < c->n_sasts; i++)
		if (X509_cmp(c->sasts[i], certificate) == 0)
			return true;
	return false;
}

void change_hint_at_trust(struct error *err)
{
	error_hint(err, "%s",
	    _("the way that works: ctlsign token export each token's certificate, ctlsign trust "
	      "add it, ctlsign update; when all phones have that CTL, go to tokens"));
}

/* The list that was taken back and does not know SIGNER; NULL: none. */
static const struct withdrawn *withdrawn_without(const struct change *c, const X509 *signer)
{
	for (size_t i = 0; i < c->n_withdrawn; i++)
		if (tl_find_sast(&c->withdrawn[i].list, signer) == NULL)
			return &c->withdrawn[i];
	return NULL;
}

/* Whether the other anchor could sign in its place: phones know it, and it stays a SAST. */
static bool other_can_sign(const struct change *c, enum tokenless_signer usual)
{
	const enum tokenless_signer other =
	    usual == SIGNER_CALLMANAGER ? SIGNER_ITLRECOVERY : SIGNER_CALLMANAGER;
	const X509 *certificate = anchor_of_inventory(c, other);

	return release_rules(&c->cluster->inventory.release)->tokenless_itlrecovery &&
	       current_knows(c, certificate) && is_sast(c, certificate) &&
	       withdrawn_without(c, certificate) == NULL;
}

/* Which step leads there, for the case at hand. */
static void hint_the_way(const struct change *c, enum tokenless_signer usual, struct error *err)
{
	const bool nonsecure = c->request->kind == CHANGE_NON_SECURE_MODE;
	const bool lost_tokens = nonsecure && c->signing == SIGNING_TOKENLESS && !was_tokenless(c);

	if (c->request->kind == CHANGE_RESET_LOCALKEY)
		error_hint(err, "%s",
		    _("the usual signer may be the one that phones know: ctlsign update"));
	else if (lost_tokens)
		error_hint(err, "%s",
		    _("sign with a token of the CTL: --tokens. If all are lost, --force-signer "
		      "goes "
		      "on without; phones then keep their old CTL until it is deleted on each of "
		      "them"));
	else if (c->signing == SIGNING_TOKENLESS && was_tokenless(c) && other_can_sign(c, usual))
		error_hint(err, "%s",
		    _("its certificate is new since phones got their CTL. The way that works: "
		      "ctlsign reset-localkey, which signs with the other SAST, that phones know"));
	else if (c->signing == SIGNING_TOKENLESS && was_tokenless(c) && !c->served.is_other)
		error_hint(err, "%s",
		    _("the way that works, with the old key: ctlsign trust add the old "
		      "certificate, "
		      "then ctlsign update --sign-with OLDKEY; when all phones have that CTL, "
		      "ctlsign update"));
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
		    _("sign with the key of a SAST that the current CTL lists; ctlsign show names "
		      "them"));
}

/* "CN=SAST-1;O=Lab, 4A:21:9F". */
static void name_with_serial(const X509 *certificate, struct buffer *out)
{
	certificate_subject(certificate, out);
	buffer_add(out, ", ", 2);
	text_hex(out, tl_certificate_serial(certificate), ':', false);
}

/* Phones that loaded a list before it was taken back are what the next one is bound to. */
static void hint_at_withdrawn(
    const struct change *c, const struct withdrawn *withdrawn, struct error *err)
{
	if (c->current != NULL)
		error_hint(err,
		    _("sign with the key of a SAST that generations %lld and %lld both list "
		      "(--sign-with KEY, or its token); see them with: ctlsign export %lld -o "
		      "FILE, "
		      "ctlsign show FILE"),
		    (long long)c->cluster->current.number, (long long)withdrawn->number,
		    (long long)withdrawn->number);
	else
		error_hint(err,
		    _("sign with the key of a SAST that generation %lld lists (--sign-with KEY, or "
		      "its token); see them with: ctlsign export %lld -o FILE, ctlsign show FILE"),
		    (long long)withdrawn->number, (long long)withdrawn->number);
}

static enum status refuse(const struct change *c, const X509 *signer, const char *where,
    const struct withdrawn *withdrawn, enum tokenless_signer usual, struct error *err)
{
	struct buffer name = BUFFER_INIT;

	name_with_serial(signer, &name);
	error_set(err, ST_LOCKOUT,
	    _("phones would reject a CTL signed by %s: it is no SAST of the CTL that they have, "
	      "and "
	      "those that do not ask TVS would have to be reset by hand; --force-signer signs "
	      "anyway"),
	    buffer_text(&name));
	error_where(err, "%s", where);
	if (withdrawn != NULL)
		hint_at_withdrawn(c, withdrawn, err);
	else
		hint_the_way(c, usual, err);
	buffer_free(&name);
	return ST_LOCKOUT;
}

/*
 * The signer has to be known to phones with the current CTL, with the file that is served, and with
 * one that was taken back.
 */
static enum status check_known(
    struct change *c, const X509 *signer, enum tokenless_signer usual, struct error *err)
{
	const bool known = c->current == NULL || current_knows(c, signer);
	const bool served = !c->served.is_other || tl_find_sast(&c->served.list, signer) != NULL;
	const struct withdrawn *withdrawn = withdrawn_without(c, signer);
	char where[128];

	c->unknown = !known || !served || withdrawn != NULL;
	if (!c->unknown || c->request->force_signer)
		return ST_OK;
	if (known && served) {
		snprintf(where, sizeof(where),
		    _("generation %lld, which was taken back, and which phones may have loaded"),
		    (long long)withdrawn->number);
		return refuse(c, signer, where, withdrawn, usual, err);
	}
	snprintf(where, sizeof(where), _("generation %lld"), (long long)c->cluster->current.number);
	return refuse(c, signer, known ? c->output : where, NULL, usual, err);
}

/* ---- tokenless ---------------------------------------------------------------------------------
 */

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
	for (size_t i = 0; certificate != NULL && i < c->n_signers; i++)
		if (X509_cmp(c->signers[i], certificate) == 0)
			*only = c->signers[i];
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

	for (size_t i = 0; record != NULL && record->x509 != NULL && i < c->n_signers; i++)
		if (X509_cmp(c->signers[i], record->x509) == 0 &&
		    (!c->served.is_other || tl_find_sast(&c->served.list, c->signers[i]) != NULL) &&
		    withdrawn_without(c, c->signers[i]) == NULL)
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
	for (size_t i = 0; i < c->n_signers; i++)
		if (X509_cmp(c->signers[i], token->certificate) == 0)
			*only = c->signers[i];
	if (*only != NULL)
		return check_known(c, *only, c->cluster->inventory.tokenless_signer, err);
	error_set(err, ST_NO_KEY, "%s", _("this token is none of the tokens of the new CTL"));
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

	for (size_t i = 0; i < c->n_signers; i++) {
		if (c->only != NULL && c->only != c->signers[i])
			continue;
		if (names.len > 0)
			buffer_add(&names, "; ", 2);
		name_with_serial(c->signers[i], &names);
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
		st = check_known(c, c->plan.signer, usual, err);
	if (st == ST_OK)
		change_warn_of_signer(c);
	return st;
}
