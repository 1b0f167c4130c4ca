/*
 * Inside the import of a fleet: from a CSV file's bytes to lines, cells, values and rows in order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_FLEET_CSV_H
#define CTLSIGN_PHONE_FLEET_CSV_H

#include "phone/fleet.h"

#include <openssl/types.h>

/* What no file of phones goes beyond; a row that does is wrong. */
#define FLEET_FIELD_MAX	  1024	      /* bytes of a field */
#define FLEET_COLUMNS_MAX 64	      /* of a row */
#define FLEET_LINE_MAX	  (64 * 1024) /* bytes of a line */
#define FLEET_PHONES_MAX  10000000    /* of a file */

/*
 * How far a quoted field may run into the lines that follow its own.  A quote that somebody forgot
 * to close is given up there, and what it would have swallowed is read as rows of its own.
 */
#define FLEET_QUOTE_LINES 64
#define FLEET_QUOTE_BYTES (8 * 1024)

/* Names and models are kept up to this many bytes. */
#define FLEET_NAME_MAX 128

/* ---- lines ---------------------------------------------------------------------------------- */

struct fleet_lines {
	const char *path;
	int fd;
	uint8_t *buf;
	size_t mark; /* bytes from here on are kept */
	size_t at;
	size_t end;
	bool marked;
	bool eof;
	bool skipping;	 /* the rest of a line that is too long */
	char eol;	 /* '\n', or '\r' where a file has only these */
	uint64_t number; /* of the line at `at`, from 1 */
	uint64_t mark_number;
	EVP_MD_CTX *sha256; /* of all that was read */
};

struct fleet_line {
	const uint8_t *text; /* borrowed until the next call */
	size_t len;	     /* with what ends it */
	size_t bare;	     /* without */
	uint64_t number;
	bool ended;    /* false: the file ends in it */
	bool too_long; /* over FLEET_LINE_MAX: no text */
};

/*
 * Opens PATH ("-": standard input) behind a byte-order mark.  fleet_lines_close() in any case.
 */
enum status fleet_lines_open(struct fleet_lines *lines, const char *path, struct error *err);
void fleet_lines_close(struct fleet_lines *lines);

/* The next line; *GOT is false behind the last. */
enum status fleet_lines_next(
    struct fleet_lines *lines, struct fleet_line *line, bool *got, struct error *err);

/* Remembers the place behind the last line, so that the lines from there can be read again. */
void fleet_lines_mark(struct fleet_lines *lines);
void fleet_lines_back(struct fleet_lines *lines);

/* SHA-256 of all that was read, in lower-case hex; ends the reading. */
enum status fleet_lines_hash(struct fleet_lines *lines, char out[65], struct error *err);

/* ---- columns -------------------------------------------------------------------------------- */

enum fleet_column { FLEET_NAME, FLEET_MODEL, FLEET_CTL, FLEET_ITL, N_FLEET_COLUMNS };

/* The header row: which column is what. */
struct fleet_columns {
	size_t n;
	uint8_t rank[N_FLEET_COLUMNS];		   /* of what was taken; 0: none */
	bool taken[FLEET_COLUMNS_MAX];		   /* its content is looked at */
	enum fleet_column kind[FLEET_COLUMNS_MAX]; /* of a taken one */
	char titles[N_FLEET_COLUMNS][64];	   /* printable */
	bool is_data;				   /* a cell is a phone's name: this is no header */
};

/* The delimiter of a header row: what stands in it most, outside of quotes. */
char fleet_delimiter(struct bytes line);

/* Whether a first line is "sep=;", with which spreadsheets name the delimiter: then *DELIMITER. */
bool fleet_names_delimiter(struct bytes line, char *delimiter);

/* Looks at the next cell of the header row. */
void fleet_columns_add(struct fleet_columns *columns, struct bytes title);

/* Whether name and CTL are there; ST_FORMAT if not. */
enum status fleet_columns_check(const struct fleet_columns *columns, struct error *err);

/* ---- values --------------------------------------------------------------------------------- */

/* False when TEXT is no device's name.  OUT has FLEET_NAME_MAX + 1 bytes. */
bool fleet_value_name(struct bytes text, char *out);

/* False when it is too long, or no text. */
bool fleet_value_model(struct bytes text, char *out);

/* A checksum as the store keeps it: hex, "none" or "".  False for what is none of these. */
#define FLEET_CHECKSUM_SIZE 41
bool fleet_value_checksum(struct bytes text, char out[FLEET_CHECKSUM_SIZE]);

/* Whether TEXT is what a spreadsheet makes of digits: "1.23E+31". */
bool fleet_value_is_rounded(struct bytes text);

/* ---- words that many phones share ----------------------------------------------------------- */

/* Numbers from 0, in the order in which they came.  Start from all zero. */
struct fleet_words {
	char **list;
	size_t n, cap;
	uint32_t *slots; /* number + 1; 0: free */
	size_t n_slots;
};
enum status fleet_words_add(
    struct fleet_words *words, const char *text, uint32_t *number, struct error *err);
void fleet_words_free(struct fleet_words *words);

/* ---- rows ----------------------------------------------------------------------------------- */

struct fleet_row {
	uint64_t key[2]; /* the name's first 16 bytes: most names are no longer */
	uint32_t name;	 /* offset in `names` */
	uint32_t model, ctl, itl;
	uint64_t line;
};

/* All rows of the file.  Start from all zero. */
struct fleet_rows {
	struct fleet_row *list;
	size_t n, cap;
	char *names;
	size_t names_len, names_cap;
	struct fleet_words models, checksums;
	bool ascending; /* names do, so far, and none stands twice */
};
enum status fleet_rows_add(struct fleet_rows *rows, const char *name, const char *model,
    const char *ctl, const char *itl, uint64_t line, struct error *err);
void fleet_rows_free(struct fleet_rows *rows);

/*
 * Puts them in order by name.  Of a device that stands there more than once the first row stays; a
 * later one with other content is a problem.
 */
void fleet_rows_sort(struct fleet_rows *rows, struct fleet_imported *out);

/* ---- what is wrong -------------------------------------------------------------------------- */

/* Counts a wrong row; its text is kept when it is one of the first. */
void fleet_problem(struct fleet_imported *out, uint64_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- all of it ------------------------------------------------------------------------------ */

/* Reads the rows of LINES, which are open; what is wrong is counted in OUT. */
enum status fleet_csv_read(struct fleet_lines *lines, const struct fleet_import *request,
    struct fleet_rows *rows, struct fleet_imported *out, struct error *err);

#endif
