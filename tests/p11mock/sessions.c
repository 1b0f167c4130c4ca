/*
 * The sessions: which token each belongs to, which died with their token, and which wait for a
 * login of their own.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <string.h>

#define MAX_SESSIONS 256

struct session {
	CK_SESSION_HANDLE handle; /* 0: the entry is free */
	CK_SLOT_ID slot;
	bool dead;
	enum mock_context context;
};

static struct session sessions[MAX_SESSIONS];

static struct session *find(CK_SESSION_HANDLE handle)
{
	for (size_t i = 0; i < MAX_SESSIONS && handle != 0; i++) {
		if (sessions[i].handle == handle)
			return &sessions[i];
	}
	return NULL;
}

void sessions_forget_all(void)
{
	memset(sessions, 0, sizeof(sessions));
}

void sessions_end(CK_SLOT_ID slot)
{
	for (size_t i = 0; i < MAX_SESSIONS; i++) {
		if (sessions[i].handle != 0 && sessions[i].slot == slot)
			sessions[i].dead = true;
	}
}

CK_RV session_slot(CK_SESSION_HANDLE handle, struct mock_slot *out)
{
	const struct session *session;
	const struct mock_slot *slot;
	CK_RV rv = CKR_OK;

	if (!mock_initialised())
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	mock_lock();
	slots_refresh();
	session = find(handle);
	slot = session != NULL ? slots_find(session->slot) : NULL;
	if (slot == NULL)
		rv = CKR_SESSION_HANDLE_INVALID;
	else if (session->dead)
		rv = slot->present ? CKR_SESSION_HANDLE_INVALID : CKR_DEVICE_REMOVED;
	else
		*out = *slot;
	mock_unlock();
	return rv;
}

void session_set_context(CK_SESSION_HANDLE handle, enum mock_context context)
{
	struct session *session;

	mock_lock();
	session = find(handle);
	if (session != NULL)
		session->context = context;
	mock_unlock();
}

enum mock_context session_context(CK_SESSION_HANDLE handle)
{
	const struct session *session;
	enum mock_context context = MOCK_NO_CONTEXT;

	mock_lock();
	session = find(handle);
	if (session != NULL)
		context = session->context;
	mock_unlock();
	return context;
}

static CK_RV remember(CK_SESSION_HANDLE handle, CK_SLOT_ID slot)
{
	struct session *session = NULL;

	mock_lock();
	/* The wrapped module may hand out the number of a session that died with its token. */
	session = find(handle);
	for (size_t i = 0; i < MAX_SESSIONS && session == NULL; i++) {
		if (sessions[i].handle == 0)
			session = &sessions[i];
	}
	if (session != NULL)
		*session = (struct session){.handle = handle, .slot = slot};
	mock_unlock();
	return session != NULL ? CKR_OK : CKR_SESSION_COUNT;
}

CK_RV mock_open_session(
    CK_SLOT_ID id, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *handle)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_OpenSession");

	if (rv == CKR_OK)
		rv = slots_get(id, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_OpenSession(id, flags, application, notify, handle);
	if (rv == CKR_OK) {
		rv = remember(*handle, id);
		if (rv != CKR_OK)
			mock_real()->C_CloseSession(*handle);
	}
	return control_log("C_OpenSession", rv, NULL);
}

/* The last session of a token that closes takes the login with it. */
static void forget(CK_SESSION_HANDLE handle, CK_SLOT_ID slot_id)
{
	struct session *session;
	struct mock_slot *slot = slots_find(slot_id);

	session = find(handle);
	if (session != NULL)
		session->handle = 0;
	for (size_t i = 0; i < MAX_SESSIONS; i++) {
		if (sessions[i].handle != 0 && !sessions[i].dead && sessions[i].slot == slot_id)
			return;
	}
	if (slot != NULL)
		slot->pin_known = false;
}

CK_RV mock_close_session(CK_SESSION_HANDLE handle)
{
	struct session *session;
	struct mock_slot slot;
	CK_RV rv = fault_at("C_CloseSession");

	if (rv == CKR_OK) {
		rv = session_slot(handle, &slot);
		mock_lock();
		session = find(handle);
		if (session != NULL)
			forget(handle, session->slot);
		mock_unlock();
	}
	if (rv == CKR_OK)
		rv = mock_real()->C_CloseSession(handle);
	return control_log("C_CloseSession", rv, NULL);
}

CK_RV mock_close_all_sessions(CK_SLOT_ID id)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_CloseAllSessions");

	if (rv == CKR_OK)
		rv = slots_get(id, &slot);
	if (rv == CKR_OK || rv == CKR_TOKEN_NOT_PRESENT) {
		mock_lock();
		for (size_t i = 0; i < MAX_SESSIONS; i++) {
			if (sessions[i].handle != 0 && sessions[i].slot == id)
				forget(sessions[i].handle, id);
		}
		mock_unlock();
	}
	if (rv == CKR_OK)
		rv = mock_real()->C_CloseAllSessions(id);
	return control_log("C_CloseAllSessions", rv, NULL);
}

CK_RV mock_get_session_info(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_GetSessionInfo");

	if (rv == CKR_OK)
		rv = session_slot(handle, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_GetSessionInfo(handle, info);
	return control_log("C_GetSessionInfo", rv, NULL);
}
