/*
 * The table of PKCS#11 return values: name, meaning, advice and status of each; and how one is
 * taken out of OpenSSL's error queue, where libp11 puts it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/ckr.h"

#include <openssl/err.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

/* Not in p11-kit's header. */
#ifndef CKR_COPY_PROHIBITED
#define CKR_COPY_PROHIBITED 0x1aUL
#endif
#ifndef CKR_UNWRAPPING_KEY_HANDLE_INVALID
#define CKR_UNWRAPPING_KEY_HANDLE_INVALID 0xf0UL
#endif

#define REINSERT N_("unplug the token, plug it in again, and try again")
#define SETUP	 N_("check that the token's software is installed completely, or use another module")
#define PERSON	 N_("ask who issued the token")
#define REPORT	 N_("try another version of the token's PKCS#11 module, and report this error")
#define UNLOCK                                                                                     \
	N_("unlock it with the token's SO PIN or PUK and `ctlsign token unblock`; whoever issued " \
	   "the token has it")

#define ROW(name, status, meaning, action)                                                         \
	{                                                                                          \
		name, #name, meaning, action, status                                               \
	}

/* clang-format off */
static const struct ckr_meaning table[] = {
	ROW(CKR_CANCEL, ST_CANCELLED, N_("the operation was cancelled"), NULL),
	ROW(CKR_HOST_MEMORY, ST_TOKEN, N_("the module ran out of memory"), NULL),
	ROW(CKR_SLOT_ID_INVALID, ST_TOKEN_REMOVED, N_("the slot is no longer there"), REINSERT),
	ROW(CKR_GENERAL_ERROR, ST_TOKEN, N_("the module or token failed and does not say why"), REINSERT),
	ROW(CKR_FUNCTION_FAILED, ST_TOKEN, N_("the token could not do it"), REINSERT),
	ROW(CKR_ARGUMENTS_BAD, ST_TOKEN, N_("the module does not accept the arguments"), REPORT),
	ROW(CKR_NO_EVENT, ST_TOKEN, N_("no slot has changed"), NULL),
	ROW(CKR_NEED_TO_CREATE_THREADS, ST_MODULE, N_("the module insists on threads of its own"), SETUP),
	ROW(CKR_CANT_LOCK, ST_MODULE, N_("the module cannot be used by a program with threads"), SETUP),
	ROW(CKR_ATTRIBUTE_READ_ONLY, ST_TOKEN, N_("the attribute cannot be changed"), REPORT),
	ROW(CKR_ATTRIBUTE_SENSITIVE, ST_TOKEN, N_("the token does not give the attribute away"), NULL),
	ROW(CKR_ATTRIBUTE_TYPE_INVALID, ST_TOKEN, N_("the object has no such attribute"), NULL),
	ROW(CKR_ATTRIBUTE_VALUE_INVALID, ST_TOKEN, N_("the attribute's value is not accepted"), REPORT),
	ROW(CKR_COPY_PROHIBITED, ST_TOKEN, N_("the object must not be copied"), NULL),
	ROW(CKR_ACTION_PROHIBITED, ST_TOKEN, N_("the token's policy forbids it"), PERSON),
	ROW(CKR_DATA_INVALID, ST_TOKEN, N_("the token does not accept the data to be signed"), N_("use a hash algorithm that the token supports")),
	ROW(CKR_DATA_LEN_RANGE, ST_TOKEN, N_("the data to be signed is too long for the key"), N_("use a larger key or a shorter hash")),
	ROW(CKR_DEVICE_ERROR, ST_TOKEN, N_("the token or its reader has a fault"), REINSERT),
	ROW(CKR_DEVICE_MEMORY, ST_TOKEN, N_("the token's memory is full"), PERSON),
	ROW(CKR_DEVICE_REMOVED, ST_TOKEN_REMOVED, N_("the token was removed"), REINSERT),
	ROW(CKR_ENCRYPTED_DATA_INVALID, ST_TOKEN, N_("the encrypted data is not valid"), NULL),
	ROW(CKR_ENCRYPTED_DATA_LEN_RANGE, ST_TOKEN, N_("the encrypted data has a wrong length"), NULL),
	ROW(CKR_FUNCTION_CANCELED, ST_CANCELLED, N_("it was cancelled on the reader"), NULL),
	ROW(CKR_FUNCTION_NOT_PARALLEL, ST_TOKEN, N_("no function runs in parallel"), NULL),
	ROW(CKR_FUNCTION_NOT_SUPPORTED, ST_TOKEN, N_("the module does not offer the function"), SETUP),
	ROW(CKR_KEY_HANDLE_INVALID, ST_TOKEN, N_("the key is no longer there"), REINSERT),
	ROW(CKR_KEY_SIZE_RANGE, ST_TOKEN, N_("the token does not support keys of that size"), PERSON),
	ROW(CKR_KEY_TYPE_INCONSISTENT, ST_NO_KEY, N_("the key is of a kind that cannot sign like this"), N_("use a token with an RSA key")),
	ROW(CKR_KEY_NOT_NEEDED, ST_TOKEN, N_("a key was given that is not needed"), REPORT),
	ROW(CKR_KEY_CHANGED, ST_TOKEN, N_("the key is not the one that was used before"), REPORT),
	ROW(CKR_KEY_NEEDED, ST_TOKEN, N_("a key is missing"), REPORT),
	ROW(CKR_KEY_INDIGESTIBLE, ST_TOKEN, N_("the key's value cannot be hashed"), REPORT),
	ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, ST_NO_KEY, N_("the key must not be used for signatures"), N_("choose another key, or ask who issued the token for a signing key")),
	ROW(CKR_KEY_NOT_WRAPPABLE, ST_TOKEN, N_("the key cannot be wrapped"), NULL),
	ROW(CKR_KEY_UNEXTRACTABLE, ST_TOKEN, N_("the key cannot be taken off the token"), NULL),
	ROW(CKR_MECHANISM_INVALID, ST_TOKEN, N_("the token cannot make RSA PKCS#1 signatures with this key"), PERSON),
	ROW(CKR_MECHANISM_PARAM_INVALID, ST_TOKEN, N_("the mechanism's parameters are not accepted"), REPORT),
	ROW(CKR_OBJECT_HANDLE_INVALID, ST_TOKEN, N_("the object is no longer there"), REINSERT),
	ROW(CKR_OPERATION_ACTIVE, ST_TOKEN, N_("another operation has not finished"), REINSERT),
	ROW(CKR_OPERATION_NOT_INITIALIZED, ST_TOKEN, N_("the operation had not been started"), REINSERT),
	ROW(CKR_PIN_INCORRECT, ST_PIN_WRONG, N_("the PIN is wrong"), NULL),
	ROW(CKR_PIN_INVALID, ST_PIN_WRONG, N_("the PIN has characters that the token does not take"), NULL),
	ROW(CKR_PIN_LEN_RANGE, ST_PIN_WRONG, N_("the PIN is too short or too long for the token"), NULL),
	ROW(CKR_PIN_EXPIRED, ST_TOKEN, N_("the PIN has expired"), N_("change the PIN with `ctlsign token change-pin`, then try again")),
	ROW(CKR_PIN_LOCKED, ST_PIN_LOCKED, N_("the PIN is locked"), UNLOCK),
	ROW(CKR_SESSION_CLOSED, ST_TOKEN_REMOVED, N_("the session was closed, as happens when a token is pulled"), REINSERT),
	ROW(CKR_SESSION_COUNT, ST_TOKEN, N_("the token has too many sessions open"), N_("close other programs that use the token")),
	ROW(CKR_SESSION_HANDLE_INVALID, ST_TOKEN_REMOVED, N_("the session is gone, as happens when a token is pulled"), REINSERT),
	ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED, ST_TOKEN, N_("the token has no parallel sessions"), REPORT),
	ROW(CKR_SESSION_READ_ONLY, ST_TOKEN, N_("the session cannot write"), REPORT),
	ROW(CKR_SESSION_EXISTS, ST_TOKEN, N_("a session is still open"), N_("close other programs that use the token")),
	ROW(CKR_SESSION_READ_ONLY_EXISTS, ST_TOKEN, N_("a read-only session is still open"), N_("close other programs that use the token")),
	ROW(CKR_SESSION_READ_WRITE_SO_EXISTS, ST_TOKEN, N_("a security officer is logged in"), N_("close the token's administration software")),
	ROW(CKR_SIGNATURE_INVALID, ST_TOKEN, N_("the signature is not valid"), NULL),
	ROW(CKR_SIGNATURE_LEN_RANGE, ST_TOKEN, N_("the signature has a wrong length"), NULL),
	ROW(CKR_TEMPLATE_INCOMPLETE, ST_TOKEN, N_("the template lacks an attribute"), REPORT),
	ROW(CKR_TEMPLATE_INCONSISTENT, ST_TOKEN, N_("the template contradicts itself"), REPORT),
	ROW(CKR_TOKEN_NOT_PRESENT, ST_TOKEN_REMOVED, N_("there is no token in the slot"), REINSERT),
	ROW(CKR_TOKEN_NOT_RECOGNIZED, ST_TOKEN, N_("the module does not know this kind of token"), N_("use the PKCS#11 module of the token's vendor")),
	ROW(CKR_TOKEN_WRITE_PROTECTED, ST_TOKEN, N_("the token is write-protected"), NULL),
	ROW(CKR_UNWRAPPING_KEY_HANDLE_INVALID, ST_TOKEN, N_("the unwrapping key is no longer there"), NULL),
	ROW(CKR_UNWRAPPING_KEY_SIZE_RANGE, ST_TOKEN, N_("the unwrapping key's size is not supported"), NULL),
	ROW(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, ST_TOKEN, N_("the unwrapping key is of the wrong kind"), NULL),
	ROW(CKR_USER_ALREADY_LOGGED_IN, ST_TOKEN, N_("the user is logged in already"), NULL),
	ROW(CKR_USER_NOT_LOGGED_IN, ST_TOKEN, N_("the token wants a login first"), NULL),
	ROW(CKR_USER_PIN_NOT_INITIALIZED, ST_TOKEN, N_("no user PIN has been set on the token"), N_("set the user PIN with the SO PIN and `ctlsign token unblock`")),
	ROW(CKR_USER_TYPE_INVALID, ST_TOKEN, N_("the token does not know this kind of user"), REPORT),
	ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, ST_TOKEN, N_("somebody else is logged in to the token"), N_("close other programs that use the token")),
	ROW(CKR_USER_TOO_MANY_TYPES, ST_TOKEN, N_("too many kinds of users are logged in to the token"), N_("close other programs that use the token")),
	ROW(CKR_WRAPPED_KEY_INVALID, ST_TOKEN, N_("the wrapped key is not valid"), NULL),
	ROW(CKR_WRAPPED_KEY_LEN_RANGE, ST_TOKEN, N_("the wrapped key has a wrong length"), NULL),
	ROW(CKR_WRAPPING_KEY_HANDLE_INVALID, ST_TOKEN, N_("the wrapping key is no longer there"), NULL),
	ROW(CKR_WRAPPING_KEY_SIZE_RANGE, ST_TOKEN, N_("the wrapping key's size is not supported"), NULL),
	ROW(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, ST_TOKEN, N_("the wrapping key is of the wrong kind"), NULL),
	ROW(CKR_RANDOM_SEED_NOT_SUPPORTED, ST_TOKEN, N_("the token takes no random seed"), NULL),
	ROW(CKR_RANDOM_NO_RNG, ST_TOKEN, N_("the token has no random number generator"), NULL),
	ROW(CKR_DOMAIN_PARAMS_INVALID, ST_TOKEN, N_("the domain parameters are not supported"), NULL),
	ROW(CKR_CURVE_NOT_SUPPORTED, ST_TOKEN, N_("the curve is not supported"), NULL),
	ROW(CKR_BUFFER_TOO_SMALL, ST_TOKEN, N_("the module wants to return more than fits"), REPORT),
	ROW(CKR_SAVED_STATE_INVALID, ST_TOKEN, N_("the saved state is not valid"), NULL),
	ROW(CKR_INFORMATION_SENSITIVE, ST_TOKEN, N_("the information is secret"), NULL),
	ROW(CKR_STATE_UNSAVEABLE, ST_TOKEN, N_("the state cannot be saved"), NULL),
	ROW(CKR_CRYPTOKI_NOT_INITIALIZED, ST_MODULE, N_("the module is not initialised"), REPORT),
	ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, ST_MODULE, N_("the module is initialised already"), REPORT),
	ROW(CKR_MUTEX_BAD, ST_MODULE, N_("a lock inside the module is broken"), REPORT),
	ROW(CKR_MUTEX_NOT_LOCKED, ST_MODULE, N_("a lock inside the module was not held"), REPORT),
	ROW(CKR_NEW_PIN_MODE, ST_TOKEN, N_("the token wants a new PIN"), N_("change the PIN with `ctlsign token change-pin`, then try again")),
	ROW(CKR_NEXT_OTP, ST_TOKEN, N_("the token wants the next one-time password"), NULL),
	ROW(CKR_EXCEEDED_MAX_ITERATIONS, ST_TOKEN, N_("the token gave up after too many attempts"), NULL),
	ROW(CKR_FIPS_SELF_TEST_FAILED, ST_TOKEN, N_("the token's self-test failed"), PERSON),
	ROW(CKR_LIBRARY_LOAD_FAILED, ST_MODULE, N_("the module could not load a library that it needs"), SETUP),
	ROW(CKR_PIN_TOO_WEAK, ST_TOKEN, N_("the PIN is too weak"), NULL),
	ROW(CKR_PUBLIC_KEY_INVALID, ST_TOKEN, N_("the public key is not valid"), NULL),
	ROW(CKR_FUNCTION_REJECTED, ST_CANCELLED, N_("it was rejected on the token"), NULL),
};
/* clang-format on */

static const struct ckr_meaning no_reason = {
    0, "CKR_OK", N_("the module gave no code"), REINSERT, ST_TOKEN};
static const struct ckr_meaning unknown = {
    0, "CKR_?", N_("an error that PKCS#11 does not define"), REINSERT, ST_TOKEN};
static const struct ckr_meaning vendor = {CKR_VENDOR_DEFINED, "CKR_VENDOR_DEFINED",
    N_("an error that only the token's vendor can explain"), PERSON, ST_TOKEN};

const struct ckr_meaning *ckr_lookup(unsigned long code)
{
	if (code == CKR_OK)
		return &no_reason;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == code)
			return &table[i];
	return code >= CKR_VENDOR_DEFINED ? &vendor : &unknown;
}

enum status ckr_error(struct error *err, unsigned long code, const char *function)
{
	const struct ckr_meaning *m = ckr_lookup(code);

	if (code == CKR_OK)
		error_set(err, m->status, _("%s failed: %s"), function, _(m->meaning));
	else
		error_set(err, m->status, _("%s failed: %s (%s, 0x%lx)"), function, _(m->meaning),
		    m->name, code);
	if (m->action != NULL)
		error_hint(err, "%s", _(m->action));
	return m->status;
}

enum status ckr_error_from_libp11(struct error *err, unsigned long code, const char *function)
{
	enum status meant = ckr_lookup(code)->status;

	if (meant != ST_PIN_WRONG && meant != ST_PIN_LOCKED && meant != ST_CANCELLED)
		return ckr_error(err, code, function);
	error_set(err, ST_TOKEN,
	    _("%s failed: an error of the token's vendor, of whose code only the end is known "
	      "(0x%lx)"),
	    function, code);
	error_hint(err, "%s", _(PERSON));
	return ST_TOKEN;
}

void ckr_queue_clear(void)
{
	ERR_clear_error();
}

unsigned long ckr_queue_take(void)
{
	unsigned long e, ckr = 0;

	while ((e = ERR_get_error()) != 0) {
		const char *library = ERR_lib_error_string(e);

		if (ckr == 0 && library != NULL && strcmp(library, "PKCS#11 module") == 0)
			ckr = (unsigned long)ERR_GET_REASON(e);
	}
	return ckr;
}
