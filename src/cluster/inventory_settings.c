/*
 * The top level of ctlsign.conf: the cluster's own settings and keys.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRY_DAYS	30
#define EXPIRY_DAYS_MAX 3650
#define DEFAULT_STATE	"state.db"
#define DEFAULT_CTL	"CTLFile.tlv"

static enum status refuse_missing(
    const struct reading *reading, const char *name, const char *example, struct error *err)
{
	error_set(err, ST_FORMAT, _("the setting '%s' is missing"), name);
	error_hint(err, _("write %s = %s"), name, example);
	error_where(err, "%s", reading->path);
	return ST_FORMAT;
}

static enum status refuse_value(
    const struct place *place, const char *name, const char *allowed, struct error *err)
{
	char shown[80];

	text_printable_into(shown, sizeof(shown), text_bytes(place_value(place, name)));
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), name, shown);
	error_hint(err, _("take one of these: %s"), allowed);
	return place_refuse(place, name, err);
}

static enum status take_release(const struct place *place, struct inventory *out, struct error *err)
{
	const char *value = place_value(place, "release");

	if (value == NULL)
		return refuse_missing(place->reading, "release", "\"12.5(1)\"", err);
	if (release_parse(value, &out->release, err) == ST_OK)
		return ST_OK;
	if (err != NULL)
		err->status = ST_FORMAT;
	return place_refuse(place, "release", err);
}

static enum status take_digest(const struct place *place, struct inventory *out, struct error *err)
{
	const char *value = place_value(place, "digest");

	if (value == NULL)
		return ST_OK;
	out->has_digest = tl_digest_parse(value, &out->digest);
	if (!out->has_digest)
		return refuse_value(place, "digest", "sha1, sha256, sha512", err);
	if (out->digest != TL_SHA512 || release_rules(&out->release)->sha512)
		return ST_OK;
	error_set(err, ST_FORMAT, _("phones of release %s do not know SHA-512"), out->release.text);
	error_hint(err, "%s", _("take sha1 or sha256; sha512 is for 11.5(1) and later"));
	return place_refuse(place, "digest", err);
}

static enum status take_signer(const struct place *place, struct inventory *out, struct error *err)
{
	const char *value = place_value(place, "tokenless-signer");

	if (value == NULL || strcmp(value, "CallManager") == 0)
		return ST_OK;
	if (strcmp(value, "ITLRecovery") != 0)
		return refuse_value(place, "tokenless-signer", "CallManager, ITLRecovery", err);
	out->tokenless_signer = SIGNER_ITLRECOVERY;
	if (release_rules(&out->release)->itlrecovery_may_sign)
		return ST_OK;
	error_set(err, ST_FORMAT, _("in release %s ITLRecovery does not sign"), out->release.text);
	error_hint(err, "%s", _("take CallManager; ITLRecovery is for 12.0(1) and later"));
	return place_refuse(place, "tokenless-signer", err);
}

static enum status take_export(const struct place *place, struct inventory *out, struct error *err)
{
	const char *value = place_value(place, "export-controlled");

	/* Before there was a registration to ask for it, everyone had it. */
	out->export_controlled = !release_rules(&out->release)->registration;
	if (value == NULL)
		return ST_OK;
	out->export_controlled = strcmp(value, "yes") == 0;
	if (!out->export_controlled && strcmp(value, "no") != 0)
		return refuse_value(place, "export-controlled", "yes, no", err);
	return ST_OK;
}

static enum status take_modules(const struct place *place, struct inventory *out, struct error *err)
{
	enum status st =
	    place_list(place, "modules", INVENTORY_MAX_LIST, &out->modules, &out->n_modules, err);

	for (size_t i = 0; st == ST_OK && i < out->n_modules; i++) {
		char shown[256];

		if (out->modules[i][0] == '/')
			continue;
		error_set(err, ST_FORMAT, _("the module '%s' has no absolute path"),
		    text_printable_into(shown, sizeof(shown), text_bytes(out->modules[i])));
		error_hint(err, "%s",
		    _("write the whole path, such as "
		      "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"));
		st = place_refuse(place, "modules", err);
	}
	return st;
}

/* A path that has a default beside the file. */
static enum status take_path(const struct place *place, const char *name, const char *otherwise,
    char **out, struct error *err)
{
	const char *directory = place->reading->out->directory;
	enum status st = place_path(place, name, out, err);

	if (st != ST_OK || *out != NULL)
		return st;
	if (strcmp(directory, ".") == 0)
		*out = strdup(otherwise);
	else if (asprintf(out, "%s%s%s", directory, strcmp(directory, "/") == 0 ? "" : "/",
		     otherwise) < 0)
		*out = NULL;
	return *out != NULL ? ST_OK : error_no_memory(err);
}

static enum status take_top(const struct reading *reading, struct error *err)
{
	const struct place place = inventory_place(reading, &reading->layout.sections[0]);
	struct inventory *out = reading->out;
	enum status st = place_text(&place, "cluster", INVENTORY_MAX_NAME, &out->cluster, err);

	out->expiry_days = EXPIRY_DAYS;
	if (st == ST_OK && out->cluster == NULL)
		st = refuse_missing(reading, "cluster", "\"NAME\"", err);
	if (st == ST_OK)
		st = take_release(&place, out, err);
	if (st == ST_OK)
		st = place_dns(&place, "domain", &out->domain, err);
	if (st == ST_OK)
		st = take_digest(&place, out, err);
	if (st == ST_OK)
		st = take_signer(&place, out, err);
	if (st == ST_OK)
		st = take_export(&place, out, err);
	if (st == ST_OK)
		st = place_number(&place, "expiry-days", EXPIRY_DAYS_MAX, &out->expiry_days, err);
	if (st == ST_OK)
		st = take_modules(&place, out, err);
	if (st == ST_OK)
		st = take_path(&place, "state", DEFAULT_STATE, &out->state, err);
	if (st == ST_OK)
		st = take_path(&place, "ctl-file", DEFAULT_CTL, &out->ctl_file, err);
	return st;
}

static enum status take_keys(const struct reading *reading, struct error *err)
{
	const struct layout_section *itlrecovery = layout_first(&reading->layout, "itlrecovery");
	const struct layout_section *callmanager = layout_first(&reading->layout, "callmanager");
	struct inventory *out = reading->out;
	enum status st = ST_OK;
	struct place place;

	if (itlrecovery != NULL) {
		place = inventory_place(reading, itlrecovery);
		st = place_certificate(&place, "certificate", &out->itlrecovery, err);
		if (st == ST_OK)
			st = place_key(&place, "key", &out->itlrecovery_key, err);
	}
	if (st == ST_OK && callmanager != NULL) {
		place = inventory_place(reading, callmanager);
		st = place_key(&place, "key", &out->callmanager_key, err);
	}
	return st;
}

enum status inventory_take_settings(struct reading *reading, struct error *err)
{
	enum status st = take_top(reading, err);

	return st == ST_OK ? take_keys(reading, err) : st;
}
