/*
 * Modules that never answer, and the watchdog that leaves them behind.  Each test of a module runs
 * in a process of its own, since a thread stays stuck in it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_softhsm.h"
#include "harness.h"
#include "tokens/watchdog.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 300

/* Generous: the machine may be slow, but this is far below TOKENS_DEFAULT_TIMEOUT_MS. */
#define IN_TIME_MS 5000

static const char *module;
static char serial[17];
static X509 *certificate;

static void free_certificate(void)
{
	X509_free(certificate);
}

static bool start(void)
{
	module = softhsm_mock();
	if (module == NULL)
		return false;
	if (certificate == NULL) {
		certificate = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_A), "Slow");
		atexit(free_certificate);
		softhsm_begin();
		softhsm_new_token("slow", serial);
		softhsm_put_key(serial, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_1024_A), 1, "k");
		softhsm_put_certificate(serial, certificate, 1, "c");
		softhsm_end();
	}
	softhsm_control_reset();
	return true;
}

static void sleep_ms(long ms)
{
	const struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};

	nanosleep(&pause, NULL);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* CUnit is not there in a child: what does not hold ends it with the line's number on stderr. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* Runs TEST in a child, which must end well, in time, and with a thread still stuck. */
static void in_child(void (*test)(const char *argument), const char *argument)
{
	long begin = now_ms();
	int state = -1;
	pid_t child = fork();

	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		test(argument);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
	CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	CU_ASSERT(now_ms() - begin < IN_TIME_MS);
}

static void hang_while_opening(const char *function)
{
	const struct tokens_options options = {
	    .modules = &module, .n_modules = 1, .timeout_ms = TIMEOUT_MS};
	struct tokens *tokens = NULL;
	struct error err;
	char line[64];

	snprintf(line, sizeof(line), "%s\n", function);
	softhsm_control("hang", line);
	HOLDS(tokens_open(&options, &tokens, &err) == ST_TOKEN_TIMEOUT);
	HOLDS(tokens_wedged());
	HOLDS(strstr(err.what, function) != NULL);
	HOLDS(strcmp(err.where, module) == 0);
	HOLDS(err.hint[0] != '\0');
}

static void test_opening(void)
{
	if (!start())
		return;
	in_child(hang_while_opening, "C_Initialize");
	in_child(hang_while_opening, "C_GetSlotList");
	in_child(hang_while_opening, "C_GetSlotInfo");
	in_child(hang_while_opening, "C_GetTokenInfo");
}

static struct tokens *open_slow(struct softhsm_pins *pins, struct signer **signer)
{
	const struct tokens_options options = {
	    .modules = &module, .n_modules = 1, .timeout_ms = TIMEOUT_MS};
	struct tokens *tokens = NULL;
	struct error err;

	softhsm_pins_init(pins, SOFTHSM_PIN);
	pins->delay_ms = 2 * TIMEOUT_MS; /* people may think longer than modules */
	HOLDS(tokens_open(&options, &tokens, &err) == ST_OK);
	HOLDS(softhsm_signer(tokens, "slow", &certificate, 1, pins, signer, &err) == ST_OK);
	return tokens;
}

/* A timed-out signature names token and function, and everything can still be put away. */
static void fail_to_sign(struct tokens *tokens, struct signer *signer, const char *function)
{
	struct error err;
	long begin;

	HOLDS(softhsm_sign(signer, certificate, &err) == ST_TOKEN_TIMEOUT);
	HOLDS(strstr(err.what, function) != NULL);
	HOLDS((strstr(err.hint, "count this as a wrong PIN") != NULL) ==
	      (strcmp(function, "C_Login") == 0));
	HOLDS(strstr(err.where, "'slow'") != NULL && strstr(err.where, serial) != NULL);
	HOLDS(tokens_wedged());
	begin = now_ms();
	HOLDS(tokens_refresh(tokens, &err) == ST_TOKEN_TIMEOUT);
	signer_free(signer);
	tokens_close(tokens);
	HOLDS(now_ms() - begin < TIMEOUT_MS);
	HOLDS(tokens_wedged());
}

static void hang_while_signing(const char *function)
{
	struct softhsm_pins pins;
	struct signer *signer;
	struct tokens *tokens = open_slow(&pins, &signer);
	char line[64];

	snprintf(line, sizeof(line), "%s\n", function);
	softhsm_control("hang", line);
	fail_to_sign(tokens, signer, function);
	HOLDS(pins.asked == 1);
	HOLDS(softhsm_log_count("C_Login 0x0") == (strcmp(function, "C_Sign") == 0 ? 1 : 0));
}

static void test_signing(void)
{
	if (!start())
		return;
	in_child(hang_while_signing, "C_Login");
	softhsm_control_reset();
	in_child(hang_while_signing, "C_Sign");
}

/* libp11 waits for ever when no session can be opened. */
static void no_session(const char *after)
{
	struct softhsm_pins pins;
	struct signer *signer;
	struct tokens *tokens = open_slow(&pins, &signer);
	struct error err;
	char line[64];

	snprintf(line, sizeof(line), "C_OpenSession 0x30 1000 %s\n", after);
	softhsm_control("fail", line);
	if (strcmp(after, "2") != 0) {
		/* What we open ourselves: the probe, and the session that logs in. */
		HOLDS(softhsm_sign(signer, certificate, &err) == ST_TOKEN);
		HOLDS(strstr(err.what, "C_OpenSession failed") != NULL);
		HOLDS(strstr(err.where, "'slow'") != NULL);
		HOLDS(!tokens_wedged());
		signer_free(signer);
		tokens_close(tokens);
	} else {
		fail_to_sign(tokens, signer, "C_FindObjects");
	}
}

static void test_no_session(void)
{
	if (!start())
		return;
	in_child(no_session, "0");
	softhsm_control_reset();
	in_child(no_session, "1");
	softhsm_control_reset();
	in_child(no_session, "2");
}

static void hang_while_closing(const char *ignored)
{
	struct softhsm_pins pins;
	struct signer *signer;
	struct tokens *tokens = open_slow(&pins, &signer);

	(void)ignored;
	signer_free(signer);
	softhsm_control("hang", "C_Finalize\n");
	tokens_close(tokens);
	HOLDS(tokens_wedged());
}

static void test_closing(void)
{
	if (!start())
		return;
	in_child(hang_while_closing, NULL);
}

static void come_back(const char *ignored)
{
	struct softhsm_pins pins;
	struct signer *signer;
	struct tokens *tokens = open_slow(&pins, &signer);

	(void)ignored;
	softhsm_control("hang", "C_Login\n");
	fail_to_sign(tokens, signer, "C_Login");
	softhsm_control("hang", "");
	for (int i = 0; i < 300 && tokens_wedged(); i++)
		sleep_ms(10);
	HOLDS(!tokens_wedged());
	/* One C_Login, and nobody goes on to sign with what it gave. */
	HOLDS(softhsm_log_count("C_Login") == 1);
	HOLDS(softhsm_log_count("C_Sign") == 0);
}

static void test_comes_back(void)
{
	if (!start())
		return;
	in_child(come_back, NULL);
}

struct test_job {
	struct watchdog_job job;
	long duration_ms;
	bool *released;
};

static void test_job_run(struct watchdog_job *base)
{
	sleep_ms(((struct test_job *)base)->duration_ms);
}

static void test_job_release(struct watchdog_job *base)
{
	*((struct test_job *)base)->released = true;
	free(base);
}

static struct test_job *job_new(long duration_ms, bool *released)
{
	struct test_job *job = calloc(1, sizeof(*job));

	job->job = (struct watchdog_job){test_job_run, test_job_release};
	job->duration_ms = duration_ms;
	job->released = released;
	return job;
}

static void test_watchdog(void)
{
	static bool released, refused;
	struct watchdog *dog = NULL;
	struct test_job *job;
	struct error err;
	long begin;

	CU_ASSERT_EQUAL_FATAL(watchdog_start(NULL, &dog, &err), ST_OK);
	job = job_new(50, &released);
	CU_ASSERT(watchdog_run(dog, 2000, &job->job));
	CU_ASSERT(!watchdog_is_stuck(dog));
	CU_ASSERT(!released);
	begin = now_ms();
	job->duration_ms = 1000;
	CU_ASSERT(!watchdog_run(dog, 100, &job->job));
	CU_ASSERT(now_ms() - begin < 1000);
	CU_ASSERT(watchdog_is_stuck(dog));
	CU_ASSERT(watchdog_any_stuck());
	/* It takes no more jobs, and still frees them. */
	CU_ASSERT(!watchdog_run(dog, 100, &job_new(0, &refused)->job));
	CU_ASSERT(refused);
	for (int i = 0; i < 500 && watchdog_any_stuck(); i++)
		sleep_ms(10);
	CU_ASSERT(!watchdog_any_stuck());
	CU_ASSERT(released);
	watchdog_stop(dog);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a module that hangs while it is opened is left behind", test_opening},
	    {"a token that hangs at login or signature is named", test_signing},
	    {"a token that opens no session does not hang libp11", test_no_session},
	    {"a module that hangs while it is closed does not hang us", test_closing},
	    {"a module that comes back too late does nothing more", test_comes_back},
	    {"the watchdog gives up a job that takes too long, and takes no more", test_watchdog},
	};

	return harness_main("tokens hang", tests, HARNESS_COUNT(tests));
}
