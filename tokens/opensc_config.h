/*
 * One more setting in the text of an OpenSC configuration.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_OPENSC_CONFIG_H
#define CTLSIGN_TOKENS_OPENSC_CONFIG_H

#include "base/bytes.h"

struct opensc_setting {
	const char *block; /* the kind of block inside `app` that it stands in: "framework" */
	const char *name;  /* and its name, "pkcs15"; NULL: any */
	const char *text;  /* "pkcs11_enable_InitToken = yes;" */
};

/*
 * Appends to OUT what OpenSC reads as CONFIG with SETTING in it.
 *
 * OpenSC looks for a setting in the first `app opensc-pkcs11` block, then in the first `app
 * default`, and in each only in the first block of the kind; the first one that is there counts,
 * and in it the first setting of a name.  So SETTING goes to the start of every block of the kind
 * in any `app` block, and `app default` gets such a block if it has none: a block in another place
 * would hide those that are there, with all their settings.
 *
 * A text that OpenSC cannot parse it ignores as a whole; then OUT has nothing but SETTING.
 */
void opensc_config_add(
    struct bytes config, const struct opensc_setting *setting, struct buffer *out);

#endif
