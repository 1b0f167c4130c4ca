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
	return status;
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
	if ((now->flags & (so ? CKF_SO_PIN_LOCKED : CKF_USER_PIN_LOCKED)) != 0)
		return locked(login, purpose, err);
	return ask(login, request, pin, err);
}

/* What a token says of the length of its user PIN, as far as it makes sense. */
static void set_lengths(struct pin_request *request, const CK_TOKEN_INFO *now)
{
	CK_ULONG min = now->ulMinPinLen, max = now->ulMaxPinLen;

	if (min > SECRET_MAX || max == 0 || min > max)
		return;
	request->min_len = (unsigned)min;
	request->max_len = max > SECRET_MAX ? SECRET_MAX : (unsigned)max;
}

enum status login_ask_new(struct login *login, enum pin_purpose purpose, const CK_TOKEN_INFO *now,
    struct secret *pin, struct error *err)
{
	struct pin_request request = login->request;
	enum status status;

	request.purpose = purpose;
	request.pin_pad = (now->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	request.count_low = false;
	request.final_try = false;
	/* Tokens tell the length of the user PIN only. */
	if (purpose == PIN_NEW)
		set_lengths(&request, now);
	status = ask(login, &request, pin, err);
	if (status != ST_OK || request.pin_pad || request.max_len == 0)
		return status;
	if (pin->len < request.min_len)
		error_set(err, ST_LIMIT,
		    _("the new PIN is too short: the token takes %u to %u characters"),
		    request.min_len, request.max_len);
	else if (pin->len > request.max_len)
		error_set(err, ST_LIMIT,
		    _("the new PIN is too long: the token takes %u to %u characters"),
		    request.min_len, request.max_len);
	else
		return ST_OK;
	secret_wipe(pin);
	error_where(err, "%s", login->id.name);
	error_hint(err, _("choose another one; nothing was sent to the token"));
	return ST_LIMIT;
}

void login_tell(const struct login *login, enum pin_outcome outcome)
{
	const struct pin_source *pins = login->pins;

	if (pins == NULL || pins->tell == NULL || login->request.purpose == PIN_NEW_SO)
		return;
	pins->tell(pins->context, &login->request, outcome);
}

enum pin_outcome login_outcome(enum status status, unsigned long ckr)
{
	if (status == ST_PIN_WRONG || status == ST_PIN_LOCKED)
		return PIN_REFUSED;
	/* There is none, or it must be changed first: neither is a wrong PIN. */
	if (ckr == CKR_OK || ckr == CKR_USER_PIN_NOT_INITIALIZED || ckr == CKR_PIN_EXPIRED)
		return PIN_ACCEPTED;
	return PIN_UNCERTAIN;
}
