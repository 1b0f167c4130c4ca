/*
 * `ctlsign doctor`: the PKCS#11 modules in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where SoftHSM looks unless SOFTHSM2_CONF says otherwise. */
#define SOFTHSM_CONFIG "/etc/softhsm/softhsm2.conf"

static bool is_ready(const struct surveyed_module *m)
{
	return m->step == SURVEY_READY;
}

bool doctor_is_softhsm(const struct surveyed_module *m)
{
	const char *file = strrchr(m->path, '/');

	return strstr(file != NULL ? file : m->path, "softhsm") != NULL;
}

/* It was asked and has not answered, and what it was to ask is there. */
static bool hangs_at_card(const struct doctor *doctor, const struct surveyed_module *m)
{
	return m->step == SURVEY_ANSWER && m->problem.status == ST_TOKEN_TIMEOUT &&
	       !doctor_is_softhsm(m) && doctor_any_card(doctor);
}

/* A registered module that is broken beside one that works may be of no interest to anybody. */
static enum doctor_level level_of(const struct doctor *doctor, const struct surveyed_module *m)
{
	if (m->named || hangs_at_card(doctor, m))
		return DOCTOR_BAD;
	for (size_t i = 0; i < doctor->survey->n; i++)
		if (is_ready(&doctor->survey->modules[i]))
			return DOCTOR_WARNING;
	return DOCTOR_BAD;
}

static void mend_owner(struct doctor *doctor, const struct surveyed_module *m)
{
	char word[1024];

	doctor_shell_word(m->culprit, word, sizeof(word));
	if (m->culprit[0] == '\0')
		doctor_mend(doctor, DOCTOR_MEND_DO, "%s", m->problem.hint);
	else if (m->wrong_owner)
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "chown root %s", word);
	else
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "chmod go-w %s", word);
}

/* What keeps SoftHSM from its configuration; false when that is not what is wrong. */
static bool mend_softhsm(struct doctor *doctor)
{
	const char *config = getenv("SOFTHSM2_CONF");
	char user[64];

	if (config != NULL && access(config, R_OK) != 0) {
		doctor_mend(doctor, DOCTOR_MEND_RUN, "unset SOFTHSM2_CONF");
	} else if (config == NULL && access(SOFTHSM_CONFIG, R_OK) != 0 && errno == EACCES) {
		doctor_mend(doctor, DOCTOR_MEND_ROOT, "usermod -aG softhsm %s",
		    doctor_user(user, sizeof(user)));
		doctor_mend_next_login(doctor);
	} else {
		return false;
	}
	return true;
}

static void mend_answer(struct doctor *doctor, const struct surveyed_module *m)
{
	const enum smartcard_answer service = doctor->service.answer;
	const char *reader = doctor_card_not_shown(doctor);

	if (doctor_is_softhsm(m) && mend_softhsm(doctor))
		return;
	if (hangs_at_card(doctor, m) && reader != NULL)
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("take the card out of '%s', insert it again, and start again"), reader);
	else if (m->problem.status == ST_TOKEN_TIMEOUT && service == SMARTCARD_NO_ANSWER)
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("mend the Smart Card service first: the module may be waiting for it"));
	else if (m->problem.hint[0] != '\0')
		doctor_mend(doctor, DOCTOR_MEND_DO, "%s", m->problem.hint);
	else
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("install the module's software again, or take the module out of p11-kit's "
		      "configuration"));
}

/* Which check a step is told under. */
static enum doctor_check check_of(enum survey_step step)
{
	switch (step) {
	case SURVEY_FILE:
		return DOCTOR_MODULE_FILE;
	case SURVEY_OWNER:
		return DOCTOR_MODULE_OWNER;
	case SURVEY_LOAD:
		return DOCTOR_MODULE_LOADS;
	case SURVEY_ANSWER:
	case SURVEY_ASK:
	case SURVEY_READY:
		break;
	}
	return DOCTOR_MODULE_ANSWERS;
}

/* Owner and mode, and what they mean: this was looked at before the file was loaded. */
static void owner_and_mode(struct doctor *doctor, const char *path)
{
	char owner[64];
	struct stat st;

	if (stat(path, &st) != 0)
		doctor_find(doctor, DOCTOR_MODULE_OWNER, DOCTOR_WARNING,
		    _("it was there, and cannot be looked at any more: %s"), strerror(errno));
	else if (doctor_user_name(st.st_uid, owner, sizeof(owner))[0] != '\0')
		doctor_find(doctor, DOCTOR_MODULE_OWNER, DOCTOR_OK,
		    _("%s, %04o: only root or you can change it"), owner,
		    (unsigned)st.st_mode & 07777);
	else
		doctor_find(doctor, DOCTOR_MODULE_OWNER, DOCTOR_OK,
		    _("user %u, %04o: only root or you can change it"), (unsigned)st.st_uid,
		    (unsigned)st.st_mode & 07777);
}

static void steps_that_succeeded(struct doctor *doctor, const struct surveyed_module *m)
{
	if (m->step > SURVEY_FILE)
		doctor_find(doctor, DOCTOR_MODULE_FILE, DOCTOR_OK,
		    m->named ? _("named by --module") : _("registered with p11-kit"));
	if (m->step > SURVEY_OWNER)
		owner_and_mode(doctor, m->file);
	if (m->step == SURVEY_ANSWER || m->step == SURVEY_READY)
		doctor_find(doctor, DOCTOR_MODULE_LOADS, DOCTOR_OK, _("it is a PKCS#11 module"));
}

static void slots_left_out(struct doctor *doctor, const struct surveyed_module *m)
{
	for (size_t i = 0; i < tokens_problem_count(m->tokens); i++) {
		const struct error *problem = tokens_problem_at(m->tokens, i);

		doctor_find(doctor, DOCTOR_MODULE_ANSWERS,
		    doctor->n_tokens > 0 ? DOCTOR_WARNING : DOCTOR_BAD, "%s: %s", problem->where,
		    problem->what);
		if (problem->hint[0] != '\0')
			doctor_mend(doctor, DOCTOR_MEND_DO, "%s", problem->hint);
	}
}

/* What a person named, or what keeps a card away, is what it is all about. */
static bool comes_first(const struct doctor *doctor, const struct surveyed_module *m)
{
	if (m->problem.status == ST_TOKEN_TIMEOUT)
		return hangs_at_card(doctor, m);
	return m->named && m->step != SURVEY_ASK;
}

static void step_that_failed(struct doctor *doctor, const struct surveyed_module *m)
{
	const char *what = m->problem.what;

	if (m->step == SURVEY_ASK)
		what = _("it was not asked any more: everything together took too long");
	doctor_find(doctor, check_of(m->step), level_of(doctor, m), "%s", what);
	if (comes_first(doctor, m))
		doctor_begin_with(doctor);
	switch (m->step) {
	case SURVEY_FILE:
		if (m->named)
			doctor_mend(doctor, DOCTOR_MEND_DO,
			    _("give the path of a module that is installed"));
		else
			doctor_mend(doctor, DOCTOR_MEND_DO,
			    _("install the token's software again, or take its .module file out "
			      "of p11-kit's configuration"));
		return;
	case SURVEY_OWNER:
		mend_owner(doctor, m);
		return;
	case SURVEY_LOAD:
		doctor_mend(doctor, DOCTOR_MEND_DO, "%s",
		    m->problem.hint[0] != '\0' ? m->problem.hint
					       : _("name the PKCS#11 module of the token's maker"));
		return;
	case SURVEY_ANSWER:
		mend_answer(doctor, m);
		return;
	case SURVEY_ASK:
		doctor_mend(doctor, DOCTOR_MEND_DO, _("mend first what does not answer"));
		return;
	case SURVEY_READY:
		break;
	}
}

static void module(struct doctor *doctor, const struct surveyed_module *m)
{
	doctor_section(doctor, m->path, _("Module %s"), m->path);
	steps_that_succeeded(doctor, m);
	if (!is_ready(m)) {
		step_that_failed(doctor, m);
		return;
	}
	doctor_find(doctor, DOCTOR_MODULE_ANSWERS, DOCTOR_OK,
	    ngettext(
		"it answers, with %zu token", "it answers, with %zu tokens", (unsigned long)m->n),
	    m->n);
	slots_left_out(doctor, m);
}

void doctor_modules(struct doctor *doctor)
{
	if (doctor->survey->n == 0) {
		doctor_section(doctor, "", "%s", _("Modules"));
		doctor_find(doctor, DOCTOR_MODULES, DOCTOR_BAD,
		    _("p11-kit registers no PKCS#11 module for tokens"));
		doctor_mend_install(doctor, DOCTOR_PACKAGE_OPENSC);
	}
	for (size_t i = 0; i < doctor->survey->n; i++)
		module(doctor, &doctor->survey->modules[i]);
}
