/*
 * The module's entry: loads the wrapped module, hands out a function list in which the calls that
 * faults can hit are replaced, and initialises and finalises.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MODULE "/usr/lib/softhsm/libsofthsm2.so"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool initialised;
static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST functions;

CK_FUNCTION_LIST *mock_real(void)
{
	return real;
}

bool mock_initialised(void)
{
	return atomic_load(&initialised);
}

void mock_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void mock_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

static CK_RV mock_initialize(void *arguments)
{
	CK_RV rv = fault_at("C_Initialize");

	if (rv == CKR_OK)
		rv = real->C_Initialize(arguments);
	if (rv == CKR_OK) {
		mock_lock();
		sessions_forget_all();
		slots_scan();
		mock_unlock();
		atomic_store(&initialised, true);
	}
	return control_log("C_Initialize", rv, NULL);
}

static CK_RV mock_finalize(void *reserved)
{
	CK_RV rv = fault_at("C_Finalize");

	if (rv == CKR_OK && mock_initialised()) {
		/* A blocking C_WaitForSlotEvent must be out before its tables go. */
		atomic_store(&initialised, false);
		slots_wait_for_waiters();
		mock_lock();
		sessions_forget_all();
		mock_unlock();
	}
	if (rv == CKR_OK)
		rv = real->C_Finalize(reserved);
	return control_log("C_Finalize", rv, NULL);
}

static CK_RV mock_get_info(CK_INFO *info)
{
	CK_RV rv = fault_at("C_GetInfo");

	if (rv == CKR_OK)
		rv = real->C_GetInfo(info);
	return control_log("C_GetInfo", rv, NULL);
}

static void replace_functions(void)
{
	functions.C_GetFunctionList = C_GetFunctionList;
	functions.C_Initialize = mock_initialize;
	functions.C_Finalize = mock_finalize;
	functions.C_GetInfo = mock_get_info;
	functions.C_GetSlotList = mock_get_slot_list;
	functions.C_GetSlotInfo = mock_get_slot_info;
	functions.C_GetTokenInfo = mock_get_token_info;
	functions.C_GetMechanismList = mock_get_mechanism_list;
	functions.C_GetMechanismInfo = mock_get_mechanism_info;
	functions.C_WaitForSlotEvent = mock_wait_for_slot_event;
	functions.C_OpenSession = mock_open_session;
	functions.C_CloseSession = mock_close_session;
	functions.C_CloseAllSessions = mock_close_all_sessions;
	functions.C_GetSessionInfo = mock_get_session_info;
	functions.C_Login = mock_login;
	functions.C_Logout = mock_logout;
	functions.C_InitToken = mock_init_token;
	functions.C_InitPIN = mock_init_pin;
	functions.C_SetPIN = mock_set_pin;
	functions.C_CreateObject = mock_create_object;
	functions.C_DestroyObject = mock_destroy_object;
	functions.C_GenerateKeyPair = mock_generate_key_pair;
	functions.C_FindObjectsInit = mock_find_objects_init;
	functions.C_FindObjects = mock_find_objects;
	functions.C_FindObjectsFinal = mock_find_objects_final;
	functions.C_GetAttributeValue = mock_get_attribute_value;
	functions.C_SignInit = mock_sign_init;
	functions.C_Sign = mock_sign;
	functions.C_SignUpdate = mock_sign_update;
	functions.C_SignFinal = mock_sign_final;
}

/* `missing`: "FUNCTION"; looked at when the list is asked for. */
static void take_away(void)
{
	char text[CONTROL_SIZE], *cursor = text, *line;

	replace_functions();
	if (!control_read("missing", text, sizeof(text)))
		return;
	while ((line = control_line(&cursor)) != NULL) {
		if (strcmp(line, "C_InitToken") == 0)
			functions.C_InitToken = NULL;
		else if (strcmp(line, "C_InitPIN") == 0)
			functions.C_InitPIN = NULL;
		else if (strcmp(line, "C_SetPIN") == 0)
			functions.C_SetPIN = NULL;
		else if (strcmp(line, "C_CreateObject") == 0)
			functions.C_CreateObject = NULL;
		else if (strcmp(line, "C_DestroyObject") == 0)
			functions.C_DestroyObject = NULL;
		else if (strcmp(line, "C_GenerateKeyPair") == 0)
			functions.C_GenerateKeyPair = NULL;
	}
}

static void load(void)
{
	CK_C_GetFunctionList get_list;
	const char *path = getenv("P11MOCK_MODULE");
	void *handle, *symbol;

	if (path == NULL)
		path = DEFAULT_MODULE;
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		fprintf(stderr, "p11mock: %s\n", dlerror());
		return;
	}
	symbol = dlsym(handle, "C_GetFunctionList");
	/* ISO C has no cast from an object pointer to a function pointer. */
	memcpy(&get_list, &symbol, sizeof(get_list));
	if (symbol == NULL || get_list(&real) != CKR_OK) {
		fprintf(stderr, "p11mock: %s: no usable C_GetFunctionList\n", path);
		real = NULL;
		return;
	}
	functions = *real;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (list == NULL)
		return CKR_ARGUMENTS_BAD;
	pthread_once(&once, load);
	if (real == NULL)
		return CKR_GENERAL_ERROR;
	take_away();
	*list = &functions;
	return CKR_OK;
}
