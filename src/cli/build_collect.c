/*
 * `ctlsign build` from the current list (--from) and with tokens that are asked for one by one
 * (--collect, --token).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/text.h"

static bool take_count(struct build *build, const char *value)
{
	unsigned long n;

	if (!cli_parse_number(value, 1, COLLECT_MAX, &n)) {
		cli_usage_error(
		    &cli_build, _("--collect takes 1 to %d tokens, not '%s'"), COLLECT_MAX, value);
		return false;
	}
	build->collect.wanted = n;
	build->collect.before_entry = build->n_entries;
	return true;
}

bool build_collect_option(struct build *build, int option, const char *value)
{
	struct build_collect *collect = &build->collect;

	if (option == OPTION_COLLECT)
		return take_count(build, value);
	if (option == OPTION_FROM) {
		collect->from = value;
		return true;
	}
	if (collect->n_named == COLLECT_MAX) {
		cli_usage_error(&cli_build, _("--token is given more than %d times"), COLLECT_MAX);
		return false;
	}
	collect->named[collect->n_named++] = value;
	return true;
}

/* What stands in the current list stays, unless an option says otherwise. */
static void take_settings(struct build *build)
{
	const struct tl_makings *makings = &build->collect.makings;
	struct tl_plan *plan = &build->plan;

	if (!build_was_given(build, OPTION_DIGEST))
		plan->digest = makings->digest;
	if (!build_was_given(build, OPTION_NAMES))
		plan->names = makings->names;
	if (!build_was_given(build, OPTION_FILENAME) && makings->filename != NULL)
		plan->filename = makings->filename;
	if (!build_was_given(build, OPTION_SIGNER_VERSION)) {
		plan->has_signer_version = makings->has_signer_version;
		plan->signer_version[0] = makings->signer_version[0];
		plan->signer_version[1] = makings->signer_version[1];
	}
}

/* What was changed after it was signed must not get a new signature. */
static enum status verify_current(const struct trustlist *list, struct error *err)
{
	struct tl_verifier *verifier = tl_verifier_new();
	enum status st;

	if (verifier == NULL)
		return error_no_memory(err);
	st = tl_verify(verifier, list, err);
	tl_verifier_free(verifier);
	if (st != ST_OK)
		error_hint(err, "%s",
		    _("start from the list that the phones hold, as a TFTP server has it"));
	return st;
}

enum status build_read_current(struct build *build, struct error *err)
{
	struct build_collect *collect = &build->collect;
	enum status st;

	if (collect->from == NULL)
		return ST_OK;
	st = list_file_read(&collect->current, collect->from, err);
	if (st != ST_OK)
		return st;
	st = verify_current(&collect->current.list, err);
	if (st == ST_OK)
		st = tl_take_apart(&collect->current.list, &collect->makings, err);
	if (st != ST_OK)
		error_where_prefix(err, collect->from);
	else
		take_settings(build);
	return st;
}

static struct collect_request request_of(
    const struct build *build, char *from, char *output, size_t size)
{
	const struct build_collect *collect = &build->collect;
	const bool has_current = collect->from != NULL;

	if (has_current)
		text_printable_into(from, size, text_bytes(collect->from));
	text_printable_into(output, size, text_bytes(build->output));
	return (struct collect_request){.tokens = build->tokens,
	    .wanted = collect->wanted,
	    .digest = build->plan.digest,
	    .current = has_current ? &collect->current.list : NULL,
	    .current_name = from,
	    .signer_named = build->key != NULL,
	    .named = collect->named,
	    .n_named = collect->n_named,
	    .output = output};
}

enum status build_collect(struct build *build, struct error *err)
{
	char from[256], output[256];
	struct collect_request request;

	if (build->collect.wanted == 0)
		return ST_OK;
	request = request_of(build, from, output, sizeof(from));
	return ceremony_collect(&request, &build->collect.collection, err);
}

enum status build_finish(struct build *build, struct error *err)
{
	char from[256], output[256];
	struct collect_request request;
	enum status st;
	size_t signer;

	if (build->key != NULL)
		return ST_OK;
	request = request_of(build, from, output, sizeof(from));
	st = ceremony_finish(&request, &build->collect.collection, &signer, err);
	if (st == ST_OK)
		build->key = build->collect.collection.list[signer].uri;
	return st;
}
