/*
 * The rows of a fleet's CSV file, by libcsv.
 *
 * libcsv gets a line at a time: so every row's line is known, and a quote that nobody closed costs
 * its own row and no other.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include "base/text.h"

#include <csv.h>
#include <string.h>
#include <time.h>

/* Rows between two looks at the clock, and how often progress is told. */
#define CLOCK_ROWS  4096
#define PROGRESS_MS 250

/* What is wrong with a row as a whole. */
enum row_fault {
	ROW_GOOD,
	ROW_LONG_LINE,
	ROW_NUL,
	ROW_RETURN,
	ROW_QUOTE,    /* stands where none may, or is followed by what may not */
	ROW_UNCLOSED, /* runs into the lines behind */
};

/* The first content that the columns of a kind have in this row. */
struct cell {
	char text[FLEET_FIELD_MAX];
	size_t len;
};

struct reader {
	struct csv_parser csv;
	struct fleet_lines *lines;
	struct fleet_columns columns;
	struct fleet_rows *rows;
	struct fleet_imported *out;
	bool in_header;
	/* Of the row that is read. */
	uint64_t line;
	bool ended; /* by the end of a line */
	enum row_fault fault;
	size_t fields;
	bool full; /* some field has content */
	bool long_field;
	bool surplus; /* content behind the last column */
	struct cell cells[N_FLEET_COLUMNS];
};

/* ---- what libcsv calls ---------------------------------------------------------------------- */

static void take_field(void *text, size_t len, void *context)
{
	struct reader *r = context;
	const size_t at = r->fields++;
	struct cell *cell;

	r->full = r->full || len > 0;
	r->long_field = r->long_field || len > FLEET_FIELD_MAX;
	if (r->in_header) {
		fleet_columns_add(&r->columns, (struct bytes){text, len});
	} else if (at >= r->columns.n) {
		r->surplus = r->surplus || len > 0;
	} else if (r->columns.taken[at] && len > 0 && len <= FLEET_FIELD_MAX) {
		cell = &r->cells[r->columns.kind[at]];
		if (cell->len == 0) {
			memcpy(cell->text, text, len);
			cell->len = len;
		}
	}
}

/* ---- a row ---------------------------------------------------------------------------------- */

/* Gives LINE to libcsv; sets the fault. */
static enum status parse_line(struct reader *r, const struct fleet_line *line, struct error *err)
{
	size_t n;

	if (line->too_long) {
		r->fault = ROW_LONG_LINE;
	} else if (memchr(line->text, '\0', line->len) != NULL) {
		r->fault = ROW_NUL;
	} else if (memchr(line->text, '\r', line->bare) != NULL) {
		r->fault = ROW_RETURN;
	} else {
		n = csv_parse(&r->csv, line->text, line->len, take_field, NULL, r);
		if (n == line->len && !line->ended)
			n += csv_parse(&r->csv, "\n", 1, take_field, NULL, r) - 1;
		if (n != line->len && csv_error(&r->csv) != CSV_EPARSE)
			return error_no_memory(err);
		if (n != line->len)
			r->fault = ROW_QUOTE;
	}
	return ST_OK;
}

/* The lines that a quoted field runs into. */
static enum status parse_more(struct reader *r, struct error *err)
{
	size_t lines = 0, bytes = 0;
	struct fleet_line line = {.ended = r->ended};
	bool got = true;
	enum status st = ST_OK;

	while (st == ST_OK && r->fault == ROW_GOOD && r->csv.quoted) {
		if (!line.ended || ++lines > FLEET_QUOTE_LINES || bytes > FLEET_QUOTE_BYTES) {
			r->fault = ROW_UNCLOSED;
			break;
		}
		st = fleet_lines_next(r->lines, &line, &got, err);
		if (st == ST_OK && got)
			st = parse_line(r, &line, err);
		if (!got || r->fault != ROW_GOOD)
			r->fault = ROW_UNCLOSED;
		bytes += line.len;
	}
	r->ended = line.ended;
	return st;
}

/* The next row; *GOT is false behind the last. */
static enum status read_row(struct reader *r, bool *got, struct error *err)
{
	struct fleet_line line;
	enum status st = fleet_lines_next(r->lines, &line, got, err);

	if (st != ST_OK || !*got)
		return st;
	fleet_lines_mark(r->lines);
	r->line = line.number;
	r->ended = line.ended;
	r->fault = ROW_GOOD;
	r->fields = 0;
	r->full = r->long_field = r->surplus = false;
	for (size_t i = 0; i < N_FLEET_COLUMNS; i++)
		r->cells[i].len = 0;
	st = parse_line(r, &line, err);
	if (st == ST_OK)
		st = parse_more(r, err);
	if (st == ST_OK && r->fault != ROW_GOOD) {
		csv_fini(&r->csv, NULL, NULL, NULL);
		if (r->fault == ROW_UNCLOSED)
			fleet_lines_back(r->lines);
	}
	return st;
}

/* ---- what it says --------------------------------------------------------------------------- */

static void put_fault(struct reader *r)
{
	static const char *const texts[] = {
	    [ROW_LONG_LINE] = N_("the line is longer than 64 KB"),
	    [ROW_NUL] = N_("there is a NUL byte in the line"),
	    [ROW_RETURN] = N_("there is a carriage return in the middle of the line"),
	    [ROW_QUOTE] = N_("a quote stands where none may"),
	    [ROW_UNCLOSED] = N_("a quote begins here that is not closed"),
	};

	fleet_problem(r->out, r->line, "%s", _(texts[r->fault]));
}

static void put_shape(struct reader *r)
{
	if (r->long_field)
		fleet_problem(
		    r->out, r->line, _("a field is longer than %d bytes"), FLEET_FIELD_MAX);
	else if (r->fields > FLEET_COLUMNS_MAX)
		fleet_problem(r->out, r->line, _("it has more than %d columns"), FLEET_COLUMNS_MAX);
	else if (r->surplus)
		fleet_problem(r->out, r->line, _("it has %zu columns, and the first row %zu"),
		    r->fields, r->columns.n);
	else if (!r->ended)
		fleet_problem(
		    r->out, r->line, "%s", _("the file is cut in the middle of this line"));
	else
		fleet_problem(r->out, r->line, _("it has only %zu columns, and the first row %zu"),
		    r->fields, r->columns.n);
}

static struct bytes content(const struct reader *r, enum fleet_column column)
{
	return (struct bytes){(const uint8_t *)r->cells[column].text, r->cells[column].len};
}

static void put_value(struct reader *r, enum fleet_column column)
{
	char shown[64];

	text_printable_into(shown, sizeof(shown), content(r, column));
	if (column == FLEET_NAME && shown[0] == '\0')
		fleet_problem(r->out, r->line, "%s", _("the device's name is missing"));
	else if (column == FLEET_NAME)
		fleet_problem(r->out, r->line, _("'%s' is no name of a device"), shown);
	else if (column == FLEET_MODEL)
		fleet_problem(r->out, r->line, _("'%s' is no model"), shown);
	else if (fleet_value_is_rounded(content(r, column)))
		fleet_problem(r->out, r->line,
		    _("%s: '%s': a spreadsheet has changed this number: format the column as text, "
		      "and export again"),
		    column == FLEET_CTL ? "CTL" : "ITL", shown);
	else
		fleet_problem(r->out, r->line,
		    _("%s: '%s' is no checksum: MD5 has 32 hexadecimal digits, SHA-1 40"),
		    column == FLEET_CTL ? "CTL" : "ITL", shown);
}

static enum status take_row(struct reader *r, struct error *err)
{
	char name[FLEET_NAME_MAX + 1], model[FLEET_NAME_MAX + 1];
	char ctl[FLEET_CHECKSUM_SIZE], itl[FLEET_CHECKSUM_SIZE];

	if (r->fault != ROW_GOOD)
		put_fault(r);
	else if (!r->full)
		; /* an empty line, or one of delimiters only: spreadsheets leave these */
	else if (r->long_field || r->surplus || r->fields < r->columns.n ||
		 r->fields > FLEET_COLUMNS_MAX)
		put_shape(r);
	else if (!fleet_value_name(content(r, FLEET_NAME), name))
		put_value(r, FLEET_NAME);
	else if (!fleet_value_model(content(r, FLEET_MODEL), model))
		put_value(r, FLEET_MODEL);
	else if (!fleet_value_checksum(content(r, FLEET_CTL), ctl))
		put_value(r, FLEET_CTL);
	else if (!fleet_value_checksum(content(r, FLEET_ITL), itl))
		put_value(r, FLEET_ITL);
	else
		return fleet_rows_add(r->rows, name, model, ctl, itl, r->line, err);
	return ST_OK;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* An empty line, or, unless the delimiter was NAMED before, the one that names it. */
static bool is_before_header(const struct fleet_line *line, bool named)
{
	char delimiter;

	if (line->too_long)
		return false;
	return line->bare == 0 ||
	       (!named &&
		   fleet_names_delimiter((struct bytes){line->text, line->bare}, &delimiter));
}

static enum status read_header(struct reader *r, struct error *err)
{
	struct fleet_line line = {.len = 0};
	bool got = false, named = false;
	enum status st;

	/*
	 * The delimiter is seen before libcsv reads the same line.  Empty lines may go before, and
	 * one that names it.
	 */
	do {
		named = named || (line.bare > 0 && !line.too_long &&
				     fleet_names_delimiter(
					 (struct bytes){line.text, line.bare}, &r->out->delimiter));
		fleet_lines_mark(r->lines);
		st = fleet_lines_next(r->lines, &line, &got, err);
	} while (st == ST_OK && got && is_before_header(&line, named));
	if (st != ST_OK)
		return st;
	r->in_header = true;
	if (got && !line.too_long) {
		if (!named)
			r->out->delimiter = fleet_delimiter((struct bytes){line.text, line.bare});
		csv_set_delim(&r->csv, (unsigned char)r->out->delimiter);
	}
	fleet_lines_back(r->lines);
	st = read_row(r, &got, err);
	r->in_header = false;
	if (st != ST_OK)
		return st;
	if (!got || r->fault != ROW_GOOD) {
		error_set(
		    err, ST_FORMAT, "%s", _("the first row cannot be read: this is no CSV file"));
		error_hint(err, "%s",
		    _("begin the file with a row such as: Device Name,Model,CTL MD5,ITL MD5"));
		return ST_FORMAT;
	}
	for (size_t i = 0; i < N_FLEET_COLUMNS; i++)
		text_cut_into(r->out->columns[i], sizeof(r->out->columns[i]), r->columns.titles[i]);
	return fleet_columns_check(&r->columns, err);
}

struct ticker {
	const struct fleet_import *request;
	struct timespec last;
	uint64_t rows;
};

static void tick(struct ticker *t)
{
	struct timespec now;

	if (++t->rows % CLOCK_ROWS != 0 || t->request->progress == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - t->last.tv_sec) * 1000 + (now.tv_nsec - t->last.tv_nsec) / 1000000 <
	    PROGRESS_MS)
		return;
	t->last = now;
	t->request->progress(t->request->context, t->rows);
}

enum status fleet_csv_read(struct fleet_lines *lines, const struct fleet_import *request,
    struct fleet_rows *rows, struct fleet_imported *out, struct error *err)
{
	struct reader r = {.lines = lines, .rows = rows, .out = out};
	struct ticker ticker = {.request = request};
	bool got = true;
	enum status st;

	if (csv_init(&r.csv, CSV_STRICT) != 0)
		return error_no_memory(err);
	st = read_header(&r, err);
	while (st == ST_OK && got) {
		st = read_row(&r, &got, err);
		if (st == ST_OK && got)
			st = take_row(&r, err);
		tick(&ticker);
	}
	csv_free(&r.csv);
	if (st == ST_FORMAT || st == ST_LIMIT)
		error_where(err, "%s", lines->path);
	return st;
}
