/*
 * What ctlproviderd.conf may say, and what holds when it says nothing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/settings_parts.h"

#include "base/text.h"
#include "provider/listen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CONNECTIONS 10000
#define MAX_TIMEOUT	600
#define MAX_THREADS	64

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The services that a node has when none are named are those of ctlsign.conf. */
static const struct {
	const char *role;
	const char *usual[2];
} roles[] = {
    {"publisher", {"CallManager", "TFTP"}},
    {"subscriber", {"CallManager", "TFTP"}},
    {"tftp", {"TFTP", NULL}},
    {"media", {NULL, NULL}},
};

static const char *const services[] = {
    "CallManager", "TFTP", "CAPF", "CTIManager", "TVS", "CTL-Provider"};

static enum status refuse_missing(const struct settings_reading *reading, const char *name,
    const char *example, struct error *err)
{
	error_set(err, ST_FORMAT, _("the setting '%s' is missing"), name);
	error_hint(err, _("write %s = \"%s\""), name, example);
	error_where(err, "%s", reading->path);
	return ST_FORMAT;
}

/* A text that is "" when it is not set. */
static enum status or_empty(char **text, struct error *err)
{
	if (*text == NULL)
		*text = strdup("");
	return *text != NULL ? ST_OK : error_no_memory(err);
}

static bool is_address(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static enum status take_address(const struct settings_reading *reading, struct error *err)
{
	struct provider_settings *out = reading->out;
	enum status st = settings_name(reading, "address", &out->address, err);

	if (st == ST_OK && out->address != NULL && !is_address(out->address)) {
		error_set(err, ST_FORMAT, _("this is not an IP address: '%s'"), out->address);
		error_hint(err, "%s", _("write it as 192.0.2.10 or 2001:db8::10"));
		return settings_refuse_value(reading, "address", err);
	}
	return st == ST_OK ? or_empty(&out->address, err) : st;
}

static enum status take_role(const struct settings_reading *reading, size_t *at, struct error *err)
{
	struct provider_settings *out = reading->out;
	enum status st = settings_name(reading, "role", &out->role, err);

	if (st == ST_OK && out->role == NULL) {
		out->role = strdup("subscriber");
		st = out->role != NULL ? ST_OK : error_no_memory(err);
	}
	for (*at = 0; st == ST_OK && *at < COUNT(roles); ++*at)
		if (strcmp(roles[*at].role, out->role) == 0)
			return ST_OK;
	if (st != ST_OK)
		return st;
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), "role", out->role);
	error_hint(err, _("take one of these: %s"), _("publisher, subscriber, tftp, media"));
	return settings_refuse_value(reading, "role", err);
}

static enum status take_usual_services(
    struct provider_settings *out, const char *const usual[2], struct error *err)
{
	out->services = calloc(2, sizeof(*out->services));
	if (out->services == NULL)
		return error_no_memory(err);
	for (; out->n_services < 2 && usual[out->n_services] != NULL; out->n_services++) {
		out->services[out->n_services] = strdup(usual[out->n_services]);
		if (out->services[out->n_services] == NULL)
			return error_no_memory(err);
	}
	return ST_OK;
}

static bool is_service(const char *name)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (strcmp(services[i], name) == 0)
			return true;
	return false;
}

static enum status take_services(
    const struct settings_reading *reading, size_t role, struct error *err)
{
	struct provider_settings *out = reading->out;
	enum status st = settings_list(reading, "services", &out->services, &out->n_services, err);
	char shown[80];

	if (st == ST_OK && settings_line(reading, "services") == 0)
		return take_usual_services(out, roles[role].usual, err);
	for (size_t i = 0; st == ST_OK && i < out->n_services; i++) {
		if (is_service(out->services[i]))
			continue;
		error_set(err, ST_FORMAT, _("this is no service: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(out->services[i])));
		error_hint(err, _("take some of these: %s"),
		    _("CallManager, TFTP, CAPF, CTIManager, TVS, CTL-Provider"));
		st = settings_refuse_value(reading, "services", err);
	}
	return st;
}

/* HOST:PORT, where the host may be an IPv6 address in brackets. */
static bool is_host_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned long port = 0;

	if (colon == NULL || colon == text || strlen(colon + 1) > 5 ||
	    colon[1 + strspn(colon + 1, "0123456789")] != '\0' || colon[1] == '\0')
		return false;
	port = strtoul(colon + 1, NULL, 10);
	return port >= 1 && port <= 65535;
}

/* "NAME ADDRESS [HOST:PORT]" */
static bool is_server(const char *text)
{
	char *copy = strdup(text), *rest = NULL, *word;
	bool good = copy != NULL && strspn(text, " ") == 0;
	unsigned n = 0;

	for (word = good ? strtok_r(copy, " ", &rest) : NULL; word != NULL;
	     word = strtok_r(NULL, " ", &rest), n++)
		good =
		    good && n < 3 && (n != 1 || is_address(word)) && (n != 2 || is_host_port(word));
	free(copy);
	return good && n >= 2;
}

static enum status take_servers(const struct settings_reading *reading, struct error *err)
{
	struct provider_settings *out = reading->out;
	enum status st = settings_list(reading, "servers", &out->servers, &out->n_servers, err);
	char shown[160];

	for (size_t i = 0; st == ST_OK && i < out->n_servers; i++) {
		text_printable_into(shown, sizeof(shown), text_bytes(out->servers[i]));
		if (is_server(out->servers[i]) && strcmp(shown, out->servers[i]) == 0)
			continue;
		error_set(err, ST_FORMAT, _("this is no server: '%s'"), shown);
		error_hint(err, "%s",
		    _("write its name, its address and where its provider listens, such as "
		      "\"cucm-sub1 192.0.2.11 192.0.2.11:2444\""));
		st = settings_refuse_value(reading, "servers", err);
	}
	return st;
}

static enum status take_offers(const struct settings_reading *reading, struct error *err)
{
	static const struct {
		const char *name, *setting;
	} offers[PROVIDER_OFFERS] = {
	    {"callmanager", "callmanager-certificate"},
	    {"capf", "capf-certificate"},
	    {"itlrecovery", "itlrecovery-certificate"},
	    {"tvs", "tvs-certificate"},
	};
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < PROVIDER_OFFERS; i++) {
		reading->out->offers[i].name = offers[i].name;
		st = settings_path(reading, offers[i].setting, &reading->out->offers[i].path, err);
	}
	return st;
}

/* Paths that have to be there. */
static enum status take_paths(const struct settings_reading *reading, struct error *err)
{
	struct provider_settings *out = reading->out;
	const struct {
		const char *name, *example;
		char **to;
	} paths[] = {
	    {"directory", "/srv/tftp", &out->directory},
	    {"state", "/var/lib/ctlproviderd", &out->state},
	    {"certificate", "provider.pem", &out->certificate},
	    {"key", "provider.key", &out->key},
	    {"clients", "clients.pem", &out->clients},
	};
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < COUNT(paths); i++) {
		st = settings_path(reading, paths[i].name, paths[i].to, err);
		if (st == ST_OK && *paths[i].to == NULL)
			st = refuse_missing(reading, paths[i].name, paths[i].example, err);
	}
	return st;
}

static enum status take_listen(const struct settings_reading *reading, struct error *err)
{
	struct provider_settings *out = reading->out;
	enum status st = settings_list(reading, "listen", &out->listen, &out->n_listen, err);
	struct listen_address address;
	char shown[80];

	for (size_t i = 0; st == ST_OK && i < out->n_listen; i++) {
		if (listen_parse(out->listen[i], &address))
			continue;
		error_set(err, ST_FORMAT, _("this is no address to listen on: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(out->listen[i])));
		error_hint(err, _("write ADDRESS:PORT, such as 0.0.0.0:%d or [::]:%d"),
		    PROVIDER_PORT, PROVIDER_PORT);
		st = settings_refuse_value(reading, "listen", err);
	}
	return st;
}

static enum status take_limits(const struct settings_reading *reading, struct error *err)
{
	struct provider_settings *out = reading->out;
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	enum status st;

	out->max_connections = 256;
	out->max_per_client = 64;
	out->timeout_s = 10;
	out->threads = processors < 1 ? 1 : processors > 8 ? 8 : (unsigned)processors;
	st = settings_number(
	    reading, "max-connections", MAX_CONNECTIONS, &out->max_connections, err);
	if (st == ST_OK)
		st = settings_number(
		    reading, "max-per-client", MAX_CONNECTIONS, &out->max_per_client, err);
	if (st == ST_OK)
		st = settings_number(reading, "timeout", MAX_TIMEOUT, &out->timeout_s, err);
	if (st == ST_OK)
		st = settings_number(reading, "threads", MAX_THREADS, &out->threads, err);
	return st;
}

static enum status take_node(const struct settings_reading *reading, struct error *err)
{
	struct provider_settings *out = reading->out;
	size_t role = 0;
	enum status st = settings_name(reading, "node", &out->node, err);

	if (st == ST_OK && out->node == NULL)
		st = refuse_missing(reading, "node", "cucm-sub1", err);
	if (st == ST_OK)
		st = settings_name(reading, "dns", &out->dns, err);
	if (st == ST_OK && out->dns == NULL) {
		out->dns = strdup(out->node);
		st = out->dns != NULL ? ST_OK : error_no_memory(err);
	}
	if (st == ST_OK)
		st = take_address(reading, err);
	if (st == ST_OK)
		st = take_role(reading, &role, err);
	if (st == ST_OK)
		st = settings_name(reading, "release", &out->release, err);
	if (st == ST_OK)
		st = or_empty(&out->release, err);
	if (st == ST_OK)
		st = take_services(reading, role, err);
	return st;
}

enum status settings_take(struct settings_reading *reading, struct error *err)
{
	enum status st = take_node(reading, err);

	if (st == ST_OK)
		st = take_servers(reading, err);
	if (st == ST_OK)
		st = take_offers(reading, err);
	if (st == ST_OK)
		st = take_paths(reading, err);
	if (st == ST_OK)
		st = take_listen(reading, err);
	if (st == ST_OK)
		st = settings_name(reading, "user", &reading->out->user, err);
	if (st == ST_OK)
		st = take_limits(reading, err);
	return st;
}
