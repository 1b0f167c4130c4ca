/*
 * A ctlsign.conf to start from.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory.h"

#include <string.h>

/* A comment is "# text"; "#text" is an example that works when the # is taken away. */
static const char head[] = N_(
    "# What ctlsign knows about the cluster.\n"
    "#\n"
    "# A line \"# text\" explains; a line \"#setting\" is an example: take its # away to use it.\n"
    "# Paths are relative to the folder of this file.\n"
    "# Check it with: ctlsign status\n"
    "\n"
    "# ---- The cluster "
    "---------------------------------------------------------------------\n"
    "\n"
    "# Its name, for people.\n");

static const char release_text[] =
    N_("\n"
       "# Its release: 12.5(1), 12.5(1)SU3, 14SU2.  It decides what the CTL lists and who signs\n"
       "# it, so keep it up to date.\n");

static const char settings[] =
    N_("\n"
       "# Put behind the names of servers to make their DNS names (cucm-sub1.lab.example).\n"
       "#domain = \"lab.example\"\n"
       "\n"
       "# sha1, sha256 or sha512 (11.5 and later).  Without it an update keeps the digest of the\n"
       "# present CTL and a first CTL takes SHA-512.  Phones must know what is written here.\n"
       "#digest = sha256\n"
       "\n"
       "# Who signs when no token does: CallManager, or ITLRecovery (12.0 and later).\n"
       "#tokenless-signer = CallManager\n"
       "\n"
       "# Whether the registration allows export-controlled functionality: yes or no.  Without\n"
       "# it, from 12.0 on, there is no mixed mode.  Not set: no from 12.0 on, yes before.\n"
       "#export-controlled = yes\n"
       "\n"
       "# Warn of certificates that expire within so many days (1 to 3650).\n"
       "#expiry-days = 30\n"
       "\n"
       "# PKCS#11 modules of the tokens.  Not set: all that p11-kit knows.\n"
       "#modules = {\"/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so\"}\n"
       "\n"
       "# Where the history is kept, and the CTL on this machine: a working copy, which must not\n"
       "# stand in a folder that deliver names.\n"
       "#state = \"state.db\"\n"
       "#ctl-file = \"CTLFile.tlv\"\n"
       "\n"
       "# A file with models of phones that ctlsign does not know: see ctlsign-families(5).\n"
       "#phone-families = \"families.conf\"\n");

static const char publisher[] =
    N_("\n"
       "# ---- Nodes "
       "---------------------------------------------------------------------------\n"
       "\n"
       "# Fill in the publisher: its name, address and certificate.  A node may have:\n"
       "#   dns               what phones know it by; not set: the name with the domain\n"
       "#   address           IPv4 or IPv6\n"
       "#   next-address      where it is about to move: the CTL then carries both\n"
       "#   services          what runs on it: CallManager, TFTP, CAPF (publisher only),\n"
       "#                     CTIManager, TVS, CTL-Provider\n"
       "#   certificate       CallManager.pem, which TFTP uses, too\n"
       "#   capf-certificate  CAPF.pem (publisher only)\n"
       "#   deliver           where its copy of the CTL goes: folders of this machine,\n"
       "#                     sftp://USER@HOST/FOLDER (/~/FOLDER: below the user's home), or\n"
       "#                     https://HOST for the CTL Provider that runs on the node\n"
       "#   verify            where phones download from it: tftp://HOST, http://HOST:PORT\n"
       "publisher cucm-pub {\n"
       "\taddress = \"192.0.2.10\"\n"
       "\tservices = {CallManager, TFTP}\n"
       "\tcertificate = \"certs/cucm-pub.pem\"\n"
       "#\tdns = \"cucm-pub.lab.example\"\n"
       "#\tcapf-certificate = \"certs/capf.pem\"\n"
       "#\tdeliver = {\"/srv/tftp\", \"sftp://ctl@192.0.2.10/tftp\"}\n"
       "#\tverify = {\"tftp://192.0.2.10\", \"http://192.0.2.10:6970\"}\n"
       "}\n");

static const char nodes[] =
    N_("\n"
       "# At most 16.  They run CallManager and TFTP when services is not set.\n"
       "#subscriber cucm-sub1 {\n"
       "#\taddress = \"192.0.2.11\"\n"
       "#\tservices = {CallManager, CTIManager}\n"
       "#\tcertificate = \"certs/cucm-sub1.pem\"\n"
       "#\tdeliver = {\"sftp://ctl@192.0.2.11/tftp\"}\n"
       "#}\n"
       "\n"
       "# Nodes that are TFTP servers only, at most 2.\n"
       "#tftp cucm-tftp1 {\n"
       "#\taddress = \"192.0.2.21\"\n"
       "#\tnext-address = \"192.0.2.22\"\n"
       "#\tcertificate = \"certs/cucm-tftp1.pem\"\n"
       "#\tdeliver = {\"https://192.0.2.21\"}\n"
       "#}\n"
       "\n"
       "# Media servers, at most 9; the CTL does not list them.\n"
       "#media cucm-moh1 {\n"
       "#\taddress = \"192.0.2.31\"\n"
       "#}\n");

static const char others[] =
    N_("\n"
       "# ---- Others that phones trust "
       "--------------------------------------------------------\n"
       "\n"
       "# A TFTP server of another cluster.\n"
       "#alternate-tftp other-tftp {\n"
       "#\tdns = \"tftp.other.example\"\n"
       "#\taddress = \"198.51.100.10\"\n"
       "#\tcertificate = \"certs/other-tftp.pem\"\n"
       "#}\n"
       "\n"
       "# An ASA firewall; the CTL shows it as CCM.\n"
       "#firewall asa1 {\n"
       "#\taddress = \"192.0.2.1\"\n"
       "#\tcertificate = \"certs/asa1.pem\"\n"
       "#}\n"
       "\n"
       "# Any other: role is CCM, TFTP, SRST, APP-SERVER, VPN, TVS and the like.\n"
       "#entry app1 {\n"
       "#\trole = \"APP-SERVER\"\n"
       "#\taddress = \"192.0.2.41\"\n"
       "#\tcertificate = \"certs/app1.pem\"\n"
       "#}\n");

static const char keys[] =
    N_("\n"
       "# ---- Keys "
       "----------------------------------------------------------------------------\n"
       "\n"
       "# From 10.5(2) on.  A key is a PEM file or a pkcs11: URI; only tokenless signing needs\n"
       "# keys.\n"
       "#itlrecovery {\n"
       "#\tcertificate = \"certs/itlrecovery.pem\"\n"
       "#\tkey = \"keys/itlrecovery.key\"\n"
       "#}\n"
       "\n"
       "# The key of the publisher's CallManager certificate.\n"
       "#callmanager {\n"
       "#\tkey = \"pkcs11:token=CallManager;object=callmanager\"\n"
       "#}\n");

static const char publish[] =
    N_("\n"
       "# ---- Delivery "
       "------------------------------------------------------------------------\n"
       "\n"
       "# How the places of deliver are reached.  No password is ever sent to one.\n"
       "#   timeout             seconds for each step of each place, 1 to 3600\n"
       "#   ssh-key             not set: the keys of the agent, then those of ~/.ssh\n"
       "#   ssh-known-hosts     not set: ~/.ssh/known_hosts and the system's\n"
       "#   client-certificate  your own, which CTL Providers know, a PEM file\n"
       "#   client-key          its key: a PEM file or a pkcs11: URI\n"
       "#   provider-trust      PEM file with the CTL Providers' CAs or certificates; not\n"
       "#                       set: those that the system trusts\n"
       "#   phones              MAC addresses that get a list of their own, CTLSEP<MAC>.tlv,\n"
       "#                       with the CTL's content\n"
       "#publish {\n"
       "#\ttimeout = 30\n"
       "#\tssh-key = \"keys/id_ed25519\"\n"
       "#\tssh-known-hosts = \"keys/known_hosts\"\n"
       "#\tclient-certificate = \"keys/officer.pem\"\n"
       "#\tclient-key = \"keys/officer.key\"\n"
       "#\tprovider-trust = \"keys/providers.pem\"\n"
       "#\tphones = {\"001122AABBCC\", \"00:11:22:AA:BB:DD\"}\n"
       "#}\n");

static const char ports[] =
    N_("\n"
       "# ---- Ports "
       "---------------------------------------------------------------------------\n"
       "\n"
       "# Only those that were changed are needed; sccp-tls is sccp + 443 when not set.\n");

void inventory_template(struct buffer *out, const char *cluster, const char *release)
{
	buffer_printf(out, "%scluster = ", _(head));
	inventory_quote(out, cluster != NULL ? cluster : "my-cluster");
	buffer_printf(out, "\n%srelease = ", _(release_text));
	inventory_quote(out, release != NULL ? release : "12.5(1)");
	buffer_printf(out, "\n%s%s%s%s%s%s%s#ports {\n", _(settings), _(publisher), _(nodes),
	    _(others), _(keys), _(publish), _(ports));
	for (unsigned i = 0; i < N_PORTS; i++)
		buffer_printf(out, "#\t%s = %u\n", port_name(i), port_default(i));
	buffer_printf(out, "#}\n");
}

void inventory_quote(struct buffer *out, const char *value)
{
	buffer_add_u8(out, '"');
	for (; *value != '\0'; value++) {
		const unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c == 0x7f)
			buffer_printf(out, "\\x%02x", c);
		else if (strchr("\"\\$", c) != NULL)
			buffer_printf(out, "\\%c", c);
		else
			buffer_add_u8(out, c);
	}
	buffer_add_u8(out, '"');
}
