/*
 * Which modules are loaded, and why others are not.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_softhsm.h"
#include "harness.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

static void check_rejected(const char *path, const char *what)
{
	const struct tokens_options options = {.modules = &path, .n_modules = 1};
	struct tokens *tokens = NULL;

	error_clear(&err);
	CU_ASSERT_EQUAL(tokens_open(&options, &tokens, &err), ST_MODULE);
	CU_ASSERT_PTR_NULL(tokens);
	if (strstr(err.what, what) == NULL) {
		fprintf(stderr, "# %s: %s\n", path, err.what);
		CU_FAIL("the error says something else");
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, path));
}

/* A copy of FROM in the test's directory. */
static const char *copy(const char *from, const char *name, mode_t mode)
{
	static char path[PATH_MAX];
	char buffer[65536];
	ssize_t n;
	int in, out;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	in = open(from, O_RDONLY);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CU_ASSERT_FATAL(in >= 0 && out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		CU_ASSERT_EQUAL_FATAL(write(out, buffer, (size_t)n), n);
	CU_ASSERT_EQUAL(fchmod(out, mode), 0);
	close(in);
	close(out);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static bool start(void)
{
	static bool made;
	char serial[17];

	if (softhsm_module() == NULL)
		return false;
	if (!made) {
		softhsm_begin();
		softhsm_new_token("one", serial);
		softhsm_end();
	}
	made = true;
	return true;
}

static void test_rejected_files(void)
{
	char path[PATH_MAX];

	check_rejected("libsofthsm2.so", "not absolute");
	check_rejected("/no/such/module.so", "cannot find the module");
	check_rejected(harness_directory(), "not a regular file");
	snprintf(path, sizeof(path), "%s/text.so", harness_directory());
	write_file(path, "no shared object\n");
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	check_rejected(path, "cannot load the module");
	CU_ASSERT_EQUAL(chmod(path, 0664), 0);
	check_rejected(path, "others can write the module's file");
	CU_ASSERT_EQUAL(chmod(path, 0646), 0);
	check_rejected(path, "others can write the module's file");
}

static void test_rejected_directory(void)
{
	char directory[PATH_MAX], path[PATH_MAX + 8];

	snprintf(directory, sizeof(directory), "%s/shared", harness_directory());
	CU_ASSERT_EQUAL_FATAL(mkdir(directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/m.so", directory);
	write_file(path, "no shared object\n");
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	CU_ASSERT_EQUAL(chmod(directory, 0777), 0);
	check_rejected(path, "others can write the module's directory");
	CU_ASSERT_EQUAL(chmod(directory, 01777), 0);
	check_rejected(path, "cannot load the module");
}

/* Who can rename a directory further up can put another one in its place. */
static void test_rejected_parent(void)
{
	char top[PATH_MAX], directory[PATH_MAX + 8], path[PATH_MAX + 16];

	snprintf(top, sizeof(top), "%s/everybody", harness_directory());
	snprintf(directory, sizeof(directory), "%s/mine", top);
	snprintf(path, sizeof(path), "%s/m.so", directory);
	CU_ASSERT_EQUAL_FATAL(mkdir(top, 0700), 0);
	CU_ASSERT_EQUAL_FATAL(mkdir(directory, 0755), 0);
	write_file(path, "no shared object\n");
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	CU_ASSERT_EQUAL(chmod(top, 0777), 0);
	check_rejected(path, "everybody can write");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "/everybody,"));
	CU_ASSERT_EQUAL(chmod(top, 01777), 0);
	check_rejected(path, "cannot load the module");
	CU_ASSERT_EQUAL(chmod(top, 0755), 0);
	check_rejected(path, "cannot load the module");
}

static void test_rejected_owner(void)
{
	char path[PATH_MAX];

	if (geteuid() != 0) {
		harness_skip("only root can give a file away");
		return;
	}
	snprintf(path, sizeof(path), "%s/foreign.so", harness_directory());
	write_file(path, "no shared object\n");
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	CU_ASSERT_EQUAL(chown(path, 65534, 65534), 0);
	check_rejected(path, "neither root nor you");
}

/* A shared object that every machine with this program has. */
static void test_not_pkcs11(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[PATH_MAX + 128];
	char *at = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(maps);
	while (at == NULL && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "libcrypto.so") != NULL)
			at = strchr(line, '/');
	fclose(maps);
	if (at == NULL) {
		harness_skip("libcrypto is linked statically");
		return;
	}
	at[strcspn(at, "\n")] = '\0';
	check_rejected(copy(at, "crypto.so", 0644), "no C_GetFunctionList");
}

static void test_broken_configuration(void)
{
	char old[PATH_MAX];

	if (!start())
		return;
	snprintf(old, sizeof(old), "%s", getenv("SOFTHSM2_CONF"));
	setenv("SOFTHSM2_CONF", "/no/such/file", 1);
	check_rejected(softhsm_module(), "C_Initialize failed");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "CKR_GENERAL_ERROR, 0x5"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "SOFTHSM2_CONF"));
	setenv("SOFTHSM2_CONF", old, 1);
}

static void test_same_twice(void)
{
	char link[PATH_MAX];
	const char *modules[2];
	const struct tokens_options options = {.modules = modules, .n_modules = 2};
	struct tokens *tokens = NULL;

	if (!start())
		return;
	snprintf(link, sizeof(link), "%s/again.so", harness_directory());
	CU_ASSERT_EQUAL(symlink(softhsm_module(), link), 0);
	modules[0] = softhsm_module();
	modules[1] = link;
	CU_ASSERT_EQUAL_FATAL(tokens_open(&options, &tokens, &err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	tokens_close(tokens);
	modules[1] = "/no/such/module.so";
	CU_ASSERT_EQUAL(tokens_open(&options, &tokens, &err), ST_MODULE);
}

static void register_module(const char *name, const char *module)
{
	char path[PATH_MAX], text[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/pkcs11/modules/%s.module", harness_directory(), name);
	snprintf(text, sizeof(text), "module: %s\n", module);
	write_file(path, text);
}

/* Tells of each time that somebody opens PATH, as the loader must. */
static int watch_openings(const char *path)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	CU_ASSERT_FATAL(watch >= 0 && inotify_add_watch(watch, path, IN_OPEN) >= 0);
	return watch;
}

/* Ends the watch. */
static bool was_opened(int watch)
{
	char events[4096];
	bool opened = read(watch, events, sizeof(events)) > 0;

	close(watch);
	return opened;
}

/* What there is and what is missing, as a sentence; "" when all is well. */
static const char *open_registered(void)
{
	const struct tokens_options options = {.n_modules = 0};
	bool found = false, loose = false, missing = false;
	struct tokens *tokens = NULL;

	if (tokens_open(&options, &tokens, &err) != ST_OK)
		return err.what;
	for (size_t i = 0; i < tokens_count(tokens); i++)
		found |= strcmp(tokens_at(tokens, i)->label, "one") == 0;
	for (size_t i = 0; i < tokens_problem_count(tokens); i++) {
		const struct error *problem = tokens_problem_at(tokens, i);

		loose |= strstr(problem->where, "loose.so") != NULL &&
			 strstr(problem->what, "others can write") != NULL;
		missing |= strcmp(problem->where, "/no/such/module.so") == 0 &&
			   strstr(problem->what, "cannot find") != NULL;
	}
	tokens_close(tokens);
	return !found	  ? "the token is missing"
	       : !loose	  ? "loose.so was not rejected"
	       : !missing ? "the missing module is not a problem"
			  : "";
}

/* p11-kit reads a user's own configuration, but not root's: root becomes somebody else first. */
static void test_registered(void)
{
	char path[PATH_MAX], command[PATH_MAX + 32];
	int state = -1, good, loose;
	pid_t child;

	if (!start())
		return;
	setenv("XDG_CONFIG_HOME", harness_directory(), 1);
	snprintf(path, sizeof(path), "%s/pkcs11", harness_directory());
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/pkcs11/modules", harness_directory());
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	register_module("good", copy(softhsm_module(), "good.so", 0644));
	register_module("loose", copy(softhsm_module(), "loose.so", 0666));
	register_module("missing", "/no/such/module.so");
	if (geteuid() == 0) {
		snprintf(command, sizeof(command), "chown -R 65534 %s", harness_directory());
		CU_ASSERT_EQUAL_FATAL(system(command), 0);
	}
	snprintf(path, sizeof(path), "%s/good.so", harness_directory());
	good = watch_openings(path);
	snprintf(path, sizeof(path), "%s/loose.so", harness_directory());
	loose = watch_openings(path);
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		const char *wrong;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		wrong = open_registered();
		if (wrong[0] != '\0')
			fprintf(stderr, "# %s\n", wrong);
		_exit(wrong[0] == '\0' ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
	CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	CU_ASSERT(was_opened(good));
	CU_ASSERT(!was_opened(loose));
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"files that are no module or not safe are rejected", test_rejected_files},
	    {"a directory that others can write is rejected", test_rejected_directory},
	    {"a directory further up that everybody can write is rejected", test_rejected_parent},
	    {"a stranger's file is rejected", test_rejected_owner},
	    {"a shared object without C_GetFunctionList is rejected", test_not_pkcs11},
	    {"a module that does not initialise is rejected with its code",
		test_broken_configuration},
	    {"the same file twice is one module, and a bad one spoils all", test_same_twice},
	    {"registered modules are used; a rejected one has its reason and is not loaded",
		test_registered},
	};

	return harness_main("tokens modules", tests, HARNESS_COUNT(tests));
}
