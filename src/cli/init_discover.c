/*
 * ctlsign init --discover: what the nodes' CTL Providers say becomes the inventory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/init_discover_parts.h"

#include "admin/begin_inventory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT 30

/* ---- options -------------------------------------------------------------------------------- */

/* PATH as ctlsign.conf has to name it, which may stand in another folder. */
static enum status path_for_conf(const char *conf, const char *path, char **out, struct error *err)
{
	if (path == NULL)
		return ST_OK;
	if (path[0] == '/' || strncmp(path, "pkcs11:", strlen("pkcs11:")) == 0 ||
	    strchr(conf, '/') == NULL) {
		*out = strdup(path);
		return *out != NULL ? ST_OK : error_no_memory(err);
	}
	*out = realpath(path, NULL);
	if (*out != NULL)
		return ST_OK;
	error_errno(err, ST_IO, errno, "%s", _("cannot find the file"));
	error_where(err, "%s", path);
	return ST_IO;
}

static enum status keep(const char *text, char **out, struct error *err)
{
	if (text == NULL)
		return ST_OK;
	*out = strdup(text);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

static enum status take_settings(struct discovery *d, struct error *err)
{
	const struct init_discover *request = d->request;
	enum status st = keep(request->client_certificate, &d->settings.client_certificate, err);

	d->settings.timeout = TIMEOUT;
	if (st == ST_OK)
		st = keep(request->client_key, &d->settings.client_key.where, err);
	if (st == ST_OK)
		st = keep(request->provider_trust, &d->settings.provider_trust, err);
	if (st == ST_OK)
		st =
		    path_for_conf(request->conf, request->client_certificate, &d->certificate, err);
	if (st == ST_OK)
		st = path_for_conf(request->conf, request->client_key, &d->key, err);
	if (st == ST_OK)
		st = path_for_conf(request->conf, request->provider_trust, &d->trust, err);
	return st;
}

/* ---- asking --------------------------------------------------------------------------------- */

static bool is_known(const struct discovery *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcasecmp(d->answers[i].node.name, name) == 0)
			return true;
	return false;
}

static bool is_asked(const struct discovery *d, const char *host, unsigned port)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcasecmp(d->answers[i].host, host) == 0 && d->answers[i].port == port)
			return true;
	return false;
}

static void free_answer(struct answer *answer)
{
	free(answer->host);
	provider_node_free(&answer->node);
	buffer_free(&answer->ctl);
	*answer = (struct answer){.host = NULL};
}

/* There is no ctlsign.conf yet whose section could name whom to trust. */
static void hint_option(const struct discovery *d, struct error *err)
{
	if (err->status == ST_NOT_VERIFIED && d->settings.provider_trust == NULL &&
	    strstr(err->hint, "provider-trust") != NULL)
		error_hint(err, "%s",
		    _("compare the fingerprint with the provider's certificate on the node; if it "
		      "is right, put that certificate into a file and name it with "
		      "--provider-trust FILE"));
}

/* WHERE is HOST[:PORT]; one that answered before is passed over. */
static enum status ask(struct discovery *d, const char *where, struct error *err)
{
	struct answer answer = {.host = NULL};
	enum status st = discovered_host(where, &answer.host, &answer.port, err);

	if (st == ST_FORMAT && err != NULL)
		err->status = st = ST_USAGE;
	if (st != ST_OK || is_asked(d, answer.host, answer.port)) {
		free_answer(&answer);
		return st;
	}
	st = cli_provider_ask(answer.host, answer.port, &d->access, &answer.node, &answer.ctl, err);
	if (st == ST_OK && !is_known(d, answer.node.name) && d->n == INIT_MAX_HOSTS) {
		st = error_set(err, ST_LIMIT, _("there are more than %d nodes"), INIT_MAX_HOSTS);
		error_hint(err, "%s", _("a cluster has no more: look at the providers' settings"));
	}
	if (st != ST_OK && err->where[0] == '\0')
		error_where(err, "%s", where);
	if (st != ST_OK)
		hint_option(d, err);
	if (st == ST_OK && !is_known(d, answer.node.name))
		d->answers[d->n++] = answer;
	else
		free_answer(&answer);
	return st;
}

/* Those that the first one names. */
static enum status ask_others(struct discovery *d, struct error *err)
{
	const struct provider_node *first = &d->answers[0].node;
	enum status st = ST_OK;

	d->others = calloc(first->n_servers + 1, sizeof(*d->others));
	if (d->others == NULL)
		return error_no_memory(err);
	for (size_t i = 0; st == ST_OK && i < first->n_servers; i++)
		if (first->servers[i].provider[0] != '\0' && !is_known(d, first->servers[i].name))
			st = ask(d, first->servers[i].provider, err);
	for (size_t i = 0; st == ST_OK && i < first->n_servers; i++)
		if (!is_known(d, first->servers[i].name) && first->servers[i].provider[0] == '\0')
			d->others[d->n_others++] = (struct discovered_other){
			    first->servers[i].name, first->servers[i].address};
	return st;
}

static enum status ask_all(struct discovery *d, struct error *err)
{
	enum status st = cli_provider_access(
	    &d->settings, &d->request->modules, &d->request->pins, &d->access, err);

	for (size_t i = 0; st == ST_OK && i < d->request->n_hosts; i++)
		st = ask(d, d->request->hosts[i], err);
	return st == ST_OK ? ask_others(d, err) : st;
}

/* ---- what they said ------------------------------------------------------------------------- */

/* What the list of SASTs, and CAPF's certificate, are of: only the publisher knows. */
static enum status no_publisher(const struct discovery *d, struct error *err)
{
	const struct provider_node *first = &d->answers[0].node;

	error_set(err, ST_FAILED,
	    _("'%s' says that it is a %s, and no node that was asked says that it is the "
	      "publisher"),
	    first->name, first->role);
	error_where(err, "%s", d->answers[0].host);
	error_hint(err, "%s",
	    _("name the publisher with --discover, too, or set 'role' in ctlproviderd.conf of the "
	      "publisher"));
	return ST_FAILED;
}

/* The one that says that it is. */
static enum status find_publisher(struct discovery *d, struct error *err)
{
	size_t found = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->answers[i].node.role, "publisher") != 0)
			continue;
		if (found++ == 0) {
			d->publisher = i;
			continue;
		}
		error_set(err, ST_FAILED, _("both '%s' and '%s' say that they are the publisher"),
		    d->answers[d->publisher].node.name, d->answers[i].node.name);
		error_hint(err, "%s", _("set 'role' right in ctlproviderd.conf of these nodes"));
		return ST_FAILED;
	}
	return found > 0 ? ST_OK : no_publisher(d, err);
}

/* What it says, else what the first one says of it, else where it was asked. */
static const char *address_of(const struct discovery *d, const struct answer *answer)
{
	const struct provider_node *first = &d->answers[0].node;
	unsigned char address[16];

	if (answer->node.address[0] != '\0')
		return answer->node.address;
	for (size_t i = 0; i < first->n_servers; i++)
		if (strcasecmp(first->servers[i].name, answer->node.name) == 0)
			return first->servers[i].address;
	if (inet_pton(AF_INET, answer->host, address) == 1 ||
	    inet_pton(AF_INET6, answer->host, address) == 1)
		return answer->host;
	return "";
}

static void put_node(struct discovery *d, size_t i)
{
	const struct answer *answer = &d->answers[i];
	const struct provider_node *said = &answer->node;
	struct discovered_node *node = &d->nodes[d->cluster.n_nodes++];

	*node = (struct discovered_node){.name = said->name,
	    .role = NODE_PUBLISHER,
	    .dns = said->dns,
	    .address = address_of(d, answer),
	    .services = said->services,
	    .host = answer->host,
	    .port = answer->port,
	    .callmanager = cli_provider_certificate(said, "callmanager"),
	    .capf = cli_provider_certificate(said, "capf")};
	if (i == d->publisher)
		return;
	if (!discovered_role(said->role, &node->role) || node->role == NODE_PUBLISHER)
		node->role = NODE_SUBSCRIBER;
	node->capf = NULL;
}

static enum status put_together(struct discovery *d, struct error *err)
{
	const struct init_discover *request = d->request;
	const struct provider_node *publisher;
	enum status st = find_publisher(d, err);

	if (st != ST_OK)
		return st;
	publisher = &d->answers[d->publisher].node;
	put_node(d, d->publisher);
	for (size_t i = 0; i < d->n; i++)
		if (i != d->publisher)
			put_node(d, i);
	d->cluster.cluster = request->cluster != NULL ? request->cluster : publisher->name;
	d->cluster.release = request->release != NULL ? request->release : publisher->release;
	d->cluster.mixed = publisher->mode == 1;
	d->cluster.nodes = d->nodes;
	d->cluster.others = d->others;
	d->cluster.n_others = d->n_others;
	d->cluster.itlrecovery = cli_provider_certificate(publisher, "itlrecovery");
	d->cluster.client_certificate = d->certificate;
	d->cluster.client_key = d->key;
	d->cluster.provider_trust = d->trust;
	d->cluster.folder = BEGIN_CERTIFICATES;
	if (d->cluster.release[0] != '\0')
		return ST_OK;
	error_set(err, ST_USAGE, _("'%s' does not say which release it runs"), publisher->name);
	error_hint(err, "%s", _("tell it with --release, such as --release '12.5(1)'"));
	return ST_USAGE;
}

/* In mixed mode the servers have certificates. */
static bool is_mixed(const struct trustlist *list)
{
	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[i];

		if (record->certificate.data != NULL && record->has_role &&
		    record->role != TL_ROLE_SAST && record->role != TL_ROLE_CAPF)
			return true;
	}
	return false;
}

/* A CTL that phones would not take is left out: somebody has to look at it. */
static void look_at_ctl(struct discovery *d)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct trustlist list = {.n_records = 0};
	const struct answer *publisher = &d->answers[d->publisher];
	char line[1024], text[1400];
	struct error err;
	enum status st;

	if (publisher->ctl.len == 0 || verifier == NULL) {
		tl_verifier_free(verifier);
		return;
	}
	st = tl_read(&list, buffer_bytes(&publisher->ctl), &err);
	if (st == ST_OK)
		st = tl_verify(verifier, &list, &err);
	d->has_ctl = st == ST_OK;
	d->cluster.mixed = d->cluster.mixed || (d->has_ctl && is_mixed(&list));
	if (st != ST_OK) {
		snprintf(text, sizeof(text), _("the CTL that '%s' serves is left out: %s"),
		    publisher->node.name, error_line(&err, line, sizeof(line)));
		cli_warn(text);
	}
	tl_free(&list);
	tl_verifier_free(verifier);
}

/* ---- writing -------------------------------------------------------------------------------- */

static enum status write_all(struct discovery *d, struct error *err)
{
	const struct bytes ctl = buffer_bytes(&d->answers[d->publisher].ctl);
	struct begin_inventory_request request = {.conf = d->request->conf};
	enum status st = discovered_write(&d->cluster, &d->files, err);

	request.text = buffer_bytes(&d->files.conf);
	request.files = d->files.list;
	request.n_files = d->files.n;
	request.ctl = d->has_ctl ? &ctl : NULL;
	if (st != ST_OK)
		return st;
	st = begin_inventory(&request, err);
	/* There is no file whose lines could be mended. */
	if (st == ST_FORMAT)
		error_hint(err, "%s",
		    _("set it right in ctlproviderd.conf of the node, or write the inventory by "
		      "hand: "
		      "'ctlsign init' makes one to start from"));
	return st;
}

/* The inventory is there and stays, so that the second step can be made again by hand. */
static enum status take_over(struct discovery *d, struct error *err)
{
	struct begin_request request = {.conf = d->request->conf};
	char *ctl = discovery_beside(d->request->conf, BEGIN_CTL);
	enum status st;

	if (!d->has_ctl) {
		free(ctl);
		return ST_OK;
	}
	request.from = ctl;
	st = ctl != NULL ? begin_from(&request, &d->taken, err) : error_no_memory(err);
	if (st != ST_OK)
		cli_warn(_("the inventory was written, but the CTL could not be taken over; once "
			   "the error is mended: ctlsign init --from CTLFile.tlv"));
	free(ctl);
	return st;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void free_discovery(struct discovery *d)
{
	for (size_t i = 0; i < d->n; i++)
		free_answer(&d->answers[i]);
	publish_access_close(&d->access);
	discovered_files_free(&d->files);
	begin_result_free(&d->taken);
	free(d->others);
	free(d->settings.client_certificate);
	free(d->settings.client_key.where);
	free(d->settings.provider_trust);
	free(d->certificate);
	free(d->key);
	free(d->trust);
	free(d);
}

int init_discover(struct init_discover *request)
{
	struct discovery *d = calloc(1, sizeof(*d));
	struct error err;
	enum status st;
	int rc;

	if (d == NULL) {
		error_no_memory(&err);
		return cli_fail(&err);
	}
	d->request = request;
	/* Not asked in vain, and no PIN either. */
	st = begin_inventory_check(request->conf, &err);
	if (st == ST_OK)
		st = take_settings(d, &err);
	if (st == ST_OK)
		st = ask_all(d, &err);
	if (st == ST_OK)
		st = put_together(d, &err);
	if (st == ST_OK) {
		look_at_ctl(d);
		st = write_all(d, &err);
	}
	if (st == ST_OK)
		st = take_over(d, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else
		rc = request->json ? discovery_print_json(d) : discovery_print(d);
	free_discovery(d);
	return rc;
}
