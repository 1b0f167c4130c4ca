/*
 * `ctlsign doctor`: the readers that the Smart Card service knows, and their cards, in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include <string.h>

static void no_reader(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	if (s->usb_reader[0] != '\0')
		doctor_find(doctor, DOCTOR_READERS, doctor_service_level(doctor),
		    _("'%s' is plugged in, and pcscd does not know it"), s->usb_reader);
	else if (doctor_service_level(doctor) != DOCTOR_BAD)
		doctor_find(doctor, DOCTOR_READERS, DOCTOR_NOT_APPLICABLE, _("none is plugged in"));
	else
		doctor_find(
		    doctor, DOCTOR_READERS, DOCTOR_BAD, _("no reader or USB token is plugged in"));
	if (!s->has_driver &&
	    (s->usb_reader[0] != '\0' || doctor_service_level(doctor) == DOCTOR_BAD))
		doctor_mend_install(doctor, DOCTOR_PACKAGE_DRIVER);
	else if (s->usb_reader[0] != '\0')
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("install the driver (PC/SC, \"ifd handler\") of its maker"));
	else if (doctor_service_level(doctor) == DOCTOR_BAD)
		doctor_mend(doctor, DOCTOR_MEND_DO, _("plug the reader or the token in"));
}

/* Whether a slot of any module is this reader; PKCS#11 cuts its name at 64 bytes. */
static bool is_slot(const struct token_info *token, const struct smartcard_reader *reader)
{
	const size_t len = strlen(token->reader);

	return len > 0 && strncmp(token->reader, reader->name, len) == 0 &&
	       (reader->name[len] == '\0' || len >= 60);
}

/* Whether a module shows what is in the reader, be it blank. */
static bool shows(const struct doctor *doctor, const struct smartcard_reader *reader)
{
	for (size_t i = 0; i < doctor->survey->n; i++) {
		const struct tokens *tokens = doctor->survey->modules[i].tokens;

		for (size_t k = 0; tokens != NULL && k < tokens_count(tokens); k++)
			if (is_slot(tokens_at(tokens, k), reader))
				return true;
		for (size_t k = 0; tokens != NULL && k < tokens_blank_count(tokens); k++)
			if (is_slot(tokens_blank_at(tokens, k), reader))
				return true;
	}
	return false;
}

bool doctor_any_card(const struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	for (size_t i = 0; i < s->n_readers; i++)
		if (s->readers[i].card)
			return true;
	return false;
}

const char *doctor_card_not_shown(const struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;
	const char *name = NULL;

	for (size_t i = 0; i < s->n_readers; i++) {
		if (!s->readers[i].card || shows(doctor, &s->readers[i]))
			continue;
		if (name != NULL)
			return NULL;
		name = s->readers[i].name;
	}
	return name;
}

/* Whether all modules were heard: then a card that none of them shows is known to none. */
static bool all_answer(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->survey->n; i++)
		if (doctor->survey->modules[i].step != SURVEY_READY)
			return false;
	return true;
}

static void card(struct doctor *doctor, const struct smartcard_reader *reader)
{
	if (!reader->card) {
		/* An empty reader beside one that has a card is as it should be. */
		doctor_find(
		    doctor, DOCTOR_CARD, DOCTOR_NOT_APPLICABLE, _("%s: empty"), reader->name);
	} else if (reader->mute) {
		doctor_find(doctor, DOCTOR_CARD, doctor_service_level(doctor),
		    _("%s: the card does not answer"), reader->name);
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("take it out, wipe its contacts, and insert it with the chip first"));
	} else if (shows(doctor, reader)) {
		doctor_find(doctor, DOCTOR_CARD, DOCTOR_OK,
		    _("%s: the card answers, and is a token"), reader->name);
	} else if (!all_answer(doctor)) {
		doctor_find(doctor, DOCTOR_CARD, DOCTOR_WARNING,
		    _("%s: a card that no module shows, and not all modules work"), reader->name);
		doctor_mend(doctor, DOCTOR_MEND_DO, _("mend first what is said of the modules"));
	} else {
		doctor_find(doctor, DOCTOR_CARD, doctor_service_level(doctor),
		    _("%s: the card answers, and no module knows it"), reader->name);
		doctor_mend(doctor, DOCTOR_MEND_DO,
		    _("install the software of the card's maker, and name its module with "
		      "--module PATH"));
	}
}

static void cards(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;
	const char *heading = _("Readers and cards");

	doctor_find(doctor, DOCTOR_READERS, DOCTOR_OK,
	    ngettext("%zu reader", "%zu readers", (unsigned long)s->n_readers), s->n_readers);
	for (size_t i = 0; i < s->n_readers; i++) {
		doctor_section(doctor, s->readers[i].name, "%s", heading);
		card(doctor, &s->readers[i]);
	}
	if (doctor_any_card(doctor) || doctor_service_level(doctor) != DOCTOR_BAD)
		return;
	doctor_section(doctor, "", "%s", heading);
	doctor_find(doctor, DOCTOR_CARD, DOCTOR_BAD,
	    ngettext("no card is in the reader", "no card is in any reader",
		(unsigned long)s->n_readers));
	doctor_mend(doctor, DOCTOR_MEND_DO, _("insert the card"));
}

void doctor_readers(struct doctor *doctor)
{
	const struct smartcard_service *s = &doctor->service;

	doctor_section(doctor, "", "%s", _("Readers and cards"));
	if (s->answer != SMARTCARD_ANSWERS)
		doctor_find(doctor, DOCTOR_READERS, DOCTOR_NOT_APPLICABLE,
		    _("cannot be told: pcscd does not answer"));
	else if (s->n_readers == 0)
		no_reader(doctor);
	else
		cards(doctor);
}
