/*
 * The server of ctlproviderd: from its sockets to its end.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/serve_parts.h"

#include "provider/folder.h"
#include "provider/privileges.h"
#include "trustlist/trustlist.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Files that are open besides connections. */
#define OTHER_FILES 128

/* The threads inherit it: signals are for the main thread, which waits for them. */
static void block_signals(sigset_t *waited)
{
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(waited);
	sigaddset(waited, SIGTERM);
	sigaddset(waited, SIGINT);
	sigaddset(waited, SIGHUP);
	pthread_sigmask(SIG_BLOCK, waited, NULL);
}

/* Each connection is an open file, and each stored file needs some for a moment. */
static enum status allow_files(const struct provider_settings *settings, struct error *err)
{
	const rlim_t wanted = settings->max_connections + OTHER_FILES +
			      settings->threads * (CONNECTIONS_LINGERING + LISTEN_MAX + 4);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return error_errno(err, ST_FAILED, errno, "%s", _("cannot look at limits"));
	if (limit.rlim_cur >= wanted)
		return ST_OK;
	limit.rlim_cur = wanted;
	if (wanted <= limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return ST_OK;
	error_set(err, ST_LIMIT,
	    _("this process may open only %llu files, too few for %u connections"),
	    (unsigned long long)limit.rlim_max, settings->max_connections);
	error_hint(err, "%s",
	    _("lower max-connections, or raise the limit (LimitNOFILE= of systemd, ulimit -n)"));
	return ST_LIMIT;
}

static void libevent_says(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_message(
		    severity >= EVENT_LOG_ERR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s", text);
}

/* All that needs privileges, then without them what shall not have any. */
static enum status open_all(struct server *server, struct error *err)
{
	const struct provider_settings *settings = server->settings;
	enum status st = privileges_check(settings, err);
	time_t ends;

	if (st == ST_OK)
		st = allow_files(settings, err);
	if (st == ST_OK)
		st = tls_context_new(settings, &server->context, err);
	if (st == ST_OK)
		st = connections_new(settings, server->context, &server->connections, err);
	if (st == ST_OK)
		st = listen_open(settings, &server->sockets, err);
	if (st == ST_OK)
		st = privileges_drop(settings, err);
	if (st == ST_OK)
		st = provider_open(settings, &server->provider, err);
	if (st == ST_OK && tls_context_ends(server->context, &ends) && ends < time(NULL))
		log_message(LOG_LEVEL_WARNING,
		    "%s: the provider's own certificate has expired: clients will refuse it",
		    settings->certificate);
	return st;
}

static void read_clients(struct server *server)
{
	char line[1024];
	struct error err;
	size_t n;

	if (connections_read_clients(server->connections, &n, &err) == ST_OK)
		log_message(LOG_LEVEL_NOTICE,
		    ngettext("%s: %zu client is let in", "%s: %zu clients are let in", n),
		    server->settings->clients, n);
	else
		log_message(LOG_LEVEL_ERROR, _("the list of clients stays as it was: %s"),
		    error_line(&err, line, sizeof(line)));
}

static void wait_for_end(struct server *server, const sigset_t *waited)
{
	int number;

	for (;;) {
		number = sigwaitinfo(waited, NULL);
		if (number == SIGHUP)
			read_clients(server);
		else if (number > 0)
			break;
	}
	log_message(LOG_LEVEL_NOTICE, "ending");
	listen_notify("STOPPING=1");
}

static enum status run(struct server *server, const sigset_t *waited, struct error *err)
{
	const unsigned threads = server->settings->threads;
	struct worker *workers = calloc(threads, sizeof(*workers));
	enum status st = workers != NULL ? ST_OK : error_no_memory(err);
	unsigned n = 0;

	while (st == ST_OK && n < threads)
		st = worker_open(&workers[n++], server, err);
	for (unsigned i = 0; st == ST_OK && i < n; i++)
		st = worker_start(&workers[i], err);
	if (st == ST_OK) {
		log_message(LOG_LEVEL_NOTICE, "%s: serving %s%s", server->settings->node,
		    server->settings->directory,
		    server->sockets.from_systemd ? " on sockets of systemd" : "");
		listen_notify("READY=1");
		wait_for_end(server, waited);
	}
	/* Each worker has its own copies: from now on nobody can connect. */
	listen_close(&server->sockets);
	atomic_store(&server->ending, true);
	for (unsigned i = 0; i < n; i++)
		worker_wake(&workers[i]);
	for (unsigned i = 0; i < n; i++)
		worker_close(&workers[i]);
	free(workers);
	return st;
}

enum status provider_serve(const struct provider_settings *settings, struct error *err)
{
	struct server server = {.settings = settings};
	sigset_t waited;
	enum status st;

	log_start();
	block_signals(&waited);
	event_set_log_callback(libevent_says);
	st = open_all(&server, err);
	if (st == ST_OK)
		st = run(&server, &waited, err);
	listen_close(&server.sockets);
	if (server.provider != NULL)
		provider_close(server.provider);
	connections_free(server.connections);
	SSL_CTX_free(server.context);
	return st;
}

/* ---- only looking -----------------------------------------------------------------------------
 */

static enum status check_offers(const struct provider_settings *settings, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < PROVIDER_OFFERS; i++) {
		X509 *certificate = NULL;

		if (settings->offers[i].path == NULL)
			continue;
		st = certificate_read(settings->offers[i].path, &certificate, err);
		X509_free(certificate);
	}
	return st;
}

/* As the user that serves. */
static enum status check_files(const struct provider_settings *settings, struct error *err)
{
	const enum status st = folder_check(settings->directory, settings->state, err);

	return st == ST_OK ? check_offers(settings, err) : st;
}

enum status provider_check(const struct provider_settings *settings, size_t *n, struct error *err)
{
	struct tls_clients *clients = NULL;
	SSL_CTX *context = NULL;
	enum status st = privileges_check(settings, err);

	if (st == ST_OK)
		st = allow_files(settings, err);
	if (st == ST_OK)
		st = tls_context_new(settings, &context, err);
	if (st == ST_OK)
		st = tls_clients_read(settings->clients, &clients, err);
	if (st == ST_OK) {
		*n = tls_clients_count(clients);
		st = privileges_try(settings, check_files, err);
	}
	tls_clients_free(clients);
	SSL_CTX_free(context);
	return st;
}
