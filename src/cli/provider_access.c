/*
 * How CTL Providers are asked from the command line: with the officer's certificate and key.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/provider_access.h"

#include <string.h>

#define CTL_PATH       "/v1/files/CTLFile.tlv"
#define HTTP_NOT_FOUND 404

static enum status open_tokens(void *context, struct tokens **out, struct error *err)
{
	return cli_modules_open(context, out, err);
}

enum status cli_provider_access(const struct inventory_publish *settings,
    struct cli_modules *modules, struct ceremony_pins *pins, struct publish_access *out,
    struct error *err)
{
	const struct pin_source source = ceremony_pin_source(pins);
	const struct publish_access_request request = {
	    .settings = settings,
	    .providers = true,
	    .timeout_ms = modules->timeout_ms,
	    .open_tokens = open_tokens,
	    .context = modules,
	    .pins = &source,
	};

	pins->about = _("The key that CTL Providers know is opened.");
	return publish_access_open(&request, out, err);
}

static enum status get_ctl(struct provider_client *client, struct buffer *ctl, struct error *err)
{
	const struct provider_call call = {
	    .method = "GET", .path = CTL_PATH, .missing_is_fine = true};
	long code = 0;
	enum status st = provider_client_call(client, &call, ctl, &code, err);

	/* The body says that there is none. */
	if (st == ST_OK && code == HTTP_NOT_FOUND)
		buffer_reset(ctl);
	return st;
}

enum status cli_provider_ask(const char *host, unsigned port, const struct publish_access *access,
    struct provider_node *out, struct buffer *ctl, struct error *err)
{
	struct provider_client *client = NULL;
	enum status st = provider_client_new(host, port, &access->access, &client, err);

	if (st == ST_OK)
		st = provider_client_node(client, out, err);
	if (st == ST_OK && ctl != NULL)
		st = get_ctl(client, ctl, err);
	provider_client_free(client);
	return st;
}

X509 *cli_provider_certificate(const struct provider_node *node, const char *name)
{
	for (size_t i = 0; i < node->n_certificates; i++)
		if (strcmp(node->certificates[i].name, name) == 0)
			return node->certificates[i].x509;
	return NULL;
}
