/*
 * Tokens in SoftHSM: listing, finding, reading certificates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "fixture_certs.h"
#include "fixture_softhsm.h"
#include "harness.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tokens: made once, by the first test that needs them. */
static struct {
	bool made;
	char full[17];	 /* "full": four certificates; of "two" the public key can be seen */
	char twin_a[17]; /* "twin" */
	char twin_b[17]; /* "twin" */
	char pair[17];	 /* "pair": two certificates, no key to be seen */
	char odd[17];	 /* "a\\b;c" */
	X509 *one, *two, *three, *ec, *stranger;
} t;

static void free_certificates(void)
{
	X509_free(t.one);
	X509_free(t.two);
	X509_free(t.three);
	X509_free(t.ec);
	X509_free(t.stranger);
}

static void make_certificates(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_RSA_1024_A);

	t.one = softhsm_certificate(key, "One");
	t.two = softhsm_certificate(key, "Two");
	t.three = softhsm_certificate(key, "Three");
	t.ec = softhsm_certificate(fixture_key(FIXTURE_EC_P256), "EC");
	t.stranger = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_B), "Stranger");
	atexit(free_certificates);
}

static void make_tokens(void)
{
	softhsm_begin();
	softhsm_new_token("full", t.full);
	softhsm_put_key(t.full, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_1024_A), 1, "k1");
	softhsm_put_certificate(t.full, t.one, 1, "c1");
	softhsm_put_key(t.full, SOFTHSM_PUBLIC, fixture_key(FIXTURE_RSA_1024_A), 2, "k2");
	softhsm_put_certificate(t.full, t.two, 2, "c2 \xc3\xa4;=");
	softhsm_put_certificate(t.full, t.three, 3, "c3");
	softhsm_put_certificate(t.full, t.ec, 4, "cec");
	softhsm_new_token("twin", t.twin_a);
	softhsm_put_certificate(t.twin_a, t.stranger, 1, "lonely");
	softhsm_new_token("twin", t.twin_b);
	softhsm_new_token("pair", t.pair);
	softhsm_put_certificate(t.pair, t.two, 1, "mine");
	softhsm_put_certificate(t.pair, t.stranger, 2, "other");
	softhsm_new_token("a\\b;c", t.odd);
	softhsm_end();
}

static struct tokens *start(void)
{
	const char *module = softhsm_module();

	if (module == NULL)
		return NULL;
	if (!t.made) {
		make_certificates();
		make_tokens();
		t.made = true;
	}
	return softhsm_open(module, 0);
}

static const struct token_info *by_serial(struct tokens *tokens, const char *serial)
{
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->serial, serial) == 0)
			return tokens_at(tokens, i);
	CU_FAIL_FATAL("a token is missing");
	return NULL;
}

static enum status find(
    struct tokens *tokens, const char *text, const struct token_info **out, struct error *err)
{
	struct token_selector *s;
	enum status status;

	*out = NULL;
	error_clear(err);
	CU_ASSERT_EQUAL_FATAL(token_selector_parse(text, &s, err), ST_OK);
	status = tokens_find(tokens, s, out, err);
	token_selector_free(s);
	return status;
}

static void test_list(void)
{
	struct tokens *tokens = start();
	const struct token_info *full;

	if (tokens == NULL)
		return;
	CU_ASSERT_EQUAL(tokens_count(tokens), 5);
	CU_ASSERT_EQUAL(tokens_problem_count(tokens), 0);
	for (size_t i = 1; i < tokens_count(tokens); i++)
		CU_ASSERT(tokens_at(tokens, i - 1)->slot_id < tokens_at(tokens, i)->slot_id);
	full = by_serial(tokens, t.full);
	CU_ASSERT_STRING_EQUAL(full->label, "full");
	CU_ASSERT_STRING_EQUAL(full->manufacturer, "SoftHSM project");
	CU_ASSERT_STRING_EQUAL(full->model, "SoftHSM v2");
	CU_ASSERT_STRING_EQUAL(full->module, softhsm_module());
	CU_ASSERT_PTR_NOT_NULL(strstr(full->reader, "SoftHSM slot ID"));
	CU_ASSERT(full->login_required && full->pin_initialised);
	CU_ASSERT(!full->pin_pad && !full->pin_count_low && !full->pin_final_try);
	CU_ASSERT(!full->pin_locked && !full->write_protected);
	CU_ASSERT_STRING_EQUAL(by_serial(tokens, t.odd)->label, "a\\\\b;c");
	tokens_close(tokens);
	CU_ASSERT(!tokens_wedged());
}

static void check_found(struct tokens *tokens, const char *text, const char *serial)
{
	const struct token_info *found;
	struct error err;

	CU_ASSERT_EQUAL(find(tokens, text, &found, &err), ST_OK);
	if (found == NULL)
		fprintf(stderr, "# not found: %s: %s\n", text, err.what);
	else
		CU_ASSERT_STRING_EQUAL(found->serial, serial);
}

static void test_find(void)
{
	struct tokens *tokens = start();
	struct buffer uri = BUFFER_INIT;
	char text[256];

	if (tokens == NULL)
		return;
	check_found(tokens, "full", t.full);
	check_found(tokens, t.pair, t.pair);
	check_found(tokens, "a\\b;c", t.odd);
	check_found(tokens, "a\\\\b;c", t.odd);
	check_found(tokens, "pkcs11:token=full", t.full);
	check_found(tokens, "pkcs11:token=full;manufacturer=SoftHSM%20project", t.full);
	snprintf(text, sizeof(text), "PKCS11:serial=%s;token=twin", t.twin_b);
	check_found(tokens, text, t.twin_b);
	snprintf(text, sizeof(text), "pkcs11:slot-id=%lu", by_serial(tokens, t.pair)->slot_id);
	check_found(tokens, text, t.pair);
	snprintf(text, sizeof(text),
	    "pkcs11:token=full;library-manufacturer=SoftHSM?module-path=%s", softhsm_module());
	check_found(tokens, text, t.full);
	check_found(tokens, "pkcs11:token=full?module-name=softhsm2", t.full);
	for (size_t i = 0; i < tokens_count(tokens); i++) {
		token_uri(tokens_at(tokens, i), NULL, &uri);
		check_found(tokens, buffer_text(&uri), tokens_at(tokens, i)->serial);
		buffer_reset(&uri);
	}
	token_uri(by_serial(tokens, t.odd), NULL, &uri);
	snprintf(text, sizeof(text),
	    "pkcs11:model=SoftHSM%%20v2;manufacturer=SoftHSM%%20project;serial=%s;token=a%%5Cb%%"
	    "3Bc",
	    t.odd);
	CU_ASSERT_STRING_EQUAL(buffer_text(&uri), text);
	buffer_free(&uri);
	tokens_close(tokens);
}

static void test_find_nothing(void)
{
	static const char *const nothing[] = {"Full", "ful", "pkcs11:token=full;model=x",
	    "pkcs11:token=full;slot-id=1", "pkcs11:token=full;library-version=99.9",
	    "pkcs11:token=full;slot-description=x"};
	const struct token_info *found;
	struct tokens *tokens = start();
	struct error err;

	if (tokens == NULL)
		return;
	for (size_t i = 0; i < HARNESS_COUNT(nothing); i++) {
		CU_ASSERT_EQUAL(find(tokens, nothing[i], &found, &err), ST_NO_TOKEN);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, t.full));
		CU_ASSERT(err.hint[0] != '\0');
	}
	CU_ASSERT_EQUAL(
	    find(tokens, "pkcs11:token=full?module-path=/no/such.so", &found, &err), ST_NO_TOKEN);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "not loaded"));
	CU_ASSERT_EQUAL(
	    find(tokens, "pkcs11:token=full?module-name=opensc", &found, &err), ST_NO_TOKEN);
	tokens_close(tokens);
}

/* Every URI that the error shows names one of the twins. */
static void test_ambiguous(void)
{
	const struct token_info *found;
	struct tokens *tokens = start();
	unsigned uris = 0;
	struct error err;
	char *at, *end;

	if (tokens == NULL)
		return;
	CU_ASSERT_EQUAL(find(tokens, "twin", &found, &err), ST_AMBIGUOUS);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, t.twin_a));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, t.twin_b));
	for (at = strstr(err.what, "'pkcs11:"); at != NULL; at = strstr(end + 1, "'pkcs11:")) {
		struct error ignored;

		/* In quotes, as a shell wants it. */
		end = strchr(at + 1, '\'');
		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		*end = '\0';
		uris++;
		CU_ASSERT_EQUAL(find(tokens, at + 1, &found, &ignored), ST_OK);
	}
	CU_ASSERT_EQUAL(uris, 2);
	CU_ASSERT_EQUAL(find(tokens, "pkcs11:", &found, &err), ST_AMBIGUOUS);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "5 tokens"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "more"));
	tokens_close(tokens);
}

static enum status certificate(
    struct tokens *tokens, const char *text, X509 **out, struct error *err)
{
	struct token_selector *s;
	enum status status;

	*out = NULL;
	error_clear(err);
	CU_ASSERT_EQUAL_FATAL(token_selector_parse(text, &s, err), ST_OK);
	status = tokens_certificate(tokens, s, out, err);
	token_selector_free(s);
	return status;
}

static void check_certificate(struct tokens *tokens, const char *text, X509 *expected)
{
	struct error err;
	X509 *got;

	CU_ASSERT_EQUAL(certificate(tokens, text, &got, &err), ST_OK);
	CU_ASSERT(got != NULL && X509_cmp(got, expected) == 0);
	X509_free(got);
}

static void test_certificates(void)
{
	const struct token_certificate *list = NULL;
	struct tokens *tokens = start();
	struct buffer uri = BUFFER_INIT;
	unsigned with_key = 0;
	struct error err;
	size_t n = 0;

	if (tokens == NULL)
		return;
	CU_ASSERT_EQUAL_FATAL(
	    tokens_certificates(tokens, by_serial(tokens, t.full), &list, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 4);
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(list[i].id.len, 1);
		if (list[i].has_key) {
			with_key++;
			CU_ASSERT_EQUAL(list[i].id.data[0], 2);
			CU_ASSERT_STRING_EQUAL(list[i].label, "c2 \xc3\xa4;=");
		}
		token_uri(by_serial(tokens, t.full), &list[i], &uri);
		check_certificate(tokens, buffer_text(&uri), list[i].x509);
		buffer_reset(&uri);
	}
	/* Without a login only the public key object can be seen. */
	CU_ASSERT_EQUAL(with_key, 1);
	CU_ASSERT_EQUAL_FATAL(
	    tokens_certificates(tokens, by_serial(tokens, t.twin_b), &list, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 0);
	buffer_free(&uri);
	tokens_close(tokens);
}

static void test_one_certificate(void)
{
	struct tokens *tokens = start();
	struct error err;
	X509 *got;

	if (tokens == NULL)
		return;
	check_certificate(tokens, "pkcs11:token=full;id=%01", t.one);
	check_certificate(tokens, "pkcs11:object=c3", t.three);
	check_certificate(tokens, "pkcs11:token=full;object=cec;type=cert", t.ec);
	check_certificate(tokens, "pkcs11:token=full", t.two); /* the one with a key */
	check_certificate(tokens, t.twin_a, t.stranger);
	CU_ASSERT_EQUAL(certificate(tokens, "pkcs11:token=pair", &got, &err), ST_AMBIGUOUS);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "'; 'pkcs11:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "id=%02;object=other;type=cert'"));
	CU_ASSERT_EQUAL(certificate(tokens, "pkcs11:token=full;id=%05", &got, &err), ST_NO_TOKEN);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "ctlsign token show '"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, t.full));
	CU_ASSERT_EQUAL(certificate(tokens, t.twin_b, &got, &err), ST_NO_TOKEN);
	CU_ASSERT_EQUAL(certificate(tokens, "twin", &got, &err), ST_AMBIGUOUS);
	CU_ASSERT_EQUAL(certificate(tokens, "pkcs11:type=private", &got, &err), ST_USAGE);
	tokens_close(tokens);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"all initialised tokens are listed, sorted by slot", test_list},
	    {"a token is found by label, serial and URI", test_find},
	    {"what matches nothing is an error that says what there is", test_find_nothing},
	    {"two tokens with one label are listed with URIs that tell them apart", test_ambiguous},
	    {"certificates are read without a PIN", test_certificates},
	    {"a URI names one certificate", test_one_certificate},
	};

	return harness_main("tokens softhsm", tests, HARNESS_COUNT(tests));
}
