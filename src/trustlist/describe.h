/*
 * Words for the parts of a trust list (names, addresses, keys, validity), shared by what shows,
 * checks and compares lists.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_DESCRIBE_H
#define CTLSIGN_TRUSTLIST_DESCRIBE_H

#include "trustlist/trustlist.h"

/* Room for describe_ip(), describe_role(), describe_serial(), describe_entry(). */
#define DESCRIBE_IP_MAX	    48
#define DESCRIBE_ROLE_MAX   24
#define DESCRIBE_SERIAL_MAX 72
#define DESCRIBE_NAME_MAX   112
#define DESCRIBE_TITLE_MAX  160
#define DESCRIBE_ENTRY_MAX  256
#define DESCRIBE_TIME_MAX   64

/* Whether the list calls itself an ITL: its file name begins so. */
bool describe_is_itl(const struct trustlist *list);

/* Appends a stored name without its NUL, made printable. */
void describe_name(struct buffer *out, struct bytes stored);

/* The same into an array; what does not fit ends in "...". */
char *describe_name_into(char *out, size_t size, struct bytes stored);

/* "4A:21:9F"; a serial longer than any real one ends in "...". */
char *describe_serial(char out[DESCRIBE_SERIAL_MAX], struct bytes serial);

/* "10.1.2.3"; false, and an empty text, when IP is neither 4 nor 16 bytes. */
bool describe_ip(char out[DESCRIBE_IP_MAX], struct bytes ip);

/* Whether IP says where something is: not absent, not 0.0.0.0 or ::. */
bool describe_ip_is_set(struct bytes ip);

/* "SAST", or the number of a role that nobody knows; "" without a role. */
char *describe_role(char out[DESCRIBE_ROLE_MAX], const struct tl_record *record);

/*
 * What a person calls the entry, without its serial: "CCM+TFTP cucm-sub3", "SAST CN=SAST-1;O=Acme",
 * or by its address when it has no name.  Printable.
 */
char *describe_title(char out[DESCRIBE_TITLE_MAX], const struct tl_record *record);

/* The same with the serial behind it: "CCM+TFTP cucm-sub3 (serial 70:CA)". */
char *describe_entry(char out[DESCRIBE_ENTRY_MAX], const struct tl_record *record);

/* Whom the header names as its signer: "CN=SAST-1;O=Acme (serial 4A:21)".  Printable. */
char *describe_signer(char out[DESCRIBE_ENTRY_MAX], const struct trustlist *list);

/* "2026-11-23 14:05:09 CET", local. */
char *describe_time(char out[DESCRIBE_TIME_MAX], time_t when);

/*
 * Appends DATA's digest in hex.  ALGORITHM is OpenSSL's name.  False, and nothing appended, when
 * OpenSSL does not offer it (MD5 in FIPS mode).
 */
bool describe_hash(
    struct buffer *out, const char *algorithm, struct bytes data, char separator, bool lower);

#endif
