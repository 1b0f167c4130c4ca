/*
 * Where PINs come from, and what a person is told before typing one.  Prompts name the token;
 * errors leave that to the caller, who puts it into the error's place.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/ceremony.h"
#include "ceremony/terminal.h"

#include "base/secret.h"

#include <stdio.h>

/* The typed word that lets a final try go on. */
#define YES "yes"

#define PROMPT_MAX 1024

/*
 * The last try is the person's to take, wherever the PIN itself comes from: a wrong one locks the
 * token.
 */
static enum status confirm_final_try(const struct pin_request *request, struct error *err)
{
	char prompt[PROMPT_MAX];
	enum status st;

	if (!terminal_available()) {
		error_set(err, ST_PIN_NEEDED, "%s",
		    _("the token has one try left: a wrong PIN locks it, so it is not tried "
		      "without a person"));
		error_hint(err, "%s", _("run the command at a terminal"));
		return ST_PIN_NEEDED;
	}
	snprintf(prompt, sizeof(prompt),
	    _("Token '%s' (serial %s) has ONE TRY LEFT. A wrong PIN locks it.\n"
	      "Type \"%s\" to go on, anything else to stop: "),
	    request->label, request->serial, YES);
	st = terminal_confirm(prompt, YES, err);
	if (st == ST_CANCELLED)
		error_set(err, st, "%s", _("cancelled: the token's last try was not used"));
	return st;
}

static enum status send_to_reader(const struct pin_request *request, struct error *err)
{
	char line[PROMPT_MAX];

	if (!terminal_available())
		return ST_OK;
	snprintf(line, sizeof(line),
	    _("Type the PIN of token '%s' (serial %s) on the keypad of the reader '%s' now."),
	    request->label, request->serial, request->reader);
	return terminal_say(line, err);
}

static enum status ask_person(
    const struct pin_request *request, struct secret *pin, struct error *err)
{
	char prompt[PROMPT_MAX];
	enum status st;

	if (request->purpose == PIN_PASSPHRASE) {
		snprintf(
		    prompt, sizeof(prompt), _("Passphrase of the key file %s: "), request->label);
	} else {
		snprintf(prompt, sizeof(prompt),
		    request->count_low && !request->final_try
			? _("A wrong PIN was given to this token before: take care.\n"
			    "Reader: %3$s\nPIN of token '%1$s' (serial %2$s): ")
			: _("Reader: %3$s\nPIN of token '%1$s' (serial %2$s): "),
		    request->label, request->serial, request->reader);
	}
	st = terminal_ask_secret(prompt, pin, err);
	if (st == ST_PIN_NEEDED && request->purpose == PIN_PASSPHRASE)
		error_set(
		    err, st, "%s", _("the key is encrypted and there is no terminal to ask at"));
	else if (st == ST_PIN_NEEDED)
		error_set(
		    err, st, "%s", _("the token needs its PIN and there is no terminal to ask at"));
	if (st == ST_PIN_NEEDED)
		error_hint(
		    err, "%s", _("give --pin-file FILE or --pin-fd N, or run it at a terminal"));
	if (st == ST_CANCELLED)
		error_set(err, st, "%s", _("cancelled: no PIN was tried and nothing was changed"));
	return st;
}

/* What the PIN is for, said at the terminal before anything is asked there. */
static void announce(const struct ceremony_pins *pins)
{
	if (pins->about != NULL && terminal_available())
		terminal_say(pins->about, NULL);
}

static enum status ask(
    void *context, const struct pin_request *request, struct secret *pin, struct error *err)
{
	struct ceremony_pins *pins = context;
	enum status st;

	if (request->final_try || request->pin_pad || (pins->file == NULL && pins->fd < 0))
		announce(pins);
	if (request->final_try) {
		st = confirm_final_try(request, err);
		if (st != ST_OK)
			return st;
	}
	if (request->pin_pad)
		return send_to_reader(request, err);
	if (pins->file == NULL && pins->fd < 0)
		return ask_person(request, pin, err);
	if (pins->used)
		return error_set(err, ST_PIN_WRONG, "%s",
		    _("the PIN was used already and is never tried twice"));
	pins->used = true;
	if (pins->file != NULL)
		return secret_read_file(pin, pins->file, err);
	return secret_read_fd(pin, pins->fd, err);
}

struct pin_source ceremony_pin_source(struct ceremony_pins *pins)
{
	return (struct pin_source){.ask = ask, .context = pins};
}
