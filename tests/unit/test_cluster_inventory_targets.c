/*
 * ctlsign.conf: where files are delivered to, where phones get them, and the section `publish`.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/bytes.h"
#include "cluster/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three lines, and a fourth that begins. */
#define HEAD "cluster = lab\nrelease = \"12.5(1)\"\npublisher pub { address = 10.1.2.3 }\n"

static struct error err;
static struct inventory inventory;

static const char *path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

/* What was read before is freed. */
static enum status read_text(const char *text)
{
	FILE *file = fopen(path_of("ctlsign.conf"), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	inventory_free(&inventory);
	memset(&err, 0, sizeof(err));
	return inventory_read(path_of("ctlsign.conf"), &inventory, &err);
}

static enum status read_setting(const char *setting, const char *value)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    HEAD "subscriber s {\n\taddress = 10.1.2.4\n\t%s = {\"%s\"} }\n", setting, value);
	return read_text(text);
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void takes_targets(void)
{
	static const struct {
		const char *text;
		enum target_kind kind;
		const char *user, *host;
		unsigned port;
		const char *path; /* of a directory: below the test's */
	} cases[] = {
	    {"/srv/tftp", TARGET_DIRECTORY, NULL, NULL, 0, "/srv/tftp"},
	    {"tftp", TARGET_DIRECTORY, NULL, NULL, 0, "tftp"},
	    {"./a:b", TARGET_DIRECTORY, NULL, NULL, 0, "./a:b"},
	    {"/srv/a://b", TARGET_DIRECTORY, NULL, NULL, 0, "/srv/a://b"},
	    {"a/b%41", TARGET_DIRECTORY, NULL, NULL, 0, "a/b%41"},
	    {"sftp://host/srv/tftp", TARGET_SFTP, NULL, "host", 22, "/srv/tftp"},
	    {"SFTP://Host/", TARGET_SFTP, NULL, "Host", 22, "/"},
	    {"sftp://ctl@10.1.2.4:2022/~/tftp", TARGET_SFTP, "ctl", "10.1.2.4", 2022, "/~/tftp"},
	    {"sftp://ctl@[2001:db8::4]:65535/a b", TARGET_SFTP, "ctl", "2001:db8::4", 65535,
		"/a b"},
	    {"sftp://[::1]/x", TARGET_SFTP, NULL, "::1", 22, "/x"},
	    {"sftp://a%40b@h_1.example-x/%7E/%C3%a4%25%23", TARGET_SFTP, "a@b", "h_1.example-x", 22,
		"/~/\xc3\xa4%#"},
	    {"sftp://a@b@host:1/x@y:z", TARGET_SFTP, "a@b", "host", 1, "/x@y:z"},
	    {"https://10.1.2.4", TARGET_PROVIDER, NULL, "10.1.2.4", 2444, NULL},
	    {"https://host/", TARGET_PROVIDER, NULL, "host", 2444, NULL},
	    {"https://host.example:443", TARGET_PROVIDER, NULL, "host.example", 443, NULL},
	    {"https://[2001:db8::4]:2445", TARGET_PROVIDER, NULL, "2001:db8::4", 2445, NULL},
	};

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		const struct inventory_target *target;
		const char *path = cases[i].path;

		if (read_setting("deliver", cases[i].text) != ST_OK) {
			fprintf(stderr, "# %s: %s\n", cases[i].text, err.what);
			CU_FAIL("a good target is refused");
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(inventory.nodes[1].deliver.n, 1);
		target = &inventory.nodes[1].deliver.list[0];
		if (cases[i].kind == TARGET_DIRECTORY && path[0] != '/')
			path = path_of(path);
		CU_ASSERT_TRUE(same(target->text, cases[i].text));
		CU_ASSERT_EQUAL(target->kind, cases[i].kind);
		CU_ASSERT_TRUE(same(target->user, cases[i].user));
		CU_ASSERT_TRUE(same(target->host, cases[i].host));
		CU_ASSERT_EQUAL(target->port, cases[i].port);
		CU_ASSERT_TRUE(same(target->path, path));
		CU_ASSERT_EQUAL(target->line, 6);
	}
	CU_ASSERT_EQUAL_FATAL(
	    read_text(HEAD "firewall f { address = 10.1.2.4 deliver = https://f }\n"
			   "ports { ctl-provider = 2555 }"),
	    ST_OK);
	CU_ASSERT_EQUAL_FATAL(inventory.firewalls[0].deliver.n, 1);
	CU_ASSERT_EQUAL(inventory.firewalls[0].deliver.list[0].port, 2555);
}

struct refusal {
	const char *value;
	const char *what; /* the whole */
	const char *hint; /* a part */
};

static void check(const char *setting, const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum status st = read_setting(setting, cases[i].value);
		char where[600];

		snprintf(where, sizeof(where), "%s: line 6", path_of("ctlsign.conf"));
		if (st == ST_FORMAT && err.status == st && strcmp(err.what, cases[i].what) == 0 &&
		    strcmp(err.where, where) == 0 && strstr(err.hint, cases[i].hint) != NULL)
			continue;
		fprintf(
		    stderr, "# %s: %s: %s; %s\n", cases[i].value, err.where, err.what, err.hint);
		CU_FAIL("another refusal was expected");
	}
}

static void refuses_bad_targets(void)
{
	static const struct refusal cases[] = {
	    {"ftp://host/srv", "'ftp' is no way to deliver a file",
		"write a folder, sftp://HOST/FOLDER, or https://HOST"},
	    {"http://host", "'http' is no way to deliver a file", "https://HOST"},
	    {"file:///srv/tftp", "'file' is no way to deliver a file", "write a folder"},
	    {"sftp://ctl:secret@host/x", "an address holds a password",
		"take it away, and use a key or the agent"},
	    {"https://:@host", "an address holds a password", "use a key or the agent"},
	    {"sftp://@host/x", "an address has an @ and no user before it", "the user's name"},
	    {"https://me@host", "a CTL Provider has no users: 'https://me@host'",
		"client-certificate"},
	    {"https://host/tftp", "a CTL Provider takes no folder: 'https://host/tftp'",
		"write https://HOST;"},
	    {"sftp://host", "'sftp://host' names no folder", "sftp://HOST/~/FOLDER"},
	    {"sftp://ctl@host:22", "'sftp://ctl@host:22' names no folder", "sftp://HOST/FOLDER"},
	    {"sftp:///x", "an address names no host", "write a name"},
	    {"sftp://", "an address names no host", "write a name"},
	    {"https://:2444", "an address names no host", "write a name"},
	    {"sftp://2001:db8::4/x", "this is not a host name: '2001:db8::4'",
		"[2001:db8::10] with its brackets"},
	    {"sftp://[10.1.2.4]/x", "this is not a host name: '[10.1.2.4]'", "brackets"},
	    {"sftp://[2001:db8::4/x", "this is not a host name: '[2001:db8::4'", "brackets"},
	    {"https://[::1", "this is not a host name: '[::1'", "brackets"},
	    {"https://[]", "this is not a host name: '[]'", "brackets"},
	    {"https://[fe80::1%25eth0]", "this is not a host name: '[fe80::1%25eth0]'", "brackets"},
	    {"https://10.1.2.300", "this is not a host name: '10.1.2.300'", "192.0.2.10"},
	    {"https://-o", "this is not a host name: '-o'", "write a name"},
	    {"https://a b", "this is not a host name: 'a b'", "write a name"},
	    {"https://a..b", "this is not a host name: 'a..b'", "write a name"},
	    {"https://h\xc3\xb6st", "this is not a host name: 'h\xc3\xb6st'", "write a name"},
	    {"https://a%41", "this is not a host name: 'a%41'", "write a name"},
	    {"https://host:0", "this is no port behind a host: ':0'", "1 to 65535"},
	    {"https://host:65536", "this is no port behind a host: ':65536'", "1 to 65535"},
	    {"https://host:4294967317", "this is no port behind a host: ':4294967317'", "1 to"},
	    {"https://host:", "this is no port behind a host: ':'", "1 to 65535"},
	    {"https://host:+1", "this is no port behind a host: ':+1'", "1 to 65535"},
	    {"https://host:22x", "this is no port behind a host: ':22x'", "1 to 65535"},
	    {"https://host:000022", "this is no port behind a host: ':000022'", "1 to 65535"},
	    {"https://[::1]2444", "this is no port behind a host: '2444'", "a colon"},
	    {"sftp://host/x?y", "an address has a query or a fragment (? or #)", "%3F"},
	    {"https://host#x", "an address has a query or a fragment (? or #)", "%23"},
	    {"sftp://host/%",
		"a '%' stands in an address without two hexadecimal digits of a "
		"character",
		"%25"},
	    {"sftp://host/%4",
		"a '%' stands in an address without two hexadecimal digits of a "
		"character",
		"%25"},
	    {"sftp://host/%0a",
		"a '%' stands in an address without two hexadecimal digits of a "
		"character",
		"%25"},
	    {"sftp://%00@host/x",
		"a '%' stands in an address without two hexadecimal digits of a "
		"character",
		"%25"},
	    {"~/tftp", "'~' is not replaced by a home folder: '~/tftp'", "the whole path"},
	    {"ctl@10.1.2.4:/tftp", "this is no folder of this machine: 'ctl@10.1.2.4:/tftp'",
		"sftp://USER@HOST/FOLDER"},
	    {"sftp:/host/tftp", "this is no folder of this machine: 'sftp:/host/tftp'",
		"begin with ./"},
	};

	check("deliver", cases, HARNESS_COUNT(cases));
	/* It may be in use elsewhere. */
	read_setting("deliver", "sftp://ctl:secret@host/x");
	CU_ASSERT_PTR_NULL(strstr(err.what, "secret"));
	CU_ASSERT_PTR_NULL(strstr(err.hint, "secret"));
}

static void takes_addresses_of_phones(void)
{
	static const struct refusal cases[] = {
	    {"https://host", "phones do not download from 'https://host'",
		"write tftp://HOST or http://HOST:PORT"},
	    {"10.1.2.4", "phones do not download from '10.1.2.4'", "tftp://HOST"},
	    {"ftp://ctl:x@10.1.2.4", "phones do not download from 'ftp://ctl:x@10.1.2.4'", "tftp"},
	    {"http://x@host", "phones download without a user's name: 'http://x@host'", "write"},
	    {"http://x:y@host", "an address holds a password", "take it away"},
	    {"tftp://", "an address names no host", "write a name"},
	    {"tftp://host:0", "this is no port behind a host: ':0'", "1 to 65535"},
	    {"http://host/a b",
		"a character cannot stand in an address as it is: 'http://host/a b'",
		"%20 for a blank"},
	    {"http://host/?x", "an address has a query or a fragment (? or #)", "%3F"},
	    {"http://host/%zz",
		"a '%' stands in an address without two hexadecimal digits of a "
		"character",
		"%25"},
	};

	CU_ASSERT_EQUAL_FATAL(
	    read_text(HEAD "subscriber s { address = 10.1.2.4 verify = {tftp://10.1.2.4, "
			   "\"HTTP://[2001:db8::4]:6970/a%20b/\"} }\n"
			   "entry e { role = SRST address = 10.1.2.5 verify = tftp://e:1069/d }"),
	    ST_OK);
	CU_ASSERT_EQUAL(inventory.nodes[0].verify.n, 0);
	CU_ASSERT_EQUAL_FATAL(inventory.nodes[1].verify.n, 2);
	CU_ASSERT_STRING_EQUAL(inventory.nodes[1].verify.list[0], "tftp://10.1.2.4");
	CU_ASSERT_STRING_EQUAL(
	    inventory.nodes[1].verify.list[1], "HTTP://[2001:db8::4]:6970/a%20b/");
	CU_ASSERT_EQUAL_FATAL(inventory.entries[0].verify.n, 1);
	CU_ASSERT_STRING_EQUAL(inventory.entries[0].verify.list[0], "tftp://e:1069/d");
	check("verify", cases, HARNESS_COUNT(cases));
}

/* Two servers with the targets A (line 4) and B (line 5). */
static enum status read_pair(const char *a, const char *b)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    HEAD "subscriber s1 { address = 10.1.2.4 deliver = {\"%s\"} }\n"
		 "alternate-tftp t2 { address = 10.1.2.5 deliver = {\"%s\"} }\n",
	    a, b);
	return read_text(text);
}

static void refuses_shared_targets(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"/none/tftp", "/none/tftp", true},
	    {"/none/tftp", "/none//./tftp/", true},
	    {"/none/tftp", "/none/tftp2", false},
	    {"tftp", "./tftp/", true}, /* exists, as do all of these */
	    {"tftp", "link", true},
	    {"tftp", "link/../tftp", true},
	    {"tftp", "other", false},
	    {"sftp://h/x", "sftp://H:22/./x/", true},
	    {"sftp://h/x", "sftp://h/%78", true},
	    {"sftp://[::1]/x", "sftp://[0:0::1]/x", true},
	    {"sftp://h/x", "sftp://h:23/x", false},
	    {"sftp://h/x", "sftp://u@h/x", false},
	    {"sftp://h/x", "sftp://h/X", false},
	    {"sftp://h/~/x", "sftp://h/x", false},
	    {"https://h", "https://H:2444/", true},
	    {"https://h", "https://h:2443", false},
	    {"https://h:22", "sftp://h/", false},
	};
	char line[600];

	mkdir(path_of("tftp"), 0755);
	mkdir(path_of("other"), 0755);
	CU_ASSERT_EQUAL_FATAL(symlink("tftp", path_of("link")), 0);
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		enum status st = read_pair(cases[i].a, cases[i].b);

		if (st != (cases[i].same ? ST_FORMAT : ST_OK)) {
			fprintf(stderr, "# %s %s: %s\n", cases[i].a, cases[i].b, err.what);
			CU_FAIL("taken for the same, or not");
		}
	}
	snprintf(line, sizeof(line), "%s: line 5", path_of("ctlsign.conf"));
	CU_ASSERT_EQUAL(read_pair("https://h", "https://h:2444"), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, line);
	CU_ASSERT_STRING_EQUAL(err.what, "'s1' and 't2' have the same target 'https://h:2444'");
	CU_ASSERT_STRING_EQUAL(err.hint, "give each its own; the other one stands on line 4");
	CU_ASSERT_EQUAL(read_text(HEAD "subscriber s { address = 10.1.2.4\n"
				       "deliver = {tftp, other, tftp} }"),
	    ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, line);
	CU_ASSERT_STRING_EQUAL(err.what, "'s' delivers to 'tftp' twice");
}

static enum status read_ctl_file(const char *ctl_file, const char *target)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    "%s%s\n" HEAD "firewall f { address = 10.1.2.4 deliver = %s }\n",
	    ctl_file[0] != '\0' ? "ctl-file = " : "", ctl_file, target);
	return read_text(text);
}

static void refuses_its_own_ctl_file(void)
{
	char line[600];

	mkdir(path_of("tftp"), 0755);
	mkdir(path_of("other"), 0755);
	CU_ASSERT_EQUAL(read_ctl_file("", "."), ST_FORMAT);
	snprintf(line, sizeof(line), "%s: line 5", path_of("ctlsign.conf"));
	CU_ASSERT_STRING_EQUAL(err.where, line);
	CU_ASSERT_STRING_EQUAL(
	    err.what, "the CTL that is delivered to '.' would be this machine's own CTL file");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "choose another ctl-file"));
	CU_ASSERT_EQUAL(read_ctl_file("", harness_directory()), ST_FORMAT);
	CU_ASSERT_EQUAL(read_ctl_file("tftp/CTLFile.tlv", "./tftp"), ST_FORMAT);
	CU_ASSERT_EQUAL(read_ctl_file("/none/x/CTLFile.tlv", "/none//x/"), ST_FORMAT);
	CU_ASSERT_EQUAL(read_ctl_file("tftp/working.tlv", "tftp"), ST_OK);
	CU_ASSERT_EQUAL(read_ctl_file("other/CTLFile.tlv", "tftp"), ST_OK);
	CU_ASSERT_EQUAL(read_ctl_file("/none/x/CTLFile.tlv", "/none/y"), ST_OK);
	/* By a link. */
	fclose(fopen(path_of("tftp/CTLFile.tlv"), "w"));
	CU_ASSERT_EQUAL_FATAL(symlink("tftp/CTLFile.tlv", path_of("working.tlv")), 0);
	CU_ASSERT_EQUAL(read_ctl_file("working.tlv", "tftp"), ST_FORMAT);
	CU_ASSERT_EQUAL(read_ctl_file("working.tlv", "other"), ST_OK);
}

static void reads_how_to_publish(void)
{
	const struct inventory_publish *publish = &inventory.publish;

	CU_ASSERT_EQUAL_FATAL(read_text(HEAD), ST_OK);
	CU_ASSERT_EQUAL(publish->timeout, 30);
	CU_ASSERT_EQUAL(publish->line, 0);
	CU_ASSERT_PTR_NULL(publish->ssh_key);
	CU_ASSERT_PTR_NULL(publish->client_key.where);
	CU_ASSERT_EQUAL(publish->n_phones, 0);
	CU_ASSERT_EQUAL_FATAL(
	    read_text(HEAD "publish {\n timeout = 3600\n ssh-key = keys/id\n"
			   " ssh-known-hosts = /etc/known\n client-certificate = keys/me.pem\n"
			   " client-key = \"pkcs11:token=me\"\n provider-trust = trust.pem\n"
			   " phones = {001122aabbcc, \"00:11:22:AA:BB:CD\", 00-11-22-aa-bb-ce,\n"
			   " 0011.22AA.BBCF, \"0:0:1:1:2:2:A:A:B:B:D:0\"} }"),
	    ST_OK);
	CU_ASSERT_EQUAL(publish->timeout, 3600);
	CU_ASSERT_EQUAL(publish->line, 4);
	CU_ASSERT_STRING_EQUAL(publish->ssh_key, path_of("keys/id"));
	CU_ASSERT_STRING_EQUAL(publish->ssh_known_hosts, "/etc/known");
	CU_ASSERT_STRING_EQUAL(publish->client_certificate, path_of("keys/me.pem"));
	CU_ASSERT_STRING_EQUAL(publish->client_key.where, "pkcs11:token=me");
	CU_ASSERT_EQUAL(publish->client_key.line, 9);
	CU_ASSERT_STRING_EQUAL(publish->provider_trust, path_of("trust.pem"));
	CU_ASSERT_EQUAL_FATAL(publish->n_phones, 5);
	CU_ASSERT_STRING_EQUAL(publish->phones[0], "001122AABBCC");
	CU_ASSERT_STRING_EQUAL(publish->phones[1], "001122AABBCD");
	CU_ASSERT_STRING_EQUAL(publish->phones[2], "001122AABBCE");
	CU_ASSERT_STRING_EQUAL(publish->phones[3], "001122AABBCF");
	CU_ASSERT_STRING_EQUAL(publish->phones[4], "001122AABBD0");
	CU_ASSERT_EQUAL_FATAL(
	    read_text(HEAD "publish { client-certificate = a.pem client-key = keys/a.key }"),
	    ST_OK);
	CU_ASSERT_STRING_EQUAL(publish->client_key.where, path_of("keys/a.key"));
}

static void refuses_bad_ways_to_publish(void)
{
	static const struct refusal cases[] = {
	    {"timeout = 0", "'timeout' cannot be '0'", "write a number from 1 to 3600"},
	    {"timeout = 3601", "'timeout' cannot be '3601'", "write a number from 1 to 3600"},
	    {"client-key = x", "there is a client-key without its certificate",
		"client-certificate = \"FILE\""},
	    {"phone = x", "'phone' is not known in 'publish'", "write 'phones'"},
	    {"password = x", "'password' is not known in 'publish'", "ssh-key"},
	    {"phones = {001122AABBC}", "this is no MAC address: '001122AABBC'", "001122AABBCC"},
	    {"phones = {001122AABBCCD}", "this is no MAC address: '001122AABBCCD'", "12 digits"},
	    {"phones = {SEP001122AABBCC}", "this is no MAC address: 'SEP001122AABBCC'", "12"},
	    {"phones = {\"00::1122AABBCC\"}", "this is no MAC address: '00::1122AABBCC'", "12"},
	    {"phones = {\"-001122AABBCC\"}", "this is no MAC address: '-001122AABBCC'", "12"},
	    {"phones = {\"001122AABBCC-\"}", "this is no MAC address: '001122AABBCC-'", "12"},
	    {"phones = {001122AABBCG}", "this is no MAC address: '001122AABBCG'", "12"},
	    {"phones = {001122AABBCC, 00-11-22-aa-bb-cc}",
		"the phone '00-11-22-aa-bb-cc' stands twice", "take one"},
	};

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		char text[512], where[600];

		snprintf(text, sizeof(text), HEAD "\npublish {\n%s }\n", cases[i].value);
		snprintf(where, sizeof(where), "%s: line 6", path_of("ctlsign.conf"));
		if (read_text(text) == ST_FORMAT && strcmp(err.what, cases[i].what) == 0 &&
		    strcmp(err.where, where) == 0 && strstr(err.hint, cases[i].hint) != NULL)
			continue;
		fprintf(
		    stderr, "# %s: %s: %s; %s\n", cases[i].value, err.where, err.what, err.hint);
		CU_FAIL("another refusal was expected");
	}
	CU_ASSERT_EQUAL(read_text(HEAD "publish {}\npublish {}"), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "there is a second 'publish'");
}

/* N phones, or targets of one node. */
static enum status read_many(const char *before, const char *format, unsigned n)
{
	struct buffer text = BUFFER_INIT;
	enum status st;

	buffer_printf(&text, HEAD "%s = {", before);
	for (unsigned i = 0; i < n; i++) {
		char value[64];

		snprintf(value, sizeof(value), "%s%06u, ", format, i);
		buffer_printf(&text, "%s", value);
	}
	buffer_printf(&text, "} }\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer_text(&text));
	st = read_text(buffer_text(&text));
	buffer_free(&text);
	return st;
}

static void has_limits(void)
{
	struct buffer text = BUFFER_INIT;

	CU_ASSERT_EQUAL(read_many("publish { phones", "00AABB", 1000), ST_OK);
	CU_ASSERT_EQUAL_FATAL(inventory.publish.n_phones, 1000);
	CU_ASSERT_STRING_EQUAL(inventory.publish.phones[999], "00AABB000999");
	CU_ASSERT_EQUAL(read_many("publish { phones", "00AABB", 1001), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'phones' has more than 1000 values");
	CU_ASSERT_EQUAL(read_many("media m { deliver", "/none/", 32), ST_OK);
	CU_ASSERT_EQUAL_FATAL(inventory.nodes[1].deliver.n, 32);
	CU_ASSERT_EQUAL(read_many("media m { deliver", "/none/", 33), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'deliver' has more than 32 values");
	CU_ASSERT_EQUAL(read_many("media m { verify", "tftp://x", 33), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'verify' has more than 32 values");
	/* Every section that there can be. */
	buffer_printf(&text, HEAD "itlrecovery {} callmanager {} ports {} publish {}\n");
	for (unsigned i = 0; i < 64; i++)
		buffer_printf(&text, "firewall f%u { address = 10.9.0.%u deliver = https://f%u }\n",
		    i, i + 1, i);
	for (unsigned i = 0; i < 27; i++)
		buffer_printf(&text, "%s n%u { address = 10.9.1.%u deliver = sftp://n%u/x }\n",
		    i < 16   ? "subscriber"
		    : i < 18 ? "tftp"
			     : "media",
		    i, i + 1, i);
	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer_text(&text));
	CU_ASSERT_EQUAL(read_text(buffer_text(&text)), ST_OK);
	CU_ASSERT_EQUAL(inventory.n_nodes, 28);
	buffer_free(&text);
	inventory_free(&inventory);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"takes targets apart", takes_targets},
	    {"refuses bad targets", refuses_bad_targets},
	    {"takes the addresses that phones ask", takes_addresses_of_phones},
	    {"refuses a target that two servers share", refuses_shared_targets},
	    {"refuses to deliver over its own CTL file", refuses_its_own_ctl_file},
	    {"reads how to publish", reads_how_to_publish},
	    {"refuses bad ways to publish", refuses_bad_ways_to_publish},
	    {"has limits", has_limits},
	};

	return harness_main("cluster_inventory_targets", tests, HARNESS_COUNT(tests));
}
