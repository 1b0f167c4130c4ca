/* SFTP targets over a real sshd.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "fixture_reach.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_deliver(void)
{
	const struct bytes first = bytes_of("first"), second = bytes_of("second");
	struct buffer out = BUFFER_INIT;
	struct reach r;
	struct stat sb;
	bool there = true;

	if (!have_server())
		return;
	clean(&server);
	reach_open(&r, &server, server.port, server.files);
	CU_ASSERT_EQUAL(get(&r, &out, &there), ST_OK);
	CU_ASSERT_FALSE(there);
	CU_ASSERT_EQUAL(stage(&r, first), ST_OK);
	CU_ASSERT(holds(file(&server, STAGED), first));
	CU_ASSERT_NOT_EQUAL(access(file(&server, CTL), F_OK), 0);
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	CU_ASSERT(holds(file(&server, CTL), first));
	CU_ASSERT_NOT_EQUAL(access(file(&server, STAGED), F_OK), 0);
	CU_ASSERT(stat(file(&server, CTL), &sb) == 0 && (sb.st_mode & 07777) == 0644);
	/* Over a file that is there. */
	CU_ASSERT_EQUAL(stage(&r, second), ST_OK);
	CU_ASSERT(holds(file(&server, CTL), first));
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	CU_ASSERT_EQUAL(get(&r, &out, &there), ST_OK);
	CU_ASSERT(there && bytes_equal(buffer_bytes(&out), second));
	buffer_free(&out);
	reach_close(&r);
}

static void test_sizes(void)
{
	static const size_t sizes[] = {
	    0, 1, 32767, 32768, 32769, 65536, 100000, TARGET_MAX_FILE - 1, TARGET_MAX_FILE};
	uint8_t *data = malloc(TARGET_MAX_FILE + 1);
	struct buffer out = BUFFER_INIT;
	struct reach r;
	bool there;

	if (!have_server()) {
		free(data);
		return;
	}
	clean(&server);
	fill(data, TARGET_MAX_FILE + 1);
	reach_open(&r, &server, server.port, server.files);
	for (size_t i = 0; i < HARNESS_COUNT(sizes); i++) {
		const struct bytes want = {data, sizes[i]};

		CU_ASSERT_EQUAL(stage(&r, want), ST_OK);
		CU_ASSERT_EQUAL(commit(&r), ST_OK);
		CU_ASSERT_EQUAL(get(&r, &out, &there), ST_OK);
		CU_ASSERT(there && bytes_equal(buffer_bytes(&out), want));
		CU_ASSERT(holds(file(&server, CTL), want));
	}
	CU_ASSERT_EQUAL(stage(&r, (struct bytes){data, TARGET_MAX_FILE + 1}), ST_LIMIT);
	CU_ASSERT(says(&r, "too large", ""));
	buffer_free(&out);
	free(data);
	reach_close(&r);
}

static void test_put_back(void)
{
	const struct bytes old = bytes_of("old");
	struct reach r;

	if (!have_server())
		return;
	clean(&server);
	reach_open(&r, &server, server.port, server.files);
	put(file(&server, CTL), "new");
	CU_ASSERT_EQUAL(r.target->ops->put_back(r.target, CTL, &old, &r.err), ST_OK);
	CU_ASSERT(holds(file(&server, CTL), old));
	CU_ASSERT_EQUAL(r.target->ops->put_back(r.target, CTL, &old, &r.err), ST_OK);
	CU_ASSERT_EQUAL(r.target->ops->put_back(r.target, CTL, NULL, &r.err), ST_OK);
	CU_ASSERT_NOT_EQUAL(access(file(&server, CTL), F_OK), 0);
	CU_ASSERT_EQUAL(r.target->ops->put_back(r.target, CTL, NULL, &r.err), ST_OK);
	reach_close(&r);
}

static void test_unstage(void)
{
	struct reach r;

	if (!have_server())
		return;
	clean(&server);
	reach_open(&r, &server, server.port, server.files);
	put(file(&server, CTL), "old");
	CU_ASSERT_EQUAL(stage(&r, bytes_of("new")), ST_OK);
	CU_ASSERT_EQUAL(r.target->ops->unstage(r.target, CTL, &r.err), ST_OK);
	CU_ASSERT_NOT_EQUAL(access(file(&server, STAGED), F_OK), 0);
	CU_ASSERT_EQUAL(r.target->ops->unstage(r.target, CTL, &r.err), ST_OK);
	CU_ASSERT_EQUAL(commit(&r), ST_IO);
	CU_ASSERT(says(&r, "cannot put the staged file in place", "publish --resume"));
	CU_ASSERT(holds(file(&server, CTL), bytes_of("old")));
	reach_close(&r);
}

static void test_mode_kept(void)
{
	struct reach r;
	struct stat sb;

	if (!have_server())
		return;
	clean(&server);
	reach_open(&r, &server, server.port, server.files);
	put(file(&server, CTL), "old");
	CU_ASSERT_EQUAL(chmod(file(&server, CTL), 0640), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chown(file(&server, CTL), 1234, 4321), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("new")), ST_OK);
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	CU_ASSERT_EQUAL(stat(file(&server, CTL), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0640);
	if (geteuid() == 0)
		CU_ASSERT(sb.st_uid == 1234 && sb.st_gid == 4321);
	reach_close(&r);
}

static void test_connections(void)
{
	struct inventory_target places[28];
	struct target *targets[28];
	char paths[28][256];
	struct sshd_relay relay;
	char host_key[256];
	struct reach r;

	if (!have_server())
		return;
	sshd_relay_start(&relay, server.port);
	snprintf(host_key, sizeof(host_key), "%s/host.pub", server.folder);
	sshd_add_known(server.known, relay.port, host_key);
	reach_open(&r, &server, relay.port, server.files);
	for (size_t i = 0; i < 28; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%zu", server.files, i);
		CU_ASSERT_EQUAL(mkdir(paths[i], 0755), 0);
		places[i] = r.place;
		places[i].path = paths[i];
		CU_ASSERT_EQUAL_FATAL(
		    target_new(&places[i], &r.access, &r.links, &targets[i], &r.err), ST_OK);
		/* That of the test itself is the first. */
		if (i < 3)
			CU_ASSERT_STRING_EQUAL(targets[i]->link, r.target->link);
	}
	for (size_t i = 0; i < 28; i++)
		CU_ASSERT_EQUAL(
		    targets[i]->ops->stage(targets[i], CTL, bytes_of("x"), &r.err), ST_OK);
	for (size_t i = 0; i < 28; i++) {
		CU_ASSERT_EQUAL(targets[i]->ops->commit(targets[i], CTL, &r.err), ST_OK);
		snprintf(paths[i] + strlen(paths[i]), 32, "/%s", CTL);
		CU_ASSERT(holds(paths[i], bytes_of("x")));
	}
	CU_ASSERT_STRING_NOT_EQUAL(targets[3]->link, r.target->link);
	CU_ASSERT_EQUAL(atomic_load(&relay.accepted), 4);
	for (size_t i = 0; i < 28; i++)
		target_free(targets[i]);
	reach_close(&r);
	sshd_relay_stop(&relay);
}

static void test_home(void)
{
	struct sshd at;
	struct reach r;
	char command[256];

	/* A server whose home is the directory's parent. */
	snprintf(command, sizeof(command), "cd %s/home && exec /usr/lib/openssh/sftp-server",
	    harness_directory());
	if (!sshd_start(&at, "home", command))
		return;
	reach_open(&r, &at, at.port, "/~/files/");
	CU_ASSERT_EQUAL(stage(&r, bytes_of("below the home")), ST_OK);
	CU_ASSERT_EQUAL(commit(&r), ST_OK);
	CU_ASSERT(holds(file(&at, CTL), bytes_of("below the home")));
	reach_close(&r);
	sshd_stop(&at);
}

static void test_no_directory(void)
{
	struct buffer out = BUFFER_INIT;
	char path[256];
	struct reach r;
	bool there;

	if (!have_server())
		return;
	clean(&server);
	snprintf(path, sizeof(path), "%s/missing", server.files);
	reach_open(&r, &server, server.port, path);
	CU_ASSERT_EQUAL(get(&r, &out, &there), ST_IO);
	CU_ASSERT(says(&r, "missing does not exist", "make it there"));
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "missing does not exist", "make it there"));
	reach_close(&r);
	put(file(&server, "plain"), "x");
	snprintf(path, sizeof(path), "%s/plain", server.files);
	reach_open(&r, &server, server.port, path);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "plain is no directory", "mend the path"));
	reach_close(&r);
	unlink(path);
}

static void test_read_only(void)
{
	struct sshd at;
	struct reach r;

	if (!sshd_start(&at, "readonly", "exec /usr/lib/openssh/sftp-server -P open"))
		return;
	reach_open(&r, &at, at.port, at.files);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "permission denied", "read and write the directory"));
	reach_close(&r);
	sshd_stop(&at);
}

static void test_full(void)
{
	struct bytes old = bytes_of("old");
	struct bytes data = {malloc(100000), 100000};
	struct sshd at;
	struct reach r;

	/* Files end at 8 KB there. */
	if (!sshd_start(
		&at, "full", "trap '' XFSZ; ulimit -f 16; exec /usr/lib/openssh/sftp-server")) {
		free((void *)data.data);
		return;
	}
	memset((void *)data.data, 'x', data.len);
	put(file(&at, CTL), "old");
	reach_open(&r, &at, at.port, at.files);
	CU_ASSERT_EQUAL(stage(&r, data), ST_IO);
	CU_ASSERT(says(&r, "cannot write the file", "full"));
	CU_ASSERT(holds(file(&at, CTL), old));
	CU_ASSERT_NOT_EQUAL(access(file(&at, STAGED), F_OK), 0);
	/* The connection is as good as before. */
	CU_ASSERT_EQUAL(stage(&r, bytes_of("small")), ST_OK);
	reach_close(&r);
	sshd_stop(&at);
	free((void *)data.data);
}

static void test_leftovers_and_links(void)
{
	struct buffer out = BUFFER_INIT;
	struct reach r;
	struct stat sb;
	bool there;

	if (!have_server())
		return;
	clean(&server);
	put(file(&server, "victim"), "mine");
	reach_open(&r, &server, server.port, server.files);
	put(file(&server, STAGED), "left, and longer than what comes");
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	CU_ASSERT(holds(file(&server, STAGED), bytes_of("x")));
	/* A link in the place of the staged file. */
	unlink(file(&server, STAGED));
	CU_ASSERT_EQUAL(symlink("victim", file(&server, STAGED)), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_OK);
	CU_ASSERT(holds(file(&server, "victim"), bytes_of("mine")));
	CU_ASSERT(lstat(file(&server, STAGED), &sb) == 0 && S_ISREG(sb.st_mode));
	/* A directory there. */
	unlink(file(&server, STAGED));
	CU_ASSERT_EQUAL(mkdir(file(&server, STAGED), 0755), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "cannot remove what an earlier run left", ""));
	rmdir(file(&server, STAGED));
	/* A link in the place of the file. */
	CU_ASSERT_EQUAL(symlink("victim", file(&server, CTL)), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "is a symbolic link", "move it out of the way"));
	CU_ASSERT_EQUAL(get(&r, &out, &there), ST_IO);
	CU_ASSERT_EQUAL(r.target->ops->put_back(r.target, CTL, NULL, &r.err), ST_IO);
	CU_ASSERT(lstat(file(&server, CTL), &sb) == 0 && S_ISLNK(sb.st_mode));
	CU_ASSERT_NOT_EQUAL(access(file(&server, STAGED), F_OK), 0);
	unlink(file(&server, CTL));
	/* A directory, and a pipe. */
	CU_ASSERT_EQUAL(mkdir(file(&server, CTL), 0755), 0);
	CU_ASSERT_EQUAL(stage(&r, bytes_of("x")), ST_IO);
	CU_ASSERT(says(&r, "is a directory", "move it out of the way"));
	rmdir(file(&server, CTL));
	CU_ASSERT_EQUAL(mkfifo(file(&server, CTL), 0644), 0);
	CU_ASSERT_EQUAL(get(&r, &out, &there), ST_IO);
	CU_ASSERT(says(&r, "is not a regular file", "move it out of the way"));
	unlink(file(&server, CTL));
	buffer_free(&out);
	reach_close(&r);
}

static void test_huge_file(void)
{
	struct buffer out = BUFFER_INIT;
	struct reach r;
	bool there;

	if (!have_server())
		return;
	clean(&server);
	put(file(&server, CTL), "x");
	CU_ASSERT_EQUAL(truncate(file(&server, CTL), (off_t)1 << 33), 0);
	reach_open(&r, &server, server.port, server.files);
	CU_ASSERT_EQUAL(get(&r, &out, &there), ST_LIMIT);
	CU_ASSERT(says(&r, "is larger than 1048576 bytes", "move it out of the way"));
	CU_ASSERT(out.cap < (4u << 20));
	buffer_free(&out);
	reach_close(&r);
	clean(&server);
}

static const struct harness_test tests[] = {
    {"stage, commit and get", test_deliver},
    {"files of all sizes, up to the largest", test_sizes},
    {"put_back restores and removes, and may be repeated", test_put_back},
    {"unstage removes what was staged", test_unstage},
    {"a file's owner and mode are kept", test_mode_kept},
    {"28 targets of one server use four connections, the first four one", test_connections},
    {"/~/ is below the home", test_home},
    {"the directory has to be there", test_no_directory},
    {"a directory that is read-only", test_read_only},
    {"a full disk", test_full},
    {"leftovers and links are not followed", test_leftovers_and_links},
    {"a huge file is not read", test_huge_file},
};

int main(void)
{
	int rc = harness_main("publish_sftp", tests, HARNESS_COUNT(tests));

	sshd_stop(&server);
	return rc;
}
