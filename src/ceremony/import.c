/*
 * Brings a certificate to its key.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/import.h"

#include "ceremony/confirm_serial.h"
#include "ceremony/object_text.h"
#include "ceremony/terminal.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A certificate of the token, kept when the snapshot goes. */
struct kept {
	X509 *x509;
	struct buffer id;
	char label[OBJECT_LABEL_MAX + 1];
	bool has_key; /* a key shows under its id */
	bool removed; /* or may be */
};

/* An import under way. */
struct run {
	const struct import *p;
	struct token_info token; /* with copies of the texts */
	char label[160];
	char serial[80];
	char reader[260];
	char subject[OBJECT_TEXT_MAX];
	char about[1024];
	struct kept *kept;
	size_t n_kept;
	struct token_session *session;
	struct buffer id;	 /* the key's */
	struct buffer confirmed; /* under this id all of KEPT may be removed; empty: nowhere */
};

static enum status at_token(const struct run *run, struct error *err)
{
	if (err->where[0] == '\0')
		error_where(err, _("token '%s' (serial %s)"), run->label, run->serial);
	return err->status;
}

static enum status keep_certificates(struct run *run, struct error *err)
{
	const struct token_certificate *list;
	size_t n;
	enum status st = tokens_certificates(run->p->tokens, run->p->token, &list, &n, err);

	if (st != ST_OK)
		return st;
	run->kept = calloc(n + 1, sizeof(*run->kept));
	if (run->kept == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		struct kept *kept = &run->kept[run->n_kept++];

		X509_up_ref(list[i].x509);
		kept->x509 = list[i].x509;
		buffer_add(&kept->id, list[i].id.data, list[i].id.len);
		text_cut_into(kept->label, sizeof(kept->label), list[i].label);
		kept->has_key = list[i].has_key;
	}
	return ST_OK;
}

/* ---- other certificates under the same id --------------------------------------------------- */

static bool is_in_the_way(const struct kept *kept, struct bytes id)
{
	return bytes_equal(buffer_bytes(&kept->id), id);
}

/* Appends the names of what would be removed; returns how many there are. */
static size_t list_others(const struct run *run, struct bytes id, struct buffer *out)
{
	char name[OBJECT_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < run->n_kept; i++) {
		if (!is_in_the_way(&run->kept[i], id))
			continue;
		object_name_text(name, X509_get_subject_name(run->kept[i].x509));
		buffer_printf(out, "%s%s", n++ > 0 ? "\n  " : "", name);
	}
	return n;
}

static enum status ask_to_remove(
    const struct run *run, const char *id, const char *names, size_t n, struct error *err)
{
	struct buffer situation = BUFFER_INIT;
	const char *text;
	enum status st = confirm_serial_possible(&run->token, err);

	if (st != ST_OK)
		return st;
	if (!terminal_available()) {
		error_set(err, ST_EXISTS,
		    ngettext("under id %s there is already the certificate of %s",
			"under id %s there are already the certificates of %s", (unsigned long)n),
		    id, names);
		error_hint(err,
		    ngettext("replace it, but not its key, with --replace %s",
			"replace all of them, but not their key, with --replace %s",
			(unsigned long)n),
		    confirm_serial_word(&run->token));
		return at_token(run, err);
	}
	buffer_printf(&situation,
	    ngettext("Under id %s token '%s' (serial %s) has already the certificate of\n  %s\n"
		     "The new one REPLACES it. The key stays.\n",
		"Under id %s token '%s' (serial %s) has already the certificates of\n  %s\n"
		"The new one REPLACES all of them. The key stays.\n",
		(unsigned long)n),
	    id, run->label, run->serial, names);
	text = buffer_text(&situation);
	st = text != NULL ? confirm_serial_ask(&run->token, text, err) : error_no_memory(err);
	buffer_free(&situation);
	return st;
}

/* Nothing is asked twice about one id. */
static enum status look_under(struct run *run, struct bytes id, struct error *err)
{
	struct buffer names = BUFFER_INIT;
	char id_text[OBJECT_ID_TEXT_MAX];
	const size_t n = list_others(run, id, &names);
	const char *text = buffer_text(&names);
	enum status st = ST_OK;

	object_id_text(id_text, id);
	if (text == NULL)
		st = error_no_memory(err);
	else if (n > 0 && run->p->replace == NULL &&
		 !bytes_equal(buffer_bytes(&run->confirmed), id))
		st = ask_to_remove(run, id_text, text, n, err);
	if (st == ST_OK && n > 0) {
		buffer_reset(&run->confirmed);
		buffer_add(&run->confirmed, id.data, id.len);
	}
	buffer_free(&names);
	return st;
}

static bool same_key(const X509 *a, const X509 *b)
{
	const EVP_PKEY *key = X509_get0_pubkey(a), *other = X509_get0_pubkey(b);
	const bool same = key != NULL && other != NULL && EVP_PKEY_eq(key, other) == 1;

	ERR_clear_error();
	return same;
}

/* What can be seen without a PIN. */
static enum status look_before(struct run *run, struct error *err)
{
	char id[OBJECT_ID_TEXT_MAX];

	for (size_t i = 0; i < run->n_kept; i++) {
		if (X509_cmp(run->kept[i].x509, run->p->certificate) != 0)
			continue;
		object_id_text(id, buffer_bytes(&run->kept[i].id));
		error_set(
		    err, ST_EXISTS, _("this certificate is on the token already, under id %s"), id);
		error_hint(err, "%s", _("nothing is left to do"));
		return at_token(run, err);
	}
	/*
	 * The key's id is only known after the login.  Where a certificate of the key stands beside
	 * one it can be no other, unless the token is odd; then it is asked again.
	 */
	for (size_t i = 0; i < run->n_kept; i++)
		if (run->kept[i].has_key && same_key(run->kept[i].x509, run->p->certificate))
			return look_under(run, buffer_bytes(&run->kept[i].id), err);
	return ST_OK;
}

/* ---- the work ------------------------------------------------------------------------------- */

static enum status find_key(struct run *run, struct error *err)
{
	const struct import *p = run->p;
	char have[OBJECT_ID_TEXT_MAX], want[OBJECT_ID_TEXT_MAX];
	enum status st =
	    token_session_find_key(run->session, X509_get0_pubkey(p->certificate), &run->id, err);

	if (st == ST_NO_KEY) {
		error_set(err, st, _("the certificate of %s fits no private key on this token"),
		    run->subject);
		error_hint(err, "%s",
		    _("take the token that the request was made with, and the certificate that "
		      "the CA made from it"));
		return at_token(run, err);
	}
	if (st != ST_OK || p->id.len == 0 || bytes_equal(p->id, buffer_bytes(&run->id)))
		return st;
	object_id_text(have, buffer_bytes(&run->id));
	object_id_text(want, p->id);
	error_set(
	    err, ST_NO_KEY, _("the key that fits the certificate has id %s, not %s"), have, want);
	error_hint(err, _("give --id %s, or leave it out"), have);
	return at_token(run, err);
}

/* The list that was asked about, and nothing else. */
static enum status remove_others(struct run *run, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < run->n_kept; i++) {
		if (!is_in_the_way(&run->kept[i], buffer_bytes(&run->id)))
			continue;
		/* Also when that fails: it may be gone all the same. */
		run->kept[i].removed = true;
		st = token_session_remove_certificate(run->session, run->kept[i].x509, err);
	}
	return st;
}

static bool put_back_others(struct run *run)
{
	bool complete = true;
	struct error err;

	for (size_t i = 0; i < run->n_kept; i++) {
		const struct kept *kept = &run->kept[i];
		enum status st = ST_OK;

		if (kept->removed)
			st = token_session_store(
			    run->session, kept->x509, buffer_bytes(&kept->id), kept->label, &err);
		complete = complete && (st == ST_OK || st == ST_EXISTS);
	}
	return complete;
}

/* For a token that takes no second certificate under an id, as OpenSC's, or has no room for it. */
static enum status remove_first(struct run *run, const char *label, struct error *err)
{
	enum status st = remove_others(run, err);

	if (st == ST_OK)
		st = token_session_store(
		    run->session, run->p->certificate, buffer_bytes(&run->id), label, err);
	if (st == ST_OK)
		return ST_OK;
	at_token(run, err);
	if (put_back_others(run))
		error_hint(err, "%s", _("nothing was changed: what was there was put back"));
	else
		error_hint(err, "%s",
		    _("what was there is removed and could not be put back: store a copy of it "
		      "with ctlsign token import; the key is still there"));
	return st;
}

static enum status store_and_remove(struct run *run, const char *label, struct error *err)
{
	const bool replace = run->confirmed.len > 0;
	enum status st = token_session_store(
	    run->session, run->p->certificate, buffer_bytes(&run->id), label, err);

	if (st == ST_TOKEN && replace)
		return remove_first(run, label, err);
	if (st != ST_OK || !replace)
		return st;
	st = remove_others(run, err);
	if (st != ST_OK) {
		at_token(run, err);
		error_hint(err, "%s",
		    _("the new certificate is stored, and the old one may still be there beside "
		      "it: name the new one by its id and label when you sign"));
	}
	return st;
}

static enum status work(struct run *run, struct error *err)
{
	char label[OBJECT_LABEL_MAX + 1];
	enum status st = find_key(run, err);

	if (st == ST_OK)
		st = look_under(run, buffer_bytes(&run->id), err);
	if (st != ST_OK)
		return st;
	/* What was said of another id does not count here. */
	if (!bytes_equal(buffer_bytes(&run->confirmed), buffer_bytes(&run->id)))
		buffer_reset(&run->confirmed);
	object_label(label, run->p->label, X509_get_subject_name(run->p->certificate));
	return store_and_remove(run, label, err);
}

static void free_run(struct run *run)
{
	for (size_t i = 0; i < run->n_kept; i++) {
		X509_free(run->kept[i].x509);
		buffer_free(&run->kept[i].id);
	}
	free(run->kept);
	buffer_free(&run->id);
	buffer_free(&run->confirmed);
}

static enum status log_in_and_work(struct run *run, struct error *err)
{
	const struct pin_source pins = ceremony_pin_source(run->p->pins);
	enum status st;

	snprintf(run->about, sizeof(run->about),
	    _("About to store the certificate of %s on token '%s' (serial %s)."), run->subject,
	    run->label, run->serial);
	run->p->pins->about = run->about;
	st = token_session_open(run->p->tokens, run->p->token, &pins, &run->session, err);
	if (st == ST_OK)
		st = work(run, err);
	token_session_close(run->session);
	run->p->pins->about = NULL;
	return st;
}

enum status import_run(const struct import *import, struct error *err)
{
	struct run run = {.p = import, .id = BUFFER_INIT, .confirmed = BUFFER_INIT};
	enum status st = ST_OK;

	text_cut_into(run.label, sizeof(run.label), import->token->label);
	text_cut_into(run.serial, sizeof(run.serial), import->token->serial);
	text_cut_into(run.reader, sizeof(run.reader), import->token->reader);
	run.token = (struct token_info){.label = run.label,
	    .serial = run.serial,
	    .reader = run.reader,
	    .slot_id = import->token->slot_id};
	object_name_text(run.subject, X509_get_subject_name(import->certificate));
	if (import->replace != NULL)
		st = confirm_serial_given(import->token, "--replace", import->replace, err);
	if (st == ST_OK)
		st = keep_certificates(&run, err);
	if (st == ST_OK)
		st = look_before(&run, err);
	if (st == ST_OK)
		st = log_in_and_work(&run, err);
	if (st != ST_OK)
		at_token(&run, err);
	free_run(&run);
	return st;
}
