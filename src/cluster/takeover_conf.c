/*
 * Writes the ctlsign.conf of a cluster that is taken over, and the certificates that it names.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/takeover_parts.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* TEXT as comment lines; what comes from outside was made printable before. */
static void put_comment(struct buffer *out, const char *indent, const char *text)
{
	while (*text != '\0') {
		const char *end = strchrnul(text, '\n');

		buffer_printf(out, "%s# %.*s\n", indent, (int)(end - text), text);
		text = *end == '\n' ? end + 1 : end;
	}
}

/* The same with a name or number in it. */
static void put_comment_with(struct buffer *out, const char *indent, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void put_comment_with(struct buffer *out, const char *indent, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put_comment(out, indent, text);
}

static void put_setting(struct buffer *out, const char *indent, const char *name, const char *value)
{
	buffer_printf(out, "%s%s = ", indent, name);
	inventory_quote(out, value);
	buffer_printf(out, "\n");
}

/* STEM-SUFFIX.pem, or with a number if that is taken: a server may be called "itlrecovery". */
static char *file_name(const struct takeover *out, const char *stem, const char *suffix)
{
	char *name = NULL;

	if (asprintf(&name, "%s%s.pem", stem, suffix) < 0)
		return NULL;
	for (size_t i = 0, k = 2; i < out->n_files; i++) {
		if (strcasecmp(out->files[i].name, name) != 0)
			continue;
		free(name);
		if (asprintf(&name, "%s%s-%zu.pem", stem, suffix, k++) < 0)
			return NULL;
		/* From the first one again. */
		i = SIZE_MAX;
	}
	return name;
}

/* Adds the file STEM-SUFFIX.pem with RECORD's certificate, and the setting NAME that names it. */
static enum status put_certificate(struct taking *t, const char *name, size_t record,
    const char *stem, const char *suffix, struct error *err)
{
	struct takeover *out = t->out;
	struct takeover_file *files = realloc(out->files, (out->n_files + 1) * sizeof(*out->files));
	struct takeover_file *file;
	char path[512];

	if (files == NULL)
		return error_no_memory(err);
	out->files = files;
	file = &files[out->n_files];
	*file = (struct takeover_file){.pem = BUFFER_INIT};
	file->name = file_name(out, stem, suffix);
	if (file->name == NULL)
		return error_no_memory(err);
	out->n_files++;
	snprintf(path, sizeof(path), "%s/%s", t->request->folder, file->name);
	put_setting(&out->conf, "\t", name, path);
	return certificate_der_pem(t->list->records[record].certificate, &file->pem, err);
}

static void put_address(struct buffer *out, const char *name, struct bytes ip)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(ip.len == 4 ? AF_INET : AF_INET6, ip.data, text, sizeof(text)) != NULL)
		put_setting(out, "\t", name, text);
}

/* Services; those that a list does not tell of are left to the person. */
static void put_services(const struct taking *t, const struct taken_server *server)
{
	struct buffer *out = &t->out->conf;
	const unsigned role = t->list->records[server->record].role;
	const bool capf = server->kind == TAKEN_PUBLISHER && t->capf != NO_RECORD;
	const char *separator = "";

	if (server->kind > TAKEN_SUBSCRIBER)
		return;
	buffer_printf(out, "\tservices = {");
	if (role != TL_ROLE_TFTP) {
		buffer_printf(out, "%s", inventory_service_name(SERVICE_CALLMANAGER));
		separator = ", ";
	}
	if (role != TL_ROLE_CCM) {
		buffer_printf(out, "%s%s", separator, inventory_service_name(SERVICE_TFTP));
		separator = ", ";
	}
	if (capf)
		buffer_printf(out, "%s%s", separator, inventory_service_name(SERVICE_CAPF));
	buffer_printf(out, "}\n");
}

/* What the list cannot tell. */
static void put_remarks(const struct taking *t, const struct taken_server *server)
{
	struct buffer *out = &t->out->conf;
	const struct tl_record *r = &t->list->records[server->record];

	if (server->kind == TAKEN_SUBSCRIBER && r->role == TL_ROLE_CCM)
		put_comment(out, "\t",
		    _("A subscriber without TFTP, as far as the list tells. If this is a "
		      "firewall,\n"
		      "make it a 'firewall' section and take 'services' out."));
	if (server->kind == TAKEN_FIREWALL)
		put_comment(out, "\t",
		    _("A CallManager or a firewall, as far as the list tells. There are more of "
		      "them\n"
		      "than a cluster can have subscribers."));
	if (tl_string(r->dns).len == 0)
		put_comment(out, "\t",
		    _("The list has no name for this server: the next update gives it this one."));
	if (r->certificate.data == NULL && server->kind < TAKEN_ENTRY &&
	    (server->kind != TAKEN_PUBLISHER || t->callmanager == NO_RECORD))
		put_comment(out, "\t",
		    _("The CTL of a cluster in non-secure mode does not have this certificate.\n"
		      "Name its file before the cluster goes into mixed mode:\n"
		      "certificate = \"FILE\""));
}

static enum status put_certificates(
    struct taking *t, const struct taken_server *server, struct error *err)
{
	const char *suffix = server->kind < TAKEN_ALTERNATE_TFTP ? "-callmanager" : "";
	enum status st = ST_OK;

	if (t->list->records[server->record].certificate.data != NULL)
		st = put_certificate(t, "certificate", server->record, server->name, suffix, err);
	else if (server->kind == TAKEN_PUBLISHER && t->callmanager != NO_RECORD)
		st = put_certificate(t, "certificate", t->callmanager, server->name, suffix, err);
	if (st == ST_OK && server->kind == TAKEN_PUBLISHER && t->capf != NO_RECORD)
		st = put_certificate(t, "capf-certificate", t->capf, server->name, "-capf", err);
	return st;
}

static enum status put_server(struct taking *t, size_t s, struct error *err)
{
	static const char *const kinds[] = {[TAKEN_PUBLISHER] = "publisher",
	    [TAKEN_SUBSCRIBER] = "subscriber",
	    [TAKEN_TFTP] = "tftp",
	    [TAKEN_ALTERNATE_TFTP] = "alternate-tftp",
	    [TAKEN_FIREWALL] = "firewall",
	    [TAKEN_ENTRY] = "entry"};
	const struct taken_server *server = &t->servers[s];
	const struct tl_record *r = &t->list->records[server->record];
	struct buffer *out = &t->out->conf;
	enum status st;

	buffer_printf(out, "\n%s %s {\n", kinds[server->kind], server->name);
	if (server->kind == TAKEN_ENTRY)
		put_setting(out, "\t", "role", tl_role_name(r->role));
	if (server->dns[0] != '\0')
		put_setting(out, "\t", "dns", server->dns);
	put_address(out, "address", r->ip);
	if (server->next != NO_RECORD)
		put_address(out, "next-address", t->list->records[server->next].ip);
	put_services(t, server);
	st = put_certificates(t, server, err);
	put_remarks(t, server);
	put_comment(out, "\t", "deliver = {\"/srv/tftp\"}");
	buffer_printf(out, "}\n");
	return st;
}

static void put_head(struct taking *t, const char *cluster)
{
	struct buffer *out = &t->out->conf;
	const char *digest = tl_digest_name(t->list->digest);

	put_comment(out, "",
	    _("The inventory of a cluster, made by 'ctlsign init --from' from its CTL.\n"
	      "Relative paths begin at this file's folder. 'ctlsign init' writes a file in which\n"
	      "every setting is explained."));
	buffer_printf(out, "\n");
	put_setting(out, "", "cluster", cluster);
	if (t->out->release_guessed)
		put_comment(out, "",
		    _("Guessed from the entries of the CTL: enter the release that the cluster "
		      "runs."));
	put_setting(out, "", "release", t->out->release.text);
	if (digest != NULL)
		put_comment_with(out, "",
		    _("Not set: an update keeps the digest of the present CTL, which is %s."),
		    digest);
	put_comment(out, "", "digest = sha512");
	if (t->itlrecovery_signs)
		put_setting(out, "", "tokenless-signer", "ITLRecovery");
	else if (t->out->signing == SIGNING_TOKENLESS)
		put_setting(out, "", "tokenless-signer", "CallManager");
	if (t->out->mode == MODE_MIXED) {
		put_comment(
		    out, "", _("The cluster runs in mixed mode, so it is allowed to have it."));
		put_setting(out, "", "export-controlled", "yes");
	}
	put_setting(out, "", "state", "state.db");
	put_setting(out, "", "ctl-file", "CTLFile.tlv");
}

static enum status put_anchors(struct taking *t, struct error *err)
{
	struct buffer *out = &t->out->conf;
	enum status st = ST_OK;

	buffer_printf(out, "\n");
	put_comment(out, "",
	    _("The keys of the cluster's own certificates; a PEM file or a pkcs11: URI. The one "
	      "of\n"
	      "the tokenless signer is needed to sign."));
	if (t->itlrecovery != NO_RECORD) {
		buffer_printf(out, "itlrecovery {\n");
		st = put_certificate(t, "certificate", t->itlrecovery, "itlrecovery", "", err);
		put_comment(out, "\t", "key = \"itlrecovery.key\"");
		buffer_printf(out, "}\n");
	} else {
		put_comment(out, "",
		    "itlrecovery {\n\tcertificate = \"itlrecovery.pem\"\n"
		    "\tkey = \"itlrecovery.key\"\n}");
	}
	put_comment(out, "", "callmanager {\n\tkey = \"callmanager.key\"\n}");
	return st;
}

static void put_sasts(const struct taking *t)
{
	size_t tokens = 0, trusted = 0;

	for (const char *o = t->out->origins; *o != '\0'; o++) {
		tokens += *o == ORIGIN_TOKEN;
		trusted += *o == ORIGIN_TRUST;
	}
	buffer_printf(&t->out->conf, "\n");
	put_comment(&t->out->conf, "",
	    _("Tokens and the certificates of other clusters (Phone-SAST-trust) are no part of "
	      "the\n"
	      "inventory: they stand in the state file."));
	put_comment_with(&t->out->conf, "",
	    _("The list had %zu of the first and %zu of the second."), tokens, trusted);
}

enum status taking_write(struct taking *t, struct error *err)
{
	const struct taken_server *publisher = &t->servers[t->publisher];
	enum status st;

	put_head(t, t->request->cluster != NULL ? t->request->cluster : publisher->name);
	put_sasts(t);
	st = put_server(t, t->publisher, err);
	for (size_t s = 0; s < t->n_servers && st == ST_OK; s++)
		if (s != t->publisher)
			st = put_server(t, s, err);
	if (st == ST_OK)
		st = put_anchors(t, err);
	return st == ST_OK ? buffer_status(&t->out->conf, err) : st;
}
