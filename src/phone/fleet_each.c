/*
 * The phones of a fleet one by one, and groups of them in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

#include <string.h>

struct walk {
	const struct fleet_question *question;
	const struct fleet_answer *answer;
	enum status (*each)(void *context, const struct fleet_phone *phone, struct error *err);
	void *context;
};

static const char *checksum(const struct store_phone_words *words, uint32_t number)
{
	return number < words->n_checksums && words->checksums[number] != NULL
		   ? words->checksums[number]
		   : "";
}

static enum status visit(void *context, const struct store_phone_row *row, struct error *err)
{
	const struct walk *w = context;
	const struct fleet_owned *owned = w->answer->owned;
	const struct fleet_key key = fleet_key_of(owned, w->question, row);
	const size_t at = fleet_find(owned, &key);
	struct fleet_phone phone;

	if (at >= w->answer->n_groups) {
		error_set(err, ST_BUSY, "%s", _("the phones were changed in the meantime"));
		error_hint(err, "%s", _("run it again"));
		return ST_BUSY;
	}
	phone = (struct fleet_phone){.name = row->name,
	    .seen = row->seen,
	    .ctl = checksum(&owned->words, row->ctl),
	    .itl = checksum(&owned->words, row->itl),
	    .group = &w->answer->groups[at]};
	return w->each(w->context, &phone, err);
}

enum status fleet_each(const struct fleet_question *question, const struct fleet_answer *answer,
    enum status (*each)(void *context, const struct fleet_phone *phone, struct error *err),
    void *context, struct error *err)
{
	struct walk walk = {question, answer, each, context};

	if (!answer->has_fleet)
		return ST_OK;
	return store_phones_each(question->store, visit, &walk, err);
}

static void class_text(const struct fleet_group *group, const char *list, struct buffer *out)
{
	buffer_printf(out,
	    group->family == &phone_family_with_sbd
		? _("phones with Security By Default that hold %s")
		: _("phones without Security By Default that hold %s"),
	    list);
}

void fleet_group_text(
    const struct fleet_group *group, const struct fleet_lists *lists, struct buffer *out)
{
	const char *list = group->ctl == PHONE_HOLDS_LIST ? lists->list[group->list].name : "";
	const bool named = group->model[0] != '\0';

	if (group->family == &phone_family_with_sbd || group->family == &phone_family_without_sbd)
		class_text(group, list, out);
	else if (group->ctl == PHONE_HOLDS_LIST && named)
		buffer_printf(out, _("%s phones that hold %s"), group->model, list);
	else if (group->ctl == PHONE_HOLDS_LIST)
		buffer_printf(out, _("phones of no known model that hold %s"), list);
	else if (group->ctl == PHONE_HOLDS_NONE && named)
		buffer_printf(out, _("%s phones that hold no CTL"), group->model);
	else if (group->ctl == PHONE_HOLDS_NONE)
		buffer_printf(out, "%s", _("phones of no known model that hold no CTL"));
	else if (group->ctl == PHONE_HOLDS_OTHER && named)
		buffer_printf(
		    out, _("%s phones that hold a CTL that is not of the history"), group->model);
	else if (group->ctl == PHONE_HOLDS_OTHER)
		buffer_printf(out, "%s",
		    _("phones of no known model that hold a CTL that is not of the history"));
	else if (named)
		buffer_printf(
		    out, _("%s phones of which nobody knows what they hold"), group->model);
	else
		buffer_printf(
		    out, "%s", _("phones of no known model of which nobody knows what they hold"));
}
