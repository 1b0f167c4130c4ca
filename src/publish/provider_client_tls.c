/*
 * TLS to a CTL Provider: who is trusted, who we are, and a note of what went wrong.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/provider_client_parts.h"

#include "base/text.h"
#include "tokens/tokens.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static int client_index = -1;

static void make_index(void)
{
	client_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static struct provider_client *client_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), client_index);
}

static void note_subject(struct provider_tls *tls, const X509 *x509)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	if (bio == NULL)
		return;
	X509_NAME_print_ex(bio, X509_get_subject_name(x509), 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		text_printable_into(tls->subject, sizeof(tls->subject),
		    (struct bytes){(const uint8_t *)text, (size_t)len});
	BIO_free(bio);
}

static void note_fingerprint(struct provider_tls *tls, const X509 *x509)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buffer hex = BUFFER_INIT;
	unsigned len = 0;

	if (X509_digest(x509, EVP_sha256(), digest, &len) == 1) {
		text_hex(&hex, (struct bytes){digest, len}, ':', false);
		if (buffer_text(&hex) != NULL)
			text_cut_into(tls->sha256, sizeof(tls->sha256), buffer_text(&hex));
	}
	buffer_free(&hex);
}

static void note_end(struct provider_tls *tls, const X509 *x509)
{
	struct buffer text = BUFFER_INIT;
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) == 1) {
		text_time_local(&text, timegm(&tm));
		if (buffer_text(&text) != NULL)
			text_cut_into(tls->not_after, sizeof(tls->not_after), buffer_text(&text));
	}
	buffer_free(&text);
}

/* Hears of every check of the server's certificate; changes none. */
static int on_verify(int good, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct provider_tls *tls = &client_of(ssl)->tls;
	const X509 *about = X509_STORE_CTX_get_current_cert(store);

	if (good || tls->verify != X509_V_OK)
		return good;
	tls->verify = X509_STORE_CTX_get_error(store);
	note_fingerprint(tls, X509_STORE_CTX_get0_cert(store));
	if (about == NULL)
		about = X509_STORE_CTX_get0_cert(store);
	note_subject(tls, about);
	note_end(tls, about);
	return good;
}

/* An alert may come long behind the handshake: with TLS 1.3 a refused client hears of it then. */
static void on_info(const SSL *ssl, int where, int value)
{
	struct provider_tls *tls = &client_of(ssl)->tls;

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
		tls->alert = value & 0xff;
	if ((where & SSL_CB_HANDSHAKE_DONE) != 0)
		tls->done = true;
}

/* The certificate has to carry the name or address by which the server is called. */
static bool demand_name(SSL_CTX *ctx, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

/*
 * A token that cannot make the padding that TLS 1.3 demands (PSS) can still do TLS 1.2 with the
 * older one.  The list is also what the server may sign with, so it has more than our own kind.
 */
static bool do_without_pss(SSL_CTX *ctx)
{
	return SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set1_sigalgs_list(ctx, "RSA+SHA256:RSA+SHA384:RSA+SHA512:ECDSA+SHA256:"
					      "ECDSA+SHA384:ECDSA+SHA512") == 1;
}

static bool show_ourselves(SSL_CTX *ctx, const struct target_access *access)
{
	if (access->client_certificate == NULL || access->client_key == NULL)
		return true;
	if (!token_tls_pss(access->client_key) && !do_without_pss(ctx))
		return false;
	return SSL_CTX_use_certificate(ctx, access->client_certificate) == 1 &&
	       SSL_CTX_use_PrivateKey(ctx, access->client_key) == 1;
}

/* For each new connection, before its handshake. */
static CURLcode on_context(CURL *curl, void *sslctx, void *context)
{
	struct provider_client *client = context;
	SSL_CTX *ctx = sslctx;

	(void)curl;
	client->tls = (struct provider_tls){.alert = -1, .verify = X509_V_OK};
	if (SSL_CTX_set_ex_data(ctx, client_index, client) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    (client->probing && SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1) ||
	    !demand_name(ctx, client->host))
		return CURLE_SSL_CONNECT_ERROR;
	if (!show_ourselves(ctx, client->access)) {
		client->tls.key_failed = true;
		return CURLE_SSL_CERTPROBLEM;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
	SSL_CTX_set_info_callback(ctx, on_info);
	return CURLE_OK;
}

enum status provider_tls_setup(struct provider_client *client, struct error *err)
{
	const char *trust = client->access->settings->provider_trust;
	CURL *curl = client->curl;

	pthread_once(&index_once, make_index);
	if (client_index < 0)
		return error_no_memory(err);
	client->tls = (struct provider_tls){.alert = -1, .verify = X509_V_OK};
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	/* A session that is resumed would not ask again who we are. */
	curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (trust != NULL) {
		/* Those and nobody else: libcurl would add the system's directory. */
		if (curl_easy_setopt(curl, CURLOPT_CAINFO, trust) != CURLE_OK ||
		    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK)
			return error_no_memory(err);
	}
	if (curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_context) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, client) != CURLE_OK)
		return error_set(err, ST_FAILED, "%s",
		    _("this libcurl was not built with OpenSSL, so it cannot use a client's key"));
	return ST_OK;
}
