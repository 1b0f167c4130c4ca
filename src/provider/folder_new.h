/*
 * New files beside those that they are to replace, in the directory that is served: what is staged
 * for NAME (".NAME.staged"), and what is put in its place at once (".NAME.ctlproviderd").
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_FOLDER_NEW_H
#define CTLSIGN_PROVIDER_FOLDER_NEW_H

#include "base/bytes.h"

#include <limits.h>

enum folder_new { FOLDER_NEW_STAGED, FOLDER_NEW_AT_ONCE };

/* Where it is. */
enum status folder_new_path(const char *directory, const char *name, enum folder_new which,
    char out[PATH_MAX], struct error *err);

/*
 * Writes it, whole and durably, and reads it back; one that was left there is replaced, a link not
 * followed.  On failure there is none.
 */
enum status folder_new_write(const char *directory, const char *name, enum folder_new which,
    struct bytes data, struct error *err);

/* Makes it NAME, in one step and durably: no room is needed.  On failure it stays. */
enum status folder_new_rename(
    const char *directory, const char *name, enum folder_new which, struct error *err);

/* Removes it; one that is not there is fine. */
enum status folder_new_discard(
    const char *directory, const char *name, enum folder_new which, struct error *err);

/* The same, durably. */
enum status folder_new_withdraw(
    const char *directory, const char *name, enum folder_new which, struct error *err);

/* Removes the file NAME itself, durably; one that is not there is fine. */
enum status folder_new_remove(const char *directory, const char *name, struct error *err);

/* OLD in the directory becomes NEW, durably. */
enum status folder_new_move(
    const char *directory, const char *old, const char *new, struct error *err);

/*
 * Removes all that killed runs left: new files in DIRECTORY but for what is staged, temporary ones
 * in STATE.
 */
enum status folder_new_clean(const char *directory, const char *state, struct error *err);

#endif
