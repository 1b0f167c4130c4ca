/*
 * Downloads by HTTP and TFTP, from servers in this process that answer as they are told to.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "publish/fetch.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NAME "CTLFile.tlv"

/* A server on a port of its own, until it is stopped. */
struct server {
	int fd;
	unsigned port;
	pthread_t thread;
	atomic_bool stop;
	/* HTTP: what every connection is answered with; NULL: nothing, and it is kept open. */
	const char *answer;
	size_t answer_len;
	/* TFTP: the file's length, or -ERROR, or one of the next two. */
	int tftp;
	char asked[512]; /* the last request */
};
enum { TFTP_SILENT = -100, TFTP_ENDLESS = -101, TFTP_STOPS = -102 };

static void start_server(struct server *s, int type, void *(*serve)(void *))
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);

	s->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	atomic_init(&s->stop, false);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    (type == SOCK_STREAM && listen(s->fd, 8) != 0) ||
	    getsockname(s->fd, (struct sockaddr *)&a, &len) != 0 ||
	    pthread_create(&s->thread, NULL, serve, s) != 0)
		abort();
	s->port = ntohs(a.sin_port);
}

static void stop_server(struct server *s)
{
	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

/* Whether there is something to read before the server is to stop. */
static bool wait_for(struct server *s, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (!atomic_load(&s->stop))
		if (poll(&p, 1, 20) > 0)
			return true;
	return false;
}

static void *serve_http(void *context)
{
	struct server *s = context;

	while (wait_for(s, s->fd)) {
		int c = accept(s->fd, NULL, NULL);
		ssize_t n;

		if (c < 0)
			continue;
		n = wait_for(s, c) ? recv(c, s->asked, sizeof(s->asked) - 1, 0) : 0;
		s->asked[n > 0 ? n : 0] = '\0';
		if (s->answer == NULL)
			while (!atomic_load(&s->stop))
				poll(NULL, 0, 20);
		else
			for (size_t sent = 0; sent < s->answer_len;) {
				n = send(c, s->answer + sent, s->answer_len - sent, MSG_NOSIGNAL);
				if (n <= 0)
					break;
				sent += (size_t)n;
			}
		close(c);
	}
	return NULL;
}

/* One transfer without options, on the server's own port, as RFC 1350 has it. */
static void send_file(struct server *s, const struct sockaddr *to, socklen_t to_len)
{
	size_t left = s->tftp < 0 ? (size_t)-1 : (size_t)s->tftp;
	uint8_t packet[516];
	size_t n = 512;

	for (unsigned block = 1; n == 512; block++) {
		n = left < 512 ? left : 512;
		left -= n;
		packet[0] = 0;
		packet[1] = 3;
		packet[2] = (uint8_t)(block >> 8);
		packet[3] = (uint8_t)block;
		memset(packet + 4, 'A' + (int)(block % 26), n);
		sendto(s->fd, packet, 4 + n, 0, to, to_len);
		if (s->tftp == TFTP_STOPS || !wait_for(s, s->fd))
			return;
		if (recv(s->fd, packet, sizeof(packet), 0) < 4 || packet[1] != 4)
			return;
	}
}

static void *serve_tftp(void *context)
{
	struct server *s = context;

	while (wait_for(s, s->fd)) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		char request[512] = "";
		ssize_t n = recvfrom(
		    s->fd, request, sizeof(request) - 1, 0, (struct sockaddr *)&from, &len);

		if (n < 4 || request[1] != 1)
			continue;
		memcpy(s->asked, request + 2, sizeof(request) - 2);
		if (s->tftp >= 0 || s->tftp == TFTP_ENDLESS || s->tftp == TFTP_STOPS) {
			send_file(s, (struct sockaddr *)&from, len);
		} else if (s->tftp != TFTP_SILENT) {
			const char error[] = {0, 5, 0, (char)-s->tftp, 'n', 'o', '\033', 0};

			sendto(s->fd, error, sizeof(error), 0, (struct sockaddr *)&from, len);
		}
	}
	return NULL;
}

static enum status get(const char *scheme, const struct server *s, const char *folder, size_t max,
    unsigned timeout_ms, struct buffer *out, bool *there, struct error *err)
{
	char base[128];

	error_clear(err);
	snprintf(base, sizeof(base), "%s://127.0.0.1:%u%s", scheme, s->port, folder);
	return fetch_file(base, NAME, max, timeout_ms, out, there, err);
}

/* One GET of what the server answers with TEXT. */
static enum status http(
    const char *text, size_t len, size_t max, struct buffer *out, bool *there, struct error *err)
{
	struct server s = {.answer = text, .answer_len = len};
	enum status status;

	start_server(&s, SOCK_STREAM, serve_http);
	status = get("http", &s, "", max, 2000, out, there, err);
	stop_server(&s);
	return status;
}

static void test_http(void)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab\0cd";
	struct server s = {.answer = answer, .answer_len = sizeof(answer) - 1};
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = false;

	start_server(&s, SOCK_STREAM, serve_http);
	buffer_add(&out, "old", 3);
	CU_ASSERT_EQUAL(get("http", &s, "", 5, 2000, &out, &there, &err), ST_OK);
	CU_ASSERT_TRUE(there);
	CU_ASSERT_EQUAL_FATAL(out.len, 5);
	CU_ASSERT_EQUAL(memcmp(out.data, "ab\0cd", 5), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.asked, "GET /CTLFile.tlv HTTP/1.1\r\n"));
	CU_ASSERT_EQUAL(get("http", &s, "/a/b/", 5, 2000, &out, &there, &err), ST_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.asked, "GET /a/b/CTLFile.tlv HTTP/1.1\r\n"));
	stop_server(&s);
	buffer_free(&out);
}

static void test_proxy(void)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = false;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	CU_ASSERT_EQUAL(http(answer, sizeof(answer) - 1, 99, &out, &there, &err), ST_OK);
	CU_ASSERT_TRUE(there);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	buffer_free(&out);
}

static void test_http_missing(void)
{
	static const char answer[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = true;

	CU_ASSERT_EQUAL(http(answer, sizeof(answer) - 1, 99, &out, &there, &err), ST_OK);
	CU_ASSERT_FALSE(there);
	CU_ASSERT_EQUAL(out.len, 0);
	buffer_free(&out);
}

static void check_http(const char *answer, size_t max, enum status status, const char *what)
{
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = true;

	CU_ASSERT_EQUAL(http(answer, strlen(answer), max, &out, &there, &err), status);
	CU_ASSERT_FALSE(there);
	CU_ASSERT_EQUAL(out.len, 0);
	CU_ASSERT_EQUAL(strncmp(err.where, "http://127.0.0.1:", 17), 0);
	CU_ASSERT(err.hint[0] != '\0');
	if (strstr(err.what, what) == NULL) {
		fprintf(stderr, "# %s\n", err.what);
		CU_FAIL("the error says something else");
	}
	buffer_free(&out);
}

static void test_http_refused(void)
{
	check_http("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n"
		   "Content-Length: 0\r\n\r\n",
	    99, ST_FAILED, "HTTP status 301");
	check_http(
	    "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nab", 99, ST_FAILED, "HTTP status 500");
	check_http(
	    "HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\nab", 99, ST_FAILED, "HTTP status 206");
	check_http("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 99, ST_FAILED,
	    "cut off after 3 bytes");
	check_http("HTTP/1.1 404 Not Found\r\nX-", 99, ST_FAILED, "cut off after 0 bytes");
	check_http("HTTP/1.1 200 OK\r\nContent-Le", 99, ST_FAILED, "cut off after 0 bytes");
	check_http("garbage", 99, ST_FAILED, "does not speak HTTP");
	check_http("", 99, ST_FAILED, "cut off after 0 bytes");
}

static void test_http_large(void)
{
	char *head;

	/* Announced, not announced, and in what is no body at all. */
	check_http("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef", 5, ST_LIMIT, "5 bytes");
	check_http("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef", 5, ST_LIMIT, "5 bytes");
	check_http("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
	    5, ST_LIMIT, "5 bytes");
	head = malloc(100000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(head);
	strcpy(head, "HTTP/1.1 200 OK\r\n");
	for (size_t n = strlen(head); n < 90000; n += 18)
		strcpy(head + n, "X-Header: 1234567\n");
	check_http(head, 5, ST_LIMIT, "more than");
	free(head);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check_late(const char *scheme, struct server *s)
{
	struct buffer out = BUFFER_INIT;
	const double start = seconds();
	struct error err;
	bool there = true;

	CU_ASSERT_EQUAL(get(scheme, s, "", 99999, 700, &out, &there, &err), ST_FAILED);
	CU_ASSERT_FALSE(there);
	CU_ASSERT(seconds() - start < 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "within 0.7 seconds"));
	buffer_free(&out);
}

static void test_late(void)
{
	struct server silent = {.answer = NULL}, tftp = {.tftp = TFTP_SILENT},
		      stops = {.tftp = TFTP_STOPS};

	start_server(&silent, SOCK_STREAM, serve_http);
	check_late("http", &silent);
	stop_server(&silent);
	start_server(&tftp, SOCK_DGRAM, serve_tftp);
	check_late("tftp", &tftp);
	stop_server(&tftp);
	start_server(&stops, SOCK_DGRAM, serve_tftp);
	check_late("tftp", &stops);
	stop_server(&stops);
}

static void test_not_there(void)
{
	struct buffer out = BUFFER_INIT;
	struct server s = {.answer = ""};
	struct error err;
	bool there;

	start_server(&s, SOCK_STREAM, serve_http);
	stop_server(&s);
	CU_ASSERT_EQUAL(get("http", &s, "", 99, 2000, &out, &there, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "cannot connect: Connection refused");
	buffer_free(&out);
}

static enum status tftp(
    int behaviour, size_t max, struct buffer *out, bool *there, struct error *err)
{
	struct server s = {.tftp = behaviour};
	enum status status;

	start_server(&s, SOCK_DGRAM, serve_tftp);
	status = get("tftp", &s, "", max, 5000, out, there, err);
	/* Its name as phones say it, and not as text. */
	CU_ASSERT_STRING_EQUAL(s.asked, NAME);
	CU_ASSERT_STRING_EQUAL(s.asked + sizeof(NAME), "octet");
	stop_server(&s);
	return status;
}

static void test_tftp(void)
{
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = false;

	CU_ASSERT_EQUAL(tftp(1300, 1300, &out, &there, &err), ST_OK);
	CU_ASSERT_TRUE(there);
	CU_ASSERT_EQUAL_FATAL(out.len, 1300);
	CU_ASSERT_EQUAL(out.data[0], 'B');
	CU_ASSERT_EQUAL(out.data[1299], 'D');
	CU_ASSERT_EQUAL(tftp(1024, 1300, &out, &there, &err), ST_OK);
	CU_ASSERT_EQUAL(out.len, 1024);
	buffer_free(&out);
}

static void test_tftp_refused(void)
{
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = true;

	CU_ASSERT_EQUAL(tftp(-1, 99, &out, &there, &err), ST_OK);
	CU_ASSERT_FALSE(there);
	there = true;
	CU_ASSERT_EQUAL(tftp(-2, 99, &out, &there, &err), ST_FAILED);
	CU_ASSERT_FALSE(there);
	CU_ASSERT_EQUAL(strncmp(err.what, "the download failed: ", 21), 0);
	CU_ASSERT_PTR_NULL(strchr(err.what, '\033'));
	CU_ASSERT_EQUAL(tftp(TFTP_ENDLESS, 5000, &out, &there, &err), ST_LIMIT);
	CU_ASSERT_EQUAL(out.len, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "5000 bytes"));
	buffer_free(&out);
}

static void test_other_protocols(void)
{
	struct buffer out = BUFFER_INIT;
	struct error err;
	bool there = true;

	CU_ASSERT_EQUAL(
	    fetch_file("file:///etc", "passwd", 99999, 1000, &out, &there, &err), ST_USAGE);
	CU_ASSERT_FALSE(there);
	CU_ASSERT_EQUAL(out.len, 0);
	CU_ASSERT_EQUAL(
	    fetch_file("ftp://127.0.0.1", NAME, 99, 1000, &out, &there, &err), ST_USAGE);
	CU_ASSERT_EQUAL(fetch_file("", NAME, 99, 1000, &out, &there, &err), ST_USAGE);
	buffer_free(&out);
}

static void *fetch_many(void *context)
{
	const struct server *s = context;
	struct buffer out = BUFFER_INIT;
	struct error err;
	size_t good = 0;
	bool there;

	for (int i = 0; i < 10; i++)
		if (get("http", s, "", 99, 5000, &out, &there, &err) == ST_OK && there)
			good += out.len;
	buffer_free(&out);
	return (void *)good;
}

static void test_threads(void)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	struct server s = {.answer = answer, .answer_len = sizeof(answer) - 1};
	pthread_t threads[4];
	void *good;

	start_server(&s, SOCK_STREAM, serve_http);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, fetch_many, &s), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &good);
		CU_ASSERT_EQUAL((size_t)good, 20);
	}
	stop_server(&s);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"several threads download at once", test_threads},
	    {"a file comes by HTTP, whole", test_http},
	    {"a proxy of the environment is not asked", test_proxy},
	    {"404 means that the file is not there", test_http_missing},
	    {"other answers, cut ones and garbage are errors", test_http_refused},
	    {"too large a body or head is broken off", test_http_large},
	    {"a silent server is given up in time", test_late},
	    {"a server that is not there is an error", test_not_there},
	    {"a file comes by TFTP, whole", test_tftp},
	    {"TFTP's missing file, other errors, and an endless one", test_tftp_refused},
	    {"other protocols are refused", test_other_protocols},
	};

	return harness_main("publish fetch", tests, HARNESS_COUNT(tests));
}
