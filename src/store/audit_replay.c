/*
 * Whether settings, Phone-SAST-trust and the journals of migrations are what the entries of the
 * audit log made them.
 *
 * Each is a subject; the last entry about a subject has the seal of what it is now, or none when it
 * was taken out.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"
#include "store/migration.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any cluster has. */
#define THINGS_MAX 8192

/* What is kept now, with the seal that its entry must have. */
struct thing {
	char *subject;
	char seal[HASH_HEX + 1];
	bool told; /* by the log */
};

struct things {
	struct thing *list;
	size_t n;
};

static void free_things(struct things *things)
{
	for (size_t i = 0; i < things->n; i++)
		free(things->list[i].subject);
	free(things->list);
}

/* One more, without its seal. */
static enum status add_thing(struct store *store, struct things *things, struct buffer *subject,
    struct thing **out, struct error *err)
{
	struct thing *more;
	char *line;

	if (buffer_text(subject) == NULL)
		return error_no_memory(err);
	if (things->n >= THINGS_MAX)
		return store_damaged(store, err, "%s",
		    _("it has too many settings, trusted certificates or "
		      "migrations"));
	/* As it stands in the log. */
	line = store_line(buffer_text(subject));
	more = realloc(things->list, (things->n + 1) * sizeof(*more));
	if (more != NULL)
		things->list = more;
	if (more == NULL || line == NULL) {
		free(line);
		return error_no_memory(err);
	}
	*out = &more[things->n++];
	**out = (struct thing){.subject = line};
	return ST_OK;
}

static enum status add_setting(struct statement *s, struct things *things, struct error *err)
{
	struct buffer subject = BUFFER_INIT;
	char *name = NULL, *value = NULL;
	struct thing *thing = NULL;
	enum status st = column_line(s, 0, &name, err);

	if (st == ST_OK)
		st = column_line(s, 1, &value, err);
	if (st == ST_OK) {
		setting_subject(&subject, name);
		st = add_thing(s->store, things, &subject, &thing, err);
	}
	if (st == ST_OK)
		st = setting_seal(name, value, thing->seal, err);
	buffer_free(&subject);
	free(name);
	free(value);
	return st;
}

static enum status add_settings(struct store *store, struct things *things, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st = statement_open(&s, store, "SELECT name, value FROM setting", err);

	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = add_setting(&s, things, err);
	}
	statement_close(&s);
	return st;
}

static enum status add_trusted(struct store *store, struct things *things, struct error *err)
{
	struct buffer subject = BUFFER_INIT;
	struct store_trusted *list = NULL;
	struct thing *thing = NULL;
	size_t n = 0;
	enum status st = store_trust(store, &list, &n, err);

	for (size_t i = 0; st == ST_OK && i < n; i++) {
		buffer_reset(&subject);
		st = trust_subject(&subject, buffer_bytes(&list[i].certificate), err);
		if (st == ST_OK)
			st = add_thing(store, things, &subject, &thing, err);
		if (st == ST_OK)
			st = trust_seal(
			    thing->subject, list[i].added, list[i].note, thing->seal, err);
	}
	store_trust_free(list, n);
	buffer_free(&subject);
	return st;
}

static enum status add_migration(
    struct store *store, void *context, const struct store_migration *migration, struct error *err)
{
	struct buffer subject = BUFFER_INIT;
	struct thing *thing = NULL;
	enum status st;

	migration_subject(&subject, migration->number);
	st = add_thing(store, context, &subject, &thing, err);
	if (st == ST_OK)
		st = migration_seal(migration, thing->seal, err);
	buffer_free(&subject);
	return st;
}

static int compare_things(const void *a, const void *b)
{
	return strcmp(((const struct thing *)a)->subject, ((const struct thing *)b)->subject);
}

/* What entries are about, told by how a subject begins; a setting is what is none of the others. */
enum kind { TRUSTED, MIGRATION, SETTING };

static enum kind kind_of(const char *subject)
{
	if (strncmp(subject, "trust ", 6) == 0)
		return TRUSTED;
	return strncmp(subject, "migration ", 10) == 0 ? MIGRATION : SETTING;
}

/* WHAT is wrong with the thing that SUBJECT names. */
static enum status broken_thing(
    struct store *store, const char *subject, const char *what, struct error *err)
{
	const char *name = strchr(subject, ' ');
	char place[256];

	name = name != NULL ? name + 1 : subject;
	switch (kind_of(subject)) {
	case TRUSTED:
		snprintf(place, sizeof(place), _("trusted certificate %s"), name);
		break;
	case MIGRATION:
		snprintf(place, sizeof(place), _("migration %s"), name);
		break;
	default:
		snprintf(place, sizeof(place), _("setting \"%s\""), name);
		break;
	}
	return audit_broken(store, place, what, err);
}

/* What entry NUMBER tells of is not there. */
static enum status gone(struct store *store, const char *subject, int64_t number, struct error *err)
{
	char place[64];

	snprintf(place, sizeof(place), _("entry %" PRId64), number);
	switch (kind_of(subject)) {
	case TRUSTED:
		return audit_broken(store, place, _("the certificate that it added is gone"), err);
	case MIGRATION:
		return audit_broken(store, place, _("the migration that it tells of is gone"), err);
	default:
		return audit_broken(store, place, _("the setting that it tells of is gone"), err);
	}
}

/* Entry NUMBER is the last one about SUBJECT. */
static enum status check_subject(struct store *store, struct things *things, int64_t number,
    char *subject, const char *seal, struct error *err)
{
	const struct thing key = {.subject = subject};
	struct thing *thing =
	    things->n == 0 ? NULL
			   : bsearch(&key, things->list, things->n, sizeof(key), compare_things);
	char what[128];

	if (thing == NULL && seal[0] == '\0')
		return ST_OK;
	if (thing == NULL)
		return gone(store, subject, number, err);
	thing->told = true;
	if (strcmp(seal, thing->seal) == 0)
		return ST_OK;
	if (seal[0] == '\0')
		snprintf(
		    what, sizeof(what), _("entry %" PRId64 " removed it, and it is back"), number);
	else
		snprintf(what, sizeof(what),
		    _("it was changed: it is not what entry %" PRId64 " made it"), number);
	return broken_thing(store, subject, what, err);
}

static enum status check_last_entry(
    struct store *store, struct things *things, struct statement *s, struct error *err)
{
	char *subject = NULL, *seal = NULL;
	int64_t number = 0;
	enum status st = column_number(s, 0, 1, INT64_MAX, &number, err);

	if (st == ST_OK)
		st = column_line(s, 1, &subject, err);
	if (st == ST_OK)
		st = column_line(s, 2, &seal, err);
	if (st == ST_OK)
		st = check_subject(store, things, number, subject, seal, err);
	free(subject);
	free(seal);
	return st;
}

enum status audit_replay(struct store *store, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	struct things things = {NULL, 0};
	bool row = true;
	enum status st = add_settings(store, &things, err);

	if (st == ST_OK)
		st = add_trusted(store, &things, err);
	if (st == ST_OK)
		st = migration_each(store, add_migration, &things, err);
	if (st == ST_OK && things.n > 0)
		qsort(things.list, things.n, sizeof(*things.list), compare_things);
	/* With max(), SQLite takes the other columns from the row that has it. */
	if (st == ST_OK)
		st = statement_open(&s, store,
		    "SELECT max(number) AS number, subject, seal FROM audit"
		    " WHERE subject <> '' GROUP BY subject ORDER BY 1",
		    err);
	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = check_last_entry(store, &things, &s, err);
	}
	statement_close(&s);
	for (size_t i = 0; st == ST_OK && i < things.n; i++)
		if (!things.list[i].told)
			st = broken_thing(store, things.list[i].subject,
			    _("no entry of the log tells how it came here"), err);
	free_things(&things);
	return st;
}
