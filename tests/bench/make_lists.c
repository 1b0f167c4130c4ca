/*
 * Makes N different signed lists of ten records in a directory, for the benchmarks: per-phone
 * names, timestamps of their own, one RSA-2048 signer.
 *
 * usage: make_lists DIRECTORY N
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "trustlist/trustlist.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS 10

struct memory_signer {
	struct signer base;
	EVP_PKEY *key;
	X509 *certificate;
};

static enum status sign(
    struct signer *signer, struct bytes info, uint8_t *signature, size_t *len, struct error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(((struct memory_signer *)signer)->key, NULL);
	int ok;

	*len = SIGNER_MAX_SIGNATURE;
	ok = ctx != NULL && EVP_PKEY_sign_init(ctx) > 0 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
	     EVP_PKEY_sign(ctx, signature, len, info.data, info.len) > 0;
	EVP_PKEY_CTX_free(ctx);
	return ok ? ST_OK : error_openssl(err, ST_CRYPTO, "cannot sign");
}

static X509 *certificate(struct signer *signer)
{
	return ((struct memory_signer *)signer)->certificate;
}

static const char *describe(struct signer *signer)
{
	(void)signer;
	return "the benchmark's key";
}

static const struct signer_ops ops = {
    .sign = sign, .certificate = certificate, .describe = describe};

static X509 *make_certificate(EVP_PKEY *key, unsigned number)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	char cn[64];

	snprintf(cn, sizeof(cn), "cucm-%u.bench.example", number);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1000000 + (long)number);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 365 * 86400L);
	X509_NAME_add_entry_by_txt(
	    name, "O", MBSTRING_ASC, (const unsigned char *)"Cisco", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	if (X509_sign(x, key, EVP_sha256()) == 0)
		exit(1);
	return x;
}

static int write_list(const char *directory, unsigned number, struct tl_plan *plan,
    struct signer *signer, struct tl_verifier *verifier)
{
	struct buffer file = BUFFER_INIT;
	char path[4096], line[2048];
	struct error err;
	enum status st;

	plan->timestamp = 1700000000u + number;
	snprintf(path, sizeof(path), "%s/CTLSEP%012X.tlv", directory, number);
	st = tl_build(plan, &file, &err);
	if (st == ST_OK)
		st = tl_sign(&file, signer, verifier, &err);
	if (st == ST_OK) {
		FILE *out = fopen(path, "w");

		if (out == NULL || fwrite(file.data, 1, file.len, out) != file.len ||
		    fclose(out) != 0)
			st = error_set(&err, ST_IO, "cannot write %s", path);
	}
	if (st != ST_OK)
		fprintf(stderr, "make_lists: %s\n", error_line(&err, line, sizeof(line)));
	buffer_free(&file);
	return st == ST_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct tl_entry entries[RECORDS] = {{0}};
	struct tl_plan plan = {.entries = entries,
	    .n_entries = RECORDS,
	    .digest = TL_SHA512,
	    .filename = "CTLFile.tlv"};
	struct memory_signer signer = {.base = {&ops}};
	struct tl_verifier *verifier = tl_verifier_new();
	unsigned n;

	if (argc != 3)
		return 2;
	n = (unsigned)strtoul(argv[2], NULL, 10);
	signer.key = EVP_RSA_gen(2048);
	for (unsigned i = 0; i < RECORDS; i++) {
		entries[i].role = i < 2 ? TL_ROLE_SAST : TL_ROLE_CCM_TFTP;
		entries[i].certificate = make_certificate(signer.key, i);
		entries[i].dns = i < 2 ? NULL : "cucm.bench.example";
		entries[i].ip_len = 4;
	}
	plan.signer = signer.certificate = entries[0].certificate;
	for (unsigned i = 0; i < n; i++) {
		if (write_list(argv[1], i, &plan, &signer.base, verifier) != 0)
			return 1;
	}
	return 0;
}
