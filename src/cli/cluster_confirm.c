/*
 * The question before a command changes the cluster's state without a key.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_confirm.h"

#include "ceremony/terminal.h"

#include <stdio.h>

/* Typed by people, and not translated, so that a runbook reads the same everywhere. */
#define YES "yes"

enum status cluster_confirm(const char *about, struct error *err)
{
	char prompt[128];
	enum status st;

	if (!terminal_available()) {
		error_set(err, ST_USAGE, "%s", _("there is no terminal to ask at"));
		error_hint(err, "%s", _("look with --dry-run, then give --yes"));
		return ST_USAGE;
	}
	st = terminal_say(about, err);
	if (st != ST_OK)
		return st;
	snprintf(prompt, sizeof(prompt), _("Type \"%s\" to go on, anything else to stop: "), YES);
	st = terminal_confirm_again(prompt, YES, err);
	if (st == ST_CANCELLED)
		error_set(err, st, "%s", _("cancelled: nothing was changed"));
	return st;
}
