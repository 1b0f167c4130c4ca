/*
 * The table of families: a site's rows, then the built-in ones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/families_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static enum status copy_patterns(
    struct family_row *row, const char *const *patterns, size_t n, struct error *err)
{
	struct buffer models = BUFFER_INIT;
	char folded[FAMILY_MODEL_MAX];
	const char *text;

	row->patterns = calloc(n + 1, sizeof(*row->patterns));
	for (size_t i = 0; row->patterns != NULL && i < n; i++) {
		row->patterns[i] = strdup(model_fold(folded, patterns[i], true));
		if (row->patterns[i] == NULL)
			break;
		row->n_patterns = i + 1;
		buffer_printf(&models, "%s", i > 0 ? ", " : "");
		text_printable(&models, text_bytes(patterns[i]));
	}
	text = buffer_text(&models);
	row->models = text != NULL ? strdup(text) : NULL;
	buffer_free(&models);
	return row->n_patterns == n && row->models != NULL ? ST_OK : error_no_memory(err);
}

enum status families_add(struct phone_families *families, const struct phone_family *family,
    const char *const *patterns, size_t n, struct error *err)
{
	struct family_row *rows = reallocarray(families->rows, families->n + 1, sizeof(*rows));

	if (rows == NULL)
		return error_no_memory(err);
	families->rows = rows;
	rows[families->n] = (struct family_row){.family = *family};
	return copy_patterns(&rows[families->n++], patterns, n, err);
}

enum status phone_families_open(const char *path, struct phone_families **out, struct error *err)
{
	struct phone_families *families = calloc(1, sizeof(*families));
	enum status st = ST_OK;

	*out = NULL;
	if (families == NULL)
		return error_no_memory(err);
	if (path != NULL)
		st = families_add_file(families, path, err);
	if (st == ST_OK)
		st = families_add_builtin(families, err);
	if (st == ST_OK)
		*out = families;
	else
		phone_families_close(families);
	return st;
}

void phone_families_close(struct phone_families *families)
{
	for (size_t i = 0; families != NULL && i < families->n; i++) {
		struct family_row *row = &families->rows[i];

		for (size_t j = 0; j < row->n_patterns; j++)
			free(row->patterns[j]);
		free(row->patterns);
		free(row->models);
	}
	if (families != NULL)
		free(families->rows);
	free(families);
}

const struct phone_family *phone_family_of(const struct phone_families *families, const char *model)
{
	char folded[FAMILY_MODEL_MAX];

	/* A '*' for any model is not for those who have not said theirs. */
	if (model == NULL || model_fold(folded, model, false)[0] == '\0')
		return NULL;
	for (size_t i = 0; i < families->n; i++)
		for (size_t j = 0; j < families->rows[i].n_patterns; j++)
			if (model_fits(families->rows[i].patterns[j], folded))
				return &families->rows[i].family;
	return NULL;
}

const struct phone_family *phone_families_at(
    const struct phone_families *families, size_t index, const char **patterns)
{
	if (index >= families->n)
		return NULL;
	if (patterns != NULL)
		*patterns = families->rows[index].models;
	return &families->rows[index].family;
}
