/*
 * What the files that take over a running cluster share.
 *
 * Private to src/cluster/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_TAKEOVER_PARTS_H
#define CTLSIGN_CLUSTER_TAKEOVER_PARTS_H

#include "cluster/takeover.h"

#define NO_RECORD SIZE_MAX

/* Records that are looked at; a list that phones load has room for far fewer. */
#define TAKING_MAX_RECORDS 1024

/* Bytes of a section's name with its NUL. */
#define TAKING_NAME_MAX 64

/* Bytes of a DNS name with its NUL. */
#define TAKING_DNS_MAX 256

enum taken_kind {
	TAKEN_PUBLISHER,
	TAKEN_SUBSCRIBER,
	TAKEN_TFTP,
	TAKEN_ALTERNATE_TFTP,
	TAKEN_FIREWALL,
	TAKEN_ENTRY,
};

/* A server that becomes a section.  Records are counted from 0. */
struct taken_server {
	enum taken_kind kind;
	size_t record;
	size_t next; /* its record with the address that it moves to; NO_RECORD */
	char name[TAKING_NAME_MAX];
	char dns[TAKING_DNS_MAX]; /* what the CTL calls it; "": the section's name */
};

struct taking {
	const struct takeover_request *request;
	const struct trustlist *list;
	struct takeover *out;
	struct taken_server *servers; /* in the list's order; room for n_records */
	size_t n_servers;
	size_t publisher;   /* in `servers` */
	size_t capf;	    /* records, or NO_RECORD */
	size_t callmanager; /* as SAST */
	size_t itlrecovery; /* as SAST */
	bool itlrecovery_signs;
};

/* Adds the place "record N: NAME" to ERR, which is set; returns its status. */
enum status taking_refuse(const struct taking *t, size_t record, struct error *err);

/* Refuses RECORD unless its certificate was decoded. */
enum status taking_need_certificate(const struct taking *t, size_t record, struct error *err);

/* Whether a record is that of a node or TFTP server; whether it says an address. */
bool taking_is_server(const struct tl_record *record);
bool taking_has_address(const struct tl_record *record);

/* Whether two host names, not NUL-terminated, are the same, or the one is the other's first part.
 */
bool taking_same_host(struct bytes a, struct bytes b);

/* Appends the CN of the record's certificate; nothing when there is none. */
void taking_common_name(const struct tl_record *record, struct buffer *out);

/* ---- takeover_servers.c ---- */

/* Finds the servers and the mode, and gives their records an origin. */
enum status taking_find_servers(struct taking *t, struct error *err);
/* Which of them is the publisher, and what kind the others are; after the SASTs. */
enum status taking_sort_servers(struct taking *t, struct error *err);

/* ---- takeover_sasts.c ---- */

/* What each SAST is, and who signs. */
enum status taking_find_sasts(struct taking *t, struct error *err);

/* ---- takeover_names.c ---- */

/* Whether TEXT can be the `dns` of an inventory. */
bool taking_is_host_name(struct bytes text);

/* For each server its `dns`, and a name for its section: its host name, made safe and unique. */
void taking_name_servers(struct taking *t);

/* ---- takeover_conf.c ---- */

/* The text of ctlsign.conf, and the certificate files that it names. */
enum status taking_write(struct taking *t, struct error *err);

#endif
