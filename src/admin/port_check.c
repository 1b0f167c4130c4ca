/*
 * Whether somebody listens at the ports of a cluster's nodes: many at once, in bounded time.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/port_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* As many as leave room for others below the usual limit of 1024 descriptors. */
#define BATCH 256

/* RFC 1350: opcode 1 is a read request, 5 an error, which ends the transfer. */
static const char read_request[] = "\0\1CTLFile.tlv\0octet";
static const char end_of_transfer[] = "\0\5\0\0";

union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t place_of(const struct port_probe *probe, union place *out)
{
	memset(out, 0, sizeof(*out));
	if (probe->address.len == 4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)probe->port);
		memcpy(&out->v4.sin_addr, probe->address.bytes, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons((uint16_t)probe->port);
	memcpy(&out->v6.sin6_addr, probe->address.bytes, 16);
	return sizeof(out->v6);
}

static bool same_host(const union place *a, const union place *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

static void set_answer(struct port_probe *probe, int error)
{
	probe->reason = error;
	if (error == 0)
		probe->answer = PORT_REACHABLE;
	else if (error == ECONNREFUSED)
		probe->answer = PORT_REFUSED;
	else if (error == ETIMEDOUT)
		probe->answer = PORT_NO_ANSWER;
	else
		probe->answer = PORT_UNREACHABLE;
}

/* A server answers from another port than the one asked, so the socket is not connected. */
static void send_request(int fd, struct port_probe *probe)
{
	union place to;
	socklen_t len = place_of(probe, &to);

	if (sendto(fd, read_request, sizeof(read_request), 0, &to.any, len) < 0 &&
	    errno != EAGAIN && errno != EINTR)
		set_answer(probe, errno);
}

/* That nobody listens is told to an unconnected socket only if it asks for it. */
static bool want_errors(int fd, const struct port_probe *probe)
{
	const int on = 1;

	if (probe->address.len == 4)
		return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) == 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) == 0;
}

/* *FD is -1 when the answer is known already. */
static enum status begin(struct port_probe *probe, int *fd, struct error *err)
{
	union place to;
	socklen_t len;

	probe->answer = PORT_NOT_ASKED;
	probe->reason = 0;
	*fd = -1;
	if (probe->address.len == 0) {
		probe->answer = PORT_UNREACHABLE;
		return ST_OK;
	}
	len = place_of(probe, &to);
	*fd = socket(to.any.sa_family,
	    (probe->tftp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0 && errno == EAFNOSUPPORT) {
		set_answer(probe, errno);
		return ST_OK;
	}
	if (*fd < 0 || (probe->tftp && !want_errors(*fd, probe)))
		return error_errno(err, ST_FAILED, errno, "%s", _("no network socket can be had"));
	if (probe->tftp)
		send_request(*fd, probe);
	else if (connect(*fd, &to.any, len) == 0)
		set_answer(probe, 0);
	else if (errno != EINPROGRESS)
		set_answer(probe, errno);
	return ST_OK;
}

static void take_connection(int fd, struct port_probe *probe)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	set_answer(probe, error);
}

/* Anything that the node sends counts, "file not found" too: a TFTP server is there. */
static void take_datagram(int fd, struct port_probe *probe)
{
	union place from, asked;
	socklen_t len = sizeof(from);
	char data[1024];

	place_of(probe, &asked);
	memset(&from, 0, sizeof(from));
	if (recvfrom(fd, data, sizeof(data), 0, &from.any, &len) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			set_answer(probe, errno);
		return;
	}
	if (!same_host(&from, &asked))
		return;
	set_answer(probe, 0);
	/* Without it the server would send its block again and again; it may get lost. */
	(void)!sendto(fd, end_of_transfer, sizeof(end_of_transfer), 0, &from.any, len);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Those that still wait, for poll(), which skips a negative descriptor; their number. */
static size_t waiting(struct port_probe *probes, size_t n, struct pollfd *fds)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (probes[i].answer != PORT_NOT_ASKED && fds[i].fd >= 0) {
			close(fds[i].fd);
			fds[i].fd = -1;
		}
		if (fds[i].fd >= 0)
			left++;
	}
	return left;
}

static void take_events(struct port_probe *probes, size_t n, const struct pollfd *fds)
{
	for (size_t i = 0; i < n; i++) {
		if (fds[i].fd < 0 || fds[i].revents == 0)
			continue;
		if (probes[i].tftp)
			take_datagram(fds[i].fd, &probes[i]);
		else
			take_connection(fds[i].fd, &probes[i]);
	}
}

static void ask_again(struct port_probe *probes, size_t n, const struct pollfd *fds)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd >= 0 && probes[i].tftp)
			send_request(fds[i].fd, &probes[i]);
}

static enum status wait_all(
    struct port_probe *probes, size_t n, struct pollfd *fds, unsigned timeout_ms, struct error *err)
{
	const long start = now_ms(), end = start + (long)timeout_ms;
	long again = start + (long)timeout_ms / 3; /* a datagram may get lost */

	while (waiting(probes, n, fds) > 0) {
		long now = now_ms(), until = now < again ? again : end;

		if (now >= end)
			break;
		if (poll(fds, (nfds_t)n, (int)(until - now)) < 0 && errno != EINTR)
			return error_errno(
			    err, ST_FAILED, errno, "%s", _("waiting for the nodes failed"));
		take_events(probes, n, fds);
		if (now_ms() >= again && again < end) {
			ask_again(probes, n, fds);
			again = end;
		}
	}
	return ST_OK;
}

static enum status check_batch(
    struct port_probe *probes, size_t n, unsigned timeout_ms, struct error *err)
{
	struct pollfd fds[BATCH];
	enum status st = ST_OK;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = -1};
	for (size_t i = 0; st == ST_OK && i < n; i++) {
		st = begin(&probes[i], &fds[i].fd, err);
		fds[i].events = probes[i].tftp ? POLLIN : POLLOUT;
	}
	if (st == ST_OK)
		st = wait_all(probes, n, fds, timeout_ms, err);
	for (size_t i = 0; i < n; i++) {
		if (fds[i].fd >= 0)
			close(fds[i].fd);
		if (probes[i].answer == PORT_NOT_ASKED)
			probes[i].answer = PORT_NO_ANSWER;
	}
	return st;
}

enum status port_check(struct port_probe *probes, size_t n, unsigned timeout_ms, struct error *err)
{
	enum status st = ST_OK;

	for (size_t done = 0; st == ST_OK && done < n; done += BATCH)
		st = check_batch(
		    probes + done, n - done < BATCH ? n - done : BATCH, timeout_ms, err);
	return st;
}
