/*
 * Starts sshd, and relays before it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_sshd.h"

#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SSHD "/usr/sbin/sshd"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s failed: %s\n", what, strerror(errno));
	abort();
}

static struct sockaddr_in address_of(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

int sshd_listen(unsigned *port)
{
	struct sockaddr_in address = address_of(0);
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		 listen(fd, 16) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0,
	    "listening");
	*port = ntohs(address.sin_port);
	return fd;
}

static int connect_to(unsigned port)
{
	struct sockaddr_in address = address_of(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Runs a program without output and waits for it. */
static void run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0, argv[0]);
}

void sshd_new_key(const char *path, const char *type, const char *passphrase)
{
	run((char *[]){"ssh-keygen", "-q", "-t", (char *)type, "-N", (char *)passphrase, "-C",
	    "test", "-f", (char *)path, NULL});
}

void sshd_add_known(const char *path, unsigned port, const char *public_path)
{
	char line[1024];
	FILE *from = fopen(public_path, "r"), *to = fopen(path, "a");

	must(from != NULL && to != NULL && fgets(line, sizeof(line), from) != NULL, public_path);
	fprintf(to, "[127.0.0.1]:%u %s", port, line);
	fclose(from);
	must(fclose(to) == 0, path);
}

/* A command goes into a script, as sshd_config has quotes of its own. */
static void write_subsystem(const struct sshd *sshd, const char *command)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/subsystem", sshd->folder);
	f = fopen(path, "w");
	must(f != NULL, path);
	fprintf(f, "%s\n", command);
	must(fclose(f) == 0, path);
}

static void write_configuration(const struct sshd *sshd, const char *subsystem)
{
	const bool internal = strcmp(subsystem, "internal-sftp") == 0;
	char path[160];
	FILE *f;

	if (!internal)
		write_subsystem(sshd, subsystem);

	snprintf(path, sizeof(path), "%s/config", sshd->folder);
	f = fopen(path, "w");
	must(f != NULL, path);
	fprintf(f,
	    "Port %u\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s.pub\n"
	    "StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n"
	    "KbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 200\n"
	    "LogLevel QUIET\nSubsystem sftp %s%s%s\n",
	    sshd->port, sshd->folder, sshd->key, internal ? subsystem : "/bin/sh ",
	    internal ? "" : sshd->folder, internal ? "" : "/subsystem");
	must(fclose(f) == 0, path);
}

/* Starts it on a port that was free a moment ago; false when somebody else took it. */
static bool start_on(struct sshd *sshd, const char *subsystem)
{
	char path[160];
	int fd = sshd_listen(&sshd->port);

	close(fd);
	write_configuration(sshd, subsystem);
	snprintf(path, sizeof(path), "%s/config", sshd->folder);
	sshd->pid = fork();
	must(sshd->pid >= 0, "fork");
	if (sshd->pid == 0) {
		execl(SSHD, SSHD, "-D", "-f", path, NULL);
		_exit(127);
	}
	for (unsigned i = 0; i < 500; i++) {
		if (waitpid(sshd->pid, NULL, WNOHANG) == sshd->pid)
			return false;
		fd = connect_to(sshd->port);
		if (fd >= 0) {
			close(fd);
			return true;
		}
		usleep(10000);
	}
	sshd_stop(sshd);
	return false;
}

bool sshd_start(struct sshd *sshd, const char *name, const char *subsystem)
{
	char path[160];

	memset(sshd, 0, sizeof(*sshd));
	if (access(SSHD, X_OK) != 0) {
		harness_skip("sshd is not installed");
		return false;
	}
	/* sshd wants it when root starts it; the service makes it usually. */
	if (geteuid() == 0)
		mkdir("/run/sshd", 0755);
	snprintf(sshd->folder, sizeof(sshd->folder), "%s/%s", harness_directory(), name);
	snprintf(sshd->files, sizeof(sshd->files), "%s/files", sshd->folder);
	snprintf(sshd->key, sizeof(sshd->key), "%s/user", sshd->folder);
	snprintf(sshd->known, sizeof(sshd->known), "%s/known_hosts", sshd->folder);
	must(mkdir(sshd->folder, 0755) == 0 && mkdir(sshd->files, 0755) == 0, sshd->folder);
	snprintf(path, sizeof(path), "%s/host", sshd->folder);
	sshd_new_key(path, "ed25519", "");
	sshd_new_key(sshd->key, "ed25519", "");
	for (unsigned tries = 0; !start_on(sshd, subsystem); tries++)
		must(tries < 5, "starting sshd");
	snprintf(path, sizeof(path), "%s/host.pub", sshd->folder);
	sshd_add_known(sshd->known, sshd->port, path);
	return true;
}

void sshd_stop(struct sshd *sshd)
{
	if (sshd->pid <= 0)
		return;
	kill(sshd->pid, SIGTERM);
	waitpid(sshd->pid, NULL, 0);
	sshd->pid = 0;
}

/* ---- relays ---------------------------------------------------------------------------------- */

/* Passes what FROM has on to TO, no more than LEFT bytes; false at the end. */
static bool pass(int from, int to, unsigned long left, unsigned long *passed)
{
	char chunk[16384];
	ssize_t n = read(from, chunk, left < sizeof(chunk) ? left : sizeof(chunk));

	if (n <= 0 || send(to, chunk, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	*passed += (unsigned long)n;
	return true;
}

struct connection {
	struct sshd_relay *relay;
	int client;
};

static void *serve(void *context)
{
	struct connection *const connection = context;
	struct sshd_relay *const relay = connection->relay;
	const int client = connection->client;
	int server = connect_to(relay->to_port);
	struct pollfd p[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
	unsigned long to_server = 0, to_client = 0;
	bool open = server >= 0;

	while (open && !atomic_load(&relay->stop)) {
		const unsigned long cut = atomic_load(&relay->cut_after);

		atomic_store(&relay->passed, to_server);
		if (cut != 0 && to_server >= cut)
			break;
		if (poll(p, 2, 20) <= 0)
			continue;
		if (p[1].revents != 0)
			open = pass(server, client, 16384, &to_client);
		if (open && p[0].revents != 0)
			open = pass(client, server, cut != 0 ? cut - to_server : 16384, &to_server);
	}
	if (server >= 0)
		close(server);
	close(client);
	free(connection);
	return NULL;
}

static void *relay_run(void *context)
{
	struct sshd_relay *const relay = context;
	struct pollfd p = {relay->listening, POLLIN, 0};

	while (!atomic_load(&relay->stop)) {
		const unsigned n = atomic_load(&relay->accepted);
		struct connection *connection;

		if (poll(&p, 1, 20) <= 0)
			continue;
		connection = malloc(sizeof(*connection));
		must(connection != NULL && n < SSHD_RELAY_MAX, "room for connections");
		*connection = (struct connection){relay, accept(relay->listening, NULL, NULL)};
		must(connection->client >= 0, "accept");
		must(pthread_create(&relay->connections[n], NULL, serve, connection) == 0,
		    "pthread_create");
		atomic_store(&relay->accepted, n + 1);
	}
	return NULL;
}

void sshd_relay_start(struct sshd_relay *relay, unsigned to_port)
{
	memset(relay, 0, sizeof(*relay));
	relay->to_port = to_port;
	relay->listening = sshd_listen(&relay->port);
	must(pthread_create(&relay->thread, NULL, relay_run, relay) == 0, "pthread_create");
}

void sshd_relay_stop(struct sshd_relay *relay)
{
	atomic_store(&relay->stop, true);
	pthread_join(relay->thread, NULL);
	for (unsigned i = 0; i < atomic_load(&relay->accepted); i++)
		pthread_join(relay->connections[i], NULL);
	close(relay->listening);
}
