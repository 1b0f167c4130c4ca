/*
 * Finds out what starts services here, and whether it starts pcscd.
 *
 * With systemd the socket is what counts: a connection starts the service.  A unit is enabled by a
 * link in the folder of a target, wherever on systemd's path that folder is, and masked by a link
 * to /dev/null or an empty file in its place.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/service_start.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where units lie; what comes first holds. */
static const char *const unit_folders[] = {"/etc/systemd/system", "/run/systemd/system",
    "/usr/local/lib/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"};

#define N_UNIT_FOLDERS (sizeof(unit_folders) / sizeof(unit_folders[0]))

struct unit {
	const char *name;
	const char *target;
	bool there;
	bool enabled;
	bool masked;
	char by[128]; /* what enables or masks it */
};

/* Whether anything is at ROOT + PATH; a link counts, wherever it points to. */
static bool exists(const char *root, const char *path)
{
	char full[PATH_MAX];
	struct stat st;
	int n = snprintf(full, sizeof(full), "%s%s", root, path);

	return n > 0 && (size_t)n < sizeof(full) && lstat(full, &st) == 0;
}

/* Where the link at ROOT + PATH points to; empty when it is none. */
static void link_target(const char *root, const char *path, char *target, size_t size)
{
	char full[PATH_MAX];
	ssize_t len = -1;
	int n = snprintf(full, sizeof(full), "%s%s", root, path);

	if (n > 0 && (size_t)n < sizeof(full))
		len = readlink(full, target, size - 1);
	target[len < 0 ? 0 : len] = '\0';
}

static bool is_nothing(const char *root, const char *path)
{
	char full[PATH_MAX], target[PATH_MAX];
	struct stat st;

	link_target(root, path, target, sizeof(target));
	if (strcmp(target, "/dev/null") == 0)
		return true;
	snprintf(full, sizeof(full), "%s%s", root, path);
	return lstat(full, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

static void look_at_unit(const char *root, struct unit *unit)
{
	char path[PATH_MAX];
	bool decided = false;

	for (size_t i = 0; i < N_UNIT_FOLDERS && !unit->there; i++) {
		snprintf(path, sizeof(path), "%s/%s", unit_folders[i], unit->name);
		unit->there = exists(root, path);
		unit->masked = unit->there && is_nothing(root, path);
		if (unit->masked)
			snprintf(unit->by, sizeof(unit->by), "%.127s", path);
	}
	if (unit->masked)
		return;
	for (size_t i = 0; i < N_UNIT_FOLDERS && !decided; i++) {
		snprintf(path, sizeof(path), "%s/%s.wants/%s", unit_folders[i], unit->target,
		    unit->name);
		decided = exists(root, path);
		unit->enabled = decided && !is_nothing(root, path);
		if (decided)
			snprintf(unit->by, sizeof(unit->by), "%.127s", path);
	}
}

static void decide(
    struct smartcard_service *service, enum smartcard_start start, const struct unit *unit)
{
	service->start = start;
	snprintf(service->unit, sizeof(service->unit), "%s", unit->name);
	snprintf(service->by, sizeof(service->by), "%s", unit->by);
}

static void look_at_systemd(const char *root, struct smartcard_service *service)
{
	struct unit socket = {.name = "pcscd.socket", .target = "sockets.target"};
	struct unit program = {.name = "pcscd.service", .target = "multi-user.target"};

	look_at_unit(root, &socket);
	look_at_unit(root, &program);
	/* A socket whose service is masked takes connections that nobody answers. */
	if (program.masked)
		decide(service, SMARTCARD_MASKED, &program);
	else if (socket.masked && !program.enabled)
		decide(service, SMARTCARD_MASKED, &socket);
	else if (socket.enabled)
		decide(service, SMARTCARD_ENABLED, &socket);
	else if (program.enabled)
		decide(service, SMARTCARD_ENABLED, &program);
	else if (socket.there)
		decide(service, SMARTCARD_DISABLED, &socket);
	else if (program.there)
		decide(service, SMARTCARD_DISABLED, &program);
}

/* A link LETTER??pcscd of runlevel 2. */
static bool has_rc_link(const char *root, char letter, char *by, size_t size)
{
	const struct dirent *entry;
	char full[PATH_MAX];
	bool found = false;
	DIR *dir;

	snprintf(full, sizeof(full), "%s/etc/rc2.d", root);
	dir = opendir(full);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		found = entry->d_name[0] == letter && strlen(entry->d_name) == 8 &&
			strcmp(entry->d_name + 3, "pcscd") == 0;
		if (found)
			snprintf(by, size, "/etc/rc2.d/%s", entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static void look_at_sysv(const char *root, struct smartcard_service *service)
{
	char unused[128];

	service->stop_links = has_rc_link(root, 'K', unused, sizeof(unused));
	if (has_rc_link(root, 'S', service->by, sizeof(service->by)))
		service->start = SMARTCARD_ENABLED;
	else if (service->stop_links || exists(root, "/etc/init.d/pcscd"))
		service->start = SMARTCARD_DISABLED;
}

static void look_at_openrc(const char *root, struct smartcard_service *service)
{
	static const char link[] = "/etc/runlevels/default/pcscd";

	if (exists(root, link)) {
		service->start = SMARTCARD_ENABLED;
		snprintf(service->by, sizeof(service->by), "%s", link);
	} else if (exists(root, "/etc/init.d/pcscd")) {
		service->start = SMARTCARD_DISABLED;
	}
}

static void look_at(const char *root, enum smartcard_init init, struct smartcard_service *service)
{
	service->init = init;
	service->start = SMARTCARD_NOT_KNOWN;
	switch (init) {
	case SMARTCARD_SYSTEMD:
		look_at_systemd(root, service);
		break;
	case SMARTCARD_SYSV:
		look_at_sysv(root, service);
		break;
	case SMARTCARD_OPENRC:
		look_at_openrc(root, service);
		break;
	case SMARTCARD_NO_INIT:
		break;
	}
}

/* By what runs: it leaves marks in /run. */
static enum smartcard_init running_init(const char *root)
{
	if (exists(root, "/run/systemd/system"))
		return SMARTCARD_SYSTEMD;
	if (exists(root, "/run/openrc"))
		return SMARTCARD_OPENRC;
	if (exists(root, "/run/initctl") || exists(root, "/dev/initctl"))
		return SMARTCARD_SYSV;
	return SMARTCARD_NO_INIT;
}

/* By what is installed: in an image nothing runs. */
static enum smartcard_init installed_init(const char *root)
{
	static const char *const programs[] = {"/sbin/init", "/usr/sbin/init"};
	char target[PATH_MAX];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		link_target(root, programs[i], target, sizeof(target));
		if (strstr(target, "systemd") != NULL)
			return SMARTCARD_SYSTEMD;
	}
	if (exists(root, "/sbin/openrc-run") || exists(root, "/usr/sbin/openrc-run"))
		return SMARTCARD_OPENRC;
	return exists(root, "/etc/inittab") ? SMARTCARD_SYSV : SMARTCARD_NO_INIT;
}

void service_start_look(const char *root, struct smartcard_service *service)
{
	static const enum smartcard_init inits[] = {
	    SMARTCARD_SYSTEMD, SMARTCARD_OPENRC, SMARTCARD_SYSV};
	enum smartcard_init init = running_init(root);

	if (init == SMARTCARD_NO_INIT && root[0] != '\0')
		init = installed_init(root);
	look_at(root, init, service);
	if (init != SMARTCARD_NO_INIT || root[0] == '\0')
		return;
	/* An image that does not tell: whoever says most of pcscd. */
	for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
		struct smartcard_service this = {0};

		look_at(root, inits[i], &this);
		if (this.start <= service->start)
			continue;
		service->init = this.init;
		service->start = this.start;
		service->stop_links = this.stop_links;
		memcpy(service->unit, this.unit, sizeof(service->unit));
		memcpy(service->by, this.by, sizeof(service->by));
	}
}
