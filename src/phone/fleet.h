/*
 * The fleet: which phone holds which CTL, as last seen; and what all of them would do with a new
 * one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_FLEET_H
#define CTLSIGN_PHONE_FLEET_H

#include "phone/families.h"
#include "phone/phone.h"
#include "store/store.h"

/* ---- reading it in --------------------------------------------------------------------------- */

struct fleet_import {
	struct store *store; /* opened for changing */
	const char *path;    /* "-": standard input */
	const char *act;     /* for the audit log: "phones import" */
	bool replace;  /* the fleet is what stands in this file; else others stay as they are */
	bool skip_bad; /* rows that are wrong are left out; else one stops it all */
	time_t seen;   /* when the phones were read */
	/* Called some times a second with rows so far; may be NULL. */
	void (*progress)(void *context, uint64_t rows);
	void *context;
};

#define FLEET_PROBLEMS_MAX 100

struct fleet_problem {
	uint64_t line;	/* of the file, from 1 */
	char text[200]; /* printable: what is wrong */
};

struct fleet_imported {
	uint64_t rows;	  /* phones that stand in the file */
	uint64_t added;	  /* were not known before */
	uint64_t changed; /* hold something else than before, or are another model */
	uint64_t same;
	uint64_t removed;		/* with `replace` */
	uint64_t bad;			/* rows that were wrong */
	struct fleet_problem *problems; /* the first of them */
	size_t n_problems;
	char delimiter;	     /* that was found */
	char columns[4][64]; /* headers that were taken for name, model, CTL, ITL; "": none */
};

/*
 * Reads a CSV file (libcsv): the first row names the columns, in any order and case ("Device Name",
 * "Name", "Model", "Device Type", "CTL", "CTL MD5", "CTL Checksum", "ITL", "ITL SHA1", ...); others
 * are skipped; name and CTL have to be there.  Delimiter ',', ';' or tab: what the first row has.
 * A byte-order mark is skipped.  A checksum is 32 (MD5) or 40 (SHA-1) hex digits, separators do not
 * count; empty: not known; "none", "not installed", "no", "-": no list is installed.  What is not
 * known, the model included, stays as it was known before.
 *
 * Wrong rows (odd quotes, too few columns, a name that is none, an impossible checksum, a device
 * twice with different content, a last line cut in the middle) are counted, the first ones listed.
 * One transaction with its audit entry: all or nothing.  ST_FORMAT when rows are wrong and
 * SKIP_BAD is not set; OUT is filled in that case, too.  fleet_imported_free() in any case.
 */
enum status fleet_import(
    const struct fleet_import *request, struct fleet_imported *out, struct error *err);
void fleet_imported_free(struct fleet_imported *imported);

/* ---- the CTLs that phones may hold ----------------------------------------------------------- */

/*
 * Owned, with the files' bytes; in the order in which servers ceased to have them: those that were
 * taken back stand before the one that was served again, and what may be served now stands last.
 * So what a phone may have got since some time is all from some index on.  Start from all zero.
 */
struct fleet_lists {
	struct fleet_list {
		struct phone_list list; /* `valid` is set: it was verified when it was signed */
		struct buffer file;
		time_t made;	/* signed; servers may have got it much later */
		time_t done;	/* on every server, or taken back from all; 0 while pending */
		bool served;	/* phones may have got it */
		bool pending;	/* not on every server yet */
		bool withdrawn; /* taken back: what was served before it was served again */
		/*
		 * The CTL file of this machine, which is not what should stand there: restored from
		 * a backup, or somebody else's.  It is served now, whatever the history says; a
		 * generation that is not the newest keeps its number.
		 */
		bool foreign;
		char name[96]; /* printable, translated: "generation 3", "/srv/CTLFile.tlv" */
	} * list;
	size_t n;
};

/*
 * Reads every generation that phones may hold from the history: those that are done, a pending one
 * (`served` unless nothing of it was delivered), those that were taken back after they were served.
 * fleet_lists_free() in any case.
 */
enum status fleet_lists_read(struct store *store, struct fleet_lists *out, struct error *err);
/*
 * Adds FILE, which is served now, as NAME, unless it is the newest generation or the pending one;
 * an older one becomes `foreign`.  Once more the same file changes nothing.  ST_FORMAT when it is
 * no list; nothing is added then.
 */
enum status fleet_lists_add(
    struct fleet_lists *lists, struct bytes file, const char *name, time_t now, struct error *err);
void fleet_lists_free(struct fleet_lists *lists);

/* Index of the newest generation that is served, lists->n when none is; a `foreign` one is not it.
 */
size_t fleet_newest(const struct fleet_lists *lists);

/* ---- asking it ------------------------------------------------------------------------------- */

struct fleet_question {
	struct store *store; /* NULL: no state yet, so no fleet */
	const struct phone_families *families;
	const struct fleet_lists *lists;
	/* What is offered; `list` NULL: nothing, groups get no verdict (outcome PHONE_UNKNOWN). */
	struct phone_offer offer;
	/*
	 * An officer's word: every phone holds this generation or a later one, whatever was seen;
	 * or a `foreign` list, of which nobody said anything.  0: nobody said so.
	 */
	int64_t phones_hold;
	time_t now;
	unsigned straggler_days; /* a check without a fleet looks this far back; 30 */
};

/*
 * Phones that are alike: the same model, CTL, ITL, and seen between the same two generations.
 *
 * A phone may have gone on since it was last seen: it may hold the list it was seen with, or any
 * that was served since.  The verdict is the worst of these: rejected, then unknown, then the one
 * for the list that it was seen with.
 */
struct fleet_group {
	const char *model; /* borrowed from the answer; "" in a check without a fleet */
	const struct phone_family *family; /* NULL: not known */
	enum phone_holds ctl;
	size_t list;	      /* PHONE_HOLDS_LIST: index in lists */
	const char *checksum; /* PHONE_HOLDS_OTHER: as imported; borrowed */
	size_t since;	      /* from this index on it may have got those served; lists->n: none */
	enum phone_answer itl;
	uint64_t n; /* phones; 0 in a check without a fleet */
	struct phone_verdict verdict;
	size_t judged; /* index of the list whose verdict it is; lists->n: of none */
};

struct fleet_answer {
	bool has_fleet; /* false: groups are the classes below */
	uint64_t n;	/* phones */
	uint64_t by_outcome[N_PHONE_OUTCOMES];
	uint64_t behind; /* phones that do not hold, as seen, the newest list that is served */
	time_t oldest, newest;	    /* when phones were seen */
	struct fleet_group *groups; /* rejected first, then unknown; the largest first */
	size_t n_groups;
	void *owned;
};

/*
 * Asks the model for every group of phones.  Without a fleet the groups are classes: phones that
 * hold a list that is served, or was less than STRAGGLER_DAYS ago (not those before PHONES_HOLD),
 * with Security By Default (and an ITL) and without.  No list was ever served: no groups.
 * fleet_answer_free() in any case.
 */
enum status fleet_ask(
    const struct fleet_question *question, struct fleet_answer *out, struct error *err);
void fleet_answer_free(struct fleet_answer *answer);

/* One phone, borrowed for the call. */
struct fleet_phone {
	const char *name; /* printable */
	time_t seen;
	const char *ctl, *itl; /* as imported: hex, "none", "" */
	const struct fleet_group *group;
};

/* Calls EACH for every phone of the groups of ANSWER (made with the same question), by name. */
enum status fleet_each(const struct fleet_question *question, const struct fleet_answer *answer,
    enum status (*each)(void *context, const struct fleet_phone *phone, struct error *err),
    void *context, struct error *err);

/* "phones with Security By Default that hold generation 3", "Cisco 7940 phones that hold no CTL".
 */
void fleet_group_text(
    const struct fleet_group *group, const struct fleet_lists *lists, struct buffer *out);

#endif
