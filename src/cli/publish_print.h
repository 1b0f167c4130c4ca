/*
 * What came of a delivery: who holds what, as a table and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_PRINT_H
#define CTLSIGN_CLI_PUBLISH_PRINT_H

#include "publish/publish.h"

#include <jansson.h>

/*
 * Appends the table of all targets for a terminal of WIDTH columns (0: none), below it a line for
 * each that has an error, and the result's note.  What all that means, and the way on, is said by
 * the error of cli_publish_run(), or by whoever knows what was asked for.
 */
void cli_publish_put(struct buffer *out, const struct publish_result *result, size_t width);

/* The same as an object; keys as in ctlsign-publish(1). */
json_t *cli_publish_json(const struct publish_result *result);

/* PLACE with its files as an object. */
json_t *cli_publish_place_json(const struct publish_place *place);

/* ERR as an object; null when it is empty. */
json_t *cli_publish_error_json(const struct error *err);

/* The hash of DATA by OpenSSL's ALGORITHM in hexadecimal; empty where OpenSSL has none. */
#define CLI_PUBLISH_HASH_MAX 129
char *cli_publish_hash(char out[CLI_PUBLISH_HASH_MAX], const char *algorithm, struct bytes data);

/* Appends LINES, numbered. */
void cli_publish_put_steps(struct buffer *out, struct buffer *lines);

/*
 * Of ERR, with which a delivery ended, takes what the lines of cli_publish_put() tell: the failure
 * of the first target.  What it came to stays, with the nodes and the way on.
 */
void cli_publish_shorten(const struct publish_result *result, struct error *err);

/* Whether words are coloured on a terminal of WIDTH columns (0: none). */
bool cli_publish_colour(size_t width);

/*
 * WORD for a cell of a table, with marks where its colour begins and ends, which take no column;
 * CLI_PUBLISH_PLAIN: without.  cli_publish_add_table() makes them escape sequences.
 */
enum cli_publish_shade { CLI_PUBLISH_PLAIN, CLI_PUBLISH_BAD, CLI_PUBLISH_GOOD };
char *cli_publish_shaded(char *out, size_t size, const char *word, enum cli_publish_shade shade);
void cli_publish_add_table(struct buffer *out, const struct buffer *table);

/* A copy of TEXT that takes no more than COLUMNS (0: any number), with "..." in the middle. */
char *cli_publish_cut_middle(char *out, size_t size, const char *text, size_t columns);

/* The widest line of TABLE in columns. */
size_t cli_publish_width_of(struct buffer *table);

#endif
