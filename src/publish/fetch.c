/*
 * Downloads by TFTP and HTTP.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/fetch.h"

#include "publish/fetch_curl.h"

#include <string.h>

#define HTTP_OK	       200
#define HTTP_NOT_FOUND 404

/* BASE/NAME, with one slash between, and whatever NAME is made of as one part of a path. */
static enum status make_url(
    CURL *curl, const char *base, const char *name, struct buffer *url, struct error *err)
{
	char *escaped = curl_easy_escape(curl, name, 0);
	size_t len = strlen(base);

	if (escaped == NULL)
		return error_no_memory(err);
	while (len > 0 && base[len - 1] == '/')
		len--;
	buffer_add(url, base, len);
	buffer_printf(url, "/%s", escaped);
	curl_free(escaped);
	return buffer_text(url) == NULL ? error_no_memory(err) : ST_OK;
}

static enum status no_url(struct error *err)
{
	error_set(err, ST_USAGE, "%s", _("this is no tftp:// or http:// URL"));
	error_hint(err, "%s", _("write it as tftp://HOST or http://HOST:6970"));
	return ST_USAGE;
}

static enum status http_refused(long code, struct error *err)
{
	error_set(err, ST_FAILED, _("the server answers with HTTP status %ld"), code);
	if (code >= 300 && code < 400)
		error_hint(err, "%s",
		    _("name the place itself: no redirection is followed, as phones follow none"));
	else
		error_hint(err, "%s", _("look into the server's log"));
	return ST_FAILED;
}

static enum status timed_out(unsigned timeout_ms, struct error *err)
{
	error_set(err, ST_FAILED, _("the download did not come to an end within %.3g seconds"),
	    (double)timeout_ms / 1000);
	error_hint(err, "%s",
	    _("check that the server runs, its address and port, and the firewalls between"));
	return ST_FAILED;
}

static enum status explain(CURL *curl, CURLcode code, const struct fetch_body *body,
    unsigned timeout_ms, const char *detail, struct error *err)
{
	if (body->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return fetch_too_large(body, err);
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return error_no_memory(err);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(timeout_ms, err);
	case CURLE_COULDNT_CONNECT:
		return fetch_not_connected(curl, err);
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
		error_set(
		    err, ST_FAILED, _("the download was cut off after %zu bytes"), body->out->len);
		error_hint(
		    err, "%s", _("try again; if it happens again, look into the server's log"));
		return ST_FAILED;
	case CURLE_URL_MALFORMAT:
		return no_url(err);
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: anything at all */
		error_set(err, ST_FAILED, "%s", _("what answers there does not speak HTTP"));
		error_hint(err, "%s", _("check the port: phones ask for files on 6970"));
		return ST_FAILED;
	default:
		error_set(err, ST_FAILED, _("the download failed: %s"),
		    detail[0] != '\0' ? detail : curl_easy_strerror(code));
		error_hint(err, "%s", _("try it with curl, and look into the server's log"));
		return ST_FAILED;
	}
}

static enum status download(
    CURL *curl, struct fetch_body *body, unsigned timeout_ms, bool *there, struct error *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	long http = 0;
	CURLcode code;

	fetch_curl_receive(curl, body);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	code = curl_easy_perform(curl);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	/* 0 for TFTP. */
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
	if (body->out->failed)
		return error_no_memory(err);
	if (code == CURLE_OK && http != 0 && !body->head_done)
		code = CURLE_GOT_NOTHING;
	if (code == CURLE_TFTP_NOTFOUND || (http == HTTP_NOT_FOUND && body->head_done)) {
		/* What a server says instead of the file is no content of it. */
		buffer_reset(body->out);
		return ST_OK;
	}
	if (code != CURLE_OK)
		return explain(curl, code, body, timeout_ms, detail, err);
	if (http != 0 && http != HTTP_OK)
		return http_refused(http, err);
	*there = true;
	return ST_OK;
}

enum status fetch_file(const char *base, const char *name, size_t max, unsigned timeout_ms,
    struct buffer *out, bool *there, struct error *err)
{
	struct fetch_body body = {.out = out, .max = max};
	struct buffer url = BUFFER_INIT;
	enum status status;
	CURL *curl;

	*there = false;
	buffer_reset(out);
	curl = fetch_curl_new("http,tftp", err);
	if (curl == NULL)
		return err->status;
	status = make_url(curl, base, name, &url, err);
	if (status == ST_OK) {
		if (strncasecmp(base, "http://", 7) != 0 && strncasecmp(base, "tftp://", 7) != 0)
			status = no_url(err);
		else if (curl_easy_setopt(curl, CURLOPT_URL, buffer_text(&url)) != CURLE_OK)
			status = error_no_memory(err);
		else
			status = download(curl, &body, timeout_ms, there, err);
		if (status != ST_OK)
			error_where(err, "%s", buffer_text(&url));
	}
	if (status != ST_OK)
		buffer_reset(out);
	buffer_free(&url);
	curl_easy_cleanup(curl);
	return status;
}
