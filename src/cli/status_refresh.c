/*
 * ctlsign status --refresh: the certificates that nodes have now, in place of the files.
 *
 * All nodes are asked before anything is written.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/status_refresh.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/provider_access.h"
#include "cli/trust_certificate.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MAX_FILE (64u * 1024)

/* A file whose certificate has changed. */
struct change {
	const char *node; /* borrowed from the inventory, as is the path */
	const char *path;
	struct buffer pem; /* the new one */
	struct buffer old; /* the file as it is */
	bool there;	   /* it is */
	char sha256[65];   /* of the new one */
};

struct refresh {
	struct status_refresh *request;
	struct cluster cluster;
	struct publish_access access;
	struct change *list;
	size_t n;
};

/* A node is passed over, and ERR says why. */
static void warn(struct refresh *r, const char *node, const struct error *err)
{
	char line[1024], name[320], text[1400];

	text_printable_into(name, sizeof(name), text_bytes(node));
	snprintf(text, sizeof(text), _("the certificates of '%s' are not refreshed: %s"), name,
	    error_line(err, line, sizeof(line)));
	cli_warn(text);
	r->request->n_failed++;
}

/* ---- what has changed ----------------------------------------------------------------------- */

/* Whether PATH holds X509 already; a file that holds something else has changed. */
static bool is_same(const char *path, X509 *x509)
{
	X509 *present = NULL;
	bool same = certificate_read(path, &present, NULL) == ST_OK && X509_cmp(present, x509) == 0;

	X509_free(present);
	return same;
}

static void free_change(struct change *change)
{
	buffer_free(&change->pem);
	buffer_free(&change->old);
}

/* A certificate that several nodes share is replaced once, and by one that all of them have. */
static enum status check_shared(
    const struct refresh *r, const struct change *change, bool *known, struct error *err)
{
	*known = false;
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->list[i].path, change->path) != 0)
			continue;
		*known = true;
		if (bytes_equal(buffer_bytes(&r->list[i].pem), buffer_bytes(&change->pem)))
			continue;
		error_set(err, ST_FAILED, _("'%s' names the same file and has another certificate"),
		    r->list[i].node);
		error_where(err, "%s", change->path);
		error_hint(err, "%s", _("give each a file of its own in ctlsign.conf"));
		return ST_FAILED;
	}
	return ST_OK;
}

static enum status look(
    struct refresh *r, const char *node, const char *path, X509 *x509, struct error *err)
{
	struct change change = {.node = node, .path = path}, *grown;
	bool known = false;
	enum status st;

	if (path == NULL || x509 == NULL)
		return ST_OK;
	trust_certificate_sha256(x509, change.sha256);
	st = certificate_pem(x509, &change.pem, err);
	if (st == ST_OK)
		st = check_shared(r, &change, &known, err);
	if (st == ST_OK && (known || is_same(path, x509))) {
		free_change(&change);
		return ST_OK;
	}
	change.there = access(path, F_OK) == 0 || errno != ENOENT;
	if (st == ST_OK && change.there)
		st = file_read(path, MAX_FILE, &change.old, NULL, err);
	grown = st == ST_OK ? realloc(r->list, (r->n + 1) * sizeof(*grown)) : NULL;
	if (grown == NULL) {
		free_change(&change);
		return st != ST_OK ? st : error_no_memory(err);
	}
	r->list = grown;
	r->list[r->n++] = change;
	return ST_OK;
}

/* Who answers has to be who was asked: a mixed-up address would mix up the certificates. */
static enum status check_name(
    const struct inventory_node *node, const struct provider_node *said, struct error *err)
{
	if (strcasecmp(said->name, node->name) == 0 || strcasecmp(said->name, node->dns) == 0 ||
	    (said->dns[0] != '\0' && strcasecmp(said->dns, node->dns) == 0))
		return ST_OK;
	error_set(err, ST_FAILED, _("its CTL Provider says that it is '%s'"), said->name);
	error_hint(err, "%s",
	    _("look at 'deliver' of this node in ctlsign.conf and at 'node' in ctlproviderd.conf"));
	return ST_FAILED;
}

/* The inventory names a certificate that the node does not give. */
static void tell_missing(const struct inventory_node *node, const char *path, X509 *x509)
{
	struct buffer text = BUFFER_INIT, file = BUFFER_INIT;
	char name[320];

	if (path == NULL || x509 != NULL)
		return;
	text_printable_into(name, sizeof(name), text_bytes(node->name));
	cluster_put_path(&file, path);
	if (buffer_text(&file) != NULL)
		buffer_printf(&text,
		    _("'%s' does not give the certificate of %s: the file stays as it is"), name,
		    buffer_text(&file));
	if (buffer_text(&text) != NULL)
		cli_warn(buffer_text(&text));
	buffer_free(&file);
	buffer_free(&text);
}

static enum status look_at_node(struct refresh *r, const struct inventory_node *node,
    const struct provider_node *said, struct error *err)
{
	const char *recovery =
	    node->role == NODE_PUBLISHER ? r->cluster.inventory.itlrecovery.path : NULL;
	const struct {
		const char *name;
		const char *path;
	} kinds[] = {{"callmanager", node->certificate.path}, {"capf", node->capf.path},
	    {"itlrecovery", recovery}};
	enum status st = check_name(node, said, err);

	for (size_t i = 0; st == ST_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		X509 *x509 = cli_provider_certificate(said, kinds[i].name);

		tell_missing(node, kinds[i].path, x509);
		st = look(r, node->name, kinds[i].path, x509, err);
	}
	return st;
}

static const struct inventory_target *provider_of(const struct inventory_node *node)
{
	for (size_t i = 0; i < node->deliver.n; i++)
		if (node->deliver.list[i].kind == TARGET_PROVIDER)
			return &node->deliver.list[i];
	return NULL;
}

/* A node that fails is passed over. */
static enum status ask_node(struct refresh *r, const struct inventory_node *node, struct error *err)
{
	const struct inventory_target *target = provider_of(node);
	struct provider_node said = {.name = NULL};
	enum status st;

	if (target == NULL)
		return ST_OK;
	st = cli_provider_ask(target->host, target->port, &r->access, &said, NULL, err);
	if (st == ST_OK)
		st = look_at_node(r, node, &said, err);
	provider_node_free(&said);
	if (st != ST_OK && st != ST_NO_MEMORY)
		warn(r, node->name, err);
	return st == ST_NO_MEMORY ? st : ST_OK;
}

static enum status refuse_without_providers(const struct inventory *inventory, struct error *err)
{
	for (size_t i = 0; i < inventory->n_nodes; i++)
		if (provider_of(&inventory->nodes[i]) != NULL)
			return ST_OK;
	error_set(err, ST_FAILED, "%s", _("no node has a CTL Provider that could be asked"));
	error_where(err, "%s", inventory->path);
	error_hint(err, "%s", _("name it with deliver = {\"https://HOST\"} in the node's section"));
	return ST_FAILED;
}

static enum status ask_all(struct refresh *r, struct error *err)
{
	const struct inventory *inventory = &r->cluster.inventory;
	enum status st = refuse_without_providers(inventory, err);

	if (st == ST_OK)
		st = cli_modules_of_inventory(&r->request->modules, inventory, err);
	if (st == ST_OK)
		st = cli_provider_access(
		    &inventory->publish, &r->request->modules, &r->request->pins, &r->access, err);
	for (size_t i = 0; st == ST_OK && i < inventory->n_nodes; i++)
		st = ask_node(r, &inventory->nodes[i], err);
	return st;
}

/* ---- putting it there ----------------------------------------------------------------------- */

/* The log is told before, too, so that a run that is killed in between has left its trace. */
static enum status note(
    struct store *store, const struct change *change, const char *outcome, struct error *err)
{
	struct buffer what = BUFFER_INIT;
	struct audit_entry entry = {.act = "status --refresh", .outcome = outcome};
	enum status st;

	buffer_printf(&what, "replaces the certificate %s of %s by the one with SHA-256 %s",
	    change->path, change->node, change->sha256);
	entry.what = buffer_text(&what);
	st = buffer_status(&what, err);
	if (st == ST_OK)
		st = store_audit(store, &entry, err);
	buffer_free(&what);
	return st;
}

static enum status replace(const struct change *change, const char *before, struct error *err)
{
	enum status st = ST_OK;

	if (change->there)
		st = file_write_durably(before, buffer_bytes(&change->old), true, 0644, err);
	if (st == ST_OK)
		st = file_write_durably(change->path, buffer_bytes(&change->pem), true, 0644, err);
	return st;
}

static void tell(const struct change *change, const char *before)
{
	struct buffer file = BUFFER_INIT, old = BUFFER_INIT;
	char name[320];

	text_printable_into(name, sizeof(name), text_bytes(change->node));
	cluster_put_path(&file, change->path);
	cluster_put_path(&old, before);
	if (buffer_text(&file) == NULL || buffer_text(&old) == NULL)
		fprintf(stderr, "%s\n", _("a certificate was replaced"));
	else if (change->there)
		fprintf(stderr,
		    _("%s: %s is replaced by the certificate with SHA-256 %s; the old one is now "
		      "%s\n"),
		    name, buffer_text(&file), change->sha256, buffer_text(&old));
	else
		fprintf(stderr, _("%s: %s is made, the certificate with SHA-256 %s\n"), name,
		    buffer_text(&file), change->sha256);
	buffer_free(&file);
	buffer_free(&old);
}

static enum status replace_noted(
    struct store *store, const struct change *change, struct error *err)
{
	char *before = NULL, outcome[1024], line[960];
	struct error note_err;
	enum status st;

	if (asprintf(&before, "%s.before", change->path) < 0)
		return error_no_memory(err);
	st = note(store, change, "started", err);
	if (st == ST_OK) {
		st = replace(change, before, err);
		if (st == ST_OK)
			tell(change, before);
		snprintf(outcome, sizeof(outcome), "failed: %s",
		    st == ST_OK ? "" : error_line(err, line, sizeof(line)));
		if (note(store, change, st == ST_OK ? "done" : outcome, &note_err) != ST_OK)
			cli_warn(error_line(&note_err, line, sizeof(line)));
	}
	free(before);
	return st;
}

/* No other run is to work with the half of them. */
static enum status replace_all(struct refresh *r, struct error *err)
{
	struct cluster cluster = {.store = NULL};
	enum status st;

	if (r->n == 0)
		return ST_OK;
	st = cli_cluster_change(r->request->config, "status --refresh", &cluster, err);
	for (size_t i = 0; st == ST_OK && i < r->n; i++)
		st = replace_noted(cluster.store, &r->list[i], err);
	cluster_close(&cluster);
	return st;
}

enum status status_refresh(struct status_refresh *request, struct error *err)
{
	struct refresh r = {.request = request};
	enum status st = cli_cluster_read(request->config, &r.cluster, err);

	if (st == ST_OK)
		st = ask_all(&r, err);
	publish_access_close(&r.access);
	if (st == ST_OK)
		st = replace_all(&r, err);
	for (size_t i = 0; i < r.n; i++)
		free_change(&r.list[i]);
	free(r.list);
	cluster_close(&r.cluster);
	return st;
}
