/*
 * Settings: names with a value.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A value is given back as it was set, so it must be a line that can be shown. */
static enum status check_value(const char *name, const char *value, struct error *err)
{
	char *line = strlen(value) <= STORE_TEXT_MAX / 4 ? store_line(value) : NULL;
	bool same = line != NULL && strcmp(line, value) == 0;

	free(line);
	if (same)
		return ST_OK;
	return error_set(
	    err, ST_USAGE, _("the value of the setting \"%s\" is not a line of text"), name);
}

enum status store_setting(
    struct store *store, const char *name, struct buffer *out, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	char *value = NULL;
	bool row = false;
	enum status st;

	st = statement_open(&s, store, "SELECT value FROM setting WHERE name = ?", err);
	if (st == ST_OK) {
		statement_text(&s, text_bytes(name));
		st = statement_step(&s, &row, err);
	}
	if (st == ST_OK && row)
		st = column_line(&s, 0, &value, err);
	if (st == ST_OK && row) {
		buffer_add(out, value, strlen(value));
		st = buffer_status(out, err);
	}
	free(value);
	statement_close(&s);
	return st;
}

void setting_subject(struct buffer *subject, const char *name)
{
	buffer_printf(subject, "setting %s", name);
}

enum status setting_seal(
    const char *name, const char *value, char seal[HASH_HEX + 1], struct error *err)
{
	struct buffer form = BUFFER_INIT;

	buffer_printf(&form, "ctlsign setting 1\n");
	hash_text(&form, text_bytes(name));
	hash_text(&form, text_bytes(value));
	return hash_form(&form, seal, err);
}

static enum status replace(
    struct store *store, const char *name, const char *value, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(&s, store,
	    "INSERT INTO setting (name, value) VALUES (?, ?)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	    err);
	if (st != ST_OK)
		return st;
	statement_text(&s, text_bytes(name));
	statement_text(&s, text_bytes(value));
	return statement_run(&s, err);
}

enum status store_set(struct store *store, const char *name, const char *value,
    const struct audit_entry *audit, struct error *err)
{
	struct audit_binding binding = {.generation = 0};
	struct buffer subject = BUFFER_INIT;
	char seal[HASH_HEX + 1];
	enum status st = check_value(name, value, err);

	setting_subject(&subject, name);
	if (st == ST_OK)
		st = buffer_status(&subject, err);
	if (st == ST_OK)
		st = setting_seal(name, value, seal, err);
	if (st == ST_OK)
		st = store_transaction(store, err);
	if (st != ST_OK)
		goto out;
	binding.subject = buffer_text(&subject);
	binding.seal = seal;
	st = replace(store, name, value, err);
	if (st == ST_OK)
		st = audit_append(store, audit, &binding, NULL, err);
	st = store_end(store, st, err);
out:
	buffer_free(&subject);
	return st;
}
