/*
 * Roles and digests: numbers and names.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/trustlist.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	unsigned role;
	const char *name;
} roles[] = {
    {TL_ROLE_SAST, "SAST"},
    {TL_ROLE_CCM, "CCM"},
    {TL_ROLE_CCM_TFTP, "CCM+TFTP"},
    {TL_ROLE_TFTP, "TFTP"},
    {TL_ROLE_CAPF, "CAPF"},
    {TL_ROLE_SRST, "SRST"},
    {TL_ROLE_FIREWALL, "FIREWALL"},
    {TL_ROLE_APP_SERVER, "APP-SERVER"},
    {TL_ROLE_CA, "CA"},
    {TL_ROLE_TVS, "TVS"},
    {TL_ROLE_CALL_CONTROL, "CALL-CONTROL"},
    {TL_ROLE_PROVISIONING, "PROVISIONING"},
    {TL_ROLE_DATA, "DATA"},
    {TL_ROLE_NETWORK_ELEMENT, "NETWORK-ELEMENT"},
    {TL_ROLE_VPN, "VPN"},
    {TL_ROLE_SERVICEABILITY, "SERVICEABILITY"},
    {TL_ROLE_UNKNOWN, "UNKNOWN"},
};

static const struct {
	enum tl_digest digest;
	const char *name; /* for people */
	const char *word; /* for command lines and files */
} digests[] = {
    {TL_SHA1, "SHA-1", "sha1"},
    {TL_SHA256, "SHA-256", "sha256"},
    {TL_SHA512, "SHA-512", "sha512"},
};

const char *tl_role_name(unsigned role)
{
	for (size_t i = 0; i < COUNT(roles); i++)
		if (roles[i].role == role)
			return roles[i].name;
	return NULL;
}

const char *tl_role_title(unsigned role)
{
	return role == TL_ROLE_SAST ? "System Administrator Security Token" : tl_role_name(role);
}

const char *tl_digest_name(unsigned digest)
{
	for (size_t i = 0; i < COUNT(digests); i++)
		if ((unsigned)digests[i].digest == digest)
			return digests[i].name;
	return NULL;
}

bool tl_digest_parse(const char *name, enum tl_digest *out)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (strcmp(digests[i].word, name) == 0) {
			*out = digests[i].digest;
			return true;
		}
	}
	return false;
}
