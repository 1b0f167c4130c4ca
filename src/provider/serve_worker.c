/*
 * A thread of the server: accepts, watches over times, ends.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/serve_parts.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_HEADERS 16384
/* Times are looked at, and log lines written, this often. */
#define TICK_MS 200
/* How long what runs may take when the program ends. */
#define ENDING_MS 4000
/* Connections that a thread may have more than its share before it leaves new ones to others. */
#define LEAD 4

/*
 * Whoever wakes first would else take all connections that come at once, and the other threads had
 * nothing to do as long as these last.
 */
static bool has_its_share(const struct worker *worker)
{
	const unsigned all = connections_count(worker->server->connections);
	const unsigned threads = worker->server->settings->threads;

	return worker->list.n * threads > all + LEAD * threads;
}

static void consider_accepting(struct worker *worker)
{
	const bool accepting = !worker->list.ending &&
			       !connections_full(worker->server->connections) &&
			       !has_its_share(worker);

	if (accepting == worker->accepting)
		return;
	worker->accepting = accepting;
	for (size_t i = 0; i < worker->n_bound; i++) {
		struct evconnlistener *listener =
		    evhttp_bound_socket_get_listener(worker->bound[i]);

		if (accepting)
			evconnlistener_enable(listener);
		else
			evconnlistener_disable(listener);
	}
}

static void connection_gone(void *arg)
{
	struct worker *worker = arg;

	if (worker->http != NULL)
		consider_accepting(worker);
}

/*
 * What evhttp answers by itself is written down here: it asks nobody.  100 Continue is no answer.
 */
static void watch_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct connection *connection = connection_of(bufferevent_openssl_get_ssl(arg));
	char line[16] = "";

	/* Such a page is the last thing on its connection. */
	if (connection != NULL && connection->request.logged && info->n_deleted > 0 &&
	    evbuffer_get_length(output) == 0)
		connection_finish(connection);
	if (connection == NULL || connection->request.running || info->n_added == 0 ||
	    info->orig_size != 0)
		return;
	evbuffer_copyout(output, line, sizeof(line) - 1);
	if (strncmp(line, "HTTP/", 5) != 0 || (line[9] != '4' && line[9] != '5'))
		return;
	connection_asks(connection);
	connection->request.method[0] = connection->request.path[0] = '\0';
	connection->request.bytes = 0;
	connection->request.code = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
	strcpy(connection->request.note,
	    connection->request.code == 413 ? "the body is too large" : "the request is malformed");
	connection_log_request(connection);
	connection->request.logged = true;
	connections_linger(connection->list, SSL_get_fd(connection->ssl));
}

/*
 * The bufferevent of a new connection.  With NULL evhttp would go on without TLS; serve_request()
 * then refuses.
 */
static struct bufferevent *make_bufferevent(struct event_base *base, void *arg)
{
	struct worker *worker = arg;
	SSL *ssl = connection_new(&worker->list);
	struct bufferevent *bev = NULL;

	if (ssl != NULL)
		bev = bufferevent_openssl_socket_new(
		    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		SSL_free(ssl);
		log_message(LOG_LEVEL_ERROR, "no memory for a connection");
	} else {
		/* A body is kept here until it is whole; nothing else has to be. */
		bufferevent_setwatermark(bev, EV_READ, 0, PROVIDER_MAX_BODY + 2 * MAX_HEADERS);
		evbuffer_add_cb(bufferevent_get_output(bev), watch_output, bev);
	}
	event_active(worker->accepted, EV_TIMEOUT, 1);
	consider_accepting(worker);
	return bev;
}

/* After evhttp has told the new connections their sockets. */
static void on_accepted(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	connections_begin(&worker->list);
}

static void look_for_end(struct worker *worker)
{
	if (!atomic_load(&worker->server->ending))
		return;
	if (worker->ends_at == 0)
		worker->ends_at = connections_now() + ENDING_MS;
	worker->list.ending = true;
	if (worker->list.n == 0 || connections_now() > worker->ends_at)
		event_base_loopbreak(worker->base);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	look_for_end(worker);
	connections_tick(&worker->list);
	consider_accepting(worker);
	log_flush(&worker->list.log);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
	on_tick(fd, what, arg);
}

static enum status accept_on(struct worker *worker, int fd, struct error *err)
{
	/* evhttp closes what it is given. */
	const int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct evhttp_bound_socket *bound;

	if (own < 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot listen"));
	bound = evhttp_accept_socket_with_handle(worker->http, own);
	if (bound == NULL) {
		close(own);
		return error_no_memory(err);
	}
	worker->bound[worker->n_bound++] = bound;
	return ST_OK;
}

enum status worker_open(struct worker *worker, struct server *server, struct error *err)
{
	static const struct timeval tick = {.tv_usec = TICK_MS * 1000};
	enum status st = ST_OK;

	memset(worker, 0, sizeof(*worker));
	worker->server = server;
	worker->list.all = server->connections;
	worker->list.gone = connection_gone;
	worker->list.user = worker;
	worker->accepting = true;
	worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->wake_fd < 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot start a thread"));
	worker->base = event_base_new();
	if (worker->base == NULL)
		return error_no_memory(err);
	worker->http = evhttp_new(worker->base);
	worker->tick = event_new(worker->base, -1, EV_PERSIST, on_tick, worker);
	worker->accepted = event_new(worker->base, -1, 0, on_accepted, worker);
	worker->wake =
	    event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST, on_wake, worker);
	if (worker->http == NULL || worker->tick == NULL || worker->wake == NULL ||
	    worker->accepted == NULL || event_add(worker->tick, &tick) != 0 ||
	    event_add(worker->wake, NULL) != 0)
		return error_no_memory(err);
	evhttp_set_bevcb(worker->http, make_bufferevent, worker);
	evhttp_set_gencb(worker->http, serve_request, worker);
	evhttp_set_allowed_methods(worker->http, 0xffff);
	evhttp_set_default_content_type(worker->http, NULL);
	evhttp_set_max_headers_size(worker->http, MAX_HEADERS);
	evhttp_set_max_body_size(worker->http, PROVIDER_MAX_BODY);
	/* A client that sends too much shall read that it does, instead of a broken connection. */
	evhttp_set_flags(worker->http, EVHTTP_SERVER_LINGERING_CLOSE);
	for (size_t i = 0; st == ST_OK && i < server->sockets.n; i++)
		st = accept_on(worker, server->sockets.fds[i], err);
	return st;
}

static void *run(void *arg)
{
	struct worker *worker = arg;

	event_base_dispatch(worker->base);
	evhttp_free(worker->http);
	worker->http = NULL;
	/* Connections go in the next round of the loop. */
	event_base_loop(worker->base, EVLOOP_NONBLOCK);
	log_flush(&worker->list.log);
	return NULL;
}

enum status worker_start(struct worker *worker, struct error *err)
{
	const int errnum = pthread_create(&worker->thread, NULL, run, worker);

	if (errnum != 0)
		return error_errno(err, ST_FAILED, errnum, "%s", _("cannot start a thread"));
	worker->started = true;
	return ST_OK;
}

void worker_wake(const struct worker *worker)
{
	const uint64_t one = 1;

	(void)!write(worker->wake_fd, &one, sizeof(one));
}

void worker_close(struct worker *worker)
{
	if (worker->started)
		pthread_join(worker->thread, NULL);
	if (worker->http != NULL)
		evhttp_free(worker->http);
	if (worker->tick != NULL)
		event_free(worker->tick);
	if (worker->wake != NULL)
		event_free(worker->wake);
	if (worker->accepted != NULL)
		event_free(worker->accepted);
	if (worker->base != NULL)
		event_base_free(worker->base);
	if (worker->wake_fd >= 0)
		close(worker->wake_fd);
	connections_linger_tick(&worker->list, true);
	log_flush(&worker->list.log);
	buffer_free(&worker->list.log.text);
}
