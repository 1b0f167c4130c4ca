/*
 * The phone model: what a phone does with a new CTL.
 *
 * phone_judge() is a pure function: from what a phone holds, what it can do and what the servers
 * vouch for to what comes of it.  Nothing here reads a file or knows a cluster.
 *
 * Sources: the chapters "Security by Default" and "Certificate Trust List" of Cisco's security
 * guide for Unified Communications Manager 12.5, and Cisco's field documents 116232 (Security By
 * Default) and 118893 (tokenless CTL).  A phone does the first of these that fits:
 *
 *   1. it has no CTL: the first one is trusted as it comes;
 *   2. it holds this very file: nothing is to be done;
 *   3. the signer is a SAST of the CTL that it holds (issuer and serial as stored there, and the
 *      same key), and the signature is valid: installed;
 *   4. it has Security By Default and asks TVS, which vouches for certificates that stand in the
 *      server's own current CTL or in its Phone-SAST-trust: installed.  It asks the servers of its
 *      configuration, and knows TVS's certificate from its ITL: without an ITL it cannot ask;
 *   5. rejected: it keeps the old CTL and is locked out until somebody deletes that by hand.
 *
 * Whoever signed, a file over 64 KB, a digest that the phone does not know and a key that it cannot
 * check are rejected, also where it has no CTL.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_H
#define CTLSIGN_PHONE_H

#include "base/bytes.h"
#include "base/error.h"
#include "trustlist/trustlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- a list as phones see it ----------------------------------------------------------------- */

/* A certificate by what phones compare: names and serial as stored in a record, and the key. */
struct phone_anchor {
	struct bytes issuer;	  /* with its NUL, as stored */
	struct bytes serial;	  /* as stored */
	struct bytes key;	  /* element 7: RSAPublicKey DER */
	struct bytes certificate; /* DER; empty when the record has none */
};

/*
 * What of a CTL counts.  Ranges point into the file, which has to stay; the arrays are owned. Start
 * from all zero.  Planners and tests may fill one without any file.
 */
struct phone_list {
	int64_t generation; /* 0: none of this cluster's history */
	char md5[33];	    /* lower-case hex; "": not known */
	char sha1[41];	    /* the same */
	size_t size;	    /* bytes */
	unsigned digest;    /* enum tl_digest, or another number */
	unsigned key_bits;  /* of the signer's RSA key; 0: not known */
	bool valid;	    /* the signature holds, or will once it is signed */
	struct phone_anchor signer;
	struct phone_anchor *sasts; /* records of role SAST */
	size_t n_sasts;
	struct bytes *certificates; /* of all records that have one, DER; for TVS */
	size_t n_certificates;
};

/*
 * Looks at FILE (which must outlive OUT): everything but `valid` and `generation` is set; a caller
 * who knows sets these.  ST_FORMAT when it is no list.  phone_list_free() in any case.
 */
enum status phone_list_read(struct bytes file, struct phone_list *out, struct error *err);
void phone_list_free(struct phone_list *list);

/* Whether LIST and OTHER are the same file: a checksum that both have. */
bool phone_list_same(const struct phone_list *list, const struct phone_list *other);

/* Whether a SAST of LIST is ANCHOR: issuer and serial as stored, and the key. */
bool phone_list_knows(const struct phone_list *list, const struct phone_anchor *anchor);

/* ---- what a phone can do --------------------------------------------------------------------- */

enum phone_answer { PHONE_NO, PHONE_YES, PHONE_MAYBE };

/* Phones that behave alike. */
struct phone_family {
	char name[64]; /* printable: "Cisco 7940 and 7960" */
	enum phone_answer security_by_default;
	enum phone_answer digests[4]; /* by enum tl_digest, [0] unused; MAYBE: by firmware */
	/* Bits of an RSA key that it can check; 0: not known, but 2048, as CUCM's own, it can. */
	unsigned largest_key;
};

/* ---- the question ---------------------------------------------------------------------------- */

enum phone_holds {
	PHONE_HOLDS_UNKNOWN, /* nobody has said */
	PHONE_HOLDS_NONE,
	PHONE_HOLDS_LIST,  /* `list` */
	PHONE_HOLDS_OTHER, /* a CTL that is known by its checksum only: none of the history */
};

struct phone {
	const struct phone_family *family; /* NULL: its model stands in no table */
	enum phone_holds ctl;
	const struct phone_list *list; /* of PHONE_HOLDS_LIST */
	enum phone_answer itl;	       /* whether it holds an ITL */
};

/* The new CTL, and what the servers say of its signer. */
struct phone_offer {
	const struct phone_list *list;
	bool tvs;     /* some node runs TVS */
	bool vouched; /* TVS vouches for the signer: phone_vouched() */
};

/*
 * Whether TVS vouches for the signer of OFFERED: its certificate stands in the CTL that the servers
 * have now, before the new one (SERVER; NULL: none), or among the N certificates (DER) of
 * Phone-SAST-trust.  That the new CTL lists its own signer is no voucher.
 */
bool phone_vouched(const struct phone_list *offered, const struct phone_list *server,
    const struct bytes *trust, size_t n);

/* ---- the answer ------------------------------------------------------------------------------ */

enum phone_outcome {
	PHONE_FIRST,	 /* installed: it had none */
	PHONE_UNCHANGED, /* it holds this file */
	PHONE_BY_SAST,	 /* installed: it knows the signer */
	PHONE_BY_TVS,	 /* installed: TVS vouches, whatever CTL it holds */
	PHONE_REJECTED,	 /* locked out */
	PHONE_UNKNOWN,	 /* cannot be told: `why` says what is missing */
	N_PHONE_OUTCOMES
};

enum phone_why {
	PHONE_WHY_NOTHING, /* of what is installed */
	/* rejected */
	PHONE_WHY_SIZE,
	PHONE_WHY_DIGEST,
	PHONE_WHY_KEY,
	PHONE_WHY_SIGNATURE,
	PHONE_WHY_NO_SBD,      /* does not know the signer, and asks nobody */
	PHONE_WHY_NO_ITL,      /* does not know the signer, and without an ITL cannot ask TVS */
	PHONE_WHY_NO_TVS,      /* ...and no node runs TVS */
	PHONE_WHY_NOT_VOUCHED, /* ...and TVS does not know the signer either */
	/* unknown */
	PHONE_WHY_WHICH_CTL,	/* which CTL it holds, if any */
	PHONE_WHY_WHICH_FAMILY, /* what its model can do */
	PHONE_WHY_WHICH_ITL,	/* whether it holds an ITL */
	PHONE_WHY_FIRMWARE,	/* whether its firmware knows the digest */
	PHONE_WHY_LARGEST_KEY,	/* whether it can check a key of this size */
	N_PHONE_WHYS
};

struct phone_verdict {
	enum phone_outcome outcome;
	enum phone_why why;
};

/*
 * The rules above, in their order.  That a phone holds a CTL is proof that it knows that CTL's
 * digest and can check a key of its signer's size, whatever its family's row says.  What cannot be
 * told is PHONE_UNKNOWN only where the answer depends on it: a phone of whose CTL nothing is known
 * is PHONE_BY_TVS when TVS vouches and it can ask.
 */
struct phone_verdict phone_judge(const struct phone *phone, const struct phone_offer *offer);

/* Whether the phone has or takes the new CTL. */
bool phone_outcome_is_safe(enum phone_outcome outcome);

/*
 * "first", "unchanged", "sast", "tvs", "rejected", "unknown": constant, for options and JSON; and
 * the way back, false for another word.
 */
const char *phone_outcome_name(enum phone_outcome outcome);
bool phone_outcome_parse(const char *name, enum phone_outcome *out);

/* "size", "digest", "no-sbd", "which-ctl", ...: constant; "" for PHONE_WHY_NOTHING. */
const char *phone_why_name(enum phone_why why);

/* In words, translated: "installed: it knows the signer"; "it holds no ITL, so it cannot ask TVS".
 */
const char *phone_outcome_text(enum phone_outcome outcome);
const char *phone_why_text(enum phone_why why);

#endif
