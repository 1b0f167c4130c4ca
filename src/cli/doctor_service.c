/*
 * `ctlsign doctor`: the Smart Card service in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum doctor_level doctor_service_level(const struct doctor *doctor)
{
	const struct tokens_survey *survey = doctor->survey;
	bool needless = doctor->n_tokens > 0 || (doctor->modules_named && doctor->n_blank > 0);
	size_t n_softhsm = 0;

	for (size_t i = 0; i < survey->n; i++)
		n_softhsm += doctor_is_softhsm(&survey->modules[i]);
	needless = needless || (survey->n > 0 && n_softhsm == survey->n);
	return needless ? DOCTOR_WARNING : DOCTOR_BAD;
}

static void installed(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	if (s->program[0] != '\0') {
		doctor_find(doctor, DOCTOR_SERVICE_INSTALLED, DOCTOR_OK, "%s", s->program);
	} else if (s->answer == SMARTCARD_ANSWERS && doctor->root[0] == '\0') {
		doctor_find(doctor, DOCTOR_SERVICE_INSTALLED, DOCTOR_OK,
		    _("not in the usual places, and it answers"));
	} else {
		doctor_find(doctor, DOCTOR_SERVICE_INSTALLED, doctor_service_level(doctor),
		    _("pcscd is not installed"));
		doctor_mend_install(doctor, DOCTOR_PACKAGE_SERVICE);
	}
}

/* One that was found in no usual place may be on root's PATH. */
static const char *program_of(const struct smartcard_service *s)
{
	return s->program[0] != '\0' ? s->program : "pcscd";
}

/* What makes a service run that does not. */
static void mend_start(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	switch (s->init) {
	case SMARTCARD_SYSTEMD:
		if (s->start == SMARTCARD_MASKED)
			doctor_mend(doctor, DOCTOR_MEND_ROOT,
			    "systemctl unmask pcscd.service pcscd.socket && "
			    "systemctl enable --now pcscd.socket");
		else if (s->start == SMARTCARD_ENABLED)
			doctor_mend(doctor, DOCTOR_MEND_ROOT, "systemctl restart %s", s->unit);
		else
			doctor_mend(doctor, DOCTOR_MEND_ROOT, "systemctl enable --now %s",
			    s->unit[0] != '\0' ? s->unit : "pcscd.socket");
		return;
	case SMARTCARD_SYSV:
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "service pcscd start");
		return;
	case SMARTCARD_OPENRC:
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "rc-service pcscd start");
		return;
	case SMARTCARD_NO_INIT:
		break;
	}
	doctor_mend(doctor, DOCTOR_MEND_ROOT, "%s", program_of(s));
}

static void mend_restart(struct doctor *doctor)
{
	switch (doctor->service.init) {
	case SMARTCARD_SYSTEMD:
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "systemctl restart pcscd.service");
		return;
	case SMARTCARD_SYSV:
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "service pcscd restart");
		return;
	case SMARTCARD_OPENRC:
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "rc-service pcscd restart");
		return;
	case SMARTCARD_NO_INIT:
		break;
	}
	doctor_mend(
	    doctor, DOCTOR_MEND_ROOT, "pkill -x pcscd; sleep 1; %s", program_of(&doctor->service));
}

static void not_running(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	if (s->socket_errno == EACCES) {
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, DOCTOR_NOT_APPLICABLE,
		    _("not asked: you may not connect to %s"), s->socket);
		return;
	}
	if (s->socket_named)
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("no pcscd runs at %s, which PCSCLITE_CSOCK_NAME names: %s"), s->socket,
		    strerror(s->socket_errno));
	else if (s->socket_errno == EAGAIN)
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd has stopped taking connections at %s"), s->socket);
	else if (s->socket_errno == ECONNREFUSED)
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd does not run, and has left its socket %s behind"), s->socket);
	else if (s->socket_errno == ENOENT || s->socket_errno == ENOTDIR)
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd does not run: there is no %s"), s->socket);
	else
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd cannot be reached at %s: %s"), s->socket, strerror(s->socket_errno));
	if (s->socket_named)
		doctor_mend(doctor, DOCTOR_MEND_RUN, "unset PCSCLITE_CSOCK_NAME");
	else if (s->program[0] == '\0')
		doctor_mend_install(doctor, DOCTOR_PACKAGE_SERVICE);
	else if (s->socket_errno == EAGAIN)
		mend_restart(doctor);
	else
		mend_start(doctor);
}

static void answers(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	switch (s->answer) {
	case SMARTCARD_ANSWERS:
	case SMARTCARD_REFUSED:
		doctor_find(
		    doctor, DOCTOR_SERVICE_ANSWERS, DOCTOR_OK, _("pcscd runs, at %s"), s->socket);
		return;
	case SMARTCARD_NOT_RUNNING:
		not_running(doctor);
		return;
	case SMARTCARD_DROPPED:
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd hangs up at once: it crashes, or does not fit its library"));
		break;
	case SMARTCARD_NO_ANSWER:
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd takes connections and does not answer: it hangs"));
		break;
	case SMARTCARD_FAILED:
		doctor_find(doctor, DOCTOR_SERVICE_ANSWERS, doctor_service_level(doctor),
		    _("pcscd answers with error 0x%08lx"), s->code);
		break;
	}
	if (s->socket_named)
		doctor_mend(doctor, DOCTOR_MEND_RUN, "unset PCSCLITE_CSOCK_NAME");
	else
		mend_restart(doctor);
}

/* Disabled, or there is nothing that could be enabled. */
static void not_automatic(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;
	const enum doctor_level level =
	    s->answer == SMARTCARD_ANSWERS ? DOCTOR_WARNING : doctor_service_level(doctor);

	switch (s->init) {
	case SMARTCARD_SYSTEMD:
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, level, _("%s is not enabled"),
		    s->unit[0] != '\0' ? s->unit : "pcscd.socket");
		if (s->unit[0] != '\0')
			doctor_mend(doctor, DOCTOR_MEND_ROOT, "systemctl enable --now %s", s->unit);
		else
			doctor_mend_install(doctor, DOCTOR_PACKAGE_SERVICE);
		return;
	case SMARTCARD_SYSV:
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, level,
		    _("no start link of pcscd is in /etc/rc2.d"));
		doctor_mend(doctor, DOCTOR_MEND_ROOT,
		    s->stop_links ? "update-rc.d pcscd enable" : "update-rc.d pcscd defaults");
		return;
	case SMARTCARD_OPENRC:
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, level,
		    _("pcscd is not in OpenRC's default runlevel"));
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "rc-update add pcscd default");
		return;
	case SMARTCARD_NO_INIT:
		break;
	}
	doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, DOCTOR_WARNING,
	    _("neither systemd nor sysv init nor OpenRC runs here, so nothing starts it"));
	doctor_mend(doctor, DOCTOR_MEND_ROOT, "%s", program_of(s));
}

static void automatic(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	if (s->program[0] == '\0' && s->start == SMARTCARD_NOT_KNOWN) {
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, DOCTOR_NOT_APPLICABLE,
		    _("not looked at: pcscd is not installed"));
	} else if (s->socket_named && s->answer == SMARTCARD_ANSWERS && doctor->root[0] == '\0') {
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, DOCTOR_NOT_APPLICABLE,
		    _("not looked at: PCSCLITE_CSOCK_NAME names another pcscd than the system's"));
	} else if (s->start == SMARTCARD_ENABLED) {
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, DOCTOR_OK, _("by %s"), s->by);
	} else if (s->start == SMARTCARD_MASKED) {
		doctor_find(doctor, DOCTOR_SERVICE_AUTOSTART, doctor_service_level(doctor),
		    _("%s is masked, so nothing can start it"), s->unit);
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "systemctl unmask %s", s->unit);
	} else {
		not_automatic(doctor);
	}
}

/* A socket, or a folder before it, that keeps this user out. */
static void no_permission(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;
	const bool is_socket = strcmp(s->refusing, s->socket) == 0;
	char user[64], word[256], group[128];

	doctor_find(doctor, DOCTOR_SERVICE_PERMITTED, doctor_service_level(doctor),
	    s->refusing_group[0] != '\0'
		? _("the permissions of %s (mode %04o, group %s) keep you out")
		: _("the permissions of %s (mode %04o) keep you out"),
	    s->refusing, s->refusing_mode, s->refusing_group);
	/* Connecting is writing; going through a folder is executing. */
	if (s->refusing_group[0] != '\0' && strcmp(s->refusing_group, "root") != 0 &&
	    (s->refusing_mode & (is_socket ? 0020 : 0010)) != 0) {
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "usermod -aG %s %s",
		    doctor_shell_word(s->refusing_group, group, sizeof(group)),
		    doctor_user(user, sizeof(user)));
		doctor_mend_next_login(doctor);
	} else {
		doctor_mend(doctor, DOCTOR_MEND_ROOT, is_socket ? "chmod a+rw %s" : "chmod a+x %s",
		    doctor_shell_word(s->refusing, word, sizeof(word)));
	}
}

static void permitted(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;
	char user[64];

	if (s->answer == SMARTCARD_ANSWERS) {
		doctor_find(
		    doctor, DOCTOR_SERVICE_PERMITTED, DOCTOR_OK, _("you may use the readers"));
	} else if (s->answer == SMARTCARD_REFUSED) {
		doctor_find(doctor, DOCTOR_SERVICE_PERMITTED, doctor_service_level(doctor),
		    _("polkit keeps you out: it lets in who sits at this computer, and others "
		      "(over SSH, in services) only by a rule"));
		doctor_mend(doctor, DOCTOR_MEND_ROOT,
		    "echo 'polkit.addRule(function(a, s) { "
		    "if (a.id.indexOf(\"org.debian.pcsc-lite.access_\") == 0 && "
		    "s.user == \"%s\") return polkit.Result.YES; });' "
		    ">/etc/polkit-1/rules.d/50-pcscd-%s.rules",
		    doctor_user(user, sizeof(user)), user);
	} else if (s->socket_errno == EACCES) {
		no_permission(doctor);
	} else {
		doctor_find(doctor, DOCTOR_SERVICE_PERMITTED, DOCTOR_NOT_APPLICABLE,
		    _("cannot be told: pcscd does not answer"));
	}
}

void doctor_service(struct doctor *doctor)
{
	doctor_section(doctor, doctor->service.program, "%s", _("Smart Card service"));
	installed(doctor);
	doctor_section(doctor, doctor->service.socket, "%s", _("Smart Card service"));
	answers(doctor);
	automatic(doctor);
	permitted(doctor);
}
