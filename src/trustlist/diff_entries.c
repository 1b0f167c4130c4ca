/*
 * Tells which entries are new, gone, changed or moved.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/diff.h"

#include "trustlist/describe.h"
#include "trustlist/sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record of the old list and its partner. */
struct pair {
	struct diff *diff;
	const struct tl_record *old;
	const struct tl_record *new;
	size_t old_index;
	size_t new_index;
};

/* An entry that only one of the lists has. */
struct lone {
	size_t index;
	char words[DESCRIBE_ENTRY_MAX];
};

/* All of them in one list, and the words for as many as will be told. */
struct side {
	const struct trustlist *list;
	struct lone *told;
	size_t n_told;
	size_t n;
};

static bool find_lone(struct side *side, const struct trustlist *list, const size_t *partners)
{
	*side = (struct side){.list = list};
	for (size_t i = 0; i < list->n_records; i++)
		if (partners[i] == DIFF_NONE)
			side->n++;
	side->told = calloc((side->n < DIFF_MOST ? side->n : DIFF_MOST) + 1, sizeof(*side->told));
	if (side->told == NULL)
		return false;
	for (size_t i = 0; i < list->n_records && side->n_told < DIFF_MOST; i++) {
		if (partners[i] != DIFF_NONE)
			continue;
		side->told[side->n_told].index = i;
		describe_entry(side->told[side->n_told].words, &list->records[i]);
		side->n_told++;
	}
	return true;
}

static bool has_words(const struct side *side, const char *words)
{
	for (size_t i = 0; i < side->n_told; i++)
		if (strcmp(side->told[i].words, words) == 0)
			return true;
	return false;
}

#define SHA1_MAX 41

static const char *sha1(char out[SHA1_MAX], struct bytes data)
{
	struct buffer hex = BUFFER_INIT;

	snprintf(out, SHA1_MAX, "%s",
	    describe_hash(&hex, "SHA1", data, '\0', true) && !hex.failed ? buffer_text(&hex) : "?");
	buffer_free(&hex);
	return out;
}

/* Room for an entry, a hash and a few words. */
#define LONE_MAX (DESCRIBE_ENTRY_MAX + 128)

/* When the other list's entry would be told in the same words, a hash tells the two apart. */
static const char *lone_words(
    char out[LONE_MAX], const struct side *side, const struct side *other, const struct lone *lone)
{
	const struct tl_record *record = &side->list->records[lone->index];
	struct bytes whole = {side->list->file.data + record->offset, record->length};
	char hash[SHA1_MAX];

	if (!has_words(other, lone->words))
		snprintf(out, LONE_MAX, "%s", lone->words);
	else if (record->certificate.data != NULL)
		snprintf(out, LONE_MAX, _("%s, SHA-1 of its certificate %s"), lone->words,
		    sha1(hash, record->certificate));
	else
		snprintf(
		    out, LONE_MAX, _("%s, SHA-1 of its record %s"), lone->words, sha1(hash, whole));
	return out;
}

static void tell_lone(struct diff *diff)
{
	struct side removed, added = {0};
	char words[LONE_MAX];

	if (!find_lone(&removed, diff->old, diff->to_new) ||
	    !find_lone(&added, diff->new, diff->to_old)) {
		diff->failed = true;
		goto out;
	}
	for (size_t i = 0; i < removed.n_told; i++)
		diff_add(diff, TL_ENTRY_REMOVED, "entry", removed.told[i].index, DIFF_NONE,
		    _("removes %s"), lone_words(words, &removed, &added, &removed.told[i]));
	for (size_t i = 0; i < added.n_told; i++)
		diff_add(diff, TL_ENTRY_ADDED, "entry", DIFF_NONE, added.told[i].index,
		    _("adds %s"), lone_words(words, &added, &removed, &added.told[i]));
	diff->count[TL_ENTRY_REMOVED] += removed.n - removed.n_told;
	diff->count[TL_ENTRY_ADDED] += added.n - added.n_told;
out:
	free(removed.told);
	free(added.told);
}

static void tell_certificate(const struct pair *p)
{
	char name[DESCRIBE_TITLE_MAX], old_hash[SHA1_MAX], new_hash[SHA1_MAX];
	char old_serial[DESCRIBE_SERIAL_MAX], new_serial[DESCRIBE_SERIAL_MAX];

	describe_title(name, p->old);
	describe_serial(old_serial, p->old->serial);
	describe_serial(new_serial, p->new->serial);
	if (p->new->certificate.data == NULL)
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("%s loses its certificate (serial %s)"), name, old_serial);
	else if (p->old->certificate.data == NULL)
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("%s gets a certificate (serial %s)"), name, new_serial);
	else if (bytes_equal(p->old->serial, p->new->serial))
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("certificate of %s changes: SHA-1 %s -> SHA-1 %s, with the same serial %s"),
		    name, sha1(old_hash, p->old->certificate), sha1(new_hash, p->new->certificate),
		    new_serial);
	else
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("certificate of %s changes: serial %s -> serial %s"), name, old_serial,
		    new_serial);
}

static void tell_name(const struct pair *p)
{
	char entry[DESCRIBE_ENTRY_MAX], old_name[DESCRIBE_NAME_MAX], new_name[DESCRIBE_NAME_MAX];

	diff_add(p->diff, TL_ENTRY_CHANGED, "dns", p->old_index, p->new_index,
	    _("DNS name of %s changes from '%s' to '%s'"), describe_entry(entry, p->new),
	    describe_name_into(old_name, sizeof(old_name), p->old->dns),
	    describe_name_into(new_name, sizeof(new_name), p->new->dns));
}

static const char *address(char out[DESCRIBE_IP_MAX], struct bytes ip)
{
	return describe_ip(out, ip) ? out : _("none");
}

static void tell_address(const struct pair *p)
{
	char entry[DESCRIBE_ENTRY_MAX], old_ip[DESCRIBE_IP_MAX], new_ip[DESCRIBE_IP_MAX];

	diff_add(p->diff, TL_ENTRY_CHANGED, "ip", p->old_index, p->new_index,
	    _("IP address of %s changes from %s to %s"), describe_entry(entry, p->new),
	    address(old_ip, p->old->ip), address(new_ip, p->new->ip));
}

static bool same_bytes(const struct pair *p)
{
	struct bytes a = {p->diff->old->file.data + p->old->offset, p->old->length};
	struct bytes b = {p->diff->new->file.data + p->new->offset, p->new->length};

	return bytes_equal(a, b);
}

static void tell_pair(const struct pair *p)
{
	bool told = false;
	char entry[DESCRIBE_ENTRY_MAX];

	if (same_bytes(p))
		return;
	if (sorted_compare_bytes(p->old->certificate, p->new->certificate) != 0) {
		tell_certificate(p);
		told = true;
	}
	if (sorted_compare_bytes(p->old->dns, p->new->dns) != 0) {
		tell_name(p);
		told = true;
	}
	if (sorted_compare_bytes(p->old->ip, p->new->ip) != 0) {
		tell_address(p);
		told = true;
	}
	if (!told)
		diff_add(p->diff, TL_ENTRY_CHANGED, "encoding", p->old_index, p->new_index,
		    _("%s is written differently, with the same certificate, name and address"),
		    describe_entry(entry, p->new));
}

static void tell_changed(struct diff *diff)
{
	for (size_t i = 0; i < diff->old->n_records; i++) {
		size_t partner = diff->to_new[i];
		struct pair p = {diff, &diff->old->records[i], NULL, i, partner};

		if (partner == DIFF_NONE)
			continue;
		p.new = &diff->new->records[partner];
		tell_pair(&p);
	}
}

/* Entries that both lists have, and of which one now stands before another that it followed. */
static void tell_order(struct diff *diff)
{
	size_t last = 0;

	for (size_t i = 0; i < diff->old->n_records; i++) {
		size_t partner = diff->to_new[i];

		if (partner == DIFF_NONE)
			continue;
		if (partner < last) {
			char entry[DESCRIBE_ENTRY_MAX];

			diff_add(diff, TL_ORDER_CHANGED, "order", i, partner,
			    _("the order of the entries changes: %s moves up"),
			    describe_entry(entry, &diff->new->records[partner]));
			return;
		}
		last = partner;
	}
}

void diff_entries(struct diff *diff)
{
	tell_lone(diff);
	tell_changed(diff);
	tell_order(diff);
}
