/*
 * What the parts of admin_change() share.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_CHANGE_PARTS_H
#define CTLSIGN_ADMIN_CHANGE_PARTS_H

#include "admin/change.h"
#include "phone/phone.h"

/* The CTL file on this machine, as it was at the start. */
struct served {
	bool exists;
	bool is_other; /* not the current generation: `list` is read and decoded */
	struct buffer file;
	struct trustlist list;
};

/* A list after the current one that was taken back, and that phones may have loaded before. */
struct withdrawn {
	int64_t number;
	struct buffer file;
	struct trustlist list;
};

/* What the phones of the fleet would do; not `known` without one. */
struct change_phones {
	bool known;
	uint64_t n;
	uint64_t by_outcome[N_PHONE_OUTCOMES];
	uint64_t doubtful; /* of whom it cannot be told, and who would be locked out by some rule */
};

struct change {
	struct cluster *cluster;
	const struct change_request *request;
	struct change_result *result;
	const struct trustlist *current; /* NULL: there is none */

	enum cluster_mode mode; /* after the change */
	enum cluster_signing signing;

	struct tokens *tokens; /* open once they were needed */
	struct collect_request collect;
	char current_name[64]; /* "generation 3", printable */
	char output[512];
	char insertable[512]; /* names of the current list's tokens */
	struct collection collection;
	X509 **listed; /* certificates of the tokens that are to be SASTs; borrowed */
	size_t n_listed;
	size_t n_before;     /* how many the current list has */
	const X509 *removed; /* borrowed; NULL: none */

	struct generation old; /* CHANGE_ROLLBACK: whose content it is */
	struct trustlist old_list;
	struct tl_makings old_makings;

	struct cluster_plan entries;
	struct tl_plan plan;
	struct tl_makings makings; /* of the current list: its settings */
	X509 **sasts;		   /* all of the new list, borrowed */
	size_t n_sasts;
	X509 **signers; /* those of them that may sign it */
	size_t n_signers;
	X509 **trust; /* Phone-SAST-trust without the removed token; borrowed */
	size_t n_trust;
	bool untrusted; /* the removed token was in it */
	bool unknown;	/* forced: phones would reject the list, and which there are is not known */
	bool stranger;	/* the signer is no SAST of the current list */
	struct change_phones phones;
	struct served served;
	struct withdrawn *withdrawn;
	size_t n_withdrawn;

	const char *key; /* whose certificate is one of `signers` */
	char *key_owned;
	X509 *only; /* the one that has to sign; borrowed; NULL: any of `signers` */
	struct pin_source pins;
	bool locked; /* the key wants its passphrase, which is asked for after the yes */
	struct named_signer named;
};

/* ---- change_check.c: what is refused ---- */

/*
 * Nothing is built on a list of which nobody knows whether phones have it: the one that is signed
 * has to be published first, or taken back.
 */
enum status change_check_pending(const struct change *c, struct error *err);
/* The gate of export control, with its alarm in the audit log. */
enum status change_check_export(struct change *c, struct error *err);
/* Whether the request makes sense in the present mode; sets mode and signing. */
enum status change_decide(struct change *c, struct error *err);
/* The list's time: now, and not before the current list's, nor far ahead. */
enum status change_set_time(struct change *c, struct error *err);

/* ---- change_sasts.c ---- */

/* Fills sasts and signers from the entries. */
enum status change_list_sasts(struct change *c, struct error *err);
/*
 * Never both recovery anchors in one step; never fewer than two SASTs of its own, nor no token, in
 * a token-signed list; and a token that is removed is gone.
 */
enum status change_check_sasts(struct change *c, struct error *err);

/* ---- change_served.c ---- */

/*
 * Looks at the CTL file: one that the state does not know is refused, one that is another list than
 * the current generation is told, and its SASTs have to know the signer, too.
 */
enum status change_read_served(struct change *c, struct error *err);
/* Reads what was taken back; change_free_withdrawn() in any case. */
enum status change_read_withdrawn(struct change *c, struct error *err);
void change_free_withdrawn(struct change *c);
/* Keeps a copy of such another list beside the CTL file. */
enum status change_keep_served(const struct change *c, struct error *err);
/* The CTL file is as it was at the start again, unless it never became the new one. */
bool change_put_back(const struct change *c);

/* ---- change_warn.c: what a person should know before saying yes ---- */

/* Tokens, CAPF, the digest, and what a rollback brings back. */
void change_warn_of_list(const struct change *c);

/* Whether a person said that this is to be signed though phones may reject it. */
bool change_is_forced(const struct change *c);

/* ---- change_tokens.c: which tokens are SASTs, asked for one by one ---- */

/* Fills `listed` from the current list and `trust`, the removed one left out. */
enum status change_list_tokens(struct change *c, struct error *err);
/* Collects tokens, which join `listed`. */
enum status change_collect(struct change *c, struct error *err);
/* Opens the modules, once. */
enum status change_open_tokens(struct change *c, struct error *err);

/* ---- change_plan.c: the list ---- */

/*
 * The header's settings but for signer and time: the current list's, unless the inventory says
 * otherwise; a first list is as CUCM writes it, with SHA-512 where the release knows it.
 */
enum status change_set_header(struct change *c, struct error *err);
/* Whether there can be a list at all, before anybody is asked for tokens. */
enum status change_try_plan(struct change *c, struct error *err);
/* Fills entries and what of the plan comes from them. */
enum status change_make_plan(struct change *c, struct error *err);

/* ---- change_signer.c: which key ---- */

/*
 * Decides whose key signs, and opens it unless it is a dry run: plan.signer is set, or NULL in a
 * dry run that cannot know.  ST_LOCKOUT if phones would reject what it signs.
 */
enum status change_choose_signer(struct change *c, struct error *err);
/* Opens `key` with `pins`. */
enum status change_open_key(struct change *c, struct error *err);
/* PINs are asked for from here on; opens a key that was left locked. */
enum status change_unlock_key(struct change *c, struct error *err);

/* ---- change_phones.c ---- */

/*
 * Asks the phone model what comes of a list that SIGNER signs.  ST_LOCKOUT if phones would be
 * locked out, unless the officer accepted just so many of the fleet; without a fleet, unless
 * forced.
 */
enum status change_check_phones(
    struct change *c, X509 *signer, enum tokenless_signer usual, struct error *err);

/* ---- change_refuse.c: what is said then ---- */

/*
 * ST_LOCKOUT: phones that hold LIST (NULL: not known which; printable NAME) reject what SIGNER
 * signs.  USUAL is the anchor that signs without being asked for.
 */
enum status change_refuse(const struct change *c, const X509 *signer, enum phone_why why,
    const struct phone_list *list, const char *name, enum tokenless_signer usual,
    struct error *err);
/* The hint for a list that phones refuse whoever signs it: its size, its digest, the key. */
void change_hint_at_list(enum phone_why why, struct error *err);
/* Which step leads there, for the case at hand. */
void change_hint_the_way(const struct change *c, enum tokenless_signer usual, struct error *err);
/* The hint for tokens that a tokenless CTL does not list: Phone-SAST-trust comes first. */
void change_hint_at_trust(struct error *err);
/* Appends "CN=SAST-1;O=Lab, 4A:21:9F". */
void change_name_with_serial(const X509 *certificate, struct buffer *out);

/* What both ask: the inventory's certificate, and who knows one. */
const X509 *change_anchor(const struct change *c, enum tokenless_signer which);
bool change_current_knows(const struct change *c, const X509 *certificate);
/* Whether the new list has it as SAST (NULL: no). */
bool change_is_sast(const struct change *c, const X509 *certificate);
/* The list that was taken back and does not know SIGNER; NULL: none. */
const struct withdrawn *change_withdrawn_without(const struct change *c, const X509 *signer);

/* ---- change_words.c ---- */

/* The difference to the current list, the signer and what is to be signed: result->changes. */
enum status change_describe(struct change *c, struct error *err);
/* What is to be done afterwards: result->todo. */
void change_say_todo(struct change *c);

/* ---- change_sign.c: the journal ---- */

/* Signs and commits; everything was checked and confirmed. */
enum status change_sign(struct change *c, struct error *err);

#endif
