/*
 * Connecting by TCP with a time limit, in a way that another thread can cut.
 *
 * A name is looked up in the background (getaddrinfo_a), as there is no other way to stop waiting
 * for a name server.  The socket connects without blocking.  A second descriptor of it is kept:
 * shutting that down ends every wait for the first one, whoever waits.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 50 /* while a name is looked up */

int64_t sftp_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int sftp_left(int64_t deadline)
{
	const int64_t left = deadline - sftp_clock();

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void sftp_line_init(struct sftp_line *line, unsigned timeout_ms)
{
	memset(line, 0, sizeof(*line));
	pthread_mutex_init(&line->lock, NULL);
	line->fd = -1;
	line->timeout_ms = timeout_ms;
	atomic_init(&line->cut, false);
}

/* Makes FD (or nothing, -1) what a cut ends.  False when the line is cut already. */
static bool watch(struct sftp_line *line, int fd)
{
	bool fine;

	pthread_mutex_lock(&line->lock);
	if (line->fd >= 0)
		close(line->fd);
	line->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	fine = !atomic_load(&line->cut) && (fd < 0 || line->fd >= 0);
	pthread_mutex_unlock(&line->lock);
	return fine;
}

void sftp_line_cut(struct sftp_line *line)
{
	pthread_mutex_lock(&line->lock);
	atomic_store(&line->cut, true);
	if (line->fd >= 0)
		shutdown(line->fd, SHUT_RDWR);
	pthread_mutex_unlock(&line->lock);
}

void sftp_line_end(struct sftp_line *line)
{
	pthread_mutex_lock(&line->lock);
	if (line->fd >= 0) {
		shutdown(line->fd, SHUT_RDWR);
		close(line->fd);
		line->fd = -1;
	}
	pthread_mutex_unlock(&line->lock);
}

void sftp_line_mend(struct sftp_line *line)
{
	atomic_store(&line->cut, false);
}

void sftp_line_destroy(struct sftp_line *line)
{
	sftp_line_end(line);
	pthread_mutex_destroy(&line->lock);
}

enum status sftp_line_no_answer(const struct sftp_line *line, struct error *err)
{
	const unsigned seconds = (line->timeout_ms + 999) / 1000;

	error_set(err, ST_FAILED,
	    ngettext("no answer within %u second", "no answer within %u seconds", seconds),
	    seconds);
	error_hint(err, "%s",
	    _("see whether the server runs and the network carries this port, or allow more time "
	      "with `timeout` in the section publish of ctlsign.conf"));
	return ST_FAILED;
}

static enum status cannot_resolve(const char *host, int code, struct error *err)
{
	error_set(
	    err, ST_FAILED, _("the name %s cannot be resolved: %s"), host, gai_strerror(code));
	error_hint(err, "%s",
	    _("mend the name in ctlsign.conf or in the DNS, or write the server's address"));
	return ST_FAILED;
}

/* A name that is being looked up, and all that glibc uses of ours meanwhile. */
struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char host[NI_MAXHOST];
	char port[8];
};

/* Looks a name up in the background and waits for it. */
static enum status look_up(struct sftp_line *line, struct lookup **lookup, int64_t deadline,
    struct addrinfo **out, struct error *err)
{
	struct gaicb *const request = &(*lookup)->request;
	const struct gaicb *const list[] = {request};
	const struct timespec slice = {0, LOOK_EVERY_MS * 1000000L};
	struct gaicb *start[] = {request};
	int code = getaddrinfo_a(GAI_NOWAIT, start, 1, NULL);

	if (code != 0)
		return cannot_resolve((*lookup)->host, code, err);
	while ((code = gai_error(request)) == EAI_INPROGRESS) {
		if (atomic_load(&line->cut) || sftp_left(deadline) == 0) {
			const int cancelled = gai_cancel(request);

			/* If it cannot be stopped, glibc writes into it later: it is left. */
			if (cancelled == EAI_NOTCANCELED)
				*lookup = NULL;
			else if (cancelled == EAI_ALLDONE && gai_error(request) == 0)
				freeaddrinfo(request->ar_result);
			return sftp_line_no_answer(line, err);
		}
		gai_suspend(list, 1, &slice);
	}
	*out = request->ar_result;
	return code == 0 ? ST_OK : cannot_resolve((*lookup)->host, code, err);
}

static enum status resolve(struct sftp_line *line, const char *host, unsigned port,
    int64_t deadline, struct addrinfo **out, struct error *err)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	enum status st = ST_OK;

	*out = NULL;
	if (lookup == NULL)
		return error_no_memory(err);
	if (strlen(host) >= sizeof(lookup->host)) {
		st = cannot_resolve(host, EAI_NONAME, err);
		goto out;
	}
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->port, sizeof(lookup->port), "%u", port);
	lookup->hints.ai_socktype = SOCK_STREAM;
	lookup->hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	lookup->request.ar_name = lookup->host;
	lookup->request.ar_service = lookup->port;
	lookup->request.ar_request = &lookup->hints;
	/* An address needs nobody to be asked. */
	if (getaddrinfo(lookup->host, lookup->port, &lookup->hints, out) == 0)
		goto out;
	lookup->hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
	st = look_up(line, &lookup, deadline, out, err);
out:
	free(lookup);
	return st;
}

/* Waits until the socket is connected.  0, or an errno value. */
static int wait_connected(int fd, int64_t deadline)
{
	struct pollfd p = {fd, POLLOUT, 0};
	int failed = 0, n;
	socklen_t len = sizeof(failed);

	do
		n = poll(&p, 1, sftp_left(deadline));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 ? ETIMEDOUT : errno;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 ? failed : errno;
}

/*
 * What was connected blocks again, which is what libssh expects; but a peer that takes nothing does
 * not block for ever.  Requests are small and wait for answers: they are sent at once.
 */
static void set_up(const struct sftp_line *line, int fd)
{
	const struct timeval limit = {
	    line->timeout_ms / 1000, (suseconds_t)(line->timeout_ms % 1000) * 1000};
	const int one = 1;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* One address.  The descriptor, or -1 with *FAILED an errno value. */
static int connect_to(
    struct sftp_line *line, const struct addrinfo *address, int64_t deadline, int *failed)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*failed = 0;
	if (fd < 0) {
		*failed = errno;
		return -1;
	}
	if (!watch(line, fd))
		*failed = ECANCELED;
	else if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
		*failed = errno == EINPROGRESS ? wait_connected(fd, deadline) : errno;
	if (*failed == 0 && !atomic_load(&line->cut)) {
		set_up(line, fd);
		return fd;
	}
	watch(line, -1);
	close(fd);
	return -1;
}

static enum status cannot_connect(
    const struct sftp_line *line, unsigned port, int failed, struct error *err)
{
	if (failed == ETIMEDOUT || atomic_load(&line->cut))
		return sftp_line_no_answer(line, err);
	error_errno(err, ST_FAILED, failed, _("cannot connect to port %u"), port);
	error_hint(err, "%s",
	    failed == ECONNREFUSED
		? _("start the SSH server there, or mend the port in ctlsign.conf")
		: _("see whether the server runs and the network leads to it"));
	return ST_FAILED;
}

enum status sftp_line_connect(
    struct sftp_line *line, const char *host, unsigned port, int *fd, struct error *err)
{
	const int64_t deadline = sftp_clock() + line->timeout_ms;
	struct addrinfo *addresses = NULL;
	int n = 0, failed = EADDRNOTAVAIL;
	enum status st;

	*fd = -1;
	st = resolve(line, host, port, deadline, &addresses, err);
	if (st != ST_OK)
		return st;
	for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
		n++;
	/* One that does not answer leaves time for those behind it. */
	for (const struct addrinfo *a = addresses; a != NULL && *fd < 0; a = a->ai_next, n--)
		*fd = connect_to(line, a, sftp_clock() + sftp_left(deadline) / n, &failed);
	freeaddrinfo(addresses);
	return *fd >= 0 ? ST_OK : cannot_connect(line, port, failed, err);
}
