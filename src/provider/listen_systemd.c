/*
 * systemd's two small protocols: sockets that it hands over, and telling it that all is ready.
 *
 * They are described in sd_listen_fds(3) and sd_notify(3), and need no library.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/listen_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3

/* A number of the environment; 0 when it is none. */
static long number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	number = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : 0;
}

static bool is_listening_stream(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);
	struct sockaddr_storage address;
	socklen_t address_len = sizeof(address);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) != 0 || value == 0)
		return false;
	len = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) != 0 || value != SOCK_STREAM)
		return false;
	return getsockname(fd, (struct sockaddr *)&address, &address_len) == 0 &&
	       (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

enum status listen_from_systemd(struct listen_sockets *out, struct error *err)
{
	const long n = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (n == 0)
		return ST_OK;
	if (n > LISTEN_MAX) {
		error_set(err, ST_USAGE, _("systemd handed over %ld sockets"), n);
		error_hint(err, _("list at most %d in ctlproviderd.socket"), LISTEN_MAX);
		return ST_USAGE;
	}
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)n; fd++) {
		const int flags = fcntl(fd, F_GETFL);

		if (!is_listening_stream(fd)) {
			error_set(err, ST_USAGE,
			    _("file descriptor %d of systemd is no listening TCP socket"), fd);
			error_hint(err, "%s", _("write ListenStream=2444 in ctlproviderd.socket"));
			return ST_USAGE;
		}
		if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
		    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
			return error_errno(
			    err, ST_IO, errno, "%s", _("cannot take systemd's socket"));
		out->fds[out->n++] = fd;
	}
	out->from_systemd = true;
	return ST_OK;
}

void listen_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	/* An abstract name begins with a zero byte. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Whether it arrives is systemd's affair: it has a time limit. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
