/*
 * Fuzz target: requests to a CTL Provider, one after the other.
 *
 * The input is "METHOD PATH LENGTH\n" and as many bytes of the body, again and again.  The provider
 * starts without any file, so whatever it hands out in the end it has taken from the input, and
 * must have checked.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "provider/provider.h"
#include "trustlist/trustlist.h"

#include <dirent.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUESTS_MAX 8
#define WORD_MAX     128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[64], directory[80], state[80];
static struct tl_verifier *verifier;

static void must(bool good)
{
	if (!good)
		abort();
}

static void empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	must(dir != NULL);
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

static void remove_all(void)
{
	empty(directory);
	empty(state);
	rmdir(directory);
	rmdir(state);
	rmdir(top);
	tl_verifier_free(verifier);
}

/* In memory where there is such a place: everything is flushed to disk. */
static void make_directories(void)
{
	snprintf(top, sizeof(top), "%s/ctlsign-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(top) != NULL);
	snprintf(directory, sizeof(directory), "%s/tftp", top);
	snprintf(state, sizeof(state), "%s/state", top);
	must(mkdir(directory, 0700) == 0 && mkdir(state, 0700) == 0);
	verifier = tl_verifier_new();
	atexit(remove_all);
}

/* The next word of a line, up to a blank or its end; false when there is none. */
static bool take_word(const uint8_t **p, const uint8_t *end, char out[WORD_MAX])
{
	size_t n = 0;

	while (*p < end && **p != ' ' && **p != '\n' && n + 1 < WORD_MAX)
		out[n++] = (char)*(*p)++;
	out[n] = '\0';
	if (*p == end || (**p != ' ' && **p != '\n'))
		return false;
	(*p)++;
	return true;
}

static void check_error(const struct provider_answer *answer)
{
	json_t *json = json_loadb(
	    (const char *)answer->data.data, answer->data.len, JSON_REJECT_DUPLICATES, NULL);
	const char *error = json_string_value(json_object_get(json, "error"));
	const char *hint = json_string_value(json_object_get(json, "hint"));

	must(error != NULL && error[0] != '\0' && hint != NULL && hint[0] != '\0');
	must(json_object_size(json) == 2 && answer->note[0] != '\0');
	must(strpbrk(error, "\n\r\t\x1b") == NULL && strpbrk(answer->note, "\n\r\t\x1b") == NULL);
	json_decref(json);
}

static void ask(struct provider *provider, const char *method, const char *path, struct bytes body)
{
	const struct provider_request request = {
	    .method = method, .path = path, .body = body, .client = "CN=fuzz"};
	struct provider_answer answer;

	provider_answer(provider, &request, &answer);
	switch (answer.code) {
	case 200:
		must(answer.type != NULL);
		break;
	case 204:
		must(answer.data.len == 0);
		break;
	case 405:
		must(answer.allow != NULL);
		check_error(&answer);
		break;
	default:
		/* Nothing that is sent makes the node fail. */
		must(answer.code >= 400 && answer.code < 500);
		check_error(&answer);
	}
	provider_answer_done(&answer);
}

static void check_certificate(struct bytes file, bool pem)
{
	BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
	X509 *x509 = pem ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : d2i_X509_bio(bio, NULL);

	must(x509 != NULL);
	X509_free(x509);
	BIO_free(bio);
}

/* The name that a file has, or is staged for: "CTLFile.tlv" of ".CTLFile.tlv.staged". */
static const char *name_of(const char *file, char out[WORD_MAX])
{
	const size_t len = strlen(file);

	if (file[0] != '.')
		return file;
	must(len > 8 && len < WORD_MAX && strcmp(file + len - 7, ".staged") == 0);
	memcpy(out, file + 1, len - 8);
	out[len - 8] = '\0';
	return out;
}

/*
 * Everything that phones could fetch now, or after one more request, is one of the files, and one
 * that they can use.
 */
static void check_files(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	const struct dirent *entry;
	DIR *dir = opendir(directory);
	char path[512], bare[WORD_MAX];
	const char *name;

	must(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		must(file_read(path, PROVIDER_MAX_BODY, &file, NULL, NULL) == ST_OK);
		name = name_of(entry->d_name, bare);
		if (strncmp(name, "CTL", 3) == 0) {
			must(tl_read(&list, buffer_bytes(&file), NULL) == ST_OK);
			must(tl_verify(verifier, &list, NULL) == ST_OK);
		} else {
			must(strcmp(name, "capf.cer") == 0 || strcmp(name, "capf.pem") == 0);
			check_certificate(buffer_bytes(&file), name[5] == 'p');
		}
	}
	closedir(dir);
	tl_free(&list);
	buffer_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data, *end = data + size;
	char method[WORD_MAX], path[WORD_MAX], length[WORD_MAX];
	struct provider_settings settings = {
	    .node = (char[]){"fuzz"},
	    .dns = (char[]){"fuzz"},
	    .address = (char[]){""},
	    .role = (char[]){"tftp"},
	    .release = (char[]){""},
	    .offers = {{"callmanager", NULL}, {"capf", NULL}, {"itlrecovery", NULL}, {"tvs", NULL}},
	    .directory = directory,
	    .state = state,
	};
	struct provider *provider;

	if (top[0] == '\0')
		make_directories();
	must(provider_open(&settings, &provider, NULL) == ST_OK);
	for (int i = 0; i < REQUESTS_MAX && take_word(&p, end, method) &&
			take_word(&p, end, path) && take_word(&p, end, length);
	     i++) {
		size_t len = strtoul(length, NULL, 10);

		if (len > (size_t)(end - p))
			len = (size_t)(end - p);
		ask(provider, method, path, (struct bytes){p, len});
		p += len;
	}
	provider_close(provider);
	check_files();
	empty(directory);
	empty(state);
	return 0;
}
