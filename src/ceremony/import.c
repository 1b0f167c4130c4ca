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
};

/* An import under way. */
struct run {
	const struct import *p;
	struct token_info token; /* with copies of the texts */
	char label[160];
	char serial[80];
	char subject[OBJECT_TEXT_MAX];
	char about[1024];
	struct kept *kept;
	size_t n_kept;
	struct token_session *session;
	struct buffer id;
	bool confirmed; /* that the other certificate may be removed */
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
	}
	return ST_OK;
}

/* ---- other certificates of the same key ----------------------------------------------------- */

static enum status ask_to_replace(struct run *run, const struct kept *other, struct error *err)
{
	char situation[1024], name[OBJECT_TEXT_MAX], id[OBJECT_ID_TEXT_MAX];

	if (run->p->replace != NULL || run->confirmed) {
		run->confirmed = true;
		return ST_OK;
	}
	object_name_text(name, X509_get_subject_name(other->x509));
	object_id_text(id, buffer_bytes(&other->id));
	if (!terminal_available()) {
		error_set(err, ST_EXISTS, _("under id %s there is already the certificate of %s"),
		    id, name);
		error_hint(err, _("replace it, but not its key, with --replace %s"),
		    confirm_serial_word(&run->token));
		return at_token(run, err);
	}
	snprintf(situation, sizeof(situation),
	    _("Under id %s token '%s' (serial %s) has already the certificate of\n  %s\n"
	      "The new one REPLACES it. The key stays.\n"),
	    id, run->label, run->serial, name);
	run->confirmed = true;
	return confirm_serial_ask(&run->token, situation, err);
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
	enum status st = ST_OK;

	for (size_t i = 0; i < run->n_kept; i++) {
		if (X509_cmp(run->kept[i].x509, run->p->certificate) != 0)
			continue;
		object_id_text(id, buffer_bytes(&run->kept[i].id));
		error_set(
		    err, ST_EXISTS, _("this certificate is on the token already, under id %s"), id);
		error_hint(err, "%s", _("nothing is left to do"));
		return at_token(run, err);
	}
	for (size_t i = 0; st == ST_OK && i < run->n_kept; i++)
		if (same_key(run->kept[i].x509, run->p->certificate))
			st = ask_to_replace(run, &run->kept[i], err);
	return st;
}

/* The same once the key's id is known: a certificate of another key may stand there. */
static enum status look_after(struct run *run, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < run->n_kept; i++)
		if (bytes_equal(buffer_bytes(&run->kept[i].id), buffer_bytes(&run->id)))
			st = ask_to_replace(run, &run->kept[i], err);
	return st;
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

static enum status remove_others(struct run *run, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < run->n_kept; i++)
		if (bytes_equal(buffer_bytes(&run->kept[i].id), buffer_bytes(&run->id)))
			st = token_session_remove_certificate(run->session, run->kept[i].x509, err);
	if (st != ST_OK) {
		at_token(run, err);
		error_hint(err, "%s",
		    _("the new certificate is stored, and the old one is still there beside it: "
		      "name the new one by its id and label when you sign"));
	}
	return st;
}

static enum status work(struct run *run, struct error *err)
{
	char label[OBJECT_LABEL_MAX + 1];
	enum status st = find_key(run, err);

	if (st == ST_OK)
		st = look_after(run, err);
	if (st != ST_OK)
		return st;
	object_label(label, run->p->label, X509_get_subject_name(run->p->certificate));
	st = token_session_store(
	    run->session, run->p->certificate, buffer_bytes(&run->id), label, err);
	return st == ST_OK ? remove_others(run, err) : st;
}

static void free_run(struct run *run)
{
	for (size_t i = 0; i < run->n_kept; i++) {
		X509_free(run->kept[i].x509);
		buffer_free(&run->kept[i].id);
	}
	free(run->kept);
	buffer_free(&run->id);
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
	struct run run = {.p = import, .id = BUFFER_INIT};
	enum status st = ST_OK;

	text_cut_into(run.label, sizeof(run.label), import->token->label);
	text_cut_into(run.serial, sizeof(run.serial), import->token->serial);
	run.token = (struct token_info){.label = run.label, .serial = run.serial};
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
