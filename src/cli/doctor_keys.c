/*
 * `ctlsign doctor`: a token's keys and certificates in words.  No PIN is asked for, so what a token
 * hides until then is told as not seen.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include "base/text.h"
#include "ceremony/ceremony.h"
#include "trustlist/trustlist.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY (24 * 3600)

enum validity { VALID, NOT_YET, EXPIRES_SOON, EXPIRED };

static enum validity validity_of(const X509 *certificate, time_t *from, time_t *to)
{
	const time_t now = time(NULL);

	if (!tl_certificate_validity(certificate, from, to) || *to < now)
		return EXPIRED;
	if (*from > now)
		return NOT_YET;
	return *to - now < (time_t)CEREMONY_EXPIRY_DAYS * DAY ? EXPIRES_SOON : VALID;
}

static bool is_rsa(const X509 *certificate)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);

	return key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

/* No key at all shows: they are hidden until the PIN is given, or there are none. */
static bool keys_hidden(const struct surveyed_token *t)
{
	return t->n_keys == 0 && t->n_certificates > 0;
}

/* INDEX is of the token's certificates. */
static bool can_sign(const struct surveyed_token *t, size_t index)
{
	const X509 *certificate = t->certificates[index].x509;
	time_t from, to;
	enum validity validity = validity_of(certificate, &from, &to);

	return is_rsa(certificate) && (t->has_key[index] || keys_hidden(t)) &&
	       validity != EXPIRED && validity != NOT_YET;
}

bool doctor_token_usable(const struct surveyed_token *t)
{
	if (t->problem.status != ST_OK || t->info->pin_locked ||
	    (t->info->login_required && !t->info->pin_initialised))
		return false;
	for (size_t i = 0; i < t->n_certificates; i++)
		if (can_sign(t, i))
			return true;
	/* A key's certificate may come from a file. */
	for (size_t i = 0; i < t->n_keys; i++)
		if (t->keys[i].rsa && t->keys[i].certificate == NULL)
			return true;
	return false;
}

/* "with id 01", for people who compare with other tools. */
static const char *id_text(struct bytes id, char *out, size_t size)
{
	struct buffer hex = BUFFER_INIT;
	const char *text;

	text_hex(&hex, id, '\0', true);
	text = buffer_text(&hex);
	text_cut_into(out, size, text != NULL && hex.len > 0 ? text : "-");
	buffer_free(&hex);
	return out;
}

/* Phones take RSA keys of up to 4096 bits, many of them up to 2048. */
static void key_size(struct doctor *doctor, unsigned bits, const char *id)
{
	if (bits > 4096) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_BAD,
		    _("RSA-%u, id %s: no phone takes more than 4096 bits"), bits, id);
		doctor_mend(doctor, DOCTOR_MEND_DO, _("use a token with an RSA-2048 key"));
	} else if (bits > 2048) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_WARNING,
		    _("RSA-%u, id %s: many phones refuse more than 2048 bits"), bits, id);
		doctor_mend(doctor, DOCTOR_MEND_DO, _("use a token with an RSA-2048 key"));
	} else if (bits > 0 && bits < 2048) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_WARNING,
		    _("RSA-%u, id %s: less than 2048 bits are weak"), bits, id);
		doctor_mend(doctor, DOCTOR_MEND_DO, _("use a token with an RSA-2048 key"));
	} else if (bits == 0) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_OK,
		    _("RSA, id %s; it does not tell its size"), id);
	} else {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_OK, _("RSA-%u, id %s"), bits, id);
	}
}

static void key(struct doctor *doctor, const struct surveyed_token *t, const struct token_key *k)
{
	char id[64];

	id_text(k->id, id, sizeof(id));
	if (!k->rsa) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_NOT_APPLICABLE,
		    _("id %s is no RSA key; lists are signed with RSA only"), id);
		return;
	}
	key_size(doctor, k->bits, id);
	if (k->certificate != NULL)
		return;
	doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_WARNING,
	    _("none on the token fits the key with id %s; CERTFILE is what its CA made for it"),
	    id);
	doctor_mend_token(doctor, t->info, "import", "CERTFILE");
}

static const char *subject_of(const X509 *certificate, char *out, size_t size)
{
	struct buffer raw = BUFFER_INIT;

	out[0] = '\0';
	if (tl_name_text(X509_get_subject_name(certificate), TL_NAMES_CUCM, &raw, NULL) == ST_OK)
		text_printable_into(out, size, buffer_bytes(&raw));
	buffer_free(&raw);
	return out;
}

static const char *time_text(time_t when, char *out, size_t size)
{
	struct buffer local = BUFFER_INIT;
	const char *text;

	text_time_local(&local, when);
	text = buffer_text(&local);
	text_cut_into(out, size, text != NULL ? text : "");
	buffer_free(&local);
	return out;
}

/* A new certificate for the same key, in the place of this one. */
static void mend_expiry(struct doctor *doctor, const struct token_info *token)
{
	char word[128], rest[160];

	snprintf(rest, sizeof(rest), "CERTFILE --replace %s",
	    doctor_shell_word(token->serial, word, sizeof(word)));
	doctor_mend_token(doctor, token, "import", rest);
}

static void certificate_dates(struct doctor *doctor, const struct surveyed_token *t,
    const struct token_certificate *c, const char *subject)
{
	char when[64];
	time_t from = 0, to = 0;

	switch (validity_of(c->x509, &from, &to)) {
	case EXPIRED:
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_BAD,
		    _("certificate %s expired on %s; CERTFILE is what its CA makes anew for the "
		      "same key"),
		    subject, time_text(to, when, sizeof(when)));
		mend_expiry(doctor, t->info);
		return;
	case NOT_YET:
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_BAD,
		    _("certificate %s is not valid before %s"), subject,
		    time_text(from, when, sizeof(when)));
		doctor_mend(doctor, DOCTOR_MEND_DO, _("check this computer's clock"));
		return;
	case EXPIRES_SOON:
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_WARNING,
		    _("certificate %s expires soon, on %s; CERTFILE is what its CA makes anew for "
		      "the same key"),
		    subject, time_text(to, when, sizeof(when)));
		mend_expiry(doctor, t->info);
		return;
	case VALID:
		break;
	}
	doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_OK, _("%s, valid to %s"), subject,
	    time_text(to, when, sizeof(when)));
}

static void certificate(struct doctor *doctor, const struct surveyed_token *t, size_t index)
{
	const struct token_certificate *c = &t->certificates[index];
	char subject[512];

	subject_of(c->x509, subject, sizeof(subject));
	if (!is_rsa(c->x509)) {
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_NOT_APPLICABLE,
		    _("%s is not for an RSA key; lists are signed with RSA only"), subject);
	} else if (keys_hidden(t)) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_WARNING,
		    _("none shows without the PIN; whether one is there shows at the login"));
		certificate_dates(doctor, t, c, subject);
	} else if (!t->has_key[index]) {
		/* Such as its CA's, beside its own.  That it lacks a key is told of the keys. */
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_NOT_APPLICABLE,
		    _("%s has no key on the token"), subject);
	} else {
		certificate_dates(doctor, t, c, subject);
	}
}

/* The certificate of a key, told beside it. */
static void certificates(
    struct doctor *doctor, const struct surveyed_token *t, const struct token_certificate *of_key)
{
	for (size_t i = 0; i < t->n_certificates; i++)
		if (&t->certificates[i] == of_key)
			certificate(doctor, t, i);
}

static bool is_told(const struct surveyed_token *t, const struct token_certificate *c)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (t->keys[i].certificate == c)
			return true;
	return false;
}

static bool has_rsa_key(const struct surveyed_token *t)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (t->keys[i].rsa)
			return true;
	return false;
}

/* The token's label as a CN, of what needs no quotes in a name nor in a shell. */
static void mend_no_key(struct doctor *doctor, const struct token_info *t)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	/* OpenSC names the card's PIN behind the label. */
	const char *end = strstr(t->label, " (");
	char rest[128] = "--subject CN=";
	const size_t begin = strlen(rest);
	size_t len = begin;

	if (end == NULL || end == t->label)
		end = t->label + strlen(t->label);
	for (const char *p = t->label; p < end && len < begin + 60; p++) {
		if (strchr(plain, *p) != NULL)
			rest[len++] = *p;
		else if (len > begin && rest[len - 1] != '-')
			rest[len++] = '-';
	}
	while (len > begin && rest[len - 1] == '-')
		len--;
	snprintf(rest + len, sizeof(rest) - len, "%s", len == begin ? "SAST" : "");
	doctor_mend_token(doctor, t, "provision", rest);
}

/*
 * A SmartCard-HSM that was never initialised calls itself initialised, and its PIN set.  It has the
 * label that it was made with.
 */
static bool may_be_blank(const struct surveyed_token *t)
{
	static const char made_with[] = "SmartCard-HSM";

	return t->n_keys == 0 && t->n_certificates == 0 &&
	       strstr(t->info->manufacturer, "CardContact") != NULL &&
	       strncmp(t->info->label, made_with, strlen(made_with)) == 0;
}

static void no_key(struct doctor *doctor, const struct surveyed_token *t)
{
	if (may_be_blank(t)) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_BAD,
		    _("token '%s' shows neither keys nor certificates: it may never have been "
		      "initialised"),
		    t->info->label);
		doctor_mend_init(doctor, t->info);
		return;
	}
	doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_BAD, _("token '%s' has no RSA key that shows"),
	    t->info->label);
	mend_no_key(doctor, t->info);
}

void doctor_token_keys(struct doctor *doctor, const struct surveyed_token *t)
{
	if (t->problem.status != ST_OK) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_BAD, "%s", t->problem.what);
		doctor_mend(doctor, DOCTOR_MEND_DO, "%s",
		    t->problem.hint[0] != '\0'
			? t->problem.hint
			: _("unplug the token, plug it in again, and start again"));
		return;
	}
	if (!has_rsa_key(t) && !keys_hidden(t))
		no_key(doctor, t);
	for (size_t i = 0; i < t->n_keys; i++) {
		key(doctor, t, &t->keys[i]);
		certificates(doctor, t, t->keys[i].certificate);
	}
	for (size_t i = 0; i < t->n_certificates; i++)
		if (!is_told(t, &t->certificates[i]))
			certificate(doctor, t, i);
}
