/*
 * What is said when phones would reject the new CTL, and the way that works.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

const X509 *change_anchor(const struct change *c, enum tokenless_signer which)
{
	const struct inventory *inventory = &c->cluster->inventory;

	return which == SIGNER_CALLMANAGER ? inventory_publisher(inventory)->certificate.x509
					   : inventory->itlrecovery.x509;
}

bool change_current_knows(const struct change *c, const X509 *certificate)
{
	return certificate != NULL && tl_find_sast(c->current, certificate) != NULL;
}

static bool was_tokenless(const struct change *c)
{
	return cluster_signing(c->cluster) == SIGNING_TOKENLESS;
}

bool change_is_sast(const struct change *c, const X509 *certificate)
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

const struct withdrawn *change_withdrawn_without(const struct change *c, const X509 *signer)
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
	const X509 *certificate = change_anchor(c, other);

	return release_rules(&c->cluster->inventory.release)->tokenless_itlrecovery &&
	       change_current_knows(c, certificate) && change_is_sast(c, certificate) &&
	       change_withdrawn_without(c, certificate) == NULL;
}

void change_hint_the_way(const struct change *c, enum tokenless_signer usual, struct error *err)
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

void change_name_with_serial(const X509 *certificate, struct buffer *out)
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

/* An earlier list, which phones that were off may still hold. */
static void hint_at_stragglers(const struct change *c, struct error *err)
{
	const long long current = (long long)c->cluster->current.number;

	error_hint(err,
	    _("if every phone holds generation %lld, say --phones-hold %lld; or read in what they "
	      "hold with ctlsign phones import, or sign with a SAST that all these generations "
	      "list"),
	    current, current);
}

static const struct withdrawn *find_withdrawn(const struct change *c, int64_t number)
{
	for (size_t i = 0; i < c->n_withdrawn; i++)
		if (c->withdrawn[i].number == number)
			return &c->withdrawn[i];
	return NULL;
}

void change_hint_at_list(enum phone_why why, struct error *err)
{
	if (why == PHONE_WHY_DIGEST)
		error_hint(err, "%s",
		    _("sign with a digest that all phones know: digest = sha1 in ctlsign.conf"));
	else if (why == PHONE_WHY_KEY)
		error_hint(err, "%s", _("sign with a smaller key, RSA-2048 at the most"));
	else
		error_hint(err, "%s", _("make the CTL smaller: fewer or smaller certificates"));
}

static enum status refuse_list(enum phone_why why, struct error *err)
{
	error_set(err, ST_LOCKOUT, _("phones would reject this CTL, whoever signs it: %s"),
	    phone_why_text(why));
	change_hint_at_list(why, err);
	return ST_LOCKOUT;
}

enum status change_refuse(const struct change *c, const X509 *signer, enum phone_why why,
    const struct phone_list *list, const char *name, enum tokenless_signer usual, struct error *err)
{
	const int64_t number = list != NULL ? list->generation : 0;
	const struct withdrawn *withdrawn = number > 0 ? find_withdrawn(c, number) : NULL;
	struct buffer who = BUFFER_INIT;

	if (why == PHONE_WHY_SIZE || why == PHONE_WHY_DIGEST || why == PHONE_WHY_KEY)
		return refuse_list(why, err);
	change_name_with_serial(signer, &who);
	if (number == 0 || number == c->cluster->current.number || withdrawn != NULL)
		error_set(err, ST_LOCKOUT,
		    _("phones would reject a CTL signed by %s: it is no SAST of the CTL that they "
		      "have, and those that do not ask TVS would have to be reset by hand; "
		      "--force-signer signs anyway"),
		    buffer_text(&who));
	else
		error_set(err, ST_LOCKOUT,
		    _("phones that still hold generation %lld would reject a CTL signed by %s: it "
		      "is no SAST of that one, and those that do not ask TVS would have to be "
		      "reset "
		      "by hand; --force-signer signs anyway"),
		    (long long)number, buffer_text(&who));
	if (withdrawn != NULL) {
		error_where(err,
		    _("generation %lld, which was taken back, and which phones may have loaded"),
		    (long long)number);
		hint_at_withdrawn(c, withdrawn, err);
	} else if (number != 0 && number != c->cluster->current.number) {
		hint_at_stragglers(c, err);
	} else {
		error_where(err, "%s", name);
		change_hint_the_way(c, usual, err);
	}
	buffer_free(&who);
	return ST_LOCKOUT;
}
