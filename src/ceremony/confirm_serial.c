/*
 * Asks for a token's serial number: a "yes" is typed too easily with the wrong token in the reader.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/confirm_serial.h"

#include "ceremony/terminal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PROMPT_MAX 2048

const char *confirm_serial_word(const struct token_info *token)
{
	return token->serial[0] != '\0' ? token->serial : token->label;
}

enum status confirm_serial_given(
    const struct token_info *token, const char *option, const char *given, struct error *err)
{
	const char *word = confirm_serial_word(token);

	if (word[0] != '\0' && strcasecmp(given, word) == 0)
		return ST_OK;
	error_set(err, ST_NO_TOKEN,
	    _("%s names the serial number '%s', and this token has another; nothing was changed"),
	    option, given);
	error_hint(err, "%s", _("make sure that this is the token that is meant"));
	error_where(err, _("token '%s' (serial %s)"), token->label, token->serial);
	return ST_NO_TOKEN;
}

enum status confirm_serial_possible(const struct token_info *token, struct error *err)
{
	if (confirm_serial_word(token)[0] != '\0')
		return ST_OK;
	error_set(err, ST_NO_TOKEN, "%s",
	    _("the token has neither serial number nor label, so nobody can say that it is the one "
	      "that is meant"));
	error_where(err, _("slot %lu (%s)"), token->slot_id, token->reader);
	error_hint(err, "%s", _("use the software of the token's vendor for that"));
	return ST_NO_TOKEN;
}

enum status confirm_serial_ask(
    const struct token_info *token, const char *situation, struct error *err)
{
	char prompt[PROMPT_MAX];
	enum status st = confirm_serial_possible(token, err);

	if (st != ST_OK)
		return st;
	snprintf(prompt, sizeof(prompt),
	    token->serial[0] != '\0'
		? _("%sType the token's serial number to go on, anything else to stop: ")
		: _("%sType the token's label to go on, anything else to stop: "),
	    situation);
	st = terminal_confirm(prompt, confirm_serial_word(token), err);
	if (st == ST_CANCELLED)
		error_set(err, st, "%s", _("cancelled: nothing was changed"));
	if (st != ST_OK)
		error_where(err, _("token '%s' (serial %s)"), token->label, token->serial);
	return st;
}
