/*
 * Opening the state file: what makes it, who may read it, versions, and files that are not one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "base/file.h"
#include "base/text.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

static const char *beside(const char *ending)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s%s", store_path(), ending);
	return path;
}

static enum status opened(const char *path, enum store_access access)
{
	struct store *store = NULL;
	enum status st;

	error_clear(&err);
	st = store_open(path, access, "test", 0, &store, &err);
	CU_ASSERT_EQUAL(store != NULL, st == ST_OK);
	store_close(store);
	return st;
}

static void put(const char *path, struct bytes data)
{
	CU_ASSERT_EQUAL_FATAL(file_write_durably(path, data, true, 0600, &err), ST_OK);
}

static struct buffer get(const char *path)
{
	struct buffer data = BUFFER_INIT;

	CU_ASSERT_EQUAL_FATAL(file_read(path, 16 << 20, &data, NULL, &err), ST_OK);
	return data;
}

static void reading_makes_nothing(void)
{
	store_remove();
	CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_IO);
	CU_ASSERT_STRING_EQUAL(err.what, "there is no state file yet");
	CU_ASSERT_STRING_EQUAL(err.where, store_path());
	CU_ASSERT_STRING_NOT_EQUAL(err.hint, "");
	CU_ASSERT_NOT_EQUAL(access(store_path(), F_OK), 0);
	CU_ASSERT_NOT_EQUAL(access(beside(".lock"), F_OK), 0);
}

static void only_the_owner_may_read_it(void)
{
	static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
	struct store *store;
	struct stat sb;
	mode_t mask = umask(0);

	store = store_opened(STORE_CHANGE);
	store_fill(store, 1);
	umask(mask);
	for (size_t i = 0; i < HARNESS_COUNT(endings); i++) {
		CU_ASSERT_EQUAL_FATAL(stat(beside(endings[i]), &sb), 0);
		CU_ASSERT_EQUAL(sb.st_mode, S_IFREG | 0600);
	}
	store_close(store);
	/* What is left is one file and the lock. */
	CU_ASSERT_NOT_EQUAL(access(beside("-wal"), F_OK), 0);
	CU_ASSERT_NOT_EQUAL(access(beside(".new"), F_OK), 0);
	CU_ASSERT_EQUAL(access(beside(".lock"), F_OK), 0);
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA journal_mode"), "wal");
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA application_id"), "1129598067");
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA user_version"), "3");
	store_remove();
}

static void paths(void)
{
	char link[192], directory[160], old[512];
	struct store *store;

	/* A link is followed, and has the lock of what it names. */
	store_close(store_opened(STORE_CHANGE));
	snprintf(link, sizeof(link), "%s/link.db", harness_directory());
	CU_ASSERT_EQUAL(symlink("state.db", link), 0);
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(opened(link, STORE_READ), ST_OK);
	CU_ASSERT_EQUAL(opened(link, STORE_CHANGE), ST_BUSY);
	store_close(store);
	CU_ASSERT_EQUAL(opened(link, STORE_CHANGE), ST_OK);
	store_remove();
	CU_ASSERT_EQUAL(opened(link, STORE_CHANGE), ST_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "symbolic link"));
	CU_ASSERT_NOT_EQUAL(access(store_path(), F_OK), 0);
	unlink(link);

	/* A lock that leads elsewhere is not followed. */
	CU_ASSERT_EQUAL(symlink("elsewhere", beside(".lock")), 0);
	CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_IO);
	CU_ASSERT_STRING_EQUAL(err.where, beside(".lock"));
	store_remove();

	/* Names that mean something to SQLite mean nothing here. */
	CU_ASSERT_PTR_NOT_NULL(getcwd(old, sizeof(old)));
	CU_ASSERT_EQUAL_FATAL(chdir(harness_directory()), 0);
	CU_ASSERT_EQUAL(opened(":memory:", STORE_CHANGE), ST_OK);
	CU_ASSERT_EQUAL(access(":memory:", F_OK), 0);
	CU_ASSERT_EQUAL(opened("file:a?mode=memory", STORE_CHANGE), ST_OK);
	CU_ASSERT_EQUAL(access("file:a?mode=memory", F_OK), 0);
	CU_ASSERT_EQUAL(chdir(old), 0);

	snprintf(directory, sizeof(directory), "%s/none/state.db", harness_directory());
	CU_ASSERT_EQUAL(opened(directory, STORE_CHANGE), ST_IO);
	CU_ASSERT_EQUAL(opened(directory, STORE_READ), ST_IO);
	CU_ASSERT_EQUAL(opened(harness_directory(), STORE_CHANGE), ST_IO);
	CU_ASSERT_EQUAL(opened("/dev/null", STORE_READ), ST_IO);
	CU_ASSERT_EQUAL(opened("", STORE_CHANGE), ST_IO);
	CU_ASSERT_STRING_NOT_EQUAL(err.what, "");
}

static void a_newer_version_is_left_alone(void)
{
	struct buffer before, after;
	struct store *store = store_opened(STORE_CHANGE);

	store_fill(store, 1);
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA user_version = 7"), "");
	before = get(store_path());
	CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(
	    err.what, "the state file was made by a newer ctlsign (version 7, this one knows 3)");
	CU_ASSERT_STRING_EQUAL(err.where, store_path());
	CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_FAILED);
	after = get(store_path());
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&before), buffer_bytes(&after)));
	buffer_free(&before);
	buffer_free(&after);
	store_ask("PRAGMA user_version = 0");
	CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_FORMAT);
	store_remove();
}

static const char *const later_steps[] = {
    "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('kept')",
    "CREATE TABLE b (y TEXT); INSERT INTO b SELECT x || '!' FROM a",
    "INSERT INTO b VALUES ('third')",
};
static const char *const broken_steps[] = {
    "",
    "CREATE TABLE b (y TEXT); INSERT INTO b SELECT x || '!' FROM a",
    "INSERT INTO c VALUES ('no such table')",
};

/* The machinery with steps of its own, on a database of its own. */
static void versions_are_migrated_step_by_step(void)
{
	struct store store = {.lock = -1, .access = STORE_CHANGE};
	int64_t version = 0;

	store.name = store.path = (char *)(uintptr_t)store_path();
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(store_path(), &store.db), SQLITE_OK);
	CU_ASSERT_EQUAL(schema_migrate(&store, later_steps, 1, &err), ST_OK);
	CU_ASSERT_EQUAL(schema_version(&store, 1, &version, &err), ST_OK);
	CU_ASSERT_EQUAL(version, 1);
	CU_ASSERT_EQUAL(schema_compare(&store, later_steps, 1, &err), ST_OK);
	CU_ASSERT_EQUAL(schema_compare(&store, later_steps, 3, &err), ST_FORMAT);
	/* One step of two fails: none is taken. */
	CU_ASSERT_EQUAL(schema_migrate(&store, broken_steps, 3, &err), ST_FORMAT);
	CU_ASSERT_EQUAL(schema_version(&store, 3, &version, &err), ST_OK);
	CU_ASSERT_EQUAL(version, 1);
	CU_ASSERT_EQUAL(schema_compare(&store, later_steps, 1, &err), ST_OK);
	/* Two steps at once, and then none. */
	CU_ASSERT_EQUAL(schema_migrate(&store, later_steps, 3, &err), ST_OK);
	CU_ASSERT_EQUAL(schema_migrate(&store, later_steps, 3, &err), ST_OK);
	CU_ASSERT_EQUAL(schema_version(&store, 3, &version, &err), ST_OK);
	CU_ASSERT_EQUAL(version, 3);
	CU_ASSERT_EQUAL(schema_compare(&store, later_steps, 3, &err), ST_OK);
	CU_ASSERT_EQUAL(schema_version(&store, 2, &version, &err), ST_FAILED);
	sqlite3_close(store.db);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT group_concat(y) FROM b"), "kept!,third");
	store_remove();
}

static void files_of_others(void)
{
	CU_ASSERT_EQUAL(schema_n_steps, 3);
	put(store_path(), text_bytes(""));
	CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "the state file is empty");
	CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_FORMAT);
	put(store_path(),
	    text_bytes("cluster = \"lab\"\nthis is a configuration, and long enough, "
		       "that there is a header of a hundred bytes to be read in it\n"));
	CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "this is no state file of ctlsign");
	CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "this is no state file of ctlsign");
	store_remove();
	CU_ASSERT_STRING_EQUAL(store_ask("CREATE TABLE places (url TEXT)"), "");
	CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "a database of another program"));
	CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM sqlite_master"), "1");
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA journal_mode"), "delete");
	store_remove();
}

/* Tables of ours, altered so that they do more, or less, than we know of. */
static void altered_tables(void)
{
	static const char *const changes[] = {
	    "CREATE TRIGGER extra AFTER INSERT ON audit BEGIN DELETE FROM trusted; END",
	    "CREATE VIEW extra AS SELECT 1",
	    "CREATE TABLE extra (a)",
	    "DROP TABLE setting",
	    "DROP TRIGGER audit_stays",
	    "DROP INDEX generation_pending",
	    "DROP INDEX migration_open",
	    "CREATE INDEX extra ON phone (seen)",
	    "CREATE TRIGGER extra AFTER INSERT ON phone BEGIN DELETE FROM trusted; END",
	    "ALTER TABLE setting ADD COLUMN extra TEXT",
	};

	for (size_t i = 0; i < HARNESS_COUNT(changes); i++) {
		store_close(store_opened(STORE_CHANGE));
		store_ask(changes[i]);
		CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "its tables are not those"));
		CU_ASSERT_EQUAL(opened(store_path(), STORE_CHANGE), ST_FORMAT);
		store_remove();
	}
	/* What a person may have done to make it faster is no damage. */
	store_close(store_opened(STORE_CHANGE));
	store_ask("ANALYZE");
	CU_ASSERT_EQUAL(opened(store_path(), STORE_READ), ST_OK);
	store_remove();
}

static enum status count_it(void *context, const struct generation *generation, struct error *e)
{
	(void)generation;
	(void)e;
	++*(int *)context;
	return ST_OK;
}

static void readers_do_not_wait(void)
{
	struct generation got = GENERATION_INIT;
	struct audit_entry entry = store_entry("sets");
	struct store *changing = store_opened(STORE_CHANGE), *reading;
	int n = 0;

	reading = store_opened(STORE_READ);
	store_fill(changing, 1);
	CU_ASSERT_EQUAL(store_current(reading, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 1);
	store_fill(changing, 1);
	CU_ASSERT_EQUAL(store_generations(reading, count_it, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 2);
	/* The reader stays; what the changing run left is whole for all. */
	store_close(changing);
	CU_ASSERT_EQUAL(store_current(reading, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 2);
	changing = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_set(changing, "a", "b", &entry, &err), ST_OK);
	store_close(reading);
	store_close(changing);
	generation_free(&got);
	store_remove();
}

/* In a process without root's powers; its exit code is the number of the check that failed. */
static int look_as_somebody(void)
{
	struct generation got = GENERATION_INIT;
	struct store *store = NULL;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	if (store_open(store_path(), STORE_READ, NULL, 0, &store, &err) != ST_OK)
		return 2;
	if (store_current(store, &got, &err) != ST_OK || got.number != 2)
		return 3;
	generation_free(&got);
	store_close(store);
	if (store_open(store_path(), STORE_CHANGE, "test", 0, &store, &err) != ST_IO)
		return 4;
	return strstr(err.what, "Permission denied") != NULL && err.hint[0] != '\0' ? 0 : 5;
}

static void a_directory_that_cannot_be_written_to(void)
{
	struct store *store = store_opened(STORE_CHANGE);
	int status = 0;
	pid_t pid;

	store_fill(store, 2);
	store_close(store);
	unlink(beside(".lock"));
	CU_ASSERT_EQUAL(chmod(store_path(), 0444), 0);
	CU_ASSERT_EQUAL(chmod(harness_directory(), 0555), 0);
	pid = fork();
	if (pid == 0)
		_exit(look_as_somebody());
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	CU_ASSERT_EQUAL(chmod(harness_directory(), 0700), 0);
	store_remove();
}

/* A real limit instead of a made-up error: no file may grow beyond it. */
static int begin_on_a_full_disk(void)
{
	const struct rlimit limit = {64 * 1024, 64 * 1024};
	struct audit_entry entry = store_entry("a step");
	struct generation big = store_generation_of("x");
	struct store *store = store_opened(STORE_CHANGE);
	enum status st;

	signal(SIGXFSZ, SIG_IGN);
	if (!buffer_reserve(&big.ctl, 500000) || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	memset(big.ctl.data, 0x5A, 500000);
	big.ctl.len = 500000;
	st = store_begin(store, &big, &entry, &err);
	store_close(store);
	generation_free(&big);
	return st == ST_IO && strstr(err.where, "state.db") != NULL && err.hint[0] != '\0' ? 0 : 2;
}

static void a_file_that_cannot_grow(void)
{
	struct generation got = GENERATION_INIT;
	struct store *store = store_opened(STORE_CHANGE);
	int status = 0;
	char last[65];
	int64_t n = 0;
	pid_t pid;

	store_fill(store, 1);
	store_close(store);
	pid = fork();
	if (pid == 0)
		_exit(begin_on_a_full_disk());
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 1);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 2);
	store_close(store);
	generation_free(&got);
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"reading makes nothing", reading_makes_nothing},
	    {"only the owner may read it", only_the_owner_may_read_it},
	    {"paths: links, directories, names that SQLite knows", paths},
	    {"a newer version is told, and left alone", a_newer_version_is_left_alone},
	    {"versions are migrated step by step", versions_are_migrated_step_by_step},
	    {"files of others", files_of_others},
	    {"altered tables", altered_tables},
	    {"readers do not wait", readers_do_not_wait},
	    {"a directory that cannot be written to can be read",
		a_directory_that_cannot_be_written_to},
	    {"a file that cannot grow stays whole", a_file_that_cannot_grow},
	};

	return harness_main("store open", tests, HARNESS_COUNT(tests));
}
