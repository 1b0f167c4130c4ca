/*
 * The three sample lists.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"

#include <openssl/x509.h>
#include <stdlib.h>

#define SERIAL_LEN	 16
#define TOKEN_SERIAL_LEN 10

#define PUB_NAME  "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
#define SUB_NAME  "CN=cucm-1051-a-sub1;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
#define CAPF_NAME "CN=CAPF-e41e7d87;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"

/* The quotes do not pair up: that is how the client stored it. */
#define TOKEN_1_NAME  "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems"
#define TOKEN_2_NAME  "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems"
#define TOKEN_CA_NAME "cn=Cisco Manufacturing CA;o=Cisco Systems"

const uint8_t fixture_cucm_ip[3][4] = {{10, 48, 47, 153}, {10, 48, 47, 153}, {10, 48, 47, 154}};

static const uint8_t serials[FIXTURE_N_CUCM][SERIAL_LEN] = {
    {0x70, 0xca, 0xf6, 0x4e, 0x09, 0x07, 0x51, 0xb9, 0xdf, 0x22, 0xf4, 0x9f, 0x75, 0x4f, 0xc5,
	0xbb},
    {0x69, 0xe5, 0x09, 0xd8, 0x34, 0xd2, 0x8c, 0x1a, 0xf2, 0xb1, 0x52, 0x8a, 0xd0, 0x2c, 0x6a,
	0x74},
    {0xf7, 0x9b, 0xfa, 0xfe, 0x8b, 0x7b, 0x9a, 0x2a, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88},
};

/* As stored; the certificates have them the other way round. */
static const uint8_t token_serials[2][TOKEN_SERIAL_LEN] = {
    {0x83, 0xe9, 0x08, 0x00, 0x00, 0x00, 0x55, 0x45, 0xaf, 0x31},
    {0x3c, 0xf9, 0x27, 0x00, 0x00, 0x00, 0xaf, 0xa2, 0xda, 0x45},
};

static X509 *cucm_certs[FIXTURE_N_CUCM];
static X509 *token_certs[2];
static struct buffer cucm, windows[2], community;

static void free_samples(void)
{
	for (size_t i = 0; i < FIXTURE_N_CUCM; i++)
		X509_free(cucm_certs[i]);
	X509_free(token_certs[0]);
	X509_free(token_certs[1]);
	buffer_free(&cucm);
	buffer_free(&windows[0]);
	buffer_free(&windows[1]);
	buffer_free(&community);
}

static void free_at_exit(void)
{
	static bool registered;

	if (!registered)
		atexit(free_samples);
	registered = true;
}

X509 *fixture_cucm_cert(enum fixture_cucm_cert_id id)
{
	static const char *const cns[] = {"cucm-1051-a-pub", "CAPF-e41e7d87", "cucm-1051-a-sub1"};
	static const size_t sizes[] = {694, 680, 696};
	/* A certificate has its name the other way round, country first. */
	const char *const name[] = {"C", "PL", "ST", "Malopolska", "L", "Krakow", "O", "Cisco",
	    "OU", "TAC", "CN", cns[id], NULL};
	struct fixture_cert_spec spec = {
	    .subject = name,
	    .key = fixture_key(id == FIXTURE_CUCM_PUB ? FIXTURE_RSA_1024_A : FIXTURE_RSA_1024_B),
	    .serial = {serials[id], SERIAL_LEN},
	    .der_size = sizes[id],
	};

	free_at_exit();
	if (cucm_certs[id] == NULL)
		cucm_certs[id] = fixture_cert(&spec);
	return cucm_certs[id];
}

const struct buffer *fixture_cucm_list(void)
{
	struct bytes pub = {serials[FIXTURE_CUCM_PUB], SERIAL_LEN};
	struct bytes capf = {serials[FIXTURE_CUCM_CAPF], SERIAL_LEN};
	struct bytes sub = {serials[FIXTURE_CUCM_SUB], SERIAL_LEN};
	struct fixture_header header = {PUB_NAME, PUB_NAME, pub, 1, 1, 128, false, NULL, 0};
	X509 *pub_cert = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	const struct fixture_record records[] = {
	    {0, "cucm-1051-a-pub", PUB_NAME, PUB_NAME, pub, pub_cert, false, fixture_cucm_ip[0]},
	    {2, "cucm-1051-a-pub", PUB_NAME, PUB_NAME, pub, pub_cert, false, fixture_cucm_ip[0]},
	    {4, "cucm-1051-a-pub", CAPF_NAME, CAPF_NAME, capf, fixture_cucm_cert(FIXTURE_CUCM_CAPF),
		false, fixture_cucm_ip[1]},
	    {2, "cucm-1051-a-sub1", SUB_NAME, SUB_NAME, sub, fixture_cucm_cert(FIXTURE_CUCM_SUB),
		false, fixture_cucm_ip[2]},
	};

	if (cucm.len > 0)
		return &cucm;
	fixture_header(&cucm, &header);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		fixture_record(&cucm, &records[i]);
	fixture_sign(&cucm, fixture_key(FIXTURE_RSA_1024_A), "SHA1");
	return &cucm;
}

static X509 *token_cert(size_t i)
{
	static const char *const cns[] = {"SAST-ADN0054f509        ", "SAST-ADN008580ef        "};
	static const char *const issuer[] = {
	    "O", "Cisco Systems", "CN", "Cisco Manufacturing CA", NULL};
	const char *const name[] = {"O", "Cisco Systems", "OU", "IPCBU", "CN", cns[i], NULL};
	uint8_t serial[TOKEN_SERIAL_LEN];
	struct fixture_cert_spec spec = {
	    .subject = name,
	    .issuer = issuer,
	    .key = fixture_key(i == 0 ? FIXTURE_RSA_1024_A : FIXTURE_RSA_1024_B),
	    .issuer_key = fixture_key(FIXTURE_RSA_2048),
	    .serial = {serial, sizeof(serial)},
	    .der_size = 902,
	};

	for (size_t j = 0; j < sizeof(serial); j++)
		serial[j] = token_serials[i][sizeof(serial) - 1 - j];
	free_at_exit();
	if (token_certs[i] == NULL)
		token_certs[i] = fixture_cert(&spec);
	return token_certs[i];
}

static const struct buffer *windows_list(size_t signer)
{
	static const char *const names[] = {TOKEN_1_NAME, TOKEN_2_NAME};
	static const uint8_t none[4];
	struct bytes serial[2] = {
	    {token_serials[0], TOKEN_SERIAL_LEN}, {token_serials[1], TOKEN_SERIAL_LEN}};
	struct bytes capf = {serials[FIXTURE_CUCM_CAPF], SERIAL_LEN};
	struct fixture_header header = {
	    names[signer], TOKEN_CA_NAME, serial[signer], 1, 1, 128, false, NULL, 0};
	const struct fixture_record records[] = {
	    {0, "", TOKEN_1_NAME, TOKEN_CA_NAME, serial[0], token_cert(0), true, none},
	    {0, "", TOKEN_2_NAME, TOKEN_CA_NAME, serial[1], token_cert(1), true, none},
	    {2, "10.48.47.153", NULL, NULL, {NULL, 0}, NULL, true, fixture_cucm_ip[0]},
	    {2, "10.48.47.154", NULL, NULL, {NULL, 0}, NULL, true, fixture_cucm_ip[2]},
	    {4, "10.48.47.153", CAPF_NAME, CAPF_NAME, capf, fixture_cucm_cert(FIXTURE_CUCM_CAPF),
		true, fixture_cucm_ip[1]},
	};
	struct buffer *out = &windows[signer];

	if (out->len > 0)
		return out;
	fixture_header(out, &header);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		fixture_record(out, &records[i]);
	fixture_sign(
	    out, fixture_key(signer == 0 ? FIXTURE_RSA_1024_A : FIXTURE_RSA_1024_B), "SHA1");
	return out;
}

const struct buffer *fixture_windows_list(void)
{
	return windows_list(0);
}

const struct buffer *fixture_windows_list_token_2(void)
{
	return windows_list(1);
}

const struct buffer *fixture_community_list(void)
{
	static const char *const signer_name[] = {
	    "CN", "signer, with comma", "O", "Community", NULL};
	static const char *const ec_name[] = {"CN", "tvs-ec", "O", "Community", NULL};
	static const uint8_t serial_bytes[] = {0x01, 0xc7};
	struct bytes serial[2] = {{serial_bytes, 1}, {serial_bytes + 1, 1}};
	struct fixture_cert_spec spec[2] = {
	    {.subject = signer_name, .key = fixture_key(FIXTURE_RSA_1024_B), .serial = serial[0]},
	    {.subject = ec_name, .key = fixture_key(FIXTURE_EC_P256), .serial = serial[1]},
	};
	struct fixture_header header = {"CN=signer\\, with comma,O=Community",
	    "CN=signer\\, with comma,O=Community", serial[0], 2, 1, 128, true, NULL, 0};
	X509 *certs[2];

	if (community.len > 0)
		return &community;
	free_at_exit();
	certs[0] = fixture_cert(&spec[0]);
	certs[1] = fixture_cert(&spec[1]);
	fixture_header(&community, &header);
	fixture_record(
	    &community, &(struct fixture_record){21, "tvs.example.net", "CN=tvs-ec,O=Community",
			    "CN=tvs-ec,O=Community", serial[1], certs[1], false, NULL});
	fixture_record(&community, &(struct fixture_record){0, NULL, header.name, header.issuer,
				       serial[0], certs[0], false, NULL});
	fixture_sign(&community, fixture_key(FIXTURE_RSA_1024_B), "SHA256");
	X509_free(certs[0]);
	X509_free(certs[1]);
	return &community;
}

const struct buffer *fixture_sample(size_t i)
{
	switch (i) {
	case 0:
		return fixture_cucm_list();
	case 1:
		return fixture_windows_list();
	default:
		return fixture_community_list();
	}
}
