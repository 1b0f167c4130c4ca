/*
 * Logging in: the PIN counter, the PIN pad, and the login that a single signature asks for.  A PIN
 * is never written anywhere; of an accepted one the digest is remembered, for that last kind.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

struct pin {
	CK_UTF8CHAR *text;
	CK_ULONG len;
};

static void digest(const struct pin *pin, unsigned char out[MOCK_DIGEST_SIZE])
{
	unsigned int len = MOCK_DIGEST_SIZE;

	if (EVP_Digest(pin->text, pin->len, out, &len, EVP_sha256(), NULL) != 1)
		memset(out, 0, MOCK_DIGEST_SIZE);
}

static void remember_pin(CK_SLOT_ID id, const struct pin *pin)
{
	struct mock_slot *slot;

	mock_lock();
	slot = slots_find(id);
	if (slot != NULL) {
		slot->pin_known = pin != NULL;
		if (pin != NULL)
			digest(pin, slot->pin_digest);
	}
	mock_unlock();
}

/* What the person at the PIN pad does; TYPED gets the PIN. */
static CK_RV read_pin_pad(const struct mock_token *token, char *typed, struct pin *pin, bool *has)
{
	char *names = typed;

	*has = false;
	if (!control_read("pinpad", typed, CONTROL_SIZE))
		return CKR_OK;
	strsep(&names, "\n");
	if (names != NULL && !control_text_names(names, token))
		return CKR_OK;
	*has = true;
	if (pin->text != NULL)
		return CKR_ARGUMENTS_BAD;
	if (strcmp(typed, "cancel") == 0)
		return CKR_FUNCTION_CANCELED;
	if (strcmp(typed, "timeout") == 0)
		return CKR_FUNCTION_FAILED;
	pin->text = (CK_UTF8CHAR *)typed;
	pin->len = strlen(typed);
	return CKR_OK;
}

static CK_RV login_user(CK_SESSION_HANDLE session, const struct mock_slot *slot, CK_USER_TYPE user,
    const struct pin *pin)
{
	CK_RV rv = mock_real()->C_Login(session, user, pin->text, pin->len);

	if (rv == CKR_OK && user == CKU_USER)
		remember_pin(slot->id, pin);
	return rv;
}

/*
 * SoftHSM does not know keys that ask for a login each time, so its answer is played here.  Like
 * OpenSC, a wrong PIN drops the whole login.
 */
static CK_RV login_context(
    CK_SESSION_HANDLE session, const struct mock_slot *slot, const struct pin *pin)
{
	unsigned char mine[MOCK_DIGEST_SIZE];

	if (session_context(session) == MOCK_NO_CONTEXT)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!slot->pin_known)
		return CKR_USER_NOT_LOGGED_IN;
	digest(pin, mine);
	if (memcmp(mine, slot->pin_digest, sizeof(mine)) != 0) {
		mock_real()->C_Logout(session);
		remember_pin(slot->id, NULL);
		session_set_context(session, MOCK_NO_CONTEXT);
		return CKR_PIN_INCORRECT;
	}
	session_set_context(session, MOCK_CONTEXT_GIVEN);
	return CKR_OK;
}

static bool pin_was_wrong(CK_RV rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE;
}

static CK_RV login(
    CK_SESSION_HANDLE session, const struct mock_slot *slot, CK_USER_TYPE user, struct pin pin)
{
	char typed[CONTROL_SIZE];
	bool counted, pin_pad;
	int left = 0, max = 0;
	CK_RV rv;
	const char *file = user == CKU_SO ? "so-retries" : "retries";

	counted = retries_get(file, &slot->token, &left, &max);
	if (counted && left <= 0)
		return CKR_PIN_LOCKED;

	rv = read_pin_pad(&slot->token, typed, &pin, &pin_pad);
	if (rv == CKR_OK && pin.text == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && user == CKU_CONTEXT_SPECIFIC)
		rv = login_context(session, slot, &pin);
	else if (rv == CKR_OK)
		rv = login_user(session, slot, user, &pin);
	OPENSSL_cleanse(typed, sizeof(typed));

	if (counted && pin_was_wrong(rv)) {
		retries_set(file, &slot->token, left - 1);
		if (left - 1 <= 0)
			rv = CKR_PIN_LOCKED;
	} else if (counted && rv == CKR_OK) {
		retries_set(file, &slot->token, max);
	}
	if ((pin_was_wrong(rv) || (rv == CKR_PIN_LOCKED && left == 1)) &&
	    control_names("login-general-error", &slot->token))
		rv = CKR_GENERAL_ERROR;
	return rv;
}

CK_RV mock_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_Login");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = login(session, &slot, user, (struct pin){pin, len});
	return control_log("C_Login", rv, user == CKU_CONTEXT_SPECIFIC ? "context" : NULL);
}

CK_RV mock_logout(CK_SESSION_HANDLE session)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_Logout");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_Logout(session);
	if (rv == CKR_OK)
		remember_pin(slot.id, NULL);
	return control_log("C_Logout", rv, NULL);
}
