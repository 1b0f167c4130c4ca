/*
 * The beginning of a cluster: its ctlsign.conf, and for one that runs already its first state.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/begin.h"

#include "admin/begin_state.h"
#include "admin/cluster.h"
#include "admin/stage.h"
#include "base/file.h"
#include "base/text.h"
#include "cluster/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A takeover that is under way. */
struct begin {
	const struct begin_request *request;
	struct begin_result *result;
	char *directory;  /* of ctlsign.conf */
	const char *name; /* of it in there */
	struct buffer bytes;
	struct trustlist list;
	struct takeover takeover;
	struct inventory inventory; /* that was made of it */
	struct stage stage;
	bool write_ctl;
};

enum status begin_split_path(
    const char *path, char **directory, const char **name, struct error *err)
{
	static const char *const others[] = {
	    BEGIN_CERTIFICATES, BEGIN_STATE, BEGIN_CTL, STAGE_FOLDER, "", ".", ".."};
	const char *slash = strrchr(path, '/');

	*name = slash != NULL ? slash + 1 : path;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(*name, others[i]) != 0)
			continue;
		error_set(err, ST_USAGE, "%s", _("this cannot be the name of the inventory"));
		error_where(err, "%s", path);
		error_hint(err, "%s", _("name a file such as ctlsign.conf"));
		return ST_USAGE;
	}
	if (slash == NULL)
		*directory = strdup(".");
	else
		*directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	return *directory != NULL ? ST_OK : error_no_memory(err);
}

/* Reads the list that is taken over; one whose signature does not hold is no list. */
static enum status read_list(struct begin *b, struct error *err)
{
	struct tl_verifier *verifier = tl_verifier_new();
	const char *from = b->request->from;
	enum status st;

	if (verifier == NULL)
		return error_no_memory(err);
	st = file_read(from, TL_MAX_FILE, &b->bytes, NULL, err);
	if (st == ST_OK) {
		st = tl_read(&b->list, buffer_bytes(&b->bytes), err);
		if (st == ST_OK)
			st = tl_verify(verifier, &b->list, err);
		if (st == ST_OK)
			st = tl_decode_certificates(&b->list, NULL, 0, err);
		if (st != ST_OK)
			error_where_prefix(err, from);
	}
	tl_verifier_free(verifier);
	return st;
}

static enum status take_over(struct begin *b, struct error *err)
{
	const struct takeover_request request = {.list = &b->list,
	    .cluster = b->request->cluster,
	    .release = b->request->release,
	    .folder = BEGIN_CERTIFICATES};
	const enum status st = cluster_takeover(&request, &b->takeover, err);

	/* A release that is none is no fault of the list. */
	if (st != ST_OK && st != ST_USAGE)
		error_where_prefix(err, b->request->from);
	return st;
}

/* A CTL file of the same bytes may be there already. */
static enum status look_at_ctl(struct begin *b, struct error *err)
{
	struct buffer there = BUFFER_INIT;
	struct stat sb;
	enum status st;

	if (file_same(b->result->ctl, b->request->from))
		return ST_OK;
	if (lstat(b->result->ctl, &sb) != 0 && errno == ENOENT) {
		b->write_ctl = true;
		return ST_OK;
	}
	st = file_read(b->result->ctl, TL_MAX_FILE, &there, NULL, err);
	if (st == ST_OK && !bytes_equal(buffer_bytes(&there), b->list.file)) {
		st = error_set(
		    err, ST_EXISTS, "%s", _("another CTL is there already, and is left as it is"));
		error_where(err, "%s", b->result->ctl);
		error_hint(err, "%s", _("move it away, or take over that one"));
	}
	buffer_free(&there);
	return st;
}

static enum status look_around(struct begin *b, struct error *err)
{
	enum status st = stage_refuse_existing(&b->stage, b->name, err);

	if (st == ST_OK)
		st = stage_refuse_existing(&b->stage, BEGIN_STATE, err);
	if (st == ST_OK)
		st = stage_refuse_existing(&b->stage, BEGIN_CERTIFICATES, err);
	return st == ST_OK ? look_at_ctl(b, err) : st;
}

static enum status write_certificates(struct begin *b, struct error *err)
{
	enum status st = stage_make_folder(&b->stage, BEGIN_CERTIFICATES, err);
	struct buffer name = BUFFER_INIT;

	for (size_t i = 0; i < b->takeover.n_files && st == ST_OK; i++) {
		const struct takeover_file *file = &b->takeover.files[i];

		buffer_reset(&name);
		buffer_printf(&name, "%s/%s", BEGIN_CERTIFICATES, file->name);
		st = buffer_text(&name) == NULL ? error_no_memory(err)
						: stage_write(&b->stage, buffer_text(&name),
						      buffer_bytes(&file->pem), 0644, err);
	}
	buffer_free(&name);
	return st;
}

/* The path of NAME in the hidden folder. */
static char *staged(const struct begin *b, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", b->stage.path, name) < 0 ? NULL : path;
}

static enum status tell_inventory(
    struct begin_result *out, const struct inventory *inventory, struct error *err)
{
	out->n_servers = inventory->n_nodes + inventory->n_alternate_tftp + inventory->n_firewalls +
			 inventory->n_entries;
	out->cluster = strdup(inventory->cluster);
	return out->cluster != NULL ? ST_OK : error_no_memory(err);
}

/*
 * The inventory has to be read by those who come next: what they would refuse is refused here.
 */
static enum status check_inventory(struct begin *b, struct error *err)
{
	char *path = staged(b, b->name);
	enum status st;

	if (path == NULL)
		return error_no_memory(err);
	st = inventory_read(path, &b->inventory, err);
	if (st == ST_OK) {
		st = tell_inventory(b->result, &b->inventory, err);
	} else if (st == ST_FORMAT) {
		/* The file will be gone: what it was made from is to blame. */
		error_where(err, "%s", b->request->from);
		error_hint(err, "%s",
		    _("write the inventory by hand: 'ctlsign init' makes one to start from"));
	}
	free(path);
	return st;
}

static struct begin_parts parts_of(const struct begin *b, const struct inventory *inventory)
{
	return (struct begin_parts){.list = &b->list,
	    .takeover = &b->takeover,
	    .inventory = inventory,
	    .file = b->result->ctl,
	    .from = b->request->from};
}

static enum status make_state(struct begin *b, struct error *err)
{
	const struct begin_parts parts = parts_of(b, &b->inventory);
	char *path = staged(b, BEGIN_STATE);
	enum status st;

	if (path == NULL)
		return error_no_memory(err);
	st = begin_state(path, &parts, &b->result->signer, err);
	free(path);
	return st;
}

static enum status publish(struct begin *b, struct error *err)
{
	const char *items[4];
	size_t n = 0;

	items[n++] = BEGIN_CERTIFICATES;
	items[n++] = BEGIN_STATE;
	if (b->write_ctl)
		items[n++] = BEGIN_CTL;
	items[n++] = b->name;
	return stage_publish(&b->stage, items, n, err);
}

static enum status make_all(struct begin *b, struct error *err)
{
	enum status st = stage_begin(&b->stage, err);

	if (st == ST_OK)
		st = stage_write(&b->stage, b->name, buffer_bytes(&b->takeover.conf), 0644, err);
	if (st == ST_OK)
		st = check_inventory(b, err);
	if (st == ST_OK)
		st = write_certificates(b, err);
	if (st == ST_OK && b->write_ctl)
		st = stage_write(&b->stage, BEGIN_CTL, b->list.file, 0644, err);
	if (st == ST_OK)
		st = make_state(b, err);
	return st == ST_OK ? publish(b, err) : st;
}

/* What phones will load has to be what was taken over. */
static enum status read_back(struct begin *b, struct error *err)
{
	struct buffer there = BUFFER_INIT;
	enum status st = file_read(b->result->ctl, TL_MAX_FILE, &there, NULL, err);

	if (st == ST_OK && !bytes_equal(buffer_bytes(&there), b->list.file)) {
		st =
		    error_set(err, ST_IO, "%s", _("the file does not read back as it was written"));
		error_where(err, "%s", b->result->ctl);
	}
	buffer_free(&there);
	return st;
}

static enum status set_paths(struct begin *b, struct error *err)
{
	struct begin_result *r = b->result;
	const bool here = b->name == b->request->conf;
	const int len = here ? 0 : (int)(b->name - b->request->conf);

	/* As the request writes them: beside "ctlsign.conf" is "state.db", and not "./state.db". */
	if (asprintf(&r->certificates, "%.*s%s", len, b->request->conf, BEGIN_CERTIFICATES) < 0)
		r->certificates = NULL;
	if (asprintf(&r->state, "%.*s%s", len, b->request->conf, BEGIN_STATE) < 0)
		r->state = NULL;
	if (asprintf(&r->ctl, "%.*s%s", len, b->request->conf, BEGIN_CTL) < 0)
		r->ctl = NULL;
	return r->certificates != NULL && r->state != NULL && r->ctl != NULL ? ST_OK
									     : error_no_memory(err);
}

/* ---- a state that was lost ------------------------------------------------------------------ */

static bool is_conf_there(const struct begin *b)
{
	return faccessat(b->stage.dir, b->name, F_OK, 0) == 0;
}

static enum status refuse_options(const struct begin *b, struct error *err)
{
	if (b->request->cluster == NULL && b->request->release == NULL)
		return ST_OK;
	error_set(err, ST_USAGE, "%s",
	    _("the inventory is there and is kept: it says the cluster's name and release"));
	error_where(err, "%s", b->request->conf);
	error_hint(err, "%s", _("leave out --cluster and --release"));
	return ST_USAGE;
}

static enum status refuse_state(
    const struct begin *b, const struct cluster *cluster, struct error *err)
{
	if (cluster->current.number == 0)
		return ST_OK;
	error_set(err, ST_EXISTS,
	    _("this cluster is there already, at generation %lld, and is left as it is"),
	    (long long)cluster->current.number);
	error_where(err, "%s", b->request->conf);
	error_hint(err, "%s", _("look at it with 'ctlsign status', or work in another folder"));
	return ST_EXISTS;
}

/* What the list is in the eyes of the inventory, which says where state and CTL file are, too. */
static enum status compare_with_inventory(
    struct begin *b, struct cluster *cluster, struct error *err)
{
	struct begin_result *r = b->result;
	enum status st = cluster_load(cluster, err);

	if (st == ST_OK) {
		st = cluster_takeover_known(&b->list, &cluster->inventory, &b->takeover, err);
		if (st != ST_OK)
			error_where_prefix(err, b->request->from);
	}
	if (st == ST_OK)
		st = tell_inventory(r, &cluster->inventory, err);
	if (st != ST_OK)
		return st;
	r->state = strdup(cluster->inventory.state);
	r->ctl = strdup(cluster->inventory.ctl_file);
	if (r->state == NULL || r->ctl == NULL)
		return error_no_memory(err);
	return look_at_ctl(b, err);
}

/*
 * The CTL comes first: a run that is killed behind it is finished by the next one, which finds the
 * list of the generation that it had begun in use.
 */
static enum status fill_state(struct begin *b, struct cluster *cluster, struct error *err)
{
	const struct begin_parts parts = parts_of(b, &cluster->inventory);
	struct begin_result *r = b->result;
	enum status st = ST_OK;

	if (b->write_ctl)
		st = file_write_durably(r->ctl, b->list.file, false, 0644, err);
	if (st != ST_OK)
		return st;
	st = read_back(b, err);
	if (st == ST_OK)
		st = begin_generation(cluster->store, &parts, &r->signer, &r->generation, err);
	if (st != ST_OK && b->write_ctl)
		unlink(r->ctl);
	return st;
}

static enum status begin_anew(struct begin *b, struct error *err)
{
	struct cluster cluster = {.store = NULL};
	enum status st = cluster_open(b->request->conf, CLUSTER_READ, "init", &cluster, err);

	if (st == ST_OK)
		st = refuse_state(b, &cluster, err);
	if (st == ST_OK)
		st = refuse_options(b, err);
	if (st == ST_OK)
		st = compare_with_inventory(b, &cluster, err);
	cluster_close(&cluster);
	/* Not before: this makes the file. */
	if (st == ST_OK)
		st = cluster_open(b->request->conf, CLUSTER_CHANGE, "init", &cluster, err);
	if (st == ST_OK)
		st = refuse_state(b, &cluster, err);
	if (st == ST_OK)
		st = fill_state(b, &cluster, err);
	cluster_close(&cluster);
	b->result->conf_kept = true;
	return st;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static enum status begin_whole(struct begin *b, struct error *err)
{
	enum status st = set_paths(b, err);

	if (st == ST_OK)
		st = take_over(b, err);
	if (st == ST_OK)
		st = look_around(b, err);
	if (st == ST_OK)
		st = make_all(b, err);
	if (st == ST_OK && b->write_ctl)
		st = read_back(b, err);
	if (st == ST_OK)
		stage_keep(&b->stage);
	b->result->generation = 1;
	return st;
}

static void tell(struct begin *b)
{
	struct begin_result *r = b->result;

	r->release = b->takeover.release;
	r->release_guessed = b->takeover.release_guessed;
	r->mode = b->takeover.mode;
	r->signing = b->takeover.signing;
	r->n_certificates = b->takeover.n_files;
	r->ctl_written = b->write_ctl;
	for (const char *o = b->takeover.origins; *o != '\0'; o++) {
		r->n_tokens += *o == ORIGIN_TOKEN;
		r->n_trust += *o == ORIGIN_TRUST;
	}
}

enum status begin_from(
    const struct begin_request *request, struct begin_result *out, struct error *err)
{
	struct begin b = {.request = request, .result = out, .stage = STAGE_INIT};
	enum status st = begin_split_path(request->conf, &b.directory, &b.name, err);

	if (st == ST_OK)
		st = read_list(&b, err);
	if (st == ST_OK)
		st = stage_open(&b.stage, b.directory, err);
	if (st == ST_OK)
		st = is_conf_there(&b) ? begin_anew(&b, err) : begin_whole(&b, err);
	if (st == ST_OK)
		tell(&b);
	stage_close(&b.stage);
	takeover_free(&b.takeover);
	inventory_free(&b.inventory);
	tl_free(&b.list);
	buffer_free(&b.bytes);
	free(b.directory);
	return st;
}

void begin_result_free(struct begin_result *result)
{
	free(result->cluster);
	free(result->signer);
	free(result->certificates);
	free(result->state);
	free(result->ctl);
	*result = (struct begin_result){.n_servers = 0};
}

enum status begin_template(const struct begin_request *request, struct error *err)
{
	struct stage stage = STAGE_INIT;
	struct buffer text = BUFFER_INIT;
	struct release release;
	char *directory = NULL;
	const char *name;
	enum status st = begin_split_path(request->conf, &directory, &name, err);

	if (st == ST_OK && request->release != NULL)
		st = release_parse(request->release, &release, err);
	/* What a killed takeover left would become this cluster's state. */
	if (st == ST_OK)
		st = stage_open(&stage, directory, err);
	if (st == ST_OK)
		st = stage_refuse_existing(&stage, name, err);
	if (st == ST_OK) {
		inventory_template(
		    &text, request->cluster, request->release != NULL ? release.text : NULL);
		st = buffer_status(&text, err);
	}
	if (st == ST_OK)
		st = file_write_durably(request->conf, buffer_bytes(&text), false, 0644, err);
	stage_close(&stage);
	buffer_free(&text);
	free(directory);
	return st;
}
