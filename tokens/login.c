/*
 * One PIN, one C_Login.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/login.h"

#include "tokens/ckr.h"
#include "tokens/tokens.h"

/* How much longer than other calls one may take that makes a key or erases a token. */
#define LONG_FACTOR 9

struct login_job {
	struct module_job base;
	struct token_identity id;
	bool needed; /* the token wants a login */
	bool for_writing;
	struct secret pin; /* none for a PIN pad */
	CK_RV rv;	   /* of C_Login */
};

static void login_clear(struct module_job *base)
{
	secret_wipe(&((struct login_job *)base)->pin);
}

/* module->session, with libp11's list of slots where only reading and signing follow. */
static enum status open_session(struct login_job *job)
{
	struct module *m = job->base.module;
	CK_RV rv;

	if (job->for_writing)
		return slots_open_session(&job->base, &job->id);
	if (slots_list_anew(&job->base) != ST_OK || slots_of_token(&job->base, &job->id) == NULL)
		return job->base.error.status;
	module_calling(m, "C_OpenSession");
	rv = m->functions->C_OpenSession(
	    job->id.slot_id, CKF_SERIAL_SESSION, NULL, NULL, &m->session);
	if (rv == CKR_OK)
		return ST_OK;
	m->session = CK_INVALID_HANDLE;
	return module_failed_with(&job->base, rv);
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
	enum status status;

	status = open_session(job);
	if (status != ST_OK || !job->needed)
		return status;
	module_progress(base, PROGRESS_PIN_SENT);
	if (!module_calling_once(base, "C_Login"))
		return base->error.status;
	job->rv =
	    m->functions->C_Login(m->session, CKU_USER, (CK_UTF8CHAR *)job->pin.text, job->pin.len);
	if (job->rv != CKR_OK && job->rv != CKR_USER_ALREADY_LOGGED_IN) {
		slots_drop(m);
		return module_failed_with(base, job->rv);
	}
	m->logged_in = true;
	return ST_OK;
}

unsigned login_timeout(const struct login *login)
{
	unsigned normal = login->id.module->timeout_ms;

	if (login->request.pin_pad && normal < TOKENS_PIN_PAD_TIMEOUT_MS)
		return TOKENS_PIN_PAD_TIMEOUT_MS;
	return normal;
}

unsigned login_long_timeout(const struct login *login)
{
	/* With the default, 180 seconds: a card may take a minute and more for a key. */
	unsigned normal = login->id.module->timeout_ms, longest = normal * LONG_FACTOR;

	return longest < login_timeout(login) ? login_timeout(login) : longest;
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
	job->for_writing = login->for_writing;
	job->pin = *pin;
	*pin = (struct secret)SECRET_INIT;
	if (needed)
		login_tell(login, PIN_SENT);
	if (!module_run(&job->base, needed ? login_timeout(login) : 0, err))
		return login_timed_out(login, err);
	login->id = job->id;
	sent = (m->reached & PROGRESS_PIN_SENT) != 0;
	rv = job->rv;
	if (job->base.status == ST_OK) {
		login->pin = job->pin;
		job->pin = (struct secret)SECRET_INIT;
	}
	status = module_job_end(&job->base, err);
	if (status != ST_OK && sent)
		return login_failed(login, rv, "C_Login", err);
	/* One that was logged in already has not looked at the PIN. */
	login_tell(login, sent && rv == CKR_OK ? PIN_ACCEPTED : PIN_UNUSED);
	return slots_blame(&login->id, status, err);
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
	if (needed)
		status = login_ask(login, PIN_LOGIN, &token, &pin, err);
	else
		login->request.pin_pad = (token.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
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
		login->request.purpose = PIN_CONTEXT;
		*pin = login->pin;
		login->pin = (struct secret)SECRET_INIT;
		return ST_OK;
	}
	status = slots_find_again(&login->id, &token, err);
	if (status != ST_OK)
		return status;
	return login_ask(login, PIN_CONTEXT, &token, pin, err);
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
