/*
 * Gathers what is known of the Smart Card service: the program, its socket, its answer, readers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "tokens/pcsc.h"
#include "tokens/service_start.h"
#include "tokens/service_usb.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Where the library connects to unless told otherwise. */
#ifndef PCSCD_SOCKET
#define PCSCD_SOCKET "/run/pcscd/pcscd.comm"
#endif

static void look_for_program(const char *root, struct smartcard_service *service)
{
	static const char *const programs[] = {"/usr/sbin/pcscd", "/usr/local/sbin/pcscd",
	    "/usr/bin/pcscd", "/usr/local/bin/pcscd", "/sbin/pcscd"};
	char full[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(full, sizeof(full), "%s%s", root, programs[i]);
		if (stat(full, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
			continue;
		snprintf(service->program, sizeof(service->program), "%s", programs[i]);
		return;
	}
}

static void look_for_driver(const char *root, struct smartcard_service *service)
{
	static const char *const folders[] = {"/usr/lib/pcsc/drivers", "/usr/lib64/pcsc/drivers",
	    "/usr/lib/pcsc/drivers/serial", "/usr/local/lib/pcsc/drivers"};
	const struct dirent *entry;
	char full[PATH_MAX];
	DIR *dir;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(full, sizeof(full), "%s%s", root, folders[i]);
		dir = opendir(full);
		while (dir != NULL && (entry = readdir(dir)) != NULL)
			if (strstr(entry->d_name, ".bundle") != NULL ||
			    strstr(entry->d_name, ".so") != NULL)
				service->has_driver = true;
		if (dir != NULL)
			closedir(dir);
	}
}

/* 0, or the errno of a connection, which is given up at once. */
static int connection_errno(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, result = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		result = errno;
	close(fd);
	return result;
}

/*
 * The group's name from the local file: name services over the network may hang, and who runs a
 * pcscd for a group has it here.
 */
static void group_name(gid_t gid, char *out, size_t size)
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *group;

	while (f != NULL && (group = fgetgrent(f)) != NULL)
		if (group->gr_gid == gid)
			text_printable_into(out, size, text_bytes(group->gr_name));
	if (f != NULL)
		fclose(f);
}

static void note_refusing(const char *path, struct smartcard_service *service)
{
	struct stat st;

	text_printable_into(service->refusing, sizeof(service->refusing), text_bytes(path));
	if (stat(path, &st) != 0)
		return;
	service->refusing_mode = st.st_mode & 07777;
	group_name(st.st_gid, service->refusing_group, sizeof(service->refusing_group));
}

/* Which folder on the way to the socket may not be entered; else it is the socket. */
static void look_for_refusing(const char *socket, struct smartcard_service *service)
{
	char path[PATH_MAX];

	for (const char *slash = strchr(socket + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - socket), socket);
		if (access(path, X_OK) != 0 && errno == EACCES) {
			note_refusing(path, service);
			return;
		}
	}
	note_refusing(socket, service);
}

static void look_at_socket(struct smartcard_service *service)
{
	const char *path = secure_getenv("PCSCLITE_CSOCK_NAME");

	service->socket_named = path != NULL;
	if (path == NULL)
		path = PCSCD_SOCKET;
	text_printable_into(service->socket, sizeof(service->socket), text_bytes(path));
	service->socket_errno = connection_errno(path);
	if (service->socket_errno == EACCES)
		look_for_refusing(path, service);
}

/* Whether this pcscd asks polkit: then it brings a policy. */
static bool asks_polkit(const char *root)
{
	char path[PATH_MAX];

	snprintf(
	    path, sizeof(path), "%s/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy", root);
	return access(path, F_OK) == 0;
}

static enum smartcard_answer answer_of(const struct pcsc_look *look)
{
	switch (look->answer) {
	case PCSC_ANSWERS:
		return SMARTCARD_ANSWERS;
	case PCSC_NOT_RUNNING:
		return SMARTCARD_NOT_RUNNING;
	case PCSC_REFUSED:
		return SMARTCARD_REFUSED;
	case PCSC_DROPPED:
		return SMARTCARD_DROPPED;
	case PCSC_NO_ANSWER:
		return SMARTCARD_NO_ANSWER;
	case PCSC_FAILED:
		break;
	}
	return SMARTCARD_FAILED;
}

static void ask(const char *root, unsigned timeout_ms, struct smartcard_service *service)
{
	struct pcsc_look *look = calloc(1, sizeof(*look));

	service->answer = SMARTCARD_FAILED;
	if (look == NULL)
		return;
	pcsc_look(timeout_ms, look);
	service->answer = answer_of(look);
	service->code = (unsigned long)look->code;
	/*
	 * pcscd hangs up on whom polkit refuses.  What the library makes of that depends on how
	 * soon it happens, and it is the same for a daemon that crashes.  polkit always lets root
	 * in.
	 */
	if (service->answer == SMARTCARD_REFUSED || service->answer == SMARTCARD_DROPPED ||
	    (service->answer == SMARTCARD_NOT_RUNNING && service->socket_errno == 0))
		service->answer =
		    geteuid() != 0 && asks_polkit(root) ? SMARTCARD_REFUSED : SMARTCARD_DROPPED;
	for (size_t i = 0; i < look->n_readers && i < SMARTCARD_MAX_READERS; i++) {
		struct smartcard_reader *reader = &service->readers[service->n_readers++];

		text_printable_into(
		    reader->name, sizeof(reader->name), text_bytes(look->readers[i].name));
		reader->card = look->readers[i].card;
		reader->mute = look->readers[i].mute;
	}
	free(look);
}

void smartcard_service_look(
    const char *root, unsigned timeout_ms, struct smartcard_service *service)
{
	*service = (struct smartcard_service){.answer = SMARTCARD_FAILED};
	look_for_program(root, service);
	service_start_look(root, service);
	look_for_driver(root, service);
	service_usb_look(root, service);
	look_at_socket(service);
	ask(root, timeout_ms, service);
}
