/*
 * The sockets that ctlproviderd listens on.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/listen.h"

#include "provider/listen_systemd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connections that wait to be accepted; the kernel takes less when it allows less. */
#define BACKLOG 512

static bool parse_port(const char *text, in_port_t *out)
{
	const size_t len = strlen(text);
	unsigned long port;

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
		return false;
	port = strtoul(text, NULL, 10);
	*out = htons((uint16_t)port);
	return port >= 1 && port <= 65535;
}

bool listen_parse(const char *text, struct listen_address *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->addr;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	size_t len;

	memset(out, 0, sizeof(*out));
	if (colon == NULL)
		return false;
	len = (size_t)(colon - text);
	if (text[0] == '[' && len >= 2 && colon[-1] == ']') {
		text++;
		len -= 2;
		v6->sin6_family = AF_INET6;
	} else {
		v4->sin_family = AF_INET;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (v6->sin6_family == AF_INET6) {
		out->len = sizeof(*v6);
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 &&
		       parse_port(colon + 1, &v6->sin6_port);
	}
	out->len = sizeof(*v4);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 && parse_port(colon + 1, &v4->sin_port);
}

void listen_address_text(const struct sockaddr *address, char *out)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	strcpy(out, "-");
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, out, INET6_ADDRSTRLEN);
	else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out, INET6_ADDRSTRLEN);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, out, INET6_ADDRSTRLEN);
}

static enum status refuse(const char *text, int errnum, struct error *err)
{
	const char *port = strrchr(text, ':') + 1;

	error_errno(err, ST_IO, errnum, _("cannot listen on %s"), text);
	if (errnum == EADDRINUSE)
		error_hint(err,
		    _("look at who does with: ss -ltnp 'sport = :%s'; stop it, or set another "
		      "port with listen"),
		    port);
	else if (errnum == EACCES)
		error_hint(
		    err, "%s", _("take a port from 1024 on, or start it by systemd's socket"));
	else if (errnum == EADDRNOTAVAIL)
		error_hint(err, "%s",
		    _("look at this machine's addresses with: ip address; set one of them with "
		      "listen"));
	return ST_IO;
}

/* 0, or errno. */
static int open_one(const char *text, struct listen_sockets *out)
{
	const int on = 1;
	struct listen_address address;
	int fd, errnum = 0;

	/* The settings were read: it is one. */
	listen_parse(text, &address);
	fd =
	    socket(address.addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return errno;
	/* Connections of an earlier run may still wait to end; and [::] is no IPv4 address. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (address.addr.ss_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
	    bind(fd, (const struct sockaddr *)&address.addr, address.len) != 0 ||
	    listen(fd, BACKLOG) != 0)
		errnum = errno;
	if (errnum != 0)
		close(fd);
	else
		out->fds[out->n++] = fd;
	return errnum;
}

/* Everywhere; a machine without IPv6 or without IPv4 has the other one. */
static enum status open_usual(struct listen_sockets *out, struct error *err)
{
	static const char *const usual[] = {"0.0.0.0:2444", "[::]:2444"};

	for (size_t i = 0; i < 2; i++) {
		const int errnum = open_one(usual[i], out);
		const bool absent = errnum == EAFNOSUPPORT || errnum == EADDRNOTAVAIL;

		if (errnum != 0 && (!absent || (i == 1 && out->n == 0)))
			return refuse(usual[i], errnum, err);
	}
	return ST_OK;
}

static enum status open_named(
    const struct provider_settings *settings, struct listen_sockets *out, struct error *err)
{
	for (size_t i = 0; i < settings->n_listen; i++) {
		const int errnum = open_one(settings->listen[i], out);

		if (errnum != 0)
			return refuse(settings->listen[i], errnum, err);
	}
	return ST_OK;
}

enum status listen_open(
    const struct provider_settings *settings, struct listen_sockets *out, struct error *err)
{
	const int on = 1;
	enum status st;

	memset(out, 0, sizeof(*out));
	st = listen_from_systemd(out, err);
	if (st == ST_OK && !out->from_systemd)
		st =
		    settings->n_listen == 0 ? open_usual(out, err) : open_named(settings, out, err);
	/* What is accepted inherits it.  Without it an answer would wait for its own receipt. */
	for (size_t i = 0; st == ST_OK && i < out->n; i++)
		setsockopt(out->fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (st != ST_OK)
		listen_close(out);
	return st;
}

void listen_close(struct listen_sockets *sockets)
{
	for (size_t i = 0; i < sockets->n; i++)
		close(sockets->fds[i]);
	sockets->n = 0;
}
