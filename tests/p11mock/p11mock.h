/*
 * What the files of the fault-injecting PKCS#11 module share.  README.md describes the module and
 * every control file; a comment here says only what the callers inside the module must know.
 *
 * One mutex guards the tables of slots and sessions.  It is never held across a delay, a hang or a
 * call that an application made into the wrapped module.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_P11MOCK_H
#define CTLSIGN_TESTS_P11MOCK_H

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MOCK_DIGEST_SIZE 32

/* How control files name a token: as the wrapped module has it, before `labels` renames it. */
struct mock_token {
	char label[33];
	char serial[17];
};

struct mock_slot {
	CK_SLOT_ID id;
	struct mock_token token;
	bool initialised; /* the wrapped module's token is; else it is SoftHSM's spare slot */
	bool present;	  /* the token was in the slot when it was last looked at */
	bool event;	  /* C_WaitForSlotEvent has not told yet */
	bool pin_known;	  /* a user is logged in, and PIN_DIGEST is what he came in with */
	unsigned char pin_digest[MOCK_DIGEST_SIZE];
};

/* Whether a session's signature still waits for its own C_Login(CKU_CONTEXT_SPECIFIC). */
enum mock_context {
	MOCK_NO_CONTEXT, /* no operation, or one that needs no login of its own */
	MOCK_CONTEXT_NEEDED,
	MOCK_CONTEXT_GIVEN,
};

/* p11mock.c: the wrapped module; NULL before C_GetFunctionList.  LOCK and UNLOCK the tables. */
CK_FUNCTION_LIST *mock_real(void);
bool mock_initialised(void);
void mock_lock(void);
void mock_unlock(void);

/*
 * control.c: the control directory.  Without P11MOCK_DIR no control file exists.
 *
 * control_read() gives the text cut at SIZE - 1, NUL-terminated, or false; control_bytes() the raw
 * bytes and their number, or -1.  control_write() replaces the file whole.
 */
#define CONTROL_SIZE 8192
bool control_exists(const char *name);
bool control_read(const char *name, char *text, size_t size);
ssize_t control_bytes(const char *name, unsigned char *bytes, size_t size);
void control_write(const char *name, const char *text);
void control_remove(const char *name);

/* The next line at *CURSOR without its newline, cut out of the text; NULL at the end. */
char *control_line(char **cursor);

/* Whether one line of TEXT is TOKEN's label or serial, or "*", or TEXT has no line at all. */
bool control_text_names(char *text, const struct mock_token *token);

/* The same for a control file; false when it does not exist. */
bool control_names(const char *name, const struct mock_token *token);

/* Appends "FUNCTION 0xRV[ NOTE]" to `log` if that exists; returns RV. */
CK_RV control_log(const char *function, CK_RV rv, const char *note);

/*
 * faults.c: what happens at the moment FUNCTION is called: kill-at, remove-at, delay, hang, fail,
 * in this order.  Returns the CKR to fail with, or CKR_OK to go on.  Call without the lock.
 */
CK_RV fault_at(const char *function);

/*
 * slots.c: the slot table.  slots_refresh() notices tokens that came or went, ends the sessions of
 * those that went, and queues events; slots_find() returns an entry of the table or NULL.  Both
 * want the lock.  slots_get() takes the lock, refreshes, and copies the slot.
 */
void slots_scan(void);
void slots_refresh(void);
struct mock_slot *slots_find(CK_SLOT_ID id);
CK_RV slots_get(CK_SLOT_ID id, struct mock_slot *out);
void slots_wait_for_waiters(void);
CK_RV mock_get_slot_list(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *count);
CK_RV mock_get_slot_info(CK_SLOT_ID id, CK_SLOT_INFO *info);
CK_RV mock_wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *id, void *reserved);

/* token_info.c */
CK_RV mock_get_token_info(CK_SLOT_ID id, CK_TOKEN_INFO *info);
CK_RV mock_get_mechanism_list(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count);
CK_RV mock_get_mechanism_info(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info);

/*
 * retries.c: a simulated counter of PIN tries, in the control file `retries` or `so-retries`; false
 * when no line there is for TOKEN.
 */
bool retries_get(const char *file, const struct mock_token *token, int *left, int *max);
void retries_set(const char *file, const struct mock_token *token, int left);

/*
 * sessions.c: the session table.  session_slot() refreshes and copies the slot of a session that
 * is alive: CKR_DEVICE_REMOVED when its token is out, CKR_SESSION_HANDLE_INVALID when it died with
 * a token that is back.  sessions_forget_all() and sessions_end() (the token of SLOT went) want
 * the lock; the rest takes it.
 */
CK_RV session_slot(CK_SESSION_HANDLE session, struct mock_slot *out);
void session_set_context(CK_SESSION_HANDLE session, enum mock_context context);
enum mock_context session_context(CK_SESSION_HANDLE session);
void sessions_forget_all(void);
void sessions_end(CK_SLOT_ID slot);
CK_RV mock_open_session(
    CK_SLOT_ID id, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session);
CK_RV mock_close_session(CK_SESSION_HANDLE session);
CK_RV mock_close_all_sessions(CK_SLOT_ID id);
CK_RV mock_get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info);

/* login.c */
CK_RV mock_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len);
CK_RV mock_logout(CK_SESSION_HANDLE session);

/*
 * pins.c.  retries_count() counts what came of a PIN and returns RV, or CKR_PIN_LOCKED for the PIN
 * that takes the last try; retries_locked() is whether there is none left.
 */
CK_RV retries_count(const char *file, const struct mock_token *token, CK_RV rv);
bool retries_locked(const char *file, const struct mock_token *token);
CK_RV mock_set_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *old_pin, CK_ULONG old_len,
    CK_UTF8CHAR *new_pin, CK_ULONG new_len);
CK_RV mock_init_pin(CK_SESSION_HANDLE session, CK_UTF8CHAR *pin, CK_ULONG len);
CK_RV mock_init_token(CK_SLOT_ID id, CK_UTF8CHAR *pin, CK_ULONG len, CK_UTF8CHAR *label);

/* writing.c */
CK_RV mock_generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
    CK_ATTRIBUTE *public_key, CK_ULONG n_public, CK_ATTRIBUTE *private_key, CK_ULONG n_private,
    CK_OBJECT_HANDLE *a, CK_OBJECT_HANDLE *b);
CK_RV mock_create_object(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG n, CK_OBJECT_HANDLE *object);
CK_RV mock_destroy_object(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);

/* objects.c */
CK_RV mock_find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *match, CK_ULONG n);
CK_RV mock_find_objects(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count);
CK_RV mock_find_objects_final(CK_SESSION_HANDLE session);
CK_RV mock_get_attribute_value(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG n);

/* sign.c */
CK_RV mock_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV mock_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
    CK_ULONG *signature_len);
CK_RV mock_sign_update(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len);
CK_RV mock_sign_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len);

#endif
