/*
 * What a phone does with a new CTL: every rule, every reason, every boundary.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "phone/families.h"
#include "phone/phone.h"

#include <stdio.h>
#include <string.h>

#define BYTES(text)                                                                                \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

/* Three signers; the last has A's name and serial, but a key of its own. */
static struct phone_anchor anchor_a = {
    BYTES("CN=A"), BYTES("\x0a"), BYTES("key a"), BYTES("cert a")};
static struct phone_anchor anchor_b = {
    BYTES("CN=B"), BYTES("\x0b"), BYTES("key b"), BYTES("cert b")};
static struct phone_anchor renewed_a = {
    BYTES("CN=A"), BYTES("\x0a"), BYTES("other"), BYTES("cert r")};

static struct phone_anchor only_a[1], both[2];
static struct phone_list held_list, new_list;
static struct phone_family family;
static struct phone phone;
static struct phone_offer offer;

/* A phone of a known family with an ITL holds a list of A's; one of A's is offered. */
static void usual(void)
{
	only_a[0] = both[0] = anchor_a;
	both[1] = anchor_b;
	held_list = (struct phone_list){.md5 = "0a",
	    .sha1 = "1a",
	    .size = 5000,
	    .digest = TL_SHA1,
	    .key_bits = 2048,
	    .valid = true,
	    .signer = anchor_a,
	    .sasts = only_a,
	    .n_sasts = 1};
	new_list = held_list;
	memcpy(new_list.md5, "0b", 3);
	memcpy(new_list.sha1, "1b", 3);
	family = (struct phone_family){.name = "family",
	    .security_by_default = PHONE_YES,
	    .digests = {PHONE_NO, PHONE_YES, PHONE_YES, PHONE_YES},
	    .largest_key = 2048};
	phone = (struct phone){&family, PHONE_HOLDS_LIST, &held_list, PHONE_YES};
	offer = (struct phone_offer){&new_list, true, false};
}

/* B signs, whom the phone does not know. */
static void stranger(void)
{
	usual();
	new_list.signer = anchor_b;
}

static void expect_at(int line, enum phone_outcome outcome, enum phone_why why)
{
	const struct phone_verdict got = phone_judge(&phone, &offer);

	if (got.outcome != outcome || got.why != why)
		printf("# line %d: %s %s, not %s %s\n", line, phone_outcome_name(got.outcome),
		    phone_why_name(got.why), phone_outcome_name(outcome), phone_why_name(why));
	CU_ASSERT_EQUAL(got.outcome, outcome);
	CU_ASSERT_EQUAL(got.why, why);
}
#define expect(outcome, why) expect_at(__LINE__, outcome, why)

static void first_is_taken(void)
{
	stranger();
	phone.ctl = PHONE_HOLDS_NONE;
	phone.list = NULL;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
	/* As it comes: nobody looks at the signature, or asks. */
	new_list.valid = false;
	phone.itl = PHONE_NO;
	family.security_by_default = PHONE_NO;
	offer.tvs = false;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
	phone.family = NULL;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
}

static void same_is_unchanged(void)
{
	stranger();
	new_list.valid = false;
	new_list.size = TL_PHONE_MAX + 1;
	new_list.digest = 9;
	new_list.key_bits = 16384;
	memcpy(new_list.sha1, "1a", 3);
	expect(PHONE_UNCHANGED, PHONE_WHY_NOTHING);
	/* By its MD5 only where one of the two has no SHA-1. */
	memcpy(new_list.md5, "0a", 3);
	memcpy(new_list.sha1, "1b", 3);
	expect(PHONE_REJECTED, PHONE_WHY_SIZE);
	new_list.sha1[0] = '\0';
	expect(PHONE_UNCHANGED, PHONE_WHY_NOTHING);
	/* Without checksums two lists are two files. */
	new_list.md5[0] = held_list.md5[0] = '\0';
	expect(PHONE_REJECTED, PHONE_WHY_SIZE);
	offer.list = &held_list;
	expect(PHONE_UNCHANGED, PHONE_WHY_NOTHING);
}

static void known_signer_is_enough(void)
{
	usual();
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	family.security_by_default = PHONE_NO;
	phone.itl = PHONE_NO;
	offer.tvs = false;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	/* It need not be the one who signed the list that is held. */
	held_list.sasts = both;
	held_list.n_sasts = 2;
	new_list.signer = anchor_b;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	phone.family = NULL;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
}

static void name_serial_and_key_count(void)
{
	usual();
	CU_ASSERT_TRUE(phone_list_knows(&held_list, &anchor_a));
	CU_ASSERT_FALSE(phone_list_knows(&held_list, &anchor_b));
	CU_ASSERT_FALSE(phone_list_knows(&held_list, &renewed_a));
	new_list.signer = renewed_a;
	family.security_by_default = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	new_list.signer = anchor_a;
	new_list.signer.serial = anchor_b.serial;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	new_list.signer = anchor_a;
	new_list.signer.issuer = anchor_b.issuer;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	/* Another certificate with all of the three is the same signer. */
	new_list.signer = anchor_a;
	new_list.signer.certificate = anchor_b.certificate;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	/* A key that is not known is nobody's, also where the SAST has none. */
	new_list.signer.key = only_a[0].key = (struct bytes){NULL, 0};
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
}

static void signature_has_to_hold(void)
{
	usual();
	new_list.valid = false;
	expect(PHONE_REJECTED, PHONE_WHY_SIGNATURE);
	offer.vouched = true;
	expect(PHONE_REJECTED, PHONE_WHY_SIGNATURE);
	phone.ctl = PHONE_HOLDS_OTHER;
	expect(PHONE_REJECTED, PHONE_WHY_SIGNATURE);
	/* It may have none, or this one. */
	phone.ctl = PHONE_HOLDS_UNKNOWN;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
}

static void tvs_vouches(void)
{
	stranger();
	offer.vouched = true;
	expect(PHONE_BY_TVS, PHONE_WHY_NOTHING);
	phone.itl = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_NO_ITL);
	phone.itl = PHONE_MAYBE;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_ITL);
	/* Whether it has an ITL does not matter where TVS would say no. */
	offer.vouched = false;
	expect(PHONE_REJECTED, PHONE_WHY_NOT_VOUCHED);
	offer.tvs = false;
	expect(PHONE_REJECTED, PHONE_WHY_NO_TVS);
	offer.vouched = true;
	expect(PHONE_REJECTED, PHONE_WHY_NO_TVS);
	family.security_by_default = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	offer.tvs = true;
	phone.itl = PHONE_YES;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	family.security_by_default = PHONE_MAYBE;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_FAMILY);
	phone.itl = PHONE_MAYBE;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_FAMILY);
	phone.itl = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_NO_ITL);
	phone.itl = PHONE_YES;
	phone.family = NULL;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_FAMILY);
	offer.vouched = false;
	expect(PHONE_REJECTED, PHONE_WHY_NOT_VOUCHED);
}

static void unknown_ctl_matters_only_sometimes(void)
{
	static const enum phone_holds unseen[] = {PHONE_HOLDS_UNKNOWN, PHONE_HOLDS_OTHER};

	for (size_t i = 0; i < 2; i++) {
		stranger();
		phone.ctl = unseen[i];
		expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
		offer.vouched = true;
		expect(PHONE_BY_TVS, PHONE_WHY_NOTHING);
		phone.itl = PHONE_MAYBE;
		expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
		phone.itl = PHONE_YES;
		family.security_by_default = PHONE_NO;
		expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
		phone.family = NULL;
		expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
		/* No phone can hold it, and none takes it. */
		new_list.size = TL_PHONE_MAX + 1;
		expect(PHONE_REJECTED, PHONE_WHY_SIZE);
	}
	/* A list that is said to be held, and is not there. */
	stranger();
	phone.list = NULL;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
}

static void size_has_a_limit(void)
{
	usual();
	new_list.size = TL_PHONE_MAX;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	new_list.size = TL_PHONE_MAX + 1;
	expect(PHONE_REJECTED, PHONE_WHY_SIZE);
	phone.ctl = PHONE_HOLDS_NONE;
	expect(PHONE_REJECTED, PHONE_WHY_SIZE);
	new_list.size = TL_PHONE_MAX;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
}

static void digest_has_to_be_known(void)
{
	usual();
	new_list.digest = TL_SHA512;
	family.digests[TL_SHA512] = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
	family.digests[TL_SHA512] = PHONE_MAYBE;
	expect(PHONE_UNKNOWN, PHONE_WHY_FIRMWARE);
	phone.family = NULL;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_FAMILY);
	/* The list that it holds is proof, whatever its family's row says. */
	held_list.digest = TL_SHA512;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	phone.family = &family;
	family.digests[TL_SHA512] = PHONE_NO;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	/* Of this digest only, and only of a phone that holds it. */
	new_list.digest = TL_SHA256;
	family.digests[TL_SHA256] = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
	new_list.digest = TL_SHA512;
	phone.ctl = PHONE_HOLDS_NONE;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
	family.digests[TL_SHA512] = PHONE_MAYBE;
	expect(PHONE_UNKNOWN, PHONE_WHY_FIRMWARE);
	/* All know SHA-1, and none what there is not. */
	family.digests[TL_SHA1] = PHONE_NO;
	new_list.digest = TL_SHA1;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
	new_list.digest = 0;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
	new_list.digest = 4;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
	phone.family = NULL;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
}

static void key_has_to_be_checked(void)
{
	usual();
	new_list.key_bits = 2049;
	expect(PHONE_REJECTED, PHONE_WHY_KEY);
	phone.ctl = PHONE_HOLDS_NONE;
	expect(PHONE_REJECTED, PHONE_WHY_KEY);
	new_list.key_bits = 2048;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
	/* Where no limit is known, 2048 is all right. */
	family.largest_key = 0;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
	new_list.key_bits = 2049;
	expect(PHONE_UNKNOWN, PHONE_WHY_LARGEST_KEY);
	phone.family = NULL;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_FAMILY);
	/* What it holds is proof, up to that size. */
	phone.ctl = PHONE_HOLDS_LIST;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_FAMILY);
	held_list.key_bits = 4096;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	phone.family = &family;
	family.largest_key = 1024;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	new_list.key_bits = 4097;
	new_list.signer = anchor_b;
	expect(PHONE_REJECTED, PHONE_WHY_KEY);
	/* Nor has it to be known how large the very same key is. */
	new_list.signer = anchor_a;
	new_list.key_bits = 0;
	expect(PHONE_BY_SAST, PHONE_WHY_NOTHING);
	phone.ctl = PHONE_HOLDS_NONE;
	expect(PHONE_UNKNOWN, PHONE_WHY_LARGEST_KEY);
}

/* What is not known of the file does not matter to who rejects it anyway. */
static void what_is_certain_comes_first(void)
{
	stranger();
	new_list.digest = TL_SHA512;
	family.digests[TL_SHA512] = PHONE_MAYBE;
	expect(PHONE_REJECTED, PHONE_WHY_NOT_VOUCHED);
	family.security_by_default = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	phone.family = NULL;
	phone.itl = PHONE_NO;
	expect(PHONE_REJECTED, PHONE_WHY_NO_ITL);
	phone.ctl = PHONE_HOLDS_UNKNOWN;
	expect(PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL);
	/* The file itself before the signer. */
	phone.ctl = PHONE_HOLDS_LIST;
	new_list.digest = 7;
	new_list.valid = false;
	expect(PHONE_REJECTED, PHONE_WHY_DIGEST);
	new_list.size = TL_PHONE_MAX + 1;
	expect(PHONE_REJECTED, PHONE_WHY_SIZE);
	offer.list = NULL;
	expect(PHONE_UNKNOWN, PHONE_WHY_NOTHING);
}

static void vouches_by_certificate(void)
{
	const struct bytes a = BYTES("cert a"), b = BYTES("cert b"), c = BYTES("cert c");
	struct bytes in_server[] = {a, b};
	const struct bytes trust[] = {c, b};
	struct phone_list server = {.certificates = in_server, .n_certificates = 2};

	stranger();
	/* Its own records are no voucher. */
	new_list.certificates = in_server;
	new_list.n_certificates = 2;
	CU_ASSERT_FALSE(phone_vouched(&new_list, NULL, NULL, 0));
	CU_ASSERT_TRUE(phone_vouched(&new_list, &server, NULL, 0));
	server.n_certificates = 1;
	CU_ASSERT_FALSE(phone_vouched(&new_list, &server, NULL, 0));
	CU_ASSERT_FALSE(phone_vouched(&new_list, &server, trust, 1));
	CU_ASSERT_TRUE(phone_vouched(&new_list, &server, trust, 2));
	CU_ASSERT_TRUE(phone_vouched(&new_list, NULL, trust, 2));
	/* Without a certificate there is nothing to ask for. */
	new_list.signer.certificate = in_server[0] = (struct bytes){NULL, 0};
	CU_ASSERT_FALSE(phone_vouched(&new_list, &server, trust, 2));
}

static void classes_know_all(void)
{
	stranger();
	new_list.digest = TL_SHA512;
	new_list.key_bits = 16384;
	offer.vouched = true;
	phone.family = &phone_family_with_sbd;
	expect(PHONE_BY_TVS, PHONE_WHY_NOTHING);
	phone.family = &phone_family_without_sbd;
	expect(PHONE_REJECTED, PHONE_WHY_NO_SBD);
	new_list.key_bits = 0;
	phone.ctl = PHONE_HOLDS_NONE;
	expect(PHONE_FIRST, PHONE_WHY_NOTHING);
}

static void has_words(void)
{
	static const char *const names[N_PHONE_OUTCOMES] = {
	    "first", "unchanged", "sast", "tvs", "rejected", "unknown"};
	enum phone_outcome outcome;

	for (unsigned i = 0; i < N_PHONE_OUTCOMES; i++) {
		CU_ASSERT_STRING_EQUAL(phone_outcome_name(i), names[i]);
		CU_ASSERT_TRUE(phone_outcome_text(i)[0] != '\0');
		outcome = N_PHONE_OUTCOMES;
		CU_ASSERT_TRUE(phone_outcome_parse(names[i], &outcome));
		CU_ASSERT_EQUAL(outcome, i);
		CU_ASSERT_EQUAL(phone_outcome_is_safe(i), i < PHONE_REJECTED);
	}
	CU_ASSERT_FALSE(phone_outcome_parse("First", &outcome));
	CU_ASSERT_FALSE(phone_outcome_parse("", &outcome));
	CU_ASSERT_STRING_EQUAL(phone_why_name(PHONE_WHY_NOTHING), "");
	CU_ASSERT_STRING_EQUAL(phone_why_text(PHONE_WHY_NOTHING), "");
	CU_ASSERT_STRING_EQUAL(phone_why_name(PHONE_WHY_NO_SBD), "no-sbd");
	CU_ASSERT_STRING_EQUAL(phone_why_name(PHONE_WHY_WHICH_CTL), "which-ctl");
	for (unsigned i = 1; i < N_PHONE_WHYS; i++) {
		CU_ASSERT_TRUE(phone_why_text(i)[0] != '\0');
		for (unsigned j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(phone_why_name(i), phone_why_name(j));
	}
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a phone without a CTL takes the first one as it comes", first_is_taken},
	    {"the file that it holds is unchanged, before all else", same_is_unchanged},
	    {"a SAST of the CTL that it holds may sign", known_signer_is_enough},
	    {"a SAST is known by issuer, serial and key", name_serial_and_key_count},
	    {"a signature that does not hold is rejected", signature_has_to_hold},
	    {"TVS vouches to those who can ask it", tvs_vouches},
	    {"a CTL that nobody has seen matters where TVS does not help",
		unknown_ctl_matters_only_sometimes},
	    {"a file may have 64 KB", size_has_a_limit},
	    {"the digest has to be known, by the table or by what is held", digest_has_to_be_known},
	    {"the key has to be one that it can check", key_has_to_be_checked},
	    {"what is certain comes before what is not known", what_is_certain_comes_first},
	    {"TVS vouches for what stood in the old CTL or in Phone-SAST-trust",
		vouches_by_certificate},
	    {"the classes of a check without a fleet know every digest and key", classes_know_all},
	    {"outcomes and reasons have names and texts", has_words},
	};

	return harness_main("the phone model", tests, HARNESS_COUNT(tests));
}
