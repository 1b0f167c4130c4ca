/*
 * Checks of the file and its header: size, algorithms, file name, timestamp, padding.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/lint.h"

#include "trustlist/describe.h"
#include "trustlist/elements.h"

#include <ctype.h>
#include <string.h>

/* Clocks of two machines may differ by so much (seconds) before a timestamp lies in the future. */
#define CLOCK_SLACK 300

static void check_size(struct lint *lint)
{
	size_t size = lint->list->file.len;

	if (size > TL_PHONE_MAX)
		lint_add(lint, LINT_OVER_64K, TL_ERROR, 0,
		    _("take out entries that no phone needs any more"),
		    _("the file has %zu bytes; phones load %u at most"), size, TL_PHONE_MAX);
	else if (size > TL_PHONE_MAX / 10 * 9)
		lint_add(lint, LINT_NEAR_64K, TL_WARNING, 0,
		    _("take out entries that no phone needs any more"),
		    _("the file has %zu bytes, and phones load %u at most: little room is left"),
		    size, TL_PHONE_MAX);
}

static void check_algorithms(struct lint *lint)
{
	const struct trustlist *list = lint->list;

	if (tl_digest_name(list->digest) == NULL)
		lint_add(lint, LINT_UNKNOWN_ALGORITHM, TL_ERROR, 0, NULL,
		    _("DIGESTALGORITHM is %u, which no phone knows"), list->digest);
	if (list->digest == TL_SHA1)
		lint_add(lint, LINT_SHA1_DIGEST, TL_ADVICE, 0,
		    _("sign with SHA-512 once all phones have firmware of CUCM 11.5(1) or later"),
		    _("the list is signed over a SHA-1 digest, which is weak"));
	if (list->signature_algorithm != 0)
		lint_add(lint, LINT_UNKNOWN_ALGORITHM, TL_ERROR, 0, NULL,
		    _("SIGNATUREALGORITHM is %u; phones know 0 (RSA) only"),
		    list->signature_algorithm);
}

static void check_versions(struct lint *lint)
{
	const struct trustlist *list = lint->list;

	if (list->version[0] != 1 || list->version[1] != 2)
		lint_add(lint, LINT_UNKNOWN_VERSION, TL_WARNING, 0, NULL,
		    _("Version is %u.%u; trust lists that phones are known to take have 1.2"),
		    list->version[0], list->version[1]);
	if (list->has_signer_version &&
	    (list->signer_version[0] != 1 || list->signer_version[1] > 1))
		lint_add(lint, LINT_UNKNOWN_VERSION, TL_WARNING, 0, NULL,
		    _("SIGNERVERSION is %u.%u; only 1.0 and 1.1 are known"),
		    list->signer_version[0], list->signer_version[1]);
}

/* CTLFile.tlv and ITLFile.tlv on servers, CTLSEP<MAC>.tlv and ITLSEP<MAC>.tlv for one phone. */
static bool is_usual_filename(struct bytes name)
{
	const char *text = (const char *)name.data;

	if (name.len == 11)
		return memcmp(text, "CTLFile.tlv", 11) == 0 || memcmp(text, "ITLFile.tlv", 11) == 0;
	if (name.len != 22 || (memcmp(text, "CTLSEP", 6) != 0 && memcmp(text, "ITLSEP", 6) != 0))
		return false;
	for (size_t i = 6; i < 18; i++)
		if (!isxdigit(name.data[i]))
			return false;
	return memcmp(text + 18, ".tlv", 4) == 0;
}

static void check_filename(struct lint *lint)
{
	struct bytes stored = lint->list->filename;
	char name[DESCRIBE_NAME_MAX];

	if (stored.data == NULL)
		lint_add(lint, LINT_MISSING_ELEMENT, TL_WARNING, 0, NULL,
		    _("FILENAME is missing in the header"));
	else if (!is_usual_filename(tl_string(stored)))
		lint_add(lint, LINT_FILENAME, TL_ADVICE, 0, NULL,
		    _("FILENAME is '%s', not CTLFile.tlv, ITLFile.tlv or a phone's CTLSEP....tlv "
		      "or ITLSEP....tlv"),
		    describe_name_into(name, sizeof(name), stored));
}

static void check_timestamp(struct lint *lint)
{
	const struct trustlist *list = lint->list;
	char when[DESCRIBE_TIME_MAX];

	if (!list->has_timestamp)
		lint_add(lint, LINT_MISSING_ELEMENT, TL_WARNING, 0, NULL,
		    _("TIMESTAMP is missing in the header"));
	else if ((time_t)list->timestamp > lint->now + CLOCK_SLACK)
		lint_add(lint, LINT_FUTURE_TIMESTAMP, TL_WARNING, 0,
		    _("check the clock of the computer that signs"),
		    _("TIMESTAMP lies in the future: %s"),
		    describe_time(when, (time_t)list->timestamp));
}

static void check_padding(struct lint *lint)
{
	if (lint->list->header_length % 4 != 0)
		lint_add(lint, LINT_HEADER_PADDING, TL_ADVICE, 0, NULL,
		    _("the header has %zu bytes, which is no multiple of 4 as in CUCM's files"),
		    lint->list->header_length);
}

static void check_header_elements(struct lint *lint)
{
	for (size_t i = 0; i < lint->list->n_header_elements; i++) {
		const struct tl_element *element = &lint->list->elements[i];

		if (element_rule_header(element->tag)->name == NULL)
			lint_add(lint, LINT_UNKNOWN_ELEMENT, TL_ADVICE, 0, NULL,
			    _("nothing is known of the element %u at offset %zu in the header"),
			    element->tag, element->offset);
	}
}

static void check_header_string(struct lint *lint, uint8_t tag, struct bytes stored)
{
	const char *name = element_rule_header(tag)->name;

	if (stored.data == NULL)
		return;
	if (tl_string(stored).len == stored.len)
		lint_add(lint, LINT_UNTERMINATED_STRING, TL_WARNING, 0, NULL,
		    _("%s in the header does not end with a NUL byte"), name);
	if (tl_string(stored).len > 255)
		lint_add(lint, LINT_NAME_OVER_255, TL_ERROR, 0,
		    _("sign with a certificate that has shorter names"),
		    _("%s in the header has %zu characters; CUCM takes 255 at most"), name,
		    tl_string(stored).len);
}

void lint_file(struct lint *lint)
{
	const struct trustlist *list = lint->list;

	check_size(lint);
	check_algorithms(lint);
	check_versions(lint);
	check_filename(lint);
	check_timestamp(lint);
	check_padding(lint);
	check_header_elements(lint);
	if (list->signer_name.data == NULL)
		lint_add(lint, LINT_MISSING_ELEMENT, TL_WARNING, 0, NULL,
		    _("SIGNERNAME is missing in the header"));
	check_header_string(lint, TL_H_SIGNER_NAME, list->signer_name);
	check_header_string(lint, TL_H_CA_NAME, list->signer_issuer);
	check_header_string(lint, TL_H_FILENAME, list->filename);
}
