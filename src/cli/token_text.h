/*
 * How tokens are told to people and scripts; shared by the token commands.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_TOKEN_TEXT_H
#define CTLSIGN_CLI_TOKEN_TEXT_H

#include "tokens/tokens.h"

#include <jansson.h>

/* The state of the user PIN in a few words: "ready", "one try left", ... */
const char *cli_token_pin_state(const struct token_info *token);

/* A token as a JSON object: a new reference, NULL when out of memory. */
json_t *cli_token_json(const struct token_info *token);

/* A certificate on TOKEN: what certificate_json() tells, and id, label, has_key, uri. */
json_t *cli_token_certificate_json(
    const struct token_info *token, const struct token_certificate *certificate);

#endif
