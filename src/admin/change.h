/*
 * Changing a cluster's CTL: from what an officer asked for to a signed generation, or to a refusal
 * that says what would have happened and which way works.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_CHANGE_H
#define CTLSIGN_ADMIN_CHANGE_H

#include "admin/cluster.h"
#include "ceremony/ceremony.h"
#include "ceremony/collect.h"
#include "ceremony/named_signer.h"

/* CUCM's own words for it, and the alarm that goes with it. */
#define CHANGE_EXPORT_CONTROL                                                                      \
	"Command cannot be executed because the Unified Communications Manager cluster is not "    \
	"registered to a Smart/Virtual Account with Allow export-controlled functionality."
#define CHANGE_EXPORT_CONTROL_ALARM "ClusterModeSecurityFailedExportControlNotAllow"

enum change_kind {
	CHANGE_MIXED_MODE,
	CHANGE_NON_SECURE_MODE,
	CHANGE_UPDATE,
	CHANGE_RESET_LOCALKEY,
	CHANGE_ROLLBACK,
};

/* --tokens, --tokenless, or neither: the current CTL's. */
enum change_signing { CHANGE_SIGNING_KEEP, CHANGE_SIGNING_TOKENS, CHANGE_SIGNING_TOKENLESS };

struct change_request {
	enum change_kind kind;
	const char *command; /* with its options, for the history: "update --add-token" */
	enum change_signing signing;
	bool add_token;
	const char *remove_token; /* serial of its certificate, hex; NULL: none */
	int64_t generation;	  /* CHANGE_ROLLBACK: whose content */
	bool dry_run;
	bool yes;
	bool force_signer;
	/* Exactly these tokens are to be SASTs: nobody is asked for any but the one that signs. */
	bool has_sasts_tokens;
	X509 *const *sasts_tokens;
	size_t n_sasts_tokens;
	/* For a plan: exactly these are to be SASTs, and this is to be Phone-SAST-trust, whatever
	 * else the state has of it.  Another list is ST_FAILED. */
	bool has_sasts;
	X509 *const *sasts;
	size_t n_sasts;
	bool has_trust;
	X509 *const *trust;
	size_t n_trust;
	X509 *signer;		 /* the one that has to sign; NULL: any that may */
	int64_t phones_hold;	 /* the officer's word: every phone holds this generation or a
				  * later one; 0: nothing was said */
	bool has_accept_lockout; /* the officer's word: just so many phones may be locked out */
	uint64_t accept_lockout;
	const char *lockout_list; /* file that gets the names of phones that would be; NULL */
	bool no_lint;
	const char *key;	  /* --sign-with: a pkcs11: URI or a key file; NULL */
	const char *const *named; /* --token */
	size_t n_named;
	struct ceremony_pins *pins;
	bool has_timestamp;
	uint32_t timestamp;
	/* Loads the modules when a token is needed first. */
	enum status (*open_tokens)(void *context, struct tokens **out, struct error *err);
	/* Shows TEXT (one or more lines) before anything is signed; warnings one by one. */
	void (*show)(void *context, const char *text);
	void (*warn)(void *context, const char *text);
	void *context;
};

/* What came of it; start from all zero. */
struct change_result {
	bool dry_run;
	int64_t number; /* of the new generation; of the one it would be in a dry run */
	int64_t before; /* the one that was current; 0: none */
	struct buffer ctl;
	char *signer; /* printable; NULL when it is not known (a dry run with tokens) */
	const char *digest_name;
	char *hash; /* that is, or would be, signed; hex; NULL when the signer is not known */
	enum cluster_mode mode;
	enum cluster_signing signing;
	struct buffer changes; /* in words, a line each */
	struct buffer todo;    /* what to do once it is on all servers, a line each */
	char *file;
};

/*
 * Does it.  CLUSTER was opened with CLUSTER_CHANGE (a dry run: CLUSTER_READ will do) and is closed
 * by the caller, who must not use it otherwise afterwards.
 *
 * Everything that can be known is checked before anybody is asked for a token or a PIN: the gate of
 * export control (an alarm goes to the audit log), the mode, lint, what every phone would do with
 * the new CTL (ST_LOCKOUT if the model predicts that one is locked out, unless just so many are
 * accepted by the officer; without a fleet for each class of phones, unless forced), both recovery
 * anchors changing at once (the same), the clock.  Then: the difference and the digest are shown,
 * the person confirms, the audit log gets "started", the key signs, the generation becomes pending,
 * the CTL file is written and read back. A failure leaves file and state as they were, and an entry
 * in the log if the key was used.
 *
 * The generation stays pending until it is published (publish/publish.h).  While one is, ST_FAILED.
 *
 * change_result_free() in any case.
 */
enum status admin_change(struct cluster *cluster, const struct change_request *request,
    struct change_result *out, struct error *err);
void change_result_free(struct change_result *result);

#endif
