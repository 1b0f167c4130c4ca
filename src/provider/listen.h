/*
 * The sockets that ctlproviderd listens on: its own, or systemd's.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_LISTEN_H
#define CTLSIGN_PROVIDER_LISTEN_H

#include "base/error.h"
#include "provider/provider.h"

#include <sys/socket.h>

enum { LISTEN_MAX = 32 };

struct listen_address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* Non-blocking, closed by exec, with TCP_NODELAY for what they accept. */
struct listen_sockets {
	int fds[LISTEN_MAX];
	size_t n;
	bool from_systemd;
};

/* "ADDRESS:PORT" or "[ADDRESS]:PORT"; no names. */
bool listen_parse(const char *text, struct listen_address *out);

/* An address without its port, an IPv4 one in its own form; OUT has INET6_ADDRSTRLEN bytes. */
void listen_address_text(const struct sockaddr *address, char *out);

/*
 * What systemd handed over (LISTEN_PID, LISTEN_FDS), else SETTINGS->listen, else the usual port on
 * all addresses.  Nothing is open after a failure.
 */
enum status listen_open(
    const struct provider_settings *settings, struct listen_sockets *out, struct error *err);
void listen_close(struct listen_sockets *sockets);

/* Tells systemd, when it asked for it (NOTIFY_SOCKET): "READY=1". */
void listen_notify(const char *state);

#endif
