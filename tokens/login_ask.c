/*
 * Asks for PINs, with what the token says of its tries at that moment, and tells what came of them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/ckr.h"
#include "tokens/internal.h"
#include "tokens/login.h"

#include <string.h>

void login_init(struct login *login, const struct token *token, const struct pin_source *pins)
{
	login->id = token->identity;
	login->pins = pins;
	memcpy(login->text.label, token->text.label, sizeof(login->text.label));
	memcpy(login->text.serial, token->text.serial, sizeof(login->text.serial));
	memcpy(login->text.reader, token->text.reader, sizeof(login->text.reader));
	memcpy(
	    login->text.manufacturer, token->text.manufacturer, sizeof(login->text.manufacturer));
	login->request = (struct pin_request){
	    .label = login->text.label,
	    .serial = login->text.serial,
	    .reader = login->text.reader,
	    .manufacturer = login->text.manufacturer,
	};
}

static enum status locked(const struct login *login, enum pin_purpose purpose, struct error *err)
{
	if (purpose == PIN_SO) {
		error_set(
		    err, ST_PIN_LOCKED, _("the SO PIN is locked: the token takes no more SO PINs"));
		error_hint(err, _("ask who issued the token: a locked SO PIN is final on most "
				  "tokens"));
	} else {
		error_set(err, ST_PIN_LOCKED, _("the PIN is locked: the token takes no more PINs"));
		error_hint(err, "%s", _(ckr_lookup(CKR_PIN_LOCKED)->action));
	}
	error_where(err, "%s", login->id.name);
	return ST_PIN_LOCKED;
}

/*
 * Before anything is sent: a PIN that the token cannot have costs a try on some, and a new one that
 * it would not take may have cost the other PIN's.
 */
static enum status check_length(const struct login *login, const struct pin_request *request,
    struct secret *pin, struct error *err)
{
	const bool new_pin = request->purpose == PIN_NEW || request->purpose == PIN_NEW_SO;

	if (request->pin_pad || request->max_len == 0 ||
	    (pin->len >= request->min_len && pin->len <= request->max_len))
		return ST_OK;
	secret_wipe(pin);
	if (!new_pin)
		error_set(err, ST_PIN_WRONG,
		    _("this cannot be the PIN: the token takes PINs of %u to %u characters; "
		      "nothing was tried"),
		    request->min_len, request->max_len);
	else
		error_set(err, ST_LIMIT,
		    _("the token takes PINs of %u to %u characters; nothing was changed"),
		    request->min_len, request->max_len);
	error_where(err, "%s", login->id.name);
	error_hint(err, "%s",
	    new_pin ? _("choose a new PIN of that length")
		    : _("make sure of the PIN; no try was used up"));
	return err->status;
}

/* The PIN for this token, or nothing where it is typed on the reader. */
static enum status ask(const struct login *login, const struct pin_request *request,
    struct secret *pin, struct error *err)
{
	enum status status;

	if (login->pins == NULL)
		status = error_set(err, ST_PIN_NEEDED, _("a PIN is needed"));
	else
		status = login->pins->ask(login->pins->context, request, pin, err);
	if (status == ST_OK && !request->pin_pad && pin->text == NULL)
		status = error_set(err, ST_PIN_NEEDED, _("no PIN was given"));
	/* With a PIN pad the reader must ask, or the PIN would be sent in vain. */
	if (request->pin_pad)
		secret_wipe(pin);
	if (status != ST_OK && err->where[0] == '\0')
		error_where(err, "%s", login->id.name);
	return status == ST_OK ? check_length(login, request, pin, err) : status;
}

/* What a token says of the length of its user PIN, as far as it makes sense. */
static void set_lengths(
    struct pin_request *request, enum pin_purpose purpose, const CK_TOKEN_INFO *now)
{
	CK_ULONG min = now->ulMinPinLen, max = now->ulMaxPinLen;

	request->min_len = request->max_len = 0;
	/* An SO PIN or PUK has a length of its own: on some cards it is longer than any PIN. */
	if (purpose == PIN_SO || purpose == PIN_NEW_SO || min > SECRET_MAX || max == 0 || min > max)
		return;
	request->min_len = (unsigned)min;
	request->max_len = max > SECRET_MAX ? SECRET_MAX : (unsigned)max;
}

enum status login_ask(struct login *login, enum pin_purpose purpose, const CK_TOKEN_INFO *now,
    struct secret *pin, struct error *err)
{
	struct pin_request *request = &login->request;
	const bool so = purpose == PIN_SO;
	const CK_FLAGS low = so ? CKF_SO_PIN_COUNT_LOW : CKF_USER_PIN_COUNT_LOW;
	const CK_FLAGS final = so ? CKF_SO_PIN_FINAL_TRY : CKF_USER_PIN_FINAL_TRY;

	request->purpose = purpose;
	request->pin_pad = (now->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	request->count_low = (now->flags & low) != 0;
	request->final_try = (now->flags & final) != 0;
	set_lengths(request, purpose, now);
	if ((now->flags & (so ? CKF_SO_PIN_LOCKED : CKF_USER_PIN_LOCKED)) != 0)
		return locked(login, purpose, err);
	return ask(login, request, pin, err);
}

enum status login_ask_new(struct login *login, enum pin_purpose purpose, const CK_TOKEN_INFO *now,
    struct secret *pin, struct error *err)
{
	struct pin_request request = login->request;

	request.purpose = purpose;
	request.pin_pad = (now->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	request.count_low = false;
	request.final_try = false;
	set_lengths(&request, purpose, now);
	return ask(login, &request, pin, err);
}

void login_tell(struct login *login, enum pin_outcome outcome)
{
	const struct pin_source *pins = login->pins;

	if (pins == NULL || pins->tell == NULL || login->request.purpose == PIN_NEW_SO ||
	    (outcome == PIN_SENT) == login->awaited)
		return;
	login->awaited = outcome == PIN_SENT;
	pins->tell(pins->context, &login->request, outcome);
}

/* There is none that it could be, or somebody is logged in: the token did not look at it. */
static bool not_looked_at(unsigned long ckr)
{
	return ckr == CKR_USER_PIN_NOT_INITIALIZED || ckr == CKR_USER_ALREADY_LOGGED_IN ||
	       ckr == CKR_USER_ANOTHER_ALREADY_LOGGED_IN || ckr == CKR_USER_TOO_MANY_TYPES;
}

enum pin_outcome login_outcome(enum status status, unsigned long ckr)
{
	if (status == ST_PIN_WRONG || status == ST_PIN_LOCKED)
		return PIN_REFUSED;
	/* On a PIN pad. */
	if (status == ST_CANCELLED || not_looked_at(ckr))
		return PIN_UNUSED;
	/* It must be changed first, and is not wrong. */
	if (ckr == CKR_OK || ckr == CKR_PIN_EXPIRED)
		return PIN_ACCEPTED;
	return PIN_UNCERTAIN;
}
