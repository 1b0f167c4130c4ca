/*
 * The words for a cluster's mode and signing, and a generation, as people and scripts read them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_CLUSTER_TEXT_H
#define CTLSIGN_CLI_CLUSTER_TEXT_H

#include "admin/cluster.h"

#include <jansson.h>

/* "mixed", "non-secure"; "tokens", "tokenless": constant, for JSON. */
const char *cluster_mode_code(int mode);
const char *cluster_signing_code(int signing);

/* The same for people, translated. */
const char *cluster_mode_word(int mode);
const char *cluster_signing_word(int signing);

/* A generation without its file as a JSON object, keys as in ctlsign-history(1). */
json_t *cluster_generation_json(const struct generation *generation);

/* A time as people or JSON read it, for a cell or a value; returns OUT. */
#define CLUSTER_TIME_MAX 64
char *cluster_time_local(char out[CLUSTER_TIME_MAX], time_t when);
json_t *cluster_time_json(time_t when);

/* A copy of TEXT that takes no more COLUMNS: what is longer ends in "...".  Returns OUT. */
char *cluster_text_shorten(char *out, size_t size, const char *text, size_t columns);

/* Appends a path so that a terminal can take it. */
void cluster_put_path(struct buffer *out, const char *path);

#endif
