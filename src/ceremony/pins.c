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

/*
 * What is said of each kind of PIN, in whole sentences.  Lines end where a terminal's do, as far as
 * what is put into them allows.  Only what has tries that can be lost has the lower half.
 */
struct wording {
	const char *prompt;  /* label, serial, reader */
	const char *again;   /* typed once more: label, serial */
	const char *on_pad;  /* label, serial, reader */
	const char *missing; /* nobody can be asked */
	const char *options;

	const char *low;	       /* at the prompt: the token says so */
	const char *failed, *failed_n; /* the same: counted here; singular, plural: number */
	const char *last_refused;      /* nobody can be asked */
	const char *failed_refused, *failed_refused_n; /* the same: number */
	const char *last_confirm;		       /* label, serial, the word */
	const char *failed_confirm, *failed_confirm_n; /* label, serial, the word, number */
};

static const struct wording user_pin = {
    .prompt = N_("Reader: %3$s\nPIN of token '%1$s' (serial %2$s): "),
    .on_pad = N_("Type the PIN of token '%1$s' (serial %2$s) on the keypad\n"
		 "of the reader '%3$s' now."),
    .missing = N_("the token needs its PIN and there is no terminal to ask at"),
    .options = N_("give --pin-file FILE or --pin-fd N, or run it at a terminal"),
    .low = N_("A wrong PIN was given to this token before: take care."),
    .failed = N_("%u wrong PIN was given to this token before: take care."),
    .failed_n = N_("%u wrong PINs were given to this token before: take care."),
    .last_refused = N_("the token has one try left: a wrong PIN locks it, so it is not tried "
		       "without a person"),
    .failed_refused = N_("%u wrong PIN was sent to this token from here since the last right one, "
			 "so no other is tried without a person"),
    .failed_refused_n = N_("%u wrong PINs were sent to this token from here since the last right "
			   "one, so no other is tried without a person"),
    .last_confirm = N_("Token '%1$s' (serial %2$s) has ONE TRY LEFT. A wrong PIN locks it.\n"
		       "Type \"%3$s\" to go on, anything else to stop: "),
    .failed_confirm = N_("%4$u wrong PIN was sent to token '%1$s' (serial %2$s) from here\n"
			 "since the last right one. Another may lock it.\n"
			 "Type \"%3$s\" to go on, anything else to stop: "),
    .failed_confirm_n = N_("%4$u wrong PINs were sent to token '%1$s' (serial %2$s) from here\n"
			   "since the last right one. Another may lock it.\n"
			   "Type \"%3$s\" to go on, anything else to stop: "),
};

static const struct wording passphrase = {
    .prompt = N_("Passphrase of the key file %1$s: "),
    .missing = N_("the key is encrypted and there is no terminal to ask at"),
    .options = N_("give --pin-file FILE or --pin-fd N, or run it at a terminal"),
};

/* Nothing unlocks these. */
static const struct wording so_pin = {
    .prompt = N_("Reader: %3$s\nSO PIN or PUK of token '%1$s' (serial %2$s): "),
    .on_pad = N_("Type the SO PIN or PUK of token '%1$s' (serial %2$s) on the keypad\n"
		 "of the reader '%3$s' now."),
    .missing = N_("the token needs its SO PIN or PUK and there is no terminal to ask at"),
    .options = N_("give --so-pin-file FILE or --so-pin-fd N, or run it at a terminal"),
    .low = N_("A wrong SO PIN or PUK was given to this token before: take care."),
    .failed = N_("%u wrong SO PIN or PUK was given to this token before: take care."),
    .failed_n = N_("%u wrong SO PINs or PUKs were given to this token before: take care."),
    .last_refused = N_("the token has one try left: a wrong SO PIN or PUK locks it for good, so "
		       "it is not tried without a person"),
    .failed_refused = N_("%u wrong SO PIN or PUK was sent to this token from here since the last "
			 "right one, so no other is tried without a person"),
    .failed_refused_n = N_("%u wrong SO PINs or PUKs were sent to this token from here since the "
			   "last right one, so no other is tried without a person"),
    .last_confirm = N_("Token '%1$s' (serial %2$s) has ONE TRY LEFT.\n"
		       "A wrong SO PIN or PUK locks it FOR GOOD: nothing unlocks it then.\n"
		       "Type \"%3$s\" to go on, anything else to stop: "),
    .failed_confirm =
	N_("%4$u wrong SO PIN or PUK was sent to token '%1$s' (serial %2$s) from here\n"
	   "since the last right one. Another may lock it FOR GOOD.\n"
	   "Type \"%3$s\" to go on, anything else to stop: "),
    .failed_confirm_n =
	N_("%4$u wrong SO PINs or PUKs were sent to token '%1$s' (serial %2$s) from here\n"
	   "since the last right one. Another may lock it FOR GOOD.\n"
	   "Type \"%3$s\" to go on, anything else to stop: "),
};

static const struct wording new_pin = {
    .prompt = N_("New PIN of token '%1$s' (serial %2$s): "),
    .again = N_("The new PIN of token '%1$s' (serial %2$s) once more: "),
    .on_pad = N_("Type the new PIN of token '%1$s' (serial %2$s) on the keypad\n"
		 "of the reader '%3$s' now."),
    .missing = N_("the new PIN is needed and there is no terminal to ask at"),
    .options = N_("give --new-pin-file FILE or --new-pin-fd N, or run it at a terminal"),
};

static const struct wording new_so_pin = {
    .prompt = N_("New SO PIN of token '%1$s' (serial %2$s): "),
    .again = N_("The new SO PIN of token '%1$s' (serial %2$s) once more: "),
    .on_pad = N_("Type the new SO PIN of token '%1$s' (serial %2$s) on the keypad\n"
		 "of the reader '%3$s' now."),
    .missing = N_("a new SO PIN is needed and there is no terminal to ask at"),
    .options = N_("give --so-pin-file FILE or --so-pin-fd N, or run it at a terminal"),
};

/* A blank token has neither label nor serial number: these take its reader. */
static const struct wording blank_new_pin = {
    .prompt = N_("New PIN of the blank token in '%1$s': "),
    .again = N_("The new PIN of the blank token in '%1$s' once more: "),
    .on_pad = N_("Type the new PIN of the blank token on the keypad\nof the reader '%1$s' now."),
    .missing = N_("the new PIN is needed and there is no terminal to ask at"),
    .options = N_("give --new-pin-file FILE or --new-pin-fd N, or run it at a terminal"),
};

static const struct wording blank_new_so_pin = {
    .prompt = N_("New SO PIN of the blank token in '%1$s': "),
    .again = N_("The new SO PIN of the blank token in '%1$s' once more: "),
    .on_pad = N_("Type the new SO PIN of the blank token on the keypad\nof the reader '%1$s' now."),
    .missing = N_("a new SO PIN is needed and there is no terminal to ask at"),
    .options = N_("give --so-pin-file FILE or --so-pin-fd N, or run it at a terminal"),
};

static bool is_blank(const struct pin_request *request)
{
	return (request->purpose == PIN_NEW || request->purpose == PIN_NEW_SO) &&
	       request->label[0] == '\0' && request->serial[0] == '\0';
}

static const struct wording *wording_of(const struct pin_request *request)
{
	const bool blank = is_blank(request);

	switch (request->purpose) {
	case PIN_PASSPHRASE:
		return &passphrase;
	case PIN_SO:
		return &so_pin;
	case PIN_NEW:
		return blank ? &blank_new_pin : &new_pin;
	case PIN_NEW_SO:
		return blank ? &blank_new_so_pin : &new_so_pin;
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

/* The formats are the wordings above, which say what they take; 1 and 2 come before 3 and 4. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void fill(char *out, size_t size, const char *format, const struct pin_request *request)
{
	/* The words for a blank token take its reader only, and no number may be left out. */
	if (is_blank(request))
		snprintf(out, size, format, request->reader);
	else
		snprintf(out, size, format, request->label, request->serial, request->reader);
}

static void fill_number(char *out, size_t size, const char *one, const char *many, unsigned number)
{
	snprintf(out, size, ngettext(one, many, number), number);
}

/* What a person has to type YES to. */
static void fill_question(
    char *out, size_t size, const struct pin_request *request, unsigned failures)
{
	const struct wording *words = wording_of(request);

	if (request->final_try)
		snprintf(out, size, _(words->last_confirm), request->label, request->serial, YES);
	else
		snprintf(out, size,
		    ngettext(words->failed_confirm, words->failed_confirm_n, failures),
		    request->label, request->serial, YES, failures);
}
#pragma GCC diagnostic pop

/* Without a person. */
static enum status refuse_risk(
    const struct pin_request *request, unsigned failures, struct error *err)
{
	const struct wording *words = wording_of(request);
	char what[PROMPT_MAX];

	if (request->final_try)
		snprintf(what, sizeof(what), "%s", _(words->last_refused));
	else
		fill_number(
		    what, sizeof(what), words->failed_refused, words->failed_refused_n, failures);
	error_set(err, ST_PIN_NEEDED, "%s", what);
	error_hint(err, "%s",
	    request->purpose == PIN_SO
		? _("make sure of the SO PIN or PUK, then run the command at a terminal")
		: _("make sure of the PIN, then run the command at a terminal"));
	return ST_PIN_NEEDED;
}

/*
 * A try that may be the last is the person's to take, wherever the PIN itself comes from: a wrong
 * one locks the token.  FAILURES are those that this computer has counted.
 */
static enum status confirm_risk(
    const struct pin_request *request, unsigned failures, struct error *err)
{
	char prompt[PROMPT_MAX];
	enum status st;

	if (!terminal_available())
		return refuse_risk(request, failures, err);
	fill_question(prompt, sizeof(prompt), request, failures);
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
	fill(line, sizeof(line), _(wording_of(request)->on_pad), request);
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
	const struct wording *words = wording_of(request);
	char line[PROMPT_MAX];

	if (request->final_try || !is_counted(request->purpose))
		return;
	if (failures > 0)
		fill_number(line, sizeof(line), words->failed, words->failed_n, failures);
	else if (request->count_low)
		snprintf(line, sizeof(line), "%s", _(words->low));
	else
		return;
	terminal_say(line, NULL);
}

static enum status ask_person(
    const struct pin_request *request, unsigned failures, struct secret *pin, struct error *err)
{
	const struct wording *words = wording_of(request);
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
	return from_person ? ask_person(request, failures, pin, err) : read_place(place, pin, err);
}

static void tell(void *context, const struct pin_request *request, enum pin_outcome outcome)
{
	char line[sizeof(((struct error *)0)->what) + PROMPT_MAX];
	const bool fails = outcome == PIN_REFUSED || outcome == PIN_UNCERTAIN;
	struct ceremony_pins *pins = context;
	enum status st = ST_OK;
	struct error err;

	if (!is_counted(request->purpose))
		return;
	/* Should it fail, what came of it fails as well, and is said, or there is nothing to say.
	 */
	if (outcome == PIN_SENT) {
		pins->noted = pin_failures_note(request, PIN_SENT, &err) == ST_OK;
		return;
	}
	if (fails && !pins->noted)
		st = pin_failures_note(request, PIN_SENT, &err);
	if (st == ST_OK && (outcome != PIN_UNUSED || pins->noted))
		st = pin_failures_note(request, outcome, &err);
	pins->noted = false;
	if (st == ST_OK || !terminal_available())
		return;
	if (fails)
		snprintf(line, sizeof(line), _("The wrong PIN could not be noted for later: %s"),
		    err.what);
	else
		snprintf(line, sizeof(line),
		    _("No PIN was wrong, but the count of wrong ones could not be corrected: %s"),
		    err.what);
	terminal_say(line, NULL);
}

struct pin_source ceremony_pin_source(struct ceremony_pins *pins)
{
	return (struct pin_source){.ask = ask, .tell = tell, .context = pins};
}
