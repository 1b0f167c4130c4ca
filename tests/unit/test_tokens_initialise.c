/*
 * Initialising tokens, blank ones and such as hold something, over the fault-injecting module.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_tokens_left.h"
#include "harness.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW_PIN	   "4812 neu"
#define NEW_SO_PIN "87654321"

static bool start(void)
{
	if (!left_start())
		return false;
	softhsm_control("show-empty", "");
	left.pins.new_text = NEW_PIN;
	left.pins.so_text = NEW_SO_PIN;
	return true;
}

static const struct token_info *by_label(const struct tokens *tokens, const char *label)
{
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->label, label) == 0)
			return tokens_at(tokens, i);
	return NULL;
}

/* Initialises the token called OLD (NULL: the blank one). */
static enum status initialise(const char *old, const char *label)
{
	struct tokens *tokens = softhsm_open(left.module, 0);
	const struct token_info *token;
	enum status status;

	if (old == NULL) {
		CU_ASSERT_EQUAL_FATAL(tokens_blank_count(tokens), 1);
		token = tokens_blank_at(tokens, 0);
		CU_ASSERT(!token->initialised);
	} else {
		token = by_label(tokens, old);
		CU_ASSERT_PTR_NOT_NULL_FATAL(token);
	}
	error_clear(&left.err);
	left.pins.asked = left.pins.told = 0;
	status = token_initialise(tokens, token, label, &left.pins.source, &left.err);
	if (status != ST_USAGE)
		CU_ASSERT_EQUAL(tokens_count(tokens), 0);
	left_close(NULL, tokens);
	return status;
}

/* Whether there is a token LABEL whose user can log in with PIN. */
static bool opens(const char *label, const char *pin)
{
	struct tokens *tokens;
	struct token_session *session = NULL;
	const struct token_info *token;
	struct softhsm_pins pins;
	struct error err;
	bool there;

	softhsm_control_reset();
	tokens = softhsm_open(left.module, 0);
	token = by_label(tokens, label);
	softhsm_pins_init(&pins, pin);
	there = token != NULL &&
		token_session_open(tokens, token, &pins.source, &session, &err) == ST_OK;
	token_session_close(session);
	tokens_close(tokens);
	start();
	return there;
}

static void test_blank(void)
{
	if (!start())
		return;
	CU_ASSERT_EQUAL(initialise(NULL, "J\xc3\xbcrgen 1"), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT_EQUAL(left.pins.last.purpose, PIN_NEW);
	CU_ASSERT_EQUAL(left.pins.told, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitToken 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitPIN 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Logout 0x0"), 1);
	CU_ASSERT(opens("J\xc3\xbcrgen 1", NEW_PIN));
	CU_ASSERT(!opens("J\xc3\xbcrgen 1", SOFTHSM_PIN));
	CU_ASSERT_EQUAL(initialise(NULL, "01234567890123456789012345678901"), ST_OK);
	CU_ASSERT(opens("01234567890123456789012345678901", NEW_PIN));
}

static void test_again(void)
{
	if (!start())
		return;
	CU_ASSERT_EQUAL_FATAL(initialise(NULL, "first"), ST_OK);
	/* Its SO PIN must be right, and a wrong one is counted. */
	softhsm_control("so-retries", "3 3 first\n");
	left.pins.so_text = "00000000";
	CU_ASSERT_EQUAL(initialise("first", "second"), ST_PIN_WRONG);
	CU_ASSERT_EQUAL(left.pins.told, 1);
	CU_ASSERT_EQUAL(left.pins.told_of.purpose, PIN_SO);
	CU_ASSERT_EQUAL(left.pins.outcome, PIN_REFUSED);
	CU_ASSERT(left_says(left.err.what, "C_InitToken failed: the SO PIN or PUK is wrong"));
	CU_ASSERT(left_says(left.err.what, "some tries are used"));
	CU_ASSERT(opens("first", NEW_PIN));
	softhsm_control("so-retries", "0 3 first\n");
	CU_ASSERT_EQUAL(initialise("first", "second"), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	start();
	left.pins.new_text = "another 1";
	CU_ASSERT_EQUAL(initialise("first", "second"), ST_OK);
	CU_ASSERT_EQUAL(left.pins.told, 1);
	CU_ASSERT_EQUAL(left.pins.outcome, PIN_ACCEPTED);
	CU_ASSERT(opens("second", "another 1"));
	CU_ASSERT(!opens("first", NEW_PIN));
}

static void test_labels(void)
{
	static const char *const bad[] = {"", "012345678901234567890123456789012", "a\nb", "\x1b[m",
	    "\xff\xfe", "\xc3", "a\xe2\x80\xae!"};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		CU_ASSERT_EQUAL(initialise(NULL, bad[i]), ST_USAGE);
		CU_ASSERT_EQUAL(left.pins.asked, 0);
	}
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitToken"), 0);
}

static void test_nothing_happened(void)
{
	static const struct {
		const char *file, *text;
		enum status status;
		const char *says;
	} cases[] = {
	    {"fail", "C_InitToken 0x30\n", ST_TOKEN, "CKR_DEVICE_ERROR"},
	    {"fail", "C_InitToken 0xb6\n", ST_TOKEN, "CKR_SESSION_EXISTS"},
	    {"fail", "C_InitToken 0x54\n", ST_TOKEN, "this token's module cannot initialise it"},
	    {"fail", "C_InitToken 0xe2\n", ST_TOKEN, "the token is write-protected"},
	    {"fail", "C_InitToken 0xa2\n", ST_LIMIT, "does not take such a PIN"},
	    {"missing", "C_InitToken\n", ST_TOKEN, "this token's module cannot initialise it"},
	    {"remove-at", "C_InitToken *\n", ST_TOKEN_REMOVED, "was removed"},
	};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control_reset();
		softhsm_control("show-empty", "");
		softhsm_control(cases[i].file, cases[i].text);
		CU_ASSERT_EQUAL(initialise(NULL, "nothing"), cases[i].status);
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		CU_ASSERT(strstr(left.err.what, "is initialised") == NULL);
		CU_ASSERT(strstr(left.err.hint, "count this") == NULL);
		CU_ASSERT_EQUAL(left.pins.told, 0);
	}
	softhsm_control_reset();
	CU_ASSERT(!opens("nothing", NEW_PIN));
	/* Saying no to the last question does nothing either. */
	start();
	left.pins.new_status = ST_CANCELLED;
	CU_ASSERT_EQUAL(initialise(NULL, "nothing"), ST_CANCELLED);
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitToken"), 0);
}

static void test_half_done(void)
{
	static const char *const fails[] = {
	    "C_OpenSession 0x30\n", "C_Login 0x30\n", "C_InitPIN 0xa2\n", "C_InitPIN 0x54\n"};
	char label[16];

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(fails); i++) {
		softhsm_control("fail", fails[i]);
		snprintf(label, sizeof(label), "half %zu", i);
		CU_ASSERT_NOT_EQUAL(initialise(NULL, label), ST_OK);
		CU_ASSERT(left_says(left.err.what,
		    "the token is initialised, but its user PIN could not be set: "));
		CU_ASSERT(left_says(left.err.hint, "token unblock"));
		CU_ASSERT(left.err.where[0] != '\0');
	}
	/* That is what is done then. */
	start();
	{
		struct tokens *tokens = softhsm_open(left.module, 0);
		const struct token_info *token = by_label(tokens, "half 2");

		CU_ASSERT_PTR_NOT_NULL_FATAL(token);
		CU_ASSERT(!token->pin_initialised);
		CU_ASSERT_EQUAL(token_unblock(tokens, token, &left.pins.source, &left.err), ST_OK);
		left_close(NULL, tokens);
	}
	CU_ASSERT(opens("half 2", NEW_PIN));
}

/* CUnit is not there in a child: what does not hold ends it with the line's number on stderr. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static const char *hang_from_now_on;
static enum status (*true_ask)(void *, const struct pin_request *, struct secret *, struct error *);

/* The last question comes right before the job. */
static enum status ask_and_hang(
    void *context, const struct pin_request *request, struct secret *pin, struct error *err)
{
	if (request->purpose == PIN_NEW)
		softhsm_control("hang", hang_from_now_on);
	return true_ask(context, request, pin, err);
}

/* In a child. */
static void hang_at(const char *label, const char *hang)
{
	/* Cannot be closed while its module hangs; valgrind need not call it lost. */
	static struct tokens *tokens;
	const struct token_info *token;

	tokens = softhsm_open(left.module, 100);
	true_ask = left.pins.source.ask;
	left.pins.source.ask = ask_and_hang;
	hang_from_now_on = hang;
	token = label == NULL ? tokens_blank_at(tokens, 0) : by_label(tokens, label);
	HOLDS(token != NULL);
	HOLDS(token_initialise(tokens, token, "hung", &left.pins.source, &left.err) ==
	      ST_TOKEN_TIMEOUT);
	HOLDS(left.err.where[0] != '\0');
	HOLDS(tokens_wedged());
}

static void hang_while_erasing(void)
{
	hang_at("erased", "C_InitToken\n");
	HOLDS(left_says(left.err.what, "C_InitToken did not come back"));
	HOLDS(left_says(left.err.hint, "it may be erased already"));
	HOLDS(left_says(left.err.hint, "count this as a wrong SO PIN"));
	HOLDS(left.pins.told == 1 && left.pins.outcome == PIN_UNCERTAIN);
}

static void hang_while_initialising(void)
{
	hang_at(NULL, "C_InitToken\n");
	HOLDS(left_says(left.err.hint, "it may be initialised already"));
	HOLDS(strstr(left.err.hint, "count this") == NULL);
	HOLDS(left.pins.sent == 0);
}

static void hang_before_initialising(void)
{
	hang_at("erased", "C_GetTokenInfo\n");
	HOLDS(left_says(left.err.what, "C_GetTokenInfo did not come back"));
	HOLDS(strstr(left.err.hint, "erased") == NULL);
	HOLDS(left.pins.sent == 1 && left.pins.unused == 1);
}

/* C_GetTokenInfo is called once to see that the token is still what it was. */
static void hang_after_erasing(void)
{
	hang_at("erased", "C_GetTokenInfo 1\n");
	HOLDS(left_says(left.err.what,
	    "the token is initialised, but its user PIN could not be set: stopped answering: "
	    "C_GetTokenInfo"));
	HOLDS(left_says(left.err.hint, "token unblock"));
	HOLDS(left.pins.told == 1 && left.pins.outcome == PIN_ACCEPTED);
}

static void test_hangs(void)
{
	static void (*const tests[])(void) = {hang_while_erasing, hang_while_initialising,
	    hang_before_initialising, hang_after_erasing};

	if (!start())
		return;
	CU_ASSERT_EQUAL_FATAL(initialise(NULL, "erased"), ST_OK);
	for (size_t i = 0; i < HARNESS_COUNT(tests); i++) {
		int state = -1;
		pid_t child;

		start();
		child = fork();
		CU_ASSERT_FATAL(child >= 0);
		if (child == 0) {
			tests[i]();
			_exit(0);
		}
		CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
		CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	}
}

/* Somebody else was there between the listing and now. */
static void test_not_blank_any_more(void)
{
	struct tokens *tokens;

	if (!start())
		return;
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL_FATAL(tokens_blank_count(tokens), 1);
	softhsm_control("flags", "set 0x400\n");
	CU_ASSERT_EQUAL(token_initialise(tokens, tokens_blank_at(tokens, 0), "mine",
			    &left.pins.source, &left.err),
	    ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "somebody else has initialised the token"));
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitToken"), 0);
	left_close(NULL, tokens);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a blank token gets label, SO PIN and user PIN", test_blank},
	    {"an initialised one only with its SO PIN", test_again},
	    {"labels that no token takes are refused before anybody is asked", test_labels},
	    {"a failure leaves the token as it was", test_nothing_happened},
	    {"only the user PIN missing is said so, and can be mended", test_half_done},
	    {"a token that hangs is said to be erased, or maybe, or not", test_hangs},
	    {"a token that is blank no more is left alone", test_not_blank_any_more},
	};

	return harness_main("tokens initialise", tests, HARNESS_COUNT(tests));
}
