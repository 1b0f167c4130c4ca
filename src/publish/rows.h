/*
 * A run over the targets: what is to be delivered, what was before, and a row for every target.
 *
 * The calling thread owns all of it between steps.  In a step each row belongs to its thread; what
 * is shown of it (`shown`) is written with the job's lock held.
 *
 * Private to src/publish/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_ROWS_H
#define CTLSIGN_PUBLISH_ROWS_H

#include "publish/plan.h"
#include "publish/workers.h"

/* How a run reaches the world.  Tests put their own in. */
struct publish_means {
	enum status (*target)(const struct inventory_target *place,
	    const struct target_access *access, struct target_links **links, struct target **out,
	    struct error *err);
	enum status (*fetch)(const char *base, const char *name, size_t max, unsigned timeout_ms,
	    struct buffer *out, bool *there, struct error *err);
};
extern const struct publish_means publish_means_real;

/* A file of a target. */
struct row_file {
	const char *name;      /* borrowed */
	bool planned;	       /* false: only the journal knows it */
	bool has_new;	       /* false: nobody knows any more what was to be put there */
	struct bytes new_data; /* borrowed */
	const struct delivery_file *before; /* of the journal; NULL: it was never replaced */
	bool twin; /* an earlier row has the same target and file, and does the work */

	enum publish_holds holds; /* when it was last asked */
	bool there;
	struct bytes old; /* what it held when this run came; set for what is staged */
	bool staged;	  /* it may be */
};

struct row {
	struct rows *rows;
	struct worker_job job;
	struct target *target; /* NULL: it could not be made */
	struct row_file *files;
	size_t n_files;
	const struct inventory_urls *urls;
	struct publish_row shown;
	struct error err;   /* of the last call that failed; shown once it is told */
	struct buffer read; /* what was read last */
	bool failed;
	bool unfinished; /* it failed before the check began */
	bool changed;	 /* this run changed something there, or may have */
	bool not_new;	 /* by hand: it was read, and holds something else */
};

/* What targets held before: kept once, however many had it. */
struct row_content {
	struct buffer data;
	struct row_content *next;
};

struct rows {
	const struct publish_request *request;
	const struct publish_means *means;
	struct publish_result *out;
	struct generation pending; /* what is delivered: with `again` the current one */
	struct generation current;
	bool again;
	struct delivery journal;
	struct target_links *links;
	struct row *list;
	size_t n;
	struct row_content *contents;  /* under the lock in a step */
	void (*work)(struct row *row); /* of the present step */
	unsigned timeout_ms;
};

/* How long each call may take. */
unsigned rows_timeout(const struct publish_request *request);

/*
 * Reads the state and makes plan and targets.  ST_FAILED when no generation is pending.  A target
 * that cannot be made is a row that has failed.  rows_close() in any case: it hands the rows to
 * OUT.
 */
enum status rows_open(struct rows *rows, const struct publish_request *request,
    const struct publish_means *means, struct publish_result *out, struct error *err);
void rows_close(struct rows *rows);

/* The same for the current generation, which is delivered again; ST_FAILED when one is pending. */
enum status rows_open_again(struct rows *rows, const struct publish_request *request,
    const struct publish_means *means, struct publish_result *out, struct error *err);

/* Does WORK for every row that has not failed, or (ALL) for each that has a target. */
enum status rows_step(
    struct rows *rows, bool all, void (*work)(struct row *row), struct error *err);

/* ST_FAILED for the rows that failed: TOLD, with the first of them as the place. */
enum status rows_fail(const struct rows *rows, const char *told, struct error *err);

/* How many have failed. */
size_t rows_failed(const struct rows *rows);

/*
 * Adds to the result's note that the inventory has another certificate of CAPF than the CTL.  What
 * servers get is the CTL's, as that is the one that phones trust: an old list that comes back, or
 * an emergency, is not held up by a new one.
 */
enum status rows_note_capf(struct rows *rows, struct error *err);

/* The first row that has failed; NULL: none. */
const struct row *rows_first_failed(const struct rows *rows);

/* Whether a run before this one may have changed what targets hold. */
bool rows_may_have_changed(const struct rows *rows);

/* Whether the journal has a file of ROW: it was changed, or was about to be. */
bool row_is_in_journal(const struct row *row);

/*
 * The hint of a failed run: HINT, and, when some targets may have the generation and one could not
 * be asked, also what is done when it never comes back.
 */
void rows_hint(const struct rows *rows, const char *hint, struct error *err);

/* Appends the targets of the journal that the inventory has no more, printable: "a, b". */
void rows_unknown_targets(const struct rows *rows, struct buffer *out);

/* ---- in a step, by the row's thread ----------------------------------------------------------
 */

/* Shows STEP. */
void row_enter(struct row *row, enum publish_step step);

/* The row has failed with row->err; returns false. */
bool row_fail(struct row *row);

/* What is shown of what it holds, from its files. */
enum publish_holds row_holds(const struct row *row);

/*
 * Calls of the target, each with the time limit.  False: row->err is set, and the connection, which
 * may be in any state, was dropped.
 */
bool row_get(struct row *row, struct row_file *file); /* sets `holds` and `there` */
bool row_stage(struct row *row, struct row_file *file);
bool row_commit(struct row *row, struct row_file *file);
bool row_unstage(struct row *row, const struct row_file *file);
bool row_put_back(struct row *row, const struct row_file *file);
bool row_set_mode(struct row *row, int mode);

/* The step that commits all that was staged, and tells the mode. */
void row_commit_all(struct row *row);

/* Removes what this run may have staged there; stops at the first that does not work. */
void row_unstage_all(struct row *row);

/* Keeps what was just read as what FILE held before. */
bool row_keep(struct row *row, struct row_file *file);

/* The step that reads a target again and asks as phones do; needs all its files to be new. */
void row_check(struct row *row);

/* ---- what both ways need ---------------------------------------------------------------------
 */

/* The CTL file that the pending generation is for. */
const char *rows_ctl_path(const struct rows *rows);

/* Whether it has DATA; false too when it is not there. */
enum status rows_ctl_is(const struct rows *rows, struct bytes data, bool *same, struct error *err);

/* Writes DATA to it, durably, unless it has it already. */
enum status rows_write_ctl(const struct rows *rows, struct bytes data, struct error *err);

/* Removes it, durably. */
enum status rows_remove_ctl(const struct rows *rows, struct error *err);

/* "a (TARGET), b (TARGET)": for the audit log. */
void rows_names(const struct rows *rows, bool failed, struct buffer *out);

/* Appends an entry about the pending generation; WHAT is freed. */
enum status rows_audit(
    const struct rows *rows, struct buffer *what, const char *outcome, struct error *err);

/*
 * The entry for a failed run.  A log that cannot be written leaves ERR as it is: what failed first
 * is what has to be told.
 */
void rows_audit_failure(const struct rows *rows, const char *did, const struct error *err);

/* The same runs with other means: for tests. */
enum status publish_run_by(const struct publish_request *request, const struct publish_means *means,
    struct publish_result *out, struct error *err);
enum status publish_back_by(const struct publish_request *request,
    const struct publish_means *means, struct publish_result *out, struct error *err);
enum status publish_by_hand_by(const struct publish_request *request,
    const struct publish_means *means, bool even_targets, struct publish_result *out,
    struct error *err);
enum status publish_again_by(const struct publish_request *request,
    const struct publish_means *means, bool look_only, struct publish_result *out,
    struct error *err);
enum status publish_nodes_by(const struct publish_request *request,
    const struct publish_means *means, struct node_copies *out, struct error *err);

#endif
