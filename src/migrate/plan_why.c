/*
 * Why there is no chain that is safe for all phones, in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

#include <stdio.h>

/* What is wanted cannot stand, whatever phones do.  False: nothing is wrong with it. */
static bool goal_is_wrong(const struct plan_search *search, char *out, size_t size)
{
	const struct release_rules *rules = search->problem->rules;
	const struct migrate_list *goal = &search->goal;

	if (goal->signing == SIGNING_TOKENLESS && !rules->tokenless) {
		snprintf(out, size, _("the rules of release %s know no tokenless signing"),
		    _(rules->releases));
		return true;
	}
	if (goal->signing == SIGNING_TOKENS &&
	    (goal->tokens == 0 || !plan_tokens_suffice(search, goal))) {
		snprintf(out, size, "%s",
		    _("a token-signed CTL needs two tokens, or one and another SAST of this "
		      "cluster"));
		return true;
	}
	if (!plan_list_allowed(search, goal)) {
		snprintf(out, size,
		    _("by the rules of release %s the CTL lists CallManager or ITLRecovery, and "
		      "its "
		      "certificate is not known"),
		    _(rules->releases));
		return true;
	}
	if ((search->goal_signers & goal->sasts) == 0) {
		snprintf(out, size, "%s",
		    _("none of the SASTs that may sign the last CTL has a key and is listed in "
		      "it"));
		return true;
	}
	return false;
}

/* No chain leads there even if phones took any first step. */
static void say_what_is_in_the_way(struct plan_search *search, char *out, size_t size)
{
	const char *text = _("there is no chain of CTLs that the rules allow and that phones would "
			     "accept from one to the next");

	if (plan_reach(search, search->start, PLAN_REACH_MAX) != 0) {
		snprintf(out, size, _("it takes more than %d CTLs, one after the other"),
		    MIGRATE_STEPS_MAX);
		return;
	}
	search->without_anchor_rule = true;
	plan_reach_prepare(search);
	if (plan_reach(search, search->start, PLAN_REACH_MAX) != 0)
		text = _("CallManager and ITLRecovery would have to change at once, and no other "
			 "SAST with a key stays");
	search->without_anchor_rule = false;
	search->without_token_rule = true;
	plan_reach_prepare(search);
	if (plan_reach(search, search->start, PLAN_REACH_MAX) != 0)
		text = _("on the way there a CTL would have one token and no other SAST of this "
			 "cluster");
	search->without_token_rule = false;
	plan_reach_prepare(search);
	snprintf(out, size, "%s", text);
}

/*
 * The group to speak of: one that rejects rather than one that is not known, then the largest.
 * NULL: every group is safe.
 */
static const struct migrate_group *worst_group(const struct plan_search *search,
    const struct phone_verdict *verdicts, struct phone_verdict *verdict)
{
	const struct migrate_problem *problem = search->problem;
	const struct migrate_group *worst = NULL;

	for (size_t i = 0; i < problem->n_groups; i++) {
		const struct migrate_group *group = &problem->groups[i];

		if (phone_outcome_is_safe(verdicts[i].outcome))
			continue;
		if (worst != NULL &&
		    (verdicts[i].outcome != PHONE_REJECTED || verdict->outcome == PHONE_REJECTED) &&
		    (verdicts[i].outcome != verdict->outcome || group->n <= worst->n))
			continue;
		worst = group;
		*verdict = verdicts[i];
	}
	return worst;
}

/* Both anchors leave, their keys are gone, and nothing else that is listed can sign. */
static bool anchors_are_lost(const struct plan_search *search)
{
	const struct migrate_list *start = search->start;

	return start->callmanager >= 0 && start->itlrecovery >= 0 &&
	       !plan_has(search->goal.sasts, start->callmanager) &&
	       !plan_has(search->goal.sasts, start->itlrecovery) &&
	       (start->sasts & search->keyed) == 0;
}

void plan_why(struct plan_search *search, const struct migrate_list *steps, size_t n_steps,
    const struct phone_verdict *verdicts, char *out, size_t size)
{
	struct phone_verdict verdict = {PHONE_REJECTED, PHONE_WHY_NOTHING};
	const struct migrate_group *group;

	out[0] = '\0';
	if (goal_is_wrong(search, out, size))
		return;
	group = n_steps == 0 ? NULL : worst_group(search, verdicts, &verdict);
	if (group == NULL)
		say_what_is_in_the_way(search, out, size);
	else if (verdict.outcome == PHONE_UNKNOWN)
		snprintf(out, size,
		    _("it is not known whether all phones accept the first CTL: %s (%s)"),
		    group->text, phone_why_text(verdict.why));
	else if (verdict.why == PHONE_WHY_DIGEST)
		snprintf(out, size,
		    _("the digest of the CTLs to come is not known to some phones, and deleting "
		      "what they hold does not help: %s"),
		    group->text);
	else if (verdict.why == PHONE_WHY_KEY)
		snprintf(out, size,
		    _("some phones cannot check the key of %u bits that would have to sign, and "
		      "deleting what they hold does not help: %s"),
		    search->problem->sasts[steps[0].signer].key_bits, group->text);
	else if (anchors_are_lost(search))
		snprintf(out, size,
		    _("CallManager and ITLRecovery would have to change at once, and no other SAST "
		      "with a key stays; these phones know none that has one: %s (%s)"),
		    group->text, phone_why_text(verdict.why));
	else
		snprintf(out, size,
		    _("no SAST that all phones know has a key; these know none that could sign: %s "
		      "(%s)"),
		    group->text, phone_why_text(verdict.why));
}
