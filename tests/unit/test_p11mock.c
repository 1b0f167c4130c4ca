/*
 * The fault-injecting PKCS#11 module: slots, tokens that come and go, and calls that fail, hang or
 * kill do what its README says.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "fixture_p11mock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static CK_FUNCTION_LIST *p11;

static void sleep_ms(long ms)
{
	const struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};

	nanosleep(&pause, NULL);
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void test_hides_the_spare_slot(void)
{
	CK_ULONG n = 0;

	if (!p11mock_start(&p11))
		return;
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 2);
	p11mock_control("show-empty", "");
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(p11mock_sign_only(p11mock_signing_session()), CKR_OK);
	p11mock_stop();
}

static void test_fail(void)
{
	CK_INFO info;

	if (!p11mock_start(&p11))
		return;
	p11mock_control("fail", "C_GetInfo 0x30 2 1\nC_GetInfo 0x5 1\nC_Finalize 0x6 1\n");
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_OK);
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_OK);
	CU_ASSERT_EQUAL(p11->C_Finalize(NULL), CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(p11->C_Finalize(NULL), CKR_OK);
	p11mock_control("fail", "C_Initialize 0x5\n");
	CU_ASSERT_EQUAL(p11->C_Initialize(NULL), CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	p11mock_stop();
}

/* Each function that faults are promised for, called with a session that would do. */
static void test_fail_reaches_every_function(void)
{
	CK_SLOT_ID slot;
	CK_ULONG n = 0;
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_OBJECT_HANDLE object;

	if (!p11mock_start(&p11))
		return;
	slot = p11mock_slot("mock A");
	CK_SESSION_HANDLE session = p11mock_signing_session();

	p11mock_control("log", "");
	p11mock_control("fail",
	    "C_GetSlotList 0x81\nC_GetSlotInfo 0x82\nC_GetTokenInfo 0x83\nC_OpenSession 0x84\n"
	    "C_Login 0x85\nC_FindObjectsInit 0x86\nC_FindObjects 0x87\n"
	    "C_GetAttributeValue 0x88\nC_SignInit 0x89\nC_Sign 0x8a\nC_Logout 0x8b\n"
	    "C_CloseSession 0x8c\n");
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_TRUE, NULL, &n), 0x81);
	CU_ASSERT_EQUAL(p11->C_GetSlotInfo(slot, &slot_info), 0x82);
	CU_ASSERT_EQUAL(p11->C_GetTokenInfo(slot, &token_info), 0x83);
	CU_ASSERT_EQUAL(p11mock_session(slot), 0);
	CU_ASSERT_EQUAL(p11mock_log_count("C_OpenSession 0x84"), 1);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), 0x85);
	CU_ASSERT_EQUAL(p11->C_FindObjectsInit(session, NULL, 0), 0x86);
	CU_ASSERT_EQUAL(p11->C_FindObjects(session, &object, 1, &n), 0x87);
	CU_ASSERT_EQUAL(p11->C_GetAttributeValue(session, 1, NULL, 0), 0x88);
	CU_ASSERT_EQUAL(p11->C_SignInit(session, NULL, 1), 0x89);
	CU_ASSERT_EQUAL(p11mock_sign_only(session), 0x8a);
	CU_ASSERT_EQUAL(p11->C_Logout(session), 0x8b);
	CU_ASSERT_EQUAL(p11->C_CloseSession(session), 0x8c);
	p11mock_stop();
}

static void test_removal(void)
{
	CK_SLOT_ID slot;
	CK_SLOT_INFO info;
	CK_SESSION_INFO session_info;
	CK_ULONG n = 0;

	if (!p11mock_start(&p11))
		return;
	slot = p11mock_slot("mock A");
	CK_SESSION_HANDLE session = p11mock_signing_session();

	CU_ASSERT_EQUAL(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	p11mock_control("remove-at", "C_Logout mock B\nC_Sign mock A\n");
	CU_ASSERT_EQUAL(p11mock_sign_only(session), CKR_DEVICE_REMOVED);
	CU_ASSERT(p11mock_control_is("removed", "mock A\n"));
	CU_ASSERT(p11mock_control_is("remove-at", "C_Logout mock B\n"));
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(p11->C_GetSlotInfo(slot, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.flags & CKF_TOKEN_PRESENT, 0);
	CU_ASSERT_EQUAL(p11mock_session(slot), 0);

	p11mock_uncontrol("removed");
	CU_ASSERT_EQUAL(p11->C_GetSessionInfo(session, &session_info), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(p11->C_GetSlotInfo(slot, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.flags & CKF_TOKEN_PRESENT, CKF_TOKEN_PRESENT);
	CU_ASSERT_EQUAL(p11mock_sign_only(p11mock_signing_session()), CKR_OK);

	p11mock_control("removed", "");
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 0);
	p11mock_stop();
}

static void *wait_for_event(void *slot)
{
	CK_RV rv = p11->C_WaitForSlotEvent(0, slot, NULL);

	return (void *)rv;
}

static void test_events(void)
{
	CK_SLOT_ID slot, event = CK_UNAVAILABLE_INFORMATION;
	pthread_t thread;
	void *rv;

	if (!p11mock_start(&p11))
		return;
	slot = p11mock_slot("mock B");
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, wait_for_event, &event) == 0);
	sleep_ms(30);
	p11mock_control("removed", "mock B\n");
	pthread_join(thread, &rv);
	CU_ASSERT_EQUAL((CK_RV)rv, CKR_OK);
	CU_ASSERT_EQUAL(event, slot);
	CU_ASSERT_EQUAL(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL), CKR_NO_EVENT);

	/* C_Finalize lets a waiter go. */
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, wait_for_event, &event) == 0);
	sleep_ms(30);
	CU_ASSERT_EQUAL(p11->C_Finalize(NULL), CKR_OK);
	pthread_join(thread, &rv);
	CU_ASSERT_EQUAL((CK_RV)rv, CKR_CRYPTOKI_NOT_INITIALIZED);
	p11mock_stop();
}

static void test_labels_and_flags(void)
{
	CK_TOKEN_INFO info;
	CK_SLOT_ID slot;

	if (!p11mock_start(&p11))
		return;
	slot = p11mock_slot("mock A");
	p11mock_control("labels", "mock A\tmock B\n");
	CU_ASSERT_EQUAL(p11->C_GetTokenInfo(slot, &info), CKR_OK);
	CU_ASSERT_EQUAL(memcmp(info.label, "mock B                          ", 32), 0);
	p11mock_control("labels", "mock A\t\\x1b[1m\\xff0123456789012345678901234567890\n");
	CU_ASSERT_EQUAL(p11->C_GetTokenInfo(slot, &info), CKR_OK);
	CU_ASSERT_EQUAL(memcmp(info.label,
			    "\x1b[1m\xff"
			    "012345678901234567890123456",
			    32),
	    0);
	p11mock_control("flags", "clear 0x400 mock A\nset 0x2\nset 0x4 mock B\n");
	CU_ASSERT_EQUAL(p11mock_flags(slot) & (CKF_TOKEN_INITIALIZED | CKF_WRITE_PROTECTED), 0x2);
	p11mock_stop();
}

static void test_absurd_slots(void)
{
	CK_SLOT_ID slots[8], first;
	CK_SLOT_INFO info;
	CK_ULONG n = 0;

	if (!p11mock_start(&p11))
		return;
	first = p11mock_slot("mock A");
	p11mock_control("slots", "0xffffffffffffffff");
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 0xffffffffffffffff);
	p11mock_control("slots", "5\n");
	n = 8;
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, slots, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 5);
	CU_ASSERT(slots[0] == first || slots[1] == first);
	CU_ASSERT_EQUAL(p11->C_GetSlotInfo(slots[4], &info), CKR_SLOT_ID_INVALID);
	p11mock_control("slots", "1");
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, slots, &n), CKR_BUFFER_TOO_SMALL);
	p11mock_control("slots", "2 900");
	n = 2;
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, slots, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 900);
	p11mock_stop();
}

static atomic_bool hung_call_returned;

static void *call_that_hangs(void *info)
{
	CK_RV rv = p11->C_GetInfo(info);

	atomic_store(&hung_call_returned, true);
	return (void *)rv;
}

static void test_delay_and_hang(void)
{
	struct timespec start;
	pthread_t thread;
	CK_INFO info;
	CK_ULONG n;
	void *rv;

	if (!p11mock_start(&p11))
		return;
	p11mock_control("delay", "C_GetInfo 120\n");
	clock_gettime(CLOCK_MONOTONIC, &start);
	CU_ASSERT_EQUAL(p11->C_GetInfo(&info), CKR_OK);
	CU_ASSERT(elapsed_ms(&start) >= 120);
	p11mock_uncontrol("delay");

	p11mock_control("hang", "C_GetInfo\n");
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, call_that_hangs, &info) == 0);
	for (int i = 0; i < 1000 && !p11mock_control_is("hanging", "C_GetInfo"); i++)
		sleep_ms(5);
	CU_ASSERT(p11mock_control_is("hanging", "C_GetInfo"));
	/* The other calls go on meanwhile. */
	CU_ASSERT_EQUAL(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	sleep_ms(50);
	CU_ASSERT(!atomic_load(&hung_call_returned));
	p11mock_uncontrol("hang");
	pthread_join(thread, &rv);
	CU_ASSERT_EQUAL((CK_RV)rv, CKR_OK);
	CU_ASSERT(!p11mock_control_is("hanging", "C_GetInfo"));
	p11mock_stop();
}

static void test_kill(void)
{
	CK_INFO info;
	int status = 0;
	pid_t pid;

	if (!p11mock_start(&p11))
		return;
	p11mock_control("log", "");
	p11mock_control("kill-at", "C_GetInfo 1\n");
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		p11->C_GetInfo(&info);
		p11->C_GetInfo(&info);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CU_ASSERT_EQUAL(p11mock_log_count("C_GetInfo 0x0"), 1);
	p11mock_uncontrol("kill-at");
	p11mock_stop();
}

static const struct harness_test tests[] = {
    {"the spare slot is hidden unless asked for", test_hides_the_spare_slot},
    {"a call fails as often as it is told to", test_fail},
    {"a fault reaches every function that is promised", test_fail_reaches_every_function},
    {"a token vanishes in the middle of a call and comes back", test_removal},
    {"slot events come, and C_Finalize ends the wait", test_events},
    {"labels and flags are changed", test_labels_and_flags},
    {"slot counts are absurd", test_absurd_slots},
    {"calls are slow or never return", test_delay_and_hang},
    {"a call kills the process", test_kill},
};

int main(void)
{
	return harness_main("p11mock", tests, HARNESS_COUNT(tests));
}
