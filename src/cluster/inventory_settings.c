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

static enum status take_release(
    const struct conf_place *place, struct inventory *out, struct error *err)
{
	const char *value = conf_value(place, "release");

	if (value == NULL)
		return conf_refuse_missing(place->conf, "release", "\"12.5(1)\"", err);
	if (release_parse(value, &out->release, err) == ST_OK)
		return ST_OK;
	if (err != NULL)
		err->status = ST_FORMAT;
	return conf_refuse_value(place, "release", err);
}

static enum status take_digest(
    const struct conf_place *place, struct inventory *out, struct error *err)
{
	const char *value = conf_value(place, "digest");

	if (value == NULL)
		return ST_OK;
	out->has_digest = tl_digest_parse(value, &out->digest);
	if (!out->has_digest)
		return conf_refuse_choice(place, "digest", "sha1, sha256, sha512", err);
	if (out->digest != TL_SHA512 || release_rules(&out->release)->sha512)
		return ST_OK;
	error_set(err, ST_FORMAT, _("phones of release %s do not know SHA-512"), out->release.text);
	error_hint(err, "%s", _("take sha1 or sha256; sha512 is for 11.5(1) and later"));
	return conf_refuse_value(place, "digest", err);
}

static enum status take_signer(
    const struct conf_place *place, struct inventory *out, struct error *err)
{
	const char *value = conf_value(place, "tokenless-signer");

	if (value == NULL || strcmp(value, "CallManager") == 0)
		return ST_OK;
	if (strcmp(value, "ITLRecovery") != 0)
		return conf_refuse_choice(
		    place, "tokenless-signer", "CallManager, ITLRecovery", err);
	out->tokenless_signer = SIGNER_ITLRECOVERY;
	if (release_rules(&out->release)->itlrecovery_may_sign)
		return ST_OK;
	error_set(err, ST_FORMAT, _("in release %s ITLRecovery does not sign"), out->release.text);
	error_hint(err, "%s", _("take CallManager; ITLRecovery is for 12.0(1) and later"));
	return conf_refuse_value(place, "tokenless-signer", err);
}

static enum status take_export(
    const struct conf_place *place, struct inventory *out, struct error *err)
{
	const char *value = conf_value(place, "export-controlled");

	/* Before there was a registration to ask for it, everyone had it. */
	out->export_controlled = !release_rules(&out->release)->registration;
	if (value == NULL)
		return ST_OK;
	out->export_controlled = strcmp(value, "yes") == 0;
	if (!out->export_controlled && strcmp(value, "no") != 0)
		return conf_refuse_choice(place, "export-controlled", "yes, no", err);
	return ST_OK;
}

static enum status take_modules(
    const struct conf_place *place, struct inventory *out, struct error *err)
{
	enum status st =
	    conf_list(place, "modules", CONF_MAX_LIST, &out->modules, &out->n_modules, err);

	for (size_t i = 0; st == ST_OK && i < out->n_modules; i++) {
		char shown[256];

		if (out->modules[i][0] == '/')
			continue;
		error_set(err, ST_FORMAT, _("the module '%s' has no absolute path"),
		    text_printable_into(shown, sizeof(shown), text_bytes(out->modules[i])));
		error_hint(err, "%s",
		    _("write the whole path, such as "
		      "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"));
		st = conf_refuse_value(place, "modules", err);
	}
	return st;
}

/* A path that has a default beside the file. */
static enum status take_path(const struct conf_place *place, const char *name,
    const char *otherwise, char **out, struct error *err)
{
	enum status st = conf_path(place, name, out, err);

	if (st != ST_OK || *out != NULL)
		return st;
	*out = conf_resolve(place->conf, otherwise);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

static enum status take_top(const struct conf *conf, struct inventory *out, struct error *err)
{
	const struct conf_place place = conf_at(conf, &conf->sections[0]);
	enum status st = conf_text(&place, "cluster", CONF_MAX_NAME, &out->cluster, err);

	out->expiry_days = EXPIRY_DAYS;
	if (st == ST_OK && out->cluster == NULL)
		st = conf_refuse_missing(conf, "cluster", "\"NAME\"", err);
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
		st = conf_number(&place, "expiry-days", EXPIRY_DAYS_MAX, &out->expiry_days, err);
	if (st == ST_OK)
		st = take_modules(&place, out, err);
	if (st == ST_OK)
		st = take_path(&place, "state", DEFAULT_STATE, &out->state, err);
	if (st == ST_OK)
		st = take_path(&place, "ctl-file", DEFAULT_CTL, &out->ctl_file, err);
	if (st == ST_OK)
		st = conf_path(&place, "phone-families", &out->phone_families, err);
	return st;
}

static enum status take_keys(const struct conf *conf, struct inventory *out, struct error *err)
{
	const struct conf_section *itlrecovery = conf_first(conf, "itlrecovery");
	const struct conf_section *callmanager = conf_first(conf, "callmanager");
	enum status st = ST_OK;
	struct conf_place place;

	if (itlrecovery != NULL) {
		place = conf_at(conf, itlrecovery);
		st = place_certificate(&place, "certificate", &out->itlrecovery, err);
		if (st == ST_OK)
			st = place_key(&place, "key", &out->itlrecovery_key, err);
	}
	if (st == ST_OK && callmanager != NULL) {
		place = conf_at(conf, callmanager);
		st = place_key(&place, "key", &out->callmanager_key, err);
	}
	return st;
}

enum status inventory_take_settings(
    const struct conf *conf, struct inventory *out, struct error *err)
{
	enum status st = take_top(conf, out, err);

	return st == ST_OK ? take_keys(conf, out, err) : st;
}
