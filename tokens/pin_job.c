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

	if (!module_calling_once(&job->base, "C_Login"))
		return false;
	job->pin_sent = true;
	if (!went(job, m->functions->C_Login(
			   m->session, user, (CK_UTF8CHAR *)job->pin.text, job->pin.len)))
		return false;
	m->logged_in = true;
	return true;
}

bool pin_job_set_pin(struct pin_job *job)
{
	struct module *m = job->base.module;

	if (!module_calling_once(&job->base, "C_SetPIN"))
		return false;
	if (m->functions->C_SetPIN == NULL)
		return went(job, CKR_FUNCTION_NOT_SUPPORTED);
	job->pin_sent = true;
	return went(job, m->functions->C_SetPIN(m->session, (CK_UTF8CHAR *)job->pin.text,
			     job->pin.len, (CK_UTF8CHAR *)job->new_pin.text, job->new_pin.len));
}

bool pin_job_init_pin(struct pin_job *job)
{
	struct module *m = job->base.module;

	if (!module_calling_once(&job->base, "C_InitPIN"))
		return false;
	if (m->functions->C_InitPIN == NULL)
		return went(job, CKR_FUNCTION_NOT_SUPPORTED);
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

/* The failure of a call, and what to tell of the PIN that was sent with it or before it. */
static enum status explain(struct login *login, const struct pin_job *job, const char *function,
    enum pin_outcome *outcome, struct error *err)
{
	const bool wrong = job->rv == CKR_PIN_INCORRECT || job->rv == CKR_PIN_LOCKED;
	const bool proved = job->pin_proved && !wrong;
	enum status status;

	*outcome = proved ? PIN_ACCEPTED : PIN_UNCERTAIN;
	if (unable(job->rv, function)) {
		status = unable_error(err, job->rv, function);
		error_where(err, "%s", login->id.name);
		return status;
	}
	if (about_form(job->rv, function))
		return explain_form(login, job->rv, function, proved, err);
	if (proved)
		return explain_after(login, job->rv, function, err);
	status = login_explain(login, job->rv, function, err);
	*outcome = login_outcome(status, job->rv);
	return status;
}

/* A PIN that the module did not look at, or that was cancelled on the reader, was not sent. */
static bool counts_as_sent(const struct pin_job *job, const char *function, enum status status)
{
	if (!job->pin_sent)
		return false;
	if (job->pin_proved || status == ST_OK)
		return true;
	return status != ST_CANCELLED &&
	       !(strcmp(function, "C_InitPIN") != 0 && unable(job->rv, function));
}

enum status pin_job_run(struct login *login, struct pin_job *job, unsigned timeout_ms,
    bool *initialised, struct error *err)
{
	enum pin_outcome outcome = PIN_ACCEPTED;
	const char *function;
	enum status status;

	if (!module_run(&job->base, timeout_ms, err))
		return login_timed_out(login, err);
	function = atomic_load(&login->id.module->calling);
	login->id = job->id;
	if (initialised != NULL)
		*initialised = job->initialised;
	status = job->base.status;
	if (status == ST_OK)
		job->pin_proved = job->pin_sent;
	else if (job->rv != CKR_OK)
		status = explain(login, job, function, &outcome, err);
	else
		*err = job->base.error;
	if (counts_as_sent(job, function, status))
		login_tell(login, outcome);
	if (status != ST_OK && job->rv == CKR_OK)
		slots_blame(&login->id, status, err);
	module_job_end(&job->base, NULL);
	login_end(login);
	return status;
}
