/*
 * The beginning of a cluster: an inventory to fill in, or one that is made from a running cluster's
 * CTL together with the first state.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_BEGIN_H
#define CTLSIGN_ADMIN_BEGIN_H

#include "cluster/plan.h"

/* Beside ctlsign.conf. */
#define BEGIN_CERTIFICATES "certificates"
#define BEGIN_STATE	   "state.db"
#define BEGIN_CTL	   "CTLFile.tlv"

/* The reason of a generation that was taken over begins so: servers have it already. */
#define BEGIN_REASON "init --from "

struct begin_request {
	const char *conf;    /* the file to make */
	const char *from;    /* a CTL; NULL for begin_template() */
	const char *cluster; /* may be NULL */
	const char *release; /* may be NULL */
};

/* What was found and made; start from all zero. */
struct begin_result {
	struct release release;
	bool release_guessed;
	enum cluster_mode mode;
	enum cluster_signing signing;
	char *cluster;
	char *signer; /* printable: "token 'SAST-1' (serial 4a21)" */
	size_t n_servers;
	size_t n_tokens;
	size_t n_trust;
	size_t n_certificates; /* files */
	char *certificates;    /* the folder; paths as the request's; NULL: conf was there */
	char *state;
	char *ctl;
	bool ctl_written; /* false: it was there */
	bool conf_kept;	  /* it was there, and only its state was not */
	int64_t generation;
};

/*
 * Writes a commented ctlsign.conf.  ST_EXISTS if there is one; ST_USAGE for a release that is none.
 */
enum status begin_template(const struct begin_request *request, struct error *err);

/*
 * Takes over the cluster whose CTL is REQUEST->from: verifies it (ST_NOT_VERIFIED), and makes the
 * inventory, the certificates that it names, the state with the list as generation 1, and the CTL
 * file beside them.  All or nothing, also when killed, and nothing is replaced: ST_EXISTS names
 * what is in the way.  begin_result_free() in any case.
 *
 * Where the inventory is there and its state is not, or has no generation, only the state is made,
 * and the CTL file that the inventory names: a cluster whose state was lost begins anew.
 */
enum status begin_from(
    const struct begin_request *request, struct begin_result *out, struct error *err);
void begin_result_free(struct begin_result *result);

#endif
