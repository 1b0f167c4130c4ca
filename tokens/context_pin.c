/*
 * Answers libp11 when a key wants the PIN for each signature.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/context_pin.h"

#include "tokens/module.h"

#include <openssl/ui.h>

static int ui_ready(UI *ui)
{
	(void)ui;
	return 1;
}

static int ui_write_nothing(UI *ui, UI_STRING *prompt)
{
	(void)ui;
	(void)prompt;
	return 1;
}

static enum status ask(struct module *m, struct secret *pin, struct error *err)
{
	struct pin_request request = m->request;
	enum status status;

	if (m->pins == NULL)
		return error_set(err, ST_PIN_NEEDED,
		    _("the key wants a PIN for each signature, and nobody can be asked"));
	request.purpose = PIN_CONTEXT;
	if (!watchdog_pause(m->dog))
		return error_set(err, ST_TOKEN_TIMEOUT, _("the token answered too late"));
	status = m->pins->ask(m->pins->context, &request, pin, err);
	watchdog_resume(m->dog);
	if (status == ST_OK && pin->text == NULL)
		status = error_set(err, ST_PIN_NEEDED, _("no PIN was given"));
	return status;
}

static int ui_read(UI *ui, UI_STRING *prompt)
{
	struct module *m = UI_get0_user_data(ui);
	struct secret asked = SECRET_INIT;
	const struct secret *pin = &m->pin;
	int answered = 0;

	if (UI_get_string_type(prompt) != UIT_PROMPT)
		return 1;
	if (pin->text == NULL) {
		if (ask(m, &asked, &m->context_error) != ST_OK) {
			secret_wipe(&asked);
			return 0;
		}
		pin = &asked;
	}
	if (UI_set_result(ui, prompt, pin->text) == 0)
		answered = 1;
	else
		error_set(&m->context_error, ST_TOKEN,
		    _("the key wants the PIN for each signature, and libp11 takes only PINs of %d "
		      "to %d characters there"),
		    UI_get_result_minsize(prompt), UI_get_result_maxsize(prompt));
	secret_wipe(&asked);
	return answered;
}

UI_METHOD *context_pin_method(void)
{
	UI_METHOD *method = UI_create_method("ctlsign");

	if (method == NULL)
		return NULL;
	UI_method_set_opener(method, ui_ready);
	UI_method_set_writer(method, ui_write_nothing);
	UI_method_set_reader(method, ui_read);
	UI_method_set_closer(method, ui_ready);
	return method;
}
