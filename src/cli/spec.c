/*
 * Reading a SPEC.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/spec.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What CUCM takes for a name, and more than DNS allows for one. */
#define DNS_MAX 255

/* A value made printable for an error; one error at a time is written. */
struct shown {
	char text[256];
};

static const char *show(struct shown *shown, const char *value)
{
	return text_printable_into(shown->text, sizeof(shown->text), text_bytes(value));
}

static enum status usage(struct error *err)
{
	error_hint(err, "%s", _("write it as CERTIFICATE[,dns=NAME][,ip=ADDRESS]"));
	return ST_USAGE;
}

/* A host name or an address as text: letters, digits and what stands in those. */
static bool dns_is_sane(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:";
	size_t len = strlen(name);

	return len > 0 && len < DNS_MAX && strspn(name, allowed) == len;
}

static enum status take_dns(struct cli_spec *spec, const char *value, struct error *err)
{
	struct shown shown;

	if (spec->dns != NULL) {
		error_set(err, ST_USAGE, _("dns= is given twice: '%s'"), show(&shown, value));
		return usage(err);
	}
	if (!dns_is_sane(value)) {
		error_set(err, ST_USAGE, _("this is not a host name: '%s'"), show(&shown, value));
		return usage(err);
	}
	spec->dns = strdup(value);
	return spec->dns != NULL ? ST_OK : error_no_memory(err);
}

static enum status take_ip(struct cli_spec *spec, const char *value, struct error *err)
{
	struct shown shown;

	if (spec->ip_len != 0) {
		error_set(err, ST_USAGE, _("ip= is given twice: '%s'"), show(&shown, value));
		return usage(err);
	}
	if (inet_pton(AF_INET, value, spec->ip) == 1)
		spec->ip_len = 4;
	else if (inet_pton(AF_INET6, value, spec->ip) == 1)
		spec->ip_len = 16;
	if (spec->ip_len != 0)
		return ST_OK;
	error_set(err, ST_USAGE, _("this is not an IP address: '%s'"), show(&shown, value));
	return usage(err);
}

enum status cli_spec_parse(const char *text, struct cli_spec *spec, struct error *err)
{
	enum status st = ST_OK;
	char *comma;

	memset(spec, 0, sizeof(*spec));
	spec->certificate = strdup(text);
	if (spec->certificate == NULL)
		return error_no_memory(err);
	while (st == ST_OK && (comma = strrchr(spec->certificate, ',')) != NULL) {
		if (strncmp(comma, ",dns=", 5) == 0)
			st = take_dns(spec, comma + 5, err);
		else if (strncmp(comma, ",ip=", 4) == 0)
			st = take_ip(spec, comma + 4, err);
		else
			break;
		*comma = '\0';
	}
	if (st == ST_OK && spec->certificate[0] == '\0') {
		struct shown shown;

		error_set(err, ST_USAGE, _("the certificate is missing: '%s'"), show(&shown, text));
		st = usage(err);
	}
	if (st != ST_OK)
		cli_spec_free(spec);
	return st;
}

void cli_spec_free(struct cli_spec *spec)
{
	free(spec->certificate);
	free(spec->dns);
	memset(spec, 0, sizeof(*spec));
}
