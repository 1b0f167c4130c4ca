/*
 * The section `publish`: how targets are reached, and which phones have lists of their own.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define TIMEOUT	    30
#define TIMEOUT_MAX 3600
#define MAC_DIGITS  12

/* Makes "00-11-22-aa-bb-cc" to "001122AABBCC" where it stands. */
static bool fold_mac(char *text)
{
	size_t n = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		const unsigned char c = (unsigned char)text[i];

		/* One separator between two digits. */
		if (strchr(":-.", c) != NULL && i > 0 &&
		    isxdigit((unsigned char)text[i - 1]) != 0 &&
		    isxdigit((unsigned char)text[i + 1]) != 0)
			continue;
		if (isxdigit(c) == 0 || n == MAC_DIGITS)
			return false;
		/* text[i - 1] is still needed: this writes no further than that. */
		text[n++] = (char)toupper(c);
	}
	text[n] = '\0';
	return n == MAC_DIGITS;
}

static enum status take_phones(
    const struct conf_place *place, struct inventory_publish *out, struct error *err)
{
	enum status st =
	    conf_list(place, "phones", INVENTORY_MAX_PHONES, &out->phones, &out->n_phones, err);

	for (size_t i = 0; st == ST_OK && i < out->n_phones; i++) {
		char shown[80];

		text_printable_into(shown, sizeof(shown), text_bytes(out->phones[i]));
		if (!fold_mac(out->phones[i])) {
			error_set(err, ST_FORMAT, _("this is no MAC address: '%s'"), shown);
			error_hint(err, "%s", _("write its 12 digits: 001122AABBCC"));
			return conf_refuse_value(place, "phones", err);
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(out->phones[i], out->phones[j]) != 0)
				continue;
			error_set(err, ST_FORMAT, _("the phone '%s' stands twice"), shown);
			error_hint(err, "%s", _("take one of them away"));
			return conf_refuse_value(place, "phones", err);
		}
	}
	return st;
}

static enum status check_key(
    const struct conf_place *place, const struct inventory_publish *out, struct error *err)
{
	if (out->client_key.where == NULL || out->client_certificate != NULL)
		return ST_OK;
	error_set(err, ST_FORMAT, "%s", _("there is a client-key without its certificate"));
	error_hint(err, "%s", _("name the certificate with client-certificate = \"FILE\""));
	return conf_refuse_value(place, "client-key", err);
}

enum status inventory_take_publish(
    const struct conf *conf, struct inventory *inventory, struct error *err)
{
	const struct conf_section *section = conf_first(conf, "publish");
	struct inventory_publish *out = &inventory->publish;
	struct conf_place place;
	enum status st;

	out->timeout = TIMEOUT;
	if (section == NULL)
		return ST_OK;
	place = conf_at(conf, section);
	out->line = section->line;
	st = conf_number(&place, "timeout", TIMEOUT_MAX, &out->timeout, err);
	if (st == ST_OK)
		st = conf_path(&place, "ssh-key", &out->ssh_key, err);
	if (st == ST_OK)
		st = conf_path(&place, "ssh-known-hosts", &out->ssh_known_hosts, err);
	if (st == ST_OK)
		st = conf_path(&place, "client-certificate", &out->client_certificate, err);
	if (st == ST_OK)
		st = place_key(&place, "client-key", &out->client_key, err);
	if (st == ST_OK)
		st = conf_path(&place, "provider-trust", &out->provider_trust, err);
	if (st == ST_OK)
		st = check_key(&place, out, err);
	return st == ST_OK ? take_phones(&place, out, err) : st;
}
