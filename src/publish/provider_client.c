/*
 * Calls to a CTL Provider, one after the other on one connection.
 *
 * libcurl's multi interface is used for a single transfer at a time: it alone can be woken up by
 * another thread.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/provider_client.h"

#include "publish/provider_client_parts.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_NOT_FOUND 404
#define POLL_MS	       1000

static enum status make_base(struct provider_client *client, struct error *err)
{
	const bool v6 = strchr(client->host, ':') != NULL;

	if (asprintf(&client->base, "https://%s%s%s:%u", v6 ? "[" : "", client->host, v6 ? "]" : "",
		client->port) >= 0)
		return ST_OK;
	client->base = NULL;
	return error_no_memory(err);
}

static enum status open_curl(struct provider_client *client, struct error *err)
{
	client->curl = fetch_curl_new("https", err);
	if (client->curl == NULL)
		return err->status;
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		return error_no_memory(err);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, 1L);
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->detail);
	return provider_tls_setup(client, err);
}

enum status provider_client_new(const char *host, unsigned port, const struct target_access *access,
    struct provider_client **out, struct error *err)
{
	struct provider_client *client = calloc(1, sizeof(*client));
	enum status status;

	*out = NULL;
	if (client == NULL)
		return error_no_memory(err);
	atomic_init(&client->interrupted, false);
	client->access = access;
	client->port = port;
	client->host = strdup(host);
	if (client->host == NULL)
		status = error_no_memory(err);
	else
		status = make_base(client, err);
	if (status == ST_OK)
		status = open_curl(client, err);
	if (status != ST_OK) {
		if (client->base != NULL)
			error_where_prefix(err, client->base);
		provider_client_free(client);
		return status;
	}
	*out = client;
	return ST_OK;
}

void provider_client_free(struct provider_client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	curl_multi_cleanup(client->multi);
	free(client->base);
	free(client->host);
	free(client);
}

void provider_client_interrupt(struct provider_client *client)
{
	atomic_store(&client->interrupted, true);
	curl_multi_wakeup(client->multi);
}

void provider_client_reset(struct provider_client *client)
{
	client->anew = true;
	atomic_store(&client->interrupted, false);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *line, bool *failed)
{
	struct curl_slist *longer = curl_slist_append(list, line);

	*failed = *failed || longer == NULL;
	return longer == NULL ? list : longer;
}

/* The request's head and body, both borrowed by the handle. */
static enum status set_request(struct provider_client *client, const struct provider_call *call,
    struct curl_slist **headers, struct error *err)
{
	const char *type = call->type != NULL ? call->type : "application/octet-stream";
	struct buffer text = BUFFER_INIT;
	CURL *curl = client->curl;
	bool failed = false;

	buffer_printf(&text, "%s%s", client->base, call->path);
	failed = buffer_text(&text) == NULL ||
		 curl_easy_setopt(curl, CURLOPT_URL, buffer_text(&text)) != CURLE_OK;
	/* The body comes at once: nobody has to allow it first. */
	*headers = add_header(*headers, "Expect:", &failed);
	curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	if (call->body != NULL) {
		buffer_reset(&text);
		buffer_printf(&text, "Content-Type: %s", type);
		failed = failed || buffer_text(&text) == NULL;
		if (!failed)
			*headers = add_header(*headers, buffer_text(&text), &failed);
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body->len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		    call->body->data != NULL ? (const char *)call->body->data : "");
	} else if (strcmp(call->method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
	buffer_free(&text);
	return failed ? error_no_memory(err) : ST_OK;
}

/* Runs what was set; CURLE_ABORTED_BY_CALLBACK when it was interrupted. */
static CURLcode run(struct provider_client *client, CURL *curl)
{
	CURLcode result = CURLE_ABORTED_BY_CALLBACK;
	int running = 1, left;
	CURLMcode code;
	CURLMsg *done;

	code = curl_multi_add_handle(client->multi, curl);
	if (code != CURLM_OK)
		return CURLE_FAILED_INIT;
	while (running > 0 && code == CURLM_OK && !atomic_load(&client->interrupted)) {
		code = curl_multi_perform(client->multi, &running);
		if (running > 0 && code == CURLM_OK)
			code = curl_multi_poll(client->multi, NULL, 0, POLL_MS, NULL);
	}
	if (code != CURLM_OK)
		result = CURLE_OUT_OF_MEMORY;
	while ((done = curl_multi_info_read(client->multi, &left)) != NULL)
		if (done->msg == CURLMSG_DONE)
			result = done->data.result;
	curl_multi_remove_handle(client->multi, curl);
	return result;
}

/*
 * With TLS 1.3 a client that is refused believes to be through, and sends; the server's word about
 * it is lost when its end of the connection is closed already.  TLS 1.2 does not leave that to
 * chance: so if a new connection ended without a word, a handshake alone is tried by it.
 */
static void probe(struct provider_client *client)
{
	const struct provider_tls before = client->tls;
	CURL *curl = curl_easy_duphandle(client->curl);

	if (curl == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	client->probing = true;
	run(client, curl);
	client->probing = false;
	/* A server that does not speak it tells nothing new. */
	if (client->tls.alert < 0 || client->tls.alert == SSL_AD_PROTOCOL_VERSION)
		client->tls = before;
	curl_easy_cleanup(curl);
}

/* There was no answer. */
static enum status no_answer(struct provider_client *client, CURLcode result,
    const struct fetch_body *body, struct error *err)
{
	struct provider_failure failure = {.code = result, .body = body, .expected = -1};
	const bool cut =
	    result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_GOT_NOTHING;
	long connections = 0;

	curl_easy_getinfo(client->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &failure.expected);
	curl_easy_getinfo(client->curl, CURLINFO_NUM_CONNECTS, &connections);
	failure.fresh = connections > 0;
	/* Nobody knows what else would come on this connection. */
	client->anew = true;
	if (cut && failure.fresh && body->head == 0 && client->tls.done && client->tls.alert < 0)
		probe(client);
	return provider_explain(client, &failure, err);
}

static enum status finish(struct provider_client *client, const struct provider_call *call,
    CURLcode result, const struct fetch_body *body, long *code, struct error *err)
{
	if (body->out->failed)
		return error_no_memory(err);
	if (result == CURLE_OK && !body->head_done)
		result = CURLE_GOT_NOTHING;
	if (result != CURLE_OK)
		return no_answer(client, result, body, err);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, code);
	if (*code >= 200 && *code < 300)
		return ST_OK;
	if (*code == HTTP_NOT_FOUND && call->missing_is_fine) {
		buffer_reset(body->out);
		return ST_OK;
	}
	return provider_refused(*code, buffer_bytes(body->out), err);
}

enum status provider_client_call(struct provider_client *client, const struct provider_call *call,
    struct buffer *out, long *code, struct error *err)
{
	struct fetch_body body = {.out = out, .max = TARGET_MAX_FILE};
	struct curl_slist *headers = NULL;
	CURL *curl = client->curl;
	enum status status;

	*code = 0;
	client->detail[0] = '\0';
	fetch_curl_receive(curl, &body);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->access->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)client->access->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, client->anew ? 1L : 0L);
	status = set_request(client, call, &headers, err);
	if (status == ST_OK) {
		client->anew = false;
		status = finish(client, call, run(client, client->curl), &body, code, err);
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(headers);
	if (status != ST_OK) {
		buffer_reset(out);
		error_where(err, "%s", client->base);
	}
	return status;
}
