/*
 * OpenSC, which resets PINs and initialises tokens only if its configuration says so.
 *
 * Its module reads the configuration in C_Initialize.  So for such work it is initialised again
 * with a configuration in memory: the present one (the file that OPENSC_CONF names, or else the
 * system's) with one more setting, which stands before any of the same name.  Nothing on disk
 * changes, no other process sees it, and all other settings stay as they are.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_OPENSC_H
#define CTLSIGN_TOKENS_OPENSC_H

#include "tokens/module.h"

enum opensc_use {
	OPENSC_INITIALISE, /* C_InitToken works for all cards that OpenSC can prepare */
	/* C_Login as SO and C_InitPIN reset a PIN, by an SO PIN or by a PUK. */
	OPENSC_UNBLOCK_BY_SO_PIN,
	/*
	 * C_SetPIN without a login resets a PIN, with a PUK in the place of the old PIN: for cards
	 * whose PUK OpenSC shows as an SO PIN and then tries to log in with, which they refuse.
	 */
	OPENSC_UNBLOCK_BY_PUK,
};

/* Whether the module is OpenSC's. */
bool opensc_is(const struct module *module);

/* How the PIN of this token of OpenSC's is reset. */
enum opensc_use opensc_unblocking(const CK_TOKEN_INFO *token);

/* Initialises the module anew.  Every session and login is gone then. */
enum status opensc_set_up(struct module *module, enum opensc_use use, struct error *err);

#endif
