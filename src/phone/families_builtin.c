/*
 * The families that come with the program.
 *
 * Only what a source says or what follows from one stands here.  A model that is left out is in no
 * family, and a digest or key that is not told is not known.
 *
 * Whether a family has Security By Default:
 *   - yes: its administration guide has the step "Requesting the ITL file" with a pointer to the
 *     chapter "Security By Default": the guide for 7975G, 7971G-GE, 7970G, 7965G and 7945G
 *     (Unified CM 9.0), and the IP phone guide for Unified CM 8.5 (OL-23092-01);
 *   - yes, as it follows: the series that came out after Unified CM 8.0, where every cluster has
 *     it (6921 to 6961, 7800, 8800, 8900, 9900, DX); no list of models was at hand.  6901, 6911
 *     and the ATAs are too simple to be sure of: "maybe";
 *   - yes, as it follows: 7906, 7911, 7931, 7941, 7942, 7961 and 7962 load the same firmware 9.x as
 *     those (the "TNP phones" of Cisco's advisory for CVE-2011-1637; 9.0(3) readme of 7911G);
 *   - no: Cisco's documents 116232 and 118893 name 7940 and 7960, Jabber, and many TelePresence
 *     endpoints as those that have to know the signer by their CTL.  Which TelePresence endpoints
 *     depends on the endpoint and its software, so that their row says "maybe".
 *   - no, as it follows: Security By Default came with Unified CM 8.0 in 2010; the newest firmware
 *     that Cisco's guides name for 7902, 7905 and 7912 is of November 2005
 *     (CP7902080001SCCP051117A, CP7905080001SCCP051117A, CP7912080001SCCP051117A; Unified CME's
 *     configuration guide).
 *
 * Digests: SHA-1 is known by all.  Lists with SHA-512 came with 11.5(1) in 2016 and need firmware
 * of that age.  7940 and 7960 ended with 8.x (SCCP 8.0(10), SIP 8.11; readme files of these), 7902,
 * 7905 and 7912 as above: they cannot know it.  All others: by firmware.  No document tells who
 * knows SHA-256, which Unified CM never writes.
 *
 * Keys: no document tells which phones check keys over 2048 bits.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/families_parts.h"

#define MODELS_MAX 16

#define BY_FIRMWARE                                                                                \
	{                                                                                          \
		[TL_SHA1] = PHONE_YES, [TL_SHA256] = PHONE_MAYBE, [TL_SHA512] = PHONE_MAYBE        \
	}
#define TOO_OLD                                                                                    \
	{                                                                                          \
		[TL_SHA1] = PHONE_YES, [TL_SHA256] = PHONE_MAYBE, [TL_SHA512] = PHONE_NO           \
	}

/* The names are Cisco's, and are not translated. */
static const struct {
	struct phone_family family;
	const char *models[MODELS_MAX];
} builtin[] = {
    {{"Cisco 7940 and 7960", PHONE_NO, TOO_OLD, 0}, {"7940", "7940G", "7960", "7960G"}},
    {{"Cisco 7902, 7905 and 7912", PHONE_NO, TOO_OLD, 0},
	{"7902", "7902G", "7905", "7905G", "7912", "7912G"}},
    {{"Cisco 7945, 7965, 7970, 7971 and 7975", PHONE_YES, BY_FIRMWARE, 0},
	{"7945", "7945G", "7965", "7965G", "7970", "7970G", "7971", "7971G", "7971G-GE", "7975",
	    "7975G"}},
    {{"Cisco 7906, 7911, 7931, 7941, 7942, 7961 and 7962", PHONE_YES, BY_FIRMWARE, 0},
	{"7906", "7906G", "7911", "7911G", "7931", "7931G", "7941", "7941G", "7941G-GE", "7942",
	    "7942G", "7961", "7961G", "7961G-GE", "7962", "7962G"}},
    {{"Cisco 6921 to 6961", PHONE_YES, BY_FIRMWARE, 0}, {"6921", "6941", "6945", "6961"}},
    {{"Cisco 6901 and 6911", PHONE_MAYBE, BY_FIRMWARE, 0}, {"6901", "6911"}},
    {{"Cisco 7800", PHONE_YES, BY_FIRMWARE, 0}, {"7811", "7821", "7832", "7841", "7861"}},
    {{"Cisco 8800", PHONE_YES, BY_FIRMWARE, 0},
	{"8811", "8821", "8821-EX", "8831", "8832", "8832NR", "8841", "8845", "8851", "8851NR",
	    "8861", "8865", "8865NR"}},
    {{"Cisco 8900 and 9900", PHONE_YES, BY_FIRMWARE, 0}, {"8941", "8945", "8961", "9951", "9971"}},
    {{"Cisco DX", PHONE_YES, BY_FIRMWARE, 0}, {"DX650", "DX70", "DX80"}},
    {{"Cisco ATA 190", PHONE_MAYBE, BY_FIRMWARE, 0}, {"ATA 190", "ATA 191"}},
    {{"Cisco Jabber", PHONE_NO, BY_FIRMWARE, 0},
	{"Jabber", "Jabber for *", "Client Services Framework", "CSF", "Dual Mode for iPhone",
	    "TCT", "Dual Mode for Android", "BOT", "TAB"}},
    {{"Cisco TelePresence", PHONE_MAYBE, BY_FIRMWARE, 0}, {"TelePresence *"}},
};

enum status families_add_builtin(struct phone_families *families, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		size_t n = 0;

		while (n < MODELS_MAX && builtin[i].models[n] != NULL)
			n++;
		st = families_add(families, &builtin[i].family, builtin[i].models, n, err);
	}
	return st;
}
