/*
 * Reads slots, finds tokens again, and keeps libp11's list of slots.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/slots.h"

#include "tokens/ckr.h"

#include <libp11.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More slots than this is a module gone mad. */
#define MAX_SLOTS 4096

void slots_pad(unsigned char *field, size_t size)
{
	unsigned char *nul = memchr(field, '\0', size);

	if (nul != NULL)
		memset(nul, ' ', size - (size_t)(nul - field));
}

static void pad_token(CK_TOKEN_INFO *t)
{
	slots_pad(t->label, sizeof(t->label));
	slots_pad(t->manufacturerID, sizeof(t->manufacturerID));
	slots_pad(t->model, sizeof(t->model));
	slots_pad(t->serialNumber, sizeof(t->serialNumber));
}

static CK_RV read_token(struct module *m, CK_SLOT_ID slot, CK_TOKEN_INFO *token)
{
	CK_RV rv;

	memset(token, 0, sizeof(*token));
	module_calling(m, "C_GetTokenInfo");
	rv = m->functions->C_GetTokenInfo(slot, token);
	if (rv == CKR_OK)
		pad_token(token);
	return rv;
}

static enum status absurd_count(struct module_job *job, CK_ULONG n)
{
	return error_set(&job->error, ST_TOKEN, _("the module claims to have %lu slots"), n);
}

/* The numbers of the slots that hold a token.  A token may come in between the two calls. */
static enum status list_ids(struct module_job *job, CK_SLOT_ID **out, CK_ULONG *n)
{
	CK_FUNCTION_LIST *f = job->module->functions;
	CK_SLOT_ID *ids = NULL;
	CK_ULONG room;
	CK_RV rv;

	module_calling(job->module, "C_GetSlotList");
	for (int attempt = 0; attempt < 4; attempt++) {
		rv = f->C_GetSlotList(CK_TRUE, NULL, &room);
		if (rv != CKR_OK)
			return module_failed_with(job, rv);
		if (room > MAX_SLOTS)
			return absurd_count(job, room);
		room += 4;
		ids = calloc(room, sizeof(*ids));
		if (ids == NULL)
			return error_no_memory(&job->error);
		*n = room;
		rv = f->C_GetSlotList(CK_TRUE, ids, n);
		if (rv == CKR_OK && *n <= room) {
			*out = ids;
			return ST_OK;
		}
		free(ids);
		if (rv == CKR_OK)
			return absurd_count(job, *n);
		if (rv != CKR_BUFFER_TOO_SMALL)
			break;
	}
	return module_failed_with(job, rv);
}

struct read_job {
	struct module_job base;
	struct slot_reading *list;
	size_t n;
};

static void read_clear(struct module_job *base)
{
	free(((struct read_job *)base)->list);
}

static int compare_ids(const void *a, const void *b)
{
	CK_SLOT_ID x = ((const struct slot_reading *)a)->id;
	CK_SLOT_ID y = ((const struct slot_reading *)b)->id;

	return x < y ? -1 : x > y;
}

static bool went_away(CK_RV rv)
{
	return rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_REMOVED || rv == CKR_SLOT_ID_INVALID;
}

static void read_slot(struct read_job *job, CK_SLOT_ID id)
{
	struct module *m = job->base.module;
	struct slot_reading *r = &job->list[job->n];

	r->id = id;
	r->failed = "C_GetSlotInfo";
	module_calling(m, "C_GetSlotInfo");
	r->rv = m->functions->C_GetSlotInfo(id, &r->slot);
	if (r->rv != CKR_OK)
		memset(&r->slot, 0, sizeof(r->slot));
	slots_pad(r->slot.slotDescription, sizeof(r->slot.slotDescription));
	slots_pad(r->slot.manufacturerID, sizeof(r->slot.manufacturerID));
	if (r->rv == CKR_OK) {
		r->failed = "C_GetTokenInfo";
		r->rv = read_token(m, id, &r->token);
	}
	if (!went_away(r->rv))
		job->n++;
	else
		memset(r, 0, sizeof(*r));
}

static enum status read_work(struct module_job *base)
{
	struct read_job *job = (struct read_job *)base;
	CK_SLOT_ID *ids;
	CK_ULONG n;
	enum status status;

	/* What libp11 knows is as old as the snapshot that is being replaced. */
	if (!base->module->logged_in)
		slots_drop(base->module);
	status = list_ids(base, &ids, &n);
	if (status != ST_OK)
		return status;
	job->list = calloc(n + 1, sizeof(*job->list));
	if (job->list == NULL)
		status = error_no_memory(&base->error);
	for (CK_ULONG i = 0; i < n && status == ST_OK; i++)
		read_slot(job, ids[i]);
	if (status == ST_OK)
		qsort(job->list, job->n, sizeof(*job->list), compare_ids);
	free(ids);
	return status;
}

enum status slots_read(
    struct module *module, struct slot_reading **list, size_t *n, struct error *err)
{
	struct read_job *job = module_job_new(sizeof(*job), module, read_work, read_clear);

	if (job == NULL)
		return error_no_memory(err);
	if (!module_run(&job->base, 0, err))
		return ST_TOKEN_TIMEOUT;
	*list = job->list;
	*n = job->n;
	job->list = NULL;
	return module_job_end(&job->base, err);
}

enum status slots_removed(const struct token_identity *id, struct error *err)
{
	error_set(err, ST_TOKEN_REMOVED, _("%s was removed"), id->name);
	error_hint(err, _("plug it in again and start again"));
	return ST_TOKEN_REMOVED;
}

enum status slots_blame(const struct token_identity *id, enum status status, struct error *err)
{
	if (status == ST_TOKEN_REMOVED)
		return slots_removed(id, err);
	if (status != ST_OK)
		error_where(err, "%s", id->name);
	return status;
}

static bool is_token(const struct token_identity *id, const CK_TOKEN_INFO *token)
{
	return memcmp(id->label, token->label, sizeof(id->label)) == 0 &&
	       memcmp(id->serial, token->serialNumber, sizeof(id->serial)) == 0;
}

/*
 * Whether the token is in this slot.  The slot is asked first: OpenSC tells of a token as it was
 * until then.
 */
static bool holds(
    struct module *m, CK_SLOT_ID slot, const struct token_identity *id, CK_TOKEN_INFO *token)
{
	CK_SLOT_INFO info;

	module_calling(m, "C_GetSlotInfo");
	return m->functions->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       (info.flags & CKF_TOKEN_PRESENT) != 0 && read_token(m, slot, token) == CKR_OK &&
	       is_token(id, token);
}

/* Looks into its old slot first. */
enum status slots_look(struct module_job *job, struct token_identity *id, CK_TOKEN_INFO *token)
{
	enum status status;
	CK_SLOT_ID *ids;
	CK_ULONG n;

	if (holds(job->module, id->slot_id, id, token))
		return ST_OK;
	status = list_ids(job, &ids, &n);
	if (status != ST_OK)
		return status;
	status = ST_TOKEN_REMOVED;
	for (CK_ULONG i = 0; i < n && status != ST_OK; i++) {
		if (holds(job->module, ids[i], id, token)) {
			id->slot_id = ids[i];
			status = ST_OK;
		}
	}
	free(ids);
	return status == ST_OK ? ST_OK : slots_removed(id, &job->error);
}

struct find_job {
	struct module_job base;
	struct token_identity id;
	CK_TOKEN_INFO token;
};

static enum status find_work(struct module_job *base)
{
	struct find_job *job = (struct find_job *)base;

	return slots_look(base, &job->id, &job->token);
}

enum status slots_find_again(struct token_identity *id, CK_TOKEN_INFO *token, struct error *err)
{
	struct find_job *job = module_job_new(sizeof(*job), id->module, find_work, NULL);

	if (job == NULL)
		return error_no_memory(err);
	job->id = *id;
	if (!module_run(&job->base, 0, err))
		return slots_blame(id, ST_TOKEN_TIMEOUT, err);
	*id = job->id;
	*token = job->token;
	return slots_blame(id, module_job_end(&job->base, err), err);
}

bool slots_gone(struct token_identity *id, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 100 * 1000000L};
	enum status status = ST_OK;
	CK_TOKEN_INFO token;
	struct error why;

	for (int waited = 0; waited <= SLOTS_NOTICE_MS && status == ST_OK; waited += 100) {
		if (waited > 0)
			nanosleep(&pause, NULL);
		status = slots_find_again(id, &token, &why);
	}
	if (status == ST_TOKEN_REMOVED && err != NULL)
		*err = why;
	return status == ST_TOKEN_REMOVED;
}

void slots_drop(struct module *m)
{
	if (m->session != CK_INVALID_HANDLE) {
		module_calling(m, "C_CloseSession");
		m->functions->C_CloseSession(m->session);
	}
	m->session = CK_INVALID_HANDLE;
	if (m->slots != NULL) {
		module_calling(m, "C_CloseAllSessions");
		PKCS11_release_all_slots(m->ctx, m->slots, m->n_slots);
	}
	m->slots = NULL;
	m->n_slots = 0;
	m->logged_in = false;
	m->generation++;
}

enum status slots_list(struct module_job *job)
{
	struct module *m = job->module;

	if (m->slots != NULL)
		return ST_OK;
	module_calling(m, "C_GetSlotList");
	if (PKCS11_enumerate_slots(m->ctx, &m->slots, &m->n_slots) == 0)
		return ST_OK;
	m->slots = NULL;
	m->n_slots = 0;
	module_failed(job);
	error_hint(&job->error,
	    _("a single broken slot is enough for this: unplug other tokens and readers, and try "
	      "again"));
	/* Whatever the code: nobody knows which slot it was. */
	return job->error.status = ST_TOKEN;
}

enum status slots_list_anew(struct module_job *job)
{
	slots_drop(job->module);
	return slots_list(job);
}

enum status slots_open_session(struct module_job *job, struct token_identity *id)
{
	struct module *m = job->module;
	CK_TOKEN_INFO token;
	CK_RV rv;

	slots_drop(m);
	if (slots_look(job, id, &token) != ST_OK)
		return job->error.status;
	module_calling(m, "C_OpenSession");
	rv = m->functions->C_OpenSession(
	    id->slot_id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &m->session);
	if (rv == CKR_OK)
		return ST_OK;
	m->session = CK_INVALID_HANDLE;
	return module_failed_with(job, rv);
}

/* Whether the token lets us open a session. */
static enum status probe_session(struct module_job *job, CK_SLOT_ID slot)
{
	CK_FUNCTION_LIST *f = job->module->functions;
	CK_SESSION_HANDLE session;
	CK_RV rv;

	module_calling(job->module, "C_OpenSession");
	rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
	if (rv != CKR_OK)
		return module_failed_with(job, rv);
	f->C_CloseSession(session);
	return ST_OK;
}

struct PKCS11_slot_st *slots_of_token(struct module_job *job, struct token_identity *id)
{
	struct module *m = job->module;
	CK_TOKEN_INFO token;

	if (slots_look(job, id, &token) != ST_OK)
		return NULL;
	for (unsigned i = 0; i < m->n_slots; i++) {
		if (PKCS11_get_slotid_from_slot(&m->slots[i]) != id->slot_id ||
		    m->slots[i].token == NULL)
			continue;
		if (probe_session(job, id->slot_id) != ST_OK)
			return NULL;
		return &m->slots[i];
	}
	slots_removed(id, &job->error);
	return NULL;
}
