/*
 * What the provider answers: every path, what it does not know, bodies that are none, and files
 * that others change.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider_scene.h"
#include "harness.h"

#include "base/text.h"
#include "provider/answer_parts.h"
#include "provider/openapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bytes nothing;

static int get(struct provider_scene *scene, const char *path)
{
	return provider_ask(scene, "GET", path, nothing);
}

/* Whether the answer's JSON is EXPECTED; prints it if not. */
static bool is_json(const struct provider_scene *scene, const char *expected)
{
	json_t *want = json_loads(expected, 0, NULL), *have = provider_json(scene);
	bool same = want != NULL && json_equal(want, have) == 1;

	if (!same)
		printf(
		    "# %.*s\n", (int)scene->answer.data.len, (const char *)scene->answer.data.data);
	json_decref(want);
	json_decref(have);
	return same;
}

static void test_node(void)
{
	struct buffer ctl =
	    provider_list(PROVIDER_SAST_1 | PROVIDER_SAST_2, PROVIDER_TOKEN_1, 1000, "CTLFile.tlv");
	struct buffer capf = provider_capf(true);
	struct provider_scene scene;
	json_t *json, *item;

	provider_scene(&scene);
	scene.settings.offers[1].path = strdup(provider_state(&scene, "capf-certificate"));
	provider_write(scene.settings.offers[1].path, buffer_bytes(&capf));
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(get(&scene, "/v1/services"), 200);
	CU_ASSERT_TRUE(is_json(&scene, "[\"CallManager\", \"TFTP\"]"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/servers"), 200);
	CU_ASSERT_TRUE(
	    is_json(&scene, "[{\"name\": \"cucm-pub\", \"address\": \"10.1.2.3\", \"provider\": "
			    "\"10.1.2.3:2444\"}, {\"name\": \"tftp1\", \"address\": \"10.1.2.5\", "
			    "\"provider\": \"\"}]"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/node"), 200);
	json = provider_json(&scene);
	CU_ASSERT_EQUAL(json_object_size(json), 11);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "name")), "cucm-sub1");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "role")), "subscriber");
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "mode")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "ctl")));
	item = json_array_get(json_object_get(json, "certificates"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(item, "name")), "capf");
	CU_ASSERT_STRING_EQUAL(
	    json_string_value(json_object_get(item, "subject")), "O=Lab,CN=STRANGER");
	json_decref(json);

	provider_write(provider_file(&scene, "CTLFile.tlv"), buffer_bytes(&ctl));
	CU_ASSERT_EQUAL(get(&scene, "/v1/node"), 200);
	json = provider_json(&scene);
	item = json_object_get(json, "ctl");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(item, "sha256")),
	    provider_sha256(buffer_bytes(&ctl)));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(item, "length")), (json_int_t)ctl.len);
	CU_ASSERT_STRING_EQUAL(
	    json_string_value(json_object_get(item, "made")), "1970-01-01T00:16:40Z");
	CU_ASSERT_EQUAL(strlen(json_string_value(json_object_get(item, "sha1"))), 40);
	json_decref(json);
	free(scene.settings.offers[1].path);
	provider_scene_free(&scene);
	buffer_free(&ctl);
	buffer_free(&capf);
}

static void test_certificates(void)
{
	struct buffer pem = provider_capf(true), der = provider_capf(false);
	struct provider_scene scene;
	char expected[512];

	provider_scene(&scene);
	scene.settings.offers[0].path = strdup(provider_state(&scene, "callmanager"));
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates"), 500);
	CU_ASSERT_TRUE(provider_refuses(&scene, "callmanager", ""));
	/* It is there now, without a restart, in either form. */
	provider_write(scene.settings.offers[0].path, buffer_bytes(&der));
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates/callmanager"), 200);
	CU_ASSERT_STRING_EQUAL(scene.answer.type, "application/x-pem-file");
	CU_ASSERT_TRUE(provider_says(&scene, buffer_bytes(&pem)));
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates"), 200);
	snprintf(expected, sizeof(expected),
	    "[{\"name\": \"callmanager\", \"sha256\": \"%s\", \"subject\": \"O=Lab,CN=STRANGER\"}]",
	    provider_sha256(buffer_bytes(&der)));
	CU_ASSERT_TRUE(is_json(&scene, expected));
	/* Broken: said, and nowhere left out. */
	provider_write(scene.settings.offers[0].path, text_bytes("-----BEGIN rubbish"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates/callmanager"), 500);
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.answer.note, "callmanager"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates"), 500);
	CU_ASSERT_EQUAL(get(&scene, "/v1/node"), 500);
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates/capf"), 404);
	CU_ASSERT_TRUE(provider_refuses(&scene, "no certificate", "/v1/certificates"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/certificates/other"), 404);
	free(scene.settings.offers[0].path);
	provider_scene_free(&scene);
	buffer_free(&pem);
	buffer_free(&der);
}

static void test_mode(void)
{
	static const struct {
		const char *body;
		int code;
	} cases[] = {
	    {"{\"mode\": 0}", 200},
	    {"{\"mode\": 1}", 200},
	    {"{\"mode\": 2}", 400},
	    {"{\"mode\": -1}", 400},
	    {"{\"mode\": 18446744073709551617}", 400},
	    {"{\"mode\": true}", 400},
	    {"{\"mode\": \"1\"}", 400},
	    {"{\"mode\": 1.0}", 400},
	    {"{\"mode\": null}", 400},
	    {"{\"mode\": 1, \"mode\": 0}", 400},
	    {"{\"mode\": 1, \"more\": 0}", 400},
	    {"{\"more\": 1}", 400},
	    {"{}", 400},
	    {"[1]", 400},
	    {"1", 400},
	    {"", 400},
	    {"{\"mode\": 1} {}", 400},
	    {"{\"mode\": 1", 400},
	    {"{\"mode\": 1, \"a\xff\": 1}", 400},
	};
	struct provider_scene scene;
	char long_body[5000];

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(get(&scene, "/v1/mode"), 200);
	CU_ASSERT_TRUE(is_json(&scene, "{\"mode\": null}"));
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(
		    provider_ask_json(&scene, "PUT", "/v1/mode", cases[i].body), cases[i].code);
		if (cases[i].code != 200)
			CU_ASSERT_TRUE(provider_refuses(&scene, "", "mode"));
	}
	CU_ASSERT_EQUAL(provider_ask_text(&scene, "PUT", "/v1/mode", "{\"mode\": 0}"), 415);
	CU_ASSERT_TRUE(provider_refuses(&scene, "application/json", "Content-Type"));
	memset(long_body, ' ', sizeof(long_body));
	memcpy(long_body, "{\"mode\": 0}", 11);
	long_body[sizeof(long_body) - 1] = '\0';
	CU_ASSERT_EQUAL(provider_ask_json(&scene, "PUT", "/v1/mode", long_body), 413);
	/* Kept over a restart. */
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(get(&scene, "/v1/mode"), 200);
	CU_ASSERT_TRUE(is_json(&scene, "{\"mode\": 1}"));
	provider_write(provider_state(&scene, "mode"), text_bytes("3\n"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/mode"), 500);
	CU_ASSERT_TRUE(provider_refuses(&scene, "damaged", "set the mode"));
	CU_ASSERT_EQUAL(provider_ask_json(&scene, "PUT", "/v1/mode", "{\"mode\": 0}"), 200);
	CU_ASSERT_STRING_EQUAL(scene.answer.note, "set mode 0");
	CU_ASSERT_EQUAL(get(&scene, "/v1/mode"), 200);
	CU_ASSERT_TRUE(is_json(&scene, "{\"mode\": 0}"));
	provider_scene_free(&scene);
}

static void test_unknown(void)
{
	static const char *const paths[] = {"", "/", "/v1", "/v1/", "/v2/node", "/v1/node/",
	    "/v1/files/", "/v1/files/../state/mode", "/v1/files/ctlfile.tlv", "/v1/files/.",
	    "/v1/files/CTLFile.tlv/", "/v1/files/CTLFile.tlv/other", "/v1/files/CTLFile.tlv.staged",
	    "/v1/files//CTLFile.tlv", "/v1/files/CTLSEP001122aabbcc.tlv",
	    "/v1/files/CTLSEP001122AABBC.tlv", "/v1/files/CTLSEP001122AABBCCD.tlv",
	    "/v1/files/ITLFile.tlv", "/v1/files/CTLSEP001122AABBCC.tlv.tlv", "/v1/staged",
	    "/v1/staged/passwd", "/v1/certificates/", "/v1/files/lock",
	    "/v1/files/CTLSEP001122AABBCC001122AABBCC001122AABBCC001122AABBCC001122AABBCC.tlv"};
	static const char *const methods[] = {"OPTIONS", "PATCH", "", "get", "TRACE"};
	struct provider_scene scene;

	provider_scene(&scene);
	provider_scene_open(&scene);
	for (size_t i = 0; i < HARNESS_COUNT(paths); i++) {
		CU_ASSERT_EQUAL(get(&scene, paths[i]), 404);
		CU_ASSERT_TRUE(provider_refuses(&scene, "", ""));
		CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", paths[i], text_bytes("anything")), 404);
	}
	for (size_t i = 0; i < HARNESS_COUNT(methods); i++) {
		CU_ASSERT_EQUAL(provider_ask(&scene, methods[i], "/v1/node", nothing), 405);
		CU_ASSERT_STRING_EQUAL(scene.answer.allow, "GET, HEAD");
	}
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/CTLFile.tlv/revert"), 405);
	CU_ASSERT_STRING_EQUAL(scene.answer.allow, "POST");
	CU_ASSERT_EQUAL(
	    provider_ask(&scene, "DELETE", "/v1/files/CTLSEP001122AABBCC.tlv", nothing), 405);
	CU_ASSERT_STRING_EQUAL(scene.answer.allow, "GET, HEAD, PUT");
	CU_ASSERT_EQUAL(provider_ask(&scene, "PATCH", "/v1/staged/capf.cer", nothing), 405);
	CU_ASSERT_STRING_EQUAL(scene.answer.allow, "GET, HEAD, PUT, POST, DELETE");
	provider_scene_free(&scene);
}

static int get_if(struct provider_scene *scene, const char *path, const char *etag)
{
	const struct provider_request request = {.method = "GET", .path = path, .etag = etag};

	provider_answer_done(&scene->answer);
	provider_answer(scene->provider, &request, &scene->answer);
	return scene->answer.code;
}

static void test_files(void)
{
	static const char path[] = "/v1/files/CTLSEP001122AABBCC.tlv";
	const struct bytes old = text_bytes("old file"), new = text_bytes("new file");
	struct provider_scene scene;
	char etag[128], two[256];
	json_t *json, *item;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(get(&scene, "/v1/files"), 200);
	CU_ASSERT_TRUE(is_json(&scene, "[]"));
	CU_ASSERT_EQUAL(get(&scene, path), 404);
	provider_write(provider_file(&scene, "CTLSEP001122AABBCC.tlv"), old);
	provider_write(provider_file(&scene, "SEP001122AABBCC.cnf.xml"), old);
	CU_ASSERT_EQUAL(get(&scene, path), 200);
	CU_ASSERT_STRING_EQUAL(scene.answer.type, "application/octet-stream");
	CU_ASSERT_TRUE(provider_says(&scene, old));
	snprintf(etag, sizeof(etag), "\"%s\"", provider_sha256(old));
	CU_ASSERT_STRING_EQUAL(scene.answer.etag, etag);
	CU_ASSERT_EQUAL(provider_ask(&scene, "HEAD", path, nothing), 200);
	CU_ASSERT_EQUAL(scene.answer.data.len, old.len);
	CU_ASSERT_EQUAL(get_if(&scene, path, etag), 304);
	CU_ASSERT_EQUAL(scene.answer.data.len, 0);
	CU_ASSERT_STRING_EQUAL(scene.answer.etag, etag);
	snprintf(two, sizeof(two), "\"other\" , W/%s", etag);
	CU_ASSERT_EQUAL(get_if(&scene, path, two), 304);
	CU_ASSERT_EQUAL(get_if(&scene, path, "*"), 304);
	CU_ASSERT_EQUAL(get_if(&scene, path, "\"other\", W/"), 200);
	CU_ASSERT_EQUAL(get_if(&scene, path, ",,,W"), 200);

	/* Somebody else writes over it, in the same second and with the same length. */
	provider_write(provider_file(&scene, "CTLSEP001122AABBCC.tlv"), new);
	CU_ASSERT_EQUAL(get_if(&scene, path, etag), 200);
	CU_ASSERT_TRUE(provider_says(&scene, new));
	CU_ASSERT_EQUAL(get(&scene, "/v1/files"), 200);
	json = provider_json(&scene);
	CU_ASSERT_EQUAL(json_array_size(json), 1);
	item = json_array_get(json, 0);
	CU_ASSERT_STRING_EQUAL(
	    json_string_value(json_object_get(item, "name")), "CTLSEP001122AABBCC.tlv");
	CU_ASSERT_STRING_EQUAL(
	    json_string_value(json_object_get(item, "sha256")), provider_sha256(new));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(item, "length")), 8);
	CU_ASSERT_EQUAL(strlen(json_string_value(json_object_get(item, "modified"))), 20);
	json_decref(json);
	provider_scene_free(&scene);
}

/* Longer after the last change, nothing is read again, and still every change is seen. */
static void test_settled(void)
{
	const struct bytes old = text_bytes("old file"), new = text_bytes("new file");
	struct provider_scene scene;
	const uint8_t *first;

	provider_scene(&scene);
	provider_scene_open(&scene);
	provider_write(provider_file(&scene, "capf.cer"), old);
	sleep(3);
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/capf.cer"), 200);
	first = scene.answer.data.data;
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/capf.cer"), 200);
	CU_ASSERT_PTR_EQUAL(scene.answer.data.data, first);
	provider_write(provider_file(&scene, "capf.cer"), new);
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/capf.cer"), 200);
	CU_ASSERT_TRUE(provider_says(&scene, new));
	provider_write(provider_file(&scene, "other"), old);
	CU_ASSERT_EQUAL(
	    rename(provider_file(&scene, "other"), provider_file(&scene, "capf.cer")), 0);
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/capf.cer"), 200);
	CU_ASSERT_TRUE(provider_says(&scene, old));
	unlink(provider_file(&scene, "capf.cer"));
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/capf.cer"), 404);
	provider_scene_free(&scene);
}

static void test_capf(void)
{
	struct buffer pem = provider_capf(true), der = provider_capf(false), twice = BUFFER_INIT;
	struct provider_scene scene;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", "/v1/files/capf.cer", buffer_bytes(&pem)), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "DER", "-outform DER"));
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", "/v1/files/capf.pem", buffer_bytes(&der)), 422);
	CU_ASSERT_TRUE(provider_refuses(&scene, "PEM", "-outform PEM"));
	for (size_t i = 0; i < 2; i++) {
		struct buffer *one = i == 0 ? &pem : &der;
		const char *path = i == 0 ? "/v1/files/capf.pem" : "/v1/files/capf.cer";

		buffer_reset(&twice);
		buffer_add(&twice, one->data, one->len);
		buffer_add(&twice, one->data, one->len);
		CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", path, buffer_bytes(&twice)), 422);
		CU_ASSERT_EQUAL(
		    provider_ask(&scene, "PUT", path, (struct bytes){twice.data, one->len - 4}),
		    422);
		CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", path, nothing), 422);
		CU_ASSERT_EQUAL(get(&scene, path), 404);
		CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", path, buffer_bytes(one)), 200);
		CU_ASSERT_EQUAL(get(&scene, path), 200);
		CU_ASSERT_TRUE(provider_says(&scene, buffer_bytes(one)));
	}
	buffer_add(&pem, "\0", 1);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", "/v1/files/capf.pem", buffer_bytes(&pem)), 422);
	CU_ASSERT_EQUAL(provider_ask_text(&scene, "PUT", "/v1/files/capf.pem", "x"), 415);
	buffer_free(&pem);
	buffer_free(&der);
	buffer_free(&twice);
	provider_scene_free(&scene);
}

static void test_too_large(void)
{
	struct bytes body = {calloc(1, PROVIDER_MAX_BODY + 1), PROVIDER_MAX_BODY + 1};
	struct provider_scene scene;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", "/v1/files/CTLFile.tlv", body), 413);
	body.len = 65537;
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", "/v1/files/CTLFile.tlv", body), 413);
	CU_ASSERT_TRUE(provider_refuses(&scene, "65536", ""));
	body.len = 256 * 1024 + 1;
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", "/v1/files/capf.cer", body), 413);
	/* One that is on the disk is not read, either. */
	CU_ASSERT_EQUAL(truncate((provider_write(provider_file(&scene, "capf.cer"), nothing),
				     provider_file(&scene, "capf.cer")),
			    PROVIDER_MAX_BODY + 1),
	    0);
	CU_ASSERT_EQUAL(get(&scene, "/v1/files/capf.cer"), 500);
	CU_ASSERT_TRUE(provider_refuses(&scene, "larger", ""));
	free((void *)(uintptr_t)body.data);
	provider_scene_free(&scene);
}

/* Every operation of doc/openapi.json is answered, and there is no other. */
static void test_openapi(void)
{
	static const char *const methods[] = {"GET", "HEAD", "PUT", "POST", "DELETE"};
	static const char *const members[] = {"get", "head", "put", "post", "delete"};
	struct provider_scene scene;
	const json_t *paths;
	json_t *json;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(get(&scene, "/v1/openapi.json"), 200);
	json = provider_json(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "openapi")), "3.1.0");
	paths = json_object_get(json, "paths");
	CU_ASSERT_EQUAL(json_object_size(paths), provider_n_routes);
	for (size_t i = 0; i < provider_n_routes; i++) {
		const json_t *path = json_object_get(paths, provider_routes[i].path);
		char allowed[64] = "";

		CU_ASSERT_PTR_NOT_NULL(path);
		for (size_t j = 0; j < HARNESS_COUNT(methods); j++)
			if (json_object_get(path, members[j]) != NULL)
				snprintf(allowed + strlen(allowed),
				    sizeof(allowed) - strlen(allowed), "%s%s",
				    allowed[0] != '\0' ? ", " : "", methods[j]);
		CU_ASSERT_STRING_EQUAL(allowed, route_allow(&provider_routes[i]));
	}
	json_decref(json);
	provider_scene_free(&scene);
}

static void test_not_opened(void)
{
	struct provider *second = (struct provider *)&second;
	struct provider_scene scene;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(provider_open(&scene.settings, &second, &scene.err), ST_BUSY);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_TRUE(scene.err.hint[0] != '\0');
	provider_close(scene.provider);
	scene.provider = NULL;
	unlink(provider_state(&scene, "lock"));
	CU_ASSERT_EQUAL(rmdir(scene.settings.state), 0);
	CU_ASSERT_EQUAL(provider_open(&scene.settings, &second, &scene.err), ST_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.err.where, scene.settings.state));
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.err.hint, "install -d"));
	mkdir(scene.settings.state, 0700);
	CU_ASSERT_EQUAL(rmdir(scene.settings.directory), 0);
	CU_ASSERT_EQUAL(provider_open(&scene.settings, &second, &scene.err), ST_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.err.where, scene.settings.directory));
	CU_ASSERT_TRUE(scene.err.hint[0] != '\0');
	provider_close(NULL);
	provider_scene_free(&scene);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a node tells its name, services, servers, certificates and CTL", test_node},
	    {"certificates come from their files, and a broken one is an error", test_certificates},
	    {"the mode is 0, 1 or not set, and kept; other bodies are refused", test_mode},
	    {"what there is not is 404, what cannot be done with it 405", test_unknown},
	    {"files come with their hash, and what others write is seen at once", test_files},
	    {"a file that has settled is read once, until it changes", test_settled},
	    {"capf.cer is one DER certificate, capf.pem one in PEM form", test_capf},
	    {"what is too large is refused before it is looked at", test_too_large},
	    {"the API's description has every operation, and no other", test_openapi},
	    {"a state directory that is taken or missing, a directory that is none",
		test_not_opened},
	};

	return harness_main("provider answer", tests, HARNESS_COUNT(tests));
}
