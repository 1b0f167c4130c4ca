/*
 * A provider that is killed, has no room, or may not write: phones are served the old file or the
 * new one, whole, and the way back stays open.
 *
 * CTLSIGN_TEST_INTERRUPTIONS is how often it is killed (50).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider_scene.h"
#include "harness.h"

#include "base/text.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CTL	"/v1/files/CTLFile.tlv"
#define STAGED	"/v1/staged/CTLFile.tlv"
#define REVERT	"/v1/files/CTLFile.tlv/revert"
#define BOTH	(PROVIDER_SAST_1 | PROVIDER_SAST_2)
#define NOBODY	65534
#define SKIPPED 77

static const struct bytes nothing;
static struct buffer lists[3];
static struct provider_scene scene;

static int post(const char *path, const char *member, const struct buffer *file)
{
	char body[128];

	snprintf(
	    body, sizeof(body), "{\"%s\": \"%s\"}", member, provider_sha256(buffer_bytes(file)));
	return provider_ask_json(&scene, "POST", path, body);
}

static int put(const struct buffer *file)
{
	return provider_ask(&scene, "PUT", CTL, buffer_bytes(file));
}

static bool holds(size_t i)
{
	return provider_holds(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&lists[i]));
}

/* RUN in a process of its own, which says 0 when all is well; it does not come back here. */
static int in_child(int (*run)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		status = run();
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* The line where it is wrong, so that it can be found. */
#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			printf("# line %d: not so: %s (%d: %s)\n", __LINE__, #what,                \
			    scene.answer.code, scene.answer.note);                                 \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

/* Forth and back until it is killed. */
static void work(void)
{
	provider_scene_open(&scene);
	for (size_t i = 0;; i = (i + 1) % 4) {
		/* All four fail now and then, depending on where the last one was killed. */
		if (i == 0)
			provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1]));
		else if (i == 1)
			post(STAGED, "sha256", &lists[1]);
		else if (i == 2)
			post(REVERT, "to", &lists[0]);
		else
			provider_ask_json(&scene, "PUT", "/v1/mode", "{\"mode\": 1}");
	}
}

static void kill_after(unsigned microseconds)
{
	const struct timespec pause = {0, (long)microseconds * 1000};
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		work();
		_exit(1);
	}
	nanosleep(&pause, NULL);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_whole(unsigned seen[2])
{
	CU_ASSERT_TRUE(holds(0) != holds(1));
	seen[holds(1)]++;
	provider_scene_open(&scene);
	CU_ASSERT_NOT_EQUAL(access(provider_file(&scene, ".CTLFile.tlv.ctlproviderd"), F_OK), 0);
	/* Back to the first, wherever it was; and forth again, by what is staged or anew. */
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	CU_ASSERT_TRUE(holds(0));
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", "/v1/mode", nothing), 200);
	provider_answer_done(&scene.answer);
	provider_close(scene.provider);
	scene.provider = NULL;
}

static void test_killed(void)
{
	const char *times = getenv("CTLSIGN_TEST_INTERRUPTIONS");
	const unsigned n = times != NULL ? (unsigned)strtoul(times, NULL, 10) : 50;
	unsigned seen[2] = {0, 0}, seed = 1;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(put(&lists[0]), 200);
	provider_answer_done(&scene.answer);
	provider_close(scene.provider);
	scene.provider = NULL;
	for (unsigned i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		kill_after(500 + seed / 65536 % 12000);
		check_whole(seen);
	}
	/* Killed at moments that differ. */
	CU_ASSERT_TRUE(n < 50 || (seen[0] > 0 && seen[1] > 0));
	provider_scene_free(&scene);
}

/* What a kill between two steps leaves, made by hand. */
static void test_leftovers(void)
{
	provider_scene(&scene);
	provider_write(provider_file(&scene, ".CTLFile.tlv.ctlproviderd"), text_bytes("half"));
	provider_write(provider_file(&scene, ".other.ctlproviderd"), text_bytes("not ours"));
	provider_write(provider_state(&scene, ".ctlsign-0011223344556677.tmp"), text_bytes("half"));
	provider_scene_open(&scene);
	CU_ASSERT_NOT_EQUAL(access(provider_file(&scene, ".CTLFile.tlv.ctlproviderd"), F_OK), 0);
	CU_ASSERT_NOT_EQUAL(
	    access(provider_state(&scene, ".ctlsign-0011223344556677.tmp"), F_OK), 0);
	CU_ASSERT_EQUAL(access(provider_file(&scene, ".other.ctlproviderd"), F_OK), 0);
	/* Killed behind the line that keeps what was before, in front of the new file. */
	CU_ASSERT_EQUAL(put(&lists[0]), 200);
	CU_ASSERT_EQUAL(put(&lists[1]), 200);
	provider_write(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&lists[0]));
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	CU_ASSERT_TRUE(holds(0));
	CU_ASSERT_EQUAL(put(&lists[1]), 200);
	CU_ASSERT_TRUE(holds(1));
	provider_scene_free(&scene);
}

/* Files may have LIMIT bytes: all fail, at one place or another, until there is room. */
static int limited(rlim_t limit)
{
	const struct rlimit small = {limit, limit};

	signal(SIGXFSZ, SIG_IGN);
	EXPECT(setrlimit(RLIMIT_FSIZE, &small) == 0);
	EXPECT(put(&lists[1]) == 507);
	EXPECT(provider_refuses(&scene, "", "make room"));
	EXPECT(holds(0));
	EXPECT(provider_ask(&scene, "GET", CTL, nothing) == 200);
	EXPECT(provider_says(&scene, buffer_bytes(&lists[0])));
	EXPECT(post(REVERT, "to", &lists[0]) == 200);
	EXPECT(access(provider_file(&scene, ".CTLFile.tlv.ctlproviderd"), F_OK) != 0);
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])) == 507);
	EXPECT(provider_ask(&scene, "GET", STAGED, nothing) == 404);
	EXPECT(access(provider_file(&scene, ".CTLFile.tlv.staged"), F_OK) != 0);
	EXPECT(access(provider_state(&scene, "CTLFile.tlv.next"), F_OK) != 0);
	EXPECT(limit > 1 || provider_ask_json(&scene, "PUT", "/v1/mode", "{\"mode\": 1}") == 507);
	return 0;
}

static rlim_t the_limit;

static int run_limited(void)
{
	return limited(the_limit);
}

static void test_no_room(void)
{
	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(put(&lists[0]), 200);
	/* The largest file that is written is the one that keeps the old one, with its line. */
	for (the_limit = 0; the_limit < lists[0].len; the_limit += 101)
		CU_ASSERT_EQUAL(in_child(run_limited), 0);
	the_limit = lists[0].len + 100;
	CU_ASSERT_EQUAL(in_child(run_limited), 0);
	CU_ASSERT_EQUAL(put(&lists[1]), 200);
	CU_ASSERT_TRUE(holds(1));
	provider_scene_free(&scene);
}

/* Up to the last page; "fill-0" and so on are one page each. */
static void fill(const char *directory)
{
	static const char page[4096];
	char path[512];

	for (unsigned i = 0; i < 16; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/fill-%u", directory, i);
		file = fopen(path, "wb");
		if (file == NULL)
			break;
		fwrite(page, 1, sizeof(page), file);
		fclose(file);
	}
}

/* A file system of some pages, mounted where nobody else sees it. */
static int full_disk(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", scene.settings.directory, "tmpfs", 0, "size=32k") != 0)
		return SKIPPED;
	provider_scene_open(&scene);
	EXPECT(put(&lists[0]) == 200);
	fill(scene.settings.directory);
	EXPECT(put(&lists[1]) == 507);
	EXPECT(provider_refuses(&scene, "No space left on device", "make room"));
	EXPECT(holds(0));
	/* That shows when it is staged. */
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])) == 507);
	EXPECT(provider_refuses(&scene, "No space left on device", "make room"));
	EXPECT(post(STAGED, "sha256", &lists[1]) == 409);
	EXPECT(holds(0));
	unlink(provider_file(&scene, "fill-0"));
	unlink(provider_file(&scene, "fill-1"));
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])) == 200);
	/* What is staged needs no more. */
	fill(scene.settings.directory);
	EXPECT(post(STAGED, "sha256", &lists[1]) == 200);
	EXPECT(holds(1));
	/* Then it can only be read. */
	EXPECT(mount(NULL, scene.settings.directory, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	EXPECT(post(REVERT, "to", &lists[0]) == 500);
	EXPECT(provider_refuses(&scene, "Read-only file system", "let the provider's user write"));
	EXPECT(holds(1));
	EXPECT(provider_ask(&scene, "GET", CTL, nothing) == 200);
	return 0;
}

/* The same where the provider keeps what was before. */
static int full_state(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", scene.settings.state, "tmpfs", 0, "size=32k") != 0)
		return SKIPPED;
	provider_scene_open(&scene);
	EXPECT(put(&lists[0]) == 200);
	fill(scene.settings.state);
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])) == 507);
	EXPECT(provider_refuses(&scene, "No space left on device", "make room"));
	EXPECT(access(provider_file(&scene, ".CTLFile.tlv.staged"), F_OK) != 0);
	unlink(provider_state(&scene, "fill-0"));
	unlink(provider_state(&scene, "fill-1"));
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[2])) == 200);
	fill(scene.settings.state);
	/* What NAME holds now is not what is kept: that would need room. */
	provider_write(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&lists[1]));
	EXPECT(post(STAGED, "sha256", &lists[2]) == 507);
	EXPECT(provider_holds(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&lists[1])));
	provider_write(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&lists[0]));
	EXPECT(post(STAGED, "sha256", &lists[2]) == 200);
	EXPECT(provider_holds(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&lists[2])));
	EXPECT(post(REVERT, "to", &lists[0]) == 200);
	EXPECT(holds(0));
	return 0;
}

static void check_full(int (*run)(void))
{
	int result;

	provider_scene(&scene);
	result = in_child(run);
	if (result == SKIPPED)
		harness_skip("a file system cannot be mounted here");
	else
		CU_ASSERT_EQUAL(result, 0);
	provider_scene_free(&scene);
}

static void test_full_disk(void)
{
	check_full(full_disk);
}

static void test_full_state(void)
{
	check_full(full_state);
}

/* Each moment between two steps of a delivery, made by hand. */
static void test_between(void)
{
	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(put(&lists[0]), 200);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])), 200);
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	/* Renamed, and killed before what was kept got its place; then something is staged. */
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(rename(provider_file(&scene, ".CTLFile.tlv.staged"),
			    provider_file(&scene, "CTLFile.tlv")),
	    0);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(post(STAGED, "sha256", &lists[1]), 200);
	CU_ASSERT_EQUAL(access(provider_state(&scene, "CTLFile.tlv.next"), F_OK), 0);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[2])), 200);
	CU_ASSERT_EQUAL(provider_ask(&scene, "DELETE", STAGED, nothing), 204);
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	CU_ASSERT_TRUE(holds(0));
	/* The same, and back at once. */
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])), 200);
	CU_ASSERT_EQUAL(rename(provider_file(&scene, ".CTLFile.tlv.staged"),
			    provider_file(&scene, "CTLFile.tlv")),
	    0);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	CU_ASSERT_TRUE(holds(0));
	CU_ASSERT_NOT_EQUAL(access(provider_state(&scene, "CTLFile.tlv.next"), F_OK), 0);
	/* What is staged and not committed takes nothing away from what was before. */
	CU_ASSERT_EQUAL(put(&lists[1]), 200);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[2])), 200);
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	CU_ASSERT_TRUE(holds(0));
	CU_ASSERT_EQUAL(post(STAGED, "sha256", &lists[2]), 200);
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[1]), 409);
	CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
	CU_ASSERT_TRUE(holds(0));
	/* What was kept is gone, or damaged: it is kept anew. */
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])), 200);
		if (i == 0)
			unlink(provider_state(&scene, "CTLFile.tlv.next"));
		else
			provider_write(
			    provider_state(&scene, "CTLFile.tlv.next"), text_bytes("before"));
		CU_ASSERT_EQUAL(post(STAGED, "sha256", &lists[1]), 200);
		CU_ASSERT_EQUAL(post(REVERT, "to", &lists[0]), 200);
		CU_ASSERT_TRUE(holds(0));
	}
	/* A link that somebody puts where it is staged is not followed. */
	provider_write(provider_file(&scene, "aim"), text_bytes("untouched"));
	CU_ASSERT_EQUAL(symlink("aim", provider_file(&scene, ".CTLFile.tlv.staged")), 0);
	CU_ASSERT_EQUAL(post(STAGED, "sha256", &lists[1]), 500);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])), 200);
	CU_ASSERT_TRUE(provider_holds(provider_file(&scene, "aim"), text_bytes("untouched")));
	CU_ASSERT_EQUAL(post(STAGED, "sha256", &lists[1]), 200);
	CU_ASSERT_TRUE(holds(1));
	provider_scene_free(&scene);
}

static int become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	if (chmod(harness_directory(), 0755) != 0)
		return -1;
	return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0 ? 0 : -1;
}

static int may_not_write(void)
{
	EXPECT(become_nobody() == 0);
	EXPECT(chmod(scene.settings.directory, 0555) == 0);
	EXPECT(put(&lists[1]) == 500);
	EXPECT(provider_refuses(&scene, "Permission denied", "let the provider's user write"));
	EXPECT(holds(0));
	EXPECT(provider_ask(&scene, "GET", CTL, nothing) == 200);
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])) == 500);
	EXPECT(chmod(scene.settings.directory, 0755) == 0);
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[1])) == 200);
	EXPECT(chmod(scene.settings.directory, 0555) == 0);
	EXPECT(post(STAGED, "sha256", &lists[1]) == 500);
	EXPECT(provider_ask(&scene, "DELETE", STAGED, nothing) == 500);
	EXPECT(provider_ask(&scene, "GET", STAGED, nothing) == 200);
	EXPECT(chmod(scene.settings.directory, 0755) == 0);
	EXPECT(chmod(scene.settings.state, 0500) == 0);
	EXPECT(put(&lists[2]) == 500);
	EXPECT(holds(0));
	EXPECT(provider_ask_json(&scene, "PUT", "/v1/mode", "{\"mode\": 1}") == 500);
	/* All that the second step needs is there already. */
	EXPECT(post(STAGED, "sha256", &lists[1]) == 200);
	EXPECT(holds(1));
	EXPECT(provider_ask(&scene, "PUT", STAGED, buffer_bytes(&lists[2])) == 500);
	EXPECT(provider_ask(&scene, "GET", STAGED, nothing) == 404);
	EXPECT(post(REVERT, "to", &lists[0]) == 200);
	EXPECT(holds(0));
	EXPECT(chmod(scene.settings.state, 0700) == 0);
	EXPECT(put(&lists[1]) == 200);
	EXPECT(holds(1));
	EXPECT(chmod(provider_file(&scene, "CTLFile.tlv"), 0) == 0);
	EXPECT(provider_ask(&scene, "GET", CTL, nothing) == 500);
	EXPECT(provider_refuses(&scene, "Permission denied", "read it"));
	return 0;
}

static int may_not_open(void)
{
	struct provider *none;
	struct error err = {0};

	EXPECT(become_nobody() == 0);
	EXPECT(chmod(scene.settings.state, 0500) == 0);
	EXPECT(provider_open(&scene.settings, &none, &err) == ST_IO);
	EXPECT(strstr(err.what, "Permission denied") != NULL && err.hint[0] != '\0');
	EXPECT(strstr(err.where, scene.settings.state) == err.where);
	EXPECT(chmod(scene.settings.state, 0700) == 0);
	EXPECT(chmod(scene.settings.directory, 0555) == 0);
	EXPECT(provider_open(&scene.settings, &none, &err) == ST_IO);
	EXPECT(strstr(err.what, "Permission denied") != NULL && err.hint[0] != '\0');
	EXPECT(strstr(err.where, scene.settings.directory) == err.where);
	return 0;
}

static void test_may_not(void)
{
	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(put(&lists[0]), 200);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(chown(scene.settings.directory, NOBODY, NOBODY), 0);
		CU_ASSERT_EQUAL(chown(scene.settings.state, NOBODY, NOBODY), 0);
		CU_ASSERT_EQUAL(chown(provider_file(&scene, "CTLFile.tlv"), NOBODY, NOBODY), 0);
	}
	CU_ASSERT_EQUAL(in_child(may_not_write), 0);
	provider_scene_free(&scene);
	provider_scene(&scene);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(chown(scene.settings.directory, NOBODY, NOBODY), 0);
		CU_ASSERT_EQUAL(chown(scene.settings.state, NOBODY, NOBODY), 0);
	}
	CU_ASSERT_EQUAL(in_child(may_not_open), 0);
	provider_scene_free(&scene);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"killed at any moment it has one of the two files, and the way back", test_killed},
	    {"what a killed one left is put in order", test_leftovers},
	    {"with no room for the file nothing changes", test_no_room},
	    {"a full disk is 507, a read-only one 500", test_full_disk},
	    {"a full state directory shows when a file is staged", test_full_state},
	    {"between any two steps of a delivery the way back stays open", test_between},
	    {"where it may not write nothing changes", test_may_not},
	};
	int failed;

	for (uint32_t i = 0; i < 3; i++)
		lists[i] = provider_list(BOTH, PROVIDER_TOKEN_1, 1000 + i, "CTLFile.tlv");
	failed = harness_main("provider faults", tests, HARNESS_COUNT(tests));
	buffer_free(&lists[0]);
	buffer_free(&lists[1]);
	buffer_free(&lists[2]);
	return failed;
}
