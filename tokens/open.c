/*
 * Which modules a `struct tokens` has: those that were named, or those that p11-kit registers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/internal.h"

#include "tokens/registry.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Whether a module that is loaded already has this very file: twice would be two initialisations.
 */
static bool loaded_before(const struct tokens *tokens, const char *path)
{
	struct stat a, b;

	if (stat(path, &a) != 0)
		return false;
	for (size_t i = 0; i < tokens->n_modules; i++)
		if (stat(tokens->modules[i]->path, &b) == 0 && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino)
			return true;
	return false;
}

static enum status add_module(struct tokens *tokens, const char *path, const char *name,
    const char *init_args, unsigned timeout_ms, struct error *err)
{
	struct module **grown;
	struct module *m;
	enum status status;

	if (loaded_before(tokens, path))
		return ST_OK;
	grown = realloc(tokens->modules, (tokens->n_modules + 1) * sizeof(*grown));
	if (grown == NULL)
		return error_no_memory(err);
	tokens->modules = grown;
	status = module_open(path, name, init_args, timeout_ms, &m, err);
	if (status != ST_OK)
		return status;
	m->named = name == NULL;
	tokens->modules[tokens->n_modules++] = m;
	return ST_OK;
}

static enum status open_named(
    struct tokens *tokens, const struct tokens_options *options, struct error *err)
{
	enum status status = ST_OK;

	for (size_t i = 0; i < options->n_modules && status == ST_OK; i++)
		status =
		    add_module(tokens, options->modules[i], NULL, NULL, options->timeout_ms, err);
	return status;
}

/* A module or configuration file that cannot be used is a problem, not a failure. */
static enum status add_registered(
    struct tokens *tokens, const struct registry *registry, unsigned timeout_ms)
{
	struct problems *problems = &tokens->module_problems;
	enum status status = ST_OK;
	struct error problem;

	for (size_t i = 0; i < registry->problems.n && status == ST_OK; i++)
		status = problems_add(problems, &registry->problems.list[i]);
	for (size_t i = 0; i < registry->n && status == ST_OK; i++) {
		const struct registered_module *r = &registry->modules[i];
		const char *init_args = r->config.value[P11_INIT_RESERVED];

		if (add_module(tokens, r->path, r->name, init_args, timeout_ms, &problem) != ST_OK)
			status = problems_add(problems, &problem);
	}
	return status;
}

/* Nothing to work with: the only problem itself, or a count of them. */
static enum status no_registered_module(const struct tokens *tokens, struct error *err)
{
	size_t n = tokens->module_problems.n;

	if (n == 1) {
		*err = tokens->module_problems.list[0];
		return err->status = ST_MODULE;
	}
	if (n == 0)
		error_set(err, ST_MODULE, _("p11-kit registers no PKCS#11 module for tokens"));
	else
		error_set(err, ST_MODULE,
		    ngettext("%zu PKCS#11 module is registered, and it cannot be used: %s",
			"%zu PKCS#11 modules are registered, and none can be used; the first: %s",
			(unsigned long)n),
		    n, tokens->module_problems.list[0].what);
	error_hint(err, _("install the token's software, or name its module with --module"));
	return ST_MODULE;
}

static enum status open_registered(struct tokens *tokens, unsigned timeout_ms, struct error *err)
{
	struct registry registry;
	enum status status;

	status = registry_open(&registry, err);
	if (status != ST_OK)
		return status;
	if (add_registered(tokens, &registry, timeout_ms) != ST_OK)
		status = error_no_memory(err);
	registry_close(&registry);
	if (status == ST_OK && tokens->n_modules == 0)
		status = no_registered_module(tokens, err);
	return status;
}

enum status tokens_open(
    const struct tokens_options *options, struct tokens **out, struct error *err)
{
	struct tokens_options o = *options;
	struct tokens *tokens = calloc(1, sizeof(*tokens));
	enum status status;

	if (tokens == NULL)
		return error_no_memory(err);
	tokens->administration = o.administration;
	if (o.timeout_ms == 0)
		o.timeout_ms = TOKENS_DEFAULT_TIMEOUT_MS;
	status = o.n_modules > 0 ? open_named(tokens, &o, err)
				 : open_registered(tokens, o.timeout_ms, err);
	if (status == ST_OK)
		status = tokens_refresh(tokens, err);
	if (status != ST_OK) {
		tokens_close(tokens);
		return status;
	}
	*out = tokens;
	return ST_OK;
}

void tokens_close(struct tokens *tokens)
{
	if (tokens == NULL)
		return;
	snapshot_drop(tokens);
	for (size_t i = 0; i < tokens->n_modules; i++)
		module_close(tokens->modules[i]);
	free(tokens->modules);
	problems_clear(&tokens->module_problems);
	free(tokens);
}
