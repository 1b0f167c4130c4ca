/*
 * Runs a change of a cluster's CTL, publishes it, and prints what came of both.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"

#include "base/text.h"
#include "cli/cluster_text.h"
#include "cli/publish_run.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum status open_tokens(void *context, struct tokens **out, struct error *err)
{
	struct cli_change *change = context;

	return cli_modules_open(&change->modules, out, err);
}

/* Talk, so that --json has stdout for itself; a dry run's difference is its result. */
static void show(void *context, const char *text)
{
	const struct cli_change *change = context;

	FILE *to = change->request.dry_run && !change->json ? stdout : stderr;
	struct buffer folded = BUFFER_INIT;
	const size_t width = cli_width(fileno(to));

	text_fold(&folded, text, width);
	fputs(buffer_text(&folded) != NULL ? buffer_text(&folded) : text, to);
	fflush(stdout);
	buffer_free(&folded);
}

static void warn(void *context, const char *text)
{
	(void)context;
	cli_warn(text);
}

/* ---- the result --------------------------------------------------------------------------------
 */

static void add_hash(struct buffer *out, const char *algorithm, const struct buffer *ctl)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (EVP_Q_digest(NULL, algorithm, NULL, ctl->data, ctl->len, hash, &len) == 1)
		text_hex(out, (struct bytes){hash, len}, 0, true);
}

/* What came of the signing and of publishing.  PUBLISHED: NULL when that was not tried. */
struct outcome {
	struct change_result *signed_as;
	const struct publish_result *published;
	const struct error *failed; /* why it is not on every server; NULL: nothing failed */
};

static bool is_current(const struct outcome *outcome)
{
	return outcome->published != NULL && outcome->published->current;
}

static void put_mode(struct buffer *out, const struct outcome *outcome)
{
	const bool mixed = outcome->signed_as->mode == MODE_MIXED;

	if (is_current(outcome))
		buffer_printf(out, "%s",
		    mixed ? _("It is the current one: the cluster is in mixed mode.\n")
			  : _("It is the current one: the cluster is in non-secure mode.\n"));
	else if (outcome->published == NULL)
		buffer_printf(
		    out, "%s", _("It is not published. Deliver it with:\n  ctlsign publish\n"));
	else if (outcome->failed == NULL)
		buffer_printf(out,
		    ngettext(
			"It is not the current one yet: %zu server is served by hand. What goes "
			"where, and that it is done:\n  ctlsign publish --by-hand\n",
			"It is not the current one yet: %zu servers are served by hand. What goes "
			"where, and that it is done:\n  ctlsign publish --by-hand\n",
			(unsigned long)outcome->published->plan.n_by_hand),
		    outcome->published->plan.n_by_hand);
}

static void put_todo(struct buffer *out, const struct outcome *outcome)
{
	if (outcome->failed != NULL)
		return;
	buffer_printf(
	    out, "%s", is_current(outcome) ? _("Now:\n") : _("Once it is on every server:\n"));
	cli_publish_put_steps(out, &outcome->signed_as->todo);
}

static int print_text(const struct outcome *outcome)
{
	const size_t width = cli_width(STDOUT_FILENO);
	struct change_result *result = outcome->signed_as;
	struct buffer out = BUFFER_INIT, all = BUFFER_INIT;
	char file[512];
	int rc;

	text_printable_into(file, sizeof(file), text_bytes(result->file));
	buffer_printf(&out,
	    _("Generation %lld is signed by %s,\nverified, and stands in %s of this machine.\n"),
	    (long long)result->number, result->signer, file);
	buffer_printf(&out, "MD5   ");
	add_hash(&out, "MD5", &result->ctl);
	buffer_printf(&out, "\nSHA-1 ");
	add_hash(&out, "SHA1", &result->ctl);
	buffer_printf(&out, "\n");
	if (buffer_text(&out) != NULL)
		text_fold(&all, buffer_text(&out), width);
	if (outcome->published != NULL && outcome->published->n_rows > 0)
		cli_publish_put(&all, outcome->published, width);
	buffer_reset(&out);
	put_mode(&out, outcome);
	put_todo(&out, outcome);
	if (buffer_text(&out) != NULL)
		text_fold(&all, buffer_text(&out), width);
	rc = cli_print(&all);
	buffer_free(&all);
	buffer_free(&out);
	return rc;
}

static json_t *lines_json(struct buffer *lines)
{
	const char *text = buffer_text(lines);
	json_t *array = json_array();

	while (text != NULL && *text != '\0') {
		size_t len;

		text += strspn(text, " ");
		len = strcspn(text, "\n");
		json_array_append_new(array, json_stringn(text, len));
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	return array;
}

static json_t *hash_json(const char *algorithm, const struct buffer *ctl)
{
	struct buffer hex = BUFFER_INIT;
	json_t *json;

	if (ctl->len > 0)
		add_hash(&hex, algorithm, ctl);
	json = hex.len > 0 ? json_string(buffer_text(&hex)) : json_null();
	buffer_free(&hex);
	return json;
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static int print_json(const struct outcome *outcome)
{
	struct change_result *result = outcome->signed_as;
	json_t *json = json_object();

	json_object_set_new(json, "dry_run", json_boolean(result->dry_run));
	json_object_set_new(json, "generation", json_integer(result->number));
	json_object_set_new(
	    json, "before", result->before > 0 ? json_integer(result->before) : json_null());
	json_object_set_new(
	    json, "mode", json_string(result->mode == MODE_MIXED ? "mixed" : "non-secure"));
	json_object_set_new(json, "signing",
	    json_string(result->signing == SIGNING_TOKENS ? "tokens" : "tokenless"));
	json_object_set_new(json, "signer", text_or_null(result->signer));
	json_object_set_new(json, "digest", text_or_null(result->digest_name));
	json_object_set_new(json, "signed_hash", text_or_null(result->hash));
	json_object_set_new(json, "changes", lines_json(&result->changes));
	json_object_set_new(json, "file", cli_json_path(result->file));
	json_object_set_new(json, "md5", hash_json("MD5", &result->ctl));
	json_object_set_new(json, "sha1", hash_json("SHA1", &result->ctl));
	json_object_set_new(json, "sha256", hash_json("SHA256", &result->ctl));
	json_object_set_new(json, "current", json_boolean(is_current(outcome)));
	json_object_set_new(json, "published",
	    outcome->published != NULL ? cli_publish_json(outcome->published) : json_null());
	json_object_set_new(
	    json, "todo", outcome->failed == NULL ? lines_json(&result->todo) : json_array());
	return cli_print_json(json);
}

static int print_result(const struct cli_change *change, const struct outcome *outcome)
{
	char line[160];
	int rc;

	if (change->request.dry_run && !change->json) {
		fputs(_("Dry run: nothing was signed, and nothing has changed.\n"), stderr);
		return CLI_DONE;
	}
	rc = change->json ? print_json(outcome) : print_text(outcome);
	if (rc != CLI_DONE && !change->request.dry_run) {
		snprintf(line, sizeof(line),
		    _("generation %lld is signed all the same; see: ctlsign status"),
		    (long long)outcome->signed_as->number);
		cli_warn(line);
	}
	return rc;
}

/* ---- publishing ------------------------------------------------------------------------------ */

static enum status publish(struct cli_change *change, struct cluster *cluster,
    struct publish_result *result, struct error *err)
{
	/* Never the PIN that was given for the signer: the key for CTL Providers may be on another
	 * token, which would lose a try by it. */
	struct ceremony_pins pins = CEREMONY_PINS_INIT;
	const struct cli_publish how = {.act = change->request.command,
	    .pins = &pins,
	    .modules = &change->modules,
	    .json = change->json};

	return cli_publish_run(cluster, &how, result, err);
}

/* The history tells what was forced. */
static char *full_command(const struct cli_change *change, char *out, size_t size)
{
	const struct change_request *r = &change->request;

	size_t len;

	snprintf(out, size, "%s%s%s%s", r->command, r->key != NULL ? " --sign-with" : "",
	    r->force_signer ? " --force-signer" : "", r->no_lint ? " --no-lint" : "");
	len = strlen(out);
	if (r->has_accept_lockout)
		snprintf(out + len, size - len, " --accept-lockout %llu",
		    (unsigned long long)r->accept_lockout);
	len = strlen(out);
	if (r->phones_hold > 0)
		snprintf(out + len, size - len, " --phones-hold %lld", (long long)r->phones_hold);
	return out;
}

static int run(struct cli_change *change, struct cluster *cluster, struct cli_change_done *done)
{
	struct change_result result = {0};
	struct publish_result published = {0};
	struct outcome outcome = {.signed_as = &result};
	struct error err;
	int rc;

	if (admin_change(cluster, &change->request, &result, &err) != ST_OK) {
		change_result_free(&result);
		return cli_fail(&err);
	}
	if (!change->request.dry_run && !change->no_publish) {
		if (publish(change, cluster, &published, &err) != ST_OK)
			outcome.failed = &err;
		/* Nothing was asked: say what stands, and with which command it goes on. */
		if (outcome.failed != NULL && published.n_rows == 0)
			error_hint(&err,
			    _("generation %lld is signed, and not published: ctlsign publish goes "
			      "on "
			      "with it (and takes --pin-file for the key of client-certificate)"),
			    (long long)result.number);
		outcome.published = &published;
	}
	*done = (struct cli_change_done){.generation = change->request.dry_run ? 0 : result.number,
	    .current = is_current(&outcome)};
	rc = print_result(change, &outcome);
	if (outcome.failed != NULL && !change->json)
		cli_publish_shorten(&published, &err);
	if (outcome.failed != NULL)
		rc = cli_fail(outcome.failed);
	publish_result_free(&published);
	change_result_free(&result);
	return rc;
}

int cli_change_run_on(
    struct cli_change *change, struct cluster *cluster, struct cli_change_done *done)
{
	struct cli_change_done nobody;
	char command[256];

	change->request.command = full_command(change, command, sizeof(command));
	change->request.pins = &change->pins;
	change->request.named = change->named;
	change->request.open_tokens = open_tokens;
	change->request.show = show;
	change->request.warn = warn;
	change->request.context = change;
	if (done == NULL)
		done = &nobody;
	*done = (struct cli_change_done){0};
	return run(change, cluster, done);
}

int cli_change_run(struct cli_change *change)
{
	struct cluster cluster = {0};
	struct error err;
	enum status st;
	int rc;

	st = change->request.dry_run
		 ? cli_cluster_read(change->config, &cluster, &err)
		 : cli_cluster_change(change->config, change->request.command, &cluster, &err);
	if (st == ST_OK)
		st = cli_modules_of_inventory(&change->modules, &cluster.inventory, &err);
	rc = st == ST_OK ? cli_change_run_on(change, &cluster, NULL) : cli_fail(&err);
	cluster_close(&cluster);
	return rc;
}
