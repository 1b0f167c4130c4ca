/*
 * Fuzz target: CSV files of phones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same file again and again, in memory. */
static int file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("phones", MFD_CLOEXEC);
	if (fd < 0)
		abort();
	return fd;
}

static void check_checksum(const char *text)
{
	const size_t len = strlen(text);

	if (len != 0 && strcmp(text, "none") != 0 &&
	    (strspn(text, "0123456789abcdef") != len || (len != 32 && len != 40)))
		abort();
}

static void check_rows(const struct fleet_rows *rows, uint64_t lines)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct fleet_row *row = &rows->list[i];
		const char *name = rows->names + row->name;

		if (strlen(name) - 1 >= FLEET_NAME_MAX || row->line < 2 || row->line > lines ||
		    strlen(rows->models.list[row->model]) > FLEET_NAME_MAX)
			abort();
		if (i > 0 && strcmp(rows->names + row[-1].name, name) >= 0)
			abort();
		check_checksum(rows->checksums.list[row->ctl]);
		check_checksum(rows->checksums.list[row->itl]);
	}
}

static void check_problems(const struct fleet_imported *out, uint64_t lines)
{
	if (out->n_problems > FLEET_PROBLEMS_MAX || out->n_problems > out->bad ||
	    (out->n_problems < FLEET_PROBLEMS_MAX && out->n_problems != out->bad))
		abort();
	for (size_t i = 0; i < out->n_problems; i++)
		if (out->problems[i].text[0] == '\0' || out->problems[i].line < 2 ||
		    out->problems[i].line > lines ||
		    (i > 0 && out->problems[i - 1].line > out->problems[i].line))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fleet_import request = {.progress = NULL};
	struct fleet_imported out = {0};
	struct fleet_rows rows = {0};
	struct fleet_lines lines;
	struct error err = {0};
	uint64_t n = 2;
	char path[64];
	enum status st;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n' || data[i] == '\r';
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file());
	if (ftruncate(file(), 0) != 0 || pwrite(file(), data, size, 0) != (ssize_t)size)
		abort();
	st = fleet_lines_open(&lines, path, &err);
	if (st == ST_OK)
		st = fleet_csv_read(&lines, &request, &rows, &out, &err);
	if (st == ST_OK) {
		fleet_rows_sort(&rows, &out);
		check_rows(&rows, n);
		check_problems(&out, n);
	} else if (st != ST_FORMAT || err.what[0] == '\0' || err.hint[0] == '\0' ||
		   strcmp(err.where, path) != 0) {
		abort();
	}
	fleet_imported_free(&out);
	fleet_rows_free(&rows);
	fleet_lines_close(&lines);
	return 0;
}
