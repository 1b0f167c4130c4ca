/*
 * What the parts of drift share: the work in hand, which planned entry is which record of the
 * current list, and the items found so far.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_DRIFT_PARTS_H
#define CTLSIGN_CLUSTER_DRIFT_PARTS_H

#include "cluster/drift.h"

/* In the order in which they are told; updates before warnings. */
enum drift_code {
	CODE_SERVER_ADDED, /* five for servers, TFTP servers and firewalls each: drift_code_for() */
	CODE_SERVER_REMOVED,
	CODE_SERVER_RENAMED,
	CODE_SERVER_READDRESSED,
	CODE_SERVER_ROLE,
	CODE_TFTP_ADDED,
	CODE_TFTP_REMOVED,
	CODE_TFTP_RENAMED,
	CODE_TFTP_READDRESSED,
	CODE_TFTP_ROLE,
	CODE_FIREWALL_ADDED,
	CODE_FIREWALL_REMOVED,
	CODE_FIREWALL_RENAMED,
	CODE_FIREWALL_READDRESSED,
	CODE_FIREWALL_ROLE,
	CODE_CAPF_ACTIVATED,
	CODE_CAPF_REMOVED,
	CODE_CALLMANAGER_CERTIFICATE,
	CODE_TFTP_CERTIFICATE,
	CODE_FIREWALL_CERTIFICATE,
	CODE_CAPF_CERTIFICATE,
	CODE_ITLRECOVERY_CERTIFICATE,
	CODE_ENTRY_ADDED,
	CODE_ENTRY_REMOVED,
	CODE_ENTRY_CHANGED,
	CODE_SAST_MISSING,
	CODE_SAST_SURPLUS,
	CODE_TRUST_ADDED,
	CODE_TRUST_REMOVED,
	CODE_DOMAIN,
	CODE_UPGRADE,
	CODE_DIGEST,
	CODE_DATA_RESTORED,
	CODE_NEXT_ADDRESS,
	CODE_FIRST_WARNING,
	CODE_EXPIRES = CODE_FIRST_WARNING,
	CODE_EXPIRED,
	CODE_FEW_TOKENS,
	CODE_LEFT_BEHIND,
	CODE_MOVING,
	CODE_CLOCK,
	CODE_UNSUPPORTED_RELEASE,
	CODE_NO_RECOVERY_ANCHOR,
	CODE_EXPORT_CONTROL,
	N_CODES
};

#define DRIFT_NAME_MAX	  128
#define DRIFT_TITLE_MAX	  176
#define DRIFT_SERIAL_MAX  72
#define DRIFT_ADDRESS_MAX 48

#define DRIFT_NONE ((size_t)-1)

struct drift_found {
	enum drift_code code;
	struct drift_item item;
};

struct drift_work {
	const struct drift_request *request;
	struct bytes *ders;  /* of each planned entry's certificate; owned */
	size_t *record_of;   /* of each planned entry, from 0; DRIFT_NONE: the list has none */
	size_t *entry_of;    /* of each record, from 0; DRIFT_NONE: nothing planned is it */
	bool domain_changed; /* it is known which domain the list was made for: another one */
	bool domain_renames; /* a name has changed, and only by that */
	struct drift_found *found;
	size_t n_found;
	size_t cap_found;
	bool no_memory;
};

/* ---- drift_items.c ------------------------------------------------------------------------- */

/* Adds an item; NAME and what the format takes must be printable, TODO may be NULL. */
void drift_add(struct drift_work *work, enum drift_code code, const char *name, const char *todo,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Whether CODE was told of NAME: one cause often changes several entries. */
bool drift_told(const struct drift_work *work, enum drift_code code, const char *name);

/* Hands the items over to OUT, in their order. */
enum status drift_hand_over(struct drift_work *work, struct drift *out, struct error *err);

/* ---- drift_words.c ------------------------------------------------------------------------- */

/* What a server is called and which codes it has. */
enum drift_kind_of_server { KIND_SERVER, KIND_TFTP, KIND_FIREWALL, KIND_ENTRY };

/* "4A:21:9F" */
char *drift_serial(char out[DRIFT_SERIAL_MAX], struct bytes serial);

/* "10.1.2.3", "fd00::1"; "no address" for 0.0.0.0 and what is none. */
char *drift_address(char out[DRIFT_ADDRESS_MAX], const uint8_t *ip, size_t len);

/* The planned entry's name in ctlsign.conf; of CAPF and CallManager's SAST, the publisher's; of
 * another SAST its subject. */
char *drift_entry_name(char out[DRIFT_NAME_MAX], const struct drift_work *work, size_t entry);

/* The record's DNS name; without one its address, of a SAST its subject. */
char *drift_record_name(char out[DRIFT_NAME_MAX], const struct tl_record *record);

/* "server cucm-sub1", "TFTP server tftp2", "firewall asa1", "entry srst1" */
char *drift_title(
    char out[DRIFT_TITLE_MAX], enum drift_kind_of_server kind, const char *printable_name);

/* "CallManager certificate of cucm-sub1", "certificate of token CN=SAST-1": whose it is. */
char *drift_whose(char out[DRIFT_TITLE_MAX], const struct drift_work *work, size_t entry);

/* "CCM+TFTP", or the number of a role that nobody knows; as printable text. */
char *drift_role(char out[DRIFT_ADDRESS_MAX], unsigned role);

/* ---- drift_match.c ------------------------------------------------------------------------- */

/* Fills record_of and entry_of, which are allocated and all DRIFT_NONE, and needs ders. */
void drift_match(struct drift_work *work);

/* What a record stands for; one that nothing is known of (ORIGIN_KEPT) goes by its role. */
enum origin drift_origin_of_record(const struct drift_work *work, size_t record);
enum origin drift_origin_of_entry(const struct drift_work *work, size_t entry);

/* The entry for the present address of the server whose planned entry ENTRY is for the next one. */
size_t drift_first_entry(const struct drift_work *work, size_t entry);

/* Whether it may sign: all but servers, CAPF and other entries. */
bool drift_is_sast(enum origin origin);

/* The names are the same; SAME_HOST: or differ only as the cluster's domain does. */
bool drift_same_name(const struct drift_work *work, const struct tl_entry *entry,
    const struct tl_record *record, bool same_host);

/* 0.0.0.0, :: and no address at all are the same. */
bool drift_same_address(const struct tl_entry *entry, const struct tl_record *record);

/* Whether the record has the planned entry's certificate; false when none is planned. */
bool drift_same_certificate(
    const struct drift_work *work, size_t entry, const struct tl_record *record);

/* ---- drift_servers.c ------------------------------------------------------------------------ */

/*
 * Servers, firewalls, other entries: what is new, and what has another name, address or role.
 * Comes first: CAPF and the publisher's SASTs change with the publisher, which is told once.
 */
void drift_servers(struct drift_work *work);

/* That a server has another name or address than the record that ENTRY is matched to. */
void drift_place(struct drift_work *work, size_t entry);

/* Which kind a planned entry's server is; of CAPF and the SASTs, the publisher. */
enum drift_kind_of_server drift_kind_of_entry(const struct drift_work *work, size_t entry);

/* CODE is one of the five CODE_SERVER_...; KIND is not KIND_ENTRY. */
enum drift_code drift_code_for(enum drift_code code, enum drift_kind_of_server kind);

/* ---- one file each -------------------------------------------------------------------------- */

/* Records of servers, CAPF and other entries that nothing planned is. */
void drift_surplus(struct drift_work *work);

/* Certificates that are new, SASTs' too. */
void drift_certificates(struct drift_work *work);

/* CAPF and SASTs that are new or missing, and which a CTL needs. */
void drift_sast(struct drift_work *work);

/*
 * The command for an update, and what to restart then, by the release.  Where the usual signer's
 * certificate is new phones would reject its update: then the way that works.
 */
const char *drift_todo_update(const struct drift_work *work);

/* WORDS where the usual signer can sign, else the way that works. */
const char *drift_todo_or(const struct drift_work *work, const char *words);

/* What is no matter of an entry: domain, upgrade, digest, restored data, mode, clock. */
void drift_settings(struct drift_work *work);

/* Certificates of the plan that end soon, or have ended. */
void drift_expiry(struct drift_work *work);

#endif
