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

/* A name of a host or a person: no blanks. */
static enum status take_name(
    const struct conf_place *place, const char *name, char **out, struct error *err)
{
	enum status st = conf_text(place, name, CONF_MAX_NAME, out, err);
	char shown[CONF_SHOWN_NAME];

	if (st != ST_OK || *out == NULL || conf_is_name(*out, shown))
		return st;
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), name, shown);
	error_hint(err, "%s", _("write a name without blanks and backslashes"));
	return conf_refuse_value(place, name, err);
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

static enum status take_address(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	enum status st = take_name(place, "address", &out->address, err);

	if (st == ST_OK && out->address != NULL && !is_address(out->address)) {
		return conf_refuse_address(place, "address", out->address, err);
	}
	return st == ST_OK ? or_empty(&out->address, err) : st;
}

static enum status take_role(
    const struct conf_place *place, struct provider_settings *out, size_t *at, struct error *err)
{
	enum status st = take_name(place, "role", &out->role, err);

	if (st == ST_OK && out->role == NULL) {
		out->role = strdup("subscriber");
		st = out->role != NULL ? ST_OK : error_no_memory(err);
	}
	for (*at = 0; st == ST_OK && *at < COUNT(roles); ++*at)
		if (strcmp(roles[*at].role, out->role) == 0)
			return ST_OK;
	if (st != ST_OK)
		return st;
	return conf_refuse_choice(place, "role", _("publisher, subscriber, tftp, media"), err);
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
    const struct conf_place *place, struct provider_settings *out, size_t role, struct error *err)
{
	enum status st =
	    conf_list(place, "services", CONF_MAX_LIST, &out->services, &out->n_services, err);
	char shown[80];

	if (st == ST_OK && !conf_is_set(place, "services"))
		return take_usual_services(out, roles[role].usual, err);
	for (size_t i = 0; st == ST_OK && i < out->n_services; i++) {
		if (is_service(out->services[i]))
			continue;
		error_set(err, ST_FORMAT, _("this is no service: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(out->services[i])));
		error_hint(err, _("take some of these: %s"),
		    _("CallManager, TFTP, CAPF, CTIManager, TVS, CTL-Provider"));
		st = conf_refuse_value(place, "services", err);
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

static enum status take_servers(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	enum status st =
	    conf_list(place, "servers", CONF_MAX_LIST, &out->servers, &out->n_servers, err);
	char shown[160];

	for (size_t i = 0; st == ST_OK && i < out->n_servers; i++) {
		text_printable_into(shown, sizeof(shown), text_bytes(out->servers[i]));
		if (is_server(out->servers[i]) && strcmp(shown, out->servers[i]) == 0)
			continue;
		error_set(err, ST_FORMAT, _("this is no server: '%s'"), shown);
		error_hint(err, "%s",
		    _("write its name, its address and where its provider listens, such as "
		      "\"cucm-sub1 192.0.2.11 192.0.2.11:2444\""));
		st = conf_refuse_value(place, "servers", err);
	}
	return st;
}

static enum status take_offers(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
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
		out->offers[i].name = offers[i].name;
		st = conf_path(place, offers[i].setting, &out->offers[i].path, err);
	}
	return st;
}

/* Paths that have to be there. */
static enum status take_paths(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	const struct {
		const char *name, *example;
		char **to;
	} paths[] = {
	    {"directory", "\"/srv/tftp\"", &out->directory},
	    {"state", "\"/var/lib/ctlproviderd\"", &out->state},
	    {"certificate", "\"provider.pem\"", &out->certificate},
	    {"key", "\"provider.key\"", &out->key},
	    {"clients", "\"clients.pem\"", &out->clients},
	};
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < COUNT(paths); i++) {
		st = conf_path(place, paths[i].name, paths[i].to, err);
		if (st == ST_OK && *paths[i].to == NULL)
			st = conf_refuse_missing(place->conf, paths[i].name, paths[i].example, err);
	}
	return st;
}

static enum status take_listen(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	enum status st =
	    conf_list(place, "listen", CONF_MAX_LIST, &out->listen, &out->n_listen, err);
	struct listen_address address;
	char shown[80];

	for (size_t i = 0; st == ST_OK && i < out->n_listen; i++) {
		if (listen_parse(out->listen[i], &address))
			continue;
		error_set(err, ST_FORMAT, _("this is no address to listen on: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(out->listen[i])));
		error_hint(err, _("write ADDRESS:PORT, such as 0.0.0.0:%d or [::]:%d"),
		    PROVIDER_PORT, PROVIDER_PORT);
		st = conf_refuse_value(place, "listen", err);
	}
	return st;
}

static enum status take_limits(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	enum status st;

	out->max_connections = 256;
	out->max_per_client = 64;
	out->timeout_s = 10;
	out->threads = processors < 1 ? 1 : processors > 8 ? 8 : (unsigned)processors;
	st = conf_number(place, "max-connections", MAX_CONNECTIONS, &out->max_connections, err);
	if (st == ST_OK)
		st = conf_number(
		    place, "max-per-client", MAX_CONNECTIONS, &out->max_per_client, err);
	if (st == ST_OK)
		st = conf_number(place, "timeout", MAX_TIMEOUT, &out->timeout_s, err);
	if (st == ST_OK)
		st = conf_number(place, "threads", MAX_THREADS, &out->threads, err);
	return st;
}

static enum status take_node(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	size_t role = 0;
	enum status st = take_name(place, "node", &out->node, err);

	if (st == ST_OK && out->node == NULL)
		st = conf_refuse_missing(place->conf, "node", "\"cucm-sub1\"", err);
	if (st == ST_OK)
		st = take_name(place, "dns", &out->dns, err);
	if (st == ST_OK && out->dns == NULL) {
		out->dns = strdup(out->node);
		st = out->dns != NULL ? ST_OK : error_no_memory(err);
	}
	if (st == ST_OK)
		st = take_address(place, out, err);
	if (st == ST_OK)
		st = take_role(place, out, &role, err);
	if (st == ST_OK)
		st = take_name(place, "release", &out->release, err);
	if (st == ST_OK)
		st = or_empty(&out->release, err);
	if (st == ST_OK)
		st = take_services(place, out, role, err);
	return st;
}

enum status settings_take(
    const struct conf_place *place, struct provider_settings *out, struct error *err)
{
	enum status st = take_node(place, out, err);

	if (st == ST_OK)
		st = take_servers(place, out, err);
	if (st == ST_OK)
		st = take_offers(place, out, err);
	if (st == ST_OK)
		st = take_paths(place, out, err);
	if (st == ST_OK)
		st = take_listen(place, out, err);
	if (st == ST_OK)
		st = take_name(place, "user", &out->user, err);
	if (st == ST_OK)
		st = take_limits(place, out, err);
	return st;
}
