/*
 * Problems made of a cluster: who there is, whose key, what phones hold and what is wanted.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_lists.h"
#include "fixture_migrate_asked.h"
#include "harness.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* ---- who there is ------------------------------------------------------------------------------
 */

static void bridge_to_tokenless(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(asked.problem.sasts[0].kind, MIGRATE_TOKEN);
	CU_ASSERT_EQUAL(asked.problem.sasts[2].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_EQUAL(asked.problem.sasts[3].kind, MIGRATE_ITLRECOVERY);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(asked.problem.sasts[i].has_key);
		CU_ASSERT_EQUAL(asked.problem.sasts[i].key_bits, 1024);
	}
	CU_ASSERT_EQUAL(asked.problem.current.sasts, 15);
	CU_ASSERT_EQUAL(asked.problem.current.tokens, 3);
	CU_ASSERT_EQUAL(asked.problem.current.callmanager, 2);
	CU_ASSERT_EQUAL(asked.problem.current.itlrecovery, 3);
	CU_ASSERT_EQUAL(asked.problem.current.trust, 0);
	CU_ASSERT_EQUAL(asked.problem.current.signer, 0);
	CU_ASSERT_EQUAL(asked.problem.certificates, 15);
	CU_ASSERT_EQUAL(asked.problem.goal.signing, SIGNING_TOKENLESS);
	CU_ASSERT_EQUAL(asked.problem.goal.tokens, 0);
	CU_ASSERT_EQUAL(asked.problem.goal.callmanager, 2);
	CU_ASSERT_EQUAL(asked.problem.goal.itlrecovery, 3);
	CU_ASSERT_EQUAL(asked.problem.goal.signers, 4);
	CU_ASSERT_TRUE(asked.problem.goal.keep_trust);
	CU_ASSERT_FALSE(asked.problem.tvs);
	CU_ASSERT_PTR_NOT_NULL(strstr(asked.problem.sasts[0].name, "token CN=SAST-1 (40:01:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(asked.problem.sasts[2].name, "CallManager (40:00:"));
	asked_end();
}

static void signer_as_wished(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.has_signer = true;
	asked.wish.signer = SIGNER_ITLRECOVERY;
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.goal.signers, 8);
	asked_end();
}

static void old_release_gets_anchors_as_new_ones(void)
{
	X509 *sasts[] = {asked_token(1), asked_token(2)};

	asked_begin("10.5(2)");
	asked_set_current(sasts, 2, asked_token(2), "ttn", SIGNING_TOKENS);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(asked.problem.current.sasts, 3);
	CU_ASSERT_EQUAL(asked.problem.current.callmanager, -1);
	CU_ASSERT_EQUAL(asked.problem.current.signer, 1);
	/* The publisher's certificate stands in its server's record, for TVS. */
	CU_ASSERT_EQUAL(asked.problem.certificates, 3 | ASKED_BIT(asked_at(asked_callmanager(0))));
	/* As a record would have it: the issuer in CUCM's style, with its NUL. */
	CU_ASSERT_TRUE(bytes_equal(
	    tl_string(asked.problem.sasts[asked_at(asked_itlrecovery(0))].anchor.issuer),
	    text_bytes("CN=ITLRECOVERY_cucm-pub.lab;O=Lab;C=PL")));
	CU_ASSERT_TRUE(
	    bytes_equal(asked.problem.sasts[asked_at(asked_itlrecovery(0))].anchor.serial,
		tl_certificate_serial(asked_itlrecovery(0))));
	asked_end();
}

static void coming_anchor_has_a_key_and_an_earlier_one_has_none(void)
{
	X509 *sasts[] = {asked_callmanager(4), asked_itlrecovery(0)};

	asked_begin("12.5(1)");
	asked_set_current(sasts, 2, asked_callmanager(4), "cin", SIGNING_TOKENLESS);
	asked.wish.end = MIGRATE_ROTATE;
	asked.wish.itlrecovery = asked_shared(asked_itlrecovery(2));
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_FALSE(asked.problem.sasts[asked_at(asked_callmanager(4))].has_key);
	CU_ASSERT_EQUAL(
	    asked.problem.sasts[asked_at(asked_callmanager(4))].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_TRUE(asked.problem.sasts[asked_at(asked_callmanager(0))].has_key);
	CU_ASSERT_TRUE(asked.problem.sasts[asked_at(asked_itlrecovery(0))].has_key);
	CU_ASSERT_TRUE(asked.problem.sasts[asked_at(asked_itlrecovery(2))].has_key);
	CU_ASSERT_EQUAL(asked.problem.goal.callmanager, asked_at(asked_callmanager(0)));
	CU_ASSERT_EQUAL(asked.problem.goal.itlrecovery, asked_at(asked_itlrecovery(2)));
	CU_ASSERT_EQUAL(asked.problem.goal.signers,
	    ASKED_BIT(asked_at(asked_callmanager(0))) | ASKED_BIT(asked_at(asked_itlrecovery(2))));
	asked_end();
}

static void own_earlier_anchors_in_trust_are_no_foreign_ones(void)
{
	X509 *sasts[] = {asked_callmanager(0), asked_itlrecovery(0), asked_callmanager(6),
	    fixture_cluster_cert("other.lab", 0)};

	asked_begin("12.5(1)");
	asked_set_current(sasts, 4, asked_callmanager(0), "cippn", SIGNING_TOKENLESS);
	asked.trust[0] = asked_callmanager(6);
	asked.trust[1] = fixture_cluster_cert("other.lab", 0);
	asked.cluster.n_trust = 2;
	asked.wish.end = MIGRATE_ROTATE;
	asked.wish.callmanager = asked_shared(asked_callmanager(2));
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.current.trust, 12);
	CU_ASSERT_EQUAL(asked.problem.sasts[2].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_EQUAL(asked.problem.sasts[3].kind, MIGRATE_FOREIGN);
	CU_ASSERT_FALSE(asked.problem.sasts[2].has_key);
	CU_ASSERT_FALSE(asked.problem.sasts[3].has_key);
	/* The other cluster's stays; the own one may leave. */
	CU_ASSERT_EQUAL(asked.problem.goal.trust, 8);
	asked_end();
}

static void another_cluster_joins(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.end = MIGRATE_JOIN_CLUSTER;
	asked.wish.foreign[0] = asked_shared(fixture_cluster_cert("other.lab", 0));
	asked.wish.n_foreign = 1;
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(
	    asked.problem.goal.trust, ASKED_BIT(asked_at(fixture_cluster_cert("other.lab", 0))));
	CU_ASSERT_EQUAL(asked.problem.goal.tokens, 3);
	CU_ASSERT_EQUAL(asked.problem.goal.signers, 3);
	CU_ASSERT_EQUAL(asked.problem.goal.signing, SIGNING_TOKENS);
	CU_ASSERT_EQUAL(asked.problem.goal.callmanager, 2);
	asked_end();
}

static void lost_token_is_replaced(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.end = MIGRATE_ROTATE;
	asked.wish.lost[0] = asked_shared(asked_token(1));
	asked.wish.n_lost = 1;
	asked.wish.tokens[0] = asked_shared(asked_token(3));
	asked.wish.n_tokens = 1;
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_FALSE(asked.problem.sasts[0].has_key);
	CU_ASSERT_TRUE(asked.problem.sasts[asked_at(asked_token(3))].has_key);
	CU_ASSERT_EQUAL(
	    asked.problem.goal.tokens, ASKED_BIT(1) | ASKED_BIT(asked_at(asked_token(3))));
	CU_ASSERT_EQUAL(asked.problem.goal.signers, asked.problem.goal.tokens);
	asked_end();
}

/* ---- what phones hold --------------------------------------------------------------------------
 */

static void groups_that_are_alike_are_one(void)
{
	X509 *old[] = {asked_token(1), asked_token(4)},
	     *now[] = {asked_token(1), asked_token(2), asked_callmanager(0), asked_itlrecovery(0)};

	asked_begin("12.5(1)");
	asked_bridge();
	asked_add_held(old, 2, asked_token(4));
	asked_add_held(now, 4, asked_token(1));
	asked_add_held(now, 4, asked_token(2));
	asked_add_group(PHONE_HOLDS_LIST, 0, 3, 100);
	/* Seen with the first list before the two others were served. */
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 20);
	asked_add_group(PHONE_HOLDS_LIST, 2, 3, 7);
	asked_add_group(PHONE_HOLDS_NONE, 0, 3, 5);
	asked_add_group(PHONE_HOLDS_UNKNOWN, 0, 0, 1);
	asked.groups[4].family = NULL;
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_groups, 4);
	CU_ASSERT_EQUAL(asked.problem.groups[0].n, 120);
	CU_ASSERT_EQUAL(
	    asked.problem.groups[0].held, ASKED_BIT(0) | ASKED_BIT(asked_at(asked_token(4))));
	CU_ASSERT_EQUAL(asked.problem.groups[0].digest, TL_SHA512);
	CU_ASSERT_EQUAL(asked.problem.groups[0].key_bits, 1024);
	CU_ASSERT_EQUAL(asked.problem.groups[1].n, 27);
	CU_ASSERT_EQUAL(asked.problem.groups[1].held, 15);
	CU_ASSERT_EQUAL(asked.problem.groups[2].phone.ctl, PHONE_HOLDS_NONE);
	CU_ASSERT_EQUAL(asked.problem.groups[2].n, 5);
	CU_ASSERT_EQUAL(asked.problem.groups[2].held, 0);
	CU_ASSERT_EQUAL(asked.problem.groups[2].digest, 0);
	CU_ASSERT_EQUAL(asked.problem.groups[3].phone.ctl, PHONE_HOLDS_UNKNOWN);
	CU_ASSERT_PTR_NULL(asked.problem.groups[3].phone.family);
	CU_ASSERT_FALSE(asked.problem.sasts[asked_at(asked_token(4))].has_key);
	CU_ASSERT_TRUE(strlen(asked.problem.groups[0].text) > 0);
	asked_end();
}

static void lists_that_were_not_served_do_not_count(void)
{
	X509 *now[] = {asked_token(1), asked_token(2), asked_callmanager(0), asked_itlrecovery(0)};
	X509 *other[] = {asked_token(1), asked_token(5)};

	asked_begin("12.5(1)");
	asked_bridge();
	asked_add_held(now, 4, asked_token(1));
	asked_add_held(other, 2, asked_token(5));
	asked.held[1].served = false;
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 9);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_sasts, 4);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_groups, 1);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, 15);
	asked_end();
}

/* A list whose one SAST is the certificate of token 1; SERIAL as stored, CERT or not. */
static void held_by_hand(struct bytes serial, bool with_certificate)
{
	struct buffer *out = &asked.held[asked.lists.n].file;
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(asked_token(1));
	const struct fixture_header header = {.name = "CN=SAST-1;O=Lab;C=PL",
	    .issuer = "CN=SAST-1;O=Lab;C=PL",
	    .serial = serial,
	    .digest = TL_SHA1,
	    .modulus_code = 1,
	    .signature_len = 128};
	unsigned char *der = NULL;
	const int len = i2d_X509(asked_token(1), &der);
	size_t record;

	fixture_header(out, &header);
	record = fixture_record_begin(out);
	fixture_text(out, TL_R_DNS_NAME, "");
	fixture_text(out, TL_R_SUBJECT, "CN=SAST-1;O=Lab;C=PL");
	fixture_u16(out, TL_R_FUNCTION, TL_ROLE_SAST);
	fixture_text(out, TL_R_ISSUER, "CN=SAST-1;O=Lab;C=PL");
	fixture_element(out, TL_R_SERIAL, serial.data, serial.len);
	fixture_element(
	    out, TL_R_PUBLIC_KEY, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
	if (with_certificate)
		fixture_element(out, TL_R_CERTIFICATE, der, (size_t)len);
	fixture_record_end(out, record);
	OPENSSL_free(der);
	asked_read_held();
}

static void record_without_a_certificate_counts_by_its_key(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	held_by_hand(tl_certificate_serial(asked_token(1)), false);
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, 1);
	CU_ASSERT_EQUAL(asked.problem.groups[0].digest, TL_SHA1);
	asked_end();
}

static void certificate_that_nobody_has_is_a_sast_all_the_same(void)
{
	static const uint8_t serial[] = {9, 9, 9};

	asked_begin("12.5(1)");
	asked_bridge();
	held_by_hand((struct bytes){serial, 3}, false);
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_sasts, 5);
	CU_ASSERT_PTR_NULL(asked.problem.sasts[4].certificate);
	CU_ASSERT_FALSE(asked.problem.sasts[4].has_key);
	CU_ASSERT_EQUAL(asked.problem.sasts[4].key_bits, 1024);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, ASKED_BIT(4));
	asked_end();
}

/* A phone compares the bytes of the header that is written with those of its own record. */
static void serial_stored_in_reverse_is_another_one_to_a_phone(void)
{
	const struct bytes serial = tl_certificate_serial(asked_token(1));
	uint8_t reverse[FIXTURE_CLUSTER_SERIAL];

	asked_begin("12.5(1)");
	asked_bridge();
	for (size_t i = 0; i < sizeof(reverse); i++)
		reverse[i] = serial.data[sizeof(reverse) - 1 - i];
	held_by_hand((struct bytes){reverse, sizeof(reverse)}, true);
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, 0);
	asked_end();
}

/* The current list has it in reverse, and so will the next one. */
static void serial_of_the_current_list_stays_as_stored(void)
{
	X509 *sasts[] = {asked_token(2), asked_callmanager(0), asked_itlrecovery(0)};
	const struct bytes serial = tl_certificate_serial(asked_token(1));
	uint8_t reverse[FIXTURE_CLUSTER_SERIAL];

	asked_begin("12.5(1)");
	for (size_t i = 0; i < sizeof(reverse); i++)
		reverse[i] = serial.data[sizeof(reverse) - 1 - i];
	held_by_hand((struct bytes){reverse, sizeof(reverse)}, true);
	asked_set_current(sasts, 3, asked_token(2), "tcin", SIGNING_TOKENS);
	tl_free(&asked.list);
	asked.list = (struct trustlist)TRUSTLIST_INIT;
	CU_ASSERT_EQUAL(tl_read(&asked.list, buffer_bytes(&asked.held[0].file), &asked.err), ST_OK);
	CU_ASSERT_EQUAL(tl_decode_certificates(&asked.list, NULL, 0, &asked.err), ST_OK);
	free(asked.current.origins);
	asked.current.origins = strdup("t");
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.current.sasts, 1);
	CU_ASSERT_EQUAL(asked.problem.current.signer, 0);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, 1);
	asked_end();
}

static void ends_have_names(void)
{
	enum migrate_end parsed = MIGRATE_TOKENLESS;

	CU_ASSERT_STRING_EQUAL(migrate_end_name(MIGRATE_JOIN_CLUSTER), "join-cluster");
	CU_ASSERT_TRUE(migrate_end_parse("rotate", &parsed));
	CU_ASSERT_EQUAL(parsed, MIGRATE_ROTATE);
	CU_ASSERT_FALSE(migrate_end_parse("Rotate", &parsed));
}

static void officers_word_stands_above_what_was_seen(void)
{
	X509 *old[] = {asked_token(1), asked_token(2)};
	X509 *both[] = {asked_token(1), asked_token(2), asked_callmanager(0), asked_itlrecovery(0)};

	asked_begin("12.5(1)");
	asked_bridge();
	asked_add_held(old, 2, asked_token(1));
	asked_add_held(both, 4, asked_token(1));
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 9);
	asked_add_group(PHONE_HOLDS_UNKNOWN, 0, 0, 4);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_groups, 3);
	migrate_problem_free(&asked.problem);
	asked.cluster.phones_hold = 2;
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_groups, 1);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, 15);
	CU_ASSERT_EQUAL(asked.problem.groups[0].n, 13);
	asked_end();
}

/* It would load the same file today: what nobody knows of it stands in no step's way. */
static void phone_without_a_ctl_of_unknown_firmware_is_left_out(void)
{
	struct phone_family family = phone_family_with_sbd;

	family.digests[TL_SHA512] = PHONE_MAYBE;
	asked_begin("12.5(1)");
	asked_bridge();
	asked.cluster.digest = asked.list.digest;
	CU_ASSERT_EQUAL_FATAL(asked.list.digest, TL_SHA512);
	asked_add_group(PHONE_HOLDS_NONE, 0, 0, 6);
	asked.groups[0].family = &family;
	asked_add_group(PHONE_HOLDS_NONE, 0, 0, 5);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_left_out, 6);
	CU_ASSERT_EQUAL_FATAL(asked.problem.n_groups, 1);
	CU_ASSERT_EQUAL(asked.problem.groups[0].n, 5);
	migrate_problem_free(&asked.problem);
	/* With another digest it might be worse off. */
	family.digests[TL_SHA256] = PHONE_MAYBE;
	asked.cluster.digest = TL_SHA256;
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_left_out, 0);
	CU_ASSERT_EQUAL(asked.problem.n_groups, 2);
	asked_end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a bridge to tokenless: SASTs, keys, current list, goal", bridge_to_tokenless},
	    {"the signer is the one that is wished", signer_as_wished},
	    {"an old release gets its anchors as they will be written",
		old_release_gets_anchors_as_new_ones},
	    {"a coming anchor has a key, an earlier one has none",
		coming_anchor_has_a_key_and_an_earlier_one_has_none},
	    {"own earlier anchors in Phone-SAST-trust are the cluster's",
		own_earlier_anchors_in_trust_are_no_foreign_ones},
	    {"another cluster's certificates join as trust", another_cluster_joins},
	    {"a lost token cannot sign and leaves", lost_token_is_replaced},
	    {"groups that are alike are one", groups_that_are_alike_are_one},
	    {"lists that were not served do not count", lists_that_were_not_served_do_not_count},
	    {"a record without a certificate counts by its key",
		record_without_a_certificate_counts_by_its_key},
	    {"a SAST of which nobody has the certificate is one",
		certificate_that_nobody_has_is_a_sast_all_the_same},
	    {"a serial stored in reverse is another one to a phone",
		serial_stored_in_reverse_is_another_one_to_a_phone},
	    {"a serial of the current list stays as it is stored",
		serial_of_the_current_list_stays_as_stored},
	    {"ends have names", ends_have_names},
	    {"an officer's word stands above what was seen",
		officers_word_stands_above_what_was_seen},
	    {"a phone without a CTL of unknown firmware is left out",
		phone_without_a_ctl_of_unknown_firmware_is_left_out},
	};

	return harness_main("migrate problem", tests, HARNESS_COUNT(tests));
}
