/*
 * What the files of the CTL Provider's client share: what happened in a TLS handshake, and the
 * client itself.
 *
 * Private to src/publish/provider_*.c.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_PROVIDER_CLIENT_PARTS_H
#define CTLSIGN_PUBLISH_PROVIDER_CLIENT_PARTS_H

#include "publish/fetch_curl.h"
#include "publish/provider_client.h"

#include <openssl/types.h>
#include <stdatomic.h>
#include <time.h>

/* What OpenSSL saw; libcurl would tell it in one line of its own words. */
struct provider_tls {
	bool done;  /* a handshake has come to its end */
	int alert;  /* the number of the last fatal alert that the server sent; -1: none */
	int verify; /* X509_V_ERR_...: why the server's certificate was refused; 0: it was not */
	char subject[160];   /* of the server's certificate, printable; of what `verify` is about */
	char sha256[3 * 32]; /* its fingerprint, "AB:CD:..." */
	char not_after[40];  /* "2026-11-23 14:05:09 CET" */
	bool key_failed;     /* our certificate and key could not be put into use */
};

struct provider_client {
	const struct target_access *access; /* borrowed */
	char *host;			    /* a name or an address, without brackets */
	unsigned port;
	char *base; /* "https://host:port" */
	CURLM *multi;
	CURL *curl;
	bool anew;    /* the next call makes a new connection */
	bool probing; /* the next connection speaks no TLS 1.3: see provider_client.c */
	atomic_bool interrupted;
	struct provider_tls tls; /* of the last connection */
	char detail[CURL_ERROR_SIZE];
};

/*
 * Sets what TLS needs on the client's handle: who is trusted, under which name, and who we are.
 */
enum status provider_tls_setup(struct provider_client *client, struct error *err);

/* How a call ended that brought no answer. */
struct provider_failure {
	CURLcode code;
	const struct fetch_body *body;
	curl_off_t expected; /* bytes of the answer; -1: not known */
	bool fresh;	     /* it was the connection's first call */
};

/* Why there was no answer, and what to do.  Never ST_OK. */
enum status provider_explain(
    struct provider_client *client, const struct provider_failure *failure, struct error *err);

/* The server's own reason for the HTTP status CODE, from its answer in BODY.  Never ST_OK. */
enum status provider_refused(long code, struct bytes body, struct error *err);

#endif
