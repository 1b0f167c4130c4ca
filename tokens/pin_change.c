/*
 * A new user PIN by the old one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/opensc.h"
#include "tokens/pin_job.h"

static enum status change_work(struct module_job *base)
{
	struct pin_job *job = (struct pin_job *)base;

	if (slots_open_session(base, &job->id) != ST_OK)
		return base->error.status;
	if (job->login_first) {
		if (!pin_job_login(job, CKU_USER))
			return base->error.status;
		module_progress(base, PROGRESS_PIN_PROVED);
	}
	if (pin_job_set_pin(job))
		return ST_OK;
	if (job->rv != CKR_USER_NOT_LOGGED_IN || job->login_first)
		return base->error.status;
	/* It has not looked at the PIN, so this is still the first time. */
	job->rv = CKR_OK;
	atomic_store(&base->module->progress, 0);
	if (!pin_job_login(job, CKU_USER))
		return base->error.status;
	module_progress(base, PROGRESS_PIN_PROVED);
	return pin_job_set_pin(job) ? ST_OK : base->error.status;
}

static enum status no_user_pin(const struct login *login, struct error *err)
{
	error_set(
	    err, ST_TOKEN, _("no user PIN has been set on the token, so none can be changed"));
	error_where(err, "%s", login->id.name);
	error_hint(err, _("set one with the SO PIN: ctlsign token unblock"));
	return ST_TOKEN;
}

static enum status change(struct login *login, struct error *err)
{
	struct secret old_pin = SECRET_INIT, new_pin = SECRET_INIT;
	struct pin_job *job;
	CK_TOKEN_INFO now;
	enum status status;

	status = slots_find_again(&login->id, &now, err);
	if (status == ST_OK && (now.flags & CKF_USER_PIN_INITIALIZED) == 0)
		status = no_user_pin(login, err);
	if (status == ST_OK)
		status = login_ask(login, PIN_LOGIN, &now, &old_pin, err);
	if (status == ST_OK)
		status = login_ask_new(login, PIN_NEW, &now, &new_pin, err);
	if (status != ST_OK) {
		secret_wipe(&old_pin);
		secret_wipe(&new_pin);
		return status;
	}
	job = pin_job_new(login, change_work, &old_pin, &new_pin);
	if (job == NULL)
		return error_no_memory(err);
	/* There C_SetPIN without a login may take the old PIN for a PUK: see tokens/opensc.h. */
	job->login_first = opensc_is(login->id.module);
	return pin_job_run(login, job, login_timeout(login), NULL, err);
}

enum status token_change_pin(struct tokens *tokens, const struct token_info *token,
    const struct pin_source *pins, struct error *err)
{
	struct login login = {.for_writing = true};
	enum status status;

	login_init(&login, token_of(token), pins);
	status = change(&login, err);
	snapshot_drop(tokens);
	return status;
}
