/*
 * The slots: which of the wrapped module's are shown, whether their tokens are in, and the events
 * that tell of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_SLOTS     64
#define POLL_MS	      5
#define INVENTED_SLOT 0xdead0000UL

static struct mock_slot slots[MAX_SLOTS];
static size_t n_slots;
static atomic_int waiters;

static void sleep_poll(void)
{
	const struct timespec pause = {0, POLL_MS * 1000000L};

	nanosleep(&pause, NULL);
}

static void unpad(char *out, const unsigned char *field, size_t size)
{
	while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\0'))
		size--;
	memcpy(out, field, size);
	out[size] = '\0';
}

static bool token_is_in(const struct mock_slot *slot)
{
	return !control_names("removed", &slot->token);
}

static bool shown(const struct mock_slot *slot)
{
	return slot->initialised || control_exists("show-empty");
}

/* Reads the wrapped module's slots into the table.  Wants the lock. */
void slots_scan(void)
{
	CK_SLOT_ID ids[MAX_SLOTS];
	CK_ULONG n = MAX_SLOTS;
	CK_TOKEN_INFO info;
	struct mock_slot *slot;

	n_slots = 0;
	if (mock_real()->C_GetSlotList(CK_FALSE, ids, &n) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < n; i++) {
		slot = &slots[n_slots++];
		memset(slot, 0, sizeof(*slot));
		slot->id = ids[i];
		if (mock_real()->C_GetTokenInfo(ids[i], &info) == CKR_OK) {
			unpad(slot->token.label, info.label, sizeof(info.label));
			unpad(slot->token.serial, info.serialNumber, sizeof(info.serialNumber));
			slot->initialised = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
		}
		slot->present = token_is_in(slot);
	}
}

void slots_refresh(void)
{
	for (size_t i = 0; i < n_slots; i++) {
		bool in = token_is_in(&slots[i]);

		if (in == slots[i].present)
			continue;
		slots[i].present = in;
		slots[i].event = true;
		if (!in) {
			slots[i].pin_known = false;
			sessions_end(slots[i].id);
			mock_real()->C_CloseAllSessions(slots[i].id);
		}
	}
}

struct mock_slot *slots_find(CK_SLOT_ID id)
{
	for (size_t i = 0; i < n_slots; i++) {
		if (slots[i].id == id)
			return &slots[i];
	}
	return NULL;
}

CK_RV slots_get(CK_SLOT_ID id, struct mock_slot *out)
{
	const struct mock_slot *slot;
	CK_RV rv = CKR_OK;

	if (!mock_initialised())
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	mock_lock();
	slots_refresh();
	slot = slots_find(id);
	if (slot == NULL) {
		rv = CKR_SLOT_ID_INVALID;
	} else {
		*out = *slot;
		if (!slot->present)
			rv = CKR_TOKEN_NOT_PRESENT;
	}
	mock_unlock();
	return rv;
}

/* The slots that are there, up to ROOM of them into LIST; returns how many there are. */
static CK_ULONG list_shown(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG room)
{
	CK_ULONG n = 0;

	mock_lock();
	slots_refresh();
	for (size_t i = 0; i < n_slots; i++) {
		if (!shown(&slots[i]) || (token_present && !slots[i].present))
			continue;
		if (list != NULL && n < room)
			list[n] = slots[i].id;
		n++;
	}
	mock_unlock();
	return n;
}

/* `slots`: "N [M]": N slots are there, most of them invented; a filling call says it wrote M. */
static bool absurd_count(CK_ULONG *n, CK_ULONG *m, bool *lies)
{
	char text[128], *end;

	if (!control_read("slots", text, sizeof(text)))
		return false;
	*n = strtoul(text, &end, 0);
	end += strspn(end, " \n");
	*lies = *end != '\0';
	*m = strtoul(end, NULL, 0);
	return true;
}

CK_RV mock_get_slot_list(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *count)
{
	CK_ULONG n, n_absurd, m = 0, room;
	CK_RV rv = fault_at("C_GetSlotList");
	bool lies = false;

	if (rv == CKR_OK && !mock_initialised())
		rv = CKR_CRYPTOKI_NOT_INITIALIZED;
	if (rv == CKR_OK && count == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return control_log("C_GetSlotList", rv, NULL);

	room = list != NULL ? *count : 0;
	n = list_shown(token_present, list, room);
	if (absurd_count(&n_absurd, &m, &lies)) {
		for (CK_ULONG i = n; i < n_absurd && i < room; i++)
			list[i] = INVENTED_SLOT + i;
		/* Fewer than there are: slots appeared between the two calls. */
		if (list == NULL || n_absurd > n)
			n = n_absurd;
	}
	*count = n;
	if (list != NULL && n > room)
		rv = CKR_BUFFER_TOO_SMALL;
	else if (list != NULL && lies)
		*count = m;
	return control_log("C_GetSlotList", rv, NULL);
}

CK_RV mock_get_slot_info(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_GetSlotInfo");
	CK_RV token = CKR_OK;

	if (rv == CKR_OK) {
		token = slots_get(id, &slot);
		rv = token == CKR_TOKEN_NOT_PRESENT ? CKR_OK : token;
	}
	if (rv == CKR_OK)
		rv = mock_real()->C_GetSlotInfo(id, info);
	if (rv == CKR_OK) {
		info->flags |= CKF_REMOVABLE_DEVICE | CKF_HW_SLOT;
		if (token != CKR_OK)
			info->flags &= ~(CK_FLAGS)CKF_TOKEN_PRESENT;
	}
	return control_log("C_GetSlotInfo", rv, NULL);
}

static bool take_event(CK_SLOT_ID *id)
{
	bool found = false;

	mock_lock();
	slots_refresh();
	for (size_t i = 0; i < n_slots && !found; i++) {
		if (slots[i].event && shown(&slots[i])) {
			slots[i].event = false;
			*id = slots[i].id;
			found = true;
		}
	}
	mock_unlock();
	return found;
}

static CK_RV wait_for_event(CK_FLAGS flags, CK_SLOT_ID *id)
{
	while (mock_initialised()) {
		if (take_event(id))
			return CKR_OK;
		if ((flags & CKF_DONT_BLOCK) != 0)
			return CKR_NO_EVENT;
		sleep_poll();
	}
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV mock_wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *id, void *reserved)
{
	CK_RV rv = fault_at("C_WaitForSlotEvent");

	(void)reserved;
	if (rv == CKR_OK) {
		atomic_fetch_add(&waiters, 1);
		rv = wait_for_event(flags, id);
		atomic_fetch_sub(&waiters, 1);
	}
	return control_log("C_WaitForSlotEvent", rv, NULL);
}

void slots_wait_for_waiters(void)
{
	while (atomic_load(&waiters) > 0)
		sleep_poll();
}
