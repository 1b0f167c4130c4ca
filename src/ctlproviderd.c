/*
 * ctlproviderd: the CTL Provider of a node.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/secret.h"
#include "provider/provider.h"

#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define DEFAULT_CONFIG SYSCONFDIR "/ctlsign/ctlproviderd.conf"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage[] =
    N_("Usage: ctlproviderd [--config FILE] [--check]\n"
       "\n"
       "Serves a node's CTL, certificates, services and mode to the officers of the\n"
       "cluster, over HTTPS with client certificates, and stores the CTL that they sign.\n"
       "It stays in the foreground; log lines go to stderr.\n"
       "\n"
       "Options:\n"
       "  --config FILE  its settings (%s)\n"
       "  --check        look at all that a start needs, say whether it is right\n"
       "  --version      print the version\n"
       "  --help         print this\n"
       "\n"
       "Exit codes: 0 done, 1 failed, 2 wrong usage.\n"
       "\n"
       "Example:\n"
       "  ctlproviderd --config ctlproviderd.conf --check\n");

static int fail(const struct error *err)
{
	char line[2048];

	fprintf(stderr, "ctlproviderd: %s\n", error_line(err, line, sizeof(line)));
	return err->status == ST_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

__attribute__((format(printf, 1, 2))) static int refuse_usage(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "ctlproviderd: %s; %s\n", text, _("see ctlproviderd --help"));
	return EXIT_USAGE;
}

/* A file opened later must never become stdin, stdout or stderr by accident. */
static bool standard_descriptors_open(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return false;
	} while (fd <= 2);
	close(fd);
	return true;
}

static enum status check(const struct provider_settings *settings, struct error *err)
{
	size_t n = 0;
	enum status st = provider_check(settings, &n, err);

	if (st == ST_OK)
		printf(ngettext("%s is fine: %zu client is let in\n",
			   "%s is fine: %zu clients are let in\n", n),
		    settings->path, n);
	return st;
}

static int run(const char *config, bool check_only)
{
	struct provider_settings settings;
	struct error err;
	enum status st;

	memset(&settings, 0, sizeof(settings));
	error_clear(&err);
	st = provider_settings_read(config, &settings, &err);
	if (st == ST_OK)
		st = check_only ? check(&settings, &err) : provider_serve(&settings, &err);
	provider_settings_free(&settings);
	if (st != ST_OK)
		return fail(&err);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* The exit code in *RC when there is nothing more to do. */
static bool take_options(int argc, char **argv, const char **config, bool *check_only, int *rc)
{
	enum { CONFIG = 1, CHECK, SHOW_VERSION, HELP };
	static const struct option options[] = {
	    {"config", required_argument, NULL, CONFIG},
	    {"check", no_argument, NULL, CHECK},
	    {"version", no_argument, NULL, SHOW_VERSION},
	    {"help", no_argument, NULL, HELP},
	    {NULL, 0, NULL, 0},
	};
	int option;

	*rc = EXIT_DONE;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (option) {
		case CONFIG:
			*config = optarg;
			break;
		case CHECK:
			*check_only = true;
			break;
		case SHOW_VERSION:
			printf("ctlproviderd %s\n", PACKAGE_VERSION);
			return false;
		case HELP:
			printf(_(usage), DEFAULT_CONFIG);
			return false;
		case ':':
			*rc = refuse_usage(_("option '%s' needs a value"), argv[optind - 1]);
			return false;
		default:
			*rc = refuse_usage(_("there is no option '%s'"), argv[optind - 1]);
			return false;
		}
	}
	if (optind < argc) {
		*rc = refuse_usage(_("there is one argument too many: '%s'"), argv[optind]);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *config = DEFAULT_CONFIG;
	bool check_only = false;
	struct error err;
	int rc;

	if (!standard_descriptors_open())
		return EXIT_FAILED;
	/* TFTP servers that run as somebody else read what is stored: never less than the umask. */
	umask(umask(077) | 022);
	setlocale(LC_ALL, "");
	bindtextdomain("ctlsign", LOCALEDIR);
	textdomain("ctlsign");
	if (secret_process_setup(&err) != ST_OK)
		return fail(&err);
	if (!take_options(argc, argv, &config, &check_only, &rc))
		return rc;
	rc = run(config, check_only);
	secret_process_end();
	return rc;
}
