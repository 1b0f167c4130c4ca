/*
 * Certificates that an inventory names: loading them, and what is told when one is bad.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/bytes.h"
#include "cluster/inventory.h"
#include "fixture_certs.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;
static struct inventory inventory;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

static X509 *named(const char *const *subject, const char *const *issuer)
{
	static const uint8_t serial[] = {0x12, 0x34};

	return fixture_cert(&(struct fixture_cert_spec){.subject = subject,
	    .issuer = issuer,
	    .key = fixture_key(FIXTURE_RSA_1024_A),
	    .serial = {serial, sizeof(serial)}});
}

/* Writes CERTIFICATE to NAME and frees it. */
static void put(const char *name, X509 *certificate)
{
	FILE *file = fopen(path_of(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(PEM_write_X509(file, certificate), 1);
	fclose(file);
	X509_free(certificate);
}

static void put_simple(const char *name, const char *cn)
{
	put(name, named((const char *const[]){"CN", cn, NULL}, NULL));
}

static void put_text(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

/* Reads TEXT as ctlsign.conf, which must go well. */
static void read_text(const char *text)
{
	put_text("ctlsign.conf", text);
	inventory_free(&inventory);
	if (inventory_read(path_of("ctlsign.conf"), &inventory, &err) != ST_OK) {
		fprintf(stderr, "# %s: %s\n", err.where, err.what);
		CU_FAIL_FATAL("a good file is refused");
	}
}

static bool is_named(const struct inventory_certificate *certificate, const char *cn)
{
	char name[128];

	return certificate->x509 != NULL &&
	       X509_NAME_get_text_by_NID(X509_get_subject_name(certificate->x509), NID_commonName,
		   name, sizeof(name)) > 0 &&
	       strcmp(name, cn) == 0;
}

static bool told_at(unsigned line, const char *name)
{
	char where[600];
	int len = snprintf(where, sizeof(where), "%s: line %u: ", path_of("ctlsign.conf"), line);

	snprintf(where + len, sizeof(where) - (size_t)len, "%s", path_of(name));
	return strcmp(err.where, where) == 0;
}

static const char whole[] = "cluster = lab release = 14\n"
			    "publisher pub { address = 10.1.2.3 certificate = pub.pem\n"
			    " services = {CallManager, TFTP, CAPF} capf-certificate = capf.pem }\n"
			    "subscriber s1 { address = 10.1.2.4 certificate = s1.pem }\n"
			    "subscriber s2 { address = 10.1.2.5 }\n"
			    "alternate-tftp alt { address = 10.1.2.6 certificate = alt.pem }\n"
			    "firewall fw { address = 10.1.2.7 certificate = fw.pem }\n"
			    "entry app { role = VPN address = 10.1.2.8 certificate = app.pem }\n"
			    "itlrecovery { certificate = itl.pem }\n";

static void put_all(void)
{
	static const char *const names[] = {"pub", "capf", "s1", "alt", "fw", "app", "itl"};

	for (size_t i = 0; i < HARNESS_COUNT(names); i++) {
		char file[32];

		snprintf(file, sizeof(file), "%s.pem", names[i]);
		put_simple(file, names[i]);
	}
}

static void loads_all(void)
{
	put_all();
	read_text(whole);
	CU_ASSERT_PTR_NULL(inventory.nodes[0].certificate.x509);
	CU_ASSERT_EQUAL_FATAL(inventory_load(&inventory, &err), ST_OK);
	CU_ASSERT_TRUE(is_named(&inventory.nodes[0].certificate, "pub"));
	CU_ASSERT_TRUE(is_named(&inventory.nodes[0].capf, "capf"));
	CU_ASSERT_TRUE(is_named(&inventory.nodes[1].certificate, "s1"));
	CU_ASSERT_PTR_NULL(inventory.nodes[2].certificate.x509);
	CU_ASSERT_TRUE(is_named(&inventory.alternate_tftp[0].certificate, "alt"));
	CU_ASSERT_TRUE(is_named(&inventory.firewalls[0].certificate, "fw"));
	CU_ASSERT_TRUE(is_named(&inventory.entries[0].certificate, "app"));
	CU_ASSERT_TRUE(is_named(&inventory.itlrecovery, "itl"));
	/* Those that are there stay. */
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_OK);
	CU_ASSERT_TRUE(is_named(&inventory.itlrecovery, "itl"));
}

static void loads_none(void)
{
	read_text("cluster = a release = 14 publisher p { address = ::1 }");
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_OK);
	CU_ASSERT_PTR_NULL(inventory.nodes[0].certificate.x509);
}

static void tells_the_first_that_is_bad(void)
{
	put_all();
	put_text("app.pem", "this is none");
	read_text(whole);
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_FORMAT);
	CU_ASSERT_TRUE(told_at(8, "app.pem"));
	CU_ASSERT_NOT_EQUAL(err.what[0], '\0');
	/* Missing, and before the other. */
	remove(path_of("s1.pem"));
	for (int i = 0; i < 20; i++) {
		read_text(whole);
		CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_IO);
		CU_ASSERT_TRUE(told_at(4, "s1.pem"));
	}
	CU_ASSERT_EQUAL(inventory_load(&inventory, NULL), ST_IO);
}

/* In the file's order, not that of the inventory, whose publisher is first. */
static void goes_by_the_order_of_the_file(void)
{
	read_text("cluster = lab release = 14\n"
		  "itlrecovery { certificate = none1.pem }\n"
		  "subscriber s { address = 10.1.2.4 certificate = none2.pem }\n"
		  "publisher pub { address = 10.1.2.3 certificate = none3.pem }\n");
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_IO);
	CU_ASSERT_TRUE(told_at(2, "none1.pem"));
}

/* "CN=a;OU=...": N characters of subject or issuer in all. */
static X509 *with_name(size_t n, bool issuer)
{
	static const char xs[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	static const char *const plain[] = {"CN", "a", NULL};
	/* ";OU=" and 56 characters four times, then ";OU=" and the rest. */
	const char *full = xs + sizeof(xs) - 1 - 56;
	const char *rest = xs + sizeof(xs) - 1 - (n - 4 - 4 * 60 - 4);
	const char *const name[] = {
	    "CN", "a", "OU", full, "OU", full, "OU", full, "OU", full, "OU", rest, NULL};

	return named(issuer ? plain : name, issuer ? name : NULL);
}

static void refuses_long_names(void)
{
	static const char conf[] = "cluster = lab release = 14\n"
				   "publisher p { address = ::1\n certificate = long.pem }\n";

	put("long.pem", with_name(255, false));
	read_text(conf);
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_OK);
	put("long.pem", with_name(256, false));
	read_text(conf);
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_LIMIT);
	CU_ASSERT_TRUE(told_at(3, "long.pem"));
	CU_ASSERT_STRING_EQUAL(err.what,
	    "the certificate's subject is longer than 255 characters: CUCM refuses mixed mode "
	    "with it");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "at most 255"));
	put("long.pem", with_name(256, true));
	read_text(conf);
	CU_ASSERT_EQUAL(inventory_load(&inventory, &err), ST_LIMIT);
	CU_ASSERT_STRING_EQUAL(err.what,
	    "the certificate's issuer is longer than 255 characters: CUCM refuses mixed mode "
	    "with it");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"loads all certificates that are named", loads_all},
	    {"loads none where none is named", loads_none},
	    {"tells the first that is bad", tells_the_first_that_is_bad},
	    {"goes by the order of the file", goes_by_the_order_of_the_file},
	    {"refuses names over 255 characters", refuses_long_names},
	};
	int code = harness_main("cluster_inventory_load", tests, HARNESS_COUNT(tests));

	inventory_free(&inventory);
	return code;
}
