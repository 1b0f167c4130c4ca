/*
 * One token of a snapshot, made from what its slot said.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/internal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct token *token_of(const struct token_info *info)
{
	return (struct token *)info;
}

struct bytes token_field(const unsigned char *field, size_t size)
{
	while (size > 0 && field[size - 1] == ' ')
		size--;
	return (struct bytes){field, size};
}

#define PRINTABLE(array, field)                                                                    \
	text_printable_into(array, sizeof(array), token_field(field, sizeof(field)))

struct token *token_new(struct module *m, const struct slot_reading *r)
{
	struct token *t = calloc(1, sizeof(*t));
	const CK_FLAGS flags = r->token.flags;

	if (t == NULL)
		return NULL;
	t->slot_raw = r->slot;
	t->raw = r->token;
	t->info = (struct token_info){
	    .module = m->path,
	    .slot_id = r->id,
	    .reader = PRINTABLE(t->text.reader, r->slot.slotDescription),
	    .label = PRINTABLE(t->text.label, r->token.label),
	    .manufacturer = PRINTABLE(t->text.manufacturer, r->token.manufacturerID),
	    .model = PRINTABLE(t->text.model, r->token.model),
	    .serial = PRINTABLE(t->text.serial, r->token.serialNumber),
	    .initialised = (flags & CKF_TOKEN_INITIALIZED) != 0,
	    .login_required = (flags & CKF_LOGIN_REQUIRED) != 0,
	    .pin_initialised = (flags & CKF_USER_PIN_INITIALIZED) != 0,
	    .pin_pad = (flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0,
	    .pin_count_low = (flags & CKF_USER_PIN_COUNT_LOW) != 0,
	    .pin_final_try = (flags & CKF_USER_PIN_FINAL_TRY) != 0,
	    .pin_locked = (flags & CKF_USER_PIN_LOCKED) != 0,
	    .write_protected = (flags & CKF_WRITE_PROTECTED) != 0,
	};
	t->identity.module = m;
	t->identity.slot_id = r->id;
	memcpy(t->identity.label, r->token.label, sizeof(t->identity.label));
	memcpy(t->identity.serial, r->token.serialNumber, sizeof(t->identity.serial));
	snprintf(t->identity.name, sizeof(t->identity.name), _("token '%s' (serial %s)"),
	    t->info.label, t->info.serial);
	return t;
}

struct token *token_copy(const struct token *token)
{
	const struct slot_reading reading = {
	    .id = token->info.slot_id, .slot = token->slot_raw, .token = token->raw};

	return token_new(token->identity.module, &reading);
}

void token_free(struct token *token)
{
	if (token == NULL)
		return;
	certificates_drop(token);
	free(token);
}
