/*
 * Looks at every module alone and at what is on its tokens, within a time limit for all of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "tokens/module_file.h"
#include "tokens/registry.h"
#include "tokens/visible_keys.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What the modules may take to finalise, all of them together. */
#define CLOSE_MS 2000

/* The time for the survey: no call may take longer than what is left. */
struct budget {
	struct timespec end;
	unsigned call_ms;
};

static struct budget budget_start(unsigned total_ms, unsigned call_ms)
{
	struct budget budget = {.call_ms = call_ms};

	clock_gettime(CLOCK_MONOTONIC, &budget.end);
	budget.end.tv_sec += total_ms / 1000;
	budget.end.tv_nsec += (long)(total_ms % 1000) * 1000000L;
	return budget;
}

/* What a call may take now; 0: the time is up. */
static unsigned budget_left(const struct budget *budget)
{
	struct timespec now;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (long long)(budget->end.tv_sec - now.tv_sec) * 1000 +
	     (budget->end.tv_nsec - now.tv_nsec) / 1000000;
	if (ms <= 0)
		return 0;
	return ms < (long long)budget->call_ms ? (unsigned)ms : budget->call_ms;
}

/* Gives the next call its time; false when there is none left. */
static bool give_time(struct module *module, const struct budget *budget, struct error *err)
{
	module->timeout_ms = budget_left(budget);
	if (module->timeout_ms > 0)
		return true;
	error_set(err, ST_TOKEN_TIMEOUT,
	    _("it was not asked any more: everything together took too long"));
	return false;
}

/* ---- a token -------------------------------------------------------------------------------- */

static void survey_token(struct surveyed_token *s, const struct token_info *info,
    struct tokens *tokens, const struct budget *budget)
{
	struct module *module = tokens->modules[0];
	enum status status = ST_TOKEN_TIMEOUT;

	s->info = info;
	if (give_time(module, budget, &s->problem))
		status = tokens_certificates(
		    tokens, info, &s->certificates, &s->n_certificates, &s->problem);
	if (status == ST_OK && give_time(module, budget, &s->problem))
		visible_keys_read(s, &s->problem);
}

static enum status survey_tokens(
    struct surveyed_module *s, const struct budget *budget, struct error *err)
{
	size_t n = tokens_count(s->tokens);

	s->list = calloc(n + 1, sizeof(*s->list));
	if (s->list == NULL)
		return error_no_memory(err);
	s->n = n;
	for (size_t i = 0; i < n; i++)
		survey_token(&s->list[i], tokens_at(s->tokens, i), s->tokens, budget);
	return ST_OK;
}

/* ---- a module ------------------------------------------------------------------------------- */

/* Whether the file may be loaded; says which step it fails at. */
static bool file_is_good(struct surveyed_module *s, const char *path)
{
	enum module_file_fault fault;
	char culprit[PATH_MAX];

	if (module_file_examine(path, &fault, culprit, &s->problem) == ST_OK)
		return true;
	s->step = fault == MODULE_FILE_NO_FILE ? SURVEY_FILE : SURVEY_OWNER;
	s->wrong_owner = fault == MODULE_FILE_STRANGER;
	if (fault == MODULE_FILE_STRANGER || fault == MODULE_FILE_WRITABLE)
		text_printable_into(s->culprit, sizeof(s->culprit), text_bytes(culprit));
	return false;
}

/* A `struct tokens` of this one module. */
static enum status open_alone(struct surveyed_module *s, struct module *module, struct error *err)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));

	if (tokens != NULL)
		tokens->modules = calloc(1, sizeof(struct module *));
	if (tokens == NULL || tokens->modules == NULL) {
		free(tokens);
		module_close(module);
		return error_no_memory(err);
	}
	tokens->modules[0] = module;
	tokens->n_modules = 1;
	module->named = true; /* slots that cannot be listed are to be an error, not a note */
	s->tokens = tokens;
	return ST_OK;
}

/* ST_NO_MEMORY, or ST_OK whatever came of the module. */
static enum status look_into(struct surveyed_module *s, const char *path, const char *name,
    const char *init_args, const struct budget *budget, struct error *err)
{
	unsigned timeout_ms = budget_left(budget);
	struct module *module;
	const char *failed_in;
	enum status status;

	if (!file_is_good(s, path))
		return ST_OK;
	s->step = SURVEY_ASK;
	if (timeout_ms == 0)
		return ST_OK;
	status = module_open_telling(
	    path, name, init_args, timeout_ms, &module, &failed_in, &s->problem);
	if (status != ST_OK) {
		s->step = failed_in == NULL || strncmp(failed_in, "C_", 2) != 0 ||
				  strcmp(failed_in, "C_GetFunctionList") == 0
			      ? SURVEY_LOAD
			      : SURVEY_ANSWER;
		return ST_OK;
	}
	if (open_alone(s, module, err) != ST_OK)
		return ST_NO_MEMORY;
	if (!give_time(module, budget, &s->problem))
		return ST_OK;
	s->step = SURVEY_ANSWER;
	if (tokens_refresh(s->tokens, &s->problem) != ST_OK)
		return ST_OK;
	s->step = SURVEY_READY;
	return survey_tokens(s, budget, err);
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static enum status add_module(struct tokens_survey *survey, const char *path, const char *name,
    const char *init_args, const struct budget *budget, struct error *err)
{
	struct surveyed_module *grown;
	char printable[PATH_MAX];

	for (size_t i = 0; i < survey->n; i++)
		if (same_file(path, survey->modules[i].file))
			return ST_OK;
	grown = realloc(survey->modules, (survey->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return error_no_memory(err);
	survey->modules = grown;
	grown = &grown[survey->n];
	*grown = (struct surveyed_module){.named = name == NULL};
	text_printable_into(printable, sizeof(printable), text_bytes(path));
	grown->path = strdup(printable);
	grown->file = strdup(path);
	if (grown->path == NULL || grown->file == NULL) {
		free((char *)grown->path);
		free((char *)grown->file);
		return error_no_memory(err);
	}
	survey->n++;
	return look_into(grown, path, name, init_args, budget, err);
}

/* ---- all modules ---------------------------------------------------------------------------- */

static enum status note_problem(
    struct tokens_survey *survey, const struct error *problem, struct error *err)
{
	struct problems problems = {survey->problems, survey->n_problems};

	if (problems_add(&problems, problem) != ST_OK)
		return error_no_memory(err);
	survey->problems = problems.list;
	survey->n_problems = problems.n;
	return ST_OK;
}

static enum status survey_registered(
    struct tokens_survey *survey, const struct budget *budget, bool ask, struct error *err)
{
	struct registry registry;
	struct error problem;
	enum status status = ST_OK;

	if (registry_open(&registry, &problem) != ST_OK)
		return note_problem(survey, &problem, err);
	for (size_t i = 0; i < registry.problems.n && status == ST_OK; i++)
		status = note_problem(survey, &registry.problems.list[i], err);
	for (size_t i = 0; ask && i < registry.n && status == ST_OK; i++) {
		const struct registered_module *r = &registry.modules[i];

		status = add_module(
		    survey, r->path, r->name, r->config.value[P11_INIT_RESERVED], budget, err);
	}
	registry_close(&registry);
	return status;
}

enum status tokens_survey_open(const struct tokens_options *options, unsigned total_ms,
    struct tokens_survey **out, struct error *err)
{
	unsigned call_ms =
	    options->timeout_ms > 0 ? options->timeout_ms : TOKENS_DEFAULT_TIMEOUT_MS;
	const struct budget budget = budget_start(total_ms, call_ms);
	struct tokens_survey *survey = calloc(1, sizeof(*survey));
	enum status status = ST_OK;

	if (survey == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < options->n_modules && status == ST_OK; i++)
		status = add_module(survey, options->modules[i], NULL, NULL, &budget, err);
	/* Files that cannot be used are told even where they are not asked for modules. */
	if (status == ST_OK)
		status = survey_registered(survey, &budget, options->n_modules == 0, err);
	if (status != ST_OK) {
		tokens_survey_close(survey);
		return status;
	}
	*out = survey;
	return ST_OK;
}

void tokens_survey_close(struct tokens_survey *survey)
{
	const struct budget budget = budget_start(CLOSE_MS, CLOSE_MS / 2);

	if (survey == NULL)
		return;
	for (size_t i = 0; i < survey->n; i++) {
		struct surveyed_module *s = &survey->modules[i];
		unsigned left = budget_left(&budget);

		for (size_t k = 0; k < s->n; k++)
			visible_keys_free(&s->list[k]);
		free(s->list);
		if (s->tokens != NULL)
			s->tokens->modules[0]->timeout_ms = left > 0 ? left : 1;
		tokens_close(s->tokens);
		free((char *)s->path);
		free((char *)s->file);
	}
	free(survey->modules);
	free(survey->problems);
	free(survey);
}
