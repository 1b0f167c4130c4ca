/*
 * What the files that read ctlsign.conf share; private to them.
 *
 * The way of a file: conf_read() takes what inventory_grammar allows, inventory_take_*() turn its
 * values into an inventory, inventory_check() looks at the whole.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_INVENTORY_PARTS_H
#define CTLSIGN_CLUSTER_INVENTORY_PARTS_H

#include "cluster/inventory.h"
#include "conf/conf.h"

/* The top level, 28 nodes, the other servers, and a section each of those without a name. */
#define INVENTORY_MAX_SECTIONS                                                                     \
	(1 + 1 + INVENTORY_MAX_SUBSCRIBERS + INVENTORY_MAX_TFTP + INVENTORY_MAX_MEDIA +            \
	    INVENTORY_MAX_OTHERS + 4)

/* What may stand in the file. */
extern const struct conf_grammar inventory_grammar;

/* ---- values -------------------------------------------------------------------------------- */

/* conf_text() of a DNS name: no blanks, and nothing that cannot be printed. */
enum status place_dns(
    const struct conf_place *place, const char *name, char **out, struct error *err);

/* An IP address, but none that means "any"; *OUT stays as it is when NAME is not set. */
enum status place_address(const struct conf_place *place, const char *name,
    struct inventory_address *out, struct error *err);

/* The path of a certificate; its line is the section's when NAME is not set. */
enum status place_certificate(const struct conf_place *place, const char *name,
    struct inventory_certificate *out, struct error *err);

/* A private key: a path or a pkcs11: URI. */
enum status place_key(
    const struct conf_place *place, const char *name, struct inventory_key *out, struct error *err);

/* `deliver` and `verify`; after the ports, one of which is a target's default. */
enum status place_targets(const struct conf_place *place, const struct inventory *inventory,
    struct inventory_targets *out, struct error *err);
enum status place_urls(
    const struct conf_place *place, struct inventory_urls *out, struct error *err);
void inventory_targets_free(struct inventory_targets *targets);

/* ---- addresses ----------------------------------------------------------------------------- */

/* "SCHEME://[USER@]HOST[:PORT][PATH]".  Start from all zero; url_free() in any case. */
struct url {
	char *user;	  /* decoded; NULL */
	char *host;	  /* without brackets */
	unsigned port;	  /* 0: not said */
	const char *path; /* as it stands in the text; "", or begins with '/' */
};

/* The length of SCHEME before "://"; 0 when TEXT does not begin so. */
size_t url_scheme_length(const char *text);

/* Whether it begins with this one, in any case. */
bool url_has_scheme(const char *text, const char *scheme);

/* TEXT, which has a scheme.  Errors are without their place. */
enum status url_parse(const char *text, struct url *out, struct error *err);
void url_free(struct url *url);

/* A copy with its "%41" replaced; control characters are refused. */
enum status url_decode(const char *text, size_t len, char **out, struct error *err);

/* ---- the inventory ------------------------------------------------------------------------- */

/* The top level's settings and those of itlrecovery and callmanager. */
enum status inventory_take_settings(
    const struct conf *conf, struct inventory *out, struct error *err);
enum status inventory_take_ports(const struct conf *conf, struct inventory *out, struct error *err);
enum status inventory_take_publish(
    const struct conf *conf, struct inventory *out, struct error *err);
/* Nodes and other servers; after the settings, whose domain they need. */
enum status inventory_take_servers(
    const struct conf *conf, struct inventory *out, struct error *err);
enum status inventory_take_services(
    const struct conf_place *place, struct inventory_node *node, struct error *err);

/* Names and addresses that stand twice, addresses that are missing. */
enum status inventory_check(
    const struct conf *conf, const struct inventory *inventory, struct error *err);
/* Targets that stand twice, or are the CTL file of this machine. */
enum status inventory_check_targets(
    const struct conf *conf, const struct inventory *inventory, struct error *err);

/* IPv4 or IPv6; false, and none in OUT, for anything else. */
bool inventory_address_parse(const char *text, struct inventory_address *out);
/* Both there, and the same. */
bool inventory_address_equal(const struct inventory_address *a, const struct inventory_address *b);

#endif
