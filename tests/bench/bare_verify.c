/*
 * What libcrypto alone spends on the lists of a directory: hashing their signed bytes and checking
 * their signatures, one thread, everything else done before the clock starts.
 *
 * usage: bare_verify DIRECTORY     prints seconds
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "trustlist/trustlist.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct item {
	struct buffer file;
	size_t signature_at; /* of element 12's tag */
	size_t signature_len;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static X509 *load(struct item *item, const char *path, bool want_signer)
{
	struct trustlist list = TRUSTLIST_INIT;
	const struct tl_record *record;
	X509 *signer = NULL;
	struct error err;

	if (file_read(path, TL_MAX_FILE, &item->file, NULL, &err) != ST_OK ||
	    tl_read(&list, buffer_bytes(&item->file), &err) != ST_OK)
		exit(1);
	item->signature_at = list.signature_offset;
	item->signature_len = list.signature.len;
	record = tl_signer_record(&list);
	if (want_signer && (record == NULL || tl_record_x509(record, &signer, &err) != ST_OK))
		exit(1);
	tl_free(&list);
	return signer;
}

/* The bytes around element 12 hashed, then the signature checked, as plainly as it can be done. */
static bool check(EVP_MD_CTX *md, EVP_PKEY_CTX *key, const EVP_MD *algorithm, struct item *item)
{
	const uint8_t *data = item->file.data;
	const size_t behind = item->signature_at + 3 + item->signature_len;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	return EVP_DigestInit_ex2(md, algorithm, NULL) == 1 &&
	       EVP_DigestUpdate(md, data, item->signature_at) == 1 &&
	       EVP_DigestUpdate(md, data + behind, item->file.len - behind) == 1 &&
	       EVP_DigestFinal_ex(md, digest, &len) == 1 &&
	       EVP_PKEY_verify(
		   key, data + item->signature_at + 3, item->signature_len, digest, len) == 1;
}

int main(int argc, char **argv)
{
	struct item *items = NULL;
	size_t n = 0, cap = 0;
	struct dirent *entry;
	X509 *signer = NULL;
	EVP_PKEY_CTX *key;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_MD *algorithm = EVP_MD_fetch(NULL, "SHA512", NULL);
	double start;
	DIR *dir;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL)
		return 2;
	while ((entry = readdir(dir)) != NULL) {
		char path[4096];

		if (strstr(entry->d_name, ".tlv") == NULL)
			continue;
		if (n == cap)
			items = realloc(items, (cap = cap * 2 + 1024) * sizeof(*items));
		items[n] = (struct item){.file = BUFFER_INIT};
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		if (signer == NULL)
			signer = load(&items[n], path, true);
		else
			load(&items[n], path, false);
		n++;
	}
	closedir(dir);
	key = EVP_PKEY_CTX_new(X509_get0_pubkey(signer), NULL);
	if (EVP_PKEY_verify_init(key) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(key, algorithm) <= 0)
		return 1;
	start = now();
	for (size_t i = 0; i < n; i++) {
		if (!check(md, key, algorithm, &items[i]))
			return 1;
	}
	printf("%.6f\n", now() - start);
	return 0;
}
