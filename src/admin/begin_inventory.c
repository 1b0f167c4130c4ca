/*
 * The beginning of a cluster whose inventory was made by somebody else.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/begin_inventory.h"

#include "admin/begin.h"
#include "admin/begin_state.h"
#include "admin/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status look_around(const struct stage *stage, const char *name, struct error *err)
{
	const char *const items[] = {name, BEGIN_STATE, BEGIN_CERTIFICATES, BEGIN_CTL};
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < sizeof(items) / sizeof(items[0]); i++)
		st = stage_refuse_existing(stage, items[i], err);
	return st;
}

static enum status write_certificates(
    struct stage *stage, const struct begin_inventory_request *request, struct error *err)
{
	enum status st = stage_make_folder(stage, BEGIN_CERTIFICATES, err);
	struct buffer name = BUFFER_INIT;

	for (size_t i = 0; i < request->n_files && st == ST_OK; i++) {
		const struct takeover_file *file = &request->files[i];

		buffer_reset(&name);
		buffer_printf(&name, "%s/%s", BEGIN_CERTIFICATES, file->name);
		st = buffer_text(&name) == NULL ? error_no_memory(err)
						: stage_write(stage, buffer_text(&name),
						      buffer_bytes(&file->pem), 0644, err);
	}
	buffer_free(&name);
	return st;
}

/* Those who come next have to be able to read it. */
static enum status check(const struct stage *stage, const char *name, struct error *err)
{
	struct inventory inventory = {.path = NULL};
	char *path = NULL;
	enum status st;

	if (asprintf(&path, "%s/%s", stage->path, name) < 0)
		return error_no_memory(err);
	st = inventory_read(path, &inventory, err);
	if (st == ST_OK)
		st = inventory_load(&inventory, err);
	/* The file will be gone: only what it was made from can be mended. */
	if (st != ST_OK && err != NULL)
		err->where[0] = '\0';
	inventory_free(&inventory);
	free(path);
	return st;
}

static enum status make_all(struct stage *stage, const char *name,
    const struct begin_inventory_request *request, struct error *err)
{
	const char *items[3];
	size_t n = 0;
	enum status st = stage_begin(stage, err);

	if (st == ST_OK)
		st = stage_write(stage, name, request->text, 0644, err);
	if (st == ST_OK)
		st = write_certificates(stage, request, err);
	if (st == ST_OK)
		st = check(stage, name, err);
	if (st == ST_OK && request->ctl != NULL)
		st = stage_write(stage, BEGIN_CTL, *request->ctl, 0644, err);
	items[n++] = BEGIN_CERTIFICATES;
	if (request->ctl != NULL)
		items[n++] = BEGIN_CTL;
	items[n++] = name;
	if (st == ST_OK)
		st = stage_publish(stage, items, n, err);
	if (st == ST_OK)
		stage_keep(stage);
	return st;
}

/* REQUEST may be NULL: only looks. */
static enum status begin(
    const char *conf, const struct begin_inventory_request *request, struct error *err)
{
	struct stage stage = STAGE_INIT;
	char *directory = NULL;
	const char *name;
	enum status st = begin_split_path(conf, &directory, &name, err);

	if (st == ST_OK)
		st = stage_open(&stage, directory, err);
	if (st == ST_OK)
		st = look_around(&stage, name, err);
	if (st == ST_OK && request != NULL)
		st = make_all(&stage, name, request, err);
	stage_close(&stage);
	free(directory);
	return st;
}

enum status begin_inventory(const struct begin_inventory_request *request, struct error *err)
{
	return begin(request->conf, request, err);
}

enum status begin_inventory_check(const char *conf, struct error *err)
{
	return begin(conf, NULL, err);
}
