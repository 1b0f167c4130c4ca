/*
 * Connections that were refused, and that the client has not heard of yet.
 *
 * A socket that is closed while bytes of the client are unread breaks the connection, and the
 * client then loses what was written last: the alert or the page that says why.  So such a socket
 * stays for a moment.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/connections_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 1000

void connections_linger(struct connection_list *list, int fd)
{
	const int own = list->n_lingering < CONNECTIONS_LINGERING && fd >= 0
			    ? fcntl(fd, F_DUPFD_CLOEXEC, 3)
			    : -1;

	/* Many at once are an attack, which need not hear why. */
	if (own < 0)
		return;
	list->lingering[list->n_lingering].fd = own;
	list->lingering[list->n_lingering++].until = connections_now() + LINGER_MS;
}

/* Throws away what came; false at the end of it. */
static bool drain(int fd)
{
	char bytes[4096];
	ssize_t n = 1;

	for (int i = 0; i < 64 && n > 0; i++)
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void connections_linger_tick(struct connection_list *list, bool all)
{
	const uint64_t now = connections_now();

	for (unsigned i = 0; i < list->n_lingering;) {
		if (drain(list->lingering[i].fd) && !all && now < list->lingering[i].until) {
			i++;
			continue;
		}
		close(list->lingering[i].fd);
		list->lingering[i] = list->lingering[--list->n_lingering];
	}
}
