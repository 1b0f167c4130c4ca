/*
 * Says what a module or token cannot do.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/unable.h"

#include "tokens/ckr.h"

#include <string.h>

static const struct {
	const char *function, *sentence; /* untranslated */
} sentences[] = {
    {"C_SetPIN", N_("this token's module cannot change its PIN")},
    {"C_InitPIN", N_("this token's module cannot set its PIN by an SO PIN or PUK")},
    {"C_InitToken", N_("this token's module cannot initialise it")},
    {"C_GenerateKeyPair", N_("this token's module cannot make RSA keys on it")},
    {"C_CreateObject", N_("this token's module cannot store certificates on it")},
    {"C_DestroyObject", N_("this token's module cannot remove objects from it")},
};

bool unable(unsigned long ckr, const char *function)
{
	if (ckr == CKR_MECHANISM_INVALID)
		return strcmp(function, "C_GenerateKeyPair") == 0;
	return ckr == CKR_FUNCTION_NOT_SUPPORTED || ckr == CKR_TOKEN_WRITE_PROTECTED ||
	       ckr == CKR_ACTION_PROHIBITED;
}

enum status unable_error(struct error *err, unsigned long ckr, const char *function)
{
	const char *name = ckr_lookup(ckr)->name, *sentence = NULL;

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(sentences[i].function, function) == 0)
			sentence = _(sentences[i].sentence);
	if (ckr == CKR_TOKEN_WRITE_PROTECTED)
		error_set(err, ST_TOKEN, _("the token is write-protected (%s: %s, 0x%lx)"),
		    function, name, ckr);
	else if (sentence == NULL)
		return ckr_error(err, ckr, function);
	else
		error_set(err, ST_TOKEN, "%s (%s: %s, 0x%lx)", sentence, function, name, ckr);
	error_hint(err, _("use the software of the token's vendor for that"));
	return ST_TOKEN;
}

enum status unable_or_failed(struct module_job *job, CK_RV rv)
{
	const char *function = atomic_load(&job->module->calling);

	if (unable(rv, function))
		return unable_error(&job->error, rv, function);
	return module_failed_with(job, rv);
}
