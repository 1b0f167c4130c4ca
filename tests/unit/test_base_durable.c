/*
 * Durable writes where the file system cannot do everything: no unnamed files, no hard links, no
 * renaming without replacing, no /proc.  A system call filter in a child plays those; it needs no
 * privilege and is gone with the child.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __NR_newfstatat
#define __NR_newfstatat __NR_fstatat64
#endif

/* A system call that answers with an error when argument ARG has all bits of MASK. */
struct refusal {
	int call;
	unsigned arg;
	uint32_t mask; /* 0: always */
	int errnum;    /* 0: it does nothing and returns 0 */
};

#define NO_UNNAMED                                                                                 \
	{                                                                                          \
		__NR_openat, 2, O_TMPFILE, EOPNOTSUPP                                              \
	}
#define NO_LINKS(error)                                                                            \
	{                                                                                          \
		__NR_linkat, 0, 0, error                                                           \
	}
#define NO_PROC                                                                                    \
	{                                                                                          \
		__NR_linkat, 4, AT_SYMLINK_FOLLOW, ENOENT                                          \
	}
#define NO_RENAME_FLAGS                                                                            \
	{                                                                                          \
		__NR_renameat2, 4, 1, EINVAL                                                       \
	}

#define MAX_REFUSALS 4

/* The low half of argument N in struct seccomp_data. */
static uint32_t argument_offset(unsigned n)
{
	return (uint32_t)(offsetof(struct seccomp_data, args) + n * sizeof(uint64_t) +
			  (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
}

static bool refuse(const struct refusal *refusals, size_t n)
{
	struct sock_filter code[6 * MAX_REFUSALS + 1];
	struct sock_fprog program = {.filter = code};
	unsigned short at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct refusal *r = &refusals[i];
		const uint32_t answer = SECCOMP_RET_ERRNO | (uint32_t)r->errnum;

		code[at++] = (struct sock_filter)BPF_STMT(
		    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
		code[at++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->call, 0, 4);
		code[at++] =
		    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument_offset(r->arg));
		code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r->mask);
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->mask, 0, 1);
		code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = at;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

static bool holds(const char *name, const char *text)
{
	struct buffer buf = BUFFER_INIT;
	struct error err;
	bool same;

	same = file_read(path_of(name), 100000, &buf, NULL, &err) == ST_OK &&
	       bytes_equal(buffer_bytes(&buf), text_bytes(text));
	buffer_free(&buf);
	return same;
}

/* Everything in the test's directory but NAME. */
static size_t others_than(const char *name)
{
	DIR *dir = opendir(harness_directory());
	struct dirent *entry;
	size_t n = 0;

	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.' || strstr(entry->d_name, ".tmp") != NULL;
	closedir(dir);
	return access(path_of(name), F_OK) == 0 ? n - 1 : n;
}

#define CHILD_CANNOT 99

/* Writes TEXT to "a" in a child under the filter; returns the child's status. */
static enum status write_under(
    const struct refusal *refusals, size_t n, const char *text, bool replace)
{
	struct error err;
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(20);
		if (!refuse(refusals, n))
			_exit(CHILD_CANNOT);
		_exit((int)file_write_durably(path_of("a"), text_bytes(text), replace, 0644, &err));
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status));
	return WIFEXITED(status) ? (enum status)WEXITSTATUS(status) : ST_FAILED;
}

static bool filters_work(void)
{
	static const struct refusal none[] = {NO_UNNAMED};
	struct refusal all[] = {{__NR_openat, 2, 0, EPERM}};
	bool allowed = write_under(none, 0, "probe", true) == ST_OK;
	bool refused = write_under(all, 1, "other", true) == ST_IO;

	unlink(path_of("a"));
	if (!allowed || !refused)
		harness_skip("system calls cannot be filtered here");
	return allowed && refused;
}

/* New, refused, replaced: and nothing beside the file. */
static void all_of_it_works(const struct refusal *refusals, size_t n)
{
	struct stat sb;

	if (!filters_work())
		return;
	CU_ASSERT_EQUAL(write_under(refusals, n, "first", false), ST_OK);
	CU_ASSERT_TRUE(holds("a", "first"));
	CU_ASSERT_EQUAL(stat(path_of("a"), &sb), 0);
	CU_ASSERT_EQUAL(sb.st_mode & 07777, 0644);
	CU_ASSERT_EQUAL(sb.st_nlink, 1);
	CU_ASSERT_EQUAL(write_under(refusals, n, "second", false), ST_EXISTS);
	CU_ASSERT_TRUE(holds("a", "first"));
	CU_ASSERT_EQUAL(write_under(refusals, n, "third", true), ST_OK);
	CU_ASSERT_TRUE(holds("a", "third"));
	CU_ASSERT_EQUAL(others_than("a"), 0);
	unlink(path_of("a"));
}

static void without_unnamed_files(void)
{
	static const struct refusal refusals[] = {NO_UNNAMED};

	all_of_it_works(refusals, 1);
}

static void without_links(void)
{
	static const struct refusal fat[] = {NO_UNNAMED, NO_LINKS(EPERM)};
	static const struct refusal cifs[] = {NO_UNNAMED, NO_LINKS(EOPNOTSUPP)};
	static const struct refusal sandbox[] = {NO_LINKS(EACCES)};

	all_of_it_works(fat, 2);
	all_of_it_works(cifs, 2);
	all_of_it_works(sandbox, 1);
}

static void without_renaming_flags(void)
{
	static const struct refusal nfs[] = {NO_UNNAMED, NO_RENAME_FLAGS};

	all_of_it_works(nfs, 2);
}

static void without_links_and_renaming_flags(void)
{
	static const struct refusal refusals[] = {NO_UNNAMED, NO_LINKS(EPERM), NO_RENAME_FLAGS};

	all_of_it_works(refusals, 3);
}

static void without_proc(void)
{
	static const struct refusal refusals[] = {NO_PROC};

	all_of_it_works(refusals, 1);
}

/* The name is taken between the look at it and the end: each way refuses by itself. */
static void never_replaces_what_came_meanwhile(void)
{
	/* fstatat() sees nothing: as if the file came later. */
	static const struct refusal blind = {__NR_newfstatat, 3, AT_SYMLINK_NOFOLLOW, ENOENT};
	const struct refusal ways[][MAX_REFUSALS] = {
	    {blind, {__NR_getpid, 0, 0, 0}, {__NR_getpid, 0, 0, 0}, {__NR_getpid, 0, 0, 0}},
	    {blind, NO_UNNAMED, {__NR_getpid, 0, 0, 0}, {__NR_getpid, 0, 0, 0}},
	    {blind, NO_UNNAMED, NO_RENAME_FLAGS, {__NR_getpid, 0, 0, 0}},
	    {blind, NO_UNNAMED, NO_RENAME_FLAGS, NO_LINKS(EPERM)},
	};
	struct error err;

	if (!filters_work())
		return;
	CU_ASSERT_EQUAL(
	    file_write_durably(path_of("a"), text_bytes("old"), false, 0644, &err), ST_OK);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		CU_ASSERT_EQUAL(write_under(ways[i], MAX_REFUSALS, "new", false), ST_EXISTS);
		CU_ASSERT_TRUE(holds("a", "old"));
		CU_ASSERT_EQUAL(others_than("a"), 0);
	}
	unlink(path_of("a"));
}

/* A broken disk is no reason to try another way. */
static void errors_of_the_disk_are_errors(void)
{
	static const struct refusal link_fails[] = {NO_LINKS(EIO)};
	static const struct refusal rename_fails[] = {
	    NO_UNNAMED, {__NR_renameat2, 4, 1, EIO}, NO_LINKS(EPERM)};

	if (!filters_work())
		return;
	CU_ASSERT_EQUAL(write_under(link_fails, 1, "x", false), ST_IO);
	CU_ASSERT_EQUAL(write_under(link_fails, 1, "x", true), ST_IO);
	CU_ASSERT_EQUAL(write_under(rename_fails, 3, "x", false), ST_IO);
	CU_ASSERT_EQUAL(others_than("a"), 0);
	CU_ASSERT_EQUAL(access(path_of("a"), F_OK), -1);
}

static void a_write_of_nothing_is_an_error(void)
{
	static const struct refusal refusals[] = {{__NR_write, 0, 0, 0}};

	if (!filters_work())
		return;
	CU_ASSERT_EQUAL(write_under(refusals, 1, "x", false), ST_IO);
	CU_ASSERT_EQUAL(others_than("a"), 0);
	CU_ASSERT_EQUAL(access(path_of("a"), F_OK), -1);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"without unnamed files", without_unnamed_files},
	    {"without hard links", without_links},
	    {"without renaming that never replaces", without_renaming_flags},
	    {"without any of them", without_links_and_renaming_flags},
	    {"without /proc", without_proc},
	    {"never replaces what came meanwhile, whatever is missing",
		never_replaces_what_came_meanwhile},
	    {"errors of the disk stay errors", errors_of_the_disk_are_errors},
	    {"a write of nothing is an error, and no endless loop", a_write_of_nothing_is_an_error},
	};

	return harness_main("durable", tests, HARNESS_COUNT(tests));
}
