/*
 * Delivery: the same files on every server, or on none.
 *
 *   1. every file is staged on every target and read back      nothing that phones see has changed
 *   2. all are committed                                       the journal says what was before
 *   3. every target is read again, and what phones would download is compared
 *
 * The journal (store.h: struct delivery) says COMMIT before the first file is renamed, and keeps
 * what every target held.  So whoever comes after a run that was killed knows whether anything can
 * have changed, and can go on, or back.
 *
 * Source of what goes where: the CTL client chapter of Cisco's security guide.  The CTL goes to
 * every CallManager and TFTP server, the alternate TFTP servers, and the firewalls; CAPF's
 * certificate in DER form (capf.cer) and in PEM form to every node but the publisher.  A phone asks
 * for CTLSEP<MAC>.tlv before CTLFile.tlv; where per-phone files are asked for they have the CTL's
 * bytes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_H
#define CTLSIGN_PUBLISH_H

#include "cluster/inventory.h"
#include "publish/target.h"
#include "store/store.h"

#define PUBLISH_CTL	 "CTLFile.tlv"
#define PUBLISH_CAPF_DER "capf.cer"
#define PUBLISH_CAPF_PEM "capf.pem"

/* ---- what goes where -------------------------------------------------------------------------
 */

/* A file for a place. */
struct publish_file {
	char name[TARGET_NAME_MAX];
	struct bytes data; /* borrowed from the plan */
	bool odd;	   /* set by publish_again(): the target held another one, or none */
};

/* A node's target, or (target NULL) a node that has none: carried by hand. */
struct publish_place {
	const char *node;    /* its name; borrowed from the inventory */
	const char *address; /* as text; "" */
	const struct inventory_target *target;
	bool needs_ctl; /* a CallManager or TFTP server, an alternate one, a firewall */
	struct publish_file *files;
	size_t n_files;
};

struct publish_plan {
	struct publish_place *places; /* in the inventory's order */
	size_t n_places;
	size_t n_targets; /* of them with a target */
	size_t n_by_hand; /* of them without one that need the CTL */
	struct buffer ctl, capf_der, capf_pem;
	/* The files of CAPF above are of the CTL's own certificate, none if it has none.  They are
	 * delivered if the inventory has a CAPF; its certificate may be another one. */
	bool has_capf;
	bool capf_differs;
};

/* INVENTORY is loaded.  publish_plan_free() in any case. */
enum status publish_plan_make(const struct inventory *inventory, struct bytes ctl,
    struct publish_plan *out, struct error *err);
void publish_plan_free(struct publish_plan *plan);

/* ---- doing it --------------------------------------------------------------------------------
 */

/* What is known of one file on one place. */
enum publish_holds {
	PUBLISH_UNKNOWN, /* it could not be asked */
	PUBLISH_OLD,	 /* what it held before */
	PUBLISH_NEW,
	PUBLISH_NONE,  /* no such file, as before */
	PUBLISH_OTHER, /* neither: somebody else wrote it meanwhile */
};

enum publish_step {
	PUBLISH_WAITING,
	PUBLISH_STAGING,
	PUBLISH_STAGED,
	PUBLISH_COMMITTING,
	PUBLISH_CHECKING,
	PUBLISH_DONE,
	PUBLISH_FAILED,
};

/* A download as a phone makes it, from what `verify` of the node says. */
enum publish_phones {
	PUBLISH_NOT_ASKED, /* there is no such URL, or it did not come to that */
	PUBLISH_SAME,
	PUBLISH_DIFFERS, /* phones would get something else, or nothing */
	PUBLISH_NO_ANSWER,
};

/* A target in a run: what is shown while it runs, and at the end. */
struct publish_row {
	const struct publish_place *place;
	enum publish_step step;
	enum publish_holds holds; /* the CTL, or (a place of CAPF's files only) those */
	enum publish_phones phones;
	bool changed;	  /* this run put something there, or may have; set at the end */
	unsigned ms;	  /* that it took */
	struct error err; /* of PUBLISH_FAILED; of another step: what did not matter */
};

struct publish_request {
	const struct inventory *inventory; /* loaded */
	struct store *store;		   /* opened for changing */
	const struct target_access *access;
	const char *act; /* for the audit log: "publish --resume" */
	/* Called from the calling thread only, some times a second and at every change; may be
	 * NULL. */
	void (*progress)(void *context, const struct publish_row *rows, size_t n);
	void *context;
};

/* Start from all zero. */
struct publish_result {
	int64_t generation;
	struct publish_plan plan;
	struct publish_row *rows; /* one a place that has a target, in the plan's order */
	size_t n_rows;
	bool changed; /* something that phones see was changed by this run */
	bool current; /* the generation is the current one now */
	char *note;   /* what else the officer has to know, printable; NULL: nothing */
};
void publish_result_free(struct publish_result *result);

/*
 * Delivers the pending generation; also goes on with a delivery that was interrupted or failed.
 * Targets work in parallel; each step of one has the inventory's time limit.
 *
 * A target that fails in the first phase: everything staged is removed, ST_FAILED, `changed` false,
 * the generation stays pending.  One that fails later: the others are finished, ST_FAILED, the rows
 * say who holds what, the journal is kept.  All have it: the generation becomes current if no node
 * has to be served by hand (plan.n_by_hand), else it waits for publish_by_hand(), and is ST_OK.
 * ST_FAILED when no generation is pending.
 */
enum status publish_run(
    const struct publish_request *request, struct publish_result *out, struct error *err);

/*
 * Takes the pending generation back: every target holds what it held before, what was staged is
 * removed, the CTL file of this machine is the current generation's again (gone if there was none),
 * and the generation is abandoned.  A target that cannot be reached and may hold the new file:
 * ST_FAILED, and the journal is kept; the rows say who holds what.
 */
enum status publish_back(
    const struct publish_request *request, struct publish_result *out, struct error *err);

/*
 * An officer said that all nodes have the pending generation: it becomes current.  Every target is
 * read first.  One that could be read and does not hold the new files makes it ST_FAILED, always.
 * One that could not be asked does, too, unless publish_run() had served it, or EVEN_TARGETS says
 * that it was carried to.
 */
enum status publish_by_hand(const struct publish_request *request, bool even_targets,
    struct publish_result *out, struct error *err);

/*
 * Delivers the current generation again, to the targets that hold something else: the CTL, phones'
 * files and CAPF's certificate, which is left out where it is not the one of that CTL any more.
 * All others have it already, so nothing is journalled, and a target that fails does not keep it
 * from the rest: each that gets it is one less that differs.  The order stays: all are looked at,
 * then everything is staged, then committed, then every target is read again and asked as phones
 * do; every CTL Provider is told the mode, whether it knew it or not.
 *
 * `odd` of the plan's files says what differed.  LOOK_ONLY: nothing more is done, and nothing is
 * changed.  ST_OK when all hold it now, or with LOOK_ONLY when all could be asked; ST_FAILED when
 * a generation is pending, when there is no current one or no target, and when a target failed:
 * the rows say who holds what, and it may be run again.
 */
enum status publish_again(const struct publish_request *request, bool look_only,
    struct publish_result *out, struct error *err);

/* ---- who holds what --------------------------------------------------------------------------
 */

/* What one place of one node holds. */
struct node_copy {
	const char *node;
	const char *place; /* the target, or the URL that phones ask; see `file` */
	bool by_phone;	   /* the latter */
	char *file;	   /* NULL: the CTL; else the whole place of a single phone's file */
	bool there;
	char md5[33], sha1[41], sha256[65]; /* "" when not there */
	int64_t generation;		    /* 0: none that is known */
	bool pending;			    /* of the one that is being delivered */
	time_t made;			    /* the list's own time; 0: it is no list */
	bool odd;			    /* not what it should hold: the current generation */
	struct error err;		    /* set: it could not be asked */
};

struct node_copies {
	struct node_copy *list; /* in the inventory's order */
	size_t n;
	size_t n_odd, n_failed;
	const char **without; /* nodes that need the CTL and have neither target nor URL */
	size_t n_without;
	int64_t current; /* 0: none */
	int64_t pending; /* 0: none */
};

/*
 * Asks every target and every `verify` URL for its CTL, in parallel, and those that phones ask for
 * the files of the phones of the inventory, too: of these only the odd ones, and those that failed
 * alone, are in the list, behind the CTL of the same place.  ST_OK though some failed or are odd.
 * STORE may be NULL (there is no state yet).  node_copies_free() in any case.
 */
enum status publish_nodes(
    const struct publish_request *request, struct node_copies *out, struct error *err);
void node_copies_free(struct node_copies *copies);

#endif
