/*
 * The new file beside the one that it replaces: ".NAME.ctlproviderd" in the directory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_FOLDER_NEW_H
#define CTLSIGN_PROVIDER_FOLDER_NEW_H

#include "base/bytes.h"

/* Writes it, whole and durably; one that was left there is replaced, a link not followed. */
enum status folder_new_write(
    const char *directory, const char *name, struct bytes data, struct error *err);

/* Makes it NAME, in one step and durably.  On failure it is removed. */
enum status folder_new_rename(const char *directory, const char *name, struct error *err);

/* Removes the file NAME itself, durably; one that is not there is fine. */
enum status folder_new_remove(const char *directory, const char *name, struct error *err);

/* Removes all that killed runs left: new files in DIRECTORY, temporary ones in STATE. */
enum status folder_new_clean(const char *directory, const char *state, struct error *err);

#endif
