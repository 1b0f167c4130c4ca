/*
 * Opens and closes sessions that write, and runs their jobs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/session.h"

#include <stdlib.h>
#include <string.h>

enum status session_blame(
    const struct token_session *session, enum status status, struct error *err)
{
	struct error removed;

	if (status != ST_TOKEN_REMOVED)
		return status;
	error_set(&removed, status, _("the token was removed"));
	error_hint(&removed, "%s", err->hint);
	error_where(&removed, "%s", session->login.id.name);
	*err = removed;
	return status;
}

enum status token_session_open(struct tokens *tokens, const struct token_info *token,
    const struct pin_source *pins, struct token_session **out, struct error *err)
{
	struct token_session *session = calloc(1, sizeof(*session));
	enum status status;

	if (session == NULL)
		return error_no_memory(err);
	session->tokens = tokens;
	session->login.for_writing = true;
	login_init(&session->login, token_of(token), pins);
	status = session_blame(session, login_start(&session->login, err), err);
	snapshot_drop(tokens);
	if (status != ST_OK) {
		login_end(&session->login);
		free(session);
		return status;
	}
	session->generation = session->login.id.module->generation;
	*out = session;
	return ST_OK;
}

static bool is_there(const struct token_session *session)
{
	const struct module *m = session->login.id.module;

	return !watchdog_is_stuck(m->dog) && session->generation == m->generation;
}

void token_session_close(struct token_session *session)
{
	if (session == NULL)
		return;
	/* What another one has opened since is not ours to close. */
	if (is_there(session))
		login_end(&session->login);
	login_forget_pin(&session->login);
	free(session);
}

enum status session_check(const struct token_session *session, struct error *err)
{
	if (is_there(session) || watchdog_is_stuck(session->login.id.module->dog))
		return ST_OK;
	error_set(err, ST_TOKEN, _("the login is over: something else has used the module since"));
	error_where(err, "%s", session->login.id.name);
	error_hint(err, _("start again"));
	return ST_TOKEN;
}

enum status session_check_id(struct bytes id, struct error *err)
{
	if (id.len >= 1 && id.len <= SESSION_MAX_ID)
		return ST_OK;
	return error_set(
	    err, ST_USAGE, _("an id has 1 to %d bytes, not %zu"), SESSION_MAX_ID, id.len);
}

bool session_run(
    struct token_session *session, struct module_job *job, unsigned timeout_ms, struct error *err)
{
	if (session_check(session, err) != ST_OK) {
		module_job_end(job, NULL);
		return false;
	}
	if (module_run(job, timeout_ms, err))
		return true;
	slots_blame(&session->login.id, ST_TOKEN_TIMEOUT, err);
	return false;
}

enum status session_end(struct token_session *session, struct module_job *job, struct error *err)
{
	struct token_identity *id = &session->login.id;
	enum status status = module_job_end(job, err);

	if (status == ST_TOKEN && slots_gone(id, err))
		status = ST_TOKEN_REMOVED;
	return session_blame(session, slots_blame(id, status, err), err);
}

enum status session_count(struct module_job *job, struct bytes id, struct token_objects *out)
{
	struct objects *found = malloc(sizeof(*found));
	size_t *const counts[] = {&out->n_private_keys, &out->n_public_keys, &out->n_certificates};
	static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE};
	enum status status = ST_OK;

	if (found == NULL)
		return error_no_memory(&job->error);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]) && status == ST_OK; i++) {
		status = objects_find(job, classes[i], id, found);
		*counts[i] = found->n;
	}
	free(found);
	return status;
}

struct look_job {
	struct module_job base;
	uint8_t id[SESSION_MAX_ID];
	size_t id_len;
	struct token_objects found;
};

static enum status look_work(struct module_job *base)
{
	struct look_job *job = (struct look_job *)base;

	return session_count(base, (struct bytes){job->id, job->id_len}, &job->found);
}

enum status token_session_look(
    struct token_session *session, struct bytes id, struct token_objects *out, struct error *err)
{
	struct look_job *job;

	if (session_check_id(id, err) != ST_OK)
		return ST_USAGE;
	job = module_job_new(sizeof(*job), session->login.id.module, look_work, NULL);
	if (job == NULL)
		return error_no_memory(err);
	memcpy(job->id, id.data, id.len);
	job->id_len = id.len;
	if (!session_run(session, &job->base, 0, err))
		return err->status;
	*out = job->found;
	return session_end(session, &job->base, err);
}
