/*
 * One request: from evhttp to the provider and back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/serve_parts.h"

#include "base/text.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bodies up to this size are copied behind the headers, and go out with them in one piece. */
#define COPIED_BYTES 16384

static const char *method_name(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_OPTIONS:
		return "OPTIONS";
	case EVHTTP_REQ_TRACE:
		return "TRACE";
	case EVHTTP_REQ_CONNECT:
		return "CONNECT";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	}
	return "UNKNOWN";
}

/* evhttp knows those of 1999. */
static const char *reason_of(int code)
{
	return code == 422 ? "Unprocessable Content" : code == 507 ? "Insufficient Storage" : NULL;
}

/* The path without its query, decoded; NULL for none, or one with a zero byte. */
static char *decoded_path(struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	size_t len = 0;
	char *decoded;

	if (path == NULL)
		return NULL;
	decoded = evhttp_uridecode(path, 0, &len);
	if (decoded != NULL && strlen(decoded) != len) {
		free(decoded);
		decoded = NULL;
	}
	return decoded;
}

static bool has_strange_encoding(struct evhttp_request *request)
{
	const char *encoding =
	    evhttp_find_header(evhttp_request_get_input_headers(request), "Transfer-Encoding");

	return encoding != NULL && evutil_ascii_strcasecmp(encoding, "chunked") != 0;
}

static void on_complete(struct evhttp_request *request, void *arg)
{
	struct connection *connection = arg;

	(void)request;
	if (!connection->request.logged)
		connection_log_request(connection);
	connection_answered(connection);
}

/* Before evhttp shuts down the socket, whoever wanted the end. */
static void on_close(struct evhttp_connection *evcon, void *arg)
{
	struct connection *connection = arg;

	(void)evcon;
	if (!connection->request.running)
		connection_finish(connection);
}

static void add_header(struct evhttp_request *request, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

/* The body is kept alive by its holder until it is sent. */
static void body_sent(const void *data, size_t len, void *arg)
{
	struct provider_answer *answer = arg;

	(void)data;
	(void)len;
	provider_answer_done(answer);
	free(answer);
}

/* Puts the body into the request's own buffer, and lets ANSWER go when it is not needed any more.
 */
static bool add_body(struct evbuffer *out, struct provider_answer *answer)
{
	struct provider_answer *kept;
	bool good;

	if (answer->data.len <= COPIED_BYTES) {
		good = answer->data.len == 0 ||
		       evbuffer_add(out, answer->data.data, answer->data.len) == 0;
		provider_answer_done(answer);
		return good;
	}
	kept = malloc(sizeof(*kept));
	good = kept != NULL;
	if (good) {
		*kept = *answer;
		good = evbuffer_add_reference(
			   out, answer->data.data, answer->data.len, body_sent, kept) == 0;
	}
	if (!good) {
		free(kept);
		provider_answer_done(answer);
	}
	return good;
}

static void send_answer(struct worker *worker, struct connection *connection,
    struct evhttp_request *request, struct provider_answer *answer)
{
	struct evbuffer *output =
	    bufferevent_get_output(evhttp_connection_get_bufferevent(request->evcon));
	const bool bodyless =
	    request->type == EVHTTP_REQ_HEAD || answer->code == 304 || answer->code == 204;
	const size_t len = answer->data.len;
	const int code = answer->code; /* ANSWER goes before it is sent */
	char length[24];

	connection->request.code = answer->code;
	connection->request.bytes = bodyless ? 0 : len;
	text_cut_into(connection->request.note, sizeof(connection->request.note), answer->note);
	add_header(request, "Content-Type", answer->code == 304 ? NULL : answer->type);
	add_header(request, "ETag", answer->etag);
	add_header(request, "Allow", answer->allow);
	if (worker->list.ending)
		connection->request.last = true;
	if (connection->request.last)
		add_header(request, "Connection", "close");
	if (answer->code != 304 && answer->code != 204) {
		snprintf(length, sizeof(length), "%zu", len);
		add_header(request, "Content-Length", length);
	}
	evhttp_request_set_on_complete_cb(request, on_complete, connection);
	if (bodyless) {
		provider_answer_done(answer);
	} else if (!add_body(evhttp_request_get_output_buffer(request), answer)) {
		/* Half an answer would be worse than none. */
		strcpy(connection->request.note, "no memory for the answer");
		evhttp_connection_free(request->evcon);
		return;
	}
	evhttp_send_reply(request, code, reason_of(code), NULL);
	/* In one piece it is one record and one packet. */
	if (!bodyless && len <= COPIED_BYTES)
		evbuffer_pullup(output, -1);
}

/* An answer of the server itself. */
static void refuse(struct provider_answer *answer, int code, const char *text, const char *note)
{
	memset(answer, 0, sizeof(*answer));
	answer->code = code;
	answer->type = "application/json";
	answer->data = text_bytes(text);
	text_cut_into(answer->note, sizeof(answer->note), note);
}

static void ask(struct worker *worker, struct connection *connection,
    struct evhttp_request *request, const char *path, struct provider_answer *answer)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const char *type = evhttp_find_header(headers, "Content-Type");
	const struct provider_request question = {
	    .method = connection->request.method,
	    .path = path,
	    .body = {evbuffer_pullup(input, -1), evbuffer_get_length(input)},
	    .type = type != NULL ? type : "",
	    .etag = evhttp_find_header(headers, "If-None-Match"),
	    .client = connection->subject,
	};

	memset(answer, 0, sizeof(*answer));
	provider_answer(worker->server->provider, &question, answer);
}

void serve_request(struct evhttp_request *request, void *arg)
{
	struct worker *worker = arg;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(request->evcon);
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	struct connection *connection = ssl != NULL ? connection_of(ssl) : NULL;
	struct provider_answer answer;
	char *path;
	bool let_in;

	/* Never without TLS, not even when memory is short. */
	if (connection == NULL || !connection->let_in) {
		evhttp_connection_free(request->evcon);
		return;
	}
	evhttp_connection_set_closecb(request->evcon, on_close, connection);
	let_in = connection_asks(connection);
	path = decoded_path(request);
	text_cut_into(connection->request.method, sizeof(connection->request.method),
	    method_name(evhttp_request_get_command(request)));
	text_cut_into(
	    connection->request.path, sizeof(connection->request.path), path != NULL ? path : "");
	connection->request.logged = false;
	if (!let_in) {
		refuse(&answer, 403,
		    "{\"error\": \"this client is not let in any more\", \"hint\": \"ask those who "
		    "run the provider\"}\n",
		    connection->request.note);
		connection->request.last = true;
	} else if (has_strange_encoding(request)) {
		refuse(&answer, 501,
		    "{\"error\": \"this Transfer-Encoding is not known\", \"hint\": \"send the "
		    "body with its length\"}\n",
		    "unknown Transfer-Encoding");
		connection->request.last = true;
	} else if (path == NULL) {
		refuse(&answer, 400,
		    "{\"error\": \"this is no path\", \"hint\": \"look at /v1/openapi.json\"}\n",
		    "no path");
	} else {
		ask(worker, connection, request, path, &answer);
	}
	send_answer(worker, connection, request, &answer);
	free(path);
}
