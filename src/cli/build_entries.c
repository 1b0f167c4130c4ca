/*
 * The entries of `ctlsign build`: their certificates, from files and tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/file.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

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

static enum status load_certificate(
    struct build *build, struct build_entry *entry, struct error *err)
{
	const char *from = entry->spec.certificate;

	if (token_selector_is_uri(from))
		return load_from_token(build->tokens, from, &entry->certificate, err);
	return certificate_read(from, &entry->certificate, err);
}

static enum status allocate(struct build *build, struct error *err)
{
	build->planned = calloc(build->n_entries, sizeof(*build->planned));
	build->sast = calloc(build->n_entries, sizeof(*build->sast));
	if (build->planned == NULL || build->sast == NULL)
		return error_no_memory(err);
	return ST_OK;
}

enum status build_load(struct build *build, struct error *err)
{
	enum status st = refuse_output_among_inputs(build, err);

	if (st == ST_OK)
		st = allocate(build, err);
	if (st == ST_OK && needs_tokens(build))
		st = cli_modules_open(&build->modules, &build->tokens, err);
	for (size_t i = 0; st == ST_OK && i < build->n_entries; i++) {
		struct build_entry *entry = &build->entries[i];
		struct tl_entry *planned = &build->planned[i];

		st = load_certificate(build, entry, err);
		if (st != ST_OK)
			break;
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
	return st;
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
