/*
 * Which token `ctlsign token init` is about, and how it is found again when it has another name.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_INIT_TARGET_H
#define CTLSIGN_CLI_INIT_TARGET_H

#include "cli/token_target.h"

/* Whether it is a directory on this computer, and not in anybody's hand. */
bool init_is_software(const struct token_info *token);

/*
 * Opens the modules and finds the token, blank or not, that NAME says; the only blank one when NAME
 * is NULL, but none in software while another module shows a token or, where no module was named, a
 * reader holds a card.  None or several: an error that lists what there is.
 */
enum status init_target_open(struct cli_target *target, const char *name, struct error *err);

/* The tokens as they were before.  Start from all zeros. */
struct init_before {
	char *module; /* of the token in question */
	char *reader;
	unsigned long slot_id;
	char *serial;	/* "" when it was blank */
	char **serials; /* of all initialised ones */
	size_t n;
};
enum status init_remember(
    struct init_before *before, const struct cli_target *target, struct error *err);
void init_forget(struct init_before *before);

/*
 * The token in a new snapshot: in the same module, with LABEL, and with the old serial number, in
 * the old slot, or with a serial number that was not there before.
 */
enum status init_find_made(const struct init_before *before, struct cli_target *target,
    const char *label, const struct token_info **out, struct error *err);

#endif
