/*
 * The commands of the admin shell that change the CTL.
 *
 * CUCM's sentence is said first; then the command's own way follows: the difference, the digest,
 * and the one question.  CUCM's closing words come last.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "base/text.h"
#include "ceremony/terminal.h"
#include "cli/cluster_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMMAND_WORDS_MAX 8

struct operation {
	const char *name; /* as it is called here */
	const char *command[COMMAND_WORDS_MAX / 2];
	const char *about;
	const char *done;
	bool first_is_tokenless; /* where there is no CTL yet */
	bool no_token;		 /* --token is not for it */
};

/* What has to be known of the cluster before. */
struct facts {
	bool has_ctl;
	bool tokenless; /* --tokenless is said */
	bool restart_ctimanager;
};

static bool names_key(const struct admin *admin)
{
	for (size_t i = 0; i < admin->n_passed; i += 2)
		if (strcmp(admin->passed[i], "--sign-with") == 0)
			return true;
	return false;
}

/* The key that signs without a token; nothing is announced that cannot be. */
static enum status check_key(
    const struct admin *admin, const struct inventory *inventory, struct error *err)
{
	const bool callmanager = inventory->tokenless_signer == SIGNER_CALLMANAGER;
	const char *key =
	    callmanager ? inventory->callmanager_key.where : inventory->itlrecovery_key.where;

	if (names_key(admin))
		return ST_OK;
	if (key == NULL) {
		error_set(err, ST_NO_KEY,
		    _("the %s key is to sign, and the inventory does not say where it is"),
		    callmanager ? "CallManager" : "ITLRecovery");
		error_where(err, "%s", inventory->path);
		error_hint(err,
		    _("enter it: %s { key = \"FILE or pkcs11:...\" }, or name it with "
		      "--sign-with"),
		    callmanager ? "callmanager" : "itlrecovery");
		return ST_NO_KEY;
	}
	if (!token_selector_is_uri(key) && access(key, R_OK) != 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot read the key that is to sign"));
		error_where(err, "%s", key);
		return ST_IO;
	}
	return ST_OK;
}

static enum status look(const struct admin *admin, const struct operation *operation,
    struct facts *facts, struct error *err)
{
	struct cluster cluster = {.store = NULL};
	enum status st = cli_cluster_read(admin->config, &cluster, err);

	if (st == ST_OK) {
		facts->has_ctl = cluster.current.number > 0;
		facts->restart_ctimanager =
		    release_rules(&cluster.inventory.release)->restart_ctimanager;
		facts->tokenless =
		    operation->no_token ||
		    (operation->first_is_tokenless && !facts->has_ctl && !admin->names_token);
	}
	if (st == ST_OK && facts->tokenless)
		st = check_key(admin, &cluster.inventory, err);
	cluster_close(&cluster);
	return st;
}

/* Before anything is shown, so that a runbook does not end in the middle of it. */
static enum status check_can_ask(
    const struct admin *admin, const struct operation *operation, struct error *err)
{
	if (admin->yes || terminal_available())
		return ST_OK;
	error_set(err, ST_USAGE,
	    _("'%s' asks before it changes anything, and there is no terminal to ask at"),
	    operation->name);
	error_hint(err, "%s",
	    _("look at the change with the command's own --dry-run, then give ctlsign admin "
	      "--yes"));
	return ST_USAGE;
}

/* The command's own words and options; returns their number. */
static int make_argv(const struct admin *admin, const struct operation *operation,
    const struct facts *facts, const char *argv[])
{
	int n = 0;

	for (size_t i = 0; i < COMMAND_WORDS_MAX / 2 && operation->command[i] != NULL; i++)
		argv[n++] = operation->command[i];
	if (facts->tokenless && operation->first_is_tokenless)
		argv[n++] = "--tokenless";
	if (admin->yes)
		argv[n++] = "--yes";
	if (admin->config != NULL) {
		argv[n++] = "--config";
		argv[n++] = admin->config;
	}
	for (size_t i = 0; i < admin->n_passed; i += 2) {
		if (operation->no_token && strcmp(admin->passed[i], "--token") == 0)
			continue;
		argv[n++] = admin->passed[i];
		argv[n++] = admin->passed[i + 1];
	}
	argv[n] = NULL;
	return n;
}

static int say_done(const struct operation *operation, const struct facts *facts)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, "%s\n%s\n", _(operation->done),
	    facts->restart_ctimanager
		? _("Please Restart Cisco Tftp, Cisco CallManager and Cisco CTIManager services "
		    "on all nodes in the cluster that run these services")
		: _("Please Restart Cisco Tftp and Cisco CallManager services on all nodes in the "
		    "cluster that run these services"));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int change(const struct admin *admin, const struct operation *operation)
{
	const char *argv[COMMAND_WORDS_MAX + ADMIN_PASSED_MAX + 1];
	struct facts facts = {.has_ctl = false};
	struct error err;
	int argc, rc;

	if (check_can_ask(admin, operation, &err) != ST_OK ||
	    look(admin, operation, &facts, &err) != ST_OK)
		return cli_fail(&err);
	fprintf(stderr, "%s\n", _(operation->about));
	argc = make_argv(admin, operation, &facts, argv);
	rc = cli_run(argc, (char **)argv);
	return rc == CLI_DONE ? say_done(operation, &facts) : rc;
}

int admin_mixed_mode(struct admin *admin, const struct admin_call *call)
{
	static const struct operation operation = {.name = "utils ctl set-cluster mixed-mode",
	    .command = {"set-cluster", "mixed-mode"},
	    .about = N_("This operation will set the cluster to Mixed mode."),
	    .done = N_("Cluster set to Mixed Mode"),
	    .first_is_tokenless = true};

	(void)call;
	return change(admin, &operation);
}

int admin_non_secure_mode(struct admin *admin, const struct admin_call *call)
{
	static const struct operation operation = {.name = "utils ctl set-cluster non-secure-mode",
	    .command = {"set-cluster", "non-secure-mode"},
	    .about = N_("This operation will set the cluster to non secure mode."),
	    .done = N_("Cluster set to Non Secure Mode")};

	(void)call;
	return change(admin, &operation);
}

int admin_update(struct admin *admin, const struct admin_call *call)
{
	static const struct operation operation = {.name = "utils ctl update CTLFile",
	    .command = {"update"},
	    .about = N_("This operation will update the CTLFile."),
	    .done = N_("CTL file Updated")};

	(void)call;
	return change(admin, &operation);
}

int admin_upgrade(struct admin *admin, const struct admin_call *call)
{
	static const struct operation operation = {.name = "utils ctl upgrade",
	    .command = {"set-cluster", "mixed-mode", "--tokenless"},
	    .about = N_("This operation will set the cluster to Mixed mode, with a CTL that no "
			"token signs."),
	    .done = N_("CTL file Updated"),
	    .no_token = true};

	(void)call;
	return change(admin, &operation);
}

int admin_reset_localkey(struct admin *admin, const struct admin_call *call)
{
	static const struct operation operation = {.name = "utils ctl reset localkey",
	    .command = {"reset-localkey"},
	    .about = N_("This operation will sign the CTLFile with its other SAST."),
	    .done = N_("CTL file Updated")};

	(void)call;
	return change(admin, &operation);
}
