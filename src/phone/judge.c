/*
 * What a phone does with a new CTL: the rules, in their order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/phone.h"

#include <limits.h>

/* RSA keys of this size every phone can check: CUCM's own certificates have them. */
#define KEY_OF_ALL 2048

const struct phone_family phone_family_with_sbd = {
    .name = "with Security By Default",
    .security_by_default = PHONE_YES,
    .digests = {[TL_SHA1] = PHONE_YES, [TL_SHA256] = PHONE_YES, [TL_SHA512] = PHONE_YES},
    .largest_key = UINT_MAX,
};

const struct phone_family phone_family_without_sbd = {
    .name = "without Security By Default",
    .security_by_default = PHONE_NO,
    .digests = {[TL_SHA1] = PHONE_YES, [TL_SHA256] = PHONE_YES, [TL_SHA512] = PHONE_YES},
    .largest_key = UINT_MAX,
};

static struct phone_verdict verdict(enum phone_outcome outcome, enum phone_why why)
{
	return (struct phone_verdict){outcome, why};
}

static struct phone_verdict rejected(enum phone_why why)
{
	return verdict(PHONE_REJECTED, why);
}

static struct phone_verdict unknown(enum phone_why why)
{
	return verdict(PHONE_UNKNOWN, why);
}

static struct phone_verdict installed(enum phone_outcome outcome)
{
	return verdict(outcome, PHONE_WHY_NOTHING);
}

/* The list that the phone holds, if it is known byte by byte. */
static const struct phone_list *held_by(const struct phone *phone)
{
	return phone->ctl == PHONE_HOLDS_LIST ? phone->list : NULL;
}

static enum phone_answer knows_digest(const struct phone *phone, unsigned digest)
{
	const struct phone_list *held = held_by(phone);

	if (digest < TL_SHA1 || digest > TL_SHA512)
		return PHONE_NO;
	/* All know SHA-1, and that it holds a list is proof, whatever the table says. */
	if (digest == TL_SHA1 || (held != NULL && held->digest == digest))
		return PHONE_YES;
	return phone->family != NULL ? phone->family->digests[digest] : PHONE_MAYBE;
}

static enum phone_answer can_check_key(const struct phone *phone, const struct phone_list *list)
{
	const struct phone_list *held = held_by(phone);
	const unsigned largest = phone->family != NULL ? phone->family->largest_key : 0;

	if (held != NULL && list->key_bits > 0 && held->key_bits >= list->key_bits)
		return PHONE_YES;
	/* The very same key, however large it is. */
	if (held != NULL && list->key_bits == 0 && list->signer.key.len > 0 &&
	    bytes_equal(held->signer.key, list->signer.key))
		return PHONE_YES;
	if (largest == UINT_MAX)
		return PHONE_YES;
	if (list->key_bits == 0)
		return PHONE_MAYBE;
	if (largest == 0)
		return list->key_bits <= KEY_OF_ALL ? PHONE_YES : PHONE_MAYBE;
	return list->key_bits <= largest ? PHONE_YES : PHONE_NO;
}

/* What holds whoever signed.  The outcome is PHONE_FIRST where nothing is in the way. */
static struct phone_verdict judge_file(const struct phone *phone, const struct phone_list *list)
{
	const enum phone_answer digest = knows_digest(phone, list->digest);
	const enum phone_answer key = can_check_key(phone, list);

	if (list->size > TL_PHONE_MAX)
		return rejected(PHONE_WHY_SIZE);
	if (digest == PHONE_NO)
		return rejected(PHONE_WHY_DIGEST);
	if (key == PHONE_NO)
		return rejected(PHONE_WHY_KEY);
	if (phone->family == NULL && (digest == PHONE_MAYBE || key == PHONE_MAYBE))
		return unknown(PHONE_WHY_WHICH_FAMILY);
	if (digest == PHONE_MAYBE)
		return unknown(PHONE_WHY_FIRMWARE);
	if (key == PHONE_MAYBE)
		return unknown(PHONE_WHY_LARGEST_KEY);
	return installed(PHONE_FIRST);
}

/* A phone that does not know the signer asks TVS, if it can. */
static struct phone_verdict ask_tvs(const struct phone *phone, const struct phone_offer *offer)
{
	const enum phone_answer sbd =
	    phone->family != NULL ? phone->family->security_by_default : PHONE_MAYBE;

	/* First what rejects it for certain: then nothing else has to be known. */
	if (sbd == PHONE_NO)
		return rejected(PHONE_WHY_NO_SBD);
	if (phone->itl == PHONE_NO)
		return rejected(PHONE_WHY_NO_ITL);
	if (!offer->tvs)
		return rejected(PHONE_WHY_NO_TVS);
	if (!offer->vouched)
		return rejected(PHONE_WHY_NOT_VOUCHED);
	if (sbd == PHONE_MAYBE)
		return unknown(PHONE_WHY_WHICH_FAMILY);
	if (phone->itl == PHONE_MAYBE)
		return unknown(PHONE_WHY_WHICH_ITL);
	return installed(PHONE_BY_TVS);
}

/* Whom a phone trusts that holds some CTL, another one than this. */
static struct phone_verdict judge_signer(const struct phone *phone, const struct phone_offer *offer)
{
	const struct phone_list *held = held_by(phone);
	struct phone_verdict asked;

	if (!offer->list->valid)
		return rejected(PHONE_WHY_SIGNATURE);
	if (held != NULL && phone_list_knows(held, &offer->list->signer))
		return installed(PHONE_BY_SAST);
	asked = ask_tvs(phone, offer);
	/* Where TVS does not help, the SASTs of a list that nobody has seen decide. */
	if (held == NULL && asked.outcome != PHONE_BY_TVS)
		return unknown(PHONE_WHY_WHICH_CTL);
	return asked;
}

static struct phone_verdict judge_trust(const struct phone *phone, const struct phone_offer *offer)
{
	struct phone_verdict with_ctl;

	if (phone->ctl == PHONE_HOLDS_NONE)
		return installed(PHONE_FIRST);
	with_ctl = judge_signer(phone, offer);
	/* It may have none, and take what it is given. */
	if (phone->ctl == PHONE_HOLDS_UNKNOWN && with_ctl.outcome == PHONE_REJECTED)
		return unknown(PHONE_WHY_WHICH_CTL);
	return with_ctl;
}

struct phone_verdict phone_judge(const struct phone *phone, const struct phone_offer *offer)
{
	const struct phone_list *held = held_by(phone);
	struct phone_verdict file, trust;

	if (offer->list == NULL)
		return unknown(PHONE_WHY_NOTHING);
	if (held != NULL && phone_list_same(held, offer->list))
		return installed(PHONE_UNCHANGED);
	file = judge_file(phone, offer->list);
	if (file.outcome == PHONE_REJECTED)
		return file;
	trust = judge_trust(phone, offer);
	return phone_outcome_is_safe(trust.outcome) && file.outcome == PHONE_UNKNOWN ? file : trust;
}
