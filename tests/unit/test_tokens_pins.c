/*
 * Changing and unblocking PINs, over the fault-injecting module: what is sent, what is counted, and
 * what is told of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_tokens_left.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define OTHER_PIN "5822 geheimer"

typedef enum status (*operation)(
    struct tokens *, const struct token_info *, const struct pin_source *, struct error *);

/* False: skipped.  The token has its PIN, the SO its own, and the new one is OTHER_PIN. */
static bool start(void)
{
	if (!left_start())
		return false;
	left.pins.so_text = SOFTHSM_SO_PIN;
	left.pins.new_text = OTHER_PIN;
	return true;
}

static const struct token_info *left_token(const struct tokens *tokens)
{
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->serial, left.a) == 0)
			return tokens_at(tokens, i);
	CU_FAIL_FATAL("no token 'left'");
	return NULL;
}

/* Opens, runs, closes; the snapshot must be gone afterwards, whatever the result. */
static enum status run(operation op)
{
	struct tokens *tokens = softhsm_open(left.module, 0);
	enum status status;

	error_clear(&left.err);
	left.pins.asked = left.pins.told = left.pins.sent = left.pins.unused = 0;
	status = op(tokens, left_token(tokens), &left.pins.source, &left.err);
	CU_ASSERT_EQUAL(tokens_count(tokens), 0);
	left_close(NULL, tokens);
	CU_ASSERT(!left.pins.awaited);
	CU_ASSERT_EQUAL(left.pins.sent, left.pins.told + left.pins.unused);
	CU_ASSERT_EQUAL(status == ST_OK, left.err.status == ST_OK);
	if (status != ST_OK)
		CU_ASSERT(strstr(left.err.where, left.a) != NULL ||
			  strstr(left.err.what, left.a) != NULL);
	return status;
}

static enum status change(void)
{
	return run(token_change_pin);
}

static enum status unblock(void)
{
	return run(token_unblock);
}

/* Whether a signature works with PIN; the mock does nothing bad then. */
static bool pin_is(const char *pin)
{
	enum status status;

	softhsm_control_reset();
	softhsm_pins_init(&left.pins, pin);
	status = left_sign();
	start();
	return status == ST_OK;
}

/* Back to SOFTHSM_PIN, by the SO PIN. */
static void restore(void)
{
	start();
	left.pins.new_text = SOFTHSM_PIN;
	CU_ASSERT_EQUAL_FATAL(unblock(), ST_OK);
	start();
}

static bool told(enum pin_purpose purpose, enum pin_outcome outcome)
{
	return left.pins.told == 1 && left.pins.told_of.purpose == purpose &&
	       left.pins.outcome == outcome;
}

/* The mock's counter is LEFT of 3. */
static bool counter_is(const char *file, int n)
{
	char line[64], have[64] = "", path[256];
	FILE *f;

	snprintf(line, sizeof(line), "%d 3 left\n", n);
	snprintf(path, sizeof(path), "%s/control/%s", harness_directory(), file);
	f = fopen(path, "r");
	if (f == NULL || fgets(have, sizeof(have), f) == NULL)
		have[0] = '\0';
	if (f != NULL)
		fclose(f);
	return strcmp(have, line) == 0;
}

static void test_change(void)
{
	if (!start())
		return;
	softhsm_control("pin-lengths", "4 64");
	CU_ASSERT_EQUAL(change(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT_EQUAL(left.pins.last.purpose, PIN_NEW);
	CU_ASSERT_EQUAL(left.pins.last.min_len, 4);
	CU_ASSERT_EQUAL(left.pins.last.max_len, 64);
	CU_ASSERT_STRING_EQUAL(left.pins.serial, left.a);
	CU_ASSERT(told(PIN_LOGIN, PIN_ACCEPTED));
	CU_ASSERT_EQUAL(left.pins.told_of.min_len, 4);
	CU_ASSERT_EQUAL(left.pins.sent, 1);
	CU_ASSERT_EQUAL(left.pins.unused, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
	CU_ASSERT(!pin_is(SOFTHSM_PIN));
	CU_ASSERT(pin_is(OTHER_PIN));
	restore();
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

/* A module that wants a login first gets one, with the same PIN. */
static void test_change_after_login(void)
{
	if (!start())
		return;
	softhsm_control("set-pin-wants-login", "left\n");
	CU_ASSERT_EQUAL(change(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT(told(PIN_LOGIN, PIN_ACCEPTED));
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Logout 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN 0x0"), 1);
	CU_ASSERT(pin_is(OTHER_PIN));
	restore();

	/* A wrong one is used up once, by the login. */
	softhsm_control("set-pin-wants-login", "left\n");
	softhsm_control("retries", "3 3 left\n");
	left.pins.text = "wrong";
	CU_ASSERT_EQUAL(change(), ST_PIN_WRONG);
	CU_ASSERT(told(PIN_LOGIN, PIN_REFUSED));
	CU_ASSERT(counter_is("retries", 2));
	CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN"), 1);
}

static void test_change_wrong(void)
{
	if (!start())
		return;
	softhsm_control("retries", "3 3 left\n");
	left.pins.text = "wrong";
	CU_ASSERT_EQUAL(change(), ST_PIN_WRONG);
	CU_ASSERT(told(PIN_LOGIN, PIN_REFUSED));
	CU_ASSERT(left_says(
	    left.err.what, "C_SetPIN failed: the PIN is wrong (CKR_PIN_INCORRECT, 0xa0)"));
	CU_ASSERT(left_says(left.err.what, "some tries are used"));
	CU_ASSERT(counter_is("retries", 2));
	CU_ASSERT_EQUAL(change(), ST_PIN_WRONG);
	CU_ASSERT(left_says(left.err.what, "one more wrong PIN locks the token"));
	CU_ASSERT_EQUAL(change(), ST_PIN_LOCKED);
	CU_ASSERT(left.pins.told_of.final_try);
	CU_ASSERT(told(PIN_LOGIN, PIN_REFUSED));
	CU_ASSERT(left_says(left.err.what, "the token is now locked"));
	CU_ASSERT(left_says(left.err.hint, "SO PIN or PUK"));
	CU_ASSERT(counter_is("retries", 0));
	CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN"), 3);
	/* Locked: nobody is asked. */
	CU_ASSERT_EQUAL(change(), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	CU_ASSERT_EQUAL(left.pins.told, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN"), 3);
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

/* Whoever says no to the second question has used up nothing. */
static void test_second_question(void)
{
	static const operation both[] = {token_change_pin, token_unblock};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(both); i++) {
		left.pins.new_status = ST_CANCELLED;
		CU_ASSERT_EQUAL(run(both[i]), ST_CANCELLED);
		CU_ASSERT_EQUAL(left.pins.asked, 2);
		CU_ASSERT_EQUAL(left.pins.told, 0);
		left.pins.new_status = ST_OK;
		left.pins.new_text = NULL;
		CU_ASSERT_EQUAL(run(both[i]), ST_PIN_NEEDED);
		left.pins.new_text = "123";
		softhsm_control("pin-lengths", "4 12");
		CU_ASSERT_EQUAL(run(both[i]), ST_LIMIT);
		CU_ASSERT(left_says(left.err.what,
		    "the token takes PINs of 4 to 12 characters; nothing was changed"));
		left.pins.new_text = "1234567890123";
		CU_ASSERT_EQUAL(run(both[i]), ST_LIMIT);
		CU_ASSERT(left_says(left.err.what,
		    "the token takes PINs of 4 to 12 characters; nothing was changed"));
		CU_ASSERT(left_says(left.err.hint, "choose a new PIN of that length"));
		CU_ASSERT_EQUAL(left.pins.sent, 0);
		left.pins.status = ST_CANCELLED;
		CU_ASSERT_EQUAL(run(both[i]), ST_CANCELLED);
		CU_ASSERT_EQUAL(left.pins.asked, 1);
		left.pins.status = ST_OK;
		CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN"), 0);
		CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
	}
}

/* Lengths that make no sense count as none. */
static void test_absurd_lengths(void)
{
	static const char *const lies[] = {"8 4", "0 0", "300 400", "18446744073709551615 2"};

	if (!start())
		return;
	left.pins.new_text = SOFTHSM_PIN;
	for (size_t i = 0; i < HARNESS_COUNT(lies); i++) {
		softhsm_control("pin-lengths", lies[i]);
		CU_ASSERT_EQUAL(change(), ST_OK);
		CU_ASSERT_EQUAL(left.pins.last.min_len, 0);
		CU_ASSERT_EQUAL(left.pins.last.max_len, 0);
	}
	softhsm_control("pin-lengths", "1 18446744073709551615");
	CU_ASSERT_EQUAL(change(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.last.max_len, SECRET_MAX);
}

/* A PIN that the token cannot have is not sent. */
static void test_impossible_pin(void)
{
	static const char *const lengths[] = {"4 10", "12 20"};

	if (!start())
		return;
	softhsm_control("retries", "3 3 left\n");
	for (size_t i = 0; i < HARNESS_COUNT(lengths); i++) {
		softhsm_control("pin-lengths", lengths[i]);
		CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
		CU_ASSERT(
		    left_says(left.err.what, "this cannot be the PIN: the token takes PINs of "));
		CU_ASSERT(left_says(left.err.what, "characters; nothing was tried"));
		CU_ASSERT(left_says(left.err.where, left.a));
		CU_ASSERT_EQUAL(change(), ST_PIN_WRONG);
		CU_ASSERT_EQUAL(left.pins.asked, 1);
	}
	CU_ASSERT_EQUAL(left.pins.sent, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_SetPIN"), 0);
	CU_ASSERT(counter_is("retries", 3));
	softhsm_control("pin-lengths", "11 11");
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	/* What tokens say is the length of the user's PIN, and an SO PIN may have another. */
	softhsm_control("pin-lengths", "10 13");
	CU_ASSERT_EQUAL(unblock(), ST_OK);
	restore();
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

static void test_unblock(void)
{
	if (!start())
		return;
	softhsm_control("retries", "0 3 left\n");
	softhsm_control("so-retries", "2 3 left\n");
	CU_ASSERT_EQUAL(unblock(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT(told(PIN_SO, PIN_ACCEPTED));
	CU_ASSERT(left.pins.told_of.count_low && !left.pins.told_of.final_try);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitPIN 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Logout 0x0"), 1);
	CU_ASSERT(counter_is("retries", 3));
	CU_ASSERT(counter_is("so-retries", 3));
	CU_ASSERT(pin_is(OTHER_PIN));
	restore();
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

static void test_unblock_wrong(void)
{
	if (!start())
		return;
	softhsm_control("so-retries", "3 3 left\n");
	softhsm_control("retries", "1 3 left\n");
	left.pins.so_text = "87654321";
	CU_ASSERT_EQUAL(unblock(), ST_PIN_WRONG);
	CU_ASSERT(told(PIN_SO, PIN_REFUSED));
	CU_ASSERT(left_says(left.err.what,
	    "C_Login failed: the SO PIN or PUK is wrong (CKR_PIN_INCORRECT, 0xa0); some tries"));
	CU_ASSERT_EQUAL(unblock(), ST_PIN_WRONG);
	CU_ASSERT(left_says(left.err.what, "one more wrong one locks it for good"));
	CU_ASSERT_EQUAL(unblock(), ST_PIN_LOCKED);
	CU_ASSERT(left.pins.told_of.final_try);
	CU_ASSERT(left_says(left.err.what, "the SO PIN or PUK is locked"));
	CU_ASSERT_EQUAL(unblock(), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	CU_ASSERT(left_says(left.err.what, "the SO PIN is locked"));
	/* The user's tries are not touched. */
	CU_ASSERT(counter_is("retries", 1));
	CU_ASSERT_EQUAL(softhsm_log_count("C_InitPIN"), 0);
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

/* What the SO PIN's token says when only C_InitPIN looks at it, and other late refusals. */
static void test_unblock_late(void)
{
	static const struct {
		const char *fail;
		enum status status;
		enum pin_outcome outcome;
		const char *says;
	} cases[] = {
	    {"C_InitPIN 0xa0\n", ST_PIN_WRONG, PIN_REFUSED, "the SO PIN or PUK is wrong"},
	    {"C_InitPIN 0xa4\n", ST_PIN_LOCKED, PIN_REFUSED, "the SO PIN or PUK is locked"},
	    {"C_InitPIN 0xa2\n", ST_LIMIT, PIN_ACCEPTED, "does not take such a PIN"},
	    {"C_InitPIN 0x30\n", ST_TOKEN, PIN_ACCEPTED, "CKR_DEVICE_ERROR"},
	    {"C_InitPIN 0x54\n", ST_TOKEN, PIN_ACCEPTED, "module cannot set its PIN"},
	    {"C_Login 0x5\n", ST_TOKEN, PIN_UNCERTAIN, "C_Login failed"},
	};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control("fail", cases[i].fail);
		CU_ASSERT_EQUAL(unblock(), cases[i].status);
		CU_ASSERT(told(PIN_SO, cases[i].outcome));
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		CU_ASSERT(left.err.hint[0] != '\0');
	}
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

static void test_change_refused(void)
{
	static const struct {
		const char *fail;
		enum status status;
		bool told;
		const char *says, *hint;
	} cases[] = {
	    {"C_SetPIN 0x5\n", ST_TOKEN, true, "CKR_GENERAL_ERROR", "count this as a wrong PIN"},
	    {"C_SetPIN 0x800000a0\n", ST_TOKEN, true, "0x800000a0", "count this as a wrong PIN"},
	    {"C_SetPIN 0xa2\n", ST_LIMIT, true, "CKR_PIN_LEN_RANGE", "choose another"},
	    {"C_SetPIN 0x54\n", ST_TOKEN, false, "module cannot change its PIN", "vendor"},
	    {"C_SetPIN 0xe2\n", ST_TOKEN, false, "the token is write-protected", "vendor"},
	    {"C_OpenSession 0xe2\n", ST_TOKEN, false, "CKR_TOKEN_WRITE_PROTECTED", ""},
	};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control("fail", cases[i].fail);
		CU_ASSERT_EQUAL(change(), cases[i].status);
		CU_ASSERT_EQUAL(left.pins.told, cases[i].told ? 1 : 0);
		if (cases[i].told)
			CU_ASSERT(told(PIN_LOGIN, PIN_UNCERTAIN));
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		CU_ASSERT(left_says(left.err.hint, cases[i].hint));
	}
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

static void test_missing_functions(void)
{
	if (!start())
		return;
	softhsm_control("missing", "C_SetPIN\nC_InitPIN\n");
	CU_ASSERT_EQUAL(change(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "this token's module cannot change its PIN"));
	CU_ASSERT(left_says(left.err.hint, "use the software of the token's vendor"));
	CU_ASSERT_EQUAL(left.pins.told, 0);
	CU_ASSERT_EQUAL(unblock(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "this token's module cannot set its PIN"));
	CU_ASSERT_EQUAL(left.pins.told, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

static void test_removed(void)
{
	static const struct {
		operation op;
		const char *when;
		bool told;
	} cases[] = {
	    {token_change_pin, "C_OpenSession left\n", false},
	    {token_change_pin, "C_SetPIN left\n", true},
	    {token_unblock, "C_Login left\n", true},
	    {token_unblock, "C_InitPIN left\n", true},
	};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		softhsm_control_reset();
		softhsm_control("remove-at", cases[i].when);
		CU_ASSERT_EQUAL(run(cases[i].op), ST_TOKEN_REMOVED);
		CU_ASSERT(left_says(left.err.what, "was removed"));
		CU_ASSERT_EQUAL(left.pins.told, cases[i].told ? 1 : 0);
		/* The last one had its SO PIN accepted before. */
		if (cases[i].told)
			CU_ASSERT_EQUAL(left.pins.outcome, i == 3 ? PIN_ACCEPTED : PIN_UNCERTAIN);
	}
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

static void test_no_user_pin(void)
{
	if (!start())
		return;
	softhsm_control("flags", "clear 0x8 left\n");
	CU_ASSERT_EQUAL(change(), ST_TOKEN);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	CU_ASSERT(left_says(left.err.what, "no user PIN has been set"));
	CU_ASSERT(left_says(left.err.hint, "token unblock"));
}

static void test_pin_pad(void)
{
	if (!start())
		return;
	softhsm_control("pinpad", SOFTHSM_PIN "\nleft\n");
	softhsm_control("pinpad-new", OTHER_PIN "\n");
	CU_ASSERT_EQUAL(change(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT(left.pins.last.pin_pad && left.pins.last.purpose == PIN_NEW);
	CU_ASSERT(told(PIN_LOGIN, PIN_ACCEPTED));
	CU_ASSERT(left.pins.told_of.pin_pad);
	softhsm_control("pinpad", SOFTHSM_SO_PIN "\nleft\n");
	softhsm_control("pinpad-new", SOFTHSM_PIN "\n");
	CU_ASSERT_EQUAL(unblock(), ST_OK);
	CU_ASSERT(told(PIN_SO, PIN_ACCEPTED));
	softhsm_control("pinpad", "cancel\nleft\n");
	CU_ASSERT_EQUAL(change(), ST_CANCELLED);
	CU_ASSERT_EQUAL(left.pins.told, 0);
	CU_ASSERT(pin_is(SOFTHSM_PIN));
}

/* Nobody has to listen. */
static void test_tells_nobody(void)
{
	if (!start())
		return;
	left.pins.source.tell = NULL;
	left.pins.text = "wrong";
	CU_ASSERT_EQUAL(change(), ST_PIN_WRONG);
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a PIN is changed by one C_SetPIN", test_change},
	    {"a module that wants a login first gets one", test_change_after_login},
	    {"a wrong old PIN is counted once and explained", test_change_wrong},
	    {"saying no to the new PIN costs no try", test_second_question},
	    {"absurd PIN lengths count as none", test_absurd_lengths},
	    {"a PIN that the token cannot have is not sent", test_impossible_pin},
	    {"the SO PIN unblocks the user's", test_unblock},
	    {"a wrong SO PIN is counted once and explained", test_unblock_wrong},
	    {"a refusal by C_InitPIN is told for what it is", test_unblock_late},
	    {"a refusal by C_SetPIN is told for what it is", test_change_refused},
	    {"a module without the functions says so", test_missing_functions},
	    {"a token removed in the middle is named", test_removed},
	    {"without a user PIN there is none to change", test_no_user_pin},
	    {"on a PIN pad all PINs are typed there", test_pin_pad},
	    {"nobody has to listen", test_tells_nobody},
	};

	return harness_main("tokens pins", tests, HARNESS_COUNT(tests));
}
