/*
 * ctlsign audit show, audit verify
 *
 * The state file is opened without looking at the CTL in it: somebody who doubts the state must be
 * able to read its log.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/token_target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_JSON = 1, OPTION_HEAD };

#define HASH_HEX 64

/* As much of a digest's value as tells lines apart. */
#define DIGEST_SHOWN 12

struct request {
	const char *config;
	const char *head;
	bool json;
};

/* The log's state file, which stays with INVENTORY. */
static enum status open_log(
    const char *config, struct inventory *inventory, struct store **out, struct error *err)
{
	const char *path = cli_config_path(config);
	enum status st = inventory_read(path, inventory, err);

	*out = NULL;
	if (st != ST_OK) {
		cli_hint_at_init(path, err);
		return st;
	}
	return store_open(inventory->state, STORE_READ, "audit", 0, out, err);
}

static enum status put_json(void *context, const struct audit_entry *e, struct error *err)
{
	json_t *list = context;
	json_t *json =
	    json_pack("{s:I, s:o, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "number",
		(json_int_t)e->number, "time", cluster_time_json(e->when), "generation",
		(json_int_t)e->generation, "who", e->who, "act", e->act, "what", e->what, "signer",
		e->signer, "digest", e->digest, "outcome", e->outcome, "subject", e->subject,
		"seal", e->seal, "before", e->before, "hash", e->hash);

	return json_array_append_new(list, json) == 0 ? ST_OK : error_no_memory(err);
}

/* A log that was tampered with may hold anything. */
static const char *clean(char *out, size_t size, const char *text)
{
	return text_one_line_into(out, size, text);
}

/* "SHA-512 9f86d081884c": the value's beginning is enough for people. */
static void shorten_digest(char *digest)
{
	char *value = strchr(digest, ' ');

	if (value != NULL && strlen(value + 1) > DIGEST_SHOWN)
		value[1 + DIGEST_SHOWN] = '\0';
}

/* What the entries are printed into. */
struct target {
	struct buffer *out;
	size_t width;
	struct buffer run; /* whose entries these are: run_of() its "started"; empty: of none */
};

/* "  WORD  TEXT"; what does not fit into the width goes on below TEXT. */
static void put_line(struct target *target, const char *word, size_t column, const char *text)
{
	struct buffer rest = BUFFER_INIT, folded = BUFFER_INIT;
	const size_t width = target->width > column + 20 ? target->width - column : 0;
	const char *line;

	text_fold(&rest, text, width);
	text_pad(&folded, "", 2);
	text_pad(&folded, word, column - 2);
	line = buffer_text(&rest);
	for (; line != NULL && *line != '\0'; line += strcspn(line, "\n")) {
		if (*line == '\n') {
			buffer_add(&folded, "\n", 1);
			text_pad(&folded, "", column);
			line++;
		}
		buffer_add(&folded, line, strcspn(line, "\n"));
	}
	buffer_add(&folded, "\n", 1);
	buffer_add(target->out, folded.data, folded.len);
	buffer_free(&rest);
	buffer_free(&folded);
}

static size_t widest(const char *const *words, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (text_width(words[i]) > width)
			width = text_width(words[i]);
	return width;
}

/* What the entries of one run have in common. */
static void run_of(const struct audit_entry *e, struct buffer *run)
{
	buffer_reset(run);
	buffer_printf(run, "%s\n%s\n%s", e->who, e->act, e->what);
}

/*
 * The steps of a run have the same `what`, which its "started" tells: it is left out where nothing
 * else came in between.
 */
static bool follows_its_start(struct target *target, const struct audit_entry *e)
{
	struct buffer run = BUFFER_INIT;
	bool follows;

	run_of(e, &run);
	follows = strcmp(e->outcome, "started") != 0 && target->run.len > 0 &&
		  bytes_equal(buffer_bytes(&run), buffer_bytes(&target->run));
	if (!follows)
		buffer_reset(&target->run);
	if (strcmp(e->outcome, "started") == 0)
		run_of(e, &target->run);
	buffer_free(&run);
	return follows;
}

/* "generation 4: ..." has it, too, before a generation was begun.  0: it is about none. */
static long long generation_of(const struct audit_entry *e)
{
	static const char word[] = "generation ";

	if (e->generation > 0)
		return e->generation;
	return strncmp(e->what, word, strlen(word)) == 0 ? strtoll(e->what + strlen(word), NULL, 10)
							 : 0;
}

static void put_heading(struct target *target, const struct audit_entry *e)
{
	const long long number = e->number, generation = generation_of(e);
	char when[CLUSTER_TIME_MAX], act[256], outcome[2048];

	cluster_time_local(when, e->when);
	clean(act, sizeof(act), e->act);
	clean(outcome, sizeof(outcome), e->outcome);
	if (generation > 0)
		buffer_printf(target->out, _("Entry %lld, %s, %s, generation %lld: %s\n"), number,
		    when, act, generation, outcome);
	else
		buffer_printf(
		    target->out, _("Entry %lld, %s, %s: %s\n"), number, when, act, outcome);
}

static enum status put_entry(void *context, const struct audit_entry *e, struct error *err)
{
	const char *const words[] = {_("who"), _("key"), _("digest"), _("what")};
	const size_t column = 2 + widest(words, sizeof(words) / sizeof(words[0])) + 2;
	struct target *target = context;
	char text[2048];

	(void)err;
	put_heading(target, e);
	put_line(target, words[0], column, clean(text, sizeof(text), e->who));
	if (e->signer[0] != '\0')
		put_line(target, words[1], column, clean(text, sizeof(text), e->signer));
	if (e->digest[0] != '\0') {
		clean(text, sizeof(text), e->digest);
		shorten_digest(text);
		put_line(target, words[2], column, text);
	}
	if (!follows_its_start(target, e))
		put_line(target, words[3], column, clean(text, sizeof(text), e->what));
	return buffer_status(target->out, err);
}

static int show(const struct request *request)
{
	struct buffer out = BUFFER_INIT;
	struct target target = {.out = &out, .width = cli_width(STDOUT_FILENO), .run = BUFFER_INIT};
	struct inventory inventory = {.path = NULL};
	struct store *store = NULL;
	json_t *list = json_array();
	struct error err;
	enum status st = open_log(request->config, &inventory, &store, &err);
	int rc;

	if (st == ST_OK && request->json)
		st = store_audit_each(store, put_json, list, &err);
	else if (st == ST_OK)
		st = store_audit_each(store, put_entry, &target, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else
		rc = request->json ? cli_print_json(json_incref(list)) : cli_print(&out);
	json_decref(list);
	buffer_free(&out);
	buffer_free(&target.run);
	store_close(store);
	inventory_free(&inventory);
	return rc;
}

static int print_whole(const struct request *request, int64_t n, const char *last)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (request->json)
		return cli_print_json(json_pack(
		    "{s:b, s:I, s:s}", "whole", 1, "entries", (json_int_t)n, "last", last));
	buffer_printf(&out,
	    ngettext("The audit log is whole: %lld entry.\n",
		"The audit log is whole: %lld entries.\n", (unsigned long)n),
	    (long long)n);
	if (n > 0)
		buffer_printf(&out,
		    _("Hash of the last: %s\n"
		      "Write it down outside of this computer, and give it to --head another day:\n"
		      "that also finds a log that somebody made anew.\n"),
		    last);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* JSON tells a script what stderr tells people. */
static int print_broken(const struct request *request, const struct error *err)
{
	int rc = cli_fail(err);

	if (request->json && err->status == ST_NOT_VERIFIED)
		cli_print_json(json_pack(
		    "{s:b, s:s, s:s}", "whole", 0, "where", err->where, "reason", err->what));
	return rc;
}

static int verify(const struct request *request)
{
	struct inventory inventory = {.path = NULL};
	char head[HASH_HEX + 1] = "", last[HASH_HEX + 1] = "";
	struct store *store = NULL;
	struct error err;
	enum status st;
	int64_t n = 0;
	int rc;

	for (size_t i = 0; request->head != NULL && i < HASH_HEX; i++)
		head[i] = (char)tolower((unsigned char)request->head[i]);
	st = open_log(request->config, &inventory, &store, &err);
	if (st == ST_OK)
		st = store_audit_verify(store, request->head != NULL ? head : NULL, &n, last, &err);
	rc = st == ST_OK ? print_whole(request, n, last) : print_broken(request, &err);
	store_close(store);
	inventory_free(&inventory);
	return rc;
}

static bool take_head(struct request *request, const char *value)
{
	if (!cli_take_once(&cli_audit_verify, "--head", &request->head, value))
		return false;
	if (strlen(value) == HASH_HEX && strspn(value, "0123456789abcdefABCDEF") == HASH_HEX)
		return true;
	cli_usage_error(
	    &cli_audit_verify, _("--head takes %d hexadecimal digits, not '%s'"), HASH_HEX, value);
	return false;
}

/* Returns CLI_DONE with *GO when the command is to do its work. */
static int take_options(const struct cli_command *command, const struct option *options, int argc,
    char **argv, struct request *request, bool *go)
{
	int option;

	*go = false;
	while ((option = cli_getopt(command, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			request->json = true;
		else if (option == OPTION_HEAD && !take_head(request, optarg))
			return CLI_USAGE;
		else if (option == CLI_OPTION_CONFIG &&
			 !cli_take_once(command, "--config", &request->config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(command, _("unexpected argument '%s'"), argv[optind]);
	*go = true;
	return CLI_DONE;
}

static int run_show(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL};
	bool go;
	int rc = take_options(&cli_audit_show, options, argc, argv, &request, &go);

	return go ? show(&request) : rc;
}

static int run_verify(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"head", required_argument, NULL, OPTION_HEAD}, CLI_OPTION_CONFIG_ROW,
	    CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL};
	bool go;
	int rc = take_options(&cli_audit_verify, options, argc, argv, &request, &go);

	return go ? verify(&request) : rc;
}

const struct cli_command cli_audit_show = {
    .name = "audit show",
    .summary = N_("list who changed what, with which key"),
    .usage = N_("Usage: ctlsign audit show [--json] [--config FILE]\n"
		"\n"
		"Lists the entries of the audit log, oldest first: when, which command for which\n"
		"generation, what came of it, who, with which key, and the digest.\n"
		"\n"
		"  --json         print a JSON array with all that is kept, hashes included\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign audit show\n"),
    .run = run_show,
};

const struct cli_command cli_audit_verify = {
    .name = "audit verify",
    .summary = N_("find out whether the audit log is whole"),
    .usage = N_("Usage: ctlsign audit verify [--head HASH] [--json] [--config FILE]\n"
		"\n"
		"Checks that no entry of the audit log was changed, added or taken out, and that\n"
		"generations, settings and Phone-SAST-trust are what it says. Prints how many\n"
		"entries there are, and the hash of the last; else the place (exit code 3).\n"
		"\n"
		"  --head HASH    the log must have an entry with this hash, which somebody wrote\n"
		"                 down earlier\n"
		"  --json         print one JSON object\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign audit verify\n"),
    .run = run_verify,
};
