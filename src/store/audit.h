/*
 * Inside the store: appending to the audit log, and what an entry's hash is made of.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_AUDIT_H
#define CTLSIGN_STORE_AUDIT_H

#include "store/hash.h"
#include "store/statement.h"

/* The hash before the first entry. */
extern const char audit_no_hash[HASH_HEX + 1];

/* The columns of a row, in the order of AUDIT_COLUMNS. */
#define AUDIT_COLUMNS                                                                              \
	"number, at, generation, who, act, what, signer, digest, outcome, subject, seal, before, " \
	"hash"
#define AUDIT_N_NUMBERS 3
#define AUDIT_N_TEXTS	9 /* those that go into the hash */

/* A row as it stands in the file; the texts are borrowed until the next step. */
struct audit_row {
	int64_t numbers[AUDIT_N_NUMBERS];
	struct bytes texts[AUDIT_N_TEXTS]; /* the last one is `before` */
	char hash[HASH_HEX + 1];
};

/* Reads the row that S stands on. */
enum status audit_row_read(struct statement *s, struct audit_row *row, struct error *err);

/*
 * The hash of an entry: SHA-256, in lower-case hex, over "ctlsign audit 1\n" and these fields, each
 * as its length in bytes (32 bits, big-endian) and its bytes:
 *
 *     number, when, generation   as decimal digits; when in seconds since 1970
 *     who, act, what, signer, digest, outcome, subject, seal   as they stand in the log, in UTF-8
 *     before   64 hex digits
 *
 * The hash in ROW is not looked at.
 */
enum status audit_row_hash(const struct audit_row *row, char out[HASH_HEX + 1], struct error *err);

/* What the state remembers of the log's end. */
struct audit_head {
	int64_t count;
	char hash[HASH_HEX + 1];
};
enum status audit_head_read(struct store *store, struct audit_head *head, struct error *err);

/* What an entry vouches for: the fields of struct audit_entry with these names. */
struct audit_binding {
	int64_t generation;
	const char *subject;
	const char *seal;
};

/*
 * Appends ENTRY within the running transaction; its number is in *NUMBER (may be NULL).  BINDING
 * may be NULL: it vouches for nothing.
 */
enum status audit_append(struct store *store, const struct audit_entry *entry,
    const struct audit_binding *binding, int64_t *number, struct error *err);

/*
 * Subjects and seals.  A subject is appended to an empty buffer; a seal is SHA-256 in hex over the
 * form that store.h describes.
 */
void setting_subject(struct buffer *subject, const char *name);
enum status setting_seal(
    const char *name, const char *value, char seal[HASH_HEX + 1], struct error *err);
enum status trust_subject(struct buffer *subject, struct bytes certificate, struct error *err);
enum status trust_seal(const char *subject, int64_t added, const char *note,
    char seal[HASH_HEX + 1], struct error *err);
void migration_subject(struct buffer *subject, int64_t number);
enum status migration_seal(
    const struct store_migration *migration, char seal[HASH_HEX + 1], struct error *err);

/* ST_NOT_VERIFIED: WHAT is wrong at PLACE of the log, or of what it vouches for. */
enum status audit_broken(
    struct store *store, const char *place, const char *what, struct error *err);

/*
 * ST_NOT_VERIFIED unless settings, Phone-SAST-trust and the journals of migrations are what the log
 * made them; it is whole.
 */
enum status audit_replay(struct store *store, struct error *err);

#endif
