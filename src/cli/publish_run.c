/*
 * Delivering from the command line: how nodes are reached, what a terminal shows meanwhile.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_run.h"

#include "cli/cluster_options.h"
#include "cli/publish_progress.h"
#include "publish/access.h"

static enum status open_tokens(void *context, struct tokens **out, struct error *err)
{
	return cli_modules_open(context, out, err);
}

static bool has_provider(const struct inventory_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		if (targets->list[i].kind == TARGET_PROVIDER)
			return true;
	return false;
}

static bool servers_have_provider(const struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_provider(&servers[i].deliver))
			return true;
	return false;
}

/* Whether the officer's key is needed at all. */
static bool asks_providers(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_nodes; i++)
		if (has_provider(&inventory->nodes[i].deliver))
			return true;
	return servers_have_provider(inventory->alternate_tftp, inventory->n_alternate_tftp) ||
	       servers_have_provider(inventory->firewalls, inventory->n_firewalls) ||
	       servers_have_provider(inventory->entries, inventory->n_entries);
}

/* HOW's modules and PINs as publish_access_open() takes them; MODULES is to live as long. */
static enum status open_access(const struct inventory *inventory, const struct cli_publish *how,
    struct cli_modules *modules, struct publish_access *access, struct error *err)
{
	const char *about = how->pins->about;
	const struct pin_source pins = ceremony_pin_source(how->pins);
	const struct publish_access_request request = {
	    .settings = &inventory->publish,
	    .providers = asks_providers(inventory),
	    .timeout_ms = how->timeout_ms,
	    .open_tokens = open_tokens,
	    .context = modules,
	    .pins = &pins,
	};
	enum status st = cli_modules_of_inventory(modules, inventory, err);

	if (st != ST_OK)
		return st;
	how->pins->about = _("The key that CTL Providers know is opened.");
	st = publish_access_open(&request, access, err);
	how->pins->about = about;
	return st;
}

static enum status deliver(const struct cli_publish *how, const struct publish_request *request,
    struct publish_result *result, struct error *err)
{
	switch (how->kind) {
	case CLI_PUBLISH_BACK:
		return publish_back(request, result, err);
	case CLI_PUBLISH_BY_HAND:
		return publish_by_hand(request, how->even_targets, result, err);
	case CLI_PUBLISH_AGAIN:
		return publish_again(request, how->look_only, result, err);
	default:
		return publish_run(request, result, err);
	}
}

enum status cli_publish_run(struct cluster *cluster, const struct cli_publish *how,
    struct publish_result *result, struct error *err)
{
	struct cli_modules modules = *how->modules;
	struct publish_access access = {.tokens = NULL};
	struct publish_progress progress;
	enum status st = cluster_load(cluster, err);

	if (st == ST_OK)
		st = open_access(&cluster->inventory, how, &modules, &access, err);
	if (st == ST_OK) {
		const struct publish_request request = {
		    .inventory = &cluster->inventory,
		    .store = cluster->store,
		    .access = &access.access,
		    .act = how->act,
		    .progress = publish_progress_show,
		    .context = &progress,
		};

		publish_progress_begin(&progress, how->kind == CLI_PUBLISH_BACK, how->json);
		st = deliver(how, &request, result, err);
		publish_progress_end(&progress);
	}
	publish_access_close(&access);
	return st;
}

enum status cli_publish_nodes(struct cluster *cluster, const struct cli_publish *how,
    struct node_copies *copies, struct error *err)
{
	struct cli_modules modules = *how->modules;
	struct publish_access access = {.tokens = NULL};
	enum status st = open_access(&cluster->inventory, how, &modules, &access, err);

	if (st == ST_OK) {
		const struct publish_request request = {
		    .inventory = &cluster->inventory,
		    .store = cluster->store,
		    .access = &access.access,
		    .act = how->act,
		};

		st = publish_nodes(&request, copies, err);
	}
	publish_access_close(&access);
	return st;
}
