/*
 * The state of a cluster, in one SQLite file: every generation of its CTL, settings,
 * Phone-SAST-trust, the phones as they were last seen, migrations, and the audit log.  The only
 * place that includes <sqlite3.h>.
 *
 * The file is in WAL mode with synchronous=FULL: what was committed is on the disk.  Its version is
 * PRAGMA user_version; an older one is migrated in one transaction, a newer one is refused and left
 * alone.  A file of another program is refused, too (application_id).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_H
#define CTLSIGN_STORE_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct store;

enum store_access {
	STORE_READ,   /* looks only; makes nothing: a file that is not there is ST_IO */
	STORE_CHANGE, /* makes or migrates the file, and holds the lock */
};

/* How long a run waits for another one, unless told otherwise. */
#define STORE_WAIT_MS 10000

/*
 * Opens the state file PATH.  With STORE_CHANGE a lock file beside it ("PATH.lock", never removed)
 * is held until store_close(), or until the process ends: a second changing run waits WAIT_MS and
 * is then ST_BUSY with the process and command that hold it.  COMMAND is written there for others
 * to read.  STORE_READ never waits for a changing run, and of an older version's file it is told
 * to run a changing command first.  A file that is damaged is told as such.
 */
enum status store_open(const char *path, enum store_access access, const char *command,
    unsigned wait_ms, struct store **out, struct error *err);
void store_close(struct store *store); /* takes NULL */

/* ---- generations ---------------------------------------------------------------------------- */

enum generation_state {
	GENERATION_PENDING,   /* signed, and not yet known to be on every server */
	GENERATION_DONE,      /* the current one is the newest of these */
	GENERATION_ABANDONED, /* its run failed or was killed, or it was taken back */
};

/* All strings are owned, never NULL; start from GENERATION_INIT. */
struct generation {
	int64_t number; /* from 1; 0: there is none */
	enum generation_state state;
	time_t made;	     /* signed; servers may have got it much later */
	time_t ended;	     /* done, or abandoned: the time of that entry; 0 while pending */
	struct buffer ctl;   /* the file */
	char *md5;	     /* lower-case hex, without separators; "" where OpenSSL has no MD5 */
	char *sha1;	     /* the same */
	char *sha256;	     /* the same */
	char *signer;	     /* printable: "token 'SAST-1' (serial 4a21...)" */
	char *signer_serial; /* of its certificate, hex */
	char *digest;	     /* "SHA-512" */
	char *reason;	     /* the command that made it: "update --add-token" */
	char *who;	     /* who ran it */
	char *origins;	     /* a character a record: what it stands for (cluster/plan.h) */
	char *release;	     /* of the cluster then */
	char *domain;	     /* "" for none */
	char *file;	     /* the CTL file that it is for: absolute (made so here), any bytes */
	int mode;	     /* 0 non-secure, 1 mixed: as CUCM's ClusterSecurityMode */
	int signing;	     /* 0 tokens, 1 tokenless */
};

#define GENERATION_INIT                                                                            \
	{                                                                                          \
		0                                                                                  \
	}
void generation_free(struct generation *generation); /* leaves GENERATION_INIT */

/* The newest that is done; number 0 and ST_OK when there is none.  OUT is freed first. */
enum status store_current(struct store *store, struct generation *out, struct error *err);

/* The one that is pending; number 0 and ST_OK when there is none. */
enum status store_pending(struct store *store, struct generation *out, struct error *err);

/* Generation NUMBER that is done; ST_FAILED with those that there are if there is no such. */
enum status store_generation(
    struct store *store, int64_t number, struct generation *out, struct error *err);

/* The same, also of one that was taken back although servers may have had it: to be looked at. */
enum status store_generation_served(
    struct store *store, int64_t number, struct generation *out, struct error *err);

/* Calls EACH for every generation that is done, oldest first, without its ctl bytes. */
enum status store_generations(struct store *store,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err);

/*
 * The same for every generation that somebody should know of: those that are done, one that is
 * pending, and those that were taken back (ABANDONED) although servers may have had them.
 */
enum status store_history(struct store *store,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err);

/*
 * Calls EACH, with its ctl bytes, for every generation after the current one that was taken back
 * although servers may have had it: phones may hold it.  Oldest first.
 */
enum status store_withdrawn(struct store *store,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err);

struct audit_entry;

/* The number that the next generation will get: after all that there are, abandoned ones, too. */
enum status store_next_number(struct store *store, int64_t *number, struct error *err);

/*
 * The three steps of a new generation; each is one transaction, and each appends AUDIT to the log
 * in it.  begin: GENERATION (its number, state, hashes and made are set here) becomes pending.
 * finish: the pending one NUMBER is done, and so the current one.  abandon: it is abandoned.
 * The number of an abandoned generation is not used again.  MADE of a generation is never earlier
 * than of the one before: ST_FAILED in begin when the clock went backwards (a minute is forgiven).
 */
enum status store_begin(struct store *store, struct generation *generation,
    const struct audit_entry *audit, struct error *err);
enum status store_finish(
    struct store *store, int64_t number, const struct audit_entry *audit, struct error *err);
enum status store_abandon(
    struct store *store, int64_t number, const struct audit_entry *audit, struct error *err);

/* ---- the delivery of the pending generation ---------------------------------------------------
 */

/* How far it is.  What is pending without one was signed by a run that was killed. */
enum delivery_phase {
	DELIVERY_NONE,	 /* nothing is being delivered */
	DELIVERY_SIGNED, /* the CTL file of this machine has it; no target has changed */
	DELIVERY_COMMIT, /* targets may have changed, all or some */
	DELIVERY_CARRY,	 /* every target has it; other nodes are served by hand */
	DELIVERY_BACK,	 /* it is being taken back */
};

/* What a file of a target was before. */
struct delivery_file {
	char *target; /* as the inventory writes it */
	char *name;   /* "CTLFile.tlv" */
	bool there;   /* false: there was none */
	struct buffer old;
};

/* All owned; start from all zero. */
struct delivery {
	enum delivery_phase phase;
	int64_t generation;
	struct delivery_file *files; /* from DELIVERY_COMMIT on, sorted by target and name */
	size_t n_files;
};
void delivery_free(struct delivery *delivery);

/* The journal of the pending generation; phase DELIVERY_NONE and ST_OK when there is none. */
enum status store_delivery(struct store *store, struct delivery *out, struct error *err);

/*
 * Enters PHASE for the pending generation NUMBER, in one transaction with AUDIT (NULL: no entry).
 * FILES are added to those that are kept: one that is there already keeps what it had.
 * store_finish() and store_abandon() end the journal in their own transaction.
 */
enum status store_deliver(struct store *store, int64_t number, enum delivery_phase phase,
    const struct delivery_file *files, size_t n_files, const struct audit_entry *audit,
    struct error *err);

/* ---- settings and Phone-SAST-trust ----------------------------------------------------------- */

/* Appends the value of NAME to OUT; nothing when it was never set. */
enum status store_setting(
    struct store *store, const char *name, struct buffer *out, struct error *err);
enum status store_set(struct store *store, const char *name, const char *value,
    const struct audit_entry *audit, struct error *err);

/* A certificate of another cluster.  Owned by the array. */
struct store_trusted {
	struct buffer certificate; /* DER */
	time_t added;
	char *note; /* printable: the file that it came from */
};

/* Oldest first; store_trust_free() in any case. */
enum status store_trust(
    struct store *store, struct store_trusted **list, size_t *n, struct error *err);
void store_trust_free(struct store_trusted *list, size_t n);

/* ST_EXISTS when it is there already. */
enum status store_trust_add(struct store *store, struct bytes certificate, const char *note,
    const struct audit_entry *audit, struct error *err);
/* ST_FAILED when it is not there. */
enum status store_trust_remove(struct store *store, struct bytes certificate,
    const struct audit_entry *audit, struct error *err);

/* ---- phones -----------------------------------------------------------------------------------
 */

/*
 * A phone as it was last seen.  Checksums are lower-case hex (32 digits of MD5 or 40 of SHA-1),
 * "none" where no list is installed, "" where nobody knows, as of the model: then what was known
 * before stays.
 */
struct store_phone {
	const char *name;  /* "SEP001122AABBCC": unique; at most 128 bytes */
	const char *model; /* as the site's tools call it; at most 128 bytes */
	const char *ctl;
	const char *itl;
	time_t seen;
};

struct store_phones_count {
	uint64_t added, changed, same, removed;
};

/*
 * An import: one transaction.  begin; put any number; then commit with its entry in the audit log,
 * or abort, which leaves all as it was.  REPLACE: phones that are not put are removed at the
 * commit. Of a phone that is put twice the last counts.  Fastest when names ascend (memcmp).
 */
struct store_phones;
enum status store_phones_begin(
    struct store *store, bool replace, struct store_phones **out, struct error *err);
enum status store_phones_put(
    struct store_phones *phones, const struct store_phone *phone, struct error *err);
enum status store_phones_commit(struct store_phones *phones, const struct audit_entry *audit,
    struct store_phones_count *count, struct error *err);
void store_phones_abort(struct store_phones *phones); /* takes NULL; after commit is no call */

/*
 * What phones share is kept once: models and checksums by number, from 1, NULL where there is none
 * of that number.  Owned; store_phone_words_free() in any case.  Checksum 0 is "".
 */
struct store_phone_words {
	char **models;
	size_t n_models; /* numbers are less than this */
	char **checksums;
	size_t n_checksums;
};
enum status store_phone_words(
    struct store *store, struct store_phone_words *out, struct error *err);
void store_phone_words_free(struct store_phone_words *words);

struct store_phone_row {
	const char *name;	  /* borrowed for the call */
	uint32_t model, ctl, itl; /* numbers of struct store_phone_words */
	time_t seen;
};

/*
 * Calls EACH for every phone, by name: made for a million of them.  A number that
 * was put after store_phone_words() was read may be beyond it.
 */
enum status store_phones_each(struct store *store,
    enum status (*each)(void *context, const struct store_phone_row *row, struct error *err),
    void *context, struct error *err);

/* How many there are. */
enum status store_phones_n(struct store *store, uint64_t *n, struct error *err);

/* ---- a migration's journal --------------------------------------------------------------------
 */

enum migration_state { MIGRATION_OPEN, MIGRATION_DONE, MIGRATION_ABORTED };

/* All owned; start from all zero. */
struct store_migration {
	int64_t number; /* from 1; 0: there is none */
	enum migration_state state;
	time_t begun;
	char *journal; /* JSON of src/migrate/, at most STORE_JOURNAL_MAX bytes */
};
#define STORE_JOURNAL_MAX (1024u * 1024)
void store_migration_free(struct store_migration *migration);

/* The one that is open, else the newest; number 0 and ST_OK when there never was one. */
enum status store_migration(struct store *store, struct store_migration *out, struct error *err);

/*
 * Begins one (ST_EXISTS while another is open), changes the journal of the open one, ends it.  Each
 * is one transaction with AUDIT, which seals the journal.
 */
enum status store_migration_begin(struct store *store, const char *journal, int64_t *number,
    const struct audit_entry *audit, struct error *err);
enum status store_migration_write(struct store *store, int64_t number, enum migration_state state,
    const char *journal, const struct audit_entry *audit, struct error *err);

/* ---- the audit log --------------------------------------------------------------------------- */

/*
 * An entry: who did what with which key, and what came of it.  Never a PIN.  All strings may be
 * NULL when appending (then ""), never when read; what is appended becomes one printable line.
 *
 * `hash` shows a changed or missing line.  It is SHA-256, in lower-case hex, over the 16 bytes
 * "ctlsign audit 1\n" and these fields, each as its length in bytes (32 bits, big-endian) and its
 * bytes: number, when (seconds since 1970) and generation in decimal digits; who, act, what,
 * signer, digest, outcome, subject, seal in UTF-8; and before.
 *
 * An entry that changes what is kept has a `seal`, which binds that to it: SHA-256 over a form of
 * the same kind, with another first line:
 *
 *   "ctlsign generation 1\n"   number, state (0 pending, 1 done, 2 abandoned: what this entry makes
 *                              it), made, mode, signing in decimal digits; md5, sha1, sha256,
 *                              signer, signer_serial, digest, reason, who, origins, release,
 *                              domain, file
 *   "ctlsign setting 1\n"      its name, its value
 *   "ctlsign trust 1\n"        the entry's subject, when it was added in decimal digits, its note
 *   "ctlsign migration 1\n"    number, state, begun in decimal digits; journal
 *
 * Phones are what others say of them: an import's entry names the file and its SHA-256, and nothing
 * more binds them.
 */
struct audit_entry {
	int64_t number;	  /* set here, from 1 without gaps */
	time_t when;	  /* set here */
	const char *who;  /* "anna (uid 1000) on host adm1", with sudo's user; set here if NULL */
	const char *act;  /* the command: "set-cluster mixed-mode" */
	const char *what; /* in words: "generation 4: adds token 4A21, removes server cucm-sub3" */
	const char *signer;  /* token and serial, or key file; "" when no key was used */
	const char *digest;  /* "SHA-512 9f86..." of what was signed; may be "" */
	const char *outcome; /* "started", "done", "failed: REASON", "refused: REASON" */
	int64_t generation;  /* set here: the one that it begins or ends; 0 for none */
	const char *subject; /* set here: "setting NAME", "trust SHA-256 OF THE CERTIFICATE",
			      * "migration 3", or "" */
	const char *seal; /* set here: hex; "" where nothing is kept, and for what is taken out */
	char before[65];  /* hash of the entry before, hex; 64 zeros for the first */
	char hash[65];
};

/* Appends one, in a transaction of its own. */
enum status store_audit(struct store *store, const struct audit_entry *entry, struct error *err);

/* Calls EACH for every entry, oldest first. */
enum status store_audit_each(struct store *store,
    enum status (*each)(void *context, const struct audit_entry *entry, struct error *err),
    void *context, struct error *err);

/*
 * Whether the log is whole: every hash, every link, no gap, its end as the state remembers it.  And
 * whether generations (every column), settings, Phone-SAST-trust and the journals of migrations are
 * what it says.  ST_NOT_VERIFIED with the place ("entry 7") and what is wrong. HEAD (may be NULL)
 * is the hash that somebody wrote down: it must be in the log.  *N and LAST get the count and the
 * last hash.
 */
enum status store_audit_verify(
    struct store *store, const char *head, int64_t *n, char last[65], struct error *err);

/* Who runs this, as `who` above. */
char *store_who(char *out, size_t size);

#endif
