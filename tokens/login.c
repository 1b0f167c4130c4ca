/*
 * One PIN, one C_Login, and words for what came of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/login.h"

#include "tokens/ckr.h"
#include "tokens/tokens.h"

#include <libp11.h>

struct login_job {
	struct module_job base;
	struct token_identity id;
	bool needed;	   /* the token wants a login */
	struct secret pin; /* none for a PIN pad */
	unsigned long ckr; /* of the failed C_Login */
	bool sent;	   /* C_Login was called */
};

static void login_clear(struct module_job *base)
{
	secret_wipe(&((struct login_job *)base)->pin);
}

static enum status login_work(struct module_job *base)
{
	struct login_job *job = (struct login_job *)base;
	struct module *m = base->module;
	PKCS11_SLOT *slot;

	if (slots_list_anew(base) != ST_OK)
		return base->error.status;
	slot = slots_of_token(base, &job->id);
	if (slot == NULL)
		return base->error.status;
	if (!job->needed)
		return ST_OK;
	module_calling(m, "C_Login");
	job->sent = true;
	if (PKCS11_login(slot, 0, job->pin.text) != 0) {
		job->ckr = ckr_queue_take();
		slots_drop(m);
		return error_set(&base->error, ST_TOKEN, "C_Login");
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
static enum status ask(struct login *login, struct secret *pin, struct error *err)
{
	enum status status;

	login->request.purpose = PIN_LOGIN;
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
    const struct ckr_meaning *m, const char *function, CK_FLAGS token_flags, struct error *err)
{
	const char *meaning = _(m->meaning);

	if ((token_flags & CKF_USER_PIN_LOCKED) != 0) {
		error_set(err, ST_PIN_LOCKED,
		    _("%s failed: %s (%s, 0x%lx); the token is now locked"), function, meaning,
		    m->name, m->code);
		error_hint(err, "%s", _(ckr_lookup(CKR_PIN_LOCKED)->action));
		return ST_PIN_LOCKED;
	}
	if ((token_flags & CKF_USER_PIN_FINAL_TRY) != 0)
		error_set(err, ST_PIN_WRONG,
		    _("%s failed: %s (%s, 0x%lx); one more wrong PIN locks the token"), function,
		    meaning, m->name, m->code);
	else if ((token_flags & CKF_USER_PIN_COUNT_LOW) != 0)
		error_set(err, ST_PIN_WRONG, _("%s failed: %s (%s, 0x%lx); some tries are used"),
		    function, meaning, m->name, m->code);
	else
		error_set(err, ST_PIN_WRONG, _("%s failed: %s (%s, 0x%lx)"), function, meaning,
		    m->name, m->code);
	error_hint(err, _("make sure of the PIN before you try again: each wrong one counts"));
	return ST_PIN_WRONG;
}

enum status login_explain(
    struct login *login, unsigned long ckr, const char *function, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);
	CK_TOKEN_INFO now = {.flags = 0};
	enum status status;

	status = slots_find_again(&login->id, &now, err);
	if (status == ST_TOKEN_REMOVED || status == ST_TOKEN_TIMEOUT)
		return status;
	if (m->status == ST_TOKEN_REMOVED)
		return slots_removed(&login->id, err);
	if (ckr == CKR_PIN_LOCKED)
		now.flags |= CKF_USER_PIN_LOCKED;
	if (m->status == ST_PIN_WRONG || m->status == ST_PIN_LOCKED ||
	    (now.flags & CKF_USER_PIN_LOCKED) != 0) {
		status = explain_wrong(m, function, now.flags, err);
	} else {
		status = ckr_error(err, ckr, function);
		if (status != ST_CANCELLED && m->code != CKR_USER_PIN_NOT_INITIALIZED &&
		    m->code != CKR_PIN_EXPIRED)
			error_hint(err, _("count this as a wrong PIN: the token may have used up a "
					  "try; then unplug the token and plug it in again"));
	}
	error_where(err, "%s", login->id.name);
	return status;
}

static enum status run(struct login *login, bool needed, struct secret *pin, struct error *err)
{
	struct module *m = login->id.module;
	struct login_job *job = module_job_new(sizeof(*job), m, login_work, login_clear);
	enum status status;
	unsigned long ckr;
	bool sent;

	if (job == NULL)
		return error_no_memory(err);
	job->id = login->id;
	job->needed = needed;
	job->pin = *pin;
	*pin = (struct secret)SECRET_INIT;
	if (!module_run(&job->base, needed ? login_timeout(login) : 0, err))
		return slots_blame(&login->id, ST_TOKEN_TIMEOUT, err);
	login->id = job->id;
	sent = job->sent;
	ckr = job->ckr;
	if (job->base.status == ST_OK) {
		m->pin = job->pin;
		job->pin = (struct secret)SECRET_INIT;
	}
	status = module_job_end(&job->base, err);
	if (status != ST_OK && sent)
		return login_explain(login, ckr, "C_Login", err);
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
	set_flags(&login->request, token.flags);
	if (needed && (token.flags & CKF_USER_PIN_LOCKED) != 0)
		return locked(login, err);
	if (needed)
		status = ask(login, &pin, err);
	if (status == ST_OK)
		status = run(login, needed, &pin, err);
	secret_wipe(&pin);
	return status;
}

void login_forget_pin(struct login *login)
{
	secret_wipe(&login->id.module->pin);
}

struct logout_job {
	struct module_job base;
	CK_SLOT_ID slot_id;
};

static enum status logout_work(struct module_job *base)
{
	struct module *m = base->module;
	CK_SLOT_ID id = ((struct logout_job *)base)->slot_id;

	EVP_PKEY_free(m->key);
	m->key = NULL;
	for (unsigned i = 0; m->logged_in && i < m->n_slots; i++) {
		if (PKCS11_get_slotid_from_slot(&m->slots[i]) != id)
			continue;
		module_calling(m, "C_Logout");
		PKCS11_logout(&m->slots[i]);
	}
	slots_drop(m);
	ckr_queue_clear();
	return ST_OK;
}

void login_end(struct login *login)
{
	struct module *m = login->id.module;
	struct logout_job *job;

	if (watchdog_is_stuck(m->dog))
		return;
	login_forget_pin(login);
	m->pins = NULL;
	job = module_job_new(sizeof(*job), m, logout_work, NULL);
	if (job == NULL)
		return;
	job->slot_id = login->id.slot_id;
	if (module_run(&job->base, 0, NULL))
		module_job_end(&job->base, NULL);
}
