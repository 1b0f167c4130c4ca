/*
 * Smart Card services that are missing, hang up, or never answer.  One that works is met in
 * tests/vcard/.  Each test is a process of its own: the service's library keeps what it saw.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "tokens/pcsc_watch.h"
#include "tokens/tokens.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static char path[108];

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void in_child(void (*test)(void))
{
	int state = -1;
	pid_t child;

	snprintf(path, sizeof(path), "%s/pcscd.comm", harness_directory());
	unlink(path);
	setenv("PCSCLITE_CSOCK_NAME", path, 1);
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		test();
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
	CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

/* A service's socket; nobody accepts connections yet. */
static int listen_there(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, sizeof(path));
	HOLDS(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	HOLDS(listen(fd, 16) == 0);
	return fd;
}

static void *hang_up(void *argument)
{
	const int fd = *(const int *)argument;
	char question[512];

	for (;;) {
		int client = accept(fd, NULL, NULL);

		/* Hears the question out: it comes in two pieces. */
		usleep(50000);
		HOLDS(recv(client, question, sizeof(question), 0) > 0);
		close(client);
	}
	return NULL;
}

/* A service that hangs up on everybody. */
static void serve_badly(int *fd)
{
	pthread_t thread;

	*fd = listen_there();
	HOLDS(pthread_create(&thread, NULL, hang_up, fd) == 0);
}

/* Waits for news; the answer then. */
static enum pcsc_answer next_news(struct pcsc_watch *watch, int ms, struct pcsc_look *look)
{
	struct pollfd wait = {.fd = pcsc_watch_fd(watch), .events = POLLIN};

	HOLDS(poll(&wait, 1, ms) == 1);
	HOLDS(pcsc_watch_take(watch, look));
	HOLDS(!pcsc_watch_take(watch, look));
	HOLDS(poll(&wait, 1, 0) == 0);
	return look->answer;
}

static void none(void)
{
	struct pcsc_watch *watch;
	struct pcsc_look look;
	struct error err;
	long begin;
	int fd;

	pcsc_look(5000, &look);
	HOLDS(look.answer == PCSC_NOT_RUNNING);
	HOLDS((unsigned long)look.code == 0x8010001dUL); /* SCARD_E_NO_SERVICE */
	HOLDS(look.n_readers == 0);
	HOLDS(pcsc_watch_start(&watch, &err) == ST_OK);
	HOLDS(next_news(watch, 1000, &look) == PCSC_NOT_RUNNING);
	/* That it is still not there is no news; that it is and does not work is. */
	HOLDS(poll(&(struct pollfd){.fd = pcsc_watch_fd(watch), .events = POLLIN}, 1, 2500) == 0);
	serve_badly(&fd);
	HOLDS(next_news(watch, 2500, &look) == PCSC_DROPPED);
	begin = now_ms();
	pcsc_watch_stop(watch);
	HOLDS(now_ms() - begin < 500);
	HOLDS(!tokens_wedged());
}

static void drops(void)
{
	struct pcsc_look look;
	int fd;

	serve_badly(&fd);
	pcsc_look(5000, &look);
	HOLDS(look.answer == PCSC_DROPPED);
	HOLDS((unsigned long)look.code == 0x80100013UL); /* SCARD_F_COMM_ERROR */
	HOLDS(!tokens_wedged());
}

static void look_hangs(void)
{
	const long begin = now_ms();
	struct pcsc_look look;

	listen_there();
	pcsc_look(300, &look);
	HOLDS(now_ms() - begin >= 300 && now_ms() - begin < 3000);
	HOLDS(look.answer == PCSC_NO_ANSWER);
	HOLDS(look.code == 0);
	HOLDS(tokens_wedged());
}

static void watch_hangs(void)
{
	struct pcsc_watch *watch;
	struct pcsc_look look;
	struct error err;
	long begin;

	listen_there();
	begin = now_ms();
	HOLDS(pcsc_watch_start(&watch, &err) == ST_OK);
	HOLDS(!pcsc_watch_take(watch, &look));
	HOLDS(look.answer == PCSC_NO_ANSWER);
	HOLDS(now_ms() - begin < 500);
	usleep(200000);
	HOLDS(!pcsc_watch_take(watch, &look));
	HOLDS(look.answer == PCSC_NO_ANSWER);
	begin = now_ms();
	pcsc_watch_stop(watch);
	HOLDS(now_ms() - begin < 3000);
	HOLDS(tokens_wedged());
}

static void test_none(void)
{
	in_child(none);
}

static void test_drops(void)
{
	in_child(drops);
}

static void test_look_hangs(void)
{
	in_child(look_hangs);
}

static void test_watch_hangs(void)
{
	in_child(watch_hangs);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a service that is missing is waited for", test_none},
	    {"a service that hangs up is told apart", test_drops},
	    {"a look at a service that hangs comes back", test_look_hangs},
	    {"a watch of a service that hangs can be stopped", test_watch_hangs},
	};

	return harness_main("tokens pcsc", tests, HARNESS_COUNT(tests));
}
