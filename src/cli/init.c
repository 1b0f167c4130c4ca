/*
 * ctlsign init
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/begin.h"
#include "cli/cluster_text.h"
#include "cli/init_discover.h"
#include "cli/pin_options.h"
#include "cli/token_target.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	OPTION_FROM = 1,
	OPTION_DISCOVER,
	OPTION_CONFIG,
	OPTION_CLUSTER,
	OPTION_RELEASE,
	OPTION_JSON,
	OPTION_CLIENT_CERTIFICATE,
	OPTION_CLIENT_KEY,
	OPTION_PROVIDER_TRUST,
};

struct init {
	struct begin_request request;
	const char *config; /* as given; NULL: not */
	bool json;
	struct init_discover discover;
	const char *for_discover; /* an option that is for --discover only; NULL: none */
};

/* The command that comes next, which has to be told where the inventory is. */
static void put_next(struct buffer *out, const struct init *init, const char *command)
{
	buffer_printf(out, "  ctlsign %s", command);
	if (init->config != NULL) {
		buffer_printf(out, " --config ");
		cluster_put_path(out, init->config);
	}
	buffer_printf(out, "\n");
}

/* A row of what was written. */
static void put_file(struct text_table *table, const char *path, const char *what)
{
	struct buffer cell = BUFFER_INIT;

	buffer_printf(&cell, "  ");
	cluster_put_path(&cell, path);
	if (buffer_text(&cell) != NULL)
		text_table_row(table, (const char *[]){buffer_text(&cell), what});
	buffer_free(&cell);
}

/* Prints and frees the table. */
static void put_table(struct buffer *out, struct text_table *table)
{
	text_table_print(table, out);
	text_table_free(table);
}

/* ---- an inventory to fill in ---------------------------------------------------------------- */

static int write_template(const struct init *init)
{
	struct buffer out = BUFFER_INIT;
	struct text_table *table;
	struct error err;
	int rc;

	if (begin_template(&init->request, &err) != ST_OK)
		return cli_fail(&err);
	if (init->json)
		return cli_print_json(
		    json_pack("{s:o}", "config", cli_json_path(init->request.conf)));
	table = text_table_new(2);
	buffer_printf(&out, "%s\n", _("Written:"));
	put_file(table, init->request.conf, _("an inventory to fill in"));
	put_table(&out, table);
	buffer_printf(&out, "%s\n",
	    _("Enter the publisher and the other nodes of the cluster there, and check it:"));
	put_next(&out, init, "status");
	buffer_printf(&out, "%s\n", _("Then make the first CTL, with USB tokens or without:"));
	put_next(&out, init, "set-cluster mixed-mode --tokens");
	put_next(&out, init, "set-cluster mixed-mode --tokenless");
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* ---- a running cluster ---------------------------------------------------------------------- */

static json_t *taken_json(const struct init *init, const struct begin_result *r)
{
	return json_pack(
	    "{s:o, s:b, s:o, s:o, s:o, s:b, s:s, s:s, s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}",
	    "config", cli_json_path(init->request.conf), "config_kept", (int)r->conf_kept,
	    "certificates_folder",
	    r->certificates != NULL ? cli_json_path(r->certificates) : json_null(), "state",
	    cli_json_path(r->state), "ctl_file", cli_json_path(r->ctl), "ctl_file_written",
	    (int)r->ctl_written, "cluster", r->cluster, "release", r->release.text,
	    "release_guessed", (int)r->release_guessed, "mode", cluster_mode_code((int)r->mode),
	    "signing", cluster_signing_code((int)r->signing), "signer", r->signer, "servers",
	    (json_int_t)r->n_servers, "tokens", (json_int_t)r->n_tokens, "trust",
	    (json_int_t)r->n_trust, "certificates", (json_int_t)r->n_certificates, "generation",
	    (json_int_t)r->generation);
}

static void put_field(struct buffer *out, const char *name, const char *value)
{
	text_pad(out, name, 14);
	buffer_printf(out, "%s\n", value);
}

static void put_count(struct buffer *out, const char *name, size_t count)
{
	text_pad(out, name, 14);
	buffer_printf(out, "%zu\n", count);
}

static void put_state(struct text_table *table, const struct begin_result *r)
{
	char what[128];

	snprintf(what, sizeof(what), _("the state, with this CTL as generation %lld"),
	    (long long)r->generation);
	put_file(table, r->state, what);
}

static void put_kept(struct buffer *out, const struct init *init, const struct begin_result *r)
{
	struct buffer conf = BUFFER_INIT;

	cluster_put_path(&conf, init->request.conf);
	buffer_printf(out,
	    _("%s is kept; its state starts anew with this list as generation %lld: earlier "
	      "history is not here.\n"),
	    buffer_text(&conf) != NULL ? buffer_text(&conf) : "", (long long)r->generation);
	buffer_free(&conf);
}

static void put_taken(struct buffer *out, const struct init *init, const struct begin_result *r)
{
	struct text_table *table = text_table_new(2);
	struct buffer cluster = BUFFER_INIT;

	text_printable(&cluster, text_bytes(r->cluster));
	put_field(out, _("Cluster:"), buffer_text(&cluster) != NULL ? buffer_text(&cluster) : "");
	put_field(out, _("Release:"), r->release.text);
	put_field(out, _("Mode:"), cluster_mode_word((int)r->mode));
	put_field(out, _("Signing:"), cluster_signing_word((int)r->signing));
	put_field(out, _("Signed by:"), r->signer);
	put_count(out, _("Servers:"), r->n_servers);
	put_count(out, _("Tokens:"), r->n_tokens);
	if (r->n_trust > 0)
		put_count(out, _("Trusted:"), r->n_trust);
	if (!r->conf_kept)
		put_count(out, _("Certificates:"), r->n_certificates);
	buffer_printf(out, "%s\n", _("Written:"));
	if (!r->conf_kept) {
		put_file(table, init->request.conf, _("the inventory"));
		put_file(table, r->certificates, _("the certificates that it names"));
	}
	put_state(table, r);
	if (r->ctl_written)
		put_file(table, r->ctl, _("the CTL"));
	put_table(out, table);
	if (r->conf_kept)
		put_kept(out, init, r);
	if (r->release_guessed)
		buffer_printf(
		    out, _("The release was guessed from the CTL: check it in the inventory,"
			   " or begin again with --release.\n"));
	buffer_printf(out, "%s\n", _("Next, see whether anything has changed since:"));
	put_next(out, init, "status");
	buffer_free(&cluster);
}

static int take_over(const struct init *init)
{
	struct begin_result result = {.n_servers = 0};
	struct buffer out = BUFFER_INIT;
	struct error err;
	int rc;

	if (begin_from(&init->request, &result, &err) != ST_OK) {
		rc = cli_fail(&err);
	} else if (init->json) {
		rc = cli_print_json(taken_json(init, &result));
	} else {
		put_taken(&out, init, &result);
		rc = cli_print(&out);
	}
	buffer_free(&out);
	begin_result_free(&result);
	return rc;
}

/* ---- options -------------------------------------------------------------------------------- */

static bool take_host(struct init_discover *discover, const char *host)
{
	if (discover->n_hosts == INIT_MAX_HOSTS) {
		cli_usage_error(
		    &cli_init, _("--discover is given more than %d times"), INIT_MAX_HOSTS);
		return false;
	}
	discover->hosts[discover->n_hosts++] = host;
	return true;
}

static bool take_option(struct init *init, int option)
{
	switch (option) {
	case OPTION_FROM:
		return cli_take_once(&cli_init, "--from", &init->request.from, optarg);
	case OPTION_DISCOVER:
		return take_host(&init->discover, optarg);
	case OPTION_CONFIG:
		return cli_take_once(&cli_init, "--config", &init->config, optarg);
	case OPTION_CLUSTER:
		return cli_take_once(&cli_init, "--cluster", &init->request.cluster, optarg);
	case OPTION_RELEASE:
		return cli_take_once(&cli_init, "--release", &init->request.release, optarg);
	default:
		return init->json = true;
	}
}

/* Those that say how providers are asked. */
static bool take_discover_option(struct init *init, int option)
{
	struct init_discover *discover = &init->discover;

	switch (option) {
	case OPTION_CLIENT_CERTIFICATE:
		init->for_discover = "--client-certificate";
		return cli_take_once(
		    &cli_init, init->for_discover, &discover->client_certificate, optarg);
	case OPTION_CLIENT_KEY:
		init->for_discover = "--client-key";
		return cli_take_once(&cli_init, init->for_discover, &discover->client_key, optarg);
	case OPTION_PROVIDER_TRUST:
		init->for_discover = "--provider-trust";
		return cli_take_once(
		    &cli_init, init->for_discover, &discover->provider_trust, optarg);
	case CLI_OPTION_MODULE:
	case CLI_OPTION_TIMEOUT:
		init->for_discover = option == CLI_OPTION_MODULE ? "--module" : "--timeout";
		return cli_modules_option(&cli_init, &discover->modules, option, optarg);
	default:
		init->for_discover = option == CLI_OPTION_PIN_FILE ? "--pin-file" : "--pin-fd";
		return cli_pin_option(&cli_init, &discover->pins, option, optarg);
	}
}

static bool is_for_discover(int option)
{
	return option == OPTION_CLIENT_CERTIFICATE || option == OPTION_CLIENT_KEY ||
	       option == OPTION_PROVIDER_TRUST || option == CLI_OPTION_MODULE ||
	       option == CLI_OPTION_TIMEOUT || cli_is_pin_option(option);
}

static int discover(struct init *init)
{
	struct init_discover *discover = &init->discover;

	if (init->request.from != NULL)
		return cli_usage_error(
		    &cli_init, "%s", _("--from and --discover cannot be given together"));
	if (discover->client_certificate == NULL || discover->client_key == NULL)
		return cli_usage_error(&cli_init, "%s",
		    _("--discover needs --client-certificate and --client-key: CTL Providers "
		      "answer "
		      "those only whom they know"));
	discover->config = init->config;
	discover->conf = init->request.conf;
	discover->cluster = init->request.cluster;
	discover->release = init->request.release;
	discover->json = init->json;
	return init_discover(discover);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"from", required_argument, NULL, OPTION_FROM},
	    {"discover", required_argument, NULL, OPTION_DISCOVER},
	    {"config", required_argument, NULL, OPTION_CONFIG},
	    {"cluster", required_argument, NULL, OPTION_CLUSTER},
	    {"release", required_argument, NULL, OPTION_RELEASE},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"client-certificate", required_argument, NULL, OPTION_CLIENT_CERTIFICATE},
	    {"client-key", required_argument, NULL, OPTION_CLIENT_KEY},
	    {"provider-trust", required_argument, NULL, OPTION_PROVIDER_TRUST}, CLI_OPTION_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct init init = {.config = NULL, .discover = {.pins = CEREMONY_PINS_INIT}};
	int option;

	while ((option = cli_getopt(&cli_init, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (!(is_for_discover(option) ? take_discover_option(&init, option)
					      : take_option(&init, option)))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_init, _("unexpected argument '%s'"), argv[optind]);
	if (init.request.cluster != NULL && init.request.cluster[0] == '\0')
		return cli_usage_error(&cli_init, "%s", _("--cluster takes a name"));
	init.request.conf = init.config != NULL ? init.config : "ctlsign.conf";
	if (init.discover.n_hosts > 0)
		return discover(&init);
	if (init.for_discover != NULL)
		return cli_usage_error(
		    &cli_init, _("%s is for --discover only"), init.for_discover);
	return init.request.from != NULL ? take_over(&init) : write_template(&init);
}

const struct cli_command cli_init = {
    .name = "init",
    .summary = N_("begin a cluster's inventory, or take over a running cluster"),
    .usage =
	N_("Usage: ctlsign init [--config FILE] [--cluster NAME] [--release R] [--json]\n"
	   "       ctlsign init --from CTLFILE [--config FILE] [--cluster NAME]\n"
	   "                    [--release R] [--json]\n"
	   "       ctlsign init --discover HOST[:PORT]... --client-certificate FILE\n"
	   "                    --client-key KEY [--provider-trust FILE] [--config FILE]\n"
	   "                    [--cluster NAME] [--release R] [--json]\n"
	   "\n"
	   "Writes a commented ctlsign.conf to fill in. With --from, takes over a cluster\n"
	   "that runs already: makes the inventory from its CTL, with the certificates in\n"
	   "the folder 'certificates' and the CTL as generation 1 in 'state.db', both\n"
	   "beside ctlsign.conf. All or nothing is written, and no file is replaced.\n"
	   "Where ctlsign.conf is there and its state file is lost, it is kept, and only\n"
	   "the state is made anew.\n"
	   "With --discover, asks the CTL Providers of the cluster for its nodes, their\n"
	   "services and certificates, writes the inventory and the certificates, and takes\n"
	   "over the CTL that the publisher serves, if there is one.\n"
	   "\n"
	   "  --from CTLFILE  the cluster's CTL; its signature must hold (exit code 3)\n"
	   "  --config FILE   the inventory to write (default ctlsign.conf)\n"
	   "  --cluster NAME  the cluster's name (default with --from: the publisher's)\n"
	   "  --release R     the cluster's release, such as 12.5(1)SU3; with --from it is\n"
	   "                  guessed from the CTL when it is not given\n"
	   "  --json          print one JSON object\n"
	   "  --discover HOST[:PORT]\n"
	   "                  a node whose CTL Provider is asked (port 2444 if not said),\n"
	   "                  repeat for several; the first also tells which others there are,\n"
	   "                  and is the publisher, unless another one says that it is\n"
	   "  --client-certificate FILE\n"
	   "                  your certificate, which the CTL Providers know\n"
	   "  --client-key KEY\n"
	   "                  its key: a PEM file or a pkcs11: URI\n"
	   "  --provider-trust FILE\n"
	   "                  certificates of the providers or of their CAs (default: what the\n"
	   "                  system trusts)\n"
	   "  --pin-file FILE read the PIN or passphrase of the key from FILE (mode 600)\n"
	   "  --pin-fd N      read it from the open descriptor N\n"
	   "  --module PATH   use this PKCS#11 module for it (repeat for several)\n"
	   "  --timeout SECONDS\n"
	   "                  how long a node, or a module, may take to answer (default 30)\n"
	   "\n"
	   "Example:\n"
	   "  ctlsign init --from /srv/tftp/CTLFile.tlv --release '12.5(1)'\n"
	   "  ctlsign init --discover 10.1.2.3 --client-certificate me.pem --client-key me.key\n"),
    .run = run,
};
