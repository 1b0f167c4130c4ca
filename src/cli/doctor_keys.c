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
	    _("none on the token fits the key with id %s"), id);
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

static void certificate_dates(struct doctor *doctor, const struct surveyed_token *t,
    const struct token_certificate *c, const char *subject)
{
	char when[64];
	time_t from = 0, to = 0;

	switch (validity_of(c->x509, &from, &to)) {
	case EXPIRED:
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_BAD,
		    _("certificate %s expired on %s"), subject, time_text(to, when, sizeof(when)));
		doctor_mend_token(doctor, t->info, "import", "CERTFILE");
		return;
	case NOT_YET:
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_BAD,
		    _("certificate %s is not valid before %s"), subject,
		    time_text(from, when, sizeof(when)));
		doctor_mend(doctor, DOCTOR_MEND_DO, _("check this computer's clock"));
		return;
	case EXPIRES_SOON:
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE, DOCTOR_WARNING,
		    _("certificate %s expires soon, on %s"), subject,
		    time_text(to, when, sizeof(when)));
		doctor_mend_token(doctor, t->info, "import", "CERTFILE");
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
		/* A token may carry its CA's certificate beside its own. */
		doctor_find(doctor, DOCTOR_TOKEN_CERTIFICATE,
		    doctor_token_usable(t) ? DOCTOR_NOT_APPLICABLE : DOCTOR_BAD,
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

/* A label of letters and digits makes a name as well. */
static void mend_no_key(struct doctor *doctor, const struct token_info *t)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	char rest[128] = "--subject DN";

	if (t->label[0] != '\0' && t->label[strspn(t->label, plain)] == '\0')
		snprintf(rest, sizeof(rest), "--subject CN=%.64s", t->label);
	doctor_mend_token(doctor, t, "provision", rest);
}

void doctor_token_keys(struct doctor *doctor, const struct surveyed_token *t)
{
	if (t->problem.status != ST_OK) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_BAD, "%s", t->problem.what);
		doctor_mend(doctor, DOCTOR_MEND_DO, "%s", t->problem.hint);
		return;
	}
	if (!has_rsa_key(t) && !keys_hidden(t)) {
		doctor_find(doctor, DOCTOR_TOKEN_KEY, DOCTOR_BAD,
		    _("token '%s' has no RSA key that shows"), t->info->label);
		mend_no_key(doctor, t->info);
	}
	for (size_t i = 0; i < t->n_keys; i++) {
		key(doctor, t, &t->keys[i]);
		certificates(doctor, t, t->keys[i].certificate);
	}
	for (size_t i = 0; i < t->n_certificates; i++)
		if (!is_told(t, &t->certificates[i]))
			certificate(doctor, t, i);
}
