/*
 * Setting PINs, and making a token anew: with the counters of tries, and with the PIN pad.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <openssl/crypto.h>
#include <string.h>

/* The first line of a control file as a PIN, where none was given. */
static void type_pin(const char *file, char typed[CONTROL_SIZE], CK_UTF8CHAR **pin, CK_ULONG *len)
{
	char *rest = typed;

	if (!control_read(file, typed, CONTROL_SIZE))
		return;
	strsep(&rest, "\n");
	*pin = (CK_UTF8CHAR *)typed;
	*len = strlen(typed);
}

/*
 * On a token with a PIN pad the application gives no PIN, and the person types: the old one is the
 * first line of `pinpad`, the new one that of `pinpad-new`.
 */
static CK_RV with_pin_pad(const struct mock_token *token, const void *pin, bool *has)
{
	char text[CONTROL_SIZE], *names = text;
	CK_RV rv = CKR_OK;

	*has = false;
	if (!control_read("pinpad", text, sizeof(text)))
		return CKR_OK;
	strsep(&names, "\n");
	*has = names == NULL || control_text_names(names, token);
	if (*has && pin != NULL)
		rv = CKR_ARGUMENTS_BAD;
	else if (*has && strcmp(text, "cancel") == 0)
		rv = CKR_FUNCTION_CANCELED;
	OPENSSL_cleanse(text, sizeof(text));
	return rv;
}

CK_RV retries_count(const char *file, const struct mock_token *token, CK_RV rv)
{
	int left, max;

	if (!retries_get(file, token, &left, &max))
		return rv;
	if (rv == CKR_OK) {
		retries_set(file, token, max);
	} else if (rv == CKR_PIN_INCORRECT) {
		retries_set(file, token, left - 1);
		if (left - 1 <= 0)
			rv = CKR_PIN_LOCKED;
	}
	return rv;
}

bool retries_locked(const char *file, const struct mock_token *token)
{
	int left, max;

	return retries_get(file, token, &left, &max) && left <= 0;
}

static CK_RV set_pin(CK_SESSION_HANDLE session, const struct mock_slot *slot, CK_UTF8CHAR *old_pin,
    CK_ULONG old_len, CK_UTF8CHAR *new_pin, CK_ULONG new_len)
{
	char typed_old[CONTROL_SIZE], typed_new[CONTROL_SIZE];
	CK_SESSION_INFO info = {.state = 0};
	const char *file = "retries";
	bool pin_pad;
	CK_RV rv;

	mock_real()->C_GetSessionInfo(session, &info);
	if (info.state == CKS_RW_SO_FUNCTIONS)
		file = "so-retries";
	if (control_names("set-pin-wants-login", &slot->token) &&
	    info.state == CKS_RW_PUBLIC_SESSION)
		return CKR_USER_NOT_LOGGED_IN;
	if (retries_locked(file, &slot->token))
		return CKR_PIN_LOCKED;
	rv = with_pin_pad(&slot->token, old_pin, &pin_pad);
	if (rv != CKR_OK)
		return rv;
	if (pin_pad) {
		type_pin("pinpad", typed_old, &old_pin, &old_len);
		type_pin("pinpad-new", typed_new, &new_pin, &new_len);
	}
	rv = mock_real()->C_SetPIN(session, old_pin, old_len, new_pin, new_len);
	OPENSSL_cleanse(typed_old, sizeof(typed_old));
	OPENSSL_cleanse(typed_new, sizeof(typed_new));
	return retries_count(file, &slot->token, rv);
}

CK_RV mock_set_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *old_pin, CK_ULONG old_len,
    CK_UTF8CHAR *new_pin, CK_ULONG new_len)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_SetPIN");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = set_pin(session, &slot, old_pin, old_len, new_pin, new_len);
	return control_log("C_SetPIN", rv, NULL);
}

static CK_RV init_pin(
    CK_SESSION_HANDLE session, const struct mock_slot *slot, CK_UTF8CHAR *pin, CK_ULONG len)
{
	char typed[CONTROL_SIZE];
	bool pin_pad;
	int left, max;
	CK_RV rv = with_pin_pad(&slot->token, pin, &pin_pad);

	if (rv != CKR_OK)
		return rv;
	if (pin_pad)
		type_pin("pinpad-new", typed, &pin, &len);
	rv = mock_real()->C_InitPIN(session, pin, len);
	OPENSSL_cleanse(typed, sizeof(typed));
	if (rv == CKR_OK && retries_get("retries", &slot->token, &left, &max))
		retries_set("retries", &slot->token, max);
	return rv;
}

CK_RV mock_init_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *pin, CK_ULONG len)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_InitPIN");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = init_pin(session, &slot, pin, len);
	return control_log("C_InitPIN", rv, NULL);
}

static CK_RV init_token(
    const struct mock_slot *slot, CK_UTF8CHAR *pin, CK_ULONG len, CK_UTF8CHAR *label)
{
	char typed[CONTROL_SIZE];
	bool pin_pad;
	CK_RV rv;

	if (slot->initialised && retries_locked("so-retries", &slot->token))
		return CKR_PIN_LOCKED;
	rv = with_pin_pad(&slot->token, pin, &pin_pad);
	if (rv != CKR_OK)
		return rv;
	if (pin_pad)
		type_pin("pinpad", typed, &pin, &len);
	rv = mock_real()->C_InitToken(slot->id, pin, len, label);
	OPENSSL_cleanse(typed, sizeof(typed));
	if (slot->initialised)
		rv = retries_count("so-retries", &slot->token, rv);
	if (rv == CKR_OK) {
		mock_lock();
		slots_scan();
		mock_unlock();
	}
	return rv;
}

CK_RV mock_init_token(CK_SLOT_ID id, CK_UTF8CHAR *pin, CK_ULONG len, CK_UTF8CHAR *label)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_InitToken");

	if (rv == CKR_OK)
		rv = slots_get(id, &slot);
	if (rv == CKR_OK)
		rv = init_token(&slot, pin, len, label);
	return control_log("C_InitToken", rv, NULL);
}
