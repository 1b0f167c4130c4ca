/*
 * ctlproviderd.conf: what it says, what holds when it says nothing, and what is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Three lines with all that has to be there, and a fourth that begins. */
#define HEAD                                                                                       \
	"node = sub1 # me\ndirectory = tftp state = \"/var/x\"\n"                                  \
	"certificate = c.pem key = c.key clients = l.pem\n"

static struct error err;

static const char *conf_path(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/ctlproviderd.conf", harness_directory());
	return path;
}

static enum status read_bytes(const char *text, size_t len, struct provider_settings *out)
{
	FILE *file = fopen(conf_path(), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fwrite(text, 1, len, file);
	fclose(file);
	memset(out, 0, sizeof(*out));
	memset(&err, 0, sizeof(err));
	return provider_settings_read(conf_path(), out, &err);
}

static void read_good(const char *text, struct provider_settings *out)
{
	if (read_bytes(text, strlen(text), out) != ST_OK) {
		fprintf(stderr, "# %s: %s; %s\n", err.where, err.what, err.hint);
		CU_FAIL_FATAL("it was refused");
	}
}

/* PATH is NAME in the folder of the file. */
static void is_beside(const char *path, const char *name)
{
	char expected[300];

	snprintf(expected, sizeof(expected), "%s/%s", harness_directory(), name);
	CU_ASSERT_STRING_EQUAL(path, expected);
}

static void has_defaults(void)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct provider_settings out;

	read_good(HEAD, &out);
	CU_ASSERT_STRING_EQUAL(out.path, conf_path());
	CU_ASSERT_STRING_EQUAL(out.node, "sub1");
	CU_ASSERT_STRING_EQUAL(out.dns, "sub1");
	CU_ASSERT_STRING_EQUAL(out.address, "");
	CU_ASSERT_STRING_EQUAL(out.role, "subscriber");
	CU_ASSERT_STRING_EQUAL(out.release, "");
	CU_ASSERT_EQUAL_FATAL(out.n_services, 2);
	CU_ASSERT_STRING_EQUAL(out.services[0], "CallManager");
	CU_ASSERT_STRING_EQUAL(out.services[1], "TFTP");
	CU_ASSERT_EQUAL(out.n_servers, 0);
	for (size_t i = 0; i < PROVIDER_OFFERS; i++)
		CU_ASSERT_PTR_NULL(out.offers[i].path);
	CU_ASSERT_STRING_EQUAL(out.offers[0].name, "callmanager");
	CU_ASSERT_STRING_EQUAL(out.offers[3].name, "tvs");
	is_beside(out.directory, "tftp");
	CU_ASSERT_STRING_EQUAL(out.state, "/var/x");
	is_beside(out.certificate, "c.pem");
	is_beside(out.key, "c.key");
	is_beside(out.clients, "l.pem");
	CU_ASSERT_EQUAL(out.n_listen, 0);
	CU_ASSERT_PTR_NULL(out.user);
	CU_ASSERT_EQUAL(out.max_connections, 256);
	CU_ASSERT_EQUAL(out.max_per_client, 64);
	CU_ASSERT_EQUAL(out.timeout_s, 10);
	CU_ASSERT_EQUAL(out.threads, processors > 8 ? 8 : (unsigned)processors);
	provider_settings_free(&out);
	CU_ASSERT_PTR_NULL(out.node);
}

static void reads_everything(void)
{
	struct provider_settings out;

	read_good(HEAD "dns = s.lab.example // a comment\n"
		       "address = '10.1.2.4' role = publisher release = \"12.5(1)\"\n"
		       "services = {CAPF,\n  TVS, # more\n  CTL-Provider}\n"
		       "servers = {\"a 10.1.2.3 a.lab:2444\", \"b 2001:db8::1\"}\n"
		       "callmanager-certificate = /c/m capf-certificate = capf\n"
		       "itlrecovery-certificate = i tvs-certificate = \"a \\\"b\\\\\"\n"
		       "listen = {\"127.0.0.1:1\", \"[::1]:65535\"}\n"
		       "user = nobody max-connections = 10000 max-per-client = 1 timeout = 600\n"
		       "threads = 64",
	    &out);
	CU_ASSERT_STRING_EQUAL(out.dns, "s.lab.example");
	CU_ASSERT_STRING_EQUAL(out.address, "10.1.2.4");
	CU_ASSERT_STRING_EQUAL(out.role, "publisher");
	CU_ASSERT_STRING_EQUAL(out.release, "12.5(1)");
	CU_ASSERT_EQUAL_FATAL(out.n_services, 3);
	CU_ASSERT_STRING_EQUAL(out.services[2], "CTL-Provider");
	CU_ASSERT_EQUAL_FATAL(out.n_servers, 2);
	CU_ASSERT_STRING_EQUAL(out.servers[0], "a 10.1.2.3 a.lab:2444");
	CU_ASSERT_STRING_EQUAL(out.servers[1], "b 2001:db8::1");
	CU_ASSERT_STRING_EQUAL(out.offers[0].path, "/c/m");
	is_beside(out.offers[1].path, "capf");
	is_beside(out.offers[2].path, "i");
	is_beside(out.offers[3].path, "a \"b\\");
	CU_ASSERT_EQUAL_FATAL(out.n_listen, 2);
	CU_ASSERT_STRING_EQUAL(out.listen[1], "[::1]:65535");
	CU_ASSERT_STRING_EQUAL(out.user, "nobody");
	CU_ASSERT_EQUAL(out.max_connections, 10000);
	CU_ASSERT_EQUAL(out.max_per_client, 1);
	CU_ASSERT_EQUAL(out.timeout_s, 600);
	CU_ASSERT_EQUAL(out.threads, 64);
	provider_settings_free(&out);
	read_good(HEAD "role = media", &out);
	CU_ASSERT_EQUAL(out.n_services, 0);
	provider_settings_free(&out);
	read_good("\xef\xbb\xbf" HEAD "services = {}\r\n", &out);
	CU_ASSERT_EQUAL(out.n_services, 0);
	provider_settings_free(&out);
}

struct refusal {
	const char *text;
	unsigned line; /* 0: none is told */
	const char *what;
	const char *hint; /* a part */
};

static void check(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct refusal *refusal = &cases[i];
		struct provider_settings out;
		enum status st = read_bytes(refusal->text, strlen(refusal->text), &out);
		char where[300];

		snprintf(where, sizeof(where), "%s", conf_path());
		if (refusal->line != 0)
			snprintf(where + strlen(where), sizeof(where) - strlen(where), ": line %u",
			    refusal->line);
		if (st != ST_FORMAT || strcmp(err.what, refusal->what) != 0 ||
		    strcmp(err.where, where) != 0 || err.hint[0] == '\0' ||
		    strstr(err.hint, refusal->hint) == NULL) {
			fprintf(
			    stderr, "# case %zu: %s: %s; %s\n", i, err.where, err.what, err.hint);
			CU_FAIL("another refusal was expected");
		}
		provider_settings_free(&out);
	}
}

static void refuses_bad_grammar(void)
{
	static const struct refusal cases[] = {
	    {HEAD "dsn = x", 4, "'dsn' is not known", "node, dns, address"},
	    {HEAD "\n\"dns\" = x", 5, "'\"dns\"' is not known", "take one of"},
	    {HEAD "node = y", 4, "'node' is set twice", "line 1"},
	    {HEAD "dns = a; role = tftp", 4, "';' must not stand outside of quotes", "by itself"},
	    {HEAD "dns = \xc3\xa9", 4, "'\xc3\xa9' must not stand outside of quotes", "quotes"},
	    {HEAD "/* x */", 4, "'/' is not known", "take one of"},
	    {HEAD "dns = \"a\nb\"", 4, "a quote is not closed on its line", "write \""},
	    {HEAD "dns = 'a", 4, "a quote is not closed on its line", "write '"},
	    {HEAD "dns = \"${HOME}\"", 4, "variables such as ${HOME} are not replaced", "\\$"},
	    {HEAD "dns = \"a\\0\"", 4,
		"a backslash in double quotes stands before what it cannot stand before", "\\\\"},
	    {HEAD "dns = \"a\tb\"", 4, "a control character stands in quotes", "anew"},
	    {HEAD "# c\n\ndns \"x\"", 6, "missing equal sign after option 'dns'", "NAME = VALUE"},
	    {HEAD "dns = {a}", 4, "unexpected token '{'", "NAME = VALUE"},
	    {HEAD "}", 4, "unexpected closing brace", "NAME = VALUE"},
	    {HEAD "services = {TFTP", 4, "premature end of file", "NAME = VALUE"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_bad_values(void)
{
	static const struct refusal cases[] = {
	    {"", 0, "the setting 'node' is missing", "node ="},
	    {"node = a directory = d state = s certificate = c key = k", 0,
		"the setting 'clients' is missing", "clients ="},
	    {HEAD "dns = \"\"", 4, "'dns' is empty", "take the line away"},
	    {HEAD "dns = \"a b\"", 4, "'dns' cannot be 'a b'", "without blanks"},
	    {HEAD "address = 10.1.2", 4, "this is not an IP address: '10.1.2'", "192.0.2.10"},
	    {HEAD "role = boss", 4, "'role' cannot be 'boss'", "publisher, subscriber"},
	    {HEAD "services = {TFTP, \"x\\\"y\"}", 4, "this is no service: 'x\"y'", "CAPF"},
	    {HEAD "servers = {a}", 4, "this is no server: 'a'", "its name"},
	    {HEAD "servers = {\"a b\"}", 4, "this is no server: 'a b'", "its name"},
	    {HEAD "servers = {\"a 10.1.2.3 x\"}", 4, "this is no server: 'a 10.1.2.3 x'", "name"},
	    {HEAD "servers = {\"a 10.1.2.3 x:0\"}", 4, "this is no server: 'a 10.1.2.3 x:0'",
		"name"},
	    {HEAD "servers = {\"a 10.1.2.3 x:1 y\"}", 4, "this is no server: 'a 10.1.2.3 x:1 y'",
		"name"},
	    {HEAD "listen = {2444}", 4, "this is no address to listen on: '2444'", "[::]:2444"},
	    {HEAD "listen = {localhost:2444}", 4,
		"this is no address to listen on: 'localhost:2444'", "0.0.0.0:2444"},
	    {HEAD "listen = {127.0.0.1:65536}", 4,
		"this is no address to listen on: '127.0.0.1:65536'", "0.0.0.0:2444"},
	    {HEAD "listen = {127.0.0.1:0}", 4, "this is no address to listen on: '127.0.0.1:0'",
		"0.0.0.0:2444"},
	    {HEAD "listen = {\"::1:2444\"}", 4, "this is no address to listen on: '::1:2444'",
		"[::]:2444"},
	    {HEAD "max-connections = 0", 4, "'max-connections' cannot be '0'", "1 to 10000"},
	    {HEAD "max-per-client = 10001", 4, "'max-per-client' cannot be '10001'", "10000"},
	    {HEAD "timeout = 5s", 4, "'timeout' cannot be '5s'", "1 to 600"},
	    {HEAD "timeout = -1", 4, "'timeout' cannot be '-1'", "1 to 600"},
	    {HEAD "\nthreads = 65", 5, "'threads' cannot be '65'", "1 to 64"},
	    {HEAD "user = \"a b\"", 4, "'user' cannot be 'a b'", "without blanks"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_what_is_too_long(void)
{
	static char text[4096];
	struct provider_settings out;

	snprintf(text, sizeof(text), "%suser = '%0300d'", HEAD, 0);
	CU_ASSERT_EQUAL(read_bytes(text, strlen(text), &out), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'user' is longer than 255 bytes");
	provider_settings_free(&out);
	snprintf(text, sizeof(text), "%stvs-certificate = '%01025d'", HEAD, 0);
	CU_ASSERT_EQUAL(read_bytes(text, strlen(text), &out), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'tvs-certificate' is longer than 1024 bytes");
	provider_settings_free(&out);
	snprintf(text, sizeof(text), "%sservices = {", HEAD);
	for (int i = 0; i < 33; i++)
		strcat(text, "TFTP,");
	strcat(text, "TFTP}");
	CU_ASSERT_EQUAL(read_bytes(text, strlen(text), &out), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'services' has more than 32 values");
	provider_settings_free(&out);
}

static void refuses_what_is_no_text(void)
{
	static const char text[] = HEAD "dns = a\0b";
	struct provider_settings out;
	char where[300];

	CU_ASSERT_EQUAL(read_bytes(text, sizeof(text) - 1, &out), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "the file is no text: it holds a zero byte");
	snprintf(where, sizeof(where), "%s: line 4", conf_path());
	CU_ASSERT_STRING_EQUAL(err.where, where);
	provider_settings_free(&out);
	CU_ASSERT_EQUAL(provider_settings_read("/nonexistent/x.conf", &out, &err), ST_IO);
	CU_ASSERT_STRING_EQUAL(err.where, "/nonexistent/x.conf");
	provider_settings_free(&out);
}

/* Whatever is cut off or changed, it is read or refused with a place. */
static void survives_any_damage(void)
{
	static const char text[] =
	    HEAD "servers = {\"a 10.1.2.3 a:1\"} listen = {\"[::1]:1\"} timeout = 9 dns = '\\''";
	const size_t len = sizeof(text) - 1;
	char copy[sizeof(text)];
	struct provider_settings out;
	unsigned refused = 0;

	for (size_t i = 0; i < len; i++) {
		for (unsigned flip = 0; flip <= 8; flip++) {
			size_t n = flip == 8 ? i : len;
			enum status st;

			memcpy(copy, text, sizeof(text));
			if (flip < 8)
				copy[i] = (char)(copy[i] ^ (1 << flip));
			st = read_bytes(copy, n, &out);
			refused += st == ST_FORMAT;
			CU_ASSERT(st == ST_OK || (st == ST_FORMAT && err.what[0] != '\0'));
			CU_ASSERT(st == ST_OK || strstr(err.where, "ctlproviderd.conf") != NULL);
			provider_settings_free(&out);
		}
	}
	CU_ASSERT(refused > len);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a short file has defaults", has_defaults},
	    {"everything is read", reads_everything},
	    {"bad grammar is refused with its line", refuses_bad_grammar},
	    {"bad values are refused with their line", refuses_bad_values},
	    {"what is too long is refused", refuses_what_is_too_long},
	    {"what is no text is refused", refuses_what_is_no_text},
	    {"damage is read or refused", survives_any_damage},
	};

	return harness_main("provider_settings", tests, HARNESS_COUNT(tests));
}
