/*
 * Words for what came of a PIN that was sent, and what is told of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/ckr.h"
#include "tokens/login.h"

#include <string.h>

/* What the token says about the tries that are left of the PIN that was sent. */
enum tries { TRIES_UNKNOWN, TRIES_SOME_USED, TRIES_ONE_LEFT, TRIES_LOCKED };

static bool is_so(const struct login *login)
{
	return login->request.purpose == PIN_SO || login->request.purpose == PIN_NEW_SO;
}

static enum tries tries_left(const struct login *login, unsigned long ckr, CK_FLAGS flags)
{
	const bool so = is_so(login);

	/* Of a token that has none yet the flags say nothing; SoftHSM's say that it is locked. */
	if (login->request.purpose == PIN_NEW_SO)
		flags = 0;
	if (ckr == CKR_PIN_LOCKED || (flags & (so ? CKF_SO_PIN_LOCKED : CKF_USER_PIN_LOCKED)) != 0)
		return TRIES_LOCKED;
	if ((flags & (so ? CKF_SO_PIN_FINAL_TRY : CKF_USER_PIN_FINAL_TRY)) != 0)
		return TRIES_ONE_LEFT;
	if ((flags & (so ? CKF_SO_PIN_COUNT_LOW : CKF_USER_PIN_COUNT_LOW)) != 0)
		return TRIES_SOME_USED;
	return TRIES_UNKNOWN;
}

/* One complete sentence each. */
static enum status explain_wrong(
    unsigned long ckr, const char *function, enum tries tries, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);
	const char *meaning = _(m->meaning);

	switch (tries) {
	case TRIES_LOCKED:
		error_set(err, ST_PIN_LOCKED,
		    _("%s failed: %s (%s, 0x%lx); the token is now locked"), function, meaning,
		    m->name, ckr);
		error_hint(err, "%s", _(ckr_lookup(CKR_PIN_LOCKED)->action));
		return ST_PIN_LOCKED;
	case TRIES_ONE_LEFT:
		error_set(err, ST_PIN_WRONG,
		    _("%s failed: %s (%s, 0x%lx); one more wrong PIN locks the token"), function,
		    meaning, m->name, ckr);
		break;
	case TRIES_SOME_USED:
		error_set(err, ST_PIN_WRONG, _("%s failed: %s (%s, 0x%lx); some tries are used"),
		    function, meaning, m->name, ckr);
		break;
	case TRIES_UNKNOWN:
		error_set(err, ST_PIN_WRONG, _("%s failed: %s (%s, 0x%lx)"), function, meaning,
		    m->name, ckr);
		break;
	}
	error_hint(err, _("make sure of the PIN before you try again: each wrong one counts"));
	return ST_PIN_WRONG;
}

/* The same for an SO PIN or PUK: which of the two it is nobody knows. */
static enum status explain_wrong_so(
    unsigned long ckr, const char *function, enum tries tries, struct error *err)
{
	const char *name = ckr_lookup(ckr)->name;

	switch (tries) {
	case TRIES_LOCKED:
		error_set(err, ST_PIN_LOCKED,
		    _("%s failed: the SO PIN or PUK is locked, the token takes no more (%s, "
		      "0x%lx)"),
		    function, name, ckr);
		error_hint(err, _("ask who issued the token: a locked SO PIN or PUK is final on "
				  "most tokens"));
		return ST_PIN_LOCKED;
	case TRIES_ONE_LEFT:
		error_set(err, ST_PIN_WRONG,
		    _("%s failed: the SO PIN or PUK is wrong (%s, 0x%lx); one more wrong one locks "
		      "it for good"),
		    function, name, ckr);
		break;
	case TRIES_SOME_USED:
		error_set(err, ST_PIN_WRONG,
		    _("%s failed: the SO PIN or PUK is wrong (%s, 0x%lx); some tries are used"),
		    function, name, ckr);
		break;
	case TRIES_UNKNOWN:
		error_set(err, ST_PIN_WRONG, _("%s failed: the SO PIN or PUK is wrong (%s, 0x%lx)"),
		    function, name, ckr);
		break;
	}
	error_hint(err, _("make sure of the SO PIN or PUK before you try again: most tokens take "
			  "only a few wrong ones, and then none for ever"));
	return ST_PIN_WRONG;
}

enum status login_ckr_error(
    const struct login *login, unsigned long ckr, const char *function, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);

	if (m->status != ST_CANCELLED || login->request.pin_pad)
		return ckr_error(err, ckr, function);
	error_set(err, ST_TOKEN,
	    _("%s failed: the token says that somebody stopped it, and it has no keypad (%s, "
	      "0x%lx)"),
	    function, m->name, ckr);
	error_hint(err, "%s", _(ckr_lookup(CKR_FUNCTION_FAILED)->action));
	return ST_TOKEN;
}

/* There was removed, or went away, what the PIN was sent to. */
static enum status removed_at_login(const struct login *login, struct error *err)
{
	slots_removed(&login->id, err);
	error_hint(
	    err, _("plug it in again and start again; if the PIN was wrong, it may have been "
		   "counted"));
	return ST_TOKEN_REMOVED;
}

enum status login_explain(
    struct login *login, unsigned long ckr, const char *function, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);
	CK_TOKEN_INFO now = {.flags = 0};
	enum status status;
	enum tries tries;

	if (m->status == ST_TOKEN && slots_gone(&login->id, err))
		return removed_at_login(login, err);
	status = slots_find_again(&login->id, &now, err);
	if (status == ST_TOKEN_TIMEOUT)
		return status;
	if (status == ST_TOKEN_REMOVED || m->status == ST_TOKEN_REMOVED)
		return removed_at_login(login, err);
	tries = tries_left(login, ckr, now.flags);
	if (m->status == ST_PIN_WRONG || m->status == ST_PIN_LOCKED || tries == TRIES_LOCKED) {
		status = is_so(login) ? explain_wrong_so(ckr, function, tries, err)
				      : explain_wrong(ckr, function, tries, err);
	} else {
		status = login_ckr_error(login, ckr, function, err);
		if (login_outcome(status, ckr) == PIN_UNCERTAIN)
			error_hint(err, _("count this as a wrong PIN: the token may have used up a "
					  "try; then unplug the token and plug it in again"));
	}
	error_where(err, "%s", login->id.name);
	return status;
}

enum status login_failed(
    struct login *login, unsigned long ckr, const char *function, struct error *err)
{
	enum status status = login_explain(login, ckr, function, err);

	login_tell(login, login_outcome(status, ckr));
	return status;
}

enum status login_timed_out(struct login *login, struct error *err)
{
	const unsigned reached = login->id.module->reached;
	const bool sent = (reached & PROGRESS_PIN_SENT) != 0;
	const bool proved = (reached & PROGRESS_PIN_PROVED) != 0;
	const bool changing = (reached & PROGRESS_CHANGING) != 0;

	slots_blame(&login->id, ST_TOKEN_TIMEOUT, err);
	if (sent && !proved && !changing)
		error_hint(err, _("unplug the token, plug it in again, and count this as a wrong "
				  "PIN: the token may have used up a try"));
	else if (sent && !proved)
		error_hint(err, _("unplug the token, plug it in again, and count this as a wrong "
				  "PIN: the token may have used up a try, or have its new PIN "
				  "already"));
	else if (changing)
		error_hint(err, _("unplug the token and plug it in again; it may have its new PIN "
				  "already"));
	if (!sent)
		login_tell(login, PIN_UNUSED);
	else
		login_tell(login, proved ? PIN_ACCEPTED : PIN_UNCERTAIN);
	return ST_TOKEN_TIMEOUT;
}
