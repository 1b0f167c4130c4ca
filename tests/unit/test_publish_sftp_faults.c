/* SFTP targets whose server or connection fails.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "fixture_reach.h"
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_nobody_listens(void)
{
	struct reach r;
	unsigned port;

	if (!have_server())
		return;
	close(sshd_listen(&port));
	reach_open(&r, &server, port, server.files);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "Connection refused", "start the SSH server"));
	reach_close(&r);
	/* An IPv6 address is a host, too; there may be no IPv6 here. */
	reach_open(&r, &server, port, server.files);
	target_free(r.target);
	r.place.host = (char *)"::1";
	CU_ASSERT_EQUAL_FATAL(target_new(&r.place, &r.access, &r.links, &r.target, &r.err), ST_OK);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "cannot connect to port", ""));
	reach_close(&r);
}

static void test_unknown_name(void)
{
	const int64_t begun = clock_ms();
	struct target *target;
	struct reach r;

	if (!have_server())
		return;
	reach_open(&r, &server, server.port, server.files);
	r.place.host = (char *)"no-such-host.invalid";
	CU_ASSERT_EQUAL_FATAL(target_new(&r.place, &r.access, &r.links, &target, &r.err), ST_OK);
	CU_ASSERT_EQUAL(target->ops->stage(target, CTL, bytes_of("x"), &r.err), ST_FAILED);
	/* A machine without a name server answers late, or never. */
	CU_ASSERT(strstr(r.err.what, "no-such-host.invalid cannot be resolved") != NULL ||
		  strstr(r.err.what, "no answer within") != NULL);
	CU_ASSERT(clock_ms() - begun < 11000);
	target_free(target);
	reach_close(&r);
}

static void *interrupt_soon(void *context)
{
	struct target *const target = context;

	usleep(200000);
	target->ops->interrupt(target);
	return NULL;
}

/* Waits for WHAT, which another thread interrupts after 0.2 s. */
static void check_interrupt(struct reach *r)
{
	const int64_t begun = clock_ms();
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, interrupt_soon, r->target), 0);
	CU_ASSERT_EQUAL(stage(r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(r, "no answer within 10 seconds", "timeout"));
	CU_ASSERT(clock_ms() - begun < 1200);
	pthread_join(thread, NULL);
	/* All later ones, until reset(). */
	CU_ASSERT_EQUAL(commit(r), ST_FAILED);
	CU_ASSERT(says(r, "no answer within 10 seconds", "timeout"));
	CU_ASSERT(clock_ms() - begun < 1300);
}

static void test_silent_server(void)
{
	struct reach r;
	int64_t begun;
	unsigned port;
	int fd;

	if (!have_server())
		return;
	fd = sshd_listen(&port);
	reach_open(&r, &server, port, server.files);
	check_interrupt(&r);
	reach_close(&r);
	/* Nobody interrupts: the time limit does. */
	reach_open(&r, &server, port, server.files);
	target_free(r.target);
	target_links_free(r.links);
	r.links = NULL;
	r.access.timeout_ms = 300;
	CU_ASSERT_EQUAL_FATAL(target_new(&r.place, &r.access, &r.links, &r.target, &r.err), ST_OK);
	begun = clock_ms();
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_FAILED);
	CU_ASSERT(says(&r, "no answer within 1 second", "timeout"));
	CU_ASSERT(clock_ms() - begun < 1500);
	reach_close(&r);
	close(fd);
}

/* Servers that speak SSH, and something else in the place of SFTP. */
static void check_subsystem(const char *name, const char *command, const char *what, bool hangs)
{
	const int64_t begun = clock_ms();
	struct sshd at;
	struct reach r;

	if (!sshd_start(&at, name, command))
		return;
	reach_open(&r, &at, at.port, at.files);
	if (hangs) {
		check_interrupt(&r);
	} else {
		CU_ASSERT_NOT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
		CU_ASSERT(says(&r, what, ""));
	}
	CU_ASSERT(clock_ms() - begun < 8000);
	reach_close(&r);
	sshd_stop(&at);
}

static void test_not_sftp(void)
{
	check_subsystem("greets", "echo Welcome to this server; sleep 5", "is not SFTP", false);
	check_subsystem("endless", "cat /dev/zero", "is not SFTP", false);
	check_subsystem(
	    "huge", "printf '\\377\\377\\377\\377\\002'; sleep 5", "is not SFTP", false);
	check_subsystem("ends", "true", "ended the connection", false);
	check_subsystem("silent", "sleep 20", "", true);
}

static void test_bad_answers(void)
{
	/* A VERSION with posix-rename@openssh.com, and then: */
#define HELLO                                                                                      \
	"printf '\\000\\000\\000\\046\\002\\000\\000\\000\\003\\000\\000\\000\\030posix-rename@"   \
	"openssh.com\\000\\000\\000\\0011'; "
	/* only the VERSION, without that */
	check_subsystem("old", "printf '\\000\\000\\000\\005\\002\\000\\000\\000\\003'; sleep 5",
	    "cannot replace a file in one step", false);
	/* nothing */
	check_subsystem("mute", HELLO "sleep 20", "", true);
	/* an answer to nothing that was asked */
	check_subsystem("unasked",
	    HELLO
	    "printf '\\000\\000\\000\\011\\145\\000\\000\\377\\001\\000\\000\\000\\000'; sleep 5",
	    "is not SFTP", false);
	/* success in the place of attributes */
	check_subsystem("empty",
	    HELLO
	    "printf '\\000\\000\\000\\011\\145\\000\\000\\000\\001\\000\\000\\000\\000'; sleep 5",
	    "is not SFTP", false);
	/* attributes that are cut */
	check_subsystem("cut",
	    HELLO
	    "printf '\\000\\000\\000\\011\\151\\000\\000\\000\\001\\000\\000\\000\\007'; sleep 5",
	    "is not SFTP", false);
}

/* The connection is cut after every so many bytes: the file is the old or the new one, always. */
static void test_cut(void)
{
	uint8_t *data = malloc(100000);
	const struct bytes new = {data, 100000}, old = bytes_of("old");
	struct sshd_relay relay;
	char host_key[256];
	unsigned long whole;
	unsigned failures = 0;
	struct reach r;

	if (!have_server()) {
		free(data);
		return;
	}
	clean(&server);
	fill(data, 100000);
	sshd_relay_start(&relay, server.port);
	snprintf(host_key, sizeof(host_key), "%s/host.pub", server.folder);
	sshd_add_known(server.known, relay.port, host_key);
	put(file(&server, CTL), "old");
	reach_open(&r, &server, relay.port, server.files);
	CU_ASSERT_EQUAL(stage(&r, new), ST_OK);
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	usleep(100000);
	whole = atomic_load(&relay.passed);
	CU_ASSERT(whole > 100000);
	for (unsigned i = 1; i <= 30; i++) {
		r.target->ops->reset(r.target);
		put(file(&server, CTL), "old");
		atomic_store(&relay.cut_after, whole * i / 32);
		if (stage(&r, new) != ST_OK || commit(&r) != ST_OK) {
			CU_ASSERT(r.err.status == ST_FAILED || r.err.status == ST_IO);
			CU_ASSERT_STRING_EQUAL(r.err.where, r.text);
			failures++;
		}
		CU_ASSERT(holds(file(&server, CTL), old) || holds(file(&server, CTL), new));
	}
	CU_ASSERT(failures >= 28);
	/* And then it works again, over what the others left. */
	atomic_store(&relay.cut_after, 0);
	r.target->ops->reset(r.target);
	CU_ASSERT_EQUAL(stage(&r, new), ST_OK);
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	CU_ASSERT(holds(file(&server, CTL), new));
	reach_close(&r);
	sshd_relay_stop(&relay);
	free(data);
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void test_descriptors(void)
{
	struct reach r;
	size_t before;

	if (!have_server())
		return;
	clean(&server);
	before = open_descriptors();
	reach_open(&r, &server, server.port, server.files);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
		CU_ASSERT(open_descriptors() > before);
		r.target->ops->reset(r.target);
		CU_ASSERT_EQUAL(open_descriptors(), before);
		CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
		r.target->ops->interrupt(r.target);
		CU_ASSERT_EQUAL(commit(&r), ST_FAILED);
		r.target->ops->reset(r.target);
		CU_ASSERT_EQUAL(open_descriptors(), before);
		r.settings.ssh_key = server.known;
		CU_ASSERT_NOT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
		CU_ASSERT_EQUAL(open_descriptors(), before);
		r.target->ops->reset(r.target);
		r.settings.ssh_key = server.key;
	}
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	reach_close(&r);
	CU_ASSERT_EQUAL(open_descriptors(), before);
}

static void test_cut_is_told(void)
{
	struct sshd_relay relay;
	char host_key[256];
	struct reach r;

	if (!have_server())
		return;
	clean(&server);
	sshd_relay_start(&relay, server.port);
	snprintf(host_key, sizeof(host_key), "%s/host.pub", server.folder);
	sshd_add_known(server.known, relay.port, host_key);
	reach_open(&r, &server, relay.port, server.files);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	atomic_store(&relay.cut_after, 1);
	usleep(100000);
	CU_ASSERT_EQUAL(commit(&r), ST_FAILED);
	CU_ASSERT(says(&r, "the server ended the connection", "log"));
	CU_ASSERT_EQUAL(commit(&r), ST_FAILED);
	CU_ASSERT(says(&r, "the server ended the connection", "log"));
	atomic_store(&relay.cut_after, 0);
	r.target->ops->reset(r.target);
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	CU_ASSERT(holds(file(&server, CTL), bytes_of("x")));
	reach_close(&r);
	sshd_relay_stop(&relay);
}

static const struct harness_test tests[] = {
    {"nobody listens", test_nobody_listens},
    {"a name that does not exist", test_unknown_name},
    {"a server that accepts and never answers is interrupted", test_silent_server},
    {"servers that do not speak SFTP", test_not_sftp},
    {"servers whose SFTP is wrong", test_bad_answers},
    {"cut anywhere, the file is the old or the new one", test_cut},
    {"no descriptor is left open", test_descriptors},
    {"a lost connection is told, and reset() makes a new one", test_cut_is_told},
};

int main(void)
{
	int rc = harness_main("publish_sftp_faults", tests, HARNESS_COUNT(tests));

	sshd_stop(&server);
	return rc;
}
