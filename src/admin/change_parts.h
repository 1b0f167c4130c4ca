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
	struct collection collection;
	X509 **listed; /* certificates of the tokens that are to be SASTs; borrowed */
	size_t n_listed;
	const X509 *removed; /* borrowed; NULL: none */

	struct generation old; /* CHANGE_ROLLBACK: whose content it is */
	struct trustlist old_list;
	struct tl_makings old_makings;

	struct cluster_plan entries;
	struct tl_plan plan;
	struct tl_makings makings; /* of the current list: its settings */
	X509 **sasts;		   /* candidates to sign, borrowed */
	size_t n_sasts;

	const char *key; /* whose certificate is one of `sasts` */
	char *key_owned;
	X509 *only; /* the one that has to sign; borrowed; NULL: any of `sasts` */
	struct pin_source pins;
	struct named_signer named;
};

/* ---- change_check.c: what is refused ---- */

/* The gate of export control, with its alarm in the audit log. */
enum status change_check_export(struct change *c, struct error *err);
/* Whether the request makes sense in the present mode; sets mode and signing. */
enum status change_decide(struct change *c, struct error *err);
/* Never both recovery anchors in one step; never fewer than two SASTs in a token-signed list. */
enum status change_check_sasts(struct change *c, struct error *err);
/* The list's time: now, and not before the current list's. */
enum status change_set_time(struct change *c, struct error *err);

/* ---- change_tokens.c: which tokens are SASTs, asked for one by one ---- */

/* Fills `listed` from the current list, the removed one left out, and collects tokens. */
enum status change_collect(struct change *c, struct error *err);
/* Opens the modules, once. */
enum status change_open_tokens(struct change *c, struct error *err);

/* ---- change_plan.c: the list ---- */

/*
 * The header's settings but for signer and time: the current list's, unless the inventory says
 * otherwise; a first list is as CUCM writes it, with SHA-512 where the release knows it.
 */
enum status change_set_header(struct change *c, struct error *err);
/* Fills entries and what of the plan comes from them. */
enum status change_make_plan(struct change *c, struct error *err);

/* ---- change_signer.c: which key ---- */

/*
 * Decides whose key signs, and opens it unless it is a dry run: plan.signer is set, or NULL in a
 * dry run that cannot know.  A signer that the current list does not know is ST_LOCKOUT.
 */
enum status change_choose_signer(struct change *c, struct error *err);

/* The hint for tokens that a tokenless CTL does not list: Phone-SAST-trust comes first. */
void change_hint_at_trust(struct error *err);

/* ---- change_words.c ---- */

/* The difference to the current list, the signer and what is to be signed: result->changes. */
enum status change_describe(struct change *c, struct error *err);
/* What is to be done afterwards: result->todo. */
void change_say_todo(struct change *c);

/* ---- change_sign.c: the journal ---- */

/* Signs and commits; everything was checked and confirmed. */
enum status change_sign(struct change *c, struct error *err);

#endif
