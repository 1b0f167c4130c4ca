/*
 * p11-kit's configuration files (pkcs11.conf(5)): lines of "name: value".
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_P11_CONFIG_H
#define CTLSIGN_TOKENS_P11_CONFIG_H

#include "base/error.h"

enum p11_option {
	P11_MODULE,
	P11_REMOTE,
	P11_ENABLE_IN,
	P11_DISABLE_IN,
	P11_PRIORITY,
	P11_TRUST_POLICY,
	P11_INIT_RESERVED,
	P11_USER_CONFIG,
	P11_N_OPTIONS
};

/* The options that matter to us; NULL for one that is not set.  Start from zeros. */
struct p11_config {
	char *value[P11_N_OPTIONS];
};

/*
 * Reads PATH.  What CONFIG has already stays, as p11-kit wants it where a user's file and the
 * system's are merged.  A file that is not there, or that must be OPTIONAL and may not be read, is
 * an empty one.  ST_MODULE with the line that is not understood, and CONFIG as it was.
 */
enum status p11_config_read(
    const char *path, bool optional, struct p11_config *config, struct error *err);
void p11_config_free(struct p11_config *config);

/* Whether LIST, of words between commas and blanks, has WORD. */
bool p11_config_lists(const char *list, const char *word);

#endif
