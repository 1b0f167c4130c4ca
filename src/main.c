/*
 * ctlsign: signs Cisco Certificate Trust Lists with keys that never leave their tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/secret.h"
#include "ceremony/terminal.h"
#include "cli/cli.h"
#include "tokens/tokens.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A file opened later must never become stdin, stdout or stderr by accident.  What stands in for a
 * closed one cannot be written to, so that a lost result is noticed.
 */
static bool standard_descriptors_open(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			return false;
	} while (fd <= 2);
	close(fd);
	return true;
}

/*
 * A signal that ended a question has waited until everything was put back.  Now it ends the
 * program, so that a shell's loop ends too.
 */
static void die_of_signal(void)
{
	const int number = terminal_interrupted();
	sigset_t mask;

	if (number == 0)
		return;
	fflush(NULL);
	signal(number, SIG_DFL);
	sigemptyset(&mask);
	sigaddset(&mask, number);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	raise(number);
}

int main(int argc, char **argv)
{
	struct error err;
	int rc;

	if (!standard_descriptors_open())
		return CLI_FAILED;
	/* Never more than the user allows, and never writable by others. */
	umask(umask(077) | 022);
	setlocale(LC_ALL, "");
	bindtextdomain("ctlsign", LOCALEDIR);
	textdomain("ctlsign");
	if (secret_process_setup(&err) != ST_OK)
		return cli_fail(&err);
	rc = cli_main(argc, argv);
	/* A thread that hangs inside a module would make exit() wait for it. */
	if (tokens_wedged()) {
		die_of_signal();
		fflush(NULL);
		_exit(rc);
	}
	secret_process_end();
	die_of_signal();
	return rc;
}
