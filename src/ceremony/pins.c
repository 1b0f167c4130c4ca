/*
 * Where PINs come from, and what a person is told before typing one.  Prompts name the token;
 * errors leave that to the caller, who puts it into the error's place.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/ceremony.h"
#include "ceremony/pin_failures.h"
#include "ceremony/terminal.h"

#include "base/secret.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

/* The typed word that lets a final try go on. */
#define YES "yes"

#define PROMPT_MAX 1024

/* What each kind of PIN is called, in whole sentences; in the order of enum pin_purpose. */
struct wording {
	const char *prompt;  /* label, serial, reader */
	const char *again;   /* typed once more: label, serial */
	const char *on_pad;  /* label, serial, reader */
	const char *missing; /* nobody can be asked */
	const char *options;
};

static const struct wording user_pin = {
    .prompt = N_("Reader: %3$s\nPIN of token '%1$s' (serial %2$s): "),
    .on_pad =
	N_("Type the PIN of token '%1$s' (serial %2$s) on the keypad of the reader '%3$s' now."),
    .missing = N_("the token needs its PIN and there is no terminal to ask at"),
    .options = N_("give --pin-file FILE or --pin-fd N, or run it at a terminal"),
};

static const struct wording passphrase = {
    .prompt = N_("Passphrase of the key file %1$s: "),
    .missing = N_("the key is encrypted and there is no terminal to ask at"),
    .options = N_("give --pin-file FILE or --pin-fd N, or run it at a terminal"),
};

static const struct wording so_pin = {
    .prompt = N_("Reader: %3$s\nSO PIN or PUK of token '%1$s' (serial %2$s): "),
    .on_pad = N_("Type the SO PIN or PUK of token '%1$s' (serial %2$s) on the keypad of the reader "
		 "'%3$s' now."),
    .missing = N_("the token needs its SO PIN or PUK and there is no terminal to ask at"),
    .options = N_("give --so-pin-file FILE or --so-pin-fd N, or run it at a terminal"),
};

static const struct wording new_pin = {
    .prompt = N_("New PIN of token '%1$s' (serial %2$s): "),
    .again = N_("The new PIN of token '%1$s' (serial %2$s) once more: "),
    .on_pad =
	N_("Type the new PIN of token '%1$s' (serial %2$s) on the keypad of the reader '%3$s' "
	   "now."),
    .missing = N_("the new PIN is needed and there is no terminal to ask at"),
    .options = N_("give --new-pin-file FILE or --new-pin-fd N, or run it at a terminal"),
};

static const struct wording new_so_pin = {
    .prompt = N_("New SO PIN of token '%1$s' (serial %2$s): "),
    .again = N_("The new SO PIN of token '%1$s' (serial %2$s) once more: "),
    .on_pad = N_("Type the new SO PIN of token '%1$s' (serial %2$s) on the keypad of the reader "
		 "'%3$s' now."),
    .missing = N_("a new SO PIN is needed and there is no terminal to ask at"),
    .options = N_("give --so-pin-file FILE or --so-pin-fd N, or run it at a terminal"),
};

static const struct wording *wording_of(enum pin_purpose purpose)
{
	switch (purpose) {
	case PIN_PASSPHRASE:
		return &passphrase;
	case PIN_SO:
		return &so_pin;
	case PIN_NEW:
		return &new_pin;
	case PIN_NEW_SO:
		return &new_so_pin;
	case PIN_LOGIN:
	case PIN_CONTEXT:
		break;
	}
	return &user_pin;
}

static struct ceremony_pin_place *place_of(struct ceremony_pins *pins, enum pin_purpose purpose)
{
	if (purpose == PIN_NEW)
		return &pins->new_pin;
	return purpose == PIN_SO || purpose == PIN_NEW_SO ? &pins->so_pin : &pins->pin;
}

/* Whether there are tries that can be lost. */
static bool is_counted(enum pin_purpose purpose)
{
	return purpose == PIN_LOGIN || purpose == PIN_CONTEXT || purpose == PIN_SO;
}

/* FORMAT is one of the wordings above, which all take these three; 1 and 2 come before 3. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void fill(char *out, size_t size, const char *format, const struct pin_request *request)
{
	snprintf(out, size, format, request->label, request->serial, request->reader);
}
#pragma GCC diagnostic pop

/*
 * A try that may be the last is the person's to take, wherever the PIN itself comes from: a wrong
 * one locks the token.  FAILURES are those that this computer has counted.
 */
static enum status confirm_risk(
    const struct pin_request *request, unsigned failures, struct error *err)
{
	char prompt[PROMPT_MAX];
	enum status st;

	if (!terminal_available()) {
		if (request->final_try)
			error_set(err, ST_PIN_NEEDED, "%s",
			    _("the token has one try left: a wrong PIN locks it, so it is not "
			      "tried without a person"));
		else
			error_set(err, ST_PIN_NEEDED,
			    ngettext("%u wrong PIN was sent to this token from here since the last "
				     "right one, so no other is tried without a person",
				"%u wrong PINs were sent to this token from here since the last "
				"right one, so no other is tried without a person",
				failures),
			    failures);
		error_hint(
		    err, "%s", _("make sure of the PIN, then run the command at a terminal"));
		return ST_PIN_NEEDED;
	}
	if (request->final_try)
		snprintf(prompt, sizeof(prompt),
		    _("Token '%s' (serial %s) has ONE TRY LEFT. A wrong PIN locks it.\n"
		      "Type \"%s\" to go on, anything else to stop: "),
		    request->label, request->serial, YES);
	else
		snprintf(prompt, sizeof(prompt),
		    ngettext(
			"%4$u wrong PIN was sent to token '%1$s' (serial %2$s) from here since the "
			"last right one.\nAnother may lock it. Type \"%3$s\" to go on, anything "
			"else to stop: ",
			"%4$u wrong PINs were sent to token '%1$s' (serial %2$s) from here since "
			"the last right one.\nAnother may lock it. Type \"%3$s\" to go on, "
			"anything else to stop: ",
			failures),
		    request->label, request->serial, YES, failures);
	st = terminal_confirm(prompt, YES, err);
	if (st == ST_CANCELLED && request->final_try)
		error_set(err, st, "%s", _("cancelled: the token's last try was not used"));
	else if (st == ST_CANCELLED)
		error_set(err, st, "%s", _("cancelled: no PIN was tried and nothing was changed"));
	return st;
}

static enum status send_to_reader(const struct pin_request *request, struct error *err)
{
	char line[PROMPT_MAX];

	if (!terminal_available())
		return ST_OK;
	fill(line, sizeof(line), _(wording_of(request->purpose)->on_pad), request);
	return terminal_say(line, err);
}

static enum status explain_no_answer(enum status st, const struct wording *words, struct error *err)
{
	if (st == ST_PIN_NEEDED) {
		error_set(err, st, "%s", _(words->missing));
		error_hint(err, "%s", _(words->options));
	} else if (st == ST_CANCELLED) {
		error_set(err, st, "%s", _("cancelled: no PIN was tried and nothing was changed"));
	}
	return st;
}

static void warn_of_failures(const struct pin_request *request, unsigned failures)
{
	char line[PROMPT_MAX];

	if (request->final_try || !is_counted(request->purpose))
		return;
	if (failures > 0)
		snprintf(line, sizeof(line),
		    ngettext("%u wrong PIN was given to this token before: take care.",
			"%u wrong PINs were given to this token before: take care.", failures),
		    failures);
	else if (request->count_low)
		snprintf(line, sizeof(line), "%s",
		    _("A wrong PIN was given to this token before: take care."));
	else
		return;
	terminal_say(line, NULL);
}

static enum status ask_person(
    const struct pin_request *request, unsigned failures, struct secret *pin, struct error *err)
{
	const struct wording *words = wording_of(request->purpose);
	struct secret again = SECRET_INIT;
	char prompt[PROMPT_MAX];
	enum status st;

	warn_of_failures(request, failures);
	fill(prompt, sizeof(prompt), _(words->prompt), request);
	st = terminal_ask_secret(prompt, pin, err);
	if (st == ST_OK && words->again != NULL) {
		fill(prompt, sizeof(prompt), _(words->again), request);
		st = terminal_ask_secret(prompt, &again, err);
		if (st == ST_OK && (again.len != pin->len ||
				       CRYPTO_memcmp(again.text, pin->text, pin->len) != 0)) {
			st = error_set(err, ST_FAILED, "%s",
			    _("the two new PINs differ; nothing was changed"));
			error_hint(err, "%s", _("start again, and type the same PIN twice"));
		}
		secret_wipe(&again);
	}
	if (st != ST_OK)
		secret_wipe(pin);
	return explain_no_answer(st, words, err);
}

/* A new PIN that the token would refuse is refused before anything is sent. */
static enum status check_length(
    const struct pin_request *request, struct secret *pin, struct error *err)
{
	if (request->purpose != PIN_NEW && request->purpose != PIN_NEW_SO)
		return ST_OK;
	if (pin->len >= request->min_len && (request->max_len == 0 || pin->len <= request->max_len))
		return ST_OK;
	secret_wipe(pin);
	error_set(err, ST_FAILED,
	    _("the token takes PINs of %u to %u characters; nothing was changed"), request->min_len,
	    request->max_len);
	error_hint(err, "%s", _("choose a new PIN of that length"));
	return ST_FAILED;
}

/* What the PIN is for, said at the terminal before anything is asked there. */
static void announce(struct ceremony_pins *pins)
{
	if (pins->about != NULL && terminal_available())
		terminal_say(pins->about, NULL);
	pins->about = NULL;
}

static enum status read_place(
    struct ceremony_pin_place *place, struct secret *pin, struct error *err)
{
	if (place->used)
		return error_set(err, ST_PIN_WRONG, "%s",
		    _("the PIN was used already and is never tried twice"));
	place->used = true;
	if (place->file != NULL)
		return secret_read_file(pin, place->file, err);
	return secret_read_fd(pin, place->fd, err);
}

static enum status ask(
    void *context, const struct pin_request *request, struct secret *pin, struct error *err)
{
	struct ceremony_pins *pins = context;
	struct ceremony_pin_place *place = place_of(pins, request->purpose);
	const bool from_person = place->file == NULL && place->fd < 0;
	const unsigned failures = is_counted(request->purpose) ? pin_failures_count(request) : 0;
	const bool risky = request->final_try || failures >= PIN_FAILURES_MAX;
	enum status st = ST_OK;

	if (risky || request->pin_pad || from_person)
		announce(pins);
	if (risky)
		st = confirm_risk(request, failures, err);
	if (st != ST_OK)
		return st;
	if (request->pin_pad)
		return send_to_reader(request, err);
	st = from_person ? ask_person(request, failures, pin, err) : read_place(place, pin, err);
	return st == ST_OK ? check_length(request, pin, err) : st;
}

static void tell(void *context, const struct pin_request *request, enum pin_outcome outcome)
{
	char line[sizeof(((struct error *)0)->what) + PROMPT_MAX];
	struct error err;

	(void)context;
	if (!is_counted(request->purpose) || pin_failures_note(request, outcome, &err) == ST_OK ||
	    !terminal_available())
		return;
	snprintf(line, sizeof(line), _("The wrong PIN could not be noted for later: %s"), err.what);
	terminal_say(line, NULL);
}

struct pin_source ceremony_pin_source(struct ceremony_pins *pins)
{
	return (struct pin_source){.ask = ask, .tell = tell, .context = pins};
}
