/*
 * Tokens that fail while something is written on them, or make something else than they were asked
 * for: nothing of it may stay.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_tokens_left.h"
#include "harness.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BITS 1024

static const uint8_t id_byte = 0x55;
static const struct bytes id = {&id_byte, 1};

static struct tokens *tokens;
static struct token_session *session;

static enum status open_session(unsigned timeout_ms)
{
	tokens = softhsm_open(left.module, timeout_ms);
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->serial, left.a) == 0)
			return token_session_open(
			    tokens, tokens_at(tokens, i), &left.pins.source, &session, &left.err);
	return ST_NO_TOKEN;
}

static void close_session(void)
{
	token_session_close(session);
	session = NULL;
	left_close(NULL, tokens);
}

static bool start(void)
{
	if (!left_start())
		return false;
	CU_ASSERT_EQUAL_FATAL(open_session(0), ST_OK);
	return true;
}

/* With the mock doing nothing bad: whether nothing stands under the id. */
static bool nothing_left(void)
{
	struct token_objects found = {9, 9, 9};

	token_session_close(session);
	tokens_close(tokens);
	session = NULL;
	left_start();
	CU_ASSERT_EQUAL_FATAL(open_session(0), ST_OK);
	CU_ASSERT_EQUAL(token_session_look(session, id, &found, &left.err), ST_OK);
	return found.n_private_keys + found.n_public_keys + found.n_certificates == 0;
}

static enum status generate(EVP_PKEY **key)
{
	*key = NULL;
	error_clear(&left.err);
	return token_session_generate(session, BITS, id, "fault", key, &left.err);
}

static void test_generate_faults(void)
{
	static const struct {
		const char *file, *text;
		enum status status;
		const char *says;
		unsigned calls;
	} cases[] = {
	    {"fail", "C_GenerateKeyPair 0x30\n", ST_TOKEN, "C_GenerateKeyPair failed", 1},
	    {"fail", "C_GenerateKeyPair 0x62\n", ST_TOKEN, "CKR_KEY_SIZE_RANGE", 1},
	    {"fail", "C_GenerateKeyPair 0x54\n", ST_TOKEN, "module cannot make RSA keys", 1},
	    {"fail", "C_GenerateKeyPair 0x70\n", ST_TOKEN, "module cannot make RSA keys", 1},
	    {"fail", "C_GenerateKeyPair 0xe2\n", ST_TOKEN, "write-protected", 1},
	    {"fail", "C_GenerateKeyPair 0xd1\n", ST_TOKEN, "CKR_TEMPLATE_INCONSISTENT", 2},
	    {"fail", "C_GetAttributeValue 0x5\n", ST_TOKEN, "CKR_GENERAL_ERROR", 1},
	    {"fail", "C_FindObjects 0x5 1 3\n", ST_TOKEN, "CKR_GENERAL_ERROR", 1},
	    {"fail", "C_FindObjectsInit 0x5\n", ST_TOKEN, "C_FindObjectsInit failed", 0},
	    {"generate-then-fail", "", ST_TOKEN, "CKR_DEVICE_ERROR", 1},
	    {"generate-bits", "1536", ST_TOKEN, "RSA key of 1536 bits, not of 1024", 1},
	    {"generate-bits", "512", ST_TOKEN, "RSA key of 512 bits, not of 1024", 1},
	    {"generate-extractable", "", ST_TOKEN, "can be copied off it", 1},
	    {"absurd-length", "", ST_TOKEN, "absurd length", 1},
	    {"remove-at", "C_GenerateKeyPair left\n", ST_TOKEN_REMOVED, "was removed", 1},
	};
	EVP_PKEY *key;

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control(cases[i].file, cases[i].text);
		CU_ASSERT_EQUAL(generate(&key), cases[i].status);
		CU_ASSERT_PTR_NULL(key);
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		/* Once: who tells of it puts the name there where it is missing. */
		CU_ASSERT(left_says(left.err.where, left.a));
		CU_ASSERT(strstr(left.err.what, left.a) == NULL);
		CU_ASSERT_EQUAL(softhsm_log_count("C_GenerateKeyPair"), cases[i].calls);
		CU_ASSERT(nothing_left());
	}
	close_session();
}

/* Without an id nobody can tell which key is the new one, so it is not touched. */
static void test_generate_without_id(void)
{
	EVP_PKEY *key;

	if (!start())
		return;
	softhsm_control("generate-without-id", "left\n");
	CU_ASSERT_EQUAL(generate(&key), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "does not show its public half"));
	CU_ASSERT_EQUAL(softhsm_log_count("C_DestroyObject"), 0);
	CU_ASSERT(left_says(left.err.hint, "may be left on it"));
	close_session();
}

static void test_cannot_clean_up(void)
{
	static const char *const faults[] = {"fail", "destroy-nothing"};
	EVP_PKEY *key;

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(faults); i++) {
		softhsm_control("generate-bits", "1536");
		softhsm_control(faults[i], i == 0 ? "C_DestroyObject 0x30\n" : "left\n");
		CU_ASSERT_EQUAL(generate(&key), ST_TOKEN);
		CU_ASSERT(left_says(left.err.what, "1536"));
		CU_ASSERT(left_says(left.err.hint, "the new key (id 55) may be left on it"));
		softhsm_control_reset();
		CU_ASSERT_EQUAL(token_session_destroy(session, id, &left.err), ST_OK);
	}
	CU_ASSERT(nothing_left());
	close_session();
}

/* Modules that refuse what is optional get less of it; others have all of it. */
static void test_strict_templates(void)
{
	EVP_PKEY *key;

	if (!start())
		return;
	softhsm_control("strict-templates", "left\n");
	CU_ASSERT_EQUAL(generate(&key), ST_OK);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(softhsm_log_count("C_GenerateKeyPair 0x12"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_GenerateKeyPair 0x0"), 1);
	CU_ASSERT_EQUAL(token_session_store(session, left.cert_b, id, "b", &left.err), ST_OK);
	CU_ASSERT_EQUAL(softhsm_log_count("C_CreateObject 0xd1"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_CreateObject 0x0"), 1);
	CU_ASSERT_EQUAL(token_session_destroy(session, id, &left.err), ST_OK);
	CU_ASSERT(nothing_left());
	close_session();
}

static void test_store_faults(void)
{
	static const struct {
		const char *file, *text;
		enum status status;
		const char *says;
	} cases[] = {
	    {"fail", "C_CreateObject 0x31\n", ST_TOKEN, "CKR_DEVICE_MEMORY"},
	    {"fail", "C_CreateObject 0x54\n", ST_TOKEN, "module cannot store certificates"},
	    {"fail", "C_CreateObject 0xe2\n", ST_TOKEN, "write-protected"},
	    {"fail", "C_CreateObject 0xd0\n", ST_TOKEN, "CKR_TEMPLATE_INCOMPLETE"},
	    {"garbage-certificates", "object=stored\n", ST_TOKEN, "reads back different"},
	    {"no-certificates", "object=stored\n", ST_TOKEN, "reads back different"},
	    {"remove-at", "C_CreateObject left\n", ST_TOKEN_REMOVED, "was removed"},
	};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control(cases[i].file, cases[i].text);
		CU_ASSERT_EQUAL(token_session_store(session, left.cert_b, id, "stored", &left.err),
		    cases[i].status);
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		/* What cannot be seen cannot be removed either. */
		if (strcmp(cases[i].file, "no-certificates") == 0) {
			softhsm_control_reset();
			CU_ASSERT_EQUAL(token_session_destroy(session, id, &left.err), ST_OK);
		}
		CU_ASSERT(nothing_left());
	}
	close_session();
}

static void test_destroy_faults(void)
{
	static const struct {
		const char *file, *text;
		enum status status;
		const char *says;
	} cases[] = {
	    {"fail", "C_DestroyObject 0x5\n", ST_TOKEN, "C_DestroyObject failed"},
	    {"fail", "C_DestroyObject 0x54\n", ST_TOKEN, "module cannot remove objects"},
	    {"destroy-nothing", "left\n", ST_TOKEN, "still shows them"},
	    {"remove-at", "C_DestroyObject left\n", ST_TOKEN_REMOVED, "was removed"},
	};
	const uint8_t one = 1;
	struct token_objects found;

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control(cases[i].file, cases[i].text);
		CU_ASSERT_EQUAL(token_session_destroy(session, (struct bytes){&one, 1}, &left.err),
		    cases[i].status);
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		CU_ASSERT(nothing_left());
		CU_ASSERT_EQUAL(
		    token_session_look(session, (struct bytes){&one, 1}, &found, &left.err), ST_OK);
		CU_ASSERT_EQUAL(found.n_private_keys, 1);
		CU_ASSERT_EQUAL(found.n_certificates, 1);
	}
	close_session();
}

static void test_missing_functions(void)
{
	EVP_PKEY *key;
	const uint8_t one = 1;

	if (!left_start())
		return;
	softhsm_control("missing", "C_GenerateKeyPair\nC_CreateObject\nC_DestroyObject\n");
	CU_ASSERT_EQUAL_FATAL(open_session(0), ST_OK);
	CU_ASSERT_EQUAL(generate(&key), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "this token's module cannot make RSA keys on it"));
	CU_ASSERT(left_says(left.err.hint, "use the software of the token's vendor"));
	CU_ASSERT_EQUAL(
	    token_session_store(session, left.cert_b, id, "stored", &left.err), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "this token's module cannot store certificates"));
	CU_ASSERT_EQUAL(
	    token_session_destroy(session, (struct bytes){&one, 1}, &left.err), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "this token's module cannot remove objects"));
	close_session();
}

/* A call that makes keys may take nine times as long as others, and no longer. */
static void test_slow_generation(void)
{
	EVP_PKEY *key;

	if (!left_start())
		return;
	CU_ASSERT_EQUAL_FATAL(open_session(400), ST_OK);
	softhsm_control("delay", "C_GenerateKeyPair 1200\n");
	CU_ASSERT_EQUAL(generate(&key), ST_OK);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(token_session_destroy(session, id, &left.err), ST_OK);
	CU_ASSERT(nothing_left());
	close_session();
}

/* CUnit is not there in a child: what does not hold ends it with the line's number on stderr. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(void (*test)(void))
{
	int state = -1;
	pid_t child = fork();

	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		test();
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
	CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void hang_while_generating(void)
{
	EVP_PKEY *key;

	HOLDS(open_session(300) == ST_OK);
	softhsm_control("hang", "C_GenerateKeyPair\n");
	HOLDS(generate(&key) == ST_TOKEN_TIMEOUT);
	HOLDS(left_says(left.err.what, "C_GenerateKeyPair did not come back within 3 seconds"));
	HOLDS(left_says(left.err.where, left.a));
	HOLDS(left_says(left.err.hint, "the new key (id 55) may be left"));
	HOLDS(tokens_wedged());
	token_session_close(session);
	tokens_close(tokens);
}

/* The key is there, and what hangs is what looks at it. */
static void hang_after_generating(void)
{
	EVP_PKEY *key;

	HOLDS(open_session(300) == ST_OK);
	softhsm_control("hang", "C_GetAttributeValue\n");
	HOLDS(generate(&key) == ST_TOKEN_TIMEOUT);
	HOLDS(key == NULL);
	HOLDS(left_says(left.err.what, "C_GetAttributeValue did not come back"));
	HOLDS(left_says(left.err.where, left.a));
	HOLDS(left_says(left.err.hint, "the new key (id 55) may be left"));
	token_session_close(session);
	tokens_close(tokens);
}

/* And before anything was made nothing is said to be left. */
static void hang_before_generating(void)
{
	EVP_PKEY *key;

	HOLDS(open_session(300) == ST_OK);
	softhsm_control("hang", "C_FindObjectsInit\n");
	HOLDS(generate(&key) == ST_TOKEN_TIMEOUT);
	HOLDS(left_says(left.err.what, "C_FindObjectsInit did not come back"));
	HOLDS(strstr(left.err.hint, "may be left") == NULL);
	token_session_close(session);
	tokens_close(tokens);
}

static void hang_at(const char *function, enum pin_purpose purpose, enum pin_outcome outcome,
    const char *hint,
    enum status (*op)(
	struct tokens *, const struct token_info *, const struct pin_source *, struct error *))
{
	char line[64];

	left.pins.so_text = SOFTHSM_SO_PIN;
	left.pins.new_text = SOFTHSM_PIN;
	tokens = softhsm_open(left.module, 300);
	snprintf(line, sizeof(line), "%s\n", function);
	softhsm_control("hang", line);
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->serial, left.a) == 0) {
			HOLDS(op(tokens, tokens_at(tokens, i), &left.pins.source, &left.err) ==
			      ST_TOKEN_TIMEOUT);
			break;
		}
	HOLDS(left_says(left.err.what, function));
	HOLDS(left_says(left.err.where, left.a));
	HOLDS(left_says(left.err.hint, hint));
	HOLDS(left.pins.sent == 1 && left.pins.told == 1 && left.pins.outcome == outcome);
	HOLDS(left.pins.told_of.purpose == purpose);
	tokens_close(tokens);
}

static void hang_while_changing(void)
{
	hang_at("C_SetPIN", PIN_LOGIN, PIN_UNCERTAIN,
	    "count this as a wrong PIN: the token may have used up a try, or have its new PIN",
	    token_change_pin);
}

static void hang_while_unblocking(void)
{
	/* The SO PIN was right before. */
	hang_at(
	    "C_InitPIN", PIN_SO, PIN_ACCEPTED, "it may have its new PIN already", token_unblock);
}

static void hang_at_the_so_login(void)
{
	hang_at("C_Login", PIN_SO, PIN_UNCERTAIN,
	    "count this as a wrong PIN: the token may have used up a try", token_unblock);
	HOLDS(strstr(left.err.hint, "new PIN") == NULL);
}

/* A module that comes back too late: the PIN is not sent any more. */
static void too_late_for_the_pin(void)
{
	left.pins.new_text = SOFTHSM_PIN;
	tokens = softhsm_open(left.module, 300);
	softhsm_control("hang", "C_OpenSession\n");
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->serial, left.a) == 0) {
			HOLDS(token_change_pin(tokens, tokens_at(tokens, i), &left.pins.source,
				  &left.err) == ST_TOKEN_TIMEOUT);
			break;
		}
	HOLDS(left.pins.told == 0);
	HOLDS(left.pins.sent == 1 && left.pins.unused == 1);
	softhsm_control("hang", "");
	for (int i = 0; i < 300 && tokens_wedged(); i++)
		usleep(10000);
	HOLDS(!tokens_wedged());
	HOLDS(softhsm_log_count("C_OpenSession 0x0") == 1);
	HOLDS(softhsm_log_count("C_SetPIN") == 0);
}

static void test_hangs(void)
{
	static void (*const tests[])(void) = {hang_while_generating, hang_after_generating,
	    hang_before_generating, hang_while_changing, hang_while_unblocking,
	    hang_at_the_so_login, too_late_for_the_pin};

	for (size_t i = 0; i < HARNESS_COUNT(tests); i++) {
		if (!left_start())
			return;
		in_child(tests[i]);
	}
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a key that is not as it was asked for is destroyed again", test_generate_faults},
	    {"a key without the id that was asked for is said to be left",
		test_generate_without_id},
	    {"what cannot be destroyed is said to be left", test_cannot_clean_up},
	    {"a module that refuses what is optional gets less", test_strict_templates},
	    {"a certificate that is not stored as it is leaves nothing", test_store_faults},
	    {"destroying that fails is said so", test_destroy_faults},
	    {"a module without the functions says so", test_missing_functions},
	    {"making a key may take its time", test_slow_generation},
	    {"a module that hangs is left behind, and gets no PIN afterwards", test_hangs},
	};

	return harness_main("tokens writing", tests, HARNESS_COUNT(tests));
}
