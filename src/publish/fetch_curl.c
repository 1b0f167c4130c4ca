/*
 * libcurl's start, and what holds for every transfer.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/fetch_curl.h"

#include <pthread.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_result;

/* libcurl may be started by one thread only; it stays until the process ends. */
static void start(void)
{
	start_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURL *fetch_curl_new(const char *protocols, struct error *err)
{
	CURL *curl;

	pthread_once(&started, start);
	if (start_result != CURLE_OK) {
		error_set(err, ST_FAILED, _("libcurl cannot be started: %s"),
		    curl_easy_strerror(start_result));
		return NULL;
	}
	curl = curl_easy_init();
	if (curl == NULL) {
		error_no_memory(err);
		return NULL;
	}
	/* The first of these is the one that must not fail: it keeps other protocols out. */
	if (curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) != CURLE_OK) {
		error_set(err, ST_FAILED, _("this libcurl does not know %s"), protocols);
		curl_easy_cleanup(curl);
		return NULL;
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "ctlsign");
	return curl;
}

/* Anything but the number of bytes ends the transfer. */
static size_t take_body(char *data, size_t size, size_t n, void *context)
{
	struct fetch_body *body = context;

	n *= size;
	if (n > body->max - body->out->len) {
		body->too_large = true;
		return 0;
	}
	buffer_add(body->out, data, n);
	return body->out->failed ? 0 : n;
}

static size_t take_head(char *data, size_t size, size_t n, void *context)
{
	struct fetch_body *body = context;

	n *= size;
	if (n > FETCH_MAX_HEAD - body->head) {
		body->too_large = true;
		return 0;
	}
	body->head += n;
	/* An empty line ends it; another one may follow that of a 100. */
	body->head_done = n > 0 && (data[0] == '\r' || data[0] == '\n');
	return n;
}

void fetch_curl_receive(CURL *curl, struct fetch_body *body)
{
	buffer_reset(body->out);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, body);
	/* Refuses at once what announces itself as too large. */
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)body->max);
}

enum status fetch_too_large(const struct fetch_body *body, struct error *err)
{
	error_set(
	    err, ST_LIMIT, _("the server sends more than the %zu bytes that are taken"), body->max);
	error_hint(
	    err, "%s", _("look at what the server has there: it is no file of this cluster"));
	return ST_LIMIT;
}

enum status fetch_not_connected(CURL *curl, struct error *err)
{
	long number = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	if (number > 0)
		error_errno(err, ST_FAILED, (int)number, "%s", _("cannot connect"));
	else
		error_set(err, ST_FAILED, "%s", _("cannot connect"));
	error_hint(err, "%s",
	    _("check that the server runs, its address and port, and the firewalls between"));
	return ST_FAILED;
}
