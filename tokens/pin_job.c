/*
 * Sends two PINs to a token, and explains what it said to them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/pin_job.h"

#include "tokens/ckr.h"
#include "tokens/unable.h"

#include <string.h>

static void clear(struct module_job *base)
{
	struct pin_job *job = (struct pin_job *)base;

	secret_wipe(&job->pin);
	secret_wipe(&job->new_pin);
}

struct pin_job *pin_job_new(const struct login *login, enum status (*work)(struct module_job *job),
    struct secret *pin, struct secret *new_pin)
{
	struct pin_job *job = module_job_new(sizeof(*job), login->id.module, work, clear);

	if (job == NULL) {
		secret_wipe(pin);
		secret_wipe(new_pin);
		return NULL;
	}
	job->id = login->id;
	job->pin = *pin;
	job->new_pin = *new_pin;
	*pin = *new_pin = (struct secret)SECRET_INIT;
	return job;
}

static bool went(struct pin_job *job, CK_RV rv)
{
	job->rv = rv;
	if (rv == CKR_OK)
		return true;
	module_failed_with(&job->base, rv);
	return false;
}

bool pin_job_login(struct pin_job *job, CK_USER_TYPE user)
{
	struct module *m = job->base.module;

	module_progress(&job->base, PROGRESS_PIN_SENT);
	if (!module_calling_once(&job->base, "C_Login"))
		return false;
	if (!went(job, m->functions->C_Login(
			   m->session, user, (CK_UTF8CHAR *)job->pin.text, job->pin.len)))
		return false;
	m->logged_in = true;
	return true;
}

bool pin_job_set_pin(struct pin_job *job)
{
	struct module *m = job->base.module;

	if (m->functions->C_SetPIN == NULL) {
		module_calling(m, "C_SetPIN");
		return went(job, CKR_FUNCTION_NOT_SUPPORTED);
	}
	module_progress(&job->base, PROGRESS_PIN_SENT | PROGRESS_CHANGING);
	if (!module_calling_once(&job->base, "C_SetPIN"))
		return false;
	return went(job, m->functions->C_SetPIN(m->session, (CK_UTF8CHAR *)job->pin.text,
			     job->pin.len, (CK_UTF8CHAR *)job->new_pin.text, job->new_pin.len));
}

bool pin_job_init_pin(struct pin_job *job)
{
	struct module *m = job->base.module;

	if (m->functions->C_InitPIN == NULL) {
		module_calling(m, "C_InitPIN");
		return went(job, CKR_FUNCTION_NOT_SUPPORTED);
	}
	module_progress(&job->base, PROGRESS_CHANGING);
	if (!module_calling_once(&job->base, "C_InitPIN"))
		return false;
	return went(job, m->functions->C_InitPIN(
			     m->session, (CK_UTF8CHAR *)job->new_pin.text, job->new_pin.len));
}

/* What the token says of a new PIN's form, or maybe of the other one's. */
static bool about_form(CK_RV rv, const char *function)
{
	return (rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_INVALID || rv == CKR_PIN_TOO_WEAK ||
		   rv == CKR_DATA_INVALID) &&
	       strcmp(function, "C_Login") != 0;
}

static enum status explain_form(
    struct login *login, CK_RV rv, const char *function, bool pin_proved, struct error *err)
{
	error_set(err, ST_LIMIT, _("%s failed: the token does not take such a PIN (%s, 0x%lx)"),
	    function, ckr_lookup(rv)->name, rv);
	error_where(err, "%s", login->id.name);
	if (pin_proved)
		error_hint(err, _("choose another new PIN, of the length and with the characters "
				  "that the token takes"));
	else
		error_hint(err, _("make sure of the PIN that the token has, and choose another new "
				  "one, of the length and with the characters that it takes"));
	return ST_LIMIT;
}

/* Of a call after the PIN was found right: no try is gone. */
static enum status explain_after(
    struct login *login, CK_RV rv, const char *function, struct error *err)
{
	if (ckr_lookup(rv)->status == ST_TOKEN_REMOVED)
		return slots_removed(&login->id, err);
	if (login_ckr_error(login, rv, function, err) == ST_TOKEN && slots_gone(&login->id, err))
		return ST_TOKEN_REMOVED;
	error_where(err, "%s", login->id.name);
	return err->status;
}

/*
 * The failure of a call, and what to tell of the PIN that was sent with it or before it, if one
 * was.
 */
static enum status explain(struct login *login, CK_RV rv, const char *function, unsigned reached,
    enum pin_outcome *outcome, struct error *err)
{
	const bool wrong = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED;
	const bool proved = (reached & PROGRESS_PIN_PROVED) != 0 && !wrong;
	enum status status;

	*outcome = proved ? PIN_ACCEPTED : PIN_UNCERTAIN;
	if (unable(rv, function)) {
		/* Who cannot do it has not looked at the PIN; C_InitPIN may have had it before. */
		if (!proved && strcmp(function, "C_InitPIN") != 0)
			*outcome = PIN_UNUSED;
		status = unable_error(err, rv, function);
		error_where(err, "%s", login->id.name);
		return status;
	}
	if (about_form(rv, function))
		return explain_form(login, rv, function, proved, err);
	if (proved)
		return explain_after(login, rv, function, err);
	status = login_explain(login, rv, function, err);
	*outcome = login_outcome(status, rv);
	return status;
}

enum status pin_job_run(struct login *login, struct pin_job *job, unsigned timeout_ms,
    unsigned *reached, struct error *err)
{
	struct module *m = login->id.module;
	enum pin_outcome outcome = PIN_ACCEPTED;
	unsigned progress;
	enum status status;
	CK_RV rv;
	bool done;

	login_tell(login, PIN_SENT);
	done = module_run(&job->base, timeout_ms, err);
	progress = m->reached;
	if (reached != NULL)
		*reached = progress;
	if (!done)
		return login_timed_out(login, err);
	login->id = job->id;
	rv = job->rv;
	status = module_job_end(&job->base, err);
	if (rv != CKR_OK)
		status = explain(login, rv, atomic_load(&m->calling), progress, &outcome, err);
	else
		slots_blame(&login->id, status, err);
	login_tell(login, (progress & PROGRESS_PIN_SENT) != 0 ? outcome : PIN_UNUSED);
	login_end(login);
	return status;
}
