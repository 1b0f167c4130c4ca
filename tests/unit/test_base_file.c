/*
 * Files: durable writes, their refusals, and PIN files.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(path_of(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	chmod(path_of(name), mode);
}

static bool holds(const char *name, const char *text)
{
	struct buffer buf = BUFFER_INIT;
	bool same;

	same = file_read(path_of(name), 100000, &buf, NULL, &err) == ST_OK &&
	       bytes_equal(buffer_bytes(&buf), text_bytes(text));
	buffer_free(&buf);
	return same;
}

/* How many entries the test's directory has whose name contains PART. */
static size_t entries_with(const char *part)
{
	DIR *dir = opendir(harness_directory());
	struct dirent *entry;
	size_t n = 0;

	while ((entry = readdir(dir)) != NULL)
		n += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return n;
}

static enum status write_text(const char *name, const char *text, bool replace)
{
	return file_write_durably(path_of(name), text_bytes(text), replace, 0644, &err);
}

static void writes_and_replaces(void)
{
	struct stat sb;

	CU_ASSERT_EQUAL(write_text("a", "first", false), ST_OK);
	CU_ASSERT_TRUE(holds("a", "first"));
	CU_ASSERT_EQUAL(write_text("a", "second", false), ST_EXISTS);
	CU_ASSERT_TRUE(holds("a", "first"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "--force"));
	chmod(path_of("a"), 0640);
	CU_ASSERT_EQUAL(write_text("a", "third", true), ST_OK);
	CU_ASSERT_TRUE(holds("a", "third"));
	CU_ASSERT_EQUAL(stat(path_of("a"), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0640);
	CU_ASSERT_EQUAL(entries_with(".tmp"), 0);
}

static void empty_and_large_content(void)
{
	struct buffer big = BUFFER_INIT, back = BUFFER_INIT;

	CU_ASSERT_EQUAL(write_text("empty", "", false), ST_OK);
	CU_ASSERT_TRUE(holds("empty", ""));
	for (unsigned i = 0; i < 70000; i++)
		buffer_add_u8(&big, i * 7u);
	CU_ASSERT_EQUAL(
	    file_write_durably(path_of("big"), buffer_bytes(&big), false, 0644, &err), ST_OK);
	CU_ASSERT_EQUAL(file_read(path_of("big"), 70000, &back, NULL, &err), ST_OK);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&big), buffer_bytes(&back)));
	CU_ASSERT_EQUAL(file_read(path_of("big"), 69999, &back, NULL, &err), ST_LIMIT);
	buffer_free(&big);
	buffer_free(&back);
}

static void refuses_what_is_no_file(void)
{
	CU_ASSERT_EQUAL(mkdir(path_of("dir"), 0755), 0);
	CU_ASSERT_EQUAL(write_text("dir", "x", true), ST_IO);
	CU_ASSERT_EQUAL(write_text("missing/x", "x", true), ST_IO);
	CU_ASSERT_EQUAL(write_text("dir/", "x", true), ST_IO);
	CU_ASSERT_EQUAL(mkfifo(path_of("fifo"), 0600), 0);
	CU_ASSERT_EQUAL(write_text("fifo", "x", true), ST_IO);
	CU_ASSERT_EQUAL(file_check_writable(path_of("dir"), true, &err), ST_IO);
	CU_ASSERT_EQUAL(file_check_writable(path_of("new"), false, &err), ST_OK);
	CU_ASSERT_EQUAL(access(path_of("new"), F_OK), -1);
}

static void follows_a_link_and_keeps_it(void)
{
	struct stat sb;
	char target[256];

	put("target", "old", 0644);
	snprintf(target, sizeof(target), "%s", path_of("target"));
	CU_ASSERT_EQUAL(symlink(target, path_of("link")), 0);
	CU_ASSERT_EQUAL(write_text("link", "new", true), ST_OK);
	CU_ASSERT_TRUE(holds("target", "new"));
	CU_ASSERT_EQUAL(lstat(path_of("link"), &sb), 0);
	CU_ASSERT_TRUE(S_ISLNK(sb.st_mode));
	CU_ASSERT_TRUE(file_same(target, path_of("link")));
	CU_ASSERT_FALSE(file_same(target, path_of("nothing")));
}

/* A full disk, as the process sees it: writes beyond the limit fail. */
static void a_failed_write_leaves_the_old_file(void)
{
	char big[5000];
	pid_t child;
	int status;

	put("kept", "the old file", 0644);
	memset(big, 'x', sizeof(big));
	child = fork();
	if (child == 0) {
		const struct rlimit limit = {4096, 4096};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(file_write_durably(path_of("kept"),
			  (struct bytes){(const uint8_t *)big, sizeof(big)}, true, 0644,
			  &err) == ST_IO
			  ? 7
			  : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CU_ASSERT_TRUE(holds("kept", "the old file"));
	CU_ASSERT_EQUAL(entries_with(".tmp"), 0);
}

/* A replaced file's mode is kept, but not what would make it a program of somebody's. */
static void keeps_permissions_only(void)
{
	struct stat sb;

	put("setuid", "old", 0644);
	CU_ASSERT_EQUAL(chmod(path_of("setuid"), 06755), 0);
	CU_ASSERT_EQUAL(write_text("setuid", "new", true), ST_OK);
	CU_ASSERT_EQUAL(stat(path_of("setuid"), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0755);
}

static void root_keeps_the_owner(void)
{
	struct stat sb;

	if (geteuid() != 0) {
		harness_skip("only root can give files away");
		return;
	}
	put("owned", "old", 0640);
	CU_ASSERT_EQUAL_FATAL(chown(path_of("owned"), 12345, 54321), 0);
	CU_ASSERT_EQUAL(write_text("owned", "new", true), ST_OK);
	CU_ASSERT_TRUE(holds("owned", "new"));
	CU_ASSERT_EQUAL(stat(path_of("owned"), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_uid, 12345);
	CU_ASSERT_EQUAL(sb.st_gid, 54321);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0640);
}

/* Somebody else's file in a folder of ours: the write succeeds, and no group gains a right. */
static void others_become_the_owner(void)
{
	struct stat sb;
	int status;
	pid_t child;

	if (geteuid() != 0) {
		harness_skip("only root can give files away");
		return;
	}
	CU_ASSERT_EQUAL_FATAL(mkdir(path_of("folder"), 0755), 0);
	put("folder/owned", "old", 0664);
	CU_ASSERT_EQUAL_FATAL(chown(path_of("folder/owned"), 12345, 54321), 0);
	CU_ASSERT_EQUAL_FATAL(chown(path_of("folder"), 23456, 23456), 0);
	CU_ASSERT_EQUAL_FATAL(chmod(harness_directory(), 0755), 0);
	child = fork();
	if (child == 0) {
		if (setgid(23456) != 0 || setuid(23456) != 0)
			_exit(1);
		_exit(write_text("folder/owned", "new", true) == ST_OK ? 7 : 2);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CU_ASSERT_TRUE(holds("folder/owned", "new"));
	CU_ASSERT_EQUAL(stat(path_of("folder/owned"), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_uid, 23456);
	CU_ASSERT_EQUAL(sb.st_gid, 23456);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0644);
}

/* A file is read into one piece of memory: a private key in it leaves no second copy. */
static void reads_into_one_allocation(void)
{
	struct buffer big = BUFFER_INIT, back = BUFFER_INIT;
	const uint8_t *before;

	for (unsigned i = 0; i < 70000; i++)
		buffer_add_u8(&big, i * 7u);
	CU_ASSERT_EQUAL(
	    file_write_durably(path_of("whole"), buffer_bytes(&big), true, 0644, &err), ST_OK);
	CU_ASSERT_TRUE(buffer_reserve(&back, 70001));
	before = back.data;
	CU_ASSERT_EQUAL(file_read(path_of("whole"), 100000, &back, NULL, &err), ST_OK);
	CU_ASSERT_PTR_EQUAL(back.data, before);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&big), buffer_bytes(&back)));
	buffer_free(&big);
	buffer_free(&back);
}

/* fstat() says 0 bytes, and there are some. */
static void reads_what_has_no_size(void)
{
	struct buffer buf = BUFFER_INIT;

	if (access("/proc/self/status", R_OK) != 0) {
		harness_skip("/proc is not mounted");
		return;
	}
	CU_ASSERT_EQUAL(file_read("/proc/self/status", 100000, &buf, NULL, &err), ST_OK);
	CU_ASSERT_TRUE(buf.len > 100);
	CU_ASSERT_EQUAL(memcmp(buffer_text(&buf), "Name:", 5), 0);
	CU_ASSERT_EQUAL(file_read("/proc/self/status", 99, &buf, NULL, &err), ST_LIMIT);
	buffer_free(&buf);
}

static enum status pin_of(const char *name, char *out, size_t size)
{
	struct secret s = SECRET_INIT;
	enum status st = secret_read_file(&s, path_of(name), &err);

	snprintf(out, size, "%s", st == ST_OK ? s.text : "");
	secret_wipe(&s);
	CU_ASSERT_PTR_NULL(s.text);
	return st;
}

static void pin_files(void)
{
	char pin[SECRET_MAX + 1], longest[SECRET_MAX + 2];

	put("pin", "1234\n", 0600);
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_OK);
	CU_ASSERT_STRING_EQUAL(pin, "1234");
	put("pin", "1234\r\nrest", 0600);
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_OK);
	CU_ASSERT_STRING_EQUAL(pin, "1234");
	put("pin", "without newline", 0600);
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_OK);
	CU_ASSERT_STRING_EQUAL(pin, "without newline");
	put("pin", "\n", 0600);
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_FORMAT);
	put("pin", "1234\n", 0644);
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "chmod 600"));
	memset(longest, '9', sizeof(longest));
	longest[SECRET_MAX] = '\0';
	put("pin", longest, 0600);
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_OK);
	CU_ASSERT_EQUAL(strlen(pin), SECRET_MAX);
	longest[SECRET_MAX] = '9';
	put("pin", "", 0600);
	{
		FILE *file = fopen(path_of("pin"), "w");

		fwrite(longest, 1, sizeof(longest), file);
		fclose(file);
	}
	CU_ASSERT_EQUAL(pin_of("pin", pin, sizeof(pin)), ST_LIMIT);
	CU_ASSERT_EQUAL(pin_of("no such file", pin, sizeof(pin)), ST_IO);
}

static void a_descriptor_is_read_to_the_line_end_only(void)
{
	struct secret s = SECRET_INIT;
	char rest[8] = "";
	int fds[2];

	CU_ASSERT_EQUAL(pipe(fds), 0);
	CU_ASSERT_EQUAL(write(fds[1], "77\nmore", 7), 7);
	close(fds[1]);
	CU_ASSERT_EQUAL(secret_read_fd(&s, fds[0], &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(s.text, "77");
	CU_ASSERT_EQUAL(s.len, 2);
	secret_wipe(&s);
	CU_ASSERT_EQUAL(read(fds[0], rest, sizeof(rest) - 1), 4);
	CU_ASSERT_STRING_EQUAL(rest, "more");
	close(fds[0]);
	CU_ASSERT_EQUAL(secret_read_fd(&s, fds[0], &err), ST_IO);
}

static void descriptors_that_can_hold_a_pin(void)
{
	int fds[2];
	int fd;

	put("pin", "1234\n", 0600);
	fd = open(path_of("pin"), O_RDONLY);
	CU_ASSERT_TRUE(secret_fd_usable(fd));
	close(fd);
	CU_ASSERT_FALSE(secret_fd_usable(fd));
	CU_ASSERT_FALSE(secret_fd_usable(-1));
	fd = open(path_of("pin"), O_WRONLY);
	CU_ASSERT_FALSE(secret_fd_usable(fd));
	close(fd);
	fd = open(path_of("pin"), O_PATH);
	CU_ASSERT_FALSE(secret_fd_usable(fd));
	close(fd);
	CU_ASSERT_EQUAL(pipe(fds), 0);
	CU_ASSERT_TRUE(secret_fd_usable(fds[0]));
	CU_ASSERT_FALSE(secret_fd_usable(fds[1]));
	close(fds[0]);
	close(fds[1]);
	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	CU_ASSERT_TRUE(secret_fd_usable(fds[0]));
	close(fds[0]);
	close(fds[1]);
	fd = open(harness_directory(), O_RDONLY);
	CU_ASSERT_FALSE(secret_fd_usable(fd));
	close(fd);
	fd = open("/dev/null", O_RDONLY);
	CU_ASSERT_FALSE(secret_fd_usable(fd));
	close(fd);
	fd = posix_openpt(O_RDWR | O_NOCTTY);
	CU_ASSERT_TRUE(secret_fd_usable(fd));
	close(fd);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"writes, refuses to replace, replaces and keeps the mode", writes_and_replaces},
	    {"empty and large content, and the limit of reading", empty_and_large_content},
	    {"refuses directories, FIFOs and missing places", refuses_what_is_no_file},
	    {"follows a symbolic link and keeps it", follows_a_link_and_keeps_it},
	    {"a failed write leaves the old file and no other", a_failed_write_leaves_the_old_file},
	    {"a replaced file keeps its permissions, but no set-user-id", keeps_permissions_only},
	    {"root keeps a replaced file's owner", root_keeps_the_owner},
	    {"others become the owner, and give no group a right", others_become_the_owner},
	    {"a file is read into one piece of memory", reads_into_one_allocation},
	    {"a file that says it is empty is read", reads_what_has_no_size},
	    {"PIN files: line ends, limits, modes", pin_files},
	    {"a PIN descriptor is read to the line's end only",
		a_descriptor_is_read_to_the_line_end_only},
	    {"descriptors that can hold a PIN, and others", descriptors_that_can_hold_a_pin},
	};

	return harness_main("file", tests, HARNESS_COUNT(tests));
}
