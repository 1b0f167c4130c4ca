/*
 * An SFTP target of a server that the test started.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_reach.h"

#include "harness.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sshd server;

bool have_server(void)
{
	return server.pid > 0 || sshd_start(&server, "usual", "internal-sftp");
}

void reach_open(struct reach *r, struct sshd *sshd, unsigned port, const char *path)
{
	memset(r, 0, sizeof(*r));
	r->settings.timeout = 10;
	r->settings.ssh_key = sshd->key;
	r->settings.ssh_known_hosts = sshd->known;
	r->access = (struct target_access){.settings = &r->settings, .timeout_ms = 10000};
	snprintf(r->text, sizeof(r->text), "sftp://127.0.0.1:%u%s", port, path);
	r->place = (struct inventory_target){.text = r->text,
	    .kind = TARGET_SFTP,
	    .host = (char *)"127.0.0.1",
	    .port = port,
	    .path = (char *)path};
	CU_ASSERT_EQUAL_FATAL(
	    target_new(&r->place, &r->access, &r->links, &r->target, &r->err), ST_OK);
}

void reach_close(struct reach *r)
{
	target_free(r->target);
	target_links_free(r->links);
}

struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

enum status stage(struct reach *r, struct bytes data)
{
	return r->target->ops->stage(r->target, CTL, data, &r->err);
}

enum status commit(struct reach *r)
{
	return r->target->ops->commit(r->target, CTL, &r->err);
}

enum status get(struct reach *r, struct buffer *out, bool *there)
{
	return r->target->ops->get(r->target, CTL, out, there, &r->err);
}

const char *file(const struct sshd *sshd, const char *name)
{
	static char paths[2][256];
	static unsigned turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", sshd->files, name);
	return paths[turn];
}

bool holds(const char *path, struct bytes data)
{
	struct buffer out = BUFFER_INIT;
	bool same = file_read(path, 4u << 20, &out, NULL, NULL) == ST_OK &&
		    bytes_equal(buffer_bytes(&out), data);

	buffer_free(&out);
	return same;
}

void put(const char *path, const char *text)
{
	CU_ASSERT_EQUAL_FATAL(file_write_durably(path, bytes_of(text), true, 0644, NULL), ST_OK);
}

void clean(const struct sshd *sshd)
{
	unlink(file(sshd, CTL));
	rmdir(file(sshd, CTL));
	unlink(file(sshd, STAGED));
	rmdir(file(sshd, STAGED));
}

bool says(const struct reach *r, const char *what, const char *hint)
{
	const bool fine = strstr(r->err.what, what) != NULL && strstr(r->err.hint, hint) != NULL &&
			  strcmp(r->err.where, r->text) == 0;

	if (!fine)
		printf("# %s: %s; %s\n", r->err.where, r->err.what, r->err.hint);
	return fine;
}

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
}
