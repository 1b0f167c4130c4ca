/* Directories of this machine as targets.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "harness.h"

#include "base/file.h"
#include "publish/target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CTL    "CTLFile.tlv"
#define STAGED ".CTLFile.tlv.ctlsign"

static const struct inventory_publish settings = {.timeout = 10};
static const struct target_access access_all = {.settings = &settings, .timeout_ms = 10000};

static char folder[128];
static struct inventory_target place;
static struct target *target;
static struct error err;

/* A target of the new directory NAME. */
static void begin(const char *name)
{
	struct target_links *links = NULL;

	snprintf(folder, sizeof(folder), "%s/%s", harness_directory(), name);
	CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0755), 0);
	place = (struct inventory_target){.text = folder, .kind = TARGET_DIRECTORY, .path = folder};
	CU_ASSERT_EQUAL_FATAL(target_new(&place, &access_all, &links, &target, &err), ST_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(target->link);
	CU_ASSERT_PTR_NULL(links);
}

static void end(void)
{
	target_free(target);
	target = NULL;
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static enum status stage(struct bytes data)
{
	return target->ops->stage(target, CTL, data, &err);
}

static enum status commit(void)
{
	return target->ops->commit(target, CTL, &err);
}

static const char *file(const char *name)
{
	static char paths[2][256];
	static unsigned turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", folder, name);
	return paths[turn];
}

static bool holds(const char *name, struct bytes data)
{
	struct buffer out = BUFFER_INIT;
	bool same = file_read(file(name), 4u << 20, &out, NULL, NULL) == ST_OK &&
		    bytes_equal(buffer_bytes(&out), data);

	buffer_free(&out);
	return same;
}

static void put(const char *name, const char *text)
{
	CU_ASSERT_EQUAL_FATAL(
	    file_write_durably(file(name), bytes_of(text), true, 0644, NULL), ST_OK);
}

static bool missing(const char *name)
{
	struct stat sb;

	return lstat(file(name), &sb) != 0 && errno == ENOENT;
}

static bool says(const char *what, const char *hint)
{
	const bool fine = strstr(err.what, what) != NULL && strstr(err.hint, hint) != NULL &&
			  strcmp(err.where, place.text) == 0;

	if (!fine)
		printf("# %s: %s; %s\n", err.where, err.what, err.hint);
	return fine;
}

static void test_deliver(void)
{
	struct buffer out = BUFFER_INIT;
	bool there = true;
	mode_t mask;
	struct stat sb;

	begin("deliver");
	CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_OK);
	CU_ASSERT_FALSE(there);
	mask = umask(077);
	CU_ASSERT_EQUAL(stage(bytes_of("first")), ST_OK);
	umask(mask);
	CU_ASSERT(holds(STAGED, bytes_of("first")) && missing(CTL));
	CU_ASSERT_EQUAL(commit(), ST_OK);
	CU_ASSERT(holds(CTL, bytes_of("first")) && missing(STAGED));
	CU_ASSERT(stat(file(CTL), &sb) == 0 && (sb.st_mode & 07777) == 0644);
	CU_ASSERT_EQUAL(stage(bytes_of("second")), ST_OK);
	CU_ASSERT(holds(CTL, bytes_of("first")));
	CU_ASSERT_EQUAL(commit(), ST_OK);
	CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_OK);
	CU_ASSERT(there && bytes_equal(buffer_bytes(&out), bytes_of("second")));
	buffer_free(&out);
	end();
}

static void test_sizes(void)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, TARGET_MAX_FILE};
	struct buffer out = BUFFER_INIT;
	uint8_t *data = malloc(TARGET_MAX_FILE + 1);
	bool there;

	memset(data, 'x', TARGET_MAX_FILE + 1);
	begin("sizes");
	for (size_t i = 0; i < HARNESS_COUNT(sizes); i++) {
		const struct bytes want = {data, sizes[i]};

		CU_ASSERT(stage(want) == ST_OK && commit() == ST_OK);
		CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_OK);
		CU_ASSERT(there && bytes_equal(buffer_bytes(&out), want));
	}
	CU_ASSERT_EQUAL(stage((struct bytes){data, TARGET_MAX_FILE + 1}), ST_LIMIT);
	CU_ASSERT(says("too large", ""));
	CU_ASSERT(missing(STAGED));
	buffer_free(&out);
	free(data);
	end();
}

static void test_put_back(void)
{
	const struct bytes old = bytes_of("old");

	begin("put_back");
	put(CTL, "new");
	CU_ASSERT_EQUAL(target->ops->put_back(target, CTL, &old, &err), ST_OK);
	CU_ASSERT(holds(CTL, old) && missing(STAGED));
	CU_ASSERT_EQUAL(target->ops->put_back(target, CTL, &old, &err), ST_OK);
	CU_ASSERT_EQUAL(target->ops->put_back(target, CTL, NULL, &err), ST_OK);
	CU_ASSERT(missing(CTL));
	CU_ASSERT_EQUAL(target->ops->put_back(target, CTL, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(target->ops->put_back(target, CTL, &old, &err), ST_OK);
	CU_ASSERT(holds(CTL, old));
	end();
}

static void test_unstage(void)
{
	begin("unstage");
	put(CTL, "old");
	CU_ASSERT_EQUAL(stage(bytes_of("new")), ST_OK);
	CU_ASSERT_EQUAL(target->ops->unstage(target, CTL, &err), ST_OK);
	CU_ASSERT(missing(STAGED));
	CU_ASSERT_EQUAL(target->ops->unstage(target, CTL, &err), ST_OK);
	CU_ASSERT_EQUAL(commit(), ST_IO);
	CU_ASSERT(says("the staged file is not there any more", "publish --resume"));
	CU_ASSERT(holds(CTL, bytes_of("old")));
	end();
}

static void test_owner_and_mode(void)
{
	struct stat sb;

	begin("mode");
	put(CTL, "old");
	CU_ASSERT_EQUAL(chmod(file(CTL), 0640), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chown(file(CTL), 1234, 4321), 0);
	CU_ASSERT(stage(bytes_of("new")) == ST_OK && commit() == ST_OK);
	CU_ASSERT_EQUAL(stat(file(CTL), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0640);
	if (geteuid() == 0) {
		CU_ASSERT(sb.st_uid == 1234 && sb.st_gid == 4321);
		/* Somebody who cannot keep the owner leaves a file that the TFTP server can read.
		 */
		CU_ASSERT(chmod(folder, 0777) == 0 && chmod(harness_directory(), 0755) == 0);
		CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
		CU_ASSERT(stage(bytes_of("newer")) == ST_OK && commit() == ST_OK);
		CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
		CU_ASSERT_EQUAL(stat(file(CTL), &sb), 0);
		CU_ASSERT(sb.st_uid == 65534 && (sb.st_mode & 07777) == 0644);
	}
	end();
}

static void test_no_directory(void)
{
	struct buffer out = BUFFER_INIT;
	bool there;

	begin("none");
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("the directory does not exist", "mkdir -p"));
	CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_IO);
	CU_ASSERT(says("the directory does not exist", "mount it"));
	CU_ASSERT_EQUAL(file_write_durably(folder, bytes_of("x"), false, 0644, NULL), ST_OK);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("Not a directory", ""));
	end();
}

static void test_read_only(void)
{
	begin("readonly");
	put(CTL, "old");
	CU_ASSERT_EQUAL(chmod(folder, 0555), 0);
	CU_ASSERT_EQUAL(chmod(harness_directory(), 0755), 0);
	/* Nothing is read-only to root. */
	if (geteuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("cannot make a file in the directory: Permission denied", "access"));
	CU_ASSERT_EQUAL(commit(), ST_IO);
	if (getuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
	CU_ASSERT(holds(CTL, bytes_of("old")));
	chmod(folder, 0755);
	end();
}

static void test_file_size_limit(void)
{
	struct rlimit old, small;
	uint8_t data[20000];

	memset(data, 'x', sizeof(data));
	begin("limit");
	put(CTL, "old");
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){8192, old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	CU_ASSERT_EQUAL(stage((struct bytes){data, sizeof(data)}), ST_IO);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
	CU_ASSERT(says("cannot write the file: File too large", "make room there"));
	CU_ASSERT(holds(CTL, bytes_of("old")) && missing(STAGED));
	end();
}

static void test_full_disk(void)
{
	uint8_t data[200000];

	memset(data, 'x', sizeof(data));
	begin("full");
	if (mount("tmpfs", folder, "tmpfs", 0, "size=64k") != 0) {
		harness_skip("no file system can be mounted here");
		end();
		return;
	}
	put(CTL, "old");
	CU_ASSERT_EQUAL(stage((struct bytes){data, sizeof(data)}), ST_IO);
	CU_ASSERT(says("No space left on device", "make room there"));
	CU_ASSERT(holds(CTL, bytes_of("old")) && missing(STAGED));
	CU_ASSERT_EQUAL(mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("Read-only file system", "mount the file system"));
	CU_ASSERT_EQUAL(umount(folder), 0);
	end();
}

static void test_leftovers(void)
{
	struct stat sb;

	begin("leftovers");
	put("victim", "mine");
	put(STAGED, "left, and longer than what comes");
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_OK);
	CU_ASSERT(holds(STAGED, bytes_of("x")));
	unlink(file(STAGED));
	CU_ASSERT_EQUAL(symlink("victim", file(STAGED)), 0);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_OK);
	CU_ASSERT(holds("victim", bytes_of("mine")));
	CU_ASSERT(lstat(file(STAGED), &sb) == 0 && S_ISREG(sb.st_mode));
	unlink(file(STAGED));
	CU_ASSERT_EQUAL(mkdir(file(STAGED), 0755), 0);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("cannot remove what an earlier run left", ""));
	end();
}

static void test_links(void)
{
	struct buffer out = BUFFER_INIT;
	struct stat sb;
	bool there;

	begin("links");
	put("victim", "mine");
	CU_ASSERT_EQUAL(symlink("victim", file(CTL)), 0);
	CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_IO);
	CU_ASSERT(says("is a symbolic link", "move it out of the way"));
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("is a symbolic link", "move it out of the way"));
	CU_ASSERT(missing(STAGED));
	CU_ASSERT_EQUAL(target->ops->put_back(target, CTL, NULL, &err), ST_IO);
	CU_ASSERT(lstat(file(CTL), &sb) == 0 && S_ISLNK(sb.st_mode));
	/* One that comes between the two steps is replaced, not followed. */
	unlink(file(CTL));
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_OK);
	CU_ASSERT_EQUAL(symlink("victim", file(CTL)), 0);
	CU_ASSERT_EQUAL(commit(), ST_OK);
	CU_ASSERT(lstat(file(CTL), &sb) == 0 && S_ISREG(sb.st_mode));
	CU_ASSERT(holds("victim", bytes_of("mine")) && holds(CTL, bytes_of("x")));
	/* A directory, and a pipe that nobody writes to. */
	unlink(file(CTL));
	CU_ASSERT_EQUAL(mkdir(file(CTL), 0755), 0);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_IO);
	CU_ASSERT(says("is a directory", "move it out of the way"));
	CU_ASSERT_EQUAL(rmdir(file(CTL)), 0);
	CU_ASSERT_EQUAL(mkfifo(file(CTL), 0644), 0);
	CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_IO);
	CU_ASSERT(says("is not a regular file", "move it out of the way"));
	buffer_free(&out);
	end();
}

static void test_huge_file(void)
{
	struct buffer out = BUFFER_INIT;
	bool there;

	begin("huge");
	put(CTL, "x");
	CU_ASSERT_EQUAL(truncate(file(CTL), (off_t)1 << 33), 0);
	CU_ASSERT_EQUAL(target->ops->get(target, CTL, &out, &there, &err), ST_LIMIT);
	CU_ASSERT(says("is larger than 1048576 bytes", "move it out of the way"));
	CU_ASSERT(out.cap < (4u << 20));
	buffer_free(&out);
	end();
}

static void test_interrupt(void)
{
	begin("interrupt");
	target->ops->interrupt(target);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_FAILED);
	CU_ASSERT(says("time", ""));
	CU_ASSERT(missing(STAGED));
	target->ops->reset(target);
	CU_ASSERT_EQUAL(stage(bytes_of("x")), ST_OK);
	end();
}

static void test_staged_name(void)
{
	char name[TARGET_NAME_MAX];

	CU_ASSERT_STRING_EQUAL(target_staged_name(CTL, name), STAGED);
	CU_ASSERT_STRING_EQUAL(
	    target_staged_name("CTLSEP001122AABBCC.tlv", name), ".CTLSEP001122AABBCC.tlv.ctlsign");
}

static const struct harness_test tests[] = {
    {"stage, commit and get, whatever the umask", test_deliver},
    {"files of all sizes, up to the largest", test_sizes},
    {"put_back restores and removes, and may be repeated", test_put_back},
    {"unstage removes what was staged", test_unstage},
    {"a file's owner and mode are kept, or all may read it", test_owner_and_mode},
    {"the directory has to be there", test_no_directory},
    {"a directory that cannot be written", test_read_only},
    {"a limit on the size of files", test_file_size_limit},
    {"a full disk, and one that is read-only", test_full_disk},
    {"leftovers are replaced, links in their place not followed", test_leftovers},
    {"links, directories and pipes at the name are refused", test_links},
    {"a huge file is not read", test_huge_file},
    {"interrupt() holds until reset()", test_interrupt},
    {"the name of a staged file", test_staged_name},
};

int main(void)
{
	return harness_main("publish_directory", tests, HARNESS_COUNT(tests));
}
