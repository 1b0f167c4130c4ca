/*
 * Building one record, and the name and serial that header and record must store alike.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_BUILD_RECORD_H
#define CTLSIGN_TRUSTLIST_BUILD_RECORD_H

#include "trustlist/elements.h"
#include "trustlist/trustlist.h"

/* The longest name that CUCM takes, in bytes without the NUL. */
#define BUILD_NAME_MAX 255u

/* Record and header lengths are u16. */
#define BUILD_LENGTH_MAX 65535u

/* Appends the element TAG with NAME as text; ST_LIMIT when it is too long. */
enum status build_name(struct buffer *out, unsigned tag, const X509_NAME *name, enum tl_names style,
    struct error *err);

/* Appends the element TAG with the certificate's serial, big-endian without a sign byte. */
enum status build_serial(
    struct buffer *out, unsigned tag, const X509 *certificate, struct error *err);

/*
 * Reads ENTRY's stored record into VIEW as its only record, and checks that it is one, whole, and
 * the entry's.  tl_free() in any case.
 */
enum status build_read_stored(
    struct trustlist *view, const struct tl_entry *entry, struct error *err);

/* Appends ENTRY's record, whose length and content are checked. */
enum status build_record(
    struct buffer *out, const struct tl_entry *entry, enum tl_names names, struct error *err);

#endif
