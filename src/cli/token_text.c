/*
 * How tokens are told to people and scripts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_text.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

/* One row of the PIN's states, worst first; the word is for scripts, the text for people. */
struct pin_state {
	const char *word;
	const char *text;
};

static const struct pin_state *pin_state(const struct token_info *t)
{
	static const struct pin_state locked = {"locked", N_("LOCKED")},
				      final_try = {"final-try", N_("ONE TRY LEFT")},
				      not_set = {"not-set", N_("not set")},
				      count_low = {"count-low", N_("wrong PIN given")},
				      pin_pad = {"pin-pad", N_("on the reader")},
				      none = {"not-required", N_("not needed")},
				      ready = {"ready", N_("ready")};

	if (t->pin_locked)
		return &locked;
	if (t->pin_final_try)
		return &final_try;
	if (t->login_required && !t->pin_initialised)
		return &not_set;
	if (t->pin_count_low)
		return &count_low;
	if (!t->login_required)
		return &none;
	return t->pin_pad ? &pin_pad : &ready;
}

const char *cli_token_pin_state(const struct token_info *token)
{
	return _(pin_state(token)->text);
}

json_t *cli_token_json(const struct token_info *t)
{
	struct buffer uri = BUFFER_INIT;
	const char *text;
	json_t *json;

	token_uri(t, NULL, &uri);
	text = buffer_text(&uri);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:b, s:b, s:b}", "label",
	    t->label, "serial", t->serial, "manufacturer", t->manufacturer, "model", t->model,
	    "reader", t->reader, "slot", (json_int_t)t->slot_id, "module", t->module, "uri",
	    text != NULL ? text : "", "pin", pin_state(t)->word, "pin_pad", (int)t->pin_pad,
	    "login_required", (int)t->login_required, "write_protected", (int)t->write_protected);
	buffer_free(&uri);
	return json;
}

json_t *cli_token_certificate_json(
    const struct token_info *token, const struct token_certificate *certificate)
{
	json_t *json = certificate_json(certificate->x509);
	struct buffer id = BUFFER_INIT, uri = BUFFER_INIT;
	const char *id_text, *uri_text;

	text_hex(&id, certificate->id, '\0', true);
	token_uri(token, certificate, &uri);
	id_text = buffer_text(&id);
	uri_text = buffer_text(&uri);
	json_object_set_new(json, "id", json_string(id_text != NULL ? id_text : ""));
	json_object_set_new(json, "label", json_string(certificate->label));
	json_object_set_new(json, "has_key", json_boolean(certificate->has_key));
	json_object_set_new(json, "uri", json_string(uri_text != NULL ? uri_text : ""));
	buffer_free(&id);
	buffer_free(&uri);
	return json;
}
