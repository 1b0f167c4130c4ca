/*
 * Certificate files and private key files: what is taken, what is refused, what stays in memory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "harness.h"

#include "base/file.h"
#include "ceremony/ceremony.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

static X509 *certificate(const char *name, enum fixture_key_id key)
{
	const char *subject[] = {"CN", name, NULL};
	static const uint8_t serial[] = {7};

	return fixture_cert(&(struct fixture_cert_spec){
	    .subject = subject, .key = fixture_key(key), .serial = {serial, sizeof(serial)}});
}

/* The PEM text of a certificate; freed by the caller. */
static char *pem_of(const char *name)
{
	X509 *x509 = certificate(name, FIXTURE_RSA_2048);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	PEM_write_bio_X509(bio, x509);
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	X509_free(x509);
	return text;
}

static void put(const char *name, const char *a, const char *b, const char *c)
{
	FILE *file = fopen(path_of(name), "w");

	fprintf(file, "%s%s%s", a, b, c);
	fclose(file);
	chmod(path_of(name), 0600);
}

/* The common name of the certificate in the file, "" when it was refused. */
static const char *read_name(const char *name, enum status *st)
{
	static char text[64];
	X509 *x509;

	text[0] = '\0';
	*st = certificate_read(path_of(name), &x509, &err);
	if (*st == ST_OK)
		X509_NAME_get_text_by_NID(
		    X509_get_subject_name(x509), NID_commonName, text, sizeof(text));
	else
		CU_ASSERT_PTR_NULL(x509);
	X509_free(x509);
	return text;
}

static const char other_blocks[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
				   "AAAA\n"
				   "-----END CERTIFICATE REQUEST-----\n"
				   "-----BEGIN PRIVATE KEY-----\n"
				   "!!!! not even base64 !!!!\n"
				   "-----END PRIVATE KEY-----\n";

static void one_certificate_is_found(void)
{
	char *pem = pem_of("one"), *old = strdup(pem), *at;
	enum status st;

	put("c", pem, "", "");
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "one");
	put("c", "words\n", other_blocks, pem);
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "one");
	put("c", pem, other_blocks, "words -----BEGIN CERTIFICATE----- words\n");
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "one");
	/* Without a newline at the end, and with lines that Windows ended. */
	pem[strlen(pem) - 1] = '\0';
	put("c", "words\r\n", pem, "");
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "one");
	/* The label of long ago. */
	at = strstr(old, "-----END CERTIFICATE");
	*at = '\0';
	put("c", "-----BEGIN X509 CERTIFICATE-----\n", strchr(old, '\n') + 1,
	    "-----END X509 CERTIFICATE-----\n");
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "one");
	free(pem);
	free(old);
}

static void two_certificates_are_refused(void)
{
	char *one = pem_of("one"), *two = pem_of("two");
	enum status st;

	put("c", one, other_blocks, two);
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "");
	CU_ASSERT_EQUAL(st, ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "the file holds more than one certificate");
	free(one);
	free(two);
}

static void a_damaged_second_certificate_is_refused(void)
{
	char *one = pem_of("one"), *two = pem_of("two");
	const size_t len = strlen(two);
	/* In the first line, the base64, the DER, and the last line. */
	const struct damage {
		size_t at;
		char with;
	} damages[] = {
	    {strlen("-----BEGIN CERTIFICATE---"), 'x'}, {len / 2, '!'}, {30, 'x'}, {len - 10, 'x'}};
	enum status st;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char *damaged = strdup(two);

		damaged[damages[i].at] = damages[i].with;
		put("c", one, damaged, "");
		CU_ASSERT_STRING_EQUAL(read_name("c", &st), "");
		CU_ASSERT_EQUAL(st, ST_FORMAT);
		CU_ASSERT_STRING_EQUAL(err.what, "a second certificate in the file cannot be read");
		put("c", damaged, one, "");
		CU_ASSERT_STRING_EQUAL(read_name("c", &st), "");
		CU_ASSERT_EQUAL(st, ST_FORMAT);
		CU_ASSERT_STRING_EQUAL(err.what, "this is no X.509 certificate in PEM or DER form");
		free(damaged);
	}
	two[len / 2] = '\0';
	put("c", one, two, "");
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "");
	CU_ASSERT_EQUAL(st, ST_FORMAT);
	put("c", other_blocks, "", "");
	CU_ASSERT_STRING_EQUAL(read_name("c", &st), "");
	CU_ASSERT_EQUAL(st, ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "/c"));
	free(one);
	free(two);
}

/* ---- what stays in memory ------------------------------------------------------------------ */

#define MARK_LEN 48

/* Byte I of what stands in the private key, never whole in this process. */
static uint8_t mark(size_t i)
{
	return (uint8_t)(i * 37 + 11);
}

/* In a child, so that this process has never had it: a certificate and a key that is MARK. */
static void write_marked_file(const char *pem)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		FILE *file = fopen(path_of("marked"), "w");
		uint8_t raw[MARK_LEN];

		fputs(pem, file);
		for (size_t i = 0; i < MARK_LEN; i++)
			raw[i] = mark(i);
		PEM_write(file, "PRIVATE KEY", "", raw, MARK_LEN);
		fputs("\n", file);
		_exit(fclose(file) == 0 ? 7 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static bool is_mark(const uint8_t *p)
{
	for (size_t i = 0; i < MARK_LEN; i++)
		if (p[i] != mark(i))
			return false;
	return true;
}

/* 32 characters of its base64, as the decoder of this test sees them. */
static bool is_encoded_mark(const uint8_t *p)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < 32; i++) {
		const size_t bit = i * 6;
		const unsigned pair = (unsigned)mark(bit / 8) << 8 | mark(bit / 8 + 1);

		if (p[i] != (uint8_t)digits[pair >> (10 - bit % 8) & 63])
			return false;
	}
	return true;
}

/* How often either stands in this process's memory; -1 when that cannot be read. */
static int count_marks(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY), n = -1;
	static uint8_t chunk[1 << 20];
	unsigned long start, end;
	char access[8], line[512];

	while (maps != NULL && memory >= 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3 || access[1] != 'w' ||
		    end - start > 1ul << 30)
			continue;
		for (unsigned long at = start; at < end; at += sizeof(chunk) - MARK_LEN) {
			ssize_t got = 0;

			/* This buffer is no leak. */
			if (at < (uintptr_t)chunk + sizeof(chunk) &&
			    at + sizeof(chunk) > (uintptr_t)chunk)
				continue;
			got = pread(memory, chunk, sizeof(chunk), (off_t)at);
			if (got > 0 && n < 0)
				n = 0;
			for (ssize_t i = 0; i + MARK_LEN <= got; i++)
				n += is_mark(chunk + i) || is_encoded_mark(chunk + i);
			memset(chunk, 0, sizeof(chunk));
		}
	}
	if (maps != NULL)
		fclose(maps);
	if (memory >= 0)
		close(memory);
	return n;
}

static void a_private_key_beside_it_leaves_no_copy(void)
{
	char *pem = pem_of("marked");
	struct buffer buf = BUFFER_INIT;
	enum status st;

	write_marked_file(pem);
	free(pem);
	CU_ASSERT_STRING_EQUAL(read_name("marked", &st), "marked");
	if (count_marks() < 0) {
		harness_skip("/proc/self/mem cannot be read");
		return;
	}
	CU_ASSERT_EQUAL(count_marks(), 0);
	/* The search finds what there is. */
	CU_ASSERT_EQUAL(file_read(path_of("marked"), 10000, &buf, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(count_marks(), 1);
	buffer_free(&buf);
}

/* ---- key files ----------------------------------------------------------------------------- */

struct answer {
	unsigned asked;
	char label[256];
};

static enum status answer(
    void *context, const struct pin_request *request, struct secret *pin, struct error *error)
{
	struct answer *a = context;
	enum status st = secret_alloc(pin, error);

	a->asked++;
	snprintf(a->label, sizeof(a->label), "%s", request->label);
	if (st == ST_OK) {
		memcpy(pin->text, "sesame", 7);
		pin->len = 6;
	}
	return st;
}

static void put_key(const char *name, bool encrypted, mode_t mode)
{
	FILE *file = fopen(path_of(name), "w");

	PEM_write_PrivateKey(file, fixture_key(FIXTURE_RSA_2048),
	    encrypted ? EVP_aes_256_cbc() : NULL, (const unsigned char *)"sesame",
	    encrypted ? 6 : 0, NULL, NULL);
	fclose(file);
	chmod(path_of(name), mode);
}

static enum status open_key(const char *name, struct answer *a)
{
	const struct pin_source pins = {.ask = answer, .context = a};
	X509 *candidate = certificate("signer", FIXTURE_RSA_2048);
	struct signer *signer = NULL;
	enum status st;

	memset(a, 0, sizeof(*a));
	st = pem_signer_open(path_of(name), &candidate, 1, &pins, &signer, &err);
	CU_ASSERT_EQUAL(signer != NULL, st == ST_OK);
	signer_free(signer);
	X509_free(candidate);
	return st;
}

static void a_key_that_others_can_read_is_refused(void)
{
	const mode_t refused[] = {0644, 0604, 0601, 0602, 0666}, taken[] = {0600, 0640, 0660, 0400};
	struct answer a;
	char text[64];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		put_key("key", false, refused[i]);
		CU_ASSERT_EQUAL(open_key("key", &a), ST_IO);
		snprintf(text, sizeof(text), "others can read the private key file (mode %04o)",
		    refused[i]);
		CU_ASSERT_STRING_EQUAL(err.what, text);
		CU_ASSERT_EQUAL(strncmp(err.hint, "run: chmod o= /", 15), 0);
		CU_ASSERT_STRING_EQUAL(err.where, path_of("key"));
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		unlink(path_of("key"));
		put_key("key", false, taken[i]);
		CU_ASSERT_EQUAL(open_key("key", &a), ST_OK);
		CU_ASSERT_EQUAL(a.asked, 0);
	}
	unlink(path_of("key"));
}

static void an_encrypted_key_may_be_read_by_others(void)
{
	struct answer a;

	put_key("key", true, 0644);
	CU_ASSERT_EQUAL(open_key("key", &a), ST_OK);
	CU_ASSERT_EQUAL(a.asked, 1);
	CU_ASSERT_STRING_EQUAL(a.label, path_of("key"));
	unlink(path_of("key"));
}

static void the_prompt_gets_a_printable_name(void)
{
	char expected[256];
	struct answer a;

	put_key("a\x1b[2Jb\n", true, 0600);
	CU_ASSERT_EQUAL(open_key("a\x1b[2Jb\n", &a), ST_OK);
	snprintf(expected, sizeof(expected), "%s/a\\x1B[2Jb\\x0A", harness_directory());
	CU_ASSERT_STRING_EQUAL(a.label, expected);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"one certificate is found among other things", one_certificate_is_found},
	    {"two certificates are refused", two_certificates_are_refused},
	    {"a damaged second certificate is refused", a_damaged_second_certificate_is_refused},
	    {"a private key beside a certificate leaves no copy in memory",
		a_private_key_beside_it_leaves_no_copy},
	    {"a private key that others can read is refused",
		a_key_that_others_can_read_is_refused},
	    {"an encrypted one is taken", an_encrypted_key_may_be_read_by_others},
	    {"the prompt gets a printable file name", the_prompt_gets_a_printable_name},
	};

	return harness_main("ceremony files", tests, HARNESS_COUNT(tests));
}
