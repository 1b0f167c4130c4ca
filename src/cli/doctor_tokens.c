/*
 * `ctlsign doctor`: the tokens and their PINs in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

void doctor_count_tokens(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->survey->n; i++) {
		const struct surveyed_module *m = &doctor->survey->modules[i];

		doctor->n_tokens += m->n;
		if (m->step == SURVEY_READY)
			*(doctor_is_softhsm(m) ? &doctor->n_free : &doctor->n_blank) +=
			    tokens_blank_count(m->tokens);
		for (size_t k = 0; k < m->n; k++)
			doctor->n_usable += doctor_token_usable(&m->list[k]);
	}
}

static void pin(struct doctor *doctor, const struct token_info *t)
{
	if (t->pin_locked) {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_BAD,
		    _("the PIN of token '%s' is locked: too many wrong ones were given"), t->label);
		doctor_mend_token(doctor, t, "unblock", "");
	} else if (t->login_required && !t->pin_initialised) {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_BAD,
		    _("token '%s' has no user PIN yet"), t->label);
		doctor_mend_token(doctor, t, "unblock", "");
	} else if (t->pin_final_try) {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_WARNING,
		    _("one try is left: one more wrong PIN locks the token"));
		doctor_mend(doctor, DOCTOR_MEND_DO, _("make sure of the PIN before you type it"));
	} else if (t->pin_count_low) {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_WARNING,
		    _("a wrong PIN was given since the last right one"));
		doctor_mend(doctor, DOCTOR_MEND_DO, _("make sure of the PIN before you type it"));
	} else if (!t->login_required) {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_OK, _("none is needed"));
	} else if (t->pin_pad) {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_OK, _("set, and typed on the reader"));
	} else {
		doctor_find(doctor, DOCTOR_TOKEN_PIN, DOCTOR_OK, _("set, and not locked"));
	}
}

static void token(struct doctor *doctor, const struct surveyed_token *t)
{
	doctor_section(
	    doctor, t->info->serial, _("Token '%s' (serial %s)"), t->info->label, t->info->serial);
	pin(doctor, t->info);
	doctor_token_keys(doctor, t);
}

/* ---- all tokens -------------------------------------------------------------------------------
 */

/* The first blank one, not SoftHSM's or just that; NULL when there is none. */
static const struct token_info *first_blank(const struct doctor *doctor, bool softhsm)
{
	for (size_t i = 0; i < doctor->survey->n; i++) {
		const struct surveyed_module *m = &doctor->survey->modules[i];

		if (m->step == SURVEY_READY && doctor_is_softhsm(m) == softhsm &&
		    tokens_blank_count(m->tokens) > 0)
			return tokens_blank_at(m->tokens, 0);
	}
	return NULL;
}

/* Whether nothing but SoftHSM is looked at, so that a token in software must be what is wanted. */
static bool only_softhsm(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->survey->n; i++)
		if (!doctor_is_softhsm(&doctor->survey->modules[i]))
			return false;
	return !doctor_any_card(doctor);
}

static void mend_none(struct doctor *doctor)
{
	if (doctor_count(doctor, DOCTOR_BAD) > 1)
		doctor_mend(doctor, DOCTOR_MEND_DO, _("mend first what is bad above"));
	else if (doctor->n_blank > 0)
		doctor_mend_init(doctor, first_blank(doctor, false));
	else if (doctor->n_free > 0 && only_softhsm(doctor))
		doctor_mend_init(doctor, first_blank(doctor, true));
	else
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("insert a token, or name the module of its maker with --module PATH"));
}

static void none(struct doctor *doctor)
{
	if (doctor->n_blank > 0)
		doctor_find(doctor, DOCTOR_TOKENS, DOCTOR_BAD,
		    ngettext("no token is there but %zu blank one, which is not initialised",
			"no token is there but %zu blank ones, which are not initialised",
			(unsigned long)doctor->n_blank),
		    doctor->n_blank);
	else if (doctor->n_free > 0)
		doctor_find(doctor, DOCTOR_TOKENS, DOCTOR_BAD,
		    _("no token is there, only SoftHSM's free slot (for a token in software)"));
	else
		doctor_find(doctor, DOCTOR_TOKENS, DOCTOR_BAD, _("no module finds a token"));
	mend_none(doctor);
}

static void blank_beside(struct doctor *doctor)
{
	if (doctor->n_blank > 0)
		doctor_find(doctor, DOCTOR_TOKENS, DOCTOR_NOT_APPLICABLE,
		    ngettext("and %zu blank one, which is not initialised",
			"and %zu blank ones, which are not initialised",
			(unsigned long)doctor->n_blank),
		    doctor->n_blank);
	if (doctor->n_free > 0)
		doctor_find(doctor, DOCTOR_TOKENS, DOCTOR_NOT_APPLICABLE,
		    _("and SoftHSM's free slot (for a token in software)"));
}

void doctor_tokens(struct doctor *doctor)
{
	doctor_section(doctor, "", "%s", _("Tokens"));
	if (doctor->n_tokens == 0)
		none(doctor);
	else
		doctor_find(doctor, DOCTOR_TOKENS, DOCTOR_OK,
		    ngettext("%zu token", "%zu tokens", (unsigned long)doctor->n_tokens),
		    doctor->n_tokens);
	if (doctor->n_tokens > 0)
		blank_beside(doctor);
	for (size_t i = 0; i < doctor->survey->n; i++)
		for (size_t k = 0; k < doctor->survey->modules[i].n; k++)
			token(doctor, &doctor->survey->modules[i].list[k]);
}
