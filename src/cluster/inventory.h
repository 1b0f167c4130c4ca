/*
 * The inventory: what a cluster has, from its ctlsign.conf.
 *
 * The file is read by libconfuse.  Paths in it are relative to the folder that it stands in.
 * Limits and services are those of Cisco's security guide (one publisher, 16 subscribers, 2 TFTP
 * servers, 9 media servers: the super-cluster).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_INVENTORY_H
#define CTLSIGN_CLUSTER_INVENTORY_H

#include "base/bytes.h"
#include "base/error.h"
#include "cluster/release.h"
#include "trustlist/trustlist.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INVENTORY_MAX_FILE	  (1024u * 1024) /* bytes */
#define INVENTORY_MAX_SUBSCRIBERS 16
#define INVENTORY_MAX_TFTP	  2
#define INVENTORY_MAX_MEDIA	  9
/* Alternate TFTP servers, firewalls and other entries together; the CTL has room for fewer. */
#define INVENTORY_MAX_OTHERS 64

enum node_role { NODE_PUBLISHER, NODE_SUBSCRIBER, NODE_TFTP, NODE_MEDIA };

/* Services of a node, a bit each. */
enum node_service {
	SERVICE_CALLMANAGER = 1u << 0,
	SERVICE_TFTP = 1u << 1,
	SERVICE_CAPF = 1u << 2, /* on the publisher only */
	SERVICE_CTIMANAGER = 1u << 3,
	SERVICE_TVS = 1u << 4,
	SERVICE_CTL_PROVIDER = 1u << 5,
};

/* Which of the two keys signs a tokenless CTL, if not told otherwise. */
enum tokenless_signer { SIGNER_CALLMANAGER, SIGNER_ITLRECOVERY };

/* IPv4 (4), IPv6 (16), or none (0). */
struct inventory_address {
	uint8_t bytes[16];
	size_t len;
};

/* A certificate that the inventory names: its file, and itself once it is loaded. */
struct inventory_certificate {
	char *path;    /* absolute or relative to the working directory; NULL: not named */
	unsigned line; /* of ctlsign.conf */
	X509 *x509;    /* NULL until inventory_load() */
};

/* A private key: a PEM file or a pkcs11: URI. */
struct inventory_key {
	char *where; /* NULL: not named; a file's path as above */
	unsigned line;
};

/*
 * A place that files are delivered to:
 *   "/srv/tftp", "tftp"            a directory of this machine; relative to ctlsign.conf's folder
 *   "sftp://[USER@]HOST[:PORT]/DIR"  a directory behind SSH; "/~/DIR" is below the user's home
 *   "https://HOST[:PORT]"          the node's CTL Provider; default port: ctl-provider of `ports`
 * An IPv6 address as HOST stands in brackets.  No password, query or fragment; "%41" stands for
 * a byte of USER or DIR.
 */
enum target_kind { TARGET_DIRECTORY, TARGET_SFTP, TARGET_PROVIDER };

struct inventory_target {
	char *text; /* as written */
	enum target_kind kind;
	char *user;    /* SFTP: NULL for who runs this */
	char *host;    /* without brackets; NULL for a directory */
	unsigned port; /* 22 and ctl-provider's when not said; 0 for a directory */
	char *path;    /* directory: usable as it is; SFTP: decoded; NULL for a provider */
	unsigned line;
};

struct inventory_targets {
	struct inventory_target *list;
	size_t n;
};

/*
 * Where phones download from this node: "tftp://HOST[:PORT][/DIR]", "http://HOST[:PORT][/DIR]".
 */
struct inventory_urls {
	char **list;
	size_t n;
};

/* How targets are reached: the section `publish`. */
struct inventory_publish {
	unsigned timeout;		 /* seconds, for each step of each target; 30 */
	char *ssh_key;			 /* NULL: the agent's keys, then those of ~/.ssh */
	char *ssh_known_hosts;		 /* NULL: ~/.ssh/known_hosts and the system's */
	char *client_certificate;	 /* the officer's, PEM, for CTL Providers; NULL */
	struct inventory_key client_key; /* a PEM file or a pkcs11: URI */
	char *provider_trust; /* PEM: CAs or certificates of CTL Providers; NULL: the system's */
	char **phones;	      /* "001122AABBCC": upper-case MACs that get a CTLSEP<MAC>.tlv */
	size_t n_phones;
	unsigned line; /* 0: there is no such section */
};
#define INVENTORY_MAX_PHONES 1000

struct inventory_node {
	char *name; /* the section's title, unique */
	enum node_role role;
	char *dns; /* what the CTL calls it: `dns`, or the name with the domain */
	struct inventory_address address;
	struct inventory_address next_address;	  /* it is about to move there; none: it stays */
	unsigned services;			  /* enum node_service */
	struct inventory_certificate certificate; /* CallManager's, which is TFTP's, too */
	struct inventory_certificate capf;
	struct inventory_targets deliver;
	struct inventory_urls verify;
	unsigned line;
};

/* An alternate TFTP server, a firewall, or an entry of any other role. */
struct inventory_server {
	char *name;
	unsigned role; /* enum tl_role: TFTP, CCM for a firewall, or what `role` says */
	char *dns;
	struct inventory_address address;
	struct inventory_address next_address;
	struct inventory_certificate certificate;
	struct inventory_targets deliver;
	struct inventory_urls verify;
	unsigned line;
};

enum port {
	PORT_CTL_PROVIDER,  /* 2444 */
	PORT_SCCP,	    /* 2000 */
	PORT_SCCP_TLS,	    /* SCCP's + 443, unless it is set itself */
	PORT_SIP_TLS,	    /* 5061 */
	PORT_TVS,	    /* 2445 */
	PORT_SIP_OAUTH,	    /* 5090 */
	PORT_SIP_OAUTH_MRA, /* 5091 */
	PORT_TFTP,	    /* 69, UDP */
	PORT_TFTP_HTTP,	    /* 6970 */
	PORT_TFTP_HTTPS,    /* 6971 */
	PORT_TFTP_HTTPS2,   /* 6972 */
	N_PORTS
};

/* "ctl-provider", "sccp", ...: the setting's name; constant. */
const char *port_name(enum port port);
unsigned port_default(enum port port);

struct inventory {
	char *path;	 /* of ctlsign.conf, as given */
	char *directory; /* of it; "." for the working directory */
	char *cluster;
	struct release release;
	char *domain; /* NULL: none */
	bool has_digest;
	enum tl_digest digest;
	enum tokenless_signer tokenless_signer;
	bool export_controlled; /* not set: no from 12.0 on, yes before */
	unsigned expiry_days;	/* a certificate that ends sooner is warned of; 30 */
	char **modules;		/* PKCS#11, absolute paths; none: those of p11-kit */
	size_t n_modules;
	char *state;	      /* the state file: default state.db */
	char *ctl_file;	      /* the CTL on this machine: default CTLFile.tlv */
	char *phone_families; /* what models can do that the program does not know; NULL: none */

	struct inventory_node *nodes; /* the publisher first, then as in the file */
	size_t n_nodes;
	struct inventory_server *alternate_tftp;
	size_t n_alternate_tftp;
	struct inventory_server *firewalls;
	size_t n_firewalls;
	struct inventory_server *entries; /* `entry`: any other role */
	size_t n_entries;

	struct inventory_certificate itlrecovery;
	struct inventory_key itlrecovery_key;
	struct inventory_key callmanager_key; /* of the publisher's CallManager */
	struct inventory_publish publish;
	unsigned ports[N_PORTS];
};

/*
 * Reads PATH.  Everything that needs no other file is checked: names and addresses that stand
 * twice, limits, services that a role has not, a release that is none or cannot have the tokenless
 * signer, ports out of range or used twice, settings that are not known.  ST_FORMAT with the place
 * "FILE: line N" and what is allowed.  *OUT must be all zero; inventory_free() in any case.
 */
enum status inventory_read(const char *path, struct inventory *out, struct error *err);
void inventory_free(struct inventory *inventory);

/*
 * Reads all certificates that are named, by two threads.  The first that fails (in the file's
 * order) is told with the place "FILE: line N: CERTIFICATE"; a subject or issuer over 255
 * characters is ST_LIMIT, as CUCM refuses mixed mode with it.  A node that needs a certificate and
 * names none is left to cluster_plan(), which knows the mode.
 */
enum status inventory_load(struct inventory *inventory, struct error *err);

/* The publisher; there always is one after inventory_read(). */
const struct inventory_node *inventory_publisher(const struct inventory *inventory);

/* The role of a node's record by its services: CCM, CCM+TFTP, TFTP; false when it has none. */
bool inventory_node_tl_role(const struct inventory_node *node, unsigned *role);

/* "publisher", "subscriber", ...; "CallManager", "TFTP", ... for one bit; constant. */
const char *inventory_role_name(enum node_role role);
const char *inventory_service_name(enum node_service service);

/*
 * Appends a commented ctlsign.conf to start from, in which every setting is explained and all nodes
 * are commented examples, but for a publisher to fill in.  It can be read by inventory_read().
 * CLUSTER and RELEASE may be NULL.
 */
void inventory_template(struct buffer *out, const char *cluster, const char *release);

/* Appends VALUE as a quoted string of ctlsign.conf, escaped so that it is read back the same. */
void inventory_quote(struct buffer *out, const char *value);

#endif
