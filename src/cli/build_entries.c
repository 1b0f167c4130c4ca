/*
 * The entries of `ctlsign build`: their certificates, from files and tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/file.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status build_add_entry(struct build *build, unsigned role, const char *text, struct error *err)
{
	struct build_entry *grown;
	struct cli_spec spec;
	enum status st = cli_spec_parse(text, &spec, err);

	if (st != ST_OK)
		return st;
	grown = reallocarray(build->entries, build->n_entries + 1, sizeof(*grown));
	if (grown == NULL) {
		cli_spec_free(&spec);
		return error_no_memory(err);
	}
	build->entries = grown;
	build->entries[build->n_entries++] = (struct build_entry){.role = role, .spec = spec};
	return ST_OK;
}

static enum status refuse_same(const char *output, const char *input, struct error *err)
{
	if (input == NULL || token_selector_is_uri(input) || !file_same(output, input))
		return ST_OK;
	error_set(err, ST_USAGE, "%s", _("the output file is also one of the inputs"));
	error_where(err, "%s", output);
	error_hint(err, "%s", _("write to another file"));
	return ST_USAGE;
}

static enum status refuse_output_among_inputs(const struct build *build, struct error *err)
{
	enum status st = refuse_same(build->output, build->key, err);

	if (st == ST_OK)
		st = refuse_same(build->output, build->pins.pin.file, err);
	for (size_t i = 0; st == ST_OK && i < build->n_entries; i++)
		st = refuse_same(build->output, build->entries[i].spec.certificate, err);
	return st;
}

static bool needs_tokens(const struct build *build)
{
	bool needed =
	    build->collect.wanted > 0 || (build->key != NULL && token_selector_is_uri(build->key));

	for (size_t i = 0; i < build->n_entries; i++)
		needed = needed || token_selector_is_uri(build->entries[i].spec.certificate);
	return needed;
}

static enum status load_from_token(
    struct tokens *tokens, const char *uri, X509 **out, struct error *err)
{
	struct token_selector *selector;
	enum status st = token_selector_parse(uri, &selector, err);

	if (st != ST_OK)
		return st;
	st = tokens_certificate(tokens, selector, out, err);
	token_selector_free(selector);
	return st;
}

static enum status allocate(struct build *build, struct error *err)
{
	const size_t room =
	    build->collect.makings.n_entries + build->n_entries + build->collect.wanted;

	build->planned = calloc(room, sizeof(*build->planned));
	build->sast = calloc(room, sizeof(*build->sast));
	if (build->planned == NULL || build->sast == NULL)
		return error_no_memory(err);
	return ST_OK;
}

/* A name that is no file may be a slip of the pen; says which one it looks like. */
static void hint_at_slip(const char *name, struct error *err)
{
	if (err->status != ST_IO || access(name, F_OK) == 0)
		return;
	if (strchr(name, ',') != NULL)
		error_hint(err, "%s",
		    _("behind the file's name only ,dns=NAME and ,ip=ADDRESS are known"));
	else if (strpbrk(name, "./") == NULL)
		error_hint(err, _("if a token is meant, write pkcs11:token=%s"), name);
}

/*
 * The certificate files are read by two threads, and one of them loads the modules first: both
 * kinds of work take milliseconds, OpenSSL's decoding of a certificate a third of one.
 */
struct reading {
	struct build *build;
	bool with_tokens;
	atomic_size_t next;   /* entry */
	pthread_mutex_t lock; /* of failed_at, status and err */
	size_t failed_at;     /* the first entry that failed, in the order of the command line */
	enum status status;
	struct error err;
	enum status open_status;
	struct error open_err;
};

static void read_one(struct reading *reading, size_t at)
{
	struct build_entry *entry = &reading->build->entries[at];
	const char *from = entry->spec.certificate;
	struct error err;
	enum status st;

	if (token_selector_is_uri(from))
		return;
	st = certificate_read(from, &entry->certificate, &err);
	if (st == ST_OK)
		return;
	hint_at_slip(from, &err);
	pthread_mutex_lock(&reading->lock);
	if (reading->status == ST_OK || at < reading->failed_at) {
		reading->failed_at = at;
		reading->status = st;
		reading->err = err;
	}
	pthread_mutex_unlock(&reading->lock);
}

static void read_files(struct reading *reading)
{
	size_t at;

	while ((at = atomic_fetch_add(&reading->next, 1)) < reading->build->n_entries)
		read_one(reading, at);
}

static void *open_and_read(void *context)
{
	struct reading *reading = context;

	if (reading->with_tokens)
		reading->open_status = cli_modules_open(
		    &reading->build->modules, &reading->build->tokens, &reading->open_err);
	read_files(reading);
	return NULL;
}

/* All certificate files, and the modules if any are needed; an entry's failure comes first. */
static enum status read_and_open(struct build *build, struct error *err)
{
	struct reading reading = {
	    .build = build, .with_tokens = needs_tokens(build), .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t helper;

	if (pthread_create(&helper, NULL, open_and_read, &reading) == 0) {
		read_files(&reading);
		pthread_join(helper, NULL);
	} else {
		open_and_read(&reading);
	}
	pthread_mutex_destroy(&reading.lock);
	if (reading.status != ST_OK)
		*err = reading.err;
	else if (reading.open_status != ST_OK)
		*err = reading.open_err;
	return reading.status != ST_OK ? reading.status : reading.open_status;
}

static enum status read_from_tokens(struct build *build, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < build->n_entries; i++) {
		struct build_entry *entry = &build->entries[i];

		if (token_selector_is_uri(entry->spec.certificate))
			st = load_from_token(
			    build->tokens, entry->spec.certificate, &entry->certificate, err);
	}
	return st;
}

static void plan_entry(struct build *build, const struct tl_entry *entry)
{
	build->planned[build->plan.n_entries++] = *entry;
	if (entry->role == TL_ROLE_SAST && entry->certificate != NULL)
		build->sast[build->n_sast++] = entry->certificate;
}

/* Whether the list that --from names has this very entry; no address is written as 0.0.0.0. */
static bool is_taken_over(const struct build *build, const struct tl_entry *entry)
{
	const struct tl_makings *makings = &build->collect.makings;

	for (size_t i = 0; i < makings->n_entries; i++) {
		const struct tl_entry *old = &makings->entries[i];

		if (old->role == entry->role && old->certificate != NULL &&
		    X509_cmp(old->certificate, entry->certificate) == 0 &&
		    strcmp(old->dns, entry->dns == NULL ? "" : entry->dns) == 0 &&
		    memcmp(old->ip, entry->ip, sizeof(old->ip)) == 0)
			return true;
	}
	return false;
}

/* The collected tokens, but for those that are there already. */
static void plan_collected(struct build *build)
{
	for (size_t i = 0; i < build->collect.collection.n; i++) {
		X509 *certificate = build->collect.collection.list[i].certificate;
		bool there = false;

		for (size_t k = 0; k < build->n_sast; k++)
			there = there || X509_cmp(build->sast[k], certificate) == 0;
		if (!there)
			plan_entry(build,
			    &(struct tl_entry){.role = TL_ROLE_SAST, .certificate = certificate});
	}
}

static void plan_entries(struct build *build)
{
	for (size_t i = 0; i < build->collect.makings.n_entries; i++)
		plan_entry(build, &build->collect.makings.entries[i]);
	for (size_t i = 0; i <= build->n_entries; i++) {
		const struct build_entry *entry = &build->entries[i];
		struct tl_entry planned = {0};

		if (i == build->collect.before_entry)
			plan_collected(build);
		if (i == build->n_entries)
			break;
		planned.role = entry->role;
		planned.certificate = entry->certificate;
		planned.dns = entry->spec.dns;
		planned.ip_len = entry->spec.ip_len;
		memcpy(planned.ip, entry->spec.ip, sizeof(planned.ip));
		if (!is_taken_over(build, &planned))
			plan_entry(build, &planned);
	}
	build->plan.entries = build->planned;
}

enum status build_load(struct build *build, struct error *err)
{
	enum status st = refuse_output_among_inputs(build, err);

	/* A token is not worth touching when the result could not be written. */
	if (st == ST_OK)
		st = file_check_writable(build->output, build->force, err);
	if (st == ST_OK)
		st = build_read_current(build, err);
	if (st == ST_OK)
		st = allocate(build, err);
	if (st == ST_OK)
		st = read_and_open(build, err);
	if (st == ST_OK)
		st = read_from_tokens(build, err);
	if (st == ST_OK)
		st = build_collect(build, err);
	if (st == ST_OK)
		plan_entries(build);
	return st;
}

void build_hint_at_key(const struct build *build, struct error *err)
{
	if (build->key != NULL && !token_selector_is_uri(build->key))
		hint_at_slip(build->key, err);
}

void build_free(struct build *build)
{
	for (size_t i = 0; i < build->n_entries; i++) {
		cli_spec_free(&build->entries[i].spec);
		X509_free(build->entries[i].certificate);
	}
	free(build->entries);
	free(build->planned);
	free(build->sast);
	collection_free(&build->collect.collection);
	tl_makings_free(&build->collect.makings);
	list_file_free(&build->collect.current);
	tokens_close(build->tokens);
}
