/*
 * Families that a site adds in a file of its own.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/families_parts.h"

#include "base/text.h"
#include "conf/conf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_FAMILIES 256
#define MAX_MODELS   256
#define MIN_KEY	     512
#define MAX_KEY	     4096

static cfg_opt_t settings[] = {
    CONF_LIST("models"),
    CONF_SETTING("security-by-default"),
    CONF_LIST("digests"),
    CONF_LIST("no-digests"),
    CONF_SETTING("largest-key"),
    CONF_END,
};

static cfg_opt_t top[] = {
    CONF_NAMED("family", settings),
    CONF_END,
};

static enum status may_open(
    const struct conf *conf, const cfg_opt_t *kind, unsigned line, struct error *err)
{
	(void)kind;
	if (conf->n_sections <= MAX_FAMILIES)
		return ST_OK;
	error_set(err, ST_FORMAT, _("there are more than %d families"), MAX_FAMILIES);
	error_hint(err, "%s", _("put models that behave alike into one family"));
	return conf_refuse(conf, line, err);
}

static const struct conf_grammar grammar = {
    .settings = top,
    .max_file = 1024 * 1024,
    .form = N_("write family \"NAME\" { models = {\"7940\"} security-by-default = no }"),
    .blanks_in_names = true,
    .may_open = may_open,
};

static enum status take_name(
    const struct conf_place *place, struct phone_family *family, struct error *err)
{
	char shown[CONF_SHOWN_NAME];

	text_printable_into(shown, sizeof(shown), text_bytes(place->section->title));
	if (strlen(shown) < sizeof(family->name)) {
		text_cut_into(family->name, sizeof(family->name), shown);
		return ST_OK;
	}
	error_set(err, ST_FORMAT, _("the name of the family '%s' is longer than %zu bytes"), shown,
	    sizeof(family->name) - 1);
	error_hint(err, "%s", _("shorten it"));
	return conf_refuse(place->conf, place->section->line, err);
}

static enum status check_models(
    const struct conf_place *place, char *const *models, size_t n, struct error *err)
{
	char folded[FAMILY_MODEL_MAX], shown[80];

	if (n == 0) {
		error_set(err, ST_FORMAT, _("the family '%s' has no models"),
		    text_printable_into(shown, sizeof(shown), text_bytes(place->section->title)));
		error_hint(err, "%s", _("name them: models = {\"7940\", \"88*\"}"));
		return conf_refuse_value(place, "models", err);
	}
	for (size_t i = 0; i < n; i++) {
		const bool is_long = strlen(models[i]) >= FAMILY_MODEL_MAX;

		if (!is_long && model_fold(folded, models[i], true)[0] != '\0')
			continue;
		error_set(err, ST_FORMAT, _("this is no model: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(models[i])));
		error_hint(
		    err, "%s", _("write what tells it from others, such as \"7940\" or \"88*\""));
		return conf_refuse_value(place, "models", err);
	}
	return ST_OK;
}

static enum status take_security_by_default(
    const struct conf_place *place, struct phone_family *family, struct error *err)
{
	static const struct {
		const char *word;
		enum phone_answer answer;
	} words[] = {{"yes", PHONE_YES}, {"no", PHONE_NO}, {"unknown", PHONE_MAYBE}};
	const char *value = conf_value(place, "security-by-default");

	family->security_by_default = PHONE_MAYBE;
	if (value == NULL)
		return ST_OK;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i].word) != 0)
			continue;
		family->security_by_default = words[i].answer;
		return ST_OK;
	}
	return conf_refuse_choice(place, "security-by-default", _("yes, no, unknown"), err);
}

/* "SHA-256", "sha256" */
static bool parse_digest(const char *text, enum tl_digest *out)
{
	char plain[16];
	size_t n = 0;

	for (; *text != '\0' && n + 1 < sizeof(plain); text++)
		if (*text != '-')
			plain[n++] = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text;
	plain[n] = '\0';
	return *text == '\0' && tl_digest_parse(plain, out);
}

/* Each digest of the list NAME gets ANSWER; one that has the other already stands in both. */
static enum status take_digests(const struct conf_place *place, const char *name,
    enum phone_answer answer, struct phone_family *family, struct error *err)
{
	char **list, shown[80];
	size_t n;
	enum status st = conf_list(place, name, CONF_MAX_LIST, &list, &n, err);

	for (size_t i = 0; st == ST_OK && i < n; i++) {
		enum tl_digest digest;

		text_printable_into(shown, sizeof(shown), text_bytes(list[i]));
		if (!parse_digest(list[i], &digest)) {
			error_set(err, ST_FORMAT, _("this is no digest: '%s'"), shown);
			error_hint(err, "%s", _("take some of these: SHA-1, SHA-256, SHA-512"));
			st = conf_refuse_value(place, name, err);
		} else if (digest == TL_SHA1 && answer == PHONE_NO) {
			error_set(err, ST_FORMAT, "%s", _("every phone knows SHA-1"));
			error_hint(err, "%s", _("take it out of no-digests"));
			st = conf_refuse_value(place, name, err);
		} else if (digest != TL_SHA1 && family->digests[digest] != PHONE_MAYBE &&
			   family->digests[digest] != answer) {
			error_set(
			    err, ST_FORMAT, _("'%s' stands in digests and in no-digests"), shown);
			error_hint(err, "%s", _("leave it in one of them"));
			st = conf_refuse_value(place, name, err);
		} else {
			family->digests[digest] = answer;
		}
	}
	conf_strings_free(list, n);
	return st;
}

static enum status take_largest_key(
    const struct conf_place *place, struct phone_family *family, struct error *err)
{
	enum status st = conf_number(place, "largest-key", MAX_KEY, &family->largest_key, err);

	if (st == ST_OK && (family->largest_key == 0 || family->largest_key >= MIN_KEY))
		return ST_OK;
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), "largest-key",
	    text_printable_into((char[80]){0}, 80, text_bytes(conf_value(place, "largest-key"))));
	error_hint(err, _("write the bits of an RSA key, from %d to %d"), MIN_KEY, MAX_KEY);
	return conf_refuse_value(place, "largest-key", err);
}

static enum status take_family(
    const struct conf_place *place, struct phone_families *families, struct error *err)
{
	struct phone_family family = {
	    .digests = {
		[TL_SHA1] = PHONE_YES, [TL_SHA256] = PHONE_MAYBE, [TL_SHA512] = PHONE_MAYBE}};
	char **models = NULL;
	size_t n = 0;
	enum status st = take_name(place, &family, err);

	if (st == ST_OK)
		st = conf_list(place, "models", MAX_MODELS, &models, &n, err);
	if (st == ST_OK)
		st = check_models(place, models, n, err);
	if (st == ST_OK)
		st = take_security_by_default(place, &family, err);
	if (st == ST_OK)
		st = take_digests(place, "digests", PHONE_YES, &family, err);
	if (st == ST_OK)
		st = take_digests(place, "no-digests", PHONE_NO, &family, err);
	if (st == ST_OK)
		st = take_largest_key(place, &family, err);
	if (st == ST_OK)
		st = families_add(families, &family, (const char *const *)models, n, err);
	conf_strings_free(models, n);
	return st;
}

enum status families_add_file(struct phone_families *families, const char *path, struct error *err)
{
	struct conf conf = {.path = NULL};
	enum status st = conf_read(path, &grammar, &conf, err);

	for (size_t i = 1; st == ST_OK && i < conf.n_sections; i++) {
		const struct conf_place place = conf_at(&conf, &conf.sections[i]);

		st = take_family(&place, families, err);
	}
	conf_free(&conf);
	return st;
}
