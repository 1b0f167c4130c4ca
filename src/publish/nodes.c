/*
 * Who holds what: every target and every place that phones ask, looked at side by side.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include "store/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A place while it is asked. */
struct asked {
	struct worker_job job;
	const struct publish_means *means;
	struct node_copy *copy;
	const char *url;       /* NULL: a target */
	struct target *target; /* NULL: it could not be made, or it is a URL */
	struct buffer data;
	unsigned timeout_ms;
};

struct asking {
	const struct publish_request *request;
	const struct publish_means *means;
	struct node_copies *out;
	struct target_links *links;
	struct asked *list; /* one a copy */
	unsigned timeout_ms;
};

/* ---- who is asked ---------------------------------------------------------------------------- */

static enum status make_room(struct asking *asking, struct error *err)
{
	struct node_copies *out = asking->out;
	struct plan_section section;
	size_t places = 0, sections = 0;

	for (; plan_section(asking->request->inventory, sections, &section); sections++)
		places += section.deliver->n + section.verify->n;
	out->list = calloc(places + 1, sizeof(*out->list));
	out->without = calloc(sections + 1, sizeof(*out->without));
	asking->list = calloc(places + 1, sizeof(*asking->list));
	if (out->list == NULL || out->without == NULL || asking->list == NULL)
		return error_no_memory(err);
	return ST_OK;
}

static struct asked *add(struct asking *asking, const char *node, const char *place)
{
	struct node_copy *copy = &asking->out->list[asking->out->n];
	struct asked *asked = &asking->list[asking->out->n];

	asking->out->n++;
	copy->node = node;
	copy->place = place;
	asked->copy = copy;
	asked->job.item = asked;
	asked->means = asking->means;
	asked->timeout_ms = asking->timeout_ms;
	return asked;
}

static void add_section(struct asking *asking, const struct plan_section *section)
{
	struct asked *asked;

	for (size_t i = 0; i < section->deliver->n; i++) {
		const struct inventory_target *target = &section->deliver->list[i];

		asked = add(asking, section->name, target->text);
		if (asking->means->target(target, asking->request->access, &asking->links,
			&asked->target, &asked->copy->err) != ST_OK)
			asked->target = NULL;
		asked->job.target = asked->target;
		asked->job.link = asked->target != NULL ? asked->target->link : NULL;
	}
	for (size_t i = 0; i < section->verify->n; i++) {
		asked = add(asking, section->name, section->verify->list[i]);
		asked->url = section->verify->list[i];
		asked->copy->by_phone = true;
	}
	if (section->needs_ctl && section->deliver->n == 0 && section->verify->n == 0)
		asking->out->without[asking->out->n_without++] = section->name;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask(struct worker_job *job)
{
	struct asked *asked = job->item;
	struct node_copy *copy = asked->copy;
	enum status st;

	if (asked->url != NULL) {
		asked->means->fetch(asked->url, PUBLISH_CTL, TARGET_MAX_FILE, asked->timeout_ms,
		    &asked->data, &copy->there, &copy->err);
		return;
	}
	worker_begin(job);
	st = asked->target->ops->get(
	    asked->target, PUBLISH_CTL, &asked->data, &copy->there, &copy->err);
	if (worker_end(job) && st != ST_OK) {
		error_set(&copy->err, ST_FAILED, _("it did not answer within %u seconds"),
		    asked->timeout_ms / 1000);
		error_where(&copy->err, "%s", copy->place);
		error_hint(&copy->err, "%s", _("see whether it runs and can be reached"));
	}
	/* What shares its connection starts anew. */
	if (st != ST_OK && asked->target->ops->reset != NULL)
		asked->target->ops->reset(asked->target);
}

static enum status ask_all(struct asking *asking, struct error *err)
{
	const struct workers_step step = {.limit_ms = asking->timeout_ms, .work = ask};
	struct worker_job **jobs = calloc(asking->out->n + 1, sizeof(struct worker_job *));
	size_t n = 0;
	enum status st;

	if (jobs == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < asking->out->n; i++)
		if (asking->list[i].url != NULL || asking->list[i].target != NULL)
			jobs[n++] = &asking->list[i].job;
	st = workers_run(&step, jobs, n, err);
	free(jobs);
	return st;
}

/* ---- what it is ------------------------------------------------------------------------------ */

static enum status hash(
    const char *algorithm, struct bytes data, char *out, size_t size, struct error *err)
{
	char *hex = NULL;
	enum status st = hash_hex(algorithm, data, &hex, err);

	snprintf(out, size, "%s", st == ST_OK ? hex : "");
	free(hex);
	return st;
}

static enum status describe(const struct asked *asked, struct error *err)
{
	struct node_copy *copy = asked->copy;
	const struct bytes data = buffer_bytes(&asked->data);
	struct trustlist list = {0};
	struct error ignored;
	enum status st;

	if (copy->err.status != ST_OK) {
		copy->there = false;
		return ST_OK;
	}
	if (!copy->there)
		return ST_OK;
	st = hash("MD5", data, copy->md5, sizeof(copy->md5), err);
	if (st == ST_OK)
		st = hash("SHA1", data, copy->sha1, sizeof(copy->sha1), err);
	if (st == ST_OK)
		st = hash("SHA256", data, copy->sha256, sizeof(copy->sha256), err);
	if (tl_read(&list, data, &ignored) == ST_OK && list.has_timestamp)
		copy->made = (time_t)list.timestamp;
	tl_free(&list);
	return st;
}

static enum status match(void *context, const struct generation *generation, struct error *err)
{
	struct node_copies *out = context;

	(void)err;
	for (size_t i = 0; i < out->n; i++)
		if (out->list[i].there && strcmp(out->list[i].sha256, generation->sha256) == 0) {
			out->list[i].generation = generation->number;
			out->list[i].pending = generation->state == GENERATION_PENDING;
		}
	return ST_OK;
}

/* Finds the generations; CURRENT gets the hash that all should have, "" when none is current. */
static enum status match_all(const struct asking *asking, char current[65], struct error *err)
{
	struct store *store = asking->request->store;
	struct generation generation = GENERATION_INIT;
	struct node_copies *out = asking->out;
	enum status st = ST_OK;

	current[0] = '\0';
	if (store == NULL)
		return ST_OK;
	st = store_generations(store, match, out, err);
	if (st == ST_OK)
		st = store_current(store, &generation, err);
	if (st == ST_OK && generation.number > 0) {
		out->current = generation.number;
		snprintf(current, 65, "%s", generation.sha256);
	}
	if (st == ST_OK)
		st = store_pending(store, &generation, err);
	if (st == ST_OK && generation.number > 0) {
		out->pending = generation.number;
		match(out, &generation, err);
	}
	generation_free(&generation);
	return st;
}

/* ---- the odd ones ---------------------------------------------------------------------------- */

/* Where nothing is known to be right, what most hold; "": most hold nothing. */
static const char *most(const struct node_copies *out)
{
	const char *most = "";
	size_t best = 0;

	for (size_t i = 0; i < out->n; i++) {
		size_t same = 0;

		if (out->list[i].err.status != ST_OK)
			continue;
		for (size_t k = 0; k < out->n; k++)
			same += out->list[k].err.status == ST_OK &&
					strcmp(out->list[k].sha256, out->list[i].sha256) == 0
				    ? 1
				    : 0;
		if (same > best) {
			best = same;
			most = out->list[i].sha256;
		}
	}
	return most;
}

static void mark(struct node_copies *out, const char *current)
{
	const char *right = current[0] != '\0' ? current : most(out);

	for (size_t i = 0; i < out->n; i++) {
		struct node_copy *copy = &out->list[i];

		if (copy->err.status != ST_OK) {
			out->n_failed++;
			continue;
		}
		copy->odd = strcmp(copy->sha256, right) != 0;
		out->n_odd += copy->odd ? 1 : 0;
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum status ask_and_compare(struct asking *asking, struct error *err)
{
	struct plan_section section;
	char current[65];
	enum status st = make_room(asking, err);

	if (st != ST_OK)
		return st;
	for (size_t i = 0; plan_section(asking->request->inventory, i, &section); i++)
		if (section.ctl)
			add_section(asking, &section);
	st = ask_all(asking, err);
	for (size_t i = 0; st == ST_OK && i < asking->out->n; i++)
		st = describe(&asking->list[i], err);
	if (st == ST_OK)
		st = match_all(asking, current, err);
	if (st == ST_OK)
		mark(asking->out, current);
	return st;
}

enum status publish_nodes_by(const struct publish_request *request,
    const struct publish_means *means, struct node_copies *out, struct error *err)
{
	struct asking asking = {.request = request, .means = means, .out = out};
	enum status st;

	*out = (struct node_copies){0};
	asking.timeout_ms = rows_timeout(request);
	st = ask_and_compare(&asking, err);
	for (size_t i = 0; asking.list != NULL && i < out->n; i++) {
		target_free(asking.list[i].target);
		buffer_free(&asking.list[i].data);
	}
	free(asking.list);
	target_links_free(asking.links);
	return st;
}

enum status publish_nodes(
    const struct publish_request *request, struct node_copies *out, struct error *err)
{
	return publish_nodes_by(request, &publish_means_real, out, err);
}

void node_copies_free(struct node_copies *copies)
{
	free(copies->list);
	free((void *)copies->without);
	*copies = (struct node_copies){0};
}
