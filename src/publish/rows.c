/*
 * A run over the targets: its rows made from plan and journal, its steps, and its end.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include "base/text.h"
#include "publish/fetch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Where neither the caller nor the inventory says how long a step may take. */
#define DEFAULT_TIMEOUT_MS 30000

const struct publish_means publish_means_real = {.target = target_new, .fetch = fetch_file};

unsigned rows_timeout(const struct publish_request *request)
{
	if (request->access->timeout_ms > 0)
		return request->access->timeout_ms;
	if (request->inventory->publish.timeout > 0)
		return request->inventory->publish.timeout * 1000;
	return DEFAULT_TIMEOUT_MS;
}

/* ---- making the rows ------------------------------------------------------------------------- */

static const struct delivery_file *find_before(
    const struct rows *rows, const char *target, const char *name)
{
	for (size_t i = 0; i < rows->journal.n_files; i++)
		if (strcmp(rows->journal.files[i].target, target) == 0 &&
		    strcmp(rows->journal.files[i].name, name) == 0)
			return &rows->journal.files[i];
	return NULL;
}

static bool has_file(const struct row *row, const char *name)
{
	for (size_t i = 0; i < row->n_files; i++)
		if (strcmp(row->files[i].name, name) == 0)
			return true;
	return false;
}

/* Whether a row before ROW delivers the same file to the same place. */
static bool is_twin(const struct rows *rows, const struct row *row, const char *name)
{
	for (const struct row *other = rows->list; other < row; other++)
		if (strcmp(other->shown.place->target->text, row->shown.place->target->text) == 0 &&
		    has_file(other, name))
			return true;
	return false;
}

/* A file that was delivered once, and that today's inventory does not ask for any more. */
static void add_journal_file(struct row *row, const struct delivery_file *before)
{
	const struct publish_plan *plan = &row->rows->out->plan;
	struct row_file *file = &row->files[row->n_files++];
	const struct buffer *data = &plan->ctl;

	if (strcmp(before->name, PUBLISH_CAPF_DER) == 0)
		data = &plan->capf_der;
	else if (strcmp(before->name, PUBLISH_CAPF_PEM) == 0)
		data = &plan->capf_pem;
	*file = (struct row_file){.name = before->name,
	    .has_new = data->len > 0,
	    .new_data = buffer_bytes(data),
	    .before = before};
}

static enum status make_files(struct row *row, struct error *err)
{
	const struct publish_place *place = row->shown.place;
	const struct delivery *journal = &row->rows->journal;
	const char *text = place->target->text;
	size_t more = 0;

	for (size_t i = 0; i < journal->n_files; i++)
		more += strcmp(journal->files[i].target, text) == 0 ? 1 : 0;
	row->files = calloc(place->n_files + more + 1, sizeof(*row->files));
	if (row->files == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < place->n_files; i++) {
		const struct publish_file *planned = &place->files[i];

		row->files[row->n_files] = (struct row_file){.name = planned->name,
		    .planned = true,
		    .has_new = true,
		    .new_data = planned->data,
		    .twin = is_twin(row->rows, row, planned->name),
		    .before = more > 0 ? find_before(row->rows, text, planned->name) : NULL};
		row->n_files++;
	}
	for (size_t i = 0; more > 0 && i < journal->n_files; i++)
		if (strcmp(journal->files[i].target, text) == 0 &&
		    !has_file(row, journal->files[i].name))
			add_journal_file(row, &journal->files[i]);
	return ST_OK;
}

/* Rows of the same target are done one after the other, whatever its links are. */
static const char *find_link(const struct rows *rows, const struct row *row)
{
	for (const struct row *other = rows->list; other < row; other++)
		if (other->target != NULL &&
		    strcmp(other->shown.place->target->text, row->shown.place->target->text) == 0)
			return other->job.link;
	return row->target->link;
}

static enum status make_row(struct rows *rows, const struct publish_place *place, struct error *err)
{
	struct row *row = &rows->list[rows->n++];
	enum status st;

	row->rows = rows;
	row->shown.place = place;
	row->urls = plan_urls(rows->request->inventory, place);
	row->job.item = row;
	st = make_files(row, err);
	if (st != ST_OK)
		return st;
	if (rows->means->target(place->target, rows->request->access, &rows->links, &row->target,
		&row->err) != ST_OK) {
		row->target = NULL;
		row->failed = true;
		row->shown.step = PUBLISH_FAILED;
		row->shown.err = row->err;
		return ST_OK;
	}
	row->job.target = row->target;
	row->job.link = find_link(rows, row);
	return ST_OK;
}

static enum status make_rows(struct rows *rows, struct error *err)
{
	struct publish_plan *plan = &rows->out->plan;
	enum status st = ST_OK;

	rows->list = calloc(plan->n_targets + 1, sizeof(*rows->list));
	rows->out->rows = calloc(plan->n_targets + 1, sizeof(*rows->out->rows));
	if (rows->list == NULL || rows->out->rows == NULL)
		return error_no_memory(err);
	for (size_t i = 0; st == ST_OK && i < plan->n_places; i++)
		if (plan->places[i].target != NULL)
			st = make_row(rows, &plan->places[i], err);
	return st;
}

static enum status read_state(struct rows *rows, struct error *err)
{
	struct store *store = rows->request->store;
	enum status st = store_pending(store, &rows->pending, err);

	if (st == ST_OK && rows->pending.number == 0) {
		error_set(err, ST_FAILED, "%s", _("no generation is waiting to be published"));
		error_hint(err, "%s",
		    _("see what is current with 'ctlsign status', or make a new one with "
		      "'ctlsign update'"));
		return ST_FAILED;
	}
	if (st == ST_OK)
		st = store_current(store, &rows->current, err);
	return st == ST_OK ? store_delivery(store, &rows->journal, err) : st;
}

/* The current generation in the pending one's place. */
static enum status read_current(struct rows *rows, struct error *err)
{
	struct store *store = rows->request->store;
	enum status st = store_pending(store, &rows->pending, err);

	if (st == ST_OK && rows->pending.number != 0) {
		error_set(err, ST_FAILED,
		    _("generation %" PRId64 " is signed and not published: the current one is not "
		      "delivered again meanwhile"),
		    rows->pending.number);
		error_hint(err, "%s",
		    _("publish it with 'ctlsign publish', or take it back with 'ctlsign publish "
		      "--back'"));
		return ST_FAILED;
	}
	if (st == ST_OK)
		st = store_current(store, &rows->pending, err);
	if (st == ST_OK && rows->pending.number == 0) {
		error_set(err, ST_FAILED, "%s", _("there is no CTL yet"));
		error_hint(err, "%s", _("sign the first with: ctlsign set-cluster mixed-mode"));
		return ST_FAILED;
	}
	return st;
}

/* Plan and targets of the generation that was read. */
static enum status make_plan(struct rows *rows, struct error *err)
{
	struct publish_result *out = rows->out;
	enum status st;

	out->generation = rows->pending.number;
	st = publish_plan_make(
	    rows->request->inventory, buffer_bytes(&rows->pending.ctl), &out->plan, err);
	return st == ST_OK ? make_rows(rows, err) : st;
}

enum status rows_open(struct rows *rows, const struct publish_request *request,
    const struct publish_means *means, struct publish_result *out, struct error *err)
{
	enum status st;

	*rows = (struct rows){.request = request, .means = means, .out = out};
	rows->timeout_ms = rows_timeout(request);
	st = read_state(rows, err);
	return st == ST_OK ? make_plan(rows, err) : st;
}

enum status rows_open_again(struct rows *rows, const struct publish_request *request,
    const struct publish_means *means, struct publish_result *out, struct error *err)
{
	enum status st;

	*rows = (struct rows){.request = request, .means = means, .out = out, .again = true};
	rows->timeout_ms = rows_timeout(request);
	st = read_current(rows, err);
	if (st == ST_OK)
		st = make_plan(rows, err);
	out->current = st == ST_OK;
	return st;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Copies the rows as they are now. */
static void look(void *context)
{
	struct rows *rows = context;

	for (size_t i = 0; i < rows->n; i++)
		rows->out->rows[i] = rows->list[i].shown;
	rows->out->n_rows = rows->n;
}

static void tell(void *context)
{
	const struct rows *rows = context;

	if (rows->request->progress != NULL)
		rows->request->progress(rows->request->context, rows->out->rows, rows->out->n_rows);
}

static void do_row(struct worker_job *job)
{
	struct row *row = job->item;
	const int64_t began = workers_clock();

	row->rows->work(row);
	worker_lock(job);
	row->shown.ms += (unsigned)(workers_clock() - began);
	worker_unlock(job);
}

enum status rows_step(struct rows *rows, bool all, void (*work)(struct row *row), struct error *err)
{
	const struct workers_step step = {.limit_ms = rows->timeout_ms,
	    .work = do_row,
	    .look = look,
	    .tell = tell,
	    .context = rows};
	struct worker_job **jobs = calloc(rows->n + 1, sizeof(struct worker_job *));
	size_t n = 0;
	enum status st;

	if (jobs == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->list[i].target != NULL && (all || !rows->list[i].failed))
			jobs[n++] = &rows->list[i].job;
	rows->work = work;
	st = workers_run(&step, jobs, n, err);
	free(jobs);
	look(rows);
	tell(rows);
	return st;
}

const struct row *rows_first_failed(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->list[i].failed)
			return &rows->list[i];
	return NULL;
}

size_t rows_failed(const struct rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += rows->list[i].failed ? 1 : 0;
	return n;
}

bool rows_may_have_changed(const struct rows *rows)
{
	return rows->journal.phase != DELIVERY_NONE && rows->journal.phase != DELIVERY_SIGNED;
}

bool row_is_in_journal(const struct row *row)
{
	for (size_t i = 0; i < row->n_files; i++)
		if (row->files[i].before != NULL)
			return true;
	return false;
}

static bool is_away(const struct row *row)
{
	return row->failed && row->target != NULL && row_holds(row) == PUBLISH_UNKNOWN;
}

void rows_hint(const struct rows *rows, const char *hint, struct error *err)
{
	bool away = false;

	for (size_t i = 0; i < rows->n; i++)
		away = away || is_away(&rows->list[i]);
	if (away && rows_may_have_changed(rows))
		error_hint(err,
		    _("%s; when a node is gone for good, take its target out of ctlsign.conf, "
		      "then run 'ctlsign publish --resume'"),
		    hint);
	else
		error_hint(err, "%s", hint);
}

/* Whether a file of the journal before the one at INDEX is of the same target. */
static bool is_named_before(const struct delivery *journal, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(journal->files[i].target, journal->files[index].target) == 0)
			return true;
	return false;
}

static bool is_known(const struct rows *rows, const char *target)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->list[i].shown.place->target->text, target) == 0)
			return true;
	return false;
}

void rows_unknown_targets(const struct rows *rows, struct buffer *out)
{
	const struct delivery *journal = &rows->journal;
	const char *comma = "";
	char printable[256];

	for (size_t i = 0; i < journal->n_files; i++) {
		const char *target = journal->files[i].target;

		if (is_known(rows, target) || is_named_before(journal, i))
			continue;
		buffer_printf(out, "%s%s", comma,
		    text_printable_into(printable, sizeof(printable), text_bytes(target)));
		comma = ", ";
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

void rows_close(struct rows *rows)
{
	struct row_content *next;

	if (rows->out->rows != NULL)
		look(rows);
	for (size_t i = 0; i < rows->n; i++) {
		rows->out->changed = rows->out->changed || rows->list[i].changed;
		if (i < rows->out->n_rows)
			rows->out->rows[i].changed = rows->list[i].changed;
		target_free(rows->list[i].target);
		free(rows->list[i].files);
		buffer_free(&rows->list[i].read);
	}
	free(rows->list);
	target_links_free(rows->links);
	for (struct row_content *content = rows->contents; content != NULL; content = next) {
		next = content->next;
		buffer_free(&content->data);
		free(content);
	}
	delivery_free(&rows->journal);
	generation_free(&rows->pending);
	generation_free(&rows->current);
}

void publish_result_free(struct publish_result *result)
{
	publish_plan_free(&result->plan);
	free(result->rows);
	free(result->note);
	*result = (struct publish_result){0};
}
