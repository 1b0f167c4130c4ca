/*
 * Whether a file may take a place, and putting it there.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include "base/text.h"
#include "provider/rules.h"

#include <stdio.h>
#include <string.h>

/*
 * The list that a new one for NAME must follow: its own, or for a phone that has none of its own
 * yet, the one for all.
 */
static enum status check_ctl(struct provider *provider, const char *name, struct bytes file,
    const struct content *present, struct rules_verdict *verdict, struct error *err)
{
	struct rules_ctl ctl = {.name = name, .file = file, .present_name = name};
	struct content *common = NULL;
	enum status st = ST_OK;

	if (present == NULL && provider_file_kind(name) == FILE_PHONE_CTL) {
		st = folder_get(&provider->folder, PROVIDER_CTL, &common, err);
		ctl.present_name = PROVIDER_CTL;
		present = common;
	}
	if (present != NULL)
		ctl.present = &present->data;
	if (st == ST_OK)
		st = rules_check_ctl(&ctl, verdict, err);
	content_release(common);
	return st;
}

bool answer_may_become(struct provider *provider, const char *name, struct bytes file,
    const struct content *present, char *signer, size_t size, struct provider_answer *out)
{
	struct rules_verdict verdict = {.code = 500};
	const enum file_kind kind = provider_file_kind(name);
	struct error err = {0};
	enum status st;

	if (kind == FILE_CTL || kind == FILE_PHONE_CTL)
		st = check_ctl(provider, name, file, present, &verdict, &err);
	else
		st = rules_check_certificate(file, kind == FILE_CAPF_PEM, &verdict, &err);
	snprintf(signer, size, "%s", verdict.signer);
	if (st == ST_OK)
		return true;
	if (verdict.code == 500)
		reply_failed(out, &err);
	else
		reply_refuse(out, verdict.code, &err);
	return false;
}

static void reply_stored(struct provider_answer *out, const char *name, const char *hash,
    const struct content *before, const char *signer)
{
	const bool same = before != NULL && strcmp(before->sha256, hash) == 0;

	reply_json(out, json_pack("{s:s, s:s?}", "sha256", hash, "previous",
			    before != NULL ? before->sha256 : NULL));
	if (out->code != 200)
		return;
	if (same)
		reply_note(out, _("%s is this file already, SHA-256 %s"), name, hash);
	else if (signer[0] != '\0')
		reply_note(out, _("stored %s, SHA-256 %s, signed by %s"), name, hash, signer);
	else
		reply_note(out, _("stored %s, SHA-256 %s"), name, hash);
}

/* FILE in the place of NAME; STAGED is NULL, or the same as it is staged. */
static bool store(struct provider *provider, const char *name, struct bytes file, const char *hash,
    const struct content *staged, struct provider_answer *out)
{
	char signer[RULES_SIGNER_MAX];
	struct content *present;
	struct error err = {0};
	enum status st;

	st = folder_get(&provider->folder, name, &present, &err);
	if (st != ST_OK) {
		reply_failed(out, &err);
		return false;
	}
	if (!answer_may_become(provider, name, file, present, signer, sizeof(signer), out)) {
		content_release(present);
		return false;
	}
	/* The same bytes: nothing to do, and what was before stays known. */
	if (present == NULL || strcmp(present->sha256, hash) != 0)
		st = staged != NULL ? folder_commit(&provider->folder, name, staged, present, &err)
				    : folder_replace(&provider->folder, name, file, present, &err);
	if (st == ST_OK)
		reply_stored(out, name, hash, present, signer);
	else
		reply_failed(out, &err);
	content_release(present);
	return st == ST_OK;
}

bool answer_store(struct provider *provider, const char *name, struct bytes file, const char *hash,
    struct provider_answer *out)
{
	return store(provider, name, file, hash, NULL, out);
}

bool answer_store_staged(struct provider *provider, const char *name, const struct content *staged,
    struct provider_answer *out)
{
	return store(provider, name, staged->data, staged->sha256, staged, out);
}
