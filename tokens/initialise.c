/*
 * Initialises a token and sets its user PIN.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "tokens/opensc.h"
#include "tokens/pin_job.h"

#include <stdio.h>
#include <string.h>

/* In a job: the token must be as it was when somebody was asked. */
static enum status look(struct pin_job *job)
{
	const CK_SLOT_ID slot = job->id.slot_id;
	CK_TOKEN_INFO token;
	bool blank;

	slots_drop(job->base.module);
	if (slots_look(&job->base, &job->id, &token) != ST_OK)
		return job->base.error.status;
	blank = (token.flags & CKF_TOKEN_INITIALIZED) == 0;
	/* Blank tokens all look the same. */
	if (blank && job->id.slot_id != slot)
		return slots_removed(&job->id, &job->base.error);
	if (blank == job->blank)
		return ST_OK;
	return error_set(&job->base.error, ST_TOKEN,
	    blank ? _("the token is not initialised any more: somebody else is at work on it")
		  : _("somebody else has initialised the token in the meantime"));
}

/* In a job: what the token is called from now on. */
static enum status take_new_name(struct pin_job *job)
{
	struct module *m = job->base.module;
	CK_TOKEN_INFO token;
	CK_RV rv;

	memset(&token, 0, sizeof(token));
	module_calling(m, "C_GetTokenInfo");
	rv = m->functions->C_GetTokenInfo(job->id.slot_id, &token);
	if (rv == CKR_OK && (token.flags & CKF_TOKEN_INITIALIZED) == 0)
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	if (rv != CKR_OK) {
		job->rv = rv;
		return module_failed_with(&job->base, rv);
	}
	slots_pad(token.label, sizeof(token.label));
	slots_pad(token.serialNumber, sizeof(token.serialNumber));
	memcpy(job->id.label, token.label, sizeof(job->id.label));
	memcpy(job->id.serial, token.serialNumber, sizeof(job->id.serial));
	return ST_OK;
}

static enum status init_work(struct module_job *base)
{
	struct pin_job *job = (struct pin_job *)base;
	CK_FUNCTION_LIST *f = base->module->functions;

	if (look(job) != ST_OK)
		return base->error.status;
	/* A blank token has none that could be wrong. */
	if (job->blank)
		module_progress(base, PROGRESS_PIN_PROVED);
	if (f->C_InitToken == NULL) {
		module_calling(base->module, "C_InitToken");
		job->rv = CKR_FUNCTION_NOT_SUPPORTED;
		return module_failed_with(base, job->rv);
	}
	module_progress(base, PROGRESS_PIN_SENT | PROGRESS_CHANGING);
	if (!module_calling_once(base, "C_InitToken"))
		return base->error.status;
	job->rv =
	    f->C_InitToken(job->id.slot_id, (CK_UTF8CHAR *)job->pin.text, job->pin.len, job->label);
	if (job->rv != CKR_OK)
		return module_failed_with(base, job->rv);
	module_progress(base, PROGRESS_PIN_PROVED | PROGRESS_CHANGED);
	if (take_new_name(job) != ST_OK || slots_open_session(base, &job->id) != ST_OK ||
	    !pin_job_login(job, CKU_SO) || !pin_job_init_pin(job))
		return base->error.status;
	return ST_OK;
}

static enum status check_label(const char *label, struct error *err)
{
	char clean[256];
	size_t len = strlen(label);

	if (len >= 1 && len <= 32 &&
	    strcmp(text_one_line_into(clean, sizeof(clean), label), label) == 0)
		return ST_OK;
	error_set(err, ST_USAGE,
	    _("a token's label has 1 to 32 bytes of UTF-8, without control "
	      "characters"));
	error_hint(err, _("choose another label"));
	return ST_USAGE;
}

/* The token's SO PIN, new or not, and its new user PIN. */
static enum status ask_both(
    struct login *login, bool blank, struct secret *pin, struct secret *new_pin, struct error *err)
{
	CK_TOKEN_INFO now;
	enum status status;

	status = slots_find_again(&login->id, &now, err);
	if (status == ST_OK && blank) {
		login->request.purpose = PIN_NEW_SO;
		login->request.pin_pad = (now.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
		status = login_ask_new(login, PIN_NEW_SO, &now, pin, err);
	} else if (status == ST_OK) {
		status = login_ask(login, PIN_SO, &now, pin, err);
	}
	if (status == ST_OK)
		status = login_ask_new(login, PIN_NEW, &now, new_pin, err);
	return status;
}

/* Of a job that did not come back from C_InitToken. */
static void hint_in_doubt(bool blank, struct error *err)
{
	if (blank)
		error_hint(err, _("unplug the token, plug it in again, and look at it with "
				  "`ctlsign token list`: it may be initialised already"));
	else
		error_hint(err, _("unplug the token, plug it in again, and look at it with "
				  "`ctlsign token list`: it may be erased already; if it is not, "
				  "count this as a wrong SO PIN"));
}

static enum status only_the_user_pin(
    const struct login *login, const struct error *reason, struct error *err)
{
	error_set(err, reason->status,
	    _("the token is initialised, but its user PIN could not be set: %s"), reason->what);
	error_where(err, "%s", login->id.name);
	error_hint(err, _("set the user PIN with the SO PIN: ctlsign token unblock"));
	return err->status;
}

static enum status initialise(
    struct login *login, bool blank, const char *label, bool administration, struct error *err)
{
	struct secret pin = SECRET_INIT, new_pin = SECRET_INIT;
	struct pin_job *job;
	struct error reason;
	unsigned reached;
	enum status status;

	status = ask_both(login, blank, &pin, &new_pin, err);
	if (status == ST_OK && administration && opensc_is(login->id.module))
		status = slots_blame(
		    &login->id, opensc_set_up(login->id.module, OPENSC_INITIALISE, err), err);
	if (status != ST_OK) {
		secret_wipe(&pin);
		secret_wipe(&new_pin);
		return status;
	}
	job = pin_job_new(login, init_work, &pin, &new_pin);
	if (job == NULL)
		return error_no_memory(err);
	job->blank = blank;
	memset(job->label, ' ', sizeof(job->label));
	memcpy(job->label, label, strlen(label));
	status = pin_job_run(login, job, login_long_timeout(login), &reached, &reason);
	if (status == ST_OK)
		return ST_OK;
	if ((reached & PROGRESS_CHANGED) != 0)
		return only_the_user_pin(login, &reason, err);
	*err = reason;
	if (status == ST_TOKEN_TIMEOUT && (reached & PROGRESS_CHANGING) != 0)
		hint_in_doubt(blank, err);
	return status;
}

enum status token_initialise(struct tokens *tokens, const struct token_info *token,
    const char *label, const struct pin_source *pins, struct error *err)
{
	struct login login = {.for_writing = true};
	const bool blank = !token->initialised;
	enum status status;

	status = check_label(label, err);
	if (status != ST_OK)
		return status;
	login_init(&login, token_of(token), pins);
	/* It has no name of its own yet. */
	if (blank)
		snprintf(login.id.name, sizeof(login.id.name), _("blank token in '%s'"),
		    login.text.reader);
	status = initialise(&login, blank, label, tokens->administration, err);
	snapshot_drop(tokens);
	return status;
}
