/*
 * Which files the provider hands out and stores, and nothing else.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_NAMES_H
#define CTLSIGN_PROVIDER_NAMES_H

/* "CTLSEP001122AABBCC.tlv" is the longest. */
#define PROVIDER_NAME_MAX 32

#define PROVIDER_CTL "CTLFile.tlv"

enum file_kind {
	FILE_NONE,
	FILE_CTL,	/* CTLFile.tlv */
	FILE_PHONE_CTL, /* CTLSEP and a phone's MAC address, 12 digits, upper case */
	FILE_CAPF_DER,	/* capf.cer */
	FILE_CAPF_PEM,	/* capf.pem */
};

/* FILE_NONE for a name that is not one of these: no such file is ever touched. */
enum file_kind provider_file_kind(const char *name);

#endif
