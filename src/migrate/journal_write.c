/*
 * A migration's journal as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_parts.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

const char *const journal_kinds[4] = {
    [MIGRATE_TOKEN] = "token",
    [MIGRATE_CALLMANAGER] = "callmanager",
    [MIGRATE_ITLRECOVERY] = "itlrecovery",
    [MIGRATE_FOREIGN] = "foreign",
};
const char *const journal_signings[2] = {
    [SIGNING_TOKENS] = "tokens",
    [SIGNING_TOKENLESS] = "tokenless",
};
const char *const journal_signers[2] = {
    [SIGNER_CALLMANAGER] = "CallManager",
    [SIGNER_ITLRECOVERY] = "ITLRecovery",
};

/* All of these return a new reference, NULL when out of memory: json_pack passes it on. */

static json_t *base64(struct bytes bytes)
{
	unsigned char *text = malloc(4 * (bytes.len / 3 + 1) + 1);
	json_t *json = NULL;

	if (text != NULL && EVP_EncodeBlock(text, bytes.data, (int)bytes.len) >= 0)
		json = json_string((const char *)text);
	free(text);
	return json;
}

static json_t *certificate_json(X509 *certificate)
{
	unsigned char *der = NULL;
	json_t *json;
	int len;

	if (certificate == NULL)
		return json_null();
	len = i2d_X509(certificate, &der);
	json = len > 0 ? base64((struct bytes){der, (size_t)len}) : NULL;
	OPENSSL_free(der);
	return json;
}

static json_t *certificates_json(X509 *const *certificates, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(array, certificate_json(certificates[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *set_json(migrate_set set)
{
	json_t *array = json_array();

	for (json_int_t i = 0; i < MIGRATE_SASTS_MAX; i++)
		if ((set & PROBLEM_BIT(i)) != 0 &&
		    json_array_append_new(array, json_integer(i)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *index_json(int index)
{
	return index >= 0 ? json_integer(index) : json_null();
}

static json_t *list_json(const struct migrate_list *list)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "signing",
	    journal_signings[list->signing], "sasts", set_json(list->sasts), "tokens",
	    set_json(list->tokens), "callmanager", index_json(list->callmanager), "itlrecovery",
	    index_json(list->itlrecovery), "trust", set_json(list->trust), "signer",
	    index_json(list->signer));
}

static json_t *wish_json(const struct migrate_wish *wish)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "end",
	    migrate_end_name(wish->end), "signer",
	    wish->has_signer ? json_string(journal_signers[wish->signer]) : json_null(), "tokens",
	    certificates_json(wish->tokens, wish->n_tokens), "without",
	    certificates_json(wish->without, wish->n_without), "lost",
	    certificates_json(wish->lost, wish->n_lost), "callmanager",
	    certificate_json(wish->callmanager), "itlrecovery", certificate_json(wish->itlrecovery),
	    "foreign", certificates_json(wish->foreign, wish->n_foreign));
}

static json_t *sasts_json(const struct journal *journal)
{
	json_t *array = json_array();

	for (size_t i = 0; i < journal->n_sasts; i++) {
		const struct journal_sast *sast = &journal->sasts[i];
		json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "kind",
		    journal_kinds[sast->kind], "name", sast->name, "certificate",
		    certificate_json(sast->certificate), "issuer", base64(sast->anchor.issuer),
		    "serial", base64(sast->anchor.serial), "key", base64(sast->anchor.key));

		if (json_array_append_new(array, json) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *steps_json(const struct journal *journal)
{
	json_t *array = json_array();

	for (size_t i = 0; i < journal->n_steps; i++) {
		const struct journal_step *step = &journal->steps[i];
		json_t *json = json_pack("{s:o, s:I, s:I, s:I, s:I, s:s}", "list",
		    list_json(&step->list), "generation", (json_int_t)step->generation, "made",
		    (json_int_t)step->made, "said_phones_hold", (json_int_t)step->said_phones_hold,
		    "accepted_lockout", (json_int_t)step->accepted_lockout, "who", step->who);

		if (json_array_append_new(array, json) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

enum status journal_write(const struct journal *journal, struct buffer *out, struct error *err)
{
	json_t *json = json_pack("{s:i, s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "format",
	    JOURNAL_FORMAT, "who", journal->who, "wish", wish_json(&journal->wish), "base",
	    (json_int_t)journal->base, "before", (json_int_t)journal->n_before, "replanned",
	    (json_int_t)journal->n_replanned, "sasts", sasts_json(journal), "from",
	    list_json(&journal->from), "now", list_json(&journal->now), "steps",
	    steps_json(journal));
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	enum status st = ST_OK;

	buffer_reset(out);
	if (text == NULL)
		st = error_no_memory(err);
	else
		buffer_printf(out, "%s", text);
	if (st == ST_OK)
		st = buffer_status(out, err);
	if (st == ST_OK && out->len > STORE_JOURNAL_MAX) {
		st = error_set(err, ST_LIMIT,
		    _("the journal of the migration would have %zu bytes, and at most %u can be "
		      "kept"),
		    out->len, STORE_JOURNAL_MAX);
		error_hint(err, "%s", _("name fewer or smaller certificates"));
	}
	free(text);
	json_decref(json);
	return st;
}
