/*
 * ctlsign.conf: what is read from it, its defaults, and the template.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/text.h"
#include "cluster/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAST "cluster = lab\nrelease = \"12.5(1)\"\npublisher pub { address = 10.1.2.3 }\n"

static struct error err;
static struct inventory inventory;

static void put(const char *text, size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/ctlsign.conf", harness_directory());
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fwrite(text, 1, len, file);
	fclose(file);
}

/* Reads TEXT as the program's ctlsign.conf; what was read before is freed. */
static enum status read_text(const char *text)
{
	char path[256];
	enum status st;

	inventory_free(&inventory);
	put(text, strlen(text));
	snprintf(path, sizeof(path), "%s/ctlsign.conf", harness_directory());
	st = inventory_read(path, &inventory, &err);
	if (st != ST_OK)
		fprintf(stderr, "# %s: %s\n", err.where, err.what);
	return st;
}

static bool in_directory(const char *path, const char *name)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "%s/%s", harness_directory(), name);
	return path != NULL && strcmp(path, whole) == 0;
}

static bool is_ipv4(
    const struct inventory_address *address, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t bytes[4] = {a, b, c, d};

	return address->len == 4 && memcmp(address->bytes, bytes, 4) == 0;
}

static void has_defaults(void)
{
	const struct inventory_node *publisher;
	unsigned role = 99;

	CU_ASSERT_EQUAL_FATAL(read_text(LEAST), ST_OK);
	CU_ASSERT_STRING_EQUAL(inventory.cluster, "lab");
	CU_ASSERT_STRING_EQUAL(inventory.release.text, "12.5(1)");
	CU_ASSERT_STRING_EQUAL(inventory.directory, harness_directory());
	CU_ASSERT_TRUE(in_directory(inventory.path, "ctlsign.conf"));
	CU_ASSERT_TRUE(in_directory(inventory.state, "state.db"));
	CU_ASSERT_TRUE(in_directory(inventory.ctl_file, "CTLFile.tlv"));
	CU_ASSERT_PTR_NULL(inventory.phone_families);
	CU_ASSERT_PTR_NULL(inventory.domain);
	CU_ASSERT_FALSE(inventory.has_digest);
	CU_ASSERT_EQUAL(inventory.tokenless_signer, SIGNER_CALLMANAGER);
	CU_ASSERT_FALSE(inventory.export_controlled);
	CU_ASSERT_EQUAL(inventory.expiry_days, 30);
	CU_ASSERT_EQUAL(inventory.n_modules, 0);
	CU_ASSERT_EQUAL_FATAL(inventory.n_nodes, 1);
	CU_ASSERT_EQUAL(inventory.n_alternate_tftp, 0);
	CU_ASSERT_EQUAL(inventory.n_firewalls, 0);
	CU_ASSERT_EQUAL(inventory.n_entries, 0);
	CU_ASSERT_PTR_NULL(inventory.itlrecovery.path);
	CU_ASSERT_PTR_NULL(inventory.itlrecovery_key.where);
	CU_ASSERT_PTR_NULL(inventory.callmanager_key.where);
	publisher = inventory_publisher(&inventory);
	CU_ASSERT_STRING_EQUAL(publisher->name, "pub");
	CU_ASSERT_STRING_EQUAL(publisher->dns, "pub");
	CU_ASSERT_EQUAL(publisher->role, NODE_PUBLISHER);
	CU_ASSERT_EQUAL(publisher->line, 3);
	CU_ASSERT_EQUAL(publisher->services, SERVICE_CALLMANAGER | SERVICE_TFTP);
	CU_ASSERT_TRUE(is_ipv4(&publisher->address, 10, 1, 2, 3));
	CU_ASSERT_EQUAL(publisher->next_address.len, 0);
	CU_ASSERT_PTR_NULL(publisher->certificate.path);
	CU_ASSERT_EQUAL(publisher->certificate.line, 3);
	CU_ASSERT_TRUE(inventory_node_tl_role(publisher, &role));
	CU_ASSERT_EQUAL(role, TL_ROLE_CCM_TFTP);
	/* Before registrations there was none to ask for. */
	CU_ASSERT_EQUAL_FATAL(
	    read_text("cluster = a release = 11.5 publisher p { address = ::1 }"), ST_OK);
	CU_ASSERT_TRUE(inventory.export_controlled);
	CU_ASSERT_EQUAL(inventory.nodes[0].address.len, 16);
}

static const char whole[] =
    "# a comment line, which must not count twice\n"
    "cluster = \"the \\\"lab\\\"\" // and one behind a value\n"
    "release = 14SU2\n"
    "domain = lab.example\n"
    "digest = \"sha256\"\n"
    "tokenless-signer = ITLRecovery\n"
    "export-controlled = yes\n"
    "expiry-days = 3650\n"
    "modules = {'/usr/lib/a.so', # in a list\n"
    "\t/usr/lib/b.so}\n"
    "state = /var/lib/ctlsign/state.db\n"
    "ctl-file = ../tftp/CTLFile.tlv phone-families = \"sets/families.conf\"\n"
    "/* a block\n"
    " * of comment */ subscriber sub1 {\n"
    "\taddress = 10.1.2.4\n"
    "\tservices = { CallManager , CTIManager }\n"
    "\tcertificate = \"certs/sub1.pem\"\n"
    "}\n"
    "publisher pub\n"
    "{\n"
    "\tdns = \"cm.other.example\"\n"
    "\taddress = \"10.1.2.3\" next-address = 10.1.2.9\n"
    "\tservices = {CallManager, TFTP, CAPF, CTIManager, TVS, \"CTL-Provider\"}\n"
    "\tcertificate = /etc/certs/pub.pem\n"
    "\tcapf-certificate = certs/capf.pem\n"
    "\tdeliver = {\"/srv/tftp\", \"sftp://ctl@10.1.2.3/tftp\"}\n"
    "}\n"
    "media moh1 { }\n"
    "subscriber sub2.lab.example { address = 10.1.2.5 services = {} }\n"
    "tftp 10.1.2.6 { address = 10.1.2.6 deliver = /srv/one }\n"
    "subscriber 2001:db8::7 { address = 2001:db8::7 }\n"
    "alternate-tftp alt { address = 10.2.2.3 certificate = alt.pem }\n"
    "firewall asa { address = 10.3.2.3 next-address = 10.3.2.4 }\n"
    "entry app { role = \"APP-SERVER\" dns = app.example address = 10.4.2.3\n"
    "\tdeliver = {/srv/a, /srv/b,} }\n"
    "entry gw { role = SRST address = 10.4.2.4 }\n"
    "itlrecovery { certificate = certs/itl.pem\n"
    "\tkey = \"pkcs11:token=rec;id=%01\" }\n"
    "callmanager { key = keys/cm.key }\n"
    "ports { sccp = 2100 tftp = 2444 tvs = 2446 }\n";

static void reads_settings(void)
{
	CU_ASSERT_EQUAL_FATAL(read_text(whole), ST_OK);
	CU_ASSERT_STRING_EQUAL(inventory.cluster, "the \"lab\"");
	CU_ASSERT_EQUAL(inventory.release.major, 14);
	CU_ASSERT_STRING_EQUAL(inventory.domain, "lab.example");
	CU_ASSERT_TRUE(inventory.has_digest);
	CU_ASSERT_EQUAL(inventory.digest, TL_SHA256);
	CU_ASSERT_EQUAL(inventory.tokenless_signer, SIGNER_ITLRECOVERY);
	CU_ASSERT_TRUE(inventory.export_controlled);
	CU_ASSERT_EQUAL(inventory.expiry_days, 3650);
	CU_ASSERT_EQUAL_FATAL(inventory.n_modules, 2);
	CU_ASSERT_STRING_EQUAL(inventory.modules[0], "/usr/lib/a.so");
	CU_ASSERT_STRING_EQUAL(inventory.modules[1], "/usr/lib/b.so");
	CU_ASSERT_STRING_EQUAL(inventory.state, "/var/lib/ctlsign/state.db");
	CU_ASSERT_TRUE(in_directory(inventory.ctl_file, "../tftp/CTLFile.tlv"));
	CU_ASSERT_TRUE(in_directory(inventory.phone_families, "sets/families.conf"));
	CU_ASSERT_TRUE(in_directory(inventory.itlrecovery.path, "certs/itl.pem"));
	CU_ASSERT_EQUAL(inventory.itlrecovery.line, 37);
	CU_ASSERT_STRING_EQUAL(inventory.itlrecovery_key.where, "pkcs11:token=rec;id=%01");
	CU_ASSERT_EQUAL(inventory.itlrecovery_key.line, 38);
	CU_ASSERT_TRUE(in_directory(inventory.callmanager_key.where, "keys/cm.key"));
	CU_ASSERT_EQUAL(inventory.callmanager_key.line, 39);
	CU_ASSERT_EQUAL(inventory.ports[PORT_SCCP], 2100);
	CU_ASSERT_EQUAL(inventory.ports[PORT_SCCP_TLS], 2543);
	CU_ASSERT_EQUAL(inventory.ports[PORT_TFTP], 2444);
	CU_ASSERT_EQUAL(inventory.ports[PORT_CTL_PROVIDER], 2444);
	CU_ASSERT_EQUAL(inventory.ports[PORT_TVS], 2446);
	CU_ASSERT_EQUAL(inventory.ports[PORT_SIP_TLS], 5061);
}

static void reads_nodes(void)
{
	static const struct {
		const char *name, *dns;
		enum node_role role;
		unsigned services, line;
		bool has_entry;
		unsigned tl_role;
	} nodes[] = {
	    {"pub", "cm.other.example", NODE_PUBLISHER, 0x3f, 19, true, TL_ROLE_CCM_TFTP},
	    {"sub1", "sub1.lab.example", NODE_SUBSCRIBER, SERVICE_CALLMANAGER | SERVICE_CTIMANAGER,
		14, true, TL_ROLE_CCM},
	    {"moh1", "moh1.lab.example", NODE_MEDIA, 0, 28, false, 0},
	    {"sub2.lab.example", "sub2.lab.example", NODE_SUBSCRIBER, 0, 29, false, 0},
	    {"10.1.2.6", "10.1.2.6", NODE_TFTP, SERVICE_TFTP, 30, true, TL_ROLE_TFTP},
	    {"2001:db8::7", "2001:db8::7", NODE_SUBSCRIBER, SERVICE_CALLMANAGER | SERVICE_TFTP, 31,
		true, TL_ROLE_CCM_TFTP},
	};
	const struct inventory_node *publisher;

	CU_ASSERT_EQUAL_FATAL(read_text(whole), ST_OK);
	CU_ASSERT_EQUAL_FATAL(inventory.n_nodes, HARNESS_COUNT(nodes));
	for (size_t i = 0; i < HARNESS_COUNT(nodes); i++) {
		const struct inventory_node *node = &inventory.nodes[i];
		unsigned role = 0;

		CU_ASSERT_STRING_EQUAL(node->name, nodes[i].name);
		CU_ASSERT_STRING_EQUAL(node->dns, nodes[i].dns);
		CU_ASSERT_EQUAL(node->role, nodes[i].role);
		CU_ASSERT_EQUAL(node->services, nodes[i].services);
		CU_ASSERT_EQUAL(node->line, nodes[i].line);
		CU_ASSERT_EQUAL(inventory_node_tl_role(node, &role), nodes[i].has_entry);
		CU_ASSERT_EQUAL(role, nodes[i].tl_role);
	}
	publisher = inventory_publisher(&inventory);
	CU_ASSERT_TRUE(is_ipv4(&publisher->next_address, 10, 1, 2, 9));
	CU_ASSERT_STRING_EQUAL(publisher->certificate.path, "/etc/certs/pub.pem");
	CU_ASSERT_EQUAL(publisher->certificate.line, 24);
	CU_ASSERT_TRUE(in_directory(publisher->capf.path, "certs/capf.pem"));
	CU_ASSERT_EQUAL(publisher->capf.line, 25);
	CU_ASSERT_EQUAL_FATAL(publisher->deliver.n, 2);
	CU_ASSERT_STRING_EQUAL(publisher->deliver.list[0].text, "/srv/tftp");
	CU_ASSERT_STRING_EQUAL(publisher->deliver.list[1].text, "sftp://ctl@10.1.2.3/tftp");
	CU_ASSERT_TRUE(in_directory(inventory.nodes[1].certificate.path, "certs/sub1.pem"));
	CU_ASSERT_EQUAL(inventory.nodes[1].certificate.line, 17);
	CU_ASSERT_EQUAL_FATAL(inventory.nodes[4].deliver.n, 1);
	CU_ASSERT_STRING_EQUAL(inventory.nodes[4].deliver.list[0].text, "/srv/one");
}

static void reads_other_servers(void)
{
	CU_ASSERT_EQUAL_FATAL(read_text(whole), ST_OK);
	CU_ASSERT_EQUAL_FATAL(inventory.n_alternate_tftp, 1);
	CU_ASSERT_STRING_EQUAL(inventory.alternate_tftp[0].name, "alt");
	CU_ASSERT_STRING_EQUAL(inventory.alternate_tftp[0].dns, "alt.lab.example");
	CU_ASSERT_EQUAL(inventory.alternate_tftp[0].role, TL_ROLE_TFTP);
	CU_ASSERT_TRUE(in_directory(inventory.alternate_tftp[0].certificate.path, "alt.pem"));
	CU_ASSERT_EQUAL(inventory.alternate_tftp[0].line, 32);
	CU_ASSERT_EQUAL_FATAL(inventory.n_firewalls, 1);
	CU_ASSERT_EQUAL(inventory.firewalls[0].role, TL_ROLE_CCM);
	CU_ASSERT_TRUE(is_ipv4(&inventory.firewalls[0].address, 10, 3, 2, 3));
	CU_ASSERT_TRUE(is_ipv4(&inventory.firewalls[0].next_address, 10, 3, 2, 4));
	CU_ASSERT_EQUAL_FATAL(inventory.n_entries, 2);
	CU_ASSERT_EQUAL(inventory.entries[0].role, TL_ROLE_APP_SERVER);
	CU_ASSERT_STRING_EQUAL(inventory.entries[0].dns, "app.example");
	CU_ASSERT_EQUAL(inventory.entries[0].deliver.n, 2);
	CU_ASSERT_EQUAL(inventory.entries[1].role, TL_ROLE_SRST);
	CU_ASSERT_EQUAL(inventory.entries[1].line, 36);
}

static void takes_the_largest_cluster(void)
{
	struct buffer text = BUFFER_INIT;
	unsigned next = 10;

	buffer_printf(&text, LEAST);
	for (unsigned i = 0; i < 16; i++)
		buffer_printf(&text, "subscriber s%u { address = 10.0.0.%u }\n", i, next++);
	for (unsigned i = 0; i < 2; i++)
		buffer_printf(&text, "tftp t%u { address = 10.0.0.%u }\n", i, next++);
	for (unsigned i = 0; i < 9; i++)
		buffer_printf(&text, "media m%u { address = 10.0.0.%u }\n", i, next++);
	for (unsigned i = 0; i < 64; i++)
		buffer_printf(&text, "%s e%u { address = 10.0.0.%u%s }\n",
		    i % 3 == 0	 ? "alternate-tftp"
		    : i % 3 == 1 ? "firewall"
				 : "entry",
		    i, next++, i % 3 == 2 ? " role = VPN" : "");
	buffer_printf(&text, "itlrecovery {} callmanager {} ports {}\n");
	CU_ASSERT_EQUAL_FATAL(read_text(buffer_text(&text)), ST_OK);
	CU_ASSERT_EQUAL(inventory.n_nodes, 28);
	CU_ASSERT_EQUAL(inventory.n_alternate_tftp, 22);
	CU_ASSERT_EQUAL(inventory.n_firewalls, 21);
	CU_ASSERT_EQUAL(inventory.n_entries, 21);
	buffer_free(&text);
}

static void takes_files_from_windows(void)
{
	CU_ASSERT_EQUAL_FATAL(read_text("\xef\xbb\xbf# x\r\ncluster = lab\r\nrelease = 12.5\r\n"
					"publisher pub {\r\n\taddress = 10.1.2.3\r\n}\r\n"),
	    ST_OK);
	CU_ASSERT_STRING_EQUAL(inventory.cluster, "lab");
	CU_ASSERT_EQUAL(inventory.nodes[0].line, 4);
}

static void finds_paths_from_where_it_stands(void)
{
	char old[4096];

	CU_ASSERT_EQUAL_FATAL(read_text(LEAST "callmanager { key = a.key }"), ST_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(old, sizeof(old)));
	CU_ASSERT_EQUAL_FATAL(chdir(harness_directory()), 0);
	inventory_free(&inventory);
	CU_ASSERT_EQUAL(inventory_read("ctlsign.conf", &inventory, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(inventory.directory, ".");
	CU_ASSERT_STRING_EQUAL(inventory.state, "state.db");
	CU_ASSERT_STRING_EQUAL(inventory.callmanager_key.where, "a.key");
	CU_ASSERT_EQUAL_FATAL(chdir(old), 0);
}

static void reads_every_port(void)
{
	struct buffer text = BUFFER_INIT;

	buffer_printf(&text, LEAST "ports {\n");
	for (unsigned i = 0; i < N_PORTS; i++)
		buffer_printf(&text, "%s = %u\n", port_name(i), 65535 - i);
	buffer_printf(&text, "}\n");
	CU_ASSERT_EQUAL_FATAL(read_text(buffer_text(&text)), ST_OK);
	for (unsigned i = 0; i < N_PORTS; i++)
		CU_ASSERT_EQUAL(inventory.ports[i], 65535 - i);
	CU_ASSERT_EQUAL(port_default(PORT_SCCP_TLS), 2443);
	CU_ASSERT_EQUAL(port_default(PORT_TFTP_HTTPS2), 6972);
	CU_ASSERT_STRING_EQUAL(port_name(PORT_SIP_OAUTH_MRA), "sip-oauth-mra");
	buffer_free(&text);
}

static void names_roles_and_services(void)
{
	CU_ASSERT_STRING_EQUAL(inventory_role_name(NODE_PUBLISHER), "publisher");
	CU_ASSERT_STRING_EQUAL(inventory_role_name(NODE_MEDIA), "media");
	CU_ASSERT_STRING_EQUAL(inventory_service_name(SERVICE_CTL_PROVIDER), "CTL-Provider");
	CU_ASSERT_STRING_EQUAL(inventory_service_name(SERVICE_CALLMANAGER), "CallManager");
}

/* Takes the # from every line "#setting". */
static void uncomment(char *text)
{
	char *to = text;

	for (const char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n") + 1;
		bool example = line[0] == '#' && line[1] != ' ' && line[1] != '\n';

		memmove(to, line + example, len - example);
		to += len - example;
		line += len;
	}
	*to = '\0';
}

static void writes_a_template_that_reads(void)
{
	struct buffer text = BUFFER_INIT;
	char *examples;

	inventory_template(&text, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer_text(&text));
	CU_ASSERT_EQUAL_FATAL(read_text(buffer_text(&text)), ST_OK);
	CU_ASSERT_STRING_EQUAL(inventory.cluster, "my-cluster");
	CU_ASSERT_EQUAL(inventory.n_nodes, 1);
	CU_ASSERT_EQUAL(inventory.n_modules, 0);
	examples = strdup(buffer_text(&text));
	uncomment(examples);
	CU_ASSERT_EQUAL_FATAL(read_text(examples), ST_OK);
	CU_ASSERT_EQUAL(inventory.n_nodes, 4);
	CU_ASSERT_EQUAL(inventory.n_alternate_tftp, 1);
	CU_ASSERT_EQUAL(inventory.n_firewalls, 1);
	CU_ASSERT_EQUAL(inventory.n_entries, 1);
	CU_ASSERT_EQUAL(inventory.n_modules, 1);
	CU_ASSERT_TRUE(inventory.has_digest);
	CU_ASSERT_PTR_NOT_NULL(inventory.domain);
	CU_ASSERT_TRUE(in_directory(inventory.phone_families, "families.conf"));
	CU_ASSERT_PTR_NOT_NULL(inventory.itlrecovery_key.where);
	CU_ASSERT_PTR_NOT_NULL(inventory.callmanager_key.where);
	CU_ASSERT_EQUAL(inventory.nodes[0].deliver.n, 2);
	CU_ASSERT_EQUAL(inventory.nodes[0].verify.n, 2);
	CU_ASSERT_EQUAL(inventory.publish.n_phones, 2);
	CU_ASSERT_PTR_NOT_NULL(inventory.publish.provider_trust);
	for (unsigned i = 0; i < N_PORTS; i++)
		CU_ASSERT_EQUAL(inventory.ports[i], port_default(i));
	free(examples);
	buffer_reset(&text);
	inventory_template(&text, "A \"b\" \\ ${HOME} \xc3\xa4 #", "9.1(2)");
	CU_ASSERT_EQUAL_FATAL(read_text(buffer_text(&text)), ST_OK);
	CU_ASSERT_STRING_EQUAL(inventory.cluster, "A \"b\" \\ ${HOME} \xc3\xa4 #");
	CU_ASSERT_STRING_EQUAL(inventory.release.text, "9.1(2)");
	buffer_free(&text);
}

static void quotes(void)
{
	struct buffer text = BUFFER_INIT;

	inventory_quote(&text, "a\"b\\c$d'e\n\x7f");
	CU_ASSERT_STRING_EQUAL(buffer_text(&text), "\"a\\\"b\\\\c\\$d'e\\x0a\\x7f\"");
	buffer_free(&text);
}

/* Every byte that a value can have comes back from quotes. */
static void reads_back_what_it_quotes(void)
{
	struct buffer text = BUFFER_INIT;
	char value[256];
	size_t n = 0;

	for (unsigned c = 0x20; c < 0x100; c++)
		if (c != 0x7f)
			value[n++] = (char)c;
	value[n] = '\0';
	buffer_printf(&text, LEAST "state = ");
	inventory_quote(&text, value);
	CU_ASSERT_EQUAL_FATAL(read_text(buffer_text(&text)), ST_OK);
	CU_ASSERT_TRUE(in_directory(inventory.state, value));
	buffer_free(&text);
	CU_ASSERT_EQUAL_FATAL(read_text(LEAST "state = 'a\\b\\'c\\\\${x}\"'"), ST_OK);
	CU_ASSERT_TRUE(in_directory(inventory.state, "a\\b'c\\${x}\""));
}

static void frees(void)
{
	static const struct inventory empty;

	CU_ASSERT_EQUAL(read_text(whole), ST_OK);
	inventory_free(&inventory);
	CU_ASSERT_EQUAL(memcmp(&inventory, &empty, sizeof(empty)), 0);
	inventory_free(&inventory);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"has a default for what is not set", has_defaults},
	    {"reads settings, keys and ports", reads_settings},
	    {"reads nodes, the publisher first, with their lines", reads_nodes},
	    {"reads alternate TFTP servers, firewalls and entries", reads_other_servers},
	    {"takes the largest cluster", takes_the_largest_cluster},
	    {"takes files from Windows", takes_files_from_windows},
	    {"finds paths from where it stands", finds_paths_from_where_it_stands},
	    {"reads every port", reads_every_port},
	    {"names roles and services", names_roles_and_services},
	    {"writes a template that reads, with its examples, too", writes_a_template_that_reads},
	    {"quotes values", quotes},
	    {"reads back what it quotes", reads_back_what_it_quotes},
	    {"frees an inventory, and an empty one", frees},
	};
	int code = harness_main("cluster_inventory", tests, HARNESS_COUNT(tests));

	inventory_free(&inventory);
	return code;
}
