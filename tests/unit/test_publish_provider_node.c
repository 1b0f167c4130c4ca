/*
 * What a CTL Provider says of its node.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider.h"
#include "harness.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool answer_node(struct fixture_tls_connection *c, const char *request, size_t len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;

	(void)len;
	if (strncmp(request, "GET /v1/node ", 13) == 0) {
		fixture_tls_say(c, 200, c->server->context);
	} else if (strncmp(request, "GET /v1/certificates/tvs ", 25) == 0) {
		PEM_write_bio_X509(bio, fixture_provider_files.stranger);
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &pem);
		fixture_tls_say(c, 200, pem);
	} else {
		fixture_tls_say(c, 404, "{\"error\":\"no\"}");
	}
	BIO_free(bio);
	return true;
}

static enum status read_node(const char *json, struct provider_node *node, struct error *err)
{
	struct fixture_provider p = {.server.answer = answer_node};
	enum status status;

	p.server.context = (void *)(uintptr_t)json;
	fixture_provider_start(&p);
	error_clear(err);
	status = provider_client_node(p.client, node, err);
	fixture_provider_stop(&p);
	return status;
}

#define HEAD "{\"name\":\"cucm-sub1\",\"dns\":\"sub1.lab\",\"address\":\"10.1.2.4\","
#define REST                                                                                       \
	"\"role\":\"subscriber\",\"release\":\"12.5(1)\",\"services\":[\"CallManager\",\"TFTP\"],"
#define TAIL "\"mode\":null,\"certificates\":[],\"servers\":[]}"

static void test_node(void)
{
	char json[1024], sha256[3 * 32], *p = sha256;
	struct provider_node node;
	struct error err;

	fixture_provider_make();
	fixture_provider_fingerprint(fixture_provider_files.stranger, sha256);
	for (char *from = sha256; *from != '\0'; from++)
		if (*from != ':')
			*p++ = *from;
	*p = '\0';
	snprintf(json, sizeof(json),
	    HEAD REST
	    "\"mode\":1,\"certificates\":[{\"name\":\"tvs\",\"sha256\":\"%s\",\"subject\":\"x\"},"
	    "{\"name\":\"../x\",\"sha256\":\"00\"}],"
	    "\"servers\":[{\"name\":\"pub\\u0007\",\"address\":\"10.1.2.3\","
	    "\"provider\":\"10.1.2.3:2444\"},{\"name\":\"tftp\",\"address\":\"\"}]}",
	    sha256);
	CU_ASSERT_EQUAL_FATAL(read_node(json, &node, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(node.name, "cucm-sub1");
	CU_ASSERT_STRING_EQUAL(node.dns, "sub1.lab");
	CU_ASSERT_STRING_EQUAL(node.address, "10.1.2.4");
	CU_ASSERT_STRING_EQUAL(node.role, "subscriber");
	CU_ASSERT_STRING_EQUAL(node.release, "12.5(1)");
	CU_ASSERT_EQUAL(node.services, SERVICE_CALLMANAGER | SERVICE_TFTP);
	CU_ASSERT_EQUAL(node.mode, 1);
	CU_ASSERT_EQUAL_FATAL(node.n_certificates, 1);
	CU_ASSERT_STRING_EQUAL(node.certificates[0].name, "tvs");
	CU_ASSERT_EQUAL(X509_cmp(node.certificates[0].x509, fixture_provider_files.stranger), 0);
	CU_ASSERT_EQUAL_FATAL(node.n_servers, 2);
	CU_ASSERT_STRING_EQUAL(node.servers[0].name, "pub\\x07");
	CU_ASSERT_STRING_EQUAL(node.servers[0].address, "10.1.2.3");
	CU_ASSERT_STRING_EQUAL(node.servers[0].provider, "10.1.2.3:2444");
	CU_ASSERT_STRING_EQUAL(node.servers[1].provider, "");
	provider_node_free(&node);
	CU_ASSERT_EQUAL(read_node(HEAD REST TAIL, &node, &err), ST_OK);
	CU_ASSERT_EQUAL(node.mode, -1);
	CU_ASSERT_EQUAL(node.n_servers, 0);
	provider_node_free(&node);
}

static void check_senseless(const char *json, const char *what)
{
	struct provider_node node;
	struct error err;

	CU_ASSERT_EQUAL(read_node(json, &node, &err), ST_FORMAT);
	fixture_provider_says(err.what, what);
	fixture_provider_says(err.where, "https://127.0.0.1:");
	provider_node_free(&node);
}

static void test_senseless_node(void)
{
	struct provider_node node;
	struct error err;
	char *deep, *list;

	check_senseless("", "no JSON object");
	check_senseless("[]", "no JSON object");
	check_senseless("{\"name\":", "no JSON object");
	check_senseless("{}", ": name");
	check_senseless("{\"name\":[]}", ": name");
	check_senseless(HEAD "\"role\":\"king\"}", ": role");
	check_senseless(HEAD "\"role\":\"tftp\",\"services\":7}", ": services");
	check_senseless(HEAD "\"role\":\"tftp\",\"services\":[7]}", ": services");
	check_senseless(HEAD REST "\"mode\":2}", ": mode");
	check_senseless(HEAD REST "\"mode\":\"1\"}", ": mode");
	check_senseless(HEAD REST "\"servers\":[1]}", ": servers");
	check_senseless(HEAD REST "\"servers\":[],\"certificates\":[{}]}", ": certificates");
	/* The certificate is another than the one that was announced. */
	CU_ASSERT_EQUAL(read_node(HEAD REST "\"servers\":[],\"certificates\":[{\"name\":\"tvs\","
					    "\"sha256\":\"00\"}]}",
			    &node, &err),
	    ST_FAILED);
	fixture_provider_says(err.what, "changed while");
	provider_node_free(&node);
	/* More of it than anybody needs, and deeper. */
	deep = malloc(200001);
	list = malloc(4096 * 8);
	CU_ASSERT_FATAL(deep != NULL && list != NULL);
	memset(deep, '[', 200000);
	deep[200000] = '\0';
	check_senseless(deep, "no JSON object");
	strcpy(list, HEAD REST "\"servers\":[{}");
	for (int i = 0; i < 300; i++)
		strcat(list, ",{}");
	strcat(list, "]}");
	check_senseless(list, ": servers");
	free(deep);
	free(list);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what a node says of itself", test_node},
	    {"what makes no sense is refused", test_senseless_node},
	};

	return harness_main("publish provider node", tests, HARNESS_COUNT(tests));
}
