/*
 * What downloads and the CTL Provider's client share of libcurl: its start, the settings that hold
 * for every transfer, and receiving no more than was allowed.
 *
 * Private to src/publish/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_FETCH_CURL_H
#define CTLSIGN_PUBLISH_FETCH_CURL_H

#include "base/bytes.h"
#include "base/error.h"

#include <curl/curl.h>
#include <stdbool.h>

/* The head of an answer may have this many bytes. */
#define FETCH_MAX_HEAD (64u * 1024)

/* What is received.  Start from {.out = BUFFER, .max = BYTES}. */
struct fetch_body {
	struct buffer *out;
	size_t max;
	size_t head;	/* bytes of the head so far */
	bool head_done; /* it came whole: libcurl does not insist */
	bool too_large; /* the body, or the head: the transfer was broken off for that */
};

/*
 * An easy handle for the protocols PROTOCOLS ("http,tftp") with what holds always: no signals, no
 * redirection, no proxy, no files of the user's.  NULL: ERR says why.  Any thread may call it.
 */
CURL *fetch_curl_new(const char *protocols, struct error *err);

/* Lets what CURL receives go to BODY; `out` is emptied. */
void fetch_curl_receive(CURL *curl, struct fetch_body *body);

/* ST_LIMIT, for a body that was too large. */
enum status fetch_too_large(const struct fetch_body *body, struct error *err);

/* "connecting failed: Connection refused", as far as CURL knows the reason. */
enum status fetch_not_connected(CURL *curl, struct error *err);

#endif
