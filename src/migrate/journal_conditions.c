/*
 * What has to be true before a step is made.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_parts.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>

struct asking {
	const struct journal *journal;
	size_t index;
	const struct migrate_list *list; /* of the step */
	const struct journal_position *position;
	const struct inventory *inventory;
	const struct fleet_answer *answer;
	struct conditions *out;
};

static struct condition *add(const struct asking *a, const char *code, enum condition_state state)
{
	struct condition *condition = &a->out->list[a->out->n++];

	*condition = (struct condition){.code = code, .state = state};
	return condition;
}

static void __attribute__((format(printf, 2, 3)))
say(struct condition *condition, const char *fmt, ...)
{
	char text[2 * sizeof(condition->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_one_line_into(condition->text, sizeof(condition->text), text);
}

static void __attribute__((format(printf, 2, 3)))
advise(struct condition *condition, const char *fmt, ...)
{
	char text[2 * sizeof(condition->todo)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_one_line_into(condition->todo, sizeof(condition->todo), text);
}

/* ---- nothing is on its way ---------------------------------------------------------------------
 */

static void ask_published(const struct asking *a)
{
	const int64_t pending = a->position->pending;
	struct condition *c = add(a, "published", pending == 0 ? CONDITION_MET : CONDITION_NOT_MET);

	if (pending == 0) {
		say(c, "%s",
		    _("every server has the current generation, and nothing is on its way"));
		return;
	}
	say(c, _("generation %lld is signed, and not every server has it"), (long long)pending);
	advise(c, "%s", _("deliver it: ctlsign publish; or take it back: ctlsign publish --back"));
}

/* ---- ctlsign.conf ------------------------------------------------------------------------------
 */

/* "ctlsign.conf: line 12", or the file alone. */
static void place(const struct asking *a, unsigned line, char out[256])
{
	struct buffer path = BUFFER_INIT;
	const char *text;

	text_printable(&path, text_bytes(a->inventory->path));
	text = buffer_text(&path);
	if (line > 0)
		snprintf(out, 256, _("%s: line %u"), text != NULL ? text : "", line);
	else
		snprintf(out, 256, "%s", text != NULL ? text : "");
	buffer_free(&path);
}

/* ctlsign.conf names just the certificate of SAST INDEX. */
static void ask_certificate(const struct asking *a, const char *code, int index,
    const struct inventory_certificate *named, unsigned section)
{
	const struct journal_sast *sast = &a->journal->sasts[index];
	const bool met = named->x509 != NULL && sast->certificate != NULL &&
			 X509_cmp(named->x509, sast->certificate) == 0;
	struct condition *c = add(a, code, met ? CONDITION_MET : CONDITION_NOT_MET);
	const bool callmanager = index == a->list->callmanager;
	char where[256];

	place(a, named->line > 0 ? named->line : section, where);
	if (met)
		say(c, _("%s names the certificate of %s"), where, sast->name);
	else if (named->x509 == NULL)
		say(c, _("%s names no certificate, and the step lists %s"), where, sast->name);
	else
		say(c, _("%s names another certificate than that of %s, which the step lists"),
		    where, sast->name);
	if (met)
		return;
	if (callmanager)
		advise(c,
		    _("enter the file of %s there: certificate = \"FILE\", in the section of the "
		      "publisher; and its key: callmanager { key = \"FILE or pkcs11:...\" }"),
		    sast->name);
	else
		advise(c,
		    _("enter the file of %s there: itlrecovery { certificate = \"FILE\" key = "
		      "\"FILE or pkcs11:...\" }"),
		    sast->name);
}

static void ask_anchors(const struct asking *a)
{
	const struct inventory_node *publisher = inventory_publisher(a->inventory);

	if (a->list->callmanager >= 0)
		ask_certificate(a, "inventory-callmanager", a->list->callmanager,
		    &publisher->certificate, publisher->line);
	if (a->list->itlrecovery >= 0)
		ask_certificate(a, "inventory-itlrecovery", a->list->itlrecovery,
		    &a->inventory->itlrecovery, a->inventory->itlrecovery.line);
}

/*
 * ctlsign.conf names the key of the anchor that signs.  A token is asked for when the step is made;
 * so is the key of an earlier anchor, which ctlsign.conf names no more.
 */
static void ask_key(const struct asking *a)
{
	const bool callmanager = a->list->signer == a->list->callmanager;
	const struct inventory_key *key =
	    callmanager ? &a->inventory->callmanager_key : &a->inventory->itlrecovery_key;
	struct condition *c;
	char where[256];

	if (a->list->signer < 0 || (!callmanager && a->list->signer != a->list->itlrecovery))
		return;
	c = add(a, callmanager ? "key-callmanager" : "key-itlrecovery",
	    key->where != NULL ? CONDITION_MET : CONDITION_NOT_MET);
	place(a, key->line, where);
	if (key->where != NULL) {
		say(c, _("%s says where the key of %s is"), where,
		    journal_name(a->journal, a->list->signer));
		return;
	}
	say(c, _("%s does not say where the key of %s is, which signs the step"), where,
	    journal_name(a->journal, a->list->signer));
	advise(c, _("enter it: %s { key = \"FILE or pkcs11:...\" }"),
	    callmanager ? "callmanager" : "itlrecovery");
}

/* ---- phones ------------------------------------------------------------------------------------
 */

struct tally {
	size_t groups, rejected, unknown; /* groups */
	uint64_t left_out;		  /* phones that are in none of these */
	enum phone_why why_rejected, why_unknown;
};

/* Bits of an RSA key that every phone can check. */
#define KEY_OF_ALL 2048

/*
 * A phone without a CTL, of which nobody knows whether it can read the list, would meet the same
 * with the one that servers have now: the step makes it no worse.
 */
static bool is_no_worse(const struct asking *a, const struct fleet_group *group)
{
	const unsigned now = a->position->digest;
	const unsigned then = a->inventory->has_digest ? (unsigned)a->inventory->digest : now;
	const int signer = a->list->signer;
	const enum phone_why why = group->verdict.why;

	return group->ctl == PHONE_HOLDS_NONE && group->verdict.outcome == PHONE_UNKNOWN &&
	       (why == PHONE_WHY_FIRMWARE || why == PHONE_WHY_WHICH_FAMILY) && now != 0 &&
	       now == then && signer >= 0 &&
	       problem_key_bits(a->journal->sasts[signer].anchor.key) <= KEY_OF_ALL;
}

static struct tally count(const struct asking *a)
{
	const struct fleet_answer *answer = a->answer;
	struct tally tally = {.groups = answer->n_groups};

	for (size_t i = 0; i < answer->n_groups; i++) {
		const struct phone_verdict *verdict = &answer->groups[i].verdict;

		if (is_no_worse(a, &answer->groups[i])) {
			tally.left_out += answer->groups[i].n;
			continue;
		}
		if (verdict->outcome == PHONE_REJECTED && tally.rejected++ == 0)
			tally.why_rejected = verdict->why;
		if (verdict->outcome == PHONE_UNKNOWN && tally.unknown++ == 0)
			tally.why_unknown = verdict->why;
	}
	return tally;
}

/* Whether it is proved of every single phone. */
static bool all_accept(const struct asking *a)
{
	const struct fleet_answer *answer = a->answer;

	return answer != NULL && answer->has_fleet && answer->by_outcome[PHONE_REJECTED] == 0 &&
	       answer->by_outcome[PHONE_UNKNOWN] == count(a).left_out;
}

static void ask_classes(const struct asking *a)
{
	const struct tally tally = count(a);
	struct condition *c;

	if (tally.rejected > 0) {
		c = add(a, "phones-accept", CONDITION_NOT_MET);
		say(c,
		    ngettext("%zu of %zu classes of phones would reject it: %s",
			"%zu of %zu classes of phones would reject it: %s", tally.rejected),
		    tally.rejected, tally.groups, phone_why_text(tally.why_rejected));
	} else if (tally.unknown > 0) {
		c = add(a, "phones-accept", CONDITION_NOT_KNOWN);
		say(c,
		    ngettext("of %zu of %zu classes of phones it cannot be told: %s",
			"of %zu of %zu classes of phones it cannot be told: %s", tally.unknown),
		    tally.unknown, tally.groups, phone_why_text(tally.why_unknown));
	} else {
		c = add(a, "phones-accept", CONDITION_MET);
		say(c,
		    ngettext("the %zu class of phones that there may be accepts it",
			"all %zu classes of phones that there may be accept it", tally.groups),
		    tally.groups);
		return;
	}
	advise(c, "%s",
	    _("import the fleet, to know which phones there are: ctlsign phones import; or say "
	      "which generation all of them hold: --phones-hold GENERATION"));
}

/* "812 by SAST, 3 through TVS": only what there is. */
static void list_outcomes(const struct fleet_answer *answer, struct buffer *out)
{
	static const enum phone_outcome safe[] = {
	    PHONE_BY_SAST, PHONE_BY_TVS, PHONE_FIRST, PHONE_UNCHANGED};

	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
		if (answer->by_outcome[safe[i]] > 0)
			buffer_printf(out, "%s%llu %s", out->len > 0 ? "; " : "",
			    (unsigned long long)answer->by_outcome[safe[i]],
			    phone_outcome_text(safe[i]));
}

static void say_accepted(const struct asking *a, uint64_t left_out, struct condition *c)
{
	struct buffer outcomes = BUFFER_INIT;
	const uint64_t n = a->answer->n;

	list_outcomes(a->answer, &outcomes);
	if (left_out > 0)
		buffer_printf(&outcomes,
		    ngettext("%s%llu phone without a CTL: not known whether it knows the digest, "
			     "and the step does not change that",
			"%s%llu phones without a CTL: not known whether they know the digest, "
			"and the step does not change that",
			(unsigned long)left_out),
		    outcomes.len > 0 ? "; " : "", (unsigned long long)left_out);
	say(c,
	    left_out > 0 ? ngettext("the one phone (%llu) is no worse off: %s",
			       "none of %llu phones is worse off: %s", (unsigned long)n)
			 : ngettext("the one phone (%llu) accepts it: %s",
			       "all %llu phones accept it: %s", (unsigned long)n),
	    (unsigned long long)n, buffer_text(&outcomes) != NULL ? buffer_text(&outcomes) : "");
	buffer_free(&outcomes);
}

static void ask_fleet(const struct asking *a)
{
	const struct journal_step *step = &a->journal->steps[a->index];
	const uint64_t rejected = a->answer->by_outcome[PHONE_REJECTED];
	const struct tally tally = count(a);
	const uint64_t unknown = a->answer->by_outcome[PHONE_UNKNOWN] - tally.left_out;
	const uint64_t accepted = step->accepted_lockout;
	const uint64_t at_risk =
	    rejected + (unknown > 0 ? a->answer->by_outcome[PHONE_UNKNOWN] : 0);
	struct condition *c;

	a->out->at_risk = at_risk;
	if (accepted > 0 && accepted == at_risk) {
		c = add(a, "phones-accept", CONDITION_MET);
		say(c,
		    ngettext("%llu phone would be locked out, which an officer accepts",
			"%llu phones would be locked out, which an officer accepts",
			(unsigned long)accepted),
		    (unsigned long long)accepted);
	} else if (rejected > 0) {
		c = add(a, "phones-accept", CONDITION_NOT_MET);
		say(c,
		    ngettext("%llu of %llu phones would reject it: %s",
			"%llu of %llu phones would reject it: %s", (unsigned long)rejected),
		    (unsigned long long)rejected, (unsigned long long)a->answer->n,
		    phone_why_text(tally.why_rejected));
		advise(c, "%s",
		    _("which: ctlsign migrate next --lockout-list FILE; wait until they have the "
		      "CTL before, or visit them, and import the fleet again"));
	} else if (unknown > 0) {
		c = add(a, "phones-accept", CONDITION_NOT_KNOWN);
		say(c,
		    ngettext("of %llu of %llu phones it cannot be told: %s",
			"of %llu of %llu phones it cannot be told: %s", (unsigned long)unknown),
		    (unsigned long long)unknown, (unsigned long long)a->answer->n,
		    phone_why_text(tally.why_unknown));
		advise(c, "%s",
		    _("which: ctlsign migrate next names them; find out what is missing, and "
		      "import the fleet again"));
	} else {
		c = add(a, "phones-accept", CONDITION_MET);
		say_accepted(a, tally.left_out, c);
	}
}

static void ask_accept(const struct asking *a)
{
	struct condition *c;

	if (a->answer != NULL && a->answer->has_fleet) {
		ask_fleet(a);
	} else if (a->answer != NULL) {
		ask_classes(a);
	} else {
		c = add(a, "phones-accept", CONDITION_NOT_KNOWN);
		say(c, "%s", _("what phones would do with it was not asked"));
		advise(c, "%s", _("ask: ctlsign phones check"));
	}
}

/*
 * Phones hold the step before.  The first step of a plan is one for phones as they are; later ones
 * wait, unless the model proves that those that lag behind accept it all the same.
 */
static void ask_hold(const struct asking *a)
{
	const struct journal_step *step = &a->journal->steps[a->index];
	const struct fleet_answer *answer = a->answer;
	const bool has_fleet = answer != NULL && answer->has_fleet;
	const uint64_t behind = has_fleet ? answer->behind : 0;
	int64_t before;
	struct condition *c;

	if (a->index <= a->journal->n_before)
		return;
	before = a->journal->steps[a->index - 1].generation;
	if (before == 0) {
		c = add(a, "phones-hold", CONDITION_NOT_MET);
		say(c, _("step %zu comes first, and is not done"), a->index);
		advise(c, "%s", _("make it: ctlsign migrate next"));
	} else if (has_fleet && behind == 0) {
		c = add(a, "phones-hold", CONDITION_MET);
		say(c,
		    ngettext("the one phone (%llu) holds the newest CTL",
			"all %llu phones hold the newest CTL", (unsigned long)answer->n),
		    (unsigned long long)answer->n);
	} else if (step->said_phones_hold >= before) {
		c = add(a, "phones-hold", CONDITION_MET);
		say(c, _("an officer says that all phones hold generation %lld"),
		    (long long)step->said_phones_hold);
	} else if (all_accept(a)) {
		c = add(a, "phones-hold", CONDITION_MET);
		say(c,
		    ngettext("%llu of %llu phones was not seen with the newest CTL, but accepts "
			     "the step even so",
			"%llu of %llu phones were not seen with the newest CTL, but accept the "
			"step even so",
			(unsigned long)behind),
		    (unsigned long long)behind, (unsigned long long)answer->n);
	} else if (has_fleet) {
		c = add(a, "phones-hold", CONDITION_NOT_MET);
		say(c,
		    ngettext("%llu of %llu phones does not hold the newest CTL, as last seen",
			"%llu of %llu phones do not hold the newest CTL, as last seen",
			(unsigned long)behind),
		    (unsigned long long)behind, (unsigned long long)answer->n);
		advise(c,
		    _("reset them, and import the fleet again: ctlsign phones import; or say that "
		      "all hold it: --phones-hold %lld"),
		    (long long)before);
	} else {
		c = add(a, "phones-hold", CONDITION_NOT_KNOWN);
		say(c, _("nobody knows whether all phones hold generation %lld: there is no fleet"),
		    (long long)before);
		advise(c,
		    _("look at the phones, and say so: --phones-hold %lld; or import the fleet: "
		      "ctlsign phones import"),
		    (long long)before);
	}
}

void journal_conditions(const struct journal *journal, size_t index,
    const struct journal_position *position, const struct inventory *inventory,
    const struct fleet_answer *answer, struct conditions *out)
{
	const struct asking asking = {
	    journal, index, &journal->steps[index].list, position, inventory, answer, out};

	*out = (struct conditions){.n = 0};
	ask_published(&asking);
	ask_anchors(&asking);
	ask_key(&asking);
	ask_hold(&asking);
	ask_accept(&asking);
	out->ready = true;
	for (size_t i = 0; i < out->n; i++)
		out->ready = out->ready && out->list[i].state == CONDITION_MET;
}
