/* Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "fixture_provider_scene.h"

#include "base/text.h"
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Static texts: how many are good at a time, and their room. */
#define TEXTS	  4
#define TEXT_SIZE 512

static X509 *certificates[PROVIDER_N_SIGNERS];

static void must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "fixture: %s failed\n", what);
		abort();
	}
}

static char *next_text(void)
{
	static _Thread_local char texts[TEXTS][TEXT_SIZE];
	static _Thread_local unsigned next;

	return texts[next++ % TEXTS];
}

void provider_scene(struct provider_scene *scene)
{
	static unsigned number;
	static char *services[] = {"CallManager", "TFTP"};
	static char *servers[] = {"cucm-pub 10.1.2.3 10.1.2.3:2444", "tftp1 \t 10.1.2.5"};
	char path[256];

	*scene = (struct provider_scene){0};
	snprintf(path, sizeof(path), "%s/provider-%u", harness_directory(), number++);
	must(mkdir(path, 0755) == 0, "mkdir");
	scene->settings = (struct provider_settings){
	    .node = "cucm-sub1",
	    .dns = "cucm-sub1.lab.example",
	    .address = "10.1.2.4",
	    .role = "subscriber",
	    .release = "12.5(1)",
	    .services = services,
	    .n_services = 2,
	    .servers = servers,
	    .n_servers = 2,
	    .offers = {{"callmanager", NULL}, {"capf", NULL}, {"itlrecovery", NULL}, {"tvs", NULL}},
	};
	must(asprintf(&scene->settings.directory, "%s/tftp", path) > 0, "asprintf");
	must(asprintf(&scene->settings.state, "%s/state", path) > 0, "asprintf");
	must(mkdir(scene->settings.directory, 0755) == 0, "mkdir");
	must(mkdir(scene->settings.state, 0700) == 0, "mkdir");
}

void provider_scene_open(struct provider_scene *scene)
{
	provider_answer_done(&scene->answer);
	provider_close(scene->provider);
	must(provider_open(&scene->settings, &scene->provider, &scene->err) == ST_OK,
	    scene->err.what);
}

void provider_scene_free(struct provider_scene *scene)
{
	provider_answer_done(&scene->answer);
	provider_close(scene->provider);
	free(scene->settings.directory);
	free(scene->settings.state);
	*scene = (struct provider_scene){0};
}

static const char *join(const char *directory, const char *name)
{
	char *out = next_text();

	snprintf(out, TEXT_SIZE, "%s/%s", directory, name);
	return out;
}

const char *provider_file(const struct provider_scene *scene, const char *name)
{
	return join(scene->settings.directory, name);
}

const char *provider_state(const struct provider_scene *scene, const char *name)
{
	return join(scene->settings.state, name);
}

void provider_write(const char *path, struct bytes data)
{
	FILE *file = fopen(path, "wb");

	must(file != NULL, "fopen");
	must(data.len == 0 || fwrite(data.data, 1, data.len, file) == data.len, "fwrite");
	must(fclose(file) == 0, "fclose");
}

bool provider_holds(const char *path, struct bytes data)
{
	FILE *file = fopen(path, "rb");
	uint8_t *read;
	size_t len;
	bool same;

	if (file == NULL)
		return false;
	read = malloc(data.len + 1);
	must(read != NULL, "malloc");
	len = fread(read, 1, data.len + 1, file);
	fclose(file);
	same = len == data.len && memcmp(read, data.data, len) == 0;
	free(read);
	return same;
}

static int ask(struct provider_scene *scene, const char *method, const char *path,
    struct bytes body, const char *type)
{
	const struct provider_request request = {
	    .method = method, .path = path, .body = body, .type = type, .client = "CN=officer"};

	provider_answer_done(&scene->answer);
	provider_answer(scene->provider, &request, &scene->answer);
	return scene->answer.code;
}

int provider_ask(
    struct provider_scene *scene, const char *method, const char *path, struct bytes body)
{
	return ask(scene, method, path, body, "application/octet-stream");
}

int provider_ask_json(
    struct provider_scene *scene, const char *method, const char *path, const char *json)
{
	return ask(scene, method, path, text_bytes(json), "application/json; charset=utf-8");
}

int provider_ask_text(
    struct provider_scene *scene, const char *method, const char *path, const char *text)
{
	return ask(scene, method, path, text_bytes(text), "text/plain");
}

bool provider_says(const struct provider_scene *scene, struct bytes data)
{
	return bytes_equal(scene->answer.data, data);
}

json_t *provider_json(const struct provider_scene *scene)
{
	if (scene->answer.type == NULL || strcmp(scene->answer.type, "application/json") != 0)
		return NULL;
	return json_loadb((const char *)scene->answer.data.data, scene->answer.data.len,
	    JSON_REJECT_DUPLICATES, NULL);
}

bool provider_refuses(const struct provider_scene *scene, const char *words, const char *hint)
{
	json_t *json = provider_json(scene);
	const char *error = json_string_value(json_object_get(json, "error"));
	const char *todo = json_string_value(json_object_get(json, "hint"));
	bool good = error != NULL && todo != NULL && todo[0] != '\0' &&
		    json_object_size(json) == 2 && strstr(error, words) != NULL &&
		    strstr(todo, hint) != NULL && scene->answer.note[0] != '\0';

	if (!good)
		printf("# %d: %s; %s (note: %s)\n", scene->answer.code,
		    error != NULL ? error : "no error", todo != NULL ? todo : "no hint",
		    scene->answer.note);
	json_decref(json);
	return good;
}

static void free_certificates(void)
{
	for (size_t i = 0; i < PROVIDER_N_SIGNERS; i++)
		X509_free(certificates[i]);
}

static EVP_PKEY *key_of(enum provider_signer signer)
{
	switch (signer) {
	case PROVIDER_TOKEN_1:
		return fixture_key(FIXTURE_RSA_1024_A);
	case PROVIDER_TOKEN_2:
		return fixture_key(FIXTURE_RSA_1024_B);
	default:
		return fixture_key(FIXTURE_RSA_2048);
	}
}

static X509 *certificate_of(enum provider_signer signer)
{
	static const char *const names[] = {"SAST-1", "SAST-2", "STRANGER"};
	static const uint8_t serials[] = {0x41, 0x42, 0x43};
	const char *const subject[] = {"O", "Lab", "CN", names[signer], NULL};
	const struct fixture_cert_spec spec = {
	    .subject = subject, .key = key_of(signer), .serial = {&serials[signer], 1}};
	static bool registered;

	if (!registered)
		atexit(free_certificates);
	registered = true;
	if (certificates[signer] == NULL)
		certificates[signer] = fixture_cert(&spec);
	return certificates[signer];
}

struct buffer provider_list(
    unsigned sasts, enum provider_signer signer, uint32_t timestamp, const char *filename)
{
	struct tl_entry entries[PROVIDER_N_SIGNERS] = {0};
	struct buffer file = BUFFER_INIT;
	struct fixture_signer by;
	struct error err = {0};
	struct tl_plan plan = {
	    .entries = entries,
	    .signer = certificate_of(signer),
	    .digest = TL_SHA256,
	    .filename = filename,
	    .timestamp = timestamp,
	};

	for (enum provider_signer i = 0; i < PROVIDER_N_SIGNERS; i++)
		if ((sasts & 1u << i) != 0)
			entries[plan.n_entries++] = (struct tl_entry){
			    .role = TL_ROLE_SAST, .certificate = certificate_of(i)};
	fixture_signer_init(&by, key_of(signer), plan.signer, FIXTURE_SIGNS);
	must(tl_build(&plan, &file, &err) == ST_OK, err.what);
	must(fixture_sign_list(&file, &by, &err) == ST_OK, err.what);
	return file;
}

const char *provider_sha256(struct bytes data)
{
	struct buffer hex = BUFFER_INIT;
	char *out = next_text();
	uint8_t digest[32];
	size_t len = 0;

	must(EVP_Q_digest(NULL, "SHA256", NULL, data.data, data.len, digest, &len) == 1, "digest");
	text_hex(&hex, (struct bytes){digest, len}, 0, true);
	snprintf(out, TEXT_SIZE, "%s", buffer_text(&hex));
	buffer_free(&hex);
	return out;
}

struct buffer provider_capf(bool pem)
{
	X509 *certificate = certificate_of(PROVIDER_STRANGER);
	struct buffer out = BUFFER_INIT;
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	must(bio != NULL &&
		 (pem ? PEM_write_bio_X509(bio, certificate) : i2d_X509_bio(bio, certificate)) == 1,
	    "encoding a certificate");
	len = BIO_get_mem_data(bio, &data);
	buffer_add(&out, data, (size_t)len);
	BIO_free(bio);
	return out;
}
