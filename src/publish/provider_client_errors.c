/*
 * Why a CTL Provider did not answer, in words that say what to do.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/provider_client_parts.h"

#include "base/text.h"
#include "tokens/tokens.h"

#include <jansson.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#define HTTP_CONFLICT	   409
#define HTTP_UNPROCESSABLE 422

/* The one setting that says whom to trust. */
static void hint_trust(const struct provider_client *client, struct error *err)
{
	const char *trust = client->access->settings->provider_trust;

	if (trust != NULL)
		error_hint(err,
		    _("compare the fingerprint with the provider's certificate on the node; if it "
		      "is right, add that certificate to %s"),
		    trust);
	else
		error_hint(err, "%s",
		    _("compare the fingerprint with the provider's certificate on the node; if it "
		      "is right, put that certificate into a file and name it as provider-trust in "
		      "the section publish of ctlsign.conf"));
}

static enum status refused_server(struct provider_client *client, struct error *err)
{
	const struct provider_tls *tls = &client->tls;

	switch (tls->verify) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		error_set(err, ST_NOT_VERIFIED,
		    _("the provider's certificate %s ended on %s (SHA-256 %s)"), tls->subject,
		    tls->not_after, tls->sha256);
		error_hint(err, "%s",
		    _("give ctlproviderd on the node a new certificate, and restart it"));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		error_set(err, ST_NOT_VERIFIED,
		    _("the provider's certificate %s is not valid yet (SHA-256 %s)"), tls->subject,
		    tls->sha256);
		error_hint(err, "%s", _("check the clocks of this machine and of the node"));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		error_set(err, ST_NOT_VERIFIED,
		    _("the provider's certificate %s is not one for %s (SHA-256 %s)"), tls->subject,
		    client->host, tls->sha256);
		error_hint(err, "%s",
		    _("name the provider in ctlsign.conf as its certificate does, or give it a "
		      "certificate with this name or address among its subjectAltNames"));
		break;
	default:
		error_set(err, ST_NOT_VERIFIED,
		    _("the provider's certificate is not trusted: %s (%s, SHA-256 %s)"),
		    X509_verify_cert_error_string(tls->verify), tls->subject, tls->sha256);
		hint_trust(client, err);
		break;
	}
	return ST_NOT_VERIFIED;
}

static enum status no_certificate_of_ours(struct error *err)
{
	error_set(err, ST_FAILED, "%s",
	    _("the provider wants to see a client certificate, and none is set"));
	error_hint(err, "%s",
	    _("set client-certificate and client-key in the section publish of ctlsign.conf"));
	return ST_FAILED;
}

/* What a server says to a client that it does not want. */
static bool refuses_client(const struct provider_tls *tls)
{
	switch (tls->alert) {
	case SSL_AD_HANDSHAKE_FAILURE:
		/* Before that, it may be anything. */
		return tls->done;
	case SSL3_AD_NO_CERTIFICATE:
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

static enum status refused_client(const struct provider_client *client, struct error *err)
{
	if (client->access->client_certificate == NULL)
		return no_certificate_of_ours(err);
	error_set(err, ST_FAILED, _("the provider does not let this client in (%s)"),
	    SSL_alert_desc_string_long(client->tls.alert));
	error_hint(err,
	    _("enter the certificate %s in the file that `clients` names in the node's "
	      "ctlproviderd.conf, and reload ctlproviderd"),
	    client->access->settings->client_certificate != NULL
		? client->access->settings->client_certificate
		: "");
	return ST_FAILED;
}

static enum status tls_failed(struct provider_client *client, struct error *err)
{
	const int alert = client->tls.alert;

	if (token_tls_failure(client->access->client_key, err))
		return err->status;
	if (refuses_client(&client->tls))
		return refused_client(client, err);
	if (alert == SSL_AD_HANDSHAKE_FAILURE && client->access->client_certificate == NULL)
		return no_certificate_of_ours(err);
	if (client->tls.key_failed) {
		error_set(err, ST_NO_KEY, "%s",
		    _("the client certificate and its key cannot be used for TLS"));
		error_hint(err, "%s",
		    _("use an RSA key of 2048 bits or more, or an EC key, with its certificate"));
		return ST_NO_KEY;
	}
	if (alert == SSL_AD_PROTOCOL_VERSION || strstr(client->detail, "unsupported protocol")) {
		error_set(err, ST_FAILED, "%s", _("the server speaks no TLS 1.2 or 1.3"));
		error_hint(
		    err, "%s", _("check that it is a ctlproviderd that answers on this port"));
		return ST_FAILED;
	}
	error_set(err, ST_FAILED, _("no TLS connection can be made: %s"),
	    alert >= 0			? SSL_alert_desc_string_long(alert)
	    : client->detail[0] != '\0' ? client->detail
					: _("the server ended it"));
	error_hint(err, "%s",
	    _("check that it is a ctlproviderd that answers on this port, and look into its log"));
	return ST_FAILED;
}

static enum status timed_out(struct provider_client *client, struct error *err)
{
	const double seconds = (double)client->access->timeout_ms / 1000;
	curl_off_t connected = 0;

	curl_easy_getinfo(client->curl, CURLINFO_CONNECT_TIME_T, &connected);
	if (connected == 0) {
		error_set(
		    err, ST_FAILED, _("no connection came about within %.3g seconds"), seconds);
		error_hint(err, "%s",
		    _("check that the node is up, its address and port, and the firewalls "
		      "between"));
	} else {
		error_set(
		    err, ST_FAILED, _("the provider did not answer within %.3g seconds"), seconds);
		error_hint(err, "%s",
		    _("look into the log of ctlproviderd on the node, or set a longer timeout"));
	}
	return ST_FAILED;
}

/* It ended in the middle, or before it began. */
static enum status cut(
    struct provider_client *client, const struct provider_failure *failure, struct error *err)
{
	if (client->tls.alert >= 0)
		return tls_failed(client, err);
	if (failure->body->out->len > 0 && failure->expected > 0)
		error_set(err, ST_FAILED, _("the answer was cut off after %zu of %lld bytes"),
		    failure->body->out->len, (long long)failure->expected);
	else if (failure->body->out->len > 0)
		error_set(err, ST_FAILED, _("the answer was cut off after %zu bytes"),
		    failure->body->out->len);
	else
		error_set(err, ST_FAILED, "%s",
		    _("the provider closed the connection and did not answer"));
	if (failure->fresh && failure->body->head == 0)
		error_hint(err, "%s",
		    _("look into the log of ctlproviderd on the node: if it does not know this "
		      "client, enter the client's certificate in its `clients` file"));
	else
		error_hint(err, "%s",
		    _("try again; if it happens again, look into the log of ctlproviderd"));
	return ST_FAILED;
}

static enum status bad_trust(const struct provider_client *client, struct error *err)
{
	const char *trust = client->access->settings->provider_trust;

	error_set(err, ST_IO, _("no certificates can be read from %s"),
	    trust != NULL ? trust : _("the system's list"));
	error_hint(err, "%s",
	    _("have provider-trust name a PEM file with the certificates of the CTL Providers"));
	return ST_IO;
}

enum status provider_explain(
    struct provider_client *client, const struct provider_failure *failure, struct error *err)
{
	if (failure->body->too_large || failure->code == CURLE_FILESIZE_EXCEEDED)
		return fetch_too_large(failure->body, err);
	if (client->tls.verify != X509_V_OK)
		return refused_server(client, err);
	switch (failure->code) {
	case CURLE_OUT_OF_MEMORY:
		return error_no_memory(err);
	case CURLE_ABORTED_BY_CALLBACK:
		return error_set(
		    err, ST_FAILED, "%s", _("it was broken off before the provider answered"));
	case CURLE_COULDNT_RESOLVE_HOST:
		error_set(err, ST_FAILED, _("the name %s cannot be resolved"), client->host);
		error_hint(err, "%s", _("check the name, or write the node's address instead"));
		return ST_FAILED;
	case CURLE_COULDNT_CONNECT:
		return fetch_not_connected(client->curl, err);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(client, err);
	case CURLE_SSL_CACERT_BADFILE:
		return bad_trust(client, err);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
		return tls_failed(client, err);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return cut(client, failure, err);
	default:
		error_set(err, ST_FAILED, _("the server gives no proper answer: %s"),
		    client->detail[0] != '\0' ? client->detail : curl_easy_strerror(failure->code));
		error_hint(
		    err, "%s", _("check that it is a ctlproviderd that answers on this port"));
		return ST_FAILED;
	}
}

/* The text of a member, printable; "" when there is none. */
static void take_text(const json_t *object, const char *name, char *out, size_t size)
{
	const json_t *text = json_object_get(object, name);

	out[0] = '\0';
	if (json_is_string(text))
		text_printable_into(out, size,
		    (struct bytes){
			(const uint8_t *)json_string_value(text), json_string_length(text)});
}

enum status provider_refused(long code, struct bytes body, struct error *err)
{
	json_t *answer = NULL;
	char what[512], hint[400];
	enum status status = ST_FAILED;

	if (code == HTTP_CONFLICT || code == HTTP_UNPROCESSABLE)
		status = ST_NOT_VERIFIED;
	if (body.len > 0)
		answer =
		    json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	take_text(answer, "error", what, sizeof(what));
	take_text(answer, "hint", hint, sizeof(hint));
	json_decref(answer);
	if (what[0] != '\0')
		error_set(err, status, _("the provider refuses (HTTP %ld): %s"), code, what);
	else
		error_set(
		    err, status, _("the server answers with HTTP status %ld, and no reason"), code);
	if (hint[0] != '\0')
		error_hint(err, "%s", hint);
	else
		error_hint(err, "%s", _("look into the log of ctlproviderd on the node"));
	return status;
}
