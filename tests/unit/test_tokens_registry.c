/*
 * p11-kit's configuration as we read it: which modules, in which order, and what is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "tokens/registry.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

/* A file below the test's directory; its path. */
static const char *write_bytes(const char *name, const void *data, size_t len)
{
	static char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(data, 1, len, f), len);
	CU_ASSERT_EQUAL(fclose(f), 0);
	return path;
}

static const char *write_text(const char *name, const char *text)
{
	return write_bytes(name, text, strlen(text));
}

static enum status read_bytes(struct p11_config *config, const void *data, size_t len)
{
	error_clear(&err);
	return p11_config_read(write_bytes("x.conf", data, len), false, config, &err);
}

static enum status read_text(struct p11_config *config, const char *text)
{
	return read_bytes(config, text, strlen(text));
}

static void test_lines(void)
{
	struct p11_config c = {{NULL}};

	CU_ASSERT_EQUAL(read_text(&c, "# module: comment\n"
				      "\n"
				      "  module :  /x/a b.so \r\n"
				      "priority:\t7\n"
				      "unknown: nobody cares\n"
				      "x-init-reserved: a: b\n"
				      "trust-policy:\n"
				      "priority: 8"),
	    ST_OK);
	CU_ASSERT_STRING_EQUAL(c.value[P11_MODULE], "/x/a b.so");
	CU_ASSERT_STRING_EQUAL(c.value[P11_PRIORITY], "8");
	CU_ASSERT_STRING_EQUAL(c.value[P11_INIT_RESERVED], "a: b");
	CU_ASSERT_STRING_EQUAL(c.value[P11_TRUST_POLICY], "");
	CU_ASSERT_PTR_NULL(c.value[P11_REMOTE]);
	/* What was read first stays; the rest is added. */
	CU_ASSERT_EQUAL(read_text(&c, "module: /y.so\nremote: |x\n"), ST_OK);
	CU_ASSERT_STRING_EQUAL(c.value[P11_MODULE], "/x/a b.so");
	CU_ASSERT_STRING_EQUAL(c.value[P11_REMOTE], "|x");
	p11_config_free(&c);
}

static void test_malformed(void)
{
	static const char *const bad[] = {"module: /x.so\n\nno colon\n", "module: x\n\n[section]\n",
	    "\n\n-----BEGIN CERTIFICATE-----\n", "\n\n[a:b]\n"};
	struct p11_config c = {{NULL}};
	char *large = malloc(70000);

	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		CU_ASSERT_EQUAL(read_text(&c, bad[i]), ST_MODULE);
		CU_ASSERT_STRING_EQUAL(err.what, "line 3 is not understood");
		CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "/x.conf"));
		CU_ASSERT_PTR_NULL(c.value[P11_MODULE]);
	}
	CU_ASSERT_EQUAL(read_bytes(&c, "module: /x\0y.so\n", 16), ST_MODULE);
	memset(large, '#', 70000);
	CU_ASSERT_EQUAL(read_bytes(&c, large, 70000), ST_MODULE);
	CU_ASSERT_EQUAL(read_bytes(&c, large, 60000), ST_OK);
	CU_ASSERT_EQUAL(p11_config_read(harness_directory(), false, &c, &err), ST_MODULE);
	CU_ASSERT_EQUAL(p11_config_read("/no/such/file", false, &c, &err), ST_OK);
	free(large);
	p11_config_free(&c);
}

static void test_words(void)
{
	CU_ASSERT(p11_config_lists("ctlsign", "ctlsign"));
	CU_ASSERT(p11_config_lists("a, ctlsign b", "ctlsign"));
	CU_ASSERT(p11_config_lists("a,ctlsign", "ctlsign"));
	CU_ASSERT(!p11_config_lists("", "ctlsign"));
	CU_ASSERT(!p11_config_lists("ctlsign2 xctlsign ctl", "ctlsign"));
}

static void make_directory(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	mkdir(path, 0755);
}

/* Runs CHECK as somebody whose own configuration counts: not as root. */
static void as_user(bool (*check)(void))
{
	char command[PATH_MAX + 32];
	int state = -1;
	pid_t child;

	if (geteuid() == 0) {
		snprintf(command, sizeof(command), "chown -R 65534 %s", harness_directory());
		CU_ASSERT_EQUAL_FATAL(system(command), 0);
	}
	setenv("XDG_CONFIG_HOME", harness_directory(), 1);
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child == 0)
		_exit(getuid() == 0 && setresuid(65534, 65534, 65534) != 0 ? 2 : check() ? 0 : 1);
	CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
	CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

/* "first=/path second=/path" */
static const char *listed(void)
{
	static char text[4096];
	struct registry registry;
	size_t len = 0;

	text[0] = '\0';
	if (registry_open(&registry, &err) != ST_OK) {
		snprintf(text, sizeof(text), "%s: %s", err.where, err.what);
		return text;
	}
	for (size_t i = 0; i < registry.n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s=%s",
		    len > 0 ? " " : "", registry.modules[i].name, registry.modules[i].path);
	for (size_t i = 0; i < registry.problems.n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " !%s: %s",
		    strrchr(registry.problems.list[i].where, '/'), registry.problems.list[i].what);
	registry_close(&registry);
	return text;
}

static bool is_listed(const char *expected)
{
	const char *have = listed();

	if (strcmp(have, expected) != 0)
		fprintf(stderr, "# %s\n", have);
	return strcmp(have, expected) == 0;
}

static bool check_order(void)
{
	return is_listed("high=/m/high.so a=/m/a.so b=/m/b.so low=/m/low.so "
			 "!/broken.module: line 2 is not understood");
}

static bool check_merged(void)
{
	const char *have = listed();

	/* Whatever the system registers comes, too, so nothing more can be said. */
	return strstr(have, "a=/m/a.so") != NULL && strstr(have, "high=/m/high.so") != NULL;
}

static bool check_none(void)
{
	return strstr(listed(), "/m/") == NULL;
}

static bool check_switched_off(void)
{
	return setenv("P11_KIT_NO_USER_CONFIG", "1", 1) == 0 && check_none();
}

static bool check_bad_mode(void)
{
	const char *have = listed();

	return strstr(have, "pkcs11.conf: 'user-config: perhaps' is not understood") != NULL;
}

static void register_all(void)
{
	make_directory("pkcs11");
	make_directory("pkcs11/modules");
	write_text("pkcs11/modules/b.module", "module: /m/b.so\n");
	write_text("pkcs11/modules/a.module", "module: /m/a.so\nenable-in: other, ctlsign\n");
	write_text("pkcs11/modules/high.module", "module: /m/high.so\npriority: 9\n");
	write_text("pkcs11/modules/low.module", "module: /m/low.so\npriority: -1\n");
	write_text("pkcs11/modules/broken.module", "module: /m/broken.so\njunk\n");
	write_text("pkcs11/modules/off.module", "module: /m/off.so\ndisable-in: ctlsign\n");
	write_text("pkcs11/modules/other.module", "module: /m/other.so\nenable-in: ctlsign2\n");
	write_text("pkcs11/modules/trust.module", "module: /m/trust.so\ntrust-policy: yes\n");
	write_text("pkcs11/modules/remote.module", "module: /m/remote.so\nremote: |x\n");
	write_text("pkcs11/modules/proxy.module", "module: /m/p11-kit-proxy.so\n");
	write_text("pkcs11/modules/empty.module", "# nothing\n");
	write_text("pkcs11/modules/copy.module~", "module: /m/copy.so\n");
	write_text("pkcs11/modules/.hidden.module", "module: /m/hidden.so\n");
	write_text("pkcs11/modules/README", "no configuration");
}

static void test_registered(void)
{
	register_all();
	write_text("pkcs11/pkcs11.conf", "user-config: only\n");
	as_user(check_order);
	write_text("pkcs11/pkcs11.conf", "");
	as_user(check_merged);
	write_text("pkcs11/pkcs11.conf", "user-config: none\n");
	as_user(check_none);
	write_text("pkcs11/pkcs11.conf", "user-config: perhaps\n");
	as_user(check_bad_mode);
	write_text("pkcs11/pkcs11.conf", "user-config: only\n");
	as_user(check_switched_off);
	/* Root does not take what a user says. */
	if (getuid() == 0)
		CU_ASSERT(check_none());
}

static bool check_relative(void)
{
	const char *have = listed();
	const char *end = strstr(have, "/pkcs11/r.so");

	return strncmp(have, "r=/", 3) == 0 && end != NULL && strcmp(end, "/pkcs11/r.so") == 0;
}

static bool check_home(void)
{
	char home[PATH_MAX];

	snprintf(home, sizeof(home), "%s/home", harness_directory());
	return unsetenv("XDG_CONFIG_HOME") == 0 && setenv("HOME", home, 1) == 0 &&
	       is_listed("h=/m/h.so");
}

static void test_places(void)
{
	char command[PATH_MAX + 32];

	snprintf(command, sizeof(command), "rm -rf %s/pkcs11", harness_directory());
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
	make_directory("pkcs11");
	make_directory("pkcs11/modules");
	write_text("pkcs11/pkcs11.conf", "user-config: only\n");
	write_text("pkcs11/modules/r.module", "module: r.so\n");
	as_user(check_relative);
	make_directory("home");
	make_directory("home/.config");
	make_directory("home/.config/pkcs11");
	make_directory("home/.config/pkcs11/modules");
	write_text("home/.config/pkcs11/pkcs11.conf", "user-config: override\n");
	write_text("home/.config/pkcs11/modules/h.module", "module: /m/h.so\n");
	as_user(check_home);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"lines are read as p11-kit reads them", test_lines},
	    {"what is no such file is refused with its line", test_malformed},
	    {"programs are found in lists by whole words", test_words},
	    {"modules come in p11-kit's order, without those that are not for us", test_registered},
	    {"relative paths and the home directory", test_places},
	};

	return harness_main("tokens registry", tests, HARNESS_COUNT(tests));
}
