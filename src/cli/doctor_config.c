/*
 * `ctlsign doctor`: what is configured and changes what is seen, and what PINs need of the system.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include "base/text.h"
#include "ceremony/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

/* What the memory for PINs takes at most, with room to spare, in KiB. */
#define LOCKED_KIB 1024

static void section(struct doctor *doctor, const char *where)
{
	doctor_section(doctor, where, "%s", _("Configuration"));
}

static void p11_kit(struct doctor *doctor)
{
	const struct tokens_survey *survey = doctor->survey;

	for (size_t i = 0; i < survey->n_problems; i++) {
		const struct error *problem = &survey->problems[i];

		section(doctor, problem->where);
		doctor_find(doctor, DOCTOR_CONFIG_P11_KIT,
		    doctor->n_usable > 0 ? DOCTOR_WARNING : DOCTOR_BAD, "%s: %s", problem->where,
		    problem->what);
		doctor_mend(doctor, DOCTOR_MEND_DO, "%s",
		    problem->hint[0] != '\0' ? problem->hint
					     : _("make the file readable, or remove it"));
	}
	section(doctor, "");
	if (survey->n_problems == 0)
		doctor_find(
		    doctor, DOCTOR_CONFIG_P11_KIT, DOCTOR_OK, _("its files are understood"));
}

/* A variable that names a file, which must be there. */
static void file_variable(struct doctor *doctor, const char *name)
{
	const char *value = getenv(name);
	char shown[512];

	if (value == NULL)
		return;
	text_printable_into(shown, sizeof(shown), text_bytes(value));
	section(doctor, name);
	if (access(value, R_OK) == 0) {
		doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_OK, "%s=%s", name, shown);
		return;
	}
	doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT,
	    doctor->n_usable > 0 ? DOCTOR_WARNING : DOCTOR_BAD,
	    _("%s names a file that cannot be read: %s: %s"), name, shown, strerror(errno));
	doctor_mend(doctor, DOCTOR_MEND_RUN, "unset %s", name);
}

static void socket_variable(struct doctor *doctor)
{
	static const char name[] = "PCSCLITE_CSOCK_NAME";

	if (!doctor->service.socket_named)
		return;
	section(doctor, name);
	if (doctor->service.answer == SMARTCARD_ANSWERS) {
		doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_OK,
		    _("%s=%s: this pcscd is asked, and not the system's"), name,
		    doctor->service.socket);
		return;
	}
	doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_WARNING,
	    _("%s=%s: the system's pcscd is not asked"), name, doctor->service.socket);
	doctor_mend(doctor, DOCTOR_MEND_RUN, "unset %s", name);
}

static void driver_variable(struct doctor *doctor)
{
	const char *value = getenv("OPENSC_DRIVER");
	char shown[128];

	if (value == NULL)
		return;
	section(doctor, "OPENSC_DRIVER");
	doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_WARNING,
	    _("OPENSC_DRIVER=%s: OpenSC takes every card for one of these"),
	    text_printable_into(shown, sizeof(shown), text_bytes(value)));
	doctor_mend(doctor, DOCTOR_MEND_RUN, "unset OPENSC_DRIVER");
}

static void p11_variables(struct doctor *doctor)
{
	for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
		char name[64];
		int len = (int)strcspn(*entry, "=");

		if (strncmp(*entry, "P11_KIT_", 8) != 0 || len >= (int)sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", len, *entry);
		if (text_printable_into(name, sizeof(name), text_bytes(name))[0] == '\0')
			continue;
		section(doctor, name);
		if (strcmp(name, "P11_KIT_NO_USER_CONFIG") == 0) {
			doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_WARNING,
			    _("%s is set: modules that you registered yourself are left out"),
			    name);
			doctor_mend(doctor, DOCTOR_MEND_RUN, "unset %s", name);
		} else {
			doctor_find(
			    doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_OK, _("%s is set"), name);
		}
	}
}

static bool has_environment(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n; i++)
		if (doctor->list[i].check == DOCTOR_CONFIG_ENVIRONMENT)
			return true;
	return false;
}

static void environment(struct doctor *doctor)
{
	socket_variable(doctor);
	file_variable(doctor, "SOFTHSM2_CONF");
	file_variable(doctor, "OPENSC_CONF");
	driver_variable(doctor);
	p11_variables(doctor);
	section(doctor, "");
	if (!has_environment(doctor))
		doctor_find(doctor, DOCTOR_CONFIG_ENVIRONMENT, DOCTOR_OK,
		    _("no variable changes what is seen"));
}

/* How much of this process is locked into memory, in KiB; -1: the kernel does not tell. */
static long locked_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (f != NULL && kib < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib;
}

/* The memory for PINs was set up, and locked if that was allowed, when the program started. */
static void memory(struct doctor *doctor)
{
	struct rlimit limit = {0, 0};
	char user[64];

	section(doctor, "RLIMIT_MEMLOCK");
	if (locked_kib() != 0) {
		doctor_find(doctor, DOCTOR_CONFIG_MEMORY, DOCTOR_OK,
		    _("PINs are kept out of the swap space"));
		return;
	}
	getrlimit(RLIMIT_MEMLOCK, &limit);
	doctor_find(doctor, DOCTOR_CONFIG_MEMORY, DOCTOR_WARNING,
	    _("only %lu KiB may be locked into memory, so a PIN could reach the swap space"),
	    (unsigned long)(limit.rlim_cur / 1024));
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= LOCKED_KIB * 1024UL) {
		doctor_mend(doctor, DOCTOR_MEND_RUN, "ulimit -l %d", LOCKED_KIB);
	} else {
		doctor_mend(doctor, DOCTOR_MEND_ROOT,
		    "echo '%s - memlock %d' >/etc/security/limits.d/ctlsign.conf",
		    doctor_user(user, sizeof(user)), LOCKED_KIB);
		doctor_mend_next_login(doctor);
	}
}

static void terminal(struct doctor *doctor)
{
	section(doctor, "/dev/tty");
	if (terminal_available()) {
		doctor_find(
		    doctor, DOCTOR_CONFIG_TERMINAL, DOCTOR_OK, _("PINs can be asked for here"));
		return;
	}
	doctor_find(doctor, DOCTOR_CONFIG_TERMINAL, DOCTOR_WARNING,
	    _("there is none, so PINs cannot be asked for"));
	doctor_mend(
	    doctor, DOCTOR_MEND_DO, _("give the PIN with --pin-file, or work at a terminal"));
}

void doctor_config(struct doctor *doctor)
{
	p11_kit(doctor);
	environment(doctor);
	memory(doctor);
	terminal(doctor);
}
