/*
 * Tells how the headers differ: signer, digest, file name, versions, timestamp.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/diff.h"

#include "trustlist/describe.h"
#include "trustlist/sorted.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 24

/* The record's number from 0, DIFF_NONE without a record. */
static size_t index_of(const struct trustlist *list, const struct tl_record *record)
{
	return record != NULL ? (size_t)(record - list->records) : DIFF_NONE;
}

void diff_signer(struct diff *diff)
{
	const struct tl_record *a = tl_signer_record(diff->old);
	const struct tl_record *b = tl_signer_record(diff->new);
	char old_words[DESCRIBE_ENTRY_MAX], new_words[DESCRIBE_ENTRY_MAX];
	bool same_id = bytes_equal(diff->old->signer_serial, diff->new->signer_serial) &&
		       bytes_equal(diff->old->signer_issuer, diff->new->signer_issuer);
	bool same_certificate =
	    a != NULL && b != NULL && sorted_compare_bytes(a->certificate, b->certificate) == 0;

	if (same_id && (same_certificate || (a == NULL && b == NULL)))
		return;
	describe_signer(old_words, diff->old);
	describe_signer(new_words, diff->new);
	if (same_certificate)
		diff_add(diff, TL_SIGNER_CHANGED, "signer-name", index_of(diff->old, a),
		    index_of(diff->new, b),
		    _("the signer is the same certificate, written differently: %s -> %s"),
		    old_words, new_words);
	else if (same_id && b == NULL)
		diff_add(diff, TL_SIGNER_CHANGED, "signer", index_of(diff->old, a), DIFF_NONE,
		    _("signer %s is none of the SAST entries any more"), new_words);
	else if (same_id && a == NULL)
		diff_add(diff, TL_SIGNER_CHANGED, "signer", DIFF_NONE, index_of(diff->new, b),
		    _("signer %s was none of the SAST entries and is one now"), new_words);
	else if (same_id)
		diff_add(diff, TL_SIGNER_CHANGED, "signer", index_of(diff->old, a),
		    index_of(diff->new, b),
		    _("signer %s has another certificate under the same serial and issuer"),
		    new_words);
	else
		diff_add(diff, TL_SIGNER_CHANGED, "signer", index_of(diff->old, a),
		    index_of(diff->new, b), _("signer changes from %s to %s"), old_words,
		    new_words);
}

static const char *digest_words(char out[WORD_MAX], unsigned digest)
{
	const char *name = tl_digest_name(digest);

	if (name != NULL)
		return name;
	snprintf(out, WORD_MAX, "%u", digest);
	return out;
}

static void tell_digest(struct diff *diff)
{
	char a[WORD_MAX], b[WORD_MAX];

	if (diff->old->digest != diff->new->digest)
		diff_add(diff, TL_HEADER_CHANGED, "digest", DIFF_NONE, DIFF_NONE,
		    _("digest changes from %s to %s"), digest_words(a, diff->old->digest),
		    digest_words(b, diff->new->digest));
}

static void tell_filename(struct diff *diff)
{
	char a[DESCRIBE_NAME_MAX], b[DESCRIBE_NAME_MAX];

	if (sorted_compare_bytes(diff->old->filename, diff->new->filename) != 0)
		diff_add(diff, TL_HEADER_CHANGED, "filename", DIFF_NONE, DIFF_NONE,
		    _("file name changes from '%s' to '%s'"),
		    describe_name_into(a, sizeof(a), diff->old->filename),
		    describe_name_into(b, sizeof(b), diff->new->filename));
}

static const char *version_words(char out[WORD_MAX], bool there, const uint8_t version[2])
{
	if (!there)
		return _("none");
	snprintf(out, WORD_MAX, "%u.%u", version[0], version[1]);
	return out;
}

static void tell_versions(struct diff *diff)
{
	const struct trustlist *old = diff->old, *new = diff->new;
	char a[WORD_MAX], b[WORD_MAX];

	if (memcmp(old->version, new->version, sizeof(old->version)) != 0)
		diff_add(diff, TL_HEADER_CHANGED, "version", DIFF_NONE, DIFF_NONE,
		    _("version changes from %s to %s"), version_words(a, true, old->version),
		    version_words(b, true, new->version));
	if (old->has_signer_version != new->has_signer_version ||
	    memcmp(old->signer_version, new->signer_version, sizeof(old->signer_version)) != 0)
		diff_add(diff, TL_HEADER_CHANGED, "signer-version", DIFF_NONE, DIFF_NONE,
		    _("signer version changes from %s to %s"),
		    version_words(a, old->has_signer_version, old->signer_version),
		    version_words(b, new->has_signer_version, new->signer_version));
}

static const char *time_words(char out[DESCRIBE_TIME_MAX], const struct trustlist *list)
{
	return list->has_timestamp ? describe_time(out, (time_t)list->timestamp) : _("none");
}

static void tell_timestamp(struct diff *diff)
{
	const struct trustlist *old = diff->old, *new = diff->new;
	char a[DESCRIBE_TIME_MAX], b[DESCRIBE_TIME_MAX];

	if (old->has_timestamp == new->has_timestamp && old->timestamp == new->timestamp)
		return;
	if (old->has_timestamp && new->has_timestamp &&new->timestamp < old->timestamp)
		diff_add(diff, TL_HEADER_CHANGED, "timestamp", DIFF_NONE, DIFF_NONE,
		    _("timestamp goes back from %s to %s"), time_words(a, old), time_words(b, new));
	else
		diff_add(diff, TL_HEADER_CHANGED, "timestamp", DIFF_NONE, DIFF_NONE,
		    _("timestamp changes from %s to %s"), time_words(a, old), time_words(b, new));
}

void diff_header(struct diff *diff)
{
	tell_digest(diff);
	tell_filename(diff);
	tell_versions(diff);
	tell_timestamp(diff);
}
