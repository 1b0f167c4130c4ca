/*
 * Addresses such as "sftp://ctl@192.0.2.10:22/tftp", taken apart and checked.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LETTERS	 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	 "0123456789"
#define HOST_MAX 253
#define PORT_MAX 65535

size_t url_scheme_length(const char *text)
{
	const size_t len = strspn(text, LETTERS DIGITS "+.-");

	return len > 0 && isalpha((unsigned char)text[0]) != 0 && strncmp(text + len, "://", 3) == 0
		   ? len
		   : 0;
}

bool url_has_scheme(const char *text, const char *scheme)
{
	const size_t len = url_scheme_length(text);

	return len == strlen(scheme) && strncasecmp(text, scheme, len) == 0;
}

void url_free(struct url *url)
{
	free(url->user);
	free(url->host);
	*url = (struct url){.user = NULL};
}

static unsigned hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a') + 10;
}

/* 0 for what must not stand in an address, decoded or not. */
static unsigned char decode_one(const char *text, size_t len)
{
	if (text[0] != '%')
		return (unsigned char)text[0];
	if (len < 3 || isxdigit((unsigned char)text[1]) == 0 ||
	    isxdigit((unsigned char)text[2]) == 0)
		return 0;
	return (unsigned char)(hex_value(text[1]) * 16 + hex_value(text[2]));
}

enum status url_decode(const char *text, size_t len, char **out, struct error *err)
{
	char *to = malloc(len + 1);

	*out = to;
	if (to == NULL)
		return error_no_memory(err);
	while (len > 0) {
		const unsigned char c = decode_one(text, len);
		const size_t step = text[0] == '%' ? 3 : 1;

		if (c < 0x20 || c == 0x7f) {
			error_set(err, ST_FORMAT, "%s",
			    _("a '%' stands in an address without two hexadecimal digits of a "
			      "character"));
			error_hint(err, "%s", _("write %25 for the percent sign itself"));
			free(*out);
			*out = NULL;
			return ST_FORMAT;
		}
		*to++ = (char)c;
		text += step;
		len -= step;
	}
	*to = '\0';
	return ST_OK;
}

static enum status refuse_host(const char *host, size_t len, struct error *err)
{
	char shown[320];

	text_printable_into(shown, sizeof(shown), (struct bytes){(const uint8_t *)host, len});
	if (len == 0)
		error_set(err, ST_FORMAT, "%s", _("an address names no host"));
	else
		error_set(err, ST_FORMAT, _("this is not a host name: '%s'"), shown);
	error_hint(err, "%s",
	    _("write a name, 192.0.2.10, or [2001:db8::10] with its brackets behind ://"));
	return ST_FORMAT;
}

static bool is_host(const char *host)
{
	struct inventory_address address;
	const size_t len = strlen(host);

	if (len == 0 || len > HOST_MAX || strspn(host, LETTERS DIGITS ".-_") != len)
		return false;
	if (host[0] == '-' || host[0] == '.' || strstr(host, "..") != NULL)
		return false;
	/* What looks like an IPv4 address has to be one. */
	return strspn(host, DIGITS ".") != len || inventory_address_parse(host, &address);
}

/* HOST or [IPv6]; *REST is what follows. */
static enum status take_host(
    const char *text, size_t len, struct url *out, size_t *rest, struct error *err)
{
	const char *close = len > 0 && text[0] == '[' ? memchr(text, ']', len) : NULL;
	struct inventory_address address;
	size_t n;
	bool good;

	if (close != NULL) {
		*rest = (size_t)(close - text) + 1;
		n = *rest - 2;
		out->host = strndup(text + 1, n);
	} else {
		const char *colon = memchr(text, ':', len);

		n = colon != NULL ? (size_t)(colon - text) : len;
		/* An IPv6 address without brackets: shown whole. */
		if (colon != NULL && memchr(colon + 1, ':', len - n - 1) != NULL)
			n = len;
		*rest = n;
		out->host = strndup(text, n);
	}
	if (out->host == NULL)
		return error_no_memory(err);
	if (close != NULL)
		good = inventory_address_parse(out->host, &address) && address.len == 16;
	else
		good = is_host(out->host);
	return good ? ST_OK : refuse_host(text, close != NULL ? *rest : n, err);
}

static enum status take_port(const char *text, size_t len, struct url *out, struct error *err)
{
	char shown[80];
	unsigned port = 0;

	if (len == 0)
		return ST_OK;
	for (size_t i = 1; i < len && i < 7 && port <= PORT_MAX; i++)
		port = isdigit((unsigned char)text[i]) != 0 ? port * 10 + (unsigned)(text[i] - '0')
							    : PORT_MAX + 1;
	if (text[0] == ':' && len > 1 && len <= 6 && port >= 1 && port <= PORT_MAX) {
		out->port = port;
		return ST_OK;
	}
	text_printable_into(shown, sizeof(shown), (struct bytes){(const uint8_t *)text, len});
	error_set(err, ST_FORMAT, _("this is no port behind a host: '%s'"), shown);
	error_hint(err, _("write a colon and a number from 1 to %u"), PORT_MAX);
	return ST_FORMAT;
}

static enum status take_user(const char *text, size_t len, struct url *out, struct error *err)
{
	/* Not shown: it may be one that is in use. */
	if (memchr(text, ':', len) != NULL) {
		error_set(err, ST_FORMAT, "%s", _("an address holds a password"));
		error_hint(err, "%s", _("take it away, and use a key or the agent"));
		return ST_FORMAT;
	}
	if (len != 0)
		return url_decode(text, len, &out->user, err);
	error_set(err, ST_FORMAT, "%s", _("an address has an @ and no user before it"));
	error_hint(err, "%s", _("write the user's name there, or take the @ away"));
	return ST_FORMAT;
}

static enum status check_path(const char *path, struct error *err)
{
	if (strpbrk(path, "?#") == NULL)
		return ST_OK;
	error_set(err, ST_FORMAT, "%s", _("an address has a query or a fragment (? or #)"));
	error_hint(err, "%s", _("take it away; in a folder's name write %3F for ? and %23 for #"));
	return ST_FORMAT;
}

enum status url_parse(const char *text, struct url *out, struct error *err)
{
	const char *authority = text + url_scheme_length(text) + strlen("://");
	size_t len, rest = 0;
	const char *at;
	enum status st;

	len = strcspn(authority, "/?#");
	out->path = authority + len;
	st = check_path(out->path, err);
	/* The last one: what stands before it is not to be taken for a host. */
	at = memrchr(authority, '@', len);
	if (st == ST_OK && at != NULL) {
		st = take_user(authority, (size_t)(at - authority), out, err);
		len -= (size_t)(at + 1 - authority);
		authority = at + 1;
	}
	if (st == ST_OK)
		st = take_host(authority, len, out, &rest, err);
	if (st == ST_OK)
		st = take_port(authority + rest, len - rest, out, err);
	return st;
}
