/*
 * Changing a cluster's CTL, step by step.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Never translated, as it stands in quotes in the question. */
#define YES "yes"

/* ---- what is shown and asked -------------------------------------------------------------------
 */

static void show_findings(const struct change *c, const struct tl_findings *found)
{
	char line[CEREMONY_FINDING_MAX];

	for (size_t i = 0; i < found->n; i++)
		if (found->items[i].severity != TL_ADVICE)
			c->request->warn(
			    c->request->context, ceremony_finding_line(&found->items[i], line));
}

static enum status lint(const struct change *c, struct error *err)
{
	struct tl_findings found = {0};
	enum status st = ceremony_prepare(&c->plan, c->request->no_lint, &found, err);

	if (st == ST_OK)
		show_findings(c, &found);
	tl_findings_free(&found);
	return st;
}

static enum status show(const struct change *c, struct error *err)
{
	const struct change_result *result = c->result;
	struct buffer out = BUFFER_INIT, changes = BUFFER_INIT;
	enum status st;

	buffer_add(&changes, result->changes.data, result->changes.len);
	if (result->before > 0)
		buffer_printf(&out, _("%s: generation %lld changes generation %lld:\n"),
		    c->request->command, (long long)result->number, (long long)result->before);
	else
		buffer_printf(&out, _("%s: the first CTL of cluster %s, generation %lld:\n"),
		    c->request->command, c->cluster->inventory.cluster, (long long)result->number);
	buffer_printf(&out, "%s", buffer_text(&changes));
	if (result->hash != NULL)
		buffer_printf(
		    &out, _("%s that is to be signed: %s\n"), result->digest_name, result->hash);
	else
		buffer_printf(&out, _("digest: %s\n"), result->digest_name);
	st = buffer_status(&out, err);
	if (st == ST_OK)
		c->request->show(c->request->context, buffer_text(&out));
	buffer_free(&changes);
	buffer_free(&out);
	return st;
}

static enum status confirm(const struct change *c, struct error *err)
{
	char prompt[768];
	enum status st;

	if (c->request->yes)
		return ST_OK;
	if (!terminal_available()) {
		error_set(err, ST_USAGE, "%s",
		    _("nobody can be asked whether this is right: there is no terminal"));
		error_hint(err, "%s", _("say --yes, after a look at it with --dry-run"));
		return ST_USAGE;
	}
	snprintf(prompt, sizeof(prompt),
	    _("\n%s signs. Type \"%s\" to go on, anything else stops: "),
	    c->result->signer != NULL ? c->result->signer : "", YES);
	st = terminal_confirm_again(prompt, YES, err);
	if (st == ST_CANCELLED) {
		error_set(err, st, "%s", _("stopped: nothing was signed, and nothing has changed"));
		error_hint(err, "%s", _("run it again when it is right"));
	}
	return st;
}

/* ---- the steps ---------------------------------------------------------------------------------
 */

static enum status prepare(struct change *c, struct error *err)
{
	enum status st = change_check_pending(c, err);

	if (st == ST_OK)
		st = change_decide(c, err);
	if (st == ST_OK)
		st = change_check_export(c, err);
	if (st == ST_OK)
		st = cluster_load(c->cluster, err);
	if (st == ST_OK)
		st = change_set_header(c, err);
	if (st == ST_OK)
		st = change_read_served(c, err);
	if (st == ST_OK)
		st = change_read_withdrawn(c, err);
	if (st == ST_OK)
		st = change_set_time(c, err);
	if (st == ST_OK)
		st = change_list_tokens(c, err);
	if (st == ST_OK)
		st = change_try_plan(c, err);
	if (st == ST_OK)
		st = change_collect(c, err);
	if (st == ST_OK)
		st = change_make_plan(c, err);
	if (st == ST_OK)
		st = change_check_sasts(c, err);
	if (st == ST_OK)
		st = lint(c, err);
	if (st == ST_OK)
		change_warn_of_list(c);
	if (st == ST_OK)
		st = change_choose_signer(c, err);
	return st;
}

static enum status fill_result(struct change *c, struct error *err)
{
	c->result->dry_run = c->request->dry_run;
	c->result->before = c->cluster->current.number;
	c->result->number = 1;
	c->result->mode = c->mode;
	c->result->signing = c->signing;
	c->result->digest_name = tl_digest_name(c->plan.digest);
	/* A dry run of the first CTL has no state file. */
	return c->cluster->store == NULL
		   ? ST_OK
		   : store_next_number(c->cluster->store, &c->result->number, err);
}

static enum status run(struct change *c, struct error *err)
{
	enum status st = prepare(c, err);

	if (st != ST_OK)
		return st;
	st = fill_result(c, err);
	if (st == ST_OK)
		st = change_describe(c, err);
	if (st == ST_OK) {
		c->result->file = strdup(c->cluster->inventory.ctl_file);
		if (c->result->file == NULL)
			st = error_no_memory(err);
	}
	if (st == ST_OK)
		st = show(c, err);
	if (st != ST_OK || c->request->dry_run)
		return st;
	st = confirm(c, err);
	if (st == ST_OK)
		st = change_sign(c, err);
	if (st == ST_OK)
		change_say_todo(c);
	return st;
}

static void free_change(struct change *c)
{
	named_signer_close(&c->named);
	collection_free(&c->collection);
	cluster_plan_free(&c->entries);
	tl_makings_free(&c->makings);
	tl_makings_free(&c->old_makings);
	tl_free(&c->old_list);
	generation_free(&c->old);
	tl_free(&c->served.list);
	buffer_free(&c->served.file);
	change_free_withdrawn(c);
	free(c->listed);
	free(c->trust);
	free(c->sasts);
	free(c->signers);
	free(c->key_owned);
	tokens_close(c->tokens);
}

enum status admin_change(struct cluster *cluster, const struct change_request *request,
    struct change_result *out, struct error *err)
{
	struct change change = {.cluster = cluster, .request = request, .result = out};
	enum status st;

	if (cluster->current.number > 0)
		change.current = &cluster->list;
	st = run(&change, err);
	free_change(&change);
	return st;
}

void change_result_free(struct change_result *result)
{
	buffer_free(&result->ctl);
	buffer_free(&result->changes);
	buffer_free(&result->todo);
	free(result->signer);
	free(result->hash);
	free(result->file);
	*result = (struct change_result){0};
}
