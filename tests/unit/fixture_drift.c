/*
 * The cluster that drifts, for the tests of drift.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_drift.h"

#include "fixture_cluster.h"
#include "fixture_lists.h"
#include "base/text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool held, const char *what)
{
	if (!held) {
		fprintf(stderr, "fixture_drift: %s\n", what);
		abort();
	}
}

void drift_scene(struct drift_scene *scene, const char *release, enum cluster_signing signing)
{
	struct inventory *inventory = &scene->inventory;

	memset(scene, 0, sizeof(*scene));
	fixture_cluster(inventory, release);
	inventory->export_controlled = true;
	fixture_cluster_node(inventory, NODE_SUBSCRIBER, "cucm-sub1", "10.1.2.4",
	    SERVICE_CALLMANAGER | SERVICE_TFTP);
	fixture_cluster_node(inventory, NODE_TFTP, "tftp1", "10.1.2.5", SERVICE_TFTP);
	fixture_cluster_server(inventory, FIXTURE_ALTERNATE_TFTP, "alt1", "10.1.2.6", TL_ROLE_TFTP);
	fixture_cluster_server(inventory, FIXTURE_FIREWALL, "asa1", "10.1.2.7", TL_ROLE_CCM);
	fixture_cluster_server(inventory, FIXTURE_ENTRY, "srst1", "10.1.2.8", TL_ROLE_SRST);
	if (signing == SIGNING_TOKENS) {
		scene->tokens[scene->n_tokens++] = fixture_cluster_cert("SAST-1", 0);
		scene->tokens[scene->n_tokens++] = fixture_cluster_cert("SAST-2", 0);
	}
	scene->request = (struct drift_request){
	    .inventory = inventory,
	    .mode = MODE_MIXED,
	    .signing = signing,
	    .file = "CTLFile.tlv",
	    .now = FIXTURE_TIMESTAMP + 60 * 60,
	};
}

static void make_plan(
    const struct drift_scene *scene, const struct trustlist *current, struct cluster_plan *plan)
{
	const struct plan_request request = {
	    .inventory = &scene->inventory,
	    .mode = scene->request.mode,
	    .signing = scene->request.signing,
	    .tokens = scene->tokens,
	    .n_tokens = scene->n_tokens,
	    .trust = scene->trust,
	    .n_trust = scene->n_trust,
	    .current = current,
	};
	struct error err;

	error_clear(&err);
	must(cluster_plan(&request, plan, &err) == ST_OK, err.what);
}

void drift_scene_sign(struct drift_scene *scene)
{
	struct cluster_plan plan = {NULL, NULL, 0};
	struct error err;

	error_clear(&err);
	make_plan(scene, NULL, &plan);
	must(plan.n > 0 && plan.n <= DRIFT_SCENE_RECORDS, "records");
	for (size_t i = 0; i < plan.n; i++)
		scene->origins[i] = (char)plan.origins[i].origin;
	scene->origins[plan.n] = '\0';
	/* The first is a token or CallManager: a SAST in any case. */
	fixture_cluster_list(plan.entries, plan.n, plan.entries[0].certificate, &scene->file);
	must(tl_read(&scene->list, buffer_bytes(&scene->file), &err) == ST_OK, err.what);
	must(tl_decode_certificates(&scene->list, NULL, 0, &err) == ST_OK, err.what);
	scene->request.current = &scene->list;
	scene->request.origins = scene->origins;
	cluster_plan_free(&plan);
}

static void must_be_same(const struct drift *a, const struct drift *b)
{
	must(a->n == b->n && a->n_updates == b->n_updates, "the plan's records make a difference");
	for (size_t i = 0; i < a->n; i++)
		must(a->items[i].kind == b->items[i].kind &&
			 strcmp(a->items[i].code, b->items[i].code) == 0 &&
			 strcmp(a->items[i].name, b->items[i].name) == 0 &&
			 strcmp(a->items[i].text, b->items[i].text) == 0 &&
			 strcmp(a->items[i].todo, b->items[i].todo) == 0,
		    a->items[i].text);
}

void drift_scene_ask(struct drift_scene *scene)
{
	struct cluster_plan plan = {NULL, NULL, 0};
	struct drift_request request = scene->request;
	struct drift other = {NULL, 0, 0};
	struct error err;

	error_clear(&err);
	make_plan(scene, &scene->list, &plan);
	request.plan = &plan;
	drift_free(&scene->drift);
	must(cluster_drift(&request, &scene->drift, &err) == ST_OK, err.what);
	for (size_t i = 0; i < plan.n; i++)
		plan.origins[i].record = 0;
	must(cluster_drift(&request, &other, &err) == ST_OK, err.what);
	must_be_same(&scene->drift, &other);
	drift_free(&other);
	cluster_plan_free(&plan);
}

bool drift_scene_is(struct drift_scene *scene, const char *items)
{
	struct buffer all = BUFFER_INIT;
	bool same, first_warning = true;
	size_t n_updates = 0;

	drift_scene_ask(scene);
	for (size_t i = 0; i < scene->drift.n; i++) {
		const struct drift_item *item = &scene->drift.items[i];

		if (item->kind == DRIFT_UPDATE) {
			must(first_warning, "an update behind a warning");
			n_updates++;
		} else {
			first_warning = false;
		}
		buffer_printf(&all, "%s%s%s:%s", i > 0 ? " " : "",
		    item->kind == DRIFT_WARNING ? "!" : "", item->code, item->name);
	}
	must(n_updates == scene->drift.n_updates, "n_updates");
	same = strcmp(buffer_text(&all), items) == 0;
	if (!same)
		printf("# expected '%s'\n# but it is '%s'\n", items, buffer_text(&all));
	buffer_free(&all);
	return same;
}

bool drift_scene_says(
    const struct drift_scene *scene, size_t index, const char *text, const char *todo)
{
	const struct drift_item *item = &scene->drift.items[index];
	bool says = index < scene->drift.n && strstr(item->text, text) != NULL &&
		    strstr(item->todo, todo) != NULL;

	if (!says && index < scene->drift.n)
		printf("# no '%s' and '%s' in\n# %s\n# %s\n", text, todo, item->text, item->todo);
	return says;
}

const char *drift_scene_serial(const X509 *certificate)
{
	static char texts[4][DRIFT_SCENE_RECORDS];
	static unsigned next;
	struct buffer text = BUFFER_INIT;
	char *out = texts[next++ % 4];

	text_hex(&text, tl_certificate_serial(certificate), ':', false);
	snprintf(out, sizeof(texts[0]), "%s", buffer_text(&text));
	buffer_free(&text);
	return out;
}

struct inventory_node *drift_scene_node(struct drift_scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->inventory.n_nodes; i++)
		if (strcmp(scene->inventory.nodes[i].name, name) == 0)
			return &scene->inventory.nodes[i];
	must(false, name);
	return NULL;
}

void drift_scene_drop_node(struct drift_scene *scene)
{
	struct inventory_node *node = &scene->inventory.nodes[--scene->inventory.n_nodes];

	free(node->name);
	free(node->dns);
	fixture_cluster_certificate(&node->certificate, NULL);
	memset(node, 0, sizeof(*node));
}

void drift_scene_drop_server(struct inventory_server *servers, size_t *n)
{
	struct inventory_server *server = &servers[--*n];

	free(server->name);
	free(server->dns);
	fixture_cluster_certificate(&server->certificate, NULL);
	memset(server, 0, sizeof(*server));
}

void drift_scene_free(struct drift_scene *scene)
{
	drift_free(&scene->drift);
	tl_free(&scene->list);
	buffer_free(&scene->file);
	fixture_cluster_free(&scene->inventory);
}
