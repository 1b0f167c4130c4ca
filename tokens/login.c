/*
 * One PIN, one C_Login, and words for what came of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/login.h"

#include "tokens/ckr.h"
#include "tokens/tokens.h"

#include <string.h>

struct login_job {
	struct module_job base;
	struct token_identity id;
	bool needed;	   /* the token wants a login */
	struct secret pin; /* none for a PIN pad */
	CK_RV rv;	   /* of the failed C_Login */
	bool sent;	   /* C_Login was called */
};

static void login_clear(struct module_job *base)
{
	secret_wipe(&((struct login_job *)base)->pin);
}

/*
 * Logs in without libp11, which cuts codes (see tokens/ckr.h), waits for ever when it can open no
 * session, and would keep a copy of the PIN.  It sees the keys all the same: a login is good for
 * all sessions that this process has with the token.
 */
static enum status login_work(struct module_job *base)
{
	struct login_job *job = (struct login_job *)base;
	struct module *m = base->module;
	CK_RV rv;

	if (slots_list_anew(base) != ST_OK || slots_of_token(base, &job->id) == NULL)
		return base->error.status;
	module_calling(m, "C_OpenSession");
	rv = m->functions->C_OpenSession(
	    job->id.slot_id, CKF_SERIAL_SESSION, NULL, NULL, &m->session);
	if (rv != CKR_OK) {
		m->session = CK_INVALID_HANDLE;
		return module_failed_with(base, rv);
	}
	if (!job->needed)
		return ST_OK;
	module_calling(m, "C_Login");
	job->sent = true;
	rv =
	    m->functions->C_Login(m->session, CKU_USER, (CK_UTF8CHAR *)job->pin.text, job->pin.len);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
		job->rv = rv;
		slots_drop(m);
		return module_failed_with(base, rv);
	}
	m->logged_in = true;
	return ST_OK;
}

static void set_flags(struct pin_request *request, CK_FLAGS token_flags)
{
	request->pin_pad = (token_flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	request->count_low = (token_flags & CKF_USER_PIN_COUNT_LOW) != 0;
	request->final_try = (token_flags & CKF_USER_PIN_FINAL_TRY) != 0;
}

unsigned login_timeout(const struct login *login)
{
	unsigned normal = login->id.module->timeout_ms;

	if (login->request.pin_pad && normal < TOKENS_PIN_PAD_TIMEOUT_MS)
		return TOKENS_PIN_PAD_TIMEOUT_MS;
	return normal;
}

static enum status locked(const struct login *login, struct error *err)
{
	error_set(err, ST_PIN_LOCKED, _("the PIN is locked: the token takes no more PINs"));
	error_where(err, "%s", login->id.name);
	error_hint(err, "%s", _(ckr_lookup(CKR_PIN_LOCKED)->action));
	return ST_PIN_LOCKED;
}

/* The PIN for this token, or nothing where it is typed on the reader. */
static enum status ask(
    struct login *login, enum pin_purpose purpose, struct secret *pin, struct error *err)
{
	enum status status;

	login->request.purpose = purpose;
	if (login->pins == NULL)
		status = error_set(err, ST_PIN_NEEDED, _("a PIN is needed"));
	else
		status = login->pins->ask(login->pins->context, &login->request, pin, err);
	if (status == ST_OK && !login->request.pin_pad && pin->text == NULL)
		status = error_set(err, ST_PIN_NEEDED, _("no PIN was given"));
	/* With a PIN pad the reader must ask, or the PIN would be sent in vain. */
	if (login->request.pin_pad)
		secret_wipe(pin);
	if (status != ST_OK && err->where[0] == '\0')
		error_where(err, "%s", login->id.name);
	return status;
}

/* One complete sentence each: what the token says about the tries that are left. */
static enum status explain_wrong(
    unsigned long ckr, const char *function, CK_FLAGS token_flags, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);
	const char *meaning = _(m->meaning);

	if ((token_flags & CKF_USER_PIN_LOCKED) != 0) {
		error_set(err, ST_PIN_LOCKED,
		    _("%s failed: %s (%s, 0x%lx); the token is now locked"), function, meaning,
		    m->name, ckr);
		error_hint(err, "%s", _(ckr_lookup(CKR_PIN_LOCKED)->action));
		return ST_PIN_LOCKED;
	}
	if ((token_flags & CKF_USER_PIN_FINAL_TRY) != 0)
		error_set(err, ST_PIN_WRONG,
		    _("%s failed: %s (%s, 0x%lx); one more wrong PIN locks the token"), function,
		    meaning, m->name, ckr);
	else if ((token_flags & CKF_USER_PIN_COUNT_LOW) != 0)
		error_set(err, ST_PIN_WRONG, _("%s failed: %s (%s, 0x%lx); some tries are used"),
		    function, meaning, m->name, ckr);
	else
		error_set(err, ST_PIN_WRONG, _("%s failed: %s (%s, 0x%lx)"), function, meaning,
		    m->name, ckr);
	error_hint(err, _("make sure of the PIN before you try again: each wrong one counts"));
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

/* No user PIN, or one that must be changed first, is no wrong one. */
static bool may_be_counted(enum status status, unsigned long ckr)
{
	return status != ST_CANCELLED && ckr != CKR_USER_PIN_NOT_INITIALIZED &&
	       ckr != CKR_PIN_EXPIRED;
}

enum status login_explain(
    struct login *login, unsigned long ckr, const char *function, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);
	CK_TOKEN_INFO now = {.flags = 0};
	enum status status;

	status = slots_find_again(&login->id, &now, err);
	if (status == ST_TOKEN_TIMEOUT)
		return status;
	if (status == ST_TOKEN_REMOVED || m->status == ST_TOKEN_REMOVED)
		return removed_at_login(login, err);
	if (ckr == CKR_PIN_LOCKED)
		now.flags |= CKF_USER_PIN_LOCKED;
	if (m->status == ST_PIN_WRONG || m->status == ST_PIN_LOCKED ||
	    (now.flags & CKF_USER_PIN_LOCKED) != 0) {
		status = explain_wrong(ckr, function, now.flags, err);
	} else {
		status = login_ckr_error(login, ckr, function, err);
		if (may_be_counted(status, ckr))
			error_hint(err, _("count this as a wrong PIN: the token may have used up a "
					  "try; then unplug the token and plug it in again"));
	}
	error_where(err, "%s", login->id.name);
	return status;
}

enum status login_timed_out(const struct login *login, struct error *err)
{
	slots_blame(&login->id, ST_TOKEN_TIMEOUT, err);
	if (strcmp(atomic_load(&login->id.module->calling), "C_Login") == 0)
		error_hint(err, _("unplug the token, plug it in again, and count this as a wrong "
				  "PIN: the token may have used up a try"));
	return ST_TOKEN_TIMEOUT;
}

static enum status run(struct login *login, bool needed, struct secret *pin, struct error *err)
{
	struct module *m = login->id.module;
	struct login_job *job = module_job_new(sizeof(*job), m, login_work, login_clear);
	enum status status;
	bool sent;
	CK_RV rv;

	if (job == NULL)
		return error_no_memory(err);
	job->id = login->id;
	job->needed = needed;
	job->pin = *pin;
	*pin = (struct secret)SECRET_INIT;
	if (!module_run(&job->base, needed ? login_timeout(login) : 0, err))
		return login_timed_out(login, err);
	login->id = job->id;
	sent = job->sent;
	rv = job->rv;
	if (job->base.status == ST_OK) {
		login->pin = job->pin;
		job->pin = (struct secret)SECRET_INIT;
	}
	status = module_job_end(&job->base, err);
	if (status != ST_OK && sent)
		return login_explain(login, rv, "C_Login", err);
	return slots_blame(&login->id, status, err);
}

/* Asks, unless the PIN is locked, with FLAGS as the token has them at this moment. */
static enum status ask_now(struct login *login, CK_FLAGS flags, enum pin_purpose purpose,
    struct secret *pin, struct error *err)
{
	set_flags(&login->request, flags);
	if ((flags & CKF_USER_PIN_LOCKED) != 0)
		return locked(login, err);
	return ask(login, purpose, pin, err);
}

enum status login_start(struct login *login, struct error *err)
{
	struct secret pin = SECRET_INIT;
	CK_TOKEN_INFO token;
	enum status status;
	bool needed;

	status = slots_find_again(&login->id, &token, err);
	if (status != ST_OK)
		return status;
	needed = (token.flags & CKF_LOGIN_REQUIRED) != 0;
	set_flags(&login->request, token.flags);
	if (needed)
		status = ask_now(login, token.flags, PIN_LOGIN, &pin, err);
	if (status == ST_OK)
		status = run(login, needed, &pin, err);
	secret_wipe(&pin);
	return status;
}

void login_forget_pin(struct login *login)
{
	secret_wipe(&login->pin);
}

enum status login_pin_again(struct login *login, struct secret *pin, struct error *err)
{
	CK_TOKEN_INFO token;
	enum status status;

	if (login->pin.text != NULL) {
		*pin = login->pin;
		login->pin = (struct secret)SECRET_INIT;
		return ST_OK;
	}
	status = slots_find_again(&login->id, &token, err);
	if (status != ST_OK)
		return status;
	return ask_now(login, token.flags, PIN_CONTEXT, pin, err);
}

static enum status logout_work(struct module_job *base)
{
	struct module *m = base->module;

	if (m->logged_in) {
		module_calling(m, "C_Logout");
		m->functions->C_Logout(m->session);
	}
	slots_drop(m);
	ckr_queue_clear();
	return ST_OK;
}

void login_end(struct login *login)
{
	struct module *m = login->id.module;
	struct module_job *job;

	login_forget_pin(login);
	if (watchdog_is_stuck(m->dog))
		return;
	job = module_job_new(sizeof(*job), m, logout_work, NULL);
	if (job == NULL)
		return;
	if (module_run(job, 0, NULL))
		module_job_end(job, NULL);
}
