/*
 * Prepares a token: key, certificate or request, each step in its order, with nothing left half
 * done that can be undone.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/provision.h"

#include "ceremony/confirm_serial.h"
#include "ceremony/distinguished_name.h"
#include "ceremony/issue.h"
#include "ceremony/object_text.h"
#include "ceremony/terminal.h"

#include "base/file.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SITUATION_MAX 1024

/* A provision under way.  The token's texts are copies: its snapshot goes when one logs in. */
struct run {
	const struct provision *p;
	struct token_info token;
	char label[160];
	char serial[80];
	char reader[260];
	char id[OBJECT_ID_TEXT_MAX];
	char subject[OBJECT_TEXT_MAX];
	char object_label[OBJECT_LABEL_MAX + 1];
	char about[1024];
	struct token_session *session;
	EVP_PKEY *key;
	bool bare;	 /* no certificate shows */
	bool confirmed;	 /* that what is under the id may be destroyed */
	bool destroying; /* that was begun */
	bool destroyed;	 /* and is done */
	bool made;	 /* the new key is on the token */
	bool unlinked;	 /* a request was written and is gone again */
};

static enum status at_token(const struct run *run, struct error *err)
{
	if (err->where[0] == '\0')
		error_where(err, _("token '%s' (serial %s)"), run->label, run->serial);
	return err->status;
}

static void start(struct run *run)
{
	const struct provision *p = run->p;

	text_cut_into(run->label, sizeof(run->label), p->token->label);
	text_cut_into(run->serial, sizeof(run->serial), p->token->serial);
	text_cut_into(run->reader, sizeof(run->reader), p->token->reader);
	run->token = (struct token_info){.label = run->label,
	    .serial = run->serial,
	    .reader = run->reader,
	    .slot_id = p->token->slot_id};
	object_id_text(run->id, p->id);
	object_name_text(run->subject, p->subject);
	object_label(run->object_label, p->label, p->subject);
}

/* ---- what is there already ------------------------------------------------------------------ */

/* WHAT stands under the id: the person may say that it can go. */
static enum status ask_to_replace(struct run *run, const char *what, struct error *err)
{
	char situation[SITUATION_MAX];

	if (run->p->replace != NULL || run->confirmed) {
		run->confirmed = true;
		return ST_OK;
	}
	if (confirm_serial_possible(&run->token, err) != ST_OK)
		return err->status;
	if (!terminal_available()) {
		error_set(err, ST_EXISTS, _("under id %s there is already: %s"), run->id, what);
		error_hint(err,
		    _("choose another --id, or destroy what is there for ever with --replace %s"),
		    confirm_serial_word(&run->token));
		return at_token(run, err);
	}
	snprintf(situation, sizeof(situation),
	    _("Under id %s token '%s' (serial %s) has already:\n  %s\n"
	      "A new key there DESTROYS this for ever, the private key too.\n"),
	    run->id, run->label, run->serial, what);
	run->confirmed = true;
	return confirm_serial_ask(&run->token, situation, err);
}

/* Certificates can be seen without a PIN. */
static enum status look_at_certificates(struct run *run, struct error *err)
{
	const struct provision *p = run->p;
	const struct token_certificate *list;
	size_t n;
	enum status st = tokens_certificates(p->tokens, p->token, &list, &n, err);

	run->bare = st == ST_OK && n == 0;
	for (size_t i = 0; st == ST_OK && i < n && !run->confirmed; i++) {
		char name[OBJECT_TEXT_MAX], what[OBJECT_TEXT_MAX + 64];

		if (!bytes_equal(list[i].id, p->id))
			continue;
		object_name_text(name, X509_get_subject_name(list[i].x509));
		snprintf(what, sizeof(what), _("the certificate of %s"), name);
		st = ask_to_replace(run, what, err);
	}
	return st;
}

/* The keys only once logged in. */
static enum status look_at_objects(struct run *run, struct error *err)
{
	struct token_objects there;
	char what[256];
	enum status st = token_session_look(run->session, run->p->id, &there, err);

	if (st != ST_OK || there.n_private_keys + there.n_public_keys + there.n_certificates == 0)
		return st;
	if (there.n_private_keys > 0 && there.n_certificates == 0)
		snprintf(what, sizeof(what), "%s",
		    _("a key without a certificate, made for a request or by a run that was "
		      "ended"));
	else
		snprintf(what, sizeof(what),
		    _("private keys: %zu, public keys: %zu, certificates: %zu"),
		    there.n_private_keys, there.n_public_keys, there.n_certificates);
	st = ask_to_replace(run, what, err);
	if (st != ST_OK)
		return st;
	/* Keys go first, so one that fails may have destroyed what cannot be had again. */
	run->destroying = true;
	st = token_session_destroy(run->session, run->p->id, err);
	run->destroyed = st == ST_OK;
	return st;
}

/* A request that is there may be at a CA already: it is never replaced. */
static enum status say_of_file(enum status st, struct error *err)
{
	if (st == ST_EXISTS)
		error_hint(err, "%s", _("give --csr another name, or move the file away"));
	return st;
}

/* ---- before the PIN ------------------------------------------------------------------------- */

static enum status check(struct run *run, struct error *err)
{
	const struct provision *p = run->p;
	enum status st = distinguished_name_check_length(p->subject, err);

	if (st == ST_OK && p->csr == NULL)
		st = issue_check_dates(p->days, err);
	if (st == ST_OK && p->csr != NULL)
		st = say_of_file(file_check_writable(p->csr, false, err), err);
	if (st == ST_OK && p->replace != NULL)
		st = confirm_serial_given(p->token, "--replace", p->replace, err);
	if (st == ST_OK)
		st = look_at_certificates(run, err);
	return st;
}

static void describe(struct run *run)
{
	const struct provision *p = run->p;
	struct buffer end = BUFFER_INIT;
	const char *date;
	char file[256];

	if (p->csr != NULL) {
		text_printable_into(file, sizeof(file), text_bytes(p->csr));
		snprintf(run->about, sizeof(run->about),
		    _("About to make an RSA-%u key on token '%s' (serial %s), id %s, and to write "
		      "the request for %s to %s."),
		    p->bits, run->label, run->serial, run->id, run->subject, file);
	} else {
		text_time_local(&end, time(NULL) + (time_t)p->days * 24 * 60 * 60);
		date = buffer_text(&end);
		snprintf(run->about, sizeof(run->about),
		    _("About to make an RSA-%u key on token '%s' (serial %s), id %s, and its "
		      "self-signed certificate %s, valid to %s."),
		    p->bits, run->label, run->serial, run->id, run->subject,
		    date != NULL ? date : "");
		buffer_free(&end);
	}
	if (run->confirmed || p->replace != NULL) {
		size_t len = strlen(run->about);

		snprintf(run->about + len, sizeof(run->about) - len,
		    _("\nWhat is there under id %s is DESTROYED first."), run->id);
	}
	p->pins->about = run->about;
}

/* ---- the work ------------------------------------------------------------------------------- */

static enum status sign(
    void *context, struct bytes digest_info, uint8_t *signature, size_t *len, struct error *err)
{
	struct run *run = context;

	return token_session_sign(run->session, run->key, digest_info, signature, len, err);
}

static enum status generate(struct run *run, struct error *err)
{
	const struct provision *p = run->p;
	enum status st;

	if (p->busy != NULL)
		p->busy(p->context, true);
	st =
	    token_session_generate(run->session, p->bits, p->id, run->object_label, &run->key, err);
	if (p->busy != NULL)
		p->busy(p->context, false);
	run->made = st == ST_OK;
	return st;
}

/*
 * The directory may fail to keep the file that is in it: a request for a key that is destroyed must
 * not get to a CA.  What somebody else has put there is not like it.
 */
static void take_back_request(struct run *run, struct bytes pem)
{
	char *real = realpath(run->p->csr, NULL);
	struct buffer there = BUFFER_INIT;
	struct error err;

	if (real != NULL && file_read(real, pem.len, &there, NULL, &err) == ST_OK &&
	    bytes_equal(buffer_bytes(&there), pem))
		run->unlinked = unlink(real) == 0;
	buffer_free(&there);
	free(real);
}

static enum status write_request(struct run *run, const struct issue *issue, struct error *err)
{
	const char *path = run->p->csr;
	struct buffer pem = BUFFER_INIT;
	enum status st = issue_request(issue, &pem, err);

	if (st == ST_OK) {
		st = file_write_durably(path, buffer_bytes(&pem), false, 0644, err);
		if (st != ST_OK && st != ST_EXISTS)
			take_back_request(run, buffer_bytes(&pem));
		say_of_file(st, err);
	}
	buffer_free(&pem);
	return st;
}

static enum status store_certificate(
    struct run *run, const struct issue *issue, X509 **certificate, struct error *err)
{
	enum status st = issue_certificate(issue, certificate, err);

	if (st == ST_OK)
		st = token_session_store(
		    run->session, *certificate, run->p->id, run->object_label, err);
	return st;
}

static enum status work(struct run *run, X509 **certificate, struct error *err)
{
	const struct provision *p = run->p;
	struct issue issue = {.subject = p->subject, .days = p->days, .sign = sign, .context = run};
	enum status st = look_at_objects(run, err);

	if (st == ST_OK)
		st = generate(run, err);
	if (st != ST_OK)
		return st;
	issue.key = run->key;
	if (p->csr != NULL)
		return write_request(run, &issue, err);
	return store_certificate(run, &issue, certificate, err);
}

/* ---- what failed ---------------------------------------------------------------------------- */

/* Adds one more sentence to what the person is to do. */
static void add_hint(struct error *err, const char *sentence)
{
	char before[sizeof(err->hint)];

	text_cut_into(before, sizeof(before), err->hint);
	error_hint(err, before[0] != '\0' ? "%2$s; %1$s" : "%1$s", sentence, before);
}

/* Whether the module's own answer stands in the error. */
static bool names(const struct error *err, const char *ckr)
{
	return strstr(err->what, ckr) != NULL;
}

/* A key without a certificate is of no use to anybody, and would be in the way the next time. */
static void take_back(struct run *run, struct error *err)
{
	struct error second;
	char sentence[256];

	if (run->made) {
		if (token_session_destroy(run->session, run->p->id, &second) == ST_OK)
			snprintf(
			    sentence, sizeof(sentence), "%s", _("the new key was destroyed again"));
		else
			snprintf(sentence, sizeof(sentence),
			    _("the new key may still be on the token: give --replace %s the next "
			      "time"),
			    confirm_serial_word(&run->token));
		add_hint(err, sentence);
	}
	if (run->unlinked)
		add_hint(err, _("the request was removed again"));
	if (run->destroying) {
		snprintf(sentence, sizeof(sentence),
		    run->destroyed
			? _("what was under id %s before is destroyed already")
			: _("what was under id %s before may be destroyed, wholly or in part"),
		    run->id);
		add_hint(err, sentence);
	} else if (!run->made && (names(err, "CKR_MECHANISM_INVALID") ||
				     names(err, "CKR_FUNCTION_NOT_SUPPORTED"))) {
		add_hint(err, _("nothing was changed"));
	}
}

/* A SmartCard-HSM as it comes looks initialised, and only its login is not like that of others. */
static void explain_login(const struct run *run, struct error *err)
{
	char sentence[256];

	if (!run->bare || !names(err, "CKR_GENERAL_ERROR"))
		return;
	snprintf(sentence, sizeof(sentence),
	    _("if it was never initialised: ctlsign token init %s --label NAME"),
	    confirm_serial_word(&run->token));
	add_hint(err, sentence);
}

enum status provision_run(const struct provision *provision, X509 **certificate, struct error *err)
{
	const struct pin_source pins = ceremony_pin_source(provision->pins);
	struct run run = {.p = provision};
	enum status st;

	*certificate = NULL;
	start(&run);
	st = check(&run, err);
	if (st != ST_OK)
		return st;
	describe(&run);
	st = token_session_open(provision->tokens, provision->token, &pins, &run.session, err);
	if (st == ST_OK) {
		st = work(&run, certificate, err);
		if (st != ST_OK) {
			at_token(&run, err);
			take_back(&run, err);
		}
	} else {
		explain_login(&run, err);
	}
	token_session_close(run.session);
	provision->pins->about = NULL;
	EVP_PKEY_free(run.key);
	if (st != ST_OK) {
		X509_free(*certificate);
		*certificate = NULL;
	}
	return st;
}
