/*
 * Which CTL may follow the present one: the same that phones ask of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/rules.h"

#include "base/text.h"
#include "provider/names.h"
#include "trustlist/trustlist.h"

#include <string.h>

static enum status refuse(struct rules_verdict *out, int code, const struct error *err)
{
	out->code = err->status == ST_NO_MEMORY ? 500 : code;
	return err->status;
}

/*
 * A list names itself CTLFile.tlv, also where it is one phone's, or has no name at all.  Another
 * name is another kind of file, or another phone's.
 */
static enum status check_kind(const struct rules_ctl *ctl, const struct trustlist *list,
    struct rules_verdict *out, struct error *err)
{
	const struct bytes own = tl_string(list->filename);
	char shown[80];

	if (own.len == 0 || bytes_equal(own, text_bytes(PROVIDER_CTL)) ||
	    bytes_equal(own, text_bytes(ctl->name)))
		return ST_OK;
	text_printable_into(shown, sizeof(shown), own);
	if (own.len >= 3 && memcmp(own.data, "ITL", 3) == 0)
		error_set(err, ST_FORMAT, _("this is an ITL ('%s'), and %s has to be a CTL"), shown,
		    ctl->name);
	else
		error_set(err, ST_FORMAT, _("this file is '%s' by its own words, and not %s"),
		    shown, ctl->name);
	error_hint(err, "%s", _("send the CTL file that ctlsign has signed for this cluster"));
	return refuse(out, 422, err);
}

static enum status check_itself(const struct rules_ctl *ctl, struct trustlist *list,
    struct tl_verifier *verifier, struct rules_verdict *out, struct error *err)
{
	if (ctl->file.len > TL_PHONE_MAX) {
		error_set(err, ST_LIMIT,
		    _("the list has %zu bytes, and phones load %u at the most"), ctl->file.len,
		    TL_PHONE_MAX);
		error_hint(err, "%s", _("take out entries that nobody needs"));
		return refuse(out, 413, err);
	}
	if (tl_read(list, ctl->file, err) != ST_OK)
		return refuse(out, 422, err);
	text_printable_into(out->signer, sizeof(out->signer), tl_string(list->signer_name));
	if (check_kind(ctl, list, out, err) != ST_OK)
		return err->status;
	if (tl_verify(verifier, list, err) != ST_OK)
		return refuse(out, 422, err);
	return ST_OK;
}

/* The present one must be one that phones can have loaded: nothing can follow any other. */
static enum status read_present(const struct rules_ctl *ctl, struct trustlist *list,
    struct tl_verifier *verifier, struct rules_verdict *out, struct error *err)
{
	struct error why = {0};
	enum status st = tl_read(list, *ctl->present, &why);

	if (st == ST_OK)
		st = tl_verify(verifier, list, &why);
	if (st == ST_OK)
		return ST_OK;
	error_set(err, st,
	    _("the present %s of this node is no list that a new one could follow: %s"),
	    ctl->present_name, why.what);
	error_hint(err,
	    _("look at it on the node, and move it away there if the phones hold another one"));
	return refuse(out, 409, err);
}

static enum status check_signer(const struct trustlist *list, const struct trustlist *present,
    struct rules_verdict *out, struct error *err)
{
	struct error why = {0};
	enum status st = tl_trusted_by(list, present, &why);

	if (st == ST_OK)
		return ST_OK;
	error_set(err, st, _("phones would refuse it, too: %s"), why.what);
	error_hint(err, "%s", why.hint);
	return refuse(out, 422, err);
}

static enum status check_age(const struct rules_ctl *ctl, const struct trustlist *list,
    const struct trustlist *present, struct rules_verdict *out, struct error *err)
{
	struct buffer then = BUFFER_INIT, now = BUFFER_INIT;

	if (!present->has_timestamp ||
	    (list->has_timestamp && list->timestamp >= present->timestamp))
		return ST_OK;
	text_time_utc(&now, (time_t)present->timestamp);
	if (list->has_timestamp) {
		text_time_utc(&then, (time_t)list->timestamp);
		error_set(err, ST_NOT_VERIFIED,
		    _("the list was made at %s, before the present %s of %s"), buffer_text(&then),
		    ctl->present_name, buffer_text(&now));
	} else {
		error_set(err, ST_NOT_VERIFIED,
		    _("the list does not say when it was made, and the present %s is of %s"),
		    ctl->present_name, buffer_text(&now));
	}
	error_hint(
	    err, "%s", _("sign a new list: an older one would bring back what was withdrawn"));
	buffer_free(&then);
	buffer_free(&now);
	return refuse(out, 409, err);
}

enum status rules_check_ctl(
    const struct rules_ctl *ctl, struct rules_verdict *out, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT, present = TRUSTLIST_INIT;
	struct tl_verifier *verifier = tl_verifier_new();
	enum status st;

	*out = (struct rules_verdict){.code = 500};
	st = verifier != NULL ? check_itself(ctl, &list, verifier, out, err) : error_no_memory(err);
	if (st == ST_OK && ctl->present != NULL && !bytes_equal(ctl->file, *ctl->present)) {
		st = read_present(ctl, &present, verifier, out, err);
		if (st == ST_OK)
			st = check_signer(&list, &present, out, err);
		if (st == ST_OK)
			st = check_age(ctl, &list, &present, out, err);
	}
	tl_free(&list);
	tl_free(&present);
	tl_verifier_free(verifier);
	return st;
}
