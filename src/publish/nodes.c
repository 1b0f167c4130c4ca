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

/* A file of a place while it is asked for. */
struct asked {
	struct worker_job job;
	const struct publish_means *means;
	struct node_copy *copy;
	const char *url;       /* NULL: a target */
	struct target *target; /* NULL: it could not be made, or it is a URL; of the CTL only */
	char name[TARGET_NAME_MAX];
	size_t n_phones;  /* behind the CTL of a place: so many of single phones */
	bool passed_over; /* its place was not asked for it, as it does not answer */
	struct buffer data;
	unsigned timeout_ms;
};

struct asking {
	const struct publish_request *request;
	const struct publish_means *means;
	struct node_copies *out;
	struct target_links *links;
	struct asked *list; /* one a copy */
	size_t n;
	unsigned timeout_ms;
};

/* ---- who is asked ---------------------------------------------------------------------------- */

static enum status make_room(struct asking *asking, struct error *err)
{
	struct node_copies *out = asking->out;
	struct plan_section section;
	const struct inventory *inventory = asking->request->inventory;
	size_t places = 0, sections = 0;

	for (; plan_section(inventory, sections, &section); sections++)
		places += (section.deliver->n + section.verify->n) *
			  (1 + (section.phones ? inventory->publish.n_phones : 0));
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
	struct asked *asked = &asking->list[asking->n];

	asking->out->n++;
	asking->n++;
	snprintf(asked->name, sizeof(asked->name), "%s", PUBLISH_CTL);
	copy->node = node;
	copy->place = place;
	asked->copy = copy;
	asked->job.item = asked;
	asked->means = asking->means;
	asked->timeout_ms = asking->timeout_ms;
	return asked;
}

/* Phones ask for their own file first, so that an old one is all that they ever get. */
static enum status add_phones(
    struct asking *asking, const struct plan_section *section, struct asked *ctl, struct error *err)
{
	const struct inventory_publish *settings = &asking->request->inventory->publish;

	for (size_t i = 0; section->phones && i < settings->n_phones; i++) {
		struct asked *asked = add(asking, ctl->copy->node, NULL);
		const size_t len = strlen(ctl->copy->place);
		const bool slash = len > 0 && ctl->copy->place[len - 1] == '/';

		asked->url = ctl->url;
		asked->passed_over = true;
		asked->copy->by_phone = ctl->copy->by_phone;
		snprintf(asked->name, sizeof(asked->name), "CTLSEP%s.tlv", settings->phones[i]);
		if (asprintf(&asked->copy->file, "%s%s%s", ctl->copy->place, slash ? "" : "/",
			asked->name) < 0) {
			asked->copy->file = NULL;
			return error_no_memory(err);
		}
		asked->copy->place = asked->copy->file;
		ctl->n_phones++;
	}
	return ST_OK;
}

static enum status add_section(
    struct asking *asking, const struct plan_section *section, struct error *err)
{
	enum status st = ST_OK;
	struct asked *asked;

	for (size_t i = 0; st == ST_OK && i < section->deliver->n; i++) {
		const struct inventory_target *target = &section->deliver->list[i];

		asked = add(asking, section->name, target->text);
		if (asking->means->target(target, asking->request->access, &asking->links,
			&asked->target, &asked->copy->err) != ST_OK)
			asked->target = NULL;
		asked->job.target = asked->target;
		asked->job.link = asked->target != NULL ? asked->target->link : NULL;
		st = add_phones(asking, section, asked, err);
	}
	for (size_t i = 0; st == ST_OK && i < section->verify->n; i++) {
		asked = add(asking, section->name, section->verify->list[i]);
		asked->url = section->verify->list[i];
		asked->copy->by_phone = true;
		st = add_phones(asking, section, asked, err);
	}
	if (section->needs_ctl && section->deliver->n == 0 && section->verify->n == 0)
		asking->out->without[asking->out->n_without++] = section->name;
	return st;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask_for(struct worker_job *job, struct target *target, struct asked *asked)
{
	struct node_copy *copy = asked->copy;
	enum status st;

	if (asked->url != NULL) {
		asked->means->fetch(asked->url, asked->name, TARGET_MAX_FILE, asked->timeout_ms,
		    &asked->data, &copy->there, &copy->err);
		return;
	}
	worker_begin(job);
	st = target->ops->get(target, asked->name, &asked->data, &copy->there, &copy->err);
	if (worker_end(job) && st != ST_OK) {
		error_set(&copy->err, ST_FAILED, _("it did not answer within %u seconds"),
		    asked->timeout_ms / 1000);
		error_where(&copy->err, "%s", copy->place);
		error_hint(&copy->err, "%s", _("see whether it runs and can be reached"));
	}
	/* What shares its connection starts anew. */
	if (st != ST_OK && target->ops->reset != NULL)
		target->ops->reset(target);
}

/* The phones' files stand behind their CTL. */
static void ask(struct worker_job *job)
{
	struct asked *ctl = job->item;

	ask_for(job, ctl->target, ctl);
	/* Who is away is not waited for again and again. */
	for (size_t i = 1; i <= ctl->n_phones && ctl[i - 1].copy->err.status == ST_OK; i++) {
		ctl[i].passed_over = false;
		ask_for(job, ctl->target, &ctl[i]);
	}
}

static enum status ask_all(struct asking *asking, struct error *err)
{
	const struct workers_step step = {.limit_ms = asking->timeout_ms, .work = ask};
	struct worker_job **jobs = calloc(asking->n + 1, sizeof(struct worker_job *));
	size_t n = 0;
	enum status st;

	if (jobs == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < asking->n; i += 1 + asking->list[i].n_phones)
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
	st = store_history(store, match, out, err);
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

		if (out->list[i].err.status != ST_OK || out->list[i].file != NULL)
			continue;
		for (size_t k = 0; k < out->n; k++)
			same += out->list[k].err.status == ST_OK && out->list[k].file == NULL &&
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

	for (size_t i = 0; i < out->n; i++)
		out->list[i].odd =
		    out->list[i].err.status == ST_OK && strcmp(out->list[i].sha256, right) != 0;
}

/* Whether what PHONE asks for is worth a line beside its place's CTL. */
static bool is_told(const struct asked *phone, const struct node_copy *ctl)
{
	if (phone->passed_over)
		return false;
	if (phone->copy->err.status != ST_OK)
		return true;
	return phone->copy->odd && strcmp(phone->copy->sha256, ctl->sha256) != 0;
}

/* Drops the files of phones that are as the CTL beside them, and counts what stays. */
static void drop_and_count(struct asking *asking)
{
	struct node_copies *out = asking->out;
	const struct node_copy *ctl = NULL;
	size_t n = 0;

	for (size_t i = 0; i < asking->n; i++) {
		struct node_copy *copy = asking->list[i].copy;

		if (copy->file != NULL && !is_told(&asking->list[i], ctl)) {
			free(copy->file);
			continue;
		}
		if (n != i)
			out->list[n] = *copy;
		if (copy->file == NULL)
			ctl = &out->list[n];
		out->n_odd += out->list[n].odd ? 1 : 0;
		out->n_failed += out->list[n].err.status != ST_OK ? 1 : 0;
		n++;
	}
	out->n = n;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum status ask_and_compare(struct asking *asking, struct error *err)
{
	struct plan_section section;
	char current[65];
	enum status st = make_room(asking, err);

	if (st != ST_OK)
		return st;
	for (size_t i = 0; st == ST_OK && plan_section(asking->request->inventory, i, &section);
	     i++)
		if (section.ctl)
			st = add_section(asking, &section, err);
	if (st == ST_OK)
		st = ask_all(asking, err);
	for (size_t i = 0; st == ST_OK && i < asking->n; i++)
		st = describe(&asking->list[i], err);
	if (st == ST_OK)
		st = match_all(asking, current, err);
	if (st == ST_OK) {
		mark(asking->out, current);
		drop_and_count(asking);
	}
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
	for (size_t i = 0; i < asking.n; i++) {
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
	for (size_t i = 0; i < copies->n; i++)
		free(copies->list[i].file);
	free(copies->list);
	free((void *)copies->without);
	*copies = (struct node_copies){0};
}
