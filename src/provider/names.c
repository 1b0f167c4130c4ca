/*
 * The names of the files that a provider has to do with.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/names.h"

#include <string.h>

#define PHONE_BEGIN "CTLSEP"
#define MAC_DIGITS  12

enum file_kind provider_file_kind(const char *name)
{
	if (strcmp(name, PROVIDER_CTL) == 0)
		return FILE_CTL;
	if (strcmp(name, "capf.cer") == 0)
		return FILE_CAPF_DER;
	if (strcmp(name, "capf.pem") == 0)
		return FILE_CAPF_PEM;
	if (strncmp(name, PHONE_BEGIN, strlen(PHONE_BEGIN)) != 0)
		return FILE_NONE;
	name += strlen(PHONE_BEGIN);
	if (strspn(name, "0123456789ABCDEF") != MAC_DIGITS ||
	    strcmp(name + MAC_DIGITS, ".tlv") != 0)
		return FILE_NONE;
	return FILE_PHONE_CTL;
}
