/*
 * An inventory for tests, made in memory: no ctlsign.conf and no certificate file is read.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_CLUSTER_H
#define CTLSIGN_TESTS_FIXTURE_CLUSTER_H

#include "base/bytes.h"
#include "cluster/inventory.h"

/*
 * A certificate with the subject "C=PL, O=Lab, CN=<CN>", self-signed, RSA-1024; the same one each
 * time it is asked for, kept until the program ends.  Another VERSION is a renewed certificate:
 * same subject, other serial, and its key is FIXTURE_RSA_1024_A for an even VERSION, else B.
 */
#define FIXTURE_CLUSTER_SERIAL 3 /* bytes of its serial; the second is the version */
X509 *fixture_cluster_cert(const char *cn, unsigned version);

/*
 * Fills OUT with the cluster "lab" of RELEASE ("12.5(1)", SU is not looked at), whose ctlsign.conf
 * is called "ctlsign.conf": a publisher cucm-pub (line 10; dns cucm-pub.lab, 10.1.2.3) with
 * CallManager, TFTP and CAPF, and ITLRecovery; all certificates are there, version 0, with the CNs
 * "cucm-pub.lab", "CAPF-cucm-pub" and "ITLRECOVERY_cucm-pub.lab".  No domain, no keys.
 */
void fixture_cluster(struct inventory *out, const char *release);
void fixture_cluster_free(struct inventory *inventory);

/*
 * Adds a node or server: dns NAME.lab, certificate with that CN, version 0, on a line of its own:
 * ten behind the one before.  Pointers stay good until fixture_cluster_free().
 */
struct inventory_node *fixture_cluster_node(struct inventory *inventory, enum node_role role,
    const char *name, const char *address, unsigned services);

enum fixture_server { FIXTURE_ALTERNATE_TFTP, FIXTURE_FIREWALL, FIXTURE_ENTRY };
struct inventory_server *fixture_cluster_server(struct inventory *inventory,
    enum fixture_server kind, const char *name, const char *address, unsigned role);

/* Sets what an inventory owns, and lets go of what was there; NULL empties. */
void fixture_cluster_text(char **text, const char *value);
void fixture_cluster_address(struct inventory_address *address, const char *value);
void fixture_cluster_certificate(struct inventory_certificate *certificate, X509 *x509);

/*
 * A CTL with these ENTRIES in their order, signed with the test's key by the certificate SIGNER
 * (one of fixture_cluster_cert()): SHA-512, names as CUCM's, FIXTURE_TIMESTAMP.  OUT is emptied
 * first.
 */
void fixture_cluster_list(
    const struct tl_entry *entries, size_t n, X509 *signer, struct buffer *out);

#endif
