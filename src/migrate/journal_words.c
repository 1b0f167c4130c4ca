/*
 * A step in words: what it is, what it changes, and the way back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_parts.h"

#include <openssl/x509.h>
#include <stdio.h>

/* Appends the names of SET: "A, B and C", or, when any of them will do, "A, B or C". */
static void name_all(const struct journal *journal, migrate_set set, bool any, struct buffer *out)
{
	size_t left = 0;
	bool first = true;

	for (size_t i = 0; i < journal->n_sasts; i++)
		left += (set & PROBLEM_BIT(i)) != 0;
	for (size_t i = 0; i < journal->n_sasts; i++) {
		if ((set & PROBLEM_BIT(i)) == 0)
			continue;
		left--;
		if (first)
			buffer_printf(out, "%s", journal->sasts[i].name);
		else if (left > 0)
			buffer_printf(out, _(", %s"), journal->sasts[i].name);
		else
			buffer_printf(
			    out, any ? _(" or %s") : _(" and %s"), journal->sasts[i].name);
		first = false;
	}
}

static const char *text_of(struct buffer *buffer)
{
	const char *text = buffer_text(buffer);

	return text != NULL ? text : "";
}

/* ---- what it is --------------------------------------------------------------------------------
 */

static void title_last(const struct journal *journal, const char *signer, struct buffer *out)
{
	switch (journal->wish.end) {
	case MIGRATE_TOKENLESS:
		buffer_printf(out, _("Tokenless: signed by %s"), signer);
		break;
	case MIGRATE_TOKENS:
		buffer_printf(out, _("Tokens: signed by %s"), signer);
		break;
	case MIGRATE_JOIN_CLUSTER:
		buffer_printf(out, _("The other cluster is trusted: signed by %s"), signer);
		break;
	case MIGRATE_ROTATE:
	default:
		buffer_printf(out, _("The new keys: signed by %s"), signer);
		break;
	}
}

bool journal_token_signs(const struct migrate_list *list, int signer)
{
	return signer >= 0 && (list->tokens & PROBLEM_BIT(signer)) != 0;
}

void journal_step_title(const struct journal *journal, size_t index, struct buffer *out)
{
	const struct migrate_list *list = &journal->steps[index].list;
	const migrate_set added = list->sasts & ~journal_before(journal, index)->sasts;
	const bool any_token =
	    journal_token_signs(list, list->signer) && journal->steps[index].generation == 0;
	const char *signer = any_token ? _("a token") : journal_name(journal, list->signer);
	struct buffer names = BUFFER_INIT;

	name_all(journal, added, false, &names);
	if (index + 1 == journal->n_steps)
		title_last(journal, signer, out);
	else if (added == 0)
		buffer_printf(out, _("Bridge: signed by %s"), signer);
	else
		buffer_printf(
		    out, _("Bridge: signed by %s, it also trusts %s"), signer, text_of(&names));
	buffer_free(&names);
}

/* ---- what it changes ---------------------------------------------------------------------------
 */

static void change_sast(const struct journal *journal, const struct migrate_list *before,
    const struct migrate_list *list, size_t i, struct buffer *out)
{
	const migrate_set bit = PROBLEM_BIT(i);
	const char *name = journal->sasts[i].name;
	const bool was = (before->sasts & bit) != 0, is = (list->sasts & bit) != 0;
	const bool was_trust = (before->trust & bit) != 0, is_trust = (list->trust & bit) != 0;

	if (!was && is && is_trust)
		buffer_printf(out, _("adds %s, by way of Phone-SAST-trust\n"), name);
	else if (!was && is)
		buffer_printf(out, _("adds %s\n"), name);
	else if (was && !is)
		buffer_printf(out, _("removes %s\n"), name);
	else if (is && is_trust && !was_trust)
		buffer_printf(out, _("keeps %s, by way of Phone-SAST-trust from now on\n"), name);
	else if (is && was_trust && !is_trust)
		buffer_printf(out, _("keeps %s, which leaves Phone-SAST-trust\n"), name);
}

void journal_step_changes(const struct journal *journal, size_t index, struct buffer *out)
{
	const struct migrate_list *before = journal_before(journal, index);
	const struct migrate_list *list = &journal->steps[index].list;
	const char *signer = journal_name(journal, list->signer);

	for (size_t i = 0; i < journal->n_sasts; i++)
		change_sast(journal, before, list, i, out);
	if (list->signing != before->signing)
		buffer_printf(out, "%s\n",
		    list->signing == SIGNING_TOKENLESS ? _("is a CTL without tokens")
						       : _("is a CTL of tokens"));
	if (list->signer == before->signer)
		buffer_printf(out, _("is signed by %s, as the one before\n"), signer);
	else if (list->signer >= 0 && (list->tokens & PROBLEM_BIT(list->signer)) == 0 &&
		 list->signer != list->callmanager && list->signer != list->itlrecovery)
		buffer_printf(out,
		    _("is signed by %s, whose key has to be named with --sign-with\n"), signer);
	else
		buffer_printf(out, _("is signed by %s\n"), signer);
	if (journal_token_signs(list, list->signer) && journal->steps[index].generation == 0)
		buffer_printf(out, "%s", _("or by another of its tokens that phones know\n"));
}

/* ---- the way back ------------------------------------------------------------------------------
 */

static bool is_lost(const struct migrate_wish *wish, const X509 *certificate)
{
	for (size_t i = 0; i < wish->n_lost; i++)
		if (X509_cmp(wish->lost[i], certificate) == 0)
			return true;
	return false;
}

/* Who could sign the CTL before for phones that have this one. */
static migrate_set ways_back(const struct journal *journal, const struct migrate_list *before,
    const struct migrate_list *list)
{
	migrate_set both = before->sasts & list->sasts;

	for (size_t i = 0; i < journal->n_sasts; i++) {
		const struct journal_sast *sast = &journal->sasts[i];

		if (sast->kind == MIGRATE_FOREIGN || sast->certificate == NULL ||
		    is_lost(&journal->wish, sast->certificate))
			both &= ~PROBLEM_BIT(i);
	}
	return both;
}

/* The generation before step INDEX; 0: not made yet. */
static int64_t generation_before(const struct journal *journal, size_t index)
{
	if (journal->steps[index].before > 0)
		return journal->steps[index].before;
	if (index == journal->n_before)
		return journal->base;
	return index > 0 ? journal->steps[index - 1].generation : 0;
}

/*
 * One command that works as it is typed: who signs is told to it, since the signer of the CTL that
 * is current is not always the one who can sign the way back.
 */
static void put_rollback(const struct journal *journal, const struct migrate_list *before,
    migrate_set back, int64_t generation, struct buffer *out)
{
	migrate_set tokens = 0, chosen;
	struct buffer names = BUFFER_INIT;
	char number[24];

	for (size_t i = 0; i < journal->n_sasts; i++)
		if (journal->sasts[i].kind == MIGRATE_TOKEN)
			tokens |= PROBLEM_BIT(i);
	chosen = before->signing == SIGNING_TOKENS ? back & tokens : back & ~tokens;
	if (chosen == 0)
		chosen = back;
	name_all(journal, chosen, true, &names);
	if (generation > 0)
		snprintf(number, sizeof(number), "%lld", (long long)generation);
	else
		snprintf(number, sizeof(number), "N");
	buffer_printf(out,
	    (chosen & tokens) != 0
		? _("after that: ctlsign rollback %s --token TOKEN, with %s, whom phones know with "
		    "either CTL")
		: _("after that: ctlsign rollback %s --sign-with KEY, with the key of %s, whom "
		    "phones know with either CTL"),
	    number, text_of(&names));
	buffer_printf(out, "%s\n", generation > 0 ? "" : _("; N is the generation before"));
	buffer_free(&names);
}

void journal_step_back(const struct journal *journal, size_t index, struct buffer *out)
{
	const struct migrate_list *before = journal_before(journal, index);
	const migrate_set back = ways_back(journal, before, &journal->steps[index].list);

	buffer_printf(out, "%s\n",
	    _("before every server has it: ctlsign publish --back, which puts the CTL before it "
	      "back"));
	if (back == 0)
		buffer_printf(out, "%s\n",
		    _("after that there is no way back: it has no SAST with a key in common with "
		      "the CTL before, so phones that have it would reject that one"));
	else
		put_rollback(journal, before, back, generation_before(journal, index), out);
	if (index + 1 < journal->n_steps)
		buffer_printf(out, "%s\n",
		    _("or stay here: the migration can wait at this step as long as it has to"));
}
