/*
 * The certificates of a token, as everybody may read them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/internal.h"

#include "base/text.h"
#include "tokens/ckr.h"

#include <libp11.h>
#include <stdlib.h>
#include <string.h>

/* libp11 has room for this much of a CKA_ID; a module may claim more. */
#define MAX_ID 255

/* No token holds this many; a module that never comes to an end of them is caught by the clock. */
#define MAX_CERTIFICATES 1024

struct read_job {
	struct module_job base;
	struct token_identity id;
	struct token_certificate *certificates;
	struct certificate_extra *extras;
	size_t n;
};

static void list_free(
    struct token_certificate *certificates, struct certificate_extra *extras, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)certificates[i].label);
		free((uint8_t *)certificates[i].id.data);
		X509_free(certificates[i].x509);
		free(extras[i].label);
	}
	free(certificates);
	free(extras);
}

static void read_clear(struct module_job *base)
{
	struct read_job *job = (struct read_job *)base;

	list_free(job->certificates, job->extras, job->n);
}

struct keys {
	PKCS11_KEY *list;
	unsigned n;
};

static bool have_id(const struct keys *keys, struct bytes id)
{
	for (unsigned i = 0; i < keys->n; i++)
		if (keys->list[i].id_len <= MAX_ID &&
		    bytes_equal((struct bytes){keys->list[i].id, keys->list[i].id_len}, id))
			return true;
	return false;
}

static char *printable_label(const char *raw)
{
	struct buffer out = BUFFER_INIT;
	const char *text;
	char *copy;

	text_printable(&out, text_bytes(raw));
	text = buffer_text(&out);
	copy = text == NULL ? NULL : strdup(text);
	buffer_free(&out);
	return copy;
}

/* Takes over what can be used of CERT; one that is no X.509 certificate is passed over. */
static bool add_certificate(struct read_job *job, const PKCS11_CERT *cert,
    const struct keys *public_keys, const struct keys *private_keys)
{
	struct token_certificate *c = &job->certificates[job->n];
	struct certificate_extra *extra = &job->extras[job->n];
	size_t id_len = cert->id_len <= MAX_ID ? cert->id_len : 0;
	uint8_t *id;

	if (cert->x509 == NULL)
		return true;
	id = malloc(id_len + 1);
	if (id == NULL)
		return false;
	memcpy(id, cert->id, id_len);
	job->n++;
	c->id = (struct bytes){id, id_len};
	extra->label = strdup(cert->label == NULL ? "" : cert->label);
	if (extra->label == NULL)
		return false;
	c->label = printable_label(extra->label);
	X509_up_ref(cert->x509);
	c->x509 = cert->x509;
	c->has_key = id_len > 0 && (have_id(public_keys, c->id) || have_id(private_keys, c->id));
	c->keys_differ = !c->has_key && public_keys->n + private_keys->n > 0;
	return c->label != NULL;
}

/* That keys cannot be listed without a PIN is no error. */
static void list_keys(
    struct module *m, PKCS11_TOKEN *token, struct keys *public_keys, struct keys *private_keys)
{
	module_calling(m, "C_FindObjects");
	if (PKCS11_enumerate_public_keys(token, &public_keys->list, &public_keys->n) != 0)
		*public_keys = (struct keys){NULL, 0};
	if (PKCS11_enumerate_keys(token, &private_keys->list, &private_keys->n) != 0)
		*private_keys = (struct keys){NULL, 0};
	ckr_queue_clear();
}

static enum status read_work(struct module_job *base)
{
	struct read_job *job = (struct read_job *)base;
	struct keys public_keys = {NULL, 0}, private_keys = {NULL, 0};
	PKCS11_CERT *certs;
	PKCS11_SLOT *slot;
	unsigned n;

	if (slots_list(base) != ST_OK)
		return base->error.status;
	slot = slots_of_token(base, &job->id);
	if (slot == NULL)
		return base->error.status;
	module_calling(base->module, "C_FindObjects");
	if (PKCS11_enumerate_certs(slot->token, &certs, &n) != 0)
		return module_failed(base);
	if (n == 0)
		return ST_OK;
	if (n > MAX_CERTIFICATES)
		return error_set(
		    &base->error, ST_TOKEN, _("the token claims to hold %u certificates"), n);
	list_keys(base->module, slot->token, &public_keys, &private_keys);
	job->certificates = calloc(n, sizeof(*job->certificates));
	job->extras = calloc(n, sizeof(*job->extras));
	if (job->certificates == NULL || job->extras == NULL)
		return error_no_memory(&base->error);
	for (unsigned i = 0; i < n; i++)
		if (!add_certificate(job, &certs[i], &public_keys, &private_keys))
			return error_no_memory(&base->error);
	return ST_OK;
}

void certificates_drop(struct token *token)
{
	list_free(token->certificates, token->extras, token->n_certificates);
	token->certificates = NULL;
	token->extras = NULL;
	token->n_certificates = 0;
	token->certificates_read = false;
}

enum status certificates_read(struct token *token, struct error *err)
{
	struct read_job *job;

	if (token->certificates_read)
		return ST_OK;
	job = module_job_new(sizeof(*job), token->identity.module, read_work, read_clear);
	if (job == NULL)
		return error_no_memory(err);
	job->id = token->identity;
	if (!module_run(&job->base, 0, err))
		return slots_blame(&token->identity, ST_TOKEN_TIMEOUT, err);
	if (job->base.status == ST_OK) {
		token->certificates = job->certificates;
		token->extras = job->extras;
		token->n_certificates = job->n;
		token->certificates_read = true;
		job->certificates = NULL;
		job->extras = NULL;
		job->n = 0;
	}
	return slots_blame(&token->identity, module_job_end(&job->base, err), err);
}

enum status tokens_certificates(struct tokens *tokens, const struct token_info *info,
    const struct token_certificate **list, size_t *n, struct error *err)
{
	struct token *token = token_of(info);
	enum status status;

	(void)tokens;
	status = certificates_read(token, err);
	if (status != ST_OK)
		return status;
	*list = token->certificates;
	*n = token->n_certificates;
	return ST_OK;
}
