/*
 * ctlsign.conf: what is refused, on which line, and what it then says.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/bytes.h"
#include "cluster/inventory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three lines, and a fourth that begins. */
#define HEAD "cluster = lab\nrelease = \"12.5(1)\"\npublisher pub { address = 10.1.2.3 }\n"
#define OLD  "cluster = lab\nrelease = \"11.5(1)\"\npublisher pub { address = 10.1.2.3 }\n"

struct refusal {
	const char *text;
	unsigned line;	  /* 0: none is told */
	const char *what; /* the whole */
	const char *hint; /* a part */
};

static struct error err;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

static enum status read_bytes(const char *text, size_t len)
{
	struct inventory inventory = {0};
	FILE *file = fopen(path_of("ctlsign.conf"), "w");
	enum status st;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fwrite(text, 1, len, file);
	fclose(file);
	memset(&err, 0, sizeof(err));
	st = inventory_read(path_of("ctlsign.conf"), &inventory, &err);
	inventory_free(&inventory);
	return st;
}

static void check(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct refusal *refusal = &cases[i];
		enum status st = read_bytes(refusal->text, strlen(refusal->text));
		char where[300];

		snprintf(where, sizeof(where), "%s", path_of("ctlsign.conf"));
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
		CU_ASSERT_EQUAL(err.status, st);
	}
}

static void refuses_bad_grammar(void)
{
	static const struct refusal cases[] = {
	    {HEAD "\n# c\n\nsubscriber sub {\n dns \"x\"\n}", 8,
		"missing equal sign after option 'dns'", "write NAME = VALUE"},
	    {HEAD "/* a\nb */ digest = }", 5, "unexpected token '}'", "write NAME = VALUE"},
	    {HEAD "}", 4, "unexpected closing brace", "write NAME = VALUE"},
	    {HEAD "subscriber {\n}", 4, "missing title for section 'subscriber'",
		"publisher NAME { ... }"},
	    {HEAD "\nports x {}", 5, "missing opening brace for section 'ports'", "write NAME"},
	    {HEAD "digest =\n\n", 6, "premature end of file", "write NAME = VALUE"},
	    {HEAD "digest += sha1", 4, "'+' must not stand outside of quotes", "double quotes"},
	    {HEAD "digest = {sha1}", 4, "unexpected token '{'", "write NAME = VALUE"},
	    {HEAD "modules = {/a /b}", 4, "unexpected token '/b'", "NAME = {VALUE, VALUE}"},
	    {HEAD "subscriber s {\n\n", 4, "the section subscriber 's' is not closed", "write }"},
	    {HEAD "digest = sha1;", 4, "';' must not stand outside of quotes", "leave it away"},
	    {HEAD "domain = a*b", 4, "'*' must not stand outside of quotes", "double quotes"},
	    {HEAD "domain = \xc3\xa4.example", 4, "'\xc3\xa4' must not stand outside of quotes",
		"double quotes"},
	    {"release = 12.5(1)", 1, "'(' must not stand outside of quotes", "double quotes"},
	    {HEAD "include(\"/etc/passwd\")", 4, "'include' is not known", "take one of these: "},
	    {HEAD "\n/* never\n", 5, "a comment begins with /* and does not end", "*/"},
	    {HEAD "domain = \"a\ndigest = \"sha1\"", 4, "a quote is not closed on its line",
		"write \""},
	    {HEAD "domain = 'a\n", 4, "a quote is not closed on its line", "write '"},
	    {HEAD "domain = \"${HOME}\"", 4, "variables such as ${HOME} are not replaced", "\\$"},
	    {HEAD "domain = ${HOME}", 4, "'$' must not stand outside of quotes", "quotes"},
	    {HEAD "domain = \"a\\000b\"", 4,
		"a backslash in double quotes stands before what it cannot stand before", "\\\\"},
	    {HEAD "domain = \"a\\x00b\"", 4,
		"a backslash in double quotes stands before what it cannot stand before", "\\\\"},
	    {HEAD "domain = \"a\\\nb\"", 4,
		"a backslash in double quotes stands before what it cannot stand before", "\\\\"},
	    {HEAD "domain = \"a\x1b[2J\"", 4, "a control character stands in quotes", "type"},
	    {HEAD "domain = \"a\\x1bb\"", 4, "'domain' holds a control character", "type"},
	    {HEAD "domain = a\x01", 4, "'\\x01' must not stand outside of quotes", "quotes"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_unknown_names(void)
{
	static const struct refusal cases[] = {
	    {HEAD "clustr = x", 4, "'clustr' is not known", "write 'cluster', if that is meant;"},
	    {HEAD "\nsubscriber s {\n adress = 10.1.2.4\n}", 6,
		"'adress' is not known in subscriber 's'",
		"write 'address', if that is meant; known here are dns, address, next-address, "
		"services, certificate, capf-certificate, deliver, verify"},
	    {HEAD "firewall f {\n services = {}\n}", 5, "'services' is not known in firewall 'f'",
		"take one of these: dns, address, next-address, certificate, deliver, verify"},
	    {HEAD "ports {\n http = 80\n}", 5, "'http' is not known in 'ports'", "ctl-provider"},
	    {HEAD "itlrecovery {\n cert = x\n}", 5, "'cert' is not known in 'itlrecovery'",
		"certificate, key"},
	    {HEAD "subscriber s {\n\nsubscriber t {}", 6,
		"'subscriber' is not known in subscriber 's'",
		"write } before it: the section of line 4 is still open"},
	    {HEAD "publisher|dns = x", 4, "'|' must not stand outside of quotes", "quotes"},
	    {HEAD "\"publisher=pub|dns\" = x", 4, "'publisher=pub|dns' is not known", "release"},
	    {HEAD "\"digest\" = sha1", 4, "'digest' is not known", "'digest'"},
	    {HEAD "Digest = sha1", 4, "'Digest' is not known", "write 'digest'"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_what_stands_twice(void)
{
	static const struct refusal cases[] = {
	    {HEAD "digest = sha1\n\ndigest = sha1", 6, "'digest' is set twice",
		"the first is on line 4"},
	    {HEAD "modules = {}\nmodules = {/a}", 5, "'modules' is set twice", "line 4"},
	    {HEAD "subscriber s { address = 10.1.2.4 \n address = 10.1.2.5 }", 5,
		"'address' is set twice", "line 4"},
	    {HEAD "publisher two { address = 10.1.2.4 }", 4, "there is a second 'publisher'",
		"the first is on line 3"},
	    {HEAD "ports {}\nports {}", 5, "there is a second 'ports'", "line 4"},
	    {HEAD "subscriber s { address = 10.1.2.4 }\nsubscriber s { address = 10.1.2.5 }", 5,
		"the name 's' stands twice", "the first is on line 4"},
	    {HEAD "firewall PUB { address = 10.1.2.4 }", 4, "the name 'PUB' stands twice",
		"the first is on line 3"},
	    {HEAD "subscriber s { address = 10.1.2.4\n dns = Pub }", 5,
		"'pub' and 's' have the same DNS name 'Pub'", "dns = "},
	    {"domain = x.y " HEAD "entry pub.x.y { role = VPN address = 10.1.2.4 }", 4,
		"'pub' and 'pub.x.y' have the same DNS name 'pub.x.y'", "dns = "},
	    {HEAD "subscriber s {\n address = 10.1.2.3 }", 5, "'pub' and 's' have the same address",
		"line 3"},
	    {HEAD "subscriber s {\n address = 10.1.2.4\n next-address = 10.1.2.3 }", 6,
		"'pub' and 's' have the same address", "line 3"},
	    {HEAD "subscriber s { address = 2001:DB8:0::1 }\nfirewall f { address = 10.1.2.8\n"
		  "next-address = 2001:db8::1 }",
		6, "'s' and 'f' have the same address", "line 4"},
	    {HEAD "media m { address = 10.1.2.3 }", 4, "'pub' and 'm' have the same address",
		"line 3"},
	    {HEAD "entry e { role = VPN address = 10.1.2.9 }\n"
		  "subscriber s { address = 10.1.2.9 }",
		5, "'e' and 's' have the same address", "line 4"},
	    {HEAD "subscriber s { address = 10.1.2.4\n next-address = 10.1.2.4 }", 5,
		"the next-address of 's' is the address that it has", "take next-address away"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_what_is_missing(void)
{
	static const struct refusal cases[] = {
	    {"", 0, "the setting 'cluster' is missing", "write cluster = "},
	    {"cluster = a", 0, "the setting 'release' is missing", "write release = \"12.5(1)\""},
	    {"cluster = a release = 12.5\nsubscriber s { address = ::1 }", 0,
		"there is no publisher", "write publisher NAME {"},
	    {"cluster = a release = 12.5\npublisher p {\n}", 2, "'p' has no address", "address = "},
	    {HEAD "tftp t {}", 4, "'t' has no address", "address = "},
	    {HEAD "firewall f {}", 4, "'f' has no address", "address = "},
	    {HEAD "media m {\n next-address = 10.1.2.4 }", 5,
		"'m' has a next-address but no address", "address = "},
	    {HEAD "entry e { address = 10.1.2.4 }", 4, "the entry 'e' has no role",
		"take one of these: CCM, CCM+TFTP, TFTP, SRST, FIREWALL, APP-SERVER, CA, TVS"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_bad_settings(void)
{
	static const struct refusal cases[] = {
	    {"cluster = a\nrelease = 13.0", 2, "there is no release '13.0' that is known",
		"known are"},
	    {"cluster = a\nrelease = x", 2, "this is not a release: 'x'", "write it as"},
	    {"cluster = \"\"", 1, "'cluster' is empty", "write a value"},
	    {HEAD "digest = md5", 4, "'digest' cannot be 'md5'", "sha1, sha256, sha512"},
	    {"cluster = a release = 10.5\n\ndigest = sha512", 3,
		"phones of release 10.5 do not know SHA-512", "11.5(1) and later"},
	    {OLD "tokenless-signer = ITLRecovery", 4,
		"in release 11.5(1) ITLRecovery does not sign", "take CallManager"},
	    {HEAD "tokenless-signer = Token", 4, "'tokenless-signer' cannot be 'Token'",
		"CallManager, ITLRecovery"},
	    {HEAD "export-controlled = maybe", 4, "'export-controlled' cannot be 'maybe'",
		"yes, no"},
	    {HEAD "expiry-days = 0", 4, "'expiry-days' cannot be '0'", "from 1 to 3650"},
	    {HEAD "expiry-days = 3651", 4, "'expiry-days' cannot be '3651'", "from 1 to 3650"},
	    {HEAD "expiry-days = -1", 4, "'expiry-days' cannot be '-1'", "from 1 to 3650"},
	    {HEAD "expiry-days = 4294967297", 4, "'expiry-days' cannot be '4294967297'", "3650"},
	    {HEAD "modules = {\n/a,\nb.so}", 4, "the module 'b.so' has no absolute path",
		"opensc-pkcs11.so"},
	    {HEAD "domain = \"a b\"", 4, "this is not a host name: 'a b'", "without blanks"},
	    {HEAD "itlrecovery {\n key = '' }", 5, "'key' is empty", "write a value"},
	    {HEAD "ports {\n sccp = 65536 }", 5, "'sccp' cannot be '65536'", "from 1 to 65535"},
	    {HEAD "ports {\n tvs = 0 }", 5, "'tvs' cannot be '0'", "from 1 to 65535"},
	    {HEAD "ports {\n tvs = \"\" }", 5, "'tvs' cannot be ''", "from 1 to 65535"},
	    {HEAD "ports {\n sccp = 65535 }", 5,
		"behind port 65535 there is no room for sccp-tls, which is 443 higher",
		"set sccp-tls"},
	    {HEAD "ports {\n tvs = 2444 }", 5,
		"port 2444 is used twice: for ctl-provider and for tvs", "another port"},
	    {HEAD "ports {\n\n sccp = 2001\n}", 6,
		"port 2444 is used twice: for ctl-provider and for sccp-tls", "another port"},
	};

	check(cases, HARNESS_COUNT(cases));
}

static void refuses_bad_servers(void)
{
	static const struct refusal cases[] = {
	    {HEAD "subscriber s {\n address = 10.1.2 }", 5, "this is not an IP address: '10.1.2'",
		"write it as 192.0.2.10"},
	    {HEAD "subscriber s {\n address = host.example }", 5,
		"this is not an IP address: 'host.example'", "write it as"},
	    {HEAD "subscriber s {\n address = 0.0.0.0 }", 5, "'0.0.0.0' is no address of a server",
		"phones"},
	    {HEAD "subscriber s {\n services = {CAPF} }", 5,
		"only the publisher has the service CAPF",
		"take some of these: CallManager, TFTP, CTIManager, TVS, CTL-Provider"},
	    {HEAD "tftp t {\n services = CallManager }", 5,
		"a node 'tftp' cannot have the service 'CallManager'",
		"take some of these: TFTP, CTIManager, TVS, CTL-Provider"},
	    {HEAD "media m {\n services = {TVS, TFTP} }", 5,
		"a node 'media' cannot have the service 'TFTP'",
		"take some of these: CTIManager, TVS, CTL-Provider"},
	    {HEAD "media m {\n services = {callmanager} }", 5, "this is no service: 'callmanager'",
		"take some"},
	    {HEAD "subscriber s { address = 10.1.2.4\n capf-certificate = x }", 5,
		"only the publisher has a CAPF certificate", "section of the publisher"},
	    {HEAD "entry e { address = 10.1.2.4\n role = SAST }", 5,
		"this is no role of an entry: 'SAST'", "APP-SERVER"},
	    {HEAD "entry e { address = 10.1.2.4\n role = CAPF }", 5,
		"this is no role of an entry: 'CAPF'", "APP-SERVER"},
	    {HEAD "subscriber \"a b\" {}", 4, "this is no name for a 'subscriber'", "1 to 255"},
	    {HEAD "subscriber\n\"\" {}", 5, "this is no name for a 'subscriber'", "1 to 255"},
	    {HEAD "subscriber \"a\\\\b\" {}", 4, "this is no name for a 'subscriber'", "backslash"},
	    {HEAD "subscriber s {\n dns = \"a b\" }", 5, "this is not a host name: 'a b'",
		"without blanks"},
	    {HEAD "subscriber s {\n dns = \"a\xe2\x80\xae\" }", 5,
		"this is not a host name: 'a\\xE2\\x80\\xAE'", "without blanks"},
	    {HEAD "subscriber s {\n deliver = {\"\"} }", 5, "'deliver' is empty", "write a value"},
	};

	check(cases, HARNESS_COUNT(cases));
}

/* HEAD and N sections of KIND. */
static const char *many(struct buffer *text, const char *kind, unsigned n)
{
	buffer_reset(text);
	buffer_printf(text, HEAD);
	for (unsigned i = 0; i < n; i++)
		buffer_printf(text, "%s x%u { address = 10.0.%u.1 }\n", kind, i, i);
	return buffer_text(text);
}

static void refuses_too_many(void)
{
	static const struct {
		const char *kind;
		unsigned most;
		const char *what;
	} cases[] = {
	    {"subscriber", 16, "there are more than 16 sections 'subscriber'"},
	    {"tftp", 2, "there are more than 2 sections 'tftp'"},
	    {"media", 9, "there are more than 9 sections 'media'"},
	    {"firewall", 64,
		"there are more than 64 alternate TFTP servers, firewalls and other entries"},
	};
	struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		struct refusal refusal = {many(&text, cases[i].kind, cases[i].most + 1),
		    4 + cases[i].most, cases[i].what, i < 3 ? "at most 16 subscribers" : "take"};

		check(&refusal, 1);
		/* 64 of all three kinds together. */
		if (i == 3) {
			many(&text, "firewall", 64);
			buffer_printf(&text, "entry e {}");
			refusal.text = buffer_text(&text);
			check(&refusal, 1);
		}
	}
	buffer_free(&text);
}

/* HEAD, BEFORE, N letters, AFTER. */
static void check_long(
    const char *before, size_t n, const char *after, const char *what, bool refused)
{
	struct buffer text = BUFFER_INIT;

	buffer_printf(&text, HEAD "%s", before);
	for (size_t i = 0; i < n; i++)
		buffer_add_u8(&text, 'x');
	buffer_printf(&text, "%s", after);
	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer_text(&text));
	if (refused)
		check(&(struct refusal){buffer_text(&text), 4, what, ""}, 1);
	else
		CU_ASSERT_EQUAL(read_bytes(buffer_text(&text), text.len), ST_OK);
	buffer_free(&text);
}

static void refuses_what_is_too_long(void)
{
	static const char address[] = " { address = 10.1.2.4 }";

	check_long("state = ", 1024, "", "", false);
	check_long("state = ", 1025, "", "'state' is longer than 1024 bytes", true);
	check_long("state = ", 5000, "", "a value is longer than 1024 bytes", true);
	check_long("state = \"", 5000, "\"", "a value is longer than 1024 bytes", true);
	check_long("subscriber ", 255, address, "", false);
	check_long("subscriber ", 256, address, "this is no name for a 'subscriber'", true);
	check_long("subscriber s { address = 10.1.2.4 dns = ", 255, " }", "", false);
	check_long("subscriber s { address = 10.1.2.4 dns = ", 256, " }",
	    "'dns' is longer than 255 bytes", true);
	check_long("deliver", 5000, " = x", "a value is longer than 1024 bytes", true);
}

static void refuses_what_is_no_text(void)
{
	static const char zero[] = "cluster = a\nrelease\0 = 12.5";
	struct inventory inventory = {0};
	char *big = malloc(INVENTORY_MAX_FILE + 1);

	CU_ASSERT_EQUAL(read_bytes(zero, sizeof(zero) - 1), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "ctlsign.conf: line 2"));
	CU_ASSERT_STRING_EQUAL(err.what, "the file is no text: it holds a zero byte");
	CU_ASSERT_PTR_NOT_NULL_FATAL(big);
	memset(big, '\n', INVENTORY_MAX_FILE + 1);
	CU_ASSERT_EQUAL(read_bytes(big, INVENTORY_MAX_FILE + 1), ST_LIMIT);
	CU_ASSERT_EQUAL(read_bytes(big, INVENTORY_MAX_FILE), ST_FORMAT);
	free(big);
	CU_ASSERT_EQUAL(inventory_read(path_of("none"), &inventory, &err), ST_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "none"));
	inventory_free(&inventory);
	CU_ASSERT_EQUAL(inventory_read(harness_directory(), &inventory, NULL), ST_IO);
	inventory_free(&inventory);
}

/* libconfuse writes to stderr when nothing keeps it from that, and remembers a quote left open. */
static void says_nothing_itself(void)
{
	static const char *const texts[] = {"cluster \"x\"", "cluster = {", "x = y", "ports { tvs",
	    "subscriber a { } subscriber a { }", "cluster = \"\\777\"", "cluster = \"", ""};
	int saved = dup(2), fd = open(path_of("said"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat sb;

	dup2(fd, 2);
	for (size_t i = 0; i < HARNESS_COUNT(texts); i++)
		if (read_bytes(texts[i], strlen(texts[i])) != ST_FORMAT)
			CU_FAIL("a bad file is taken");
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	CU_ASSERT_EQUAL_FATAL(fstat(fd, &sb), 0);
	CU_ASSERT_EQUAL(sb.st_size, 0);
	close(fd);
	CU_ASSERT_EQUAL(read_bytes(HEAD, strlen(HEAD)), ST_OK);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"refuses bad grammar", refuses_bad_grammar},
	    {"refuses unknown names and tells the nearest", refuses_unknown_names},
	    {"refuses what stands twice", refuses_what_stands_twice},
	    {"refuses what is missing", refuses_what_is_missing},
	    {"refuses bad settings", refuses_bad_settings},
	    {"refuses bad servers", refuses_bad_servers},
	    {"refuses more nodes than a cluster has", refuses_too_many},
	    {"refuses what is too long", refuses_what_is_too_long},
	    {"refuses what is no text", refuses_what_is_no_text},
	    {"says nothing itself, and reads well after a bad file", says_nothing_itself},
	};

	return harness_main("cluster_inventory_refused", tests, HARNESS_COUNT(tests));
}
