/*
 * Building unsigned lists: the published sample byte for byte, and what is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static struct error err;

static const uint8_t one[] = {1};
static const char *const plain_name[] = {"CN", "plain", NULL};

static X509 *cert_of(EVP_PKEY *key, const char *const *name, const uint8_t *serial, size_t len)
{
	struct fixture_cert_spec spec = {
	    .subject = name,
	    .key = key,
	    .issuer_key = fixture_key(FIXTURE_RSA_1024_A),
	    .serial = {serial, len},
	};

	return fixture_cert(&spec);
}

static struct tl_plan plan_of(const struct tl_entry *entries, size_t n, X509 *signer)
{
	return (struct tl_plan){
	    .entries = entries,
	    .n_entries = n,
	    .signer = signer,
	    .digest = TL_SHA1,
	    .names = TL_NAMES_CUCM,
	    .filename = "CTLFile.tlv",
	    .timestamp = FIXTURE_TIMESTAMP,
	};
}

/* The plan is refused with this status and a text that holds EXPECTED; nothing is left in OUT. */
static void refuses(const struct tl_plan *plan, enum status status, const char *expected)
{
	struct buffer out = BUFFER_INIT;

	error_clear(&err);
	CU_ASSERT_EQUAL(tl_build(plan, &out, &err), status);
	CU_ASSERT_EQUAL(err.status, status);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, expected));
	if (strstr(err.what, expected) == NULL)
		printf("# %s\n", err.what);
	CU_ASSERT_EQUAL(out.len, 0);
	buffer_free(&out);
}

static void cucm_entries(struct tl_entry entries[4])
{
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);

	entries[0] = (struct tl_entry){0, pub, "cucm-1051-a-pub", {0}, 4, {NULL, 0}};
	entries[1] = (struct tl_entry){2, pub, "cucm-1051-a-pub", {0}, 4, {NULL, 0}};
	entries[2] = (struct tl_entry){
	    4, fixture_cucm_cert(FIXTURE_CUCM_CAPF), "cucm-1051-a-pub", {0}, 4, {NULL, 0}};
	entries[3] = (struct tl_entry){
	    2, fixture_cucm_cert(FIXTURE_CUCM_SUB), "cucm-1051-a-sub1", {0}, 4, {NULL, 0}};
	memcpy(entries[0].ip, fixture_cucm_ip[0], 4);
	memcpy(entries[1].ip, fixture_cucm_ip[0], 4);
	memcpy(entries[2].ip, fixture_cucm_ip[1], 4);
	memcpy(entries[3].ip, fixture_cucm_ip[2], 4);
}

/* 336 + 1156 + 1156 + 1138 + 1161 = 4947, and every byte but the signature's as by hand. */
static void builds_the_published_sample(void)
{
	static const uint8_t zeros[128];
	const struct buffer *sample = fixture_cucm_list();
	struct tl_entry entries[4];
	struct tl_plan plan = plan_of(entries, 4, fixture_cucm_cert(FIXTURE_CUCM_PUB));
	struct buffer out = BUFFER_INIT, again = BUFFER_INIT;
	struct fixture_signer signer;

	cucm_entries(entries);
	CU_ASSERT_EQUAL_FATAL(tl_build(&plan, &out, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(out.len, 4947);
	CU_ASSERT_EQUAL(memcmp(out.data, sample->data, 183), 0);
	CU_ASSERT_EQUAL(memcmp(out.data + 183, zeros, 128), 0);
	CU_ASSERT_EQUAL(memcmp(out.data + 311, sample->data + 311, 4947 - 311), 0);
	CU_ASSERT_EQUAL_FATAL(tl_build(&plan, &again, &err), ST_OK);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));

	fixture_signer_init(&signer, fixture_key(FIXTURE_RSA_1024_A), plan.signer, FIXTURE_SIGNS);
	CU_ASSERT_EQUAL(fixture_sign_list(&out, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(signer.signed_times, 1);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), buffer_bytes(sample)));
	buffer_free(&out);
	buffer_free(&again);
}

static void builds_every_role(void)
{
	static const unsigned roles[] = {
	    0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 23, 24, 25, 26, 27, 255};
	enum { N = sizeof(roles) / sizeof(roles[0]) };
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	struct tl_entry entries[N];
	struct tl_plan plan = plan_of(entries, N, pub);
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer out = BUFFER_INIT;
	static const uint8_t none[4];

	for (size_t i = 0; i < N; i++)
		entries[i] = (struct tl_entry){roles[i], pub, NULL, {0}, 0, {NULL, 0}};
	CU_ASSERT_EQUAL_FATAL(tl_build(&plan, &out, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(&out), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(list.n_records, N);
	for (size_t i = 0; i < N; i++) {
		CU_ASSERT_EQUAL(list.records[i].role, roles[i]);
		CU_ASSERT_EQUAL(list.records[i].dns.len, 1);
		CU_ASSERT_TRUE(bytes_equal(list.records[i].ip, (struct bytes){none, 4}));
		CU_ASSERT_PTR_NOT_NULL(tl_role_name(roles[i]));
	}
	tl_free(&list);
	buffer_free(&out);
	entries[3].role = 8;
	refuses(&plan, ST_LIMIT, "8 is no role");
	CU_ASSERT_STRING_EQUAL(err.where, "entry 4");
}

/* A server of a non-secure cluster: elements 1, 2, 4 and 10, 33 bytes. */
static void builds_servers_without_certificate(void)
{
	static const uint8_t expected[33] = {1, 0, 2, 0, 33, 2, 0, 13, '1', '0', '.', '4', '8', '.',
	    '4', '7', '.', '1', '5', '3', 0, 4, 0, 2, 0, 2, 10, 0, 4, 10, 48, 47, 153};
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	struct tl_entry entries[2] = {{0, pub, NULL, {0}, 0, {NULL, 0}},
	    {2, NULL, "10.48.47.153", {10, 48, 47, 153}, 4, {NULL, 0}}};
	struct tl_plan plan = plan_of(entries, 2, pub);
	struct buffer out = BUFFER_INIT;

	CU_ASSERT_EQUAL_FATAL(tl_build(&plan, &out, &err), ST_OK);
	CU_ASSERT_EQUAL(memcmp(out.data + out.len - 33, expected, 33), 0);
	buffer_free(&out);
	entries[1].role = TL_ROLE_CAPF;
	refuses(&plan, ST_LIMIT, "CAPF needs a certificate");
	entries[1].role = TL_ROLE_SAST;
	refuses(&plan, ST_LIMIT, "SAST needs a certificate");
}

/* Element 28, RFC 4514 names, an EC key whose certificate has its point compressed, IPv6. */
static void builds_for_the_community(void)
{
	static const char *const name[] = {"CN", "a,b", "O", "x", NULL};
	static const uint8_t serial[] = {0xc7, 0x01};
	EVP_PKEY *ec = EVP_PKEY_dup(fixture_key(FIXTURE_EC_P256));
	X509 *pub = cert_of(fixture_key(FIXTURE_RSA_1024_A), name, serial, 2);
	struct tl_entry entries[2] = {
	    {0, pub, "s", {0}, 0, {NULL, 0}}, {3, NULL, "t", {0x20, 1}, 16, {NULL, 0}}};
	struct tl_plan plan = plan_of(entries, 2, pub);
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer out = BUFFER_INIT;

	EVP_PKEY_set_utf8_string_param(ec, "point-format", "compressed");
	entries[1].certificate = cert_of(ec, plain_name, one, 1);
	plan.has_signer_version = true;
	plan.signer_version[0] = 1;
	plan.signer_version[1] = 1;
	plan.names = TL_NAMES_RFC4514;
	plan.digest = TL_SHA256;
	CU_ASSERT_EQUAL_FATAL(tl_build(&plan, &out, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(&out), &err), ST_OK);
	CU_ASSERT_EQUAL(memcmp(out.data + 10, "\x1c\x00\x02\x01\x01\x03", 6), 0);
	CU_ASSERT_TRUE(list.has_signer_version);
	CU_ASSERT_EQUAL(list.digest, TL_SHA256);
	CU_ASSERT_TRUE(bytes_equal(
	    tl_string(list.signer_name), (struct bytes){(const uint8_t *)"CN=a\\,b,O=x", 11}));
	CU_ASSERT_EQUAL(list.header_length % 4, 0);
	/* The high bit needs a sign byte in DER, and none here. */
	CU_ASSERT_TRUE(bytes_equal(list.signer_serial, (struct bytes){serial, 2}));
	CU_ASSERT_EQUAL(list.records[1].public_key.len, 65);
	CU_ASSERT_EQUAL(list.records[1].public_key.data[0], 4);
	CU_ASSERT_EQUAL(X509_get0_pubkey_bitstr(entries[1].certificate)->length, 33);
	CU_ASSERT_EQUAL(list.records[1].ip.len, 16);
	CU_ASSERT_EQUAL(list.records[1].ip.data[0], 0x20);
	entries[1].ip_len = 5;
	refuses(&plan, ST_LIMIT, "4 or 16 bytes, not 5");
	X509_free(entries[1].certificate);
	X509_free(pub);
	EVP_PKEY_free(ec);
	tl_free(&list);
	buffer_free(&out);
}

static void codes_the_modulus(void)
{
	static const struct {
		int bits;
		unsigned code;
	} sizes[] = {{512, 0}, {1024, 1}, {2048, 2}, {4096, 3}};
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer out = BUFFER_INIT;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EVP_PKEY *key = fixture_public_key(sizes[i].bits);
		X509 *cert = cert_of(key, plain_name, one, 1);
		struct tl_entry entry = {0, cert, NULL, {0}, 0, {NULL, 0}};
		struct tl_plan plan = plan_of(&entry, 1, cert);

		CU_ASSERT_EQUAL_FATAL(tl_build(&plan, &out, &err), ST_OK);
		CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(&out), &err), ST_OK);
		CU_ASSERT_EQUAL(list.modulus_code, sizes[i].code);
		CU_ASSERT_EQUAL(list.signature.len, (size_t)sizes[i].bits / 8);
		plan.digest = TL_SHA512;
		if (sizes[i].bits == 512)
			refuses(&plan, ST_LIMIT, "RSA-512 is too small");
		else
			CU_ASSERT_EQUAL(tl_build(&plan, &out, &err), ST_OK);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	tl_free(&list);
	buffer_free(&out);
}

/* PLAN's only entry and signer becomes KEY's certificate. */
static void refuses_signer_key(EVP_PKEY *key, const char *expected)
{
	X509 *cert = cert_of(key, plain_name, one, 1);
	struct tl_entry entry = {0, cert, NULL, {0}, 0, {NULL, 0}};
	struct tl_plan plan = plan_of(&entry, 1, cert);

	refuses(&plan, ST_LIMIT, expected);
	CU_ASSERT_NOT_EQUAL(err.hint[0], '\0');
	X509_free(cert);
}

static void refuses_keys(void)
{
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	EVP_PKEY *rsa3072 = fixture_public_key(3072);
	X509 *ed25519 = cert_of(fixture_key(FIXTURE_ED25519), plain_name, one, 1);
	struct tl_entry entries[2] = {
	    {0, pub, NULL, {0}, 0, {NULL, 0}}, {3, ed25519, NULL, {0}, 0, {NULL, 0}}};
	struct tl_plan plan = plan_of(entries, 2, pub);

	refuses_signer_key(rsa3072, "RSA-3072 has no modulus code in the format");
	CU_ASSERT_STRING_EQUAL(err.hint, "use a 2048-bit key");
	refuses_signer_key(fixture_key(FIXTURE_EC_P256), "only RSA signs");
	refuses(&plan, ST_LIMIT, "type ED25519 cannot stand in a trust list");
	CU_ASSERT_STRING_EQUAL(err.where, "entry 2");
	X509_free(ed25519);
	EVP_PKEY_free(rsa3072);
}

static void refuses_plans_without_signer(void)
{
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	X509 *sub = fixture_cucm_cert(FIXTURE_CUCM_SUB);
	struct tl_entry entries[2] = {
	    {0, sub, NULL, {0}, 0, {NULL, 0}}, {2, pub, NULL, {0}, 0, {NULL, 0}}};
	struct tl_plan plan = plan_of(entries, 2, pub);
	X509 *twin;

	refuses(&plan, ST_NO_KEY, "no SAST entry of the list");
	plan.n_entries = 0;
	refuses(&plan, ST_LIMIT, "without entries");
	plan.n_entries = 2;
	entries[1].role = 0;
	plan.digest = (enum tl_digest)4;
	refuses(&plan, ST_LIMIT, "no digest");
	plan.digest = TL_SHA1;

	/* The signer's serial and issuer in another SAST certificate before it. */
	twin = X509_dup(pub);
	X509_set_pubkey(twin, fixture_key(FIXTURE_RSA_2048));
	X509_sign(twin, fixture_key(FIXTURE_RSA_2048), EVP_sha256());
	entries[0].certificate = twin;
	refuses(&plan, ST_NO_KEY, "signer's serial and issuer and stands before it");
	X509_free(twin);
}

static void refuses_what_is_too_long(void)
{
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	struct tl_entry entries[60];
	struct tl_plan plan = plan_of(entries, 2, pub);
	struct fixture_cert_spec spec = {
	    .subject = plain_name,
	    .key = fixture_key(FIXTURE_RSA_1024_A),
	    .serial = {one, 1},
	    .der_size = 65000,
	};
	struct buffer out = BUFFER_INIT;
	char text[300] = {0};
	const char *name[] = {"1.2.3.4.5", text, NULL};

	for (size_t i = 0; i < 60; i++)
		entries[i] = (struct tl_entry){0, pub, NULL, {0}, 0, {NULL, 0}};
	memset(text, 'x', 255);
	entries[1].dns = text;
	CU_ASSERT_EQUAL(tl_build(&plan, &out, &err), ST_OK);
	text[255] = 'x';
	refuses(&plan, ST_LIMIT, "a DNS name of 256 bytes");
	entries[1].dns = NULL;

	/* A name of 255 bytes, then one of 256; "1.2.3.4.5=" is 10 of them. */
	text[245] = '\0';
	entries[1].certificate = cert_of(spec.key, name, one, 1);
	CU_ASSERT_EQUAL(tl_build(&plan, &out, &err), ST_OK);
	X509_free(entries[1].certificate);
	text[245] = 'x';
	text[246] = '\0';
	entries[1].certificate = cert_of(spec.key, name, one, 1);
	refuses(&plan, ST_LIMIT, "a name of 256 bytes");
	CU_ASSERT_STRING_EQUAL(err.where, "entry 2");
	X509_free(entries[1].certificate);

	spec.der_size = 65535;
	entries[1].certificate = fixture_cert(&spec);
	refuses(&plan, ST_LIMIT, "65535 is the most that the format can say");
	X509_free(entries[1].certificate);
	spec.der_size = 65000;
	entries[1].certificate = fixture_cert(&spec);
	refuses(&plan, ST_LIMIT, "phones do not load more than 65536");
	X509_free(entries[1].certificate);
	entries[1].certificate = pub;
	plan.n_entries = 60;
	refuses(&plan, ST_LIMIT, "phones do not load more than 65536");
	plan.n_entries = 50;
	CU_ASSERT_EQUAL(tl_build(&plan, &out, &err), ST_OK);
	buffer_free(&out);
}

/* The name in the header is one that a phone can ask for. */
static void refuses_odd_file_names(void)
{
	static const struct {
		const char *name;
		const char *expected;
	} odd[] = {
	    {"", "is empty"},
	    {"/CTLFile.tlv", "has a '/'"},
	    {"../CTLFile.tlv", "has a '/'"},
	    {"CTL\nFile.tlv", "has a control character"},
	    {"\033[2J", "has a control character"},
	    {"CTLFile.tlv\177", "has a control character"},
	};
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	struct tl_entry entry = {0, pub, NULL, {0}, 0, {NULL, 0}};
	struct tl_plan plan = plan_of(&entry, 1, pub);
	struct buffer out = BUFFER_INIT;
	char longest[257];

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		plan.filename = odd[i].name;
		refuses(&plan, ST_LIMIT, odd[i].expected);
		CU_ASSERT_STRING_EQUAL(err.hint, "name it like CTLFile.tlv or ITLFile.tlv");
	}
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	plan.filename = longest;
	refuses(&plan, ST_LIMIT, "is longer than 255");
	plan.filename = longest + 1;
	CU_ASSERT_EQUAL(tl_build(&plan, &out, &err), ST_OK);
	plan.filename = "a file ~.tlv";
	CU_ASSERT_EQUAL(tl_build(&plan, &out, &err), ST_OK);
	buffer_free(&out);
}

static void refuses_negative_serials(void)
{
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	X509 *negative = X509_dup(pub);
	struct tl_entry entries[2] = {
	    {0, pub, NULL, {0}, 0, {NULL, 0}}, {3, negative, NULL, {0}, 0, {NULL, 0}}};
	struct tl_plan plan = plan_of(entries, 2, pub);

	ASN1_INTEGER_set(X509_get_serialNumber(negative), -5);
	refuses(&plan, ST_FORMAT, "negative");
	X509_free(negative);
}

static const struct harness_test tests[] = {
    {"the published sample is built byte for byte, and again the same",
	builds_the_published_sample},
    {"every role can be built", builds_every_role},
    {"servers without certificate shrink to 33 bytes", builds_servers_without_certificate},
    {"element 28, RFC 4514 names, EC point, IPv6", builds_for_the_community},
    {"the modulus code follows the signer's key", codes_the_modulus},
    {"keys that the format cannot carry are refused", refuses_keys},
    {"a signer who would not be found is refused", refuses_plans_without_signer},
    {"names, records and files that are too long are refused", refuses_what_is_too_long},
    {"a file name that is none is refused", refuses_odd_file_names},
    {"a negative serial is refused", refuses_negative_serials},
};

int main(void)
{
	return harness_main("trustlist_build", tests, HARNESS_COUNT(tests));
}
