/*
 * The entries of `ctlsign build`: their certificates, from files and tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/file.h"

#include <openssl/x509.h>
#include <pthread.h>
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
		st = refuse_same(build->output, build->pins.file, err);
	for (size_t i = 0; st == ST_OK && i < build->n_entries; i++)
		st = refuse_same(build->output, build->entries[i].spec.certificate, err);
	return st;
}

static bool needs_tokens(const struct build *build)
{
	bool needed = token_selector_is_uri(build->key);

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
	build->planned = calloc(build->n_entries, sizeof(*build->planned));
	build->sast = calloc(build->n_entries, sizeof(*build->sast));
	if (build->planned == NULL || build->sast == NULL)
		return error_no_memory(err);
	return ST_OK;
}

/*
 * Modules being loaded while certificate files are read: either takes its milliseconds, most of
 * them of waiting.
 */
struct opening {
	pthread_t thread;
	bool running;
	const struct cli_modules *modules;
	struct tokens *tokens;
	enum status status;
	struct error err;
};

static void *open_modules(void *context)
{
	struct opening *opening = context;

	opening->status = cli_modules_open(opening->modules, &opening->tokens, &opening->err);
	return NULL;
}

static void opening_start(struct opening *opening)
{
	opening->running = pthread_create(&opening->thread, NULL, open_modules, opening) == 0;
	if (!opening->running)
		open_modules(opening);
}

/* Waits, and hands what was opened to BUILD. */
static enum status opening_finish(struct opening *opening, struct build *build, struct error *err)
{
	if (opening->running)
		pthread_join(opening->thread, NULL);
	build->tokens = opening->tokens;
	if (opening->status != ST_OK)
		*err = opening->err;
	return opening->status;
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

/* Reads the certificates that stand in files, or those that stand on tokens. */
static enum status load_certificates(struct build *build, bool from_tokens, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < build->n_entries; i++) {
		struct build_entry *entry = &build->entries[i];
		const char *from = entry->spec.certificate;

		if (token_selector_is_uri(from) != from_tokens)
			continue;
		st = from_tokens ? load_from_token(build->tokens, from, &entry->certificate, err)
				 : certificate_read(from, &entry->certificate, err);
		if (st != ST_OK && !from_tokens)
			hint_at_slip(from, err);
	}
	return st;
}

static void plan_entries(struct build *build)
{
	for (size_t i = 0; i < build->n_entries; i++) {
		const struct build_entry *entry = &build->entries[i];
		struct tl_entry *planned = &build->planned[i];

		planned->role = entry->role;
		planned->certificate = entry->certificate;
		planned->dns = entry->spec.dns;
		planned->ip_len = entry->spec.ip_len;
		memcpy(planned->ip, entry->spec.ip, sizeof(planned->ip));
		if (entry->role == TL_ROLE_SAST)
			build->sast[build->n_sast++] = entry->certificate;
	}
	build->plan.entries = build->planned;
	build->plan.n_entries = build->n_entries;
}

enum status build_load(struct build *build, struct error *err)
{
	const bool with_tokens = needs_tokens(build);
	struct opening opening = {.modules = &build->modules};
	struct error open_err;
	enum status st, open_st = ST_OK;

	st = refuse_output_among_inputs(build, err);
	/* A token is not worth touching when the result could not be written. */
	if (st == ST_OK)
		st = file_check_writable(build->output, build->force, err);
	if (st == ST_OK)
		st = allocate(build, err);
	if (st != ST_OK)
		return st;
	if (with_tokens)
		opening_start(&opening);
	st = load_certificates(build, false, err);
	if (with_tokens)
		open_st = opening_finish(&opening, build, &open_err);
	if (st == ST_OK && open_st != ST_OK) {
		*err = open_err;
		st = open_st;
	}
	if (st == ST_OK)
		st = load_certificates(build, true, err);
	if (st == ST_OK)
		plan_entries(build);
	return st;
}

void build_hint_at_key(const struct build *build, struct error *err)
{
	if (!token_selector_is_uri(build->key))
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
	tokens_close(build->tokens);
}
