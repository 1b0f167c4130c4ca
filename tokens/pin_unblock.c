/*
 * A new user PIN by the SO PIN, or by the PUK of a card.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/opensc.h"
#include "tokens/pin_job.h"

/* As PKCS#11 has it. */
static enum status so_work(struct module_job *base)
{
	struct pin_job *job = (struct pin_job *)base;

	if (base->module->functions->C_InitPIN == NULL) {
		module_calling(base->module, "C_InitPIN");
		job->rv = CKR_FUNCTION_NOT_SUPPORTED;
		return module_failed_with(base, job->rv);
	}
	if (slots_open_session(base, &job->id) != ST_OK || !pin_job_login(job, CKU_SO))
		return base->error.status;
	/* OpenSC takes anything for a PUK, and sends it with C_InitPIN. */
	if (!opensc_is(base->module))
		module_progress(base, PROGRESS_PIN_PROVED);
	return pin_job_init_pin(job) ? ST_OK : base->error.status;
}

/* As OpenSC has it, where it was set up for OPENSC_UNBLOCK_BY_PUK. */
static enum status puk_work(struct module_job *base)
{
	struct pin_job *job = (struct pin_job *)base;

	if (slots_open_session(base, &job->id) != ST_OK || !pin_job_set_pin(job))
		return base->error.status;
	return ST_OK;
}

static enum status unblock(
    struct login *login, const struct token *token, bool administration, struct error *err)
{
	enum status (*work)(struct module_job *) = so_work;
	struct secret pin = SECRET_INIT, new_pin = SECRET_INIT;
	struct pin_job *job;
	CK_TOKEN_INFO now;
	enum status status;

	status = slots_find_again(&login->id, &now, err);
	if (status == ST_OK)
		status = login_ask(login, PIN_SO, &now, &pin, err);
	if (status == ST_OK)
		status = login_ask_new(login, PIN_NEW, &now, &new_pin, err);
	if (status == ST_OK && administration && opensc_is(login->id.module)) {
		enum opensc_use use = opensc_unblocking(&token->raw);

		status = slots_blame(&login->id, opensc_set_up(login->id.module, use, err), err);
		if (use == OPENSC_UNBLOCK_BY_PUK)
			work = puk_work;
	}
	if (status != ST_OK) {
		secret_wipe(&pin);
		secret_wipe(&new_pin);
		return status;
	}
	job = pin_job_new(login, work, &pin, &new_pin);
	if (job == NULL)
		return error_no_memory(err);
	return pin_job_run(login, job, login_timeout(login), NULL, err);
}

enum status token_unblock(struct tokens *tokens, const struct token_info *token,
    const struct pin_source *pins, struct error *err)
{
	struct login login = {.for_writing = true};
	enum status status;

	login_init(&login, token_of(token), pins);
	status = unblock(&login, token_of(token), tokens->administration, err);
	snapshot_drop(tokens);
	return status;
}
