/*
 * The question before something on a token is destroyed: which token is it?
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_CONFIRM_SERIAL_H
#define CTLSIGN_CEREMONY_CONFIRM_SERIAL_H

#include "base/error.h"
#include "tokens/tokens.h"

/* What has to be typed to name TOKEN: its serial number; of one that has none, its label. */
const char *confirm_serial_word(const struct token_info *token);

/*
 * ST_NO_TOKEN when GIVEN, the value of the option OPTION, is not the serial number of TOKEN (in any
 * case of its letters).
 */
enum status confirm_serial_given(
    const struct token_info *token, const char *option, const char *given, struct error *err);

/* ST_NO_TOKEN when there is no such word: nothing of such a token can be destroyed. */
enum status confirm_serial_possible(const struct token_info *token, struct error *err);

/*
 * Shows SITUATION, lines that end with a newline and say what would be destroyed, and asks for the
 * serial number of TOKEN to be typed.  ST_CANCELLED when something else is, or nothing.
 */
enum status confirm_serial_ask(
    const struct token_info *token, const char *situation, struct error *err);

#endif
