/*
 * Removes what stands on a token under one CKA_ID.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/session.h"

#include <stdlib.h>
#include <string.h>

/* Private keys first: what is left when it ends half-way is harmless. */
static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE};

static enum status destroy_class(
    struct module_job *job, CK_OBJECT_CLASS class, struct bytes id, struct objects *found)
{
	enum status status = objects_find(job, class, id, found);

	if (status == ST_OK)
		status = objects_destroy(job, found, NULL);
	return status;
}

enum status session_destroy(struct module_job *job, struct bytes id)
{
	struct objects *found = malloc(sizeof(*found));
	struct token_objects left = {0};
	enum status status = ST_OK;

	if (found == NULL)
		return error_no_memory(&job->error);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]) && status == ST_OK; i++)
		status = destroy_class(job, classes[i], id, found);
	free(found);
	if (status == ST_OK)
		status = session_count(job, id, &left);
	if (status == ST_OK && left.n_private_keys + left.n_public_keys + left.n_certificates > 0)
		status = error_set(&job->error, ST_TOKEN,
		    _("the token says that it removed the objects, and still shows them"));
	return status;
}

struct destroy_job {
	struct module_job base;
	uint8_t id[SESSION_MAX_ID];
	size_t id_len;
};

static enum status destroy_work(struct module_job *base)
{
	struct destroy_job *job = (struct destroy_job *)base;

	return session_destroy(&job->base, (struct bytes){job->id, job->id_len});
}

enum status token_session_destroy(struct token_session *session, struct bytes id, struct error *err)
{
	struct destroy_job *job;

	if (session_check_id(id, err) != ST_OK)
		return ST_USAGE;
	job = module_job_new(sizeof(*job), session->login.id.module, destroy_work, NULL);
	if (job == NULL)
		return error_no_memory(err);
	memcpy(job->id, id.data, id.len);
	job->id_len = id.len;
	if (!session_run(session, &job->base, 0, err))
		return err->status;
	return session_end(session, &job->base, err);
}
