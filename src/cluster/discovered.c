/*
 * Writes the ctlsign.conf of a cluster whose nodes were asked, and the certificates that it names.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/discovered.h"

#include "base/text.h"
#include "cluster/inventory_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STEM_MAX 64

struct writing {
	const struct discovered *cluster;
	struct discovered_files *out;
};

static void put_setting(struct buffer *out, const char *indent, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	buffer_printf(out, "%s%s = ", indent, name);
	inventory_quote(out, value);
	buffer_printf(out, "\n");
}

static bool is_file(const struct discovered_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcasecmp(files->list[i].name, name) == 0)
			return true;
	return false;
}

/* "cucm-sub1-capf.pem", or with a number if that is taken; only what is safe in a file's name. */
static char *file_name(const struct discovered_files *files, const char *node, const char *suffix)
{
	char stem[STEM_MAX], *name = NULL;
	size_t len = 0;

	for (; *node != '\0' && len < sizeof(stem) - 1; node++) {
		const unsigned char c = (unsigned char)*node;
		const bool plain = c < 0x80 && (isalnum(c) != 0 || (len > 0 && strchr("-_.", c)));

		stem[len++] = plain ? (char)c : '_';
	}
	stem[len] = '\0';
	if (asprintf(&name, "%s%s.pem", stem, suffix) < 0)
		return NULL;
	for (size_t k = 2; is_file(files, name); k++) {
		free(name);
		if (asprintf(&name, "%s%s-%zu.pem", stem, suffix, k) < 0)
			return NULL;
	}
	return name;
}

/* Adds a file with X509, and the setting NAME that names it. */
static enum status put_certificate(struct writing *w, const char *name, X509 *x509,
    const char *node, const char *suffix, struct error *err)
{
	struct discovered_files *out = w->out;
	struct takeover_file *file, *grown;
	char path[512];

	if (x509 == NULL)
		return ST_OK;
	grown = realloc(out->list, (out->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return error_no_memory(err);
	out->list = grown;
	file = &grown[out->n];
	*file = (struct takeover_file){.name = file_name(out, node, suffix), .pem = BUFFER_INIT};
	if (file->name == NULL)
		return error_no_memory(err);
	out->n++;
	snprintf(path, sizeof(path), "%s/%s", w->cluster->folder, file->name);
	put_setting(&out->conf, "\t", name, path);
	return certificate_pem(x509, &file->pem, err);
}

static void put_services(struct buffer *out, unsigned services)
{
	const char *separator = "";

	buffer_printf(out, "\tservices = {");
	for (unsigned bit = 1; bit <= SERVICE_CTL_PROVIDER; bit <<= 1) {
		if ((services & bit) == 0)
			continue;
		buffer_printf(out, "%s%s", separator, inventory_service_name(bit));
		separator = ", ";
	}
	buffer_printf(out, "}\n");
}

static void put_target(struct buffer *out, const struct discovered_node *node)
{
	const bool v6 = strchr(node->host, ':') != NULL;
	struct buffer target = BUFFER_INIT;

	buffer_printf(&target, "https://%s%s%s", v6 ? "[" : "", node->host, v6 ? "]" : "");
	if (node->port != port_default(PORT_CTL_PROVIDER))
		buffer_printf(&target, ":%u", node->port);
	buffer_printf(out, "\tdeliver = {");
	inventory_quote(out, buffer_text(&target) != NULL ? buffer_text(&target) : "");
	buffer_printf(out, "}\n");
	buffer_free(&target);
}

static enum status put_node(
    struct writing *w, const struct discovered_node *node, struct error *err)
{
	struct buffer *out = &w->out->conf;
	const bool publisher = node->role == NODE_PUBLISHER;
	enum status st;

	buffer_printf(out, "\n%s ", inventory_role_name(node->role));
	inventory_quote(out, node->name);
	buffer_printf(out, " {\n");
	if (strcmp(node->dns, node->name) != 0)
		put_setting(out, "\t", "dns", node->dns);
	put_setting(out, "\t", "address", node->address);
	put_services(out, node->services);
	st = put_certificate(w, "certificate", node->callmanager, node->name,
	    node->capf != NULL ? "-callmanager" : "", err);
	if (st == ST_OK && publisher)
		st = put_certificate(w, "capf-certificate", node->capf, node->name, "-capf", err);
	put_target(out, node);
	buffer_printf(out, "}\n");
	return st;
}

static void put_others(const struct discovered *cluster, struct buffer *out)
{
	if (cluster->n_others == 0)
		return;
	buffer_printf(out, "\n%s\n",
	    _("# These have no CTL Provider that could be asked. Enter what they are: subscriber,\n"
	      "# tftp or media; their certificates, and where their files go."));
	for (size_t i = 0; i < cluster->n_others; i++) {
		buffer_printf(out, "#subscriber ");
		inventory_quote(out, cluster->others[i].name);
		buffer_printf(out, " {\n");
		put_setting(out, "#\t", "address", cluster->others[i].address);
		buffer_printf(out, "#\tcertificate = \"FILE\"\n#}\n");
	}
}

static void put_head(const struct discovered *cluster, struct buffer *out)
{
	buffer_printf(out, "%s\n\n",
	    _("# The inventory of a cluster, made by 'ctlsign init --discover' from what its CTL\n"
	      "# Providers say. Relative paths begin at this file's folder. 'ctlsign init' writes\n"
	      "# a file in which every setting is explained."));
	put_setting(out, "", "cluster", cluster->cluster);
	put_setting(out, "", "release", cluster->release);
	if (!cluster->mixed)
		return;
	buffer_printf(
	    out, "%s\n", _("# The cluster runs in mixed mode, so it is allowed to have it."));
	put_setting(out, "", "export-controlled", "yes");
}

static void put_publish(const struct discovered *cluster, struct buffer *out)
{
	buffer_printf(out, "\npublish {\n");
	put_setting(out, "\t", "client-certificate", cluster->client_certificate);
	put_setting(out, "\t", "client-key", cluster->client_key);
	put_setting(out, "\t", "provider-trust", cluster->provider_trust);
	buffer_printf(out, "}\n");
}

enum status discovered_write(
    const struct discovered *cluster, struct discovered_files *out, struct error *err)
{
	struct writing w = {.cluster = cluster, .out = out};
	enum status st = ST_OK;

	put_head(cluster, &out->conf);
	for (size_t i = 0; st == ST_OK && i < cluster->n_nodes; i++)
		st = put_node(&w, &cluster->nodes[i], err);
	put_others(cluster, &out->conf);
	if (st == ST_OK && cluster->itlrecovery != NULL) {
		buffer_printf(&out->conf, "\nitlrecovery {\n");
		st = put_certificate(
		    &w, "certificate", cluster->itlrecovery, "itlrecovery", "", err);
		buffer_printf(&out->conf, "}\n");
	}
	put_publish(cluster, &out->conf);
	return st == ST_OK ? buffer_status(&out->conf, err) : st;
}

void discovered_files_free(struct discovered_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->list[i].name);
		buffer_free(&files->list[i].pem);
	}
	free(files->list);
	buffer_free(&files->conf);
	*files = (struct discovered_files){.list = NULL};
}

enum status discovered_host(const char *text, char **host, unsigned *port, struct error *err)
{
	struct url url = {.user = NULL};
	char shown[320], *whole = NULL;
	enum status st;

	*host = NULL;
	if (asprintf(&whole, "https://%s", text) < 0)
		return error_no_memory(err);
	st = url_parse(whole, &url, err);
	if (st == ST_OK && (url.user != NULL || url.path[0] != '\0')) {
		st = error_set(err, ST_FORMAT, _("this is not a host name: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(text)));
		error_hint(err, "%s", _("write HOST or HOST:PORT"));
	}
	if (st == ST_OK) {
		*host = url.host;
		*port = url.port != 0 ? url.port : port_default(PORT_CTL_PROVIDER);
		url.host = NULL;
	}
	url_free(&url);
	free(whole);
	return st;
}

bool discovered_role(const char *name, enum node_role *out)
{
	static const enum node_role roles[] = {
	    NODE_PUBLISHER, NODE_SUBSCRIBER, NODE_TFTP, NODE_MEDIA};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		*out = roles[i];
		if (strcmp(inventory_role_name(*out), name) == 0)
			return true;
	}
	return false;
}
