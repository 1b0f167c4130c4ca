/*
 * ctlsign: signs Cisco Certificate Trust Lists with keys that never leave their tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/secret.h"
#include "cli/cli.h"
#include "tokens/tokens.h"

#include <fcntl.h>
#include <locale.h>
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
		fflush(NULL);
		_exit(rc);
	}
	secret_process_end();
	return rc;
}
