/*
 * Problems made of a cluster: who there is, whose key, what phones hold, what is wanted, and what
 * cannot be.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_lists.h"
#include "harness.h"

#include "base/text.h"
#include "migrate/problem.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(index) ((migrate_set)1 << (unsigned)(index))

static struct error err;

/* A cluster, its current list, and up to four lists that phones may hold. */
static struct {
	struct inventory inventory;
	struct buffer file;
	struct trustlist list;
	struct generation current;
	struct fleet_list held[4];
	struct fleet_lists lists;
	struct fleet_group groups[6];
	struct fleet_answer fleet;
	X509 *trust[30];
	struct migrate_cluster cluster;
	struct migrate_wish wish;
	struct migrate_problem problem;
} s;

static X509 *token(int number)
{
	char cn[32];

	snprintf(cn, sizeof(cn), "SAST-%d", number);
	return fixture_cluster_cert(cn, (unsigned)number % 2);
}

static X509 *callmanager(unsigned version)
{
	return fixture_cluster_cert("cucm-pub.lab", version);
}

static X509 *itlrecovery(unsigned version)
{
	return fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", version);
}

static void make_list(X509 *const *sasts, size_t n, X509 *signer, struct buffer *out)
{
	struct tl_entry entries[32];

	memset(entries, 0, sizeof(entries));
	for (size_t i = 0; i < n; i++)
		entries[i] = (struct tl_entry){.role = TL_ROLE_SAST, .certificate = sasts[i]};
	entries[n] = (struct tl_entry){.role = TL_ROLE_CCM_TFTP,
	    .certificate = callmanager(0),
	    .dns = "cucm-pub.lab",
	    .ip = {10, 1, 2, 3},
	    .ip_len = 4};
	fixture_cluster_list(entries, n + 1, signer, out);
}

static void set_current(
    X509 *const *sasts, size_t n, X509 *signer, const char *origins, enum cluster_signing signing)
{
	make_list(sasts, n, signer, &s.file);
	CU_ASSERT_EQUAL_FATAL(tl_read(&s.list, buffer_bytes(&s.file), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_decode_certificates(&s.list, NULL, 0, &err), ST_OK);
	free(s.current.origins);
	s.current.number = 3;
	s.current.origins = strdup(origins);
	s.current.signing = (int)signing;
	s.current.mode = 1;
}

static void begin(const char *release)
{
	memset(&s, 0, sizeof(s));
	fixture_cluster(&s.inventory, release);
	s.inventory.callmanager_key.where = strdup("cm.key");
	s.inventory.itlrecovery_key.where = strdup("itl.key");
	s.lists.list = s.held;
	s.fleet.groups = s.groups;
	s.cluster = (struct migrate_cluster){.inventory = &s.inventory,
	    .list = &s.list,
	    .current = &s.current,
	    .trust = s.trust,
	    .digest = TL_SHA512,
	    .fleet = &s.fleet,
	    .lists = &s.lists};
}

static void end(void)
{
	migrate_problem_free(&s.problem);
	migrate_wish_free(&s.wish);
	free(s.inventory.callmanager_key.where);
	free(s.inventory.itlrecovery_key.where);
	fixture_cluster_free(&s.inventory);
	tl_free(&s.list);
	buffer_free(&s.file);
	free(s.current.origins);
	for (size_t i = 0; i < s.lists.n; i++) {
		phone_list_free(&s.held[i].list);
		buffer_free(&s.held[i].file);
	}
}

static void read_held(void)
{
	struct fleet_list *held = &s.held[s.lists.n++];

	CU_ASSERT_EQUAL_FATAL(phone_list_read(buffer_bytes(&held->file), &held->list, &err), ST_OK);
	held->list.generation = (int64_t)s.lists.n;
	held->list.valid = true;
	held->served = true;
	snprintf(held->name, sizeof(held->name), "generation %zu", s.lists.n);
}

static void add_held(X509 *const *sasts, size_t n, X509 *signer)
{
	make_list(sasts, n, signer, &s.held[s.lists.n].file);
	read_held();
}

static void add_group(enum phone_holds ctl, size_t list, size_t since, uint64_t n)
{
	s.groups[s.fleet.n_groups++] = (struct fleet_group){.model = "",
	    .family = &phone_family_with_sbd,
	    .ctl = ctl,
	    .list = list,
	    .since = since,
	    .itl = PHONE_YES,
	    .n = n};
	s.fleet.n += n;
	s.fleet.has_fleet = true;
}

static X509 *shared(X509 *certificate)
{
	X509_up_ref(certificate);
	return certificate;
}

static enum status make(void)
{
	error_clear(&err);
	return migrate_problem_make(&s.cluster, &s.wish, &s.problem, &err);
}

static int at(X509 *certificate)
{
	for (size_t i = 0; i < s.problem.n_sasts; i++)
		if (s.problem.sasts[i].certificate != NULL &&
		    X509_cmp(s.problem.sasts[i].certificate, certificate) == 0)
			return (int)i;
	CU_FAIL_FATAL("no such SAST");
	return -1;
}

static void bridge(void)
{
	X509 *sasts[] = {token(1), token(2), callmanager(0), itlrecovery(0)};

	set_current(sasts, 4, token(1), "ttcin", SIGNING_TOKENS);
}

/* ---- who there is ------------------------------------------------------------------------------
 */

static void bridge_to_tokenless(void)
{
	begin("12.5(1)");
	bridge();
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(s.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(s.problem.sasts[0].kind, MIGRATE_TOKEN);
	CU_ASSERT_EQUAL(s.problem.sasts[2].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_EQUAL(s.problem.sasts[3].kind, MIGRATE_ITLRECOVERY);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(s.problem.sasts[i].has_key);
		CU_ASSERT_EQUAL(s.problem.sasts[i].key_bits, 1024);
	}
	CU_ASSERT_EQUAL(s.problem.current.sasts, 15);
	CU_ASSERT_EQUAL(s.problem.current.tokens, 3);
	CU_ASSERT_EQUAL(s.problem.current.callmanager, 2);
	CU_ASSERT_EQUAL(s.problem.current.itlrecovery, 3);
	CU_ASSERT_EQUAL(s.problem.current.trust, 0);
	CU_ASSERT_EQUAL(s.problem.current.signer, 0);
	CU_ASSERT_EQUAL(s.problem.certificates, 15);
	CU_ASSERT_EQUAL(s.problem.goal.signing, SIGNING_TOKENLESS);
	CU_ASSERT_EQUAL(s.problem.goal.tokens, 0);
	CU_ASSERT_EQUAL(s.problem.goal.callmanager, 2);
	CU_ASSERT_EQUAL(s.problem.goal.itlrecovery, 3);
	CU_ASSERT_EQUAL(s.problem.goal.signers, 4);
	CU_ASSERT_TRUE(s.problem.goal.keep_trust);
	CU_ASSERT_FALSE(s.problem.tvs);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.problem.sasts[0].name, "token CN=SAST-1 (40:01:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(s.problem.sasts[2].name, "CallManager (40:00:"));
	end();
}

static void signer_as_wished(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.has_signer = true;
	s.wish.signer = SIGNER_ITLRECOVERY;
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.goal.signers, 8);
	end();
}

static void old_release_gets_anchors_as_new_ones(void)
{
	X509 *sasts[] = {token(1), token(2)};

	begin("10.5(2)");
	set_current(sasts, 2, token(2), "ttn", SIGNING_TOKENS);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(s.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(s.problem.current.sasts, 3);
	CU_ASSERT_EQUAL(s.problem.current.callmanager, -1);
	CU_ASSERT_EQUAL(s.problem.current.signer, 1);
	/* The publisher's certificate stands in its server's record, for TVS. */
	CU_ASSERT_EQUAL(s.problem.certificates, 3 | BIT(at(callmanager(0))));
	/* As a record would have it: the issuer in CUCM's style, with its NUL. */
	CU_ASSERT_TRUE(bytes_equal(tl_string(s.problem.sasts[at(itlrecovery(0))].anchor.issuer),
	    text_bytes("CN=ITLRECOVERY_cucm-pub.lab;O=Lab;C=PL")));
	CU_ASSERT_TRUE(bytes_equal(s.problem.sasts[at(itlrecovery(0))].anchor.serial,
	    tl_certificate_serial(itlrecovery(0))));
	end();
}

static void coming_anchor_has_a_key_and_an_earlier_one_has_none(void)
{
	X509 *sasts[] = {callmanager(4), itlrecovery(0)};

	begin("12.5(1)");
	set_current(sasts, 2, callmanager(4), "cin", SIGNING_TOKENLESS);
	s.wish.end = MIGRATE_ROTATE;
	s.wish.itlrecovery = shared(itlrecovery(2));
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_FALSE(s.problem.sasts[at(callmanager(4))].has_key);
	CU_ASSERT_EQUAL(s.problem.sasts[at(callmanager(4))].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_TRUE(s.problem.sasts[at(callmanager(0))].has_key);
	CU_ASSERT_TRUE(s.problem.sasts[at(itlrecovery(0))].has_key);
	CU_ASSERT_TRUE(s.problem.sasts[at(itlrecovery(2))].has_key);
	CU_ASSERT_EQUAL(s.problem.goal.callmanager, at(callmanager(0)));
	CU_ASSERT_EQUAL(s.problem.goal.itlrecovery, at(itlrecovery(2)));
	CU_ASSERT_EQUAL(s.problem.goal.signers, BIT(at(callmanager(0))) | BIT(at(itlrecovery(2))));
	end();
}

static void own_earlier_anchors_in_trust_are_no_foreign_ones(void)
{
	X509 *sasts[] = {
	    callmanager(0), itlrecovery(0), callmanager(6), fixture_cluster_cert("other.lab", 0)};

	begin("12.5(1)");
	set_current(sasts, 4, callmanager(0), "cippn", SIGNING_TOKENLESS);
	s.trust[0] = callmanager(6);
	s.trust[1] = fixture_cluster_cert("other.lab", 0);
	s.cluster.n_trust = 2;
	s.wish.end = MIGRATE_ROTATE;
	s.wish.callmanager = shared(callmanager(2));
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.current.trust, 12);
	CU_ASSERT_EQUAL(s.problem.sasts[2].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_EQUAL(s.problem.sasts[3].kind, MIGRATE_FOREIGN);
	CU_ASSERT_FALSE(s.problem.sasts[2].has_key);
	CU_ASSERT_FALSE(s.problem.sasts[3].has_key);
	/* The other cluster's stays; the own one may leave. */
	CU_ASSERT_EQUAL(s.problem.goal.trust, 8);
	end();
}

static void another_cluster_joins(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.end = MIGRATE_JOIN_CLUSTER;
	s.wish.foreign[0] = shared(fixture_cluster_cert("other.lab", 0));
	s.wish.n_foreign = 1;
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.goal.trust, BIT(at(fixture_cluster_cert("other.lab", 0))));
	CU_ASSERT_EQUAL(s.problem.goal.tokens, 3);
	CU_ASSERT_EQUAL(s.problem.goal.signers, 3);
	CU_ASSERT_EQUAL(s.problem.goal.signing, SIGNING_TOKENS);
	CU_ASSERT_EQUAL(s.problem.goal.callmanager, 2);
	end();
}

static void lost_token_is_replaced(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.end = MIGRATE_ROTATE;
	s.wish.lost[0] = shared(token(1));
	s.wish.n_lost = 1;
	s.wish.tokens[0] = shared(token(3));
	s.wish.n_tokens = 1;
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_FALSE(s.problem.sasts[0].has_key);
	CU_ASSERT_TRUE(s.problem.sasts[at(token(3))].has_key);
	CU_ASSERT_EQUAL(s.problem.goal.tokens, BIT(1) | BIT(at(token(3))));
	CU_ASSERT_EQUAL(s.problem.goal.signers, s.problem.goal.tokens);
	end();
}

/* ---- what phones hold --------------------------------------------------------------------------
 */

static void groups_that_are_alike_are_one(void)
{
	X509 *old[] = {token(1), token(4)},
	     *now[] = {token(1), token(2), callmanager(0), itlrecovery(0)};

	begin("12.5(1)");
	bridge();
	add_held(old, 2, token(4));
	add_held(now, 4, token(1));
	add_held(now, 4, token(2));
	add_group(PHONE_HOLDS_LIST, 0, 3, 100);
	/* Seen with the first list before the two others were served. */
	add_group(PHONE_HOLDS_LIST, 0, 1, 20);
	add_group(PHONE_HOLDS_LIST, 2, 3, 7);
	add_group(PHONE_HOLDS_NONE, 0, 3, 5);
	add_group(PHONE_HOLDS_UNKNOWN, 0, 0, 1);
	s.groups[4].family = NULL;
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(s.problem.n_groups, 4);
	CU_ASSERT_EQUAL(s.problem.groups[0].n, 120);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, BIT(0) | BIT(at(token(4))));
	CU_ASSERT_EQUAL(s.problem.groups[0].digest, TL_SHA512);
	CU_ASSERT_EQUAL(s.problem.groups[0].key_bits, 1024);
	CU_ASSERT_EQUAL(s.problem.groups[1].n, 27);
	CU_ASSERT_EQUAL(s.problem.groups[1].held, 15);
	CU_ASSERT_EQUAL(s.problem.groups[2].phone.ctl, PHONE_HOLDS_NONE);
	CU_ASSERT_EQUAL(s.problem.groups[2].n, 5);
	CU_ASSERT_EQUAL(s.problem.groups[2].held, 0);
	CU_ASSERT_EQUAL(s.problem.groups[2].digest, 0);
	CU_ASSERT_EQUAL(s.problem.groups[3].phone.ctl, PHONE_HOLDS_UNKNOWN);
	CU_ASSERT_PTR_NULL(s.problem.groups[3].phone.family);
	CU_ASSERT_FALSE(s.problem.sasts[at(token(4))].has_key);
	CU_ASSERT_TRUE(strlen(s.problem.groups[0].text) > 0);
	end();
}

static void lists_that_were_not_served_do_not_count(void)
{
	X509 *now[] = {token(1), token(2), callmanager(0), itlrecovery(0)};
	X509 *other[] = {token(1), token(5)};

	begin("12.5(1)");
	bridge();
	add_held(now, 4, token(1));
	add_held(other, 2, token(5));
	s.held[1].served = false;
	add_group(PHONE_HOLDS_LIST, 0, 1, 9);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.n_sasts, 4);
	CU_ASSERT_EQUAL_FATAL(s.problem.n_groups, 1);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, 15);
	end();
}

/* A list whose one SAST is the certificate of token 1; SERIAL as stored, CERT or not. */
static void held_by_hand(struct bytes serial, bool with_certificate)
{
	struct buffer *out = &s.held[s.lists.n].file;
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(token(1));
	const struct fixture_header header = {.name = "CN=SAST-1;O=Lab;C=PL",
	    .issuer = "CN=SAST-1;O=Lab;C=PL",
	    .serial = serial,
	    .digest = TL_SHA1,
	    .modulus_code = 1,
	    .signature_len = 128};
	unsigned char *der = NULL;
	const int len = i2d_X509(token(1), &der);
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
	read_held();
}

static void record_without_a_certificate_counts_by_its_key(void)
{
	begin("12.5(1)");
	bridge();
	held_by_hand(tl_certificate_serial(token(1)), false);
	add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, 1);
	CU_ASSERT_EQUAL(s.problem.groups[0].digest, TL_SHA1);
	end();
}

static void certificate_that_nobody_has_is_a_sast_all_the_same(void)
{
	static const uint8_t serial[] = {9, 9, 9};

	begin("12.5(1)");
	bridge();
	held_by_hand((struct bytes){serial, 3}, false);
	add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL_FATAL(s.problem.n_sasts, 5);
	CU_ASSERT_PTR_NULL(s.problem.sasts[4].certificate);
	CU_ASSERT_FALSE(s.problem.sasts[4].has_key);
	CU_ASSERT_EQUAL(s.problem.sasts[4].key_bits, 1024);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, BIT(4));
	end();
}

/* A phone compares the bytes of the header that is written with those of its own record. */
static void serial_stored_in_reverse_is_another_one_to_a_phone(void)
{
	const struct bytes serial = tl_certificate_serial(token(1));
	uint8_t reverse[FIXTURE_CLUSTER_SERIAL];

	begin("12.5(1)");
	bridge();
	for (size_t i = 0; i < sizeof(reverse); i++)
		reverse[i] = serial.data[sizeof(reverse) - 1 - i];
	held_by_hand((struct bytes){reverse, sizeof(reverse)}, true);
	add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.n_sasts, 4);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, 0);
	end();
}

/* The current list has it in reverse, and so will the next one. */
static void serial_of_the_current_list_stays_as_stored(void)
{
	X509 *sasts[] = {token(2), callmanager(0), itlrecovery(0)};
	const struct bytes serial = tl_certificate_serial(token(1));
	uint8_t reverse[FIXTURE_CLUSTER_SERIAL];

	begin("12.5(1)");
	for (size_t i = 0; i < sizeof(reverse); i++)
		reverse[i] = serial.data[sizeof(reverse) - 1 - i];
	held_by_hand((struct bytes){reverse, sizeof(reverse)}, true);
	set_current(sasts, 3, token(2), "tcin", SIGNING_TOKENS);
	tl_free(&s.list);
	s.list = (struct trustlist)TRUSTLIST_INIT;
	CU_ASSERT_EQUAL(tl_read(&s.list, buffer_bytes(&s.held[0].file), &err), ST_OK);
	CU_ASSERT_EQUAL(tl_decode_certificates(&s.list, NULL, 0, &err), ST_OK);
	free(s.current.origins);
	s.current.origins = strdup("t");
	add_group(PHONE_HOLDS_LIST, 0, 1, 1);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.current.sasts, 1);
	CU_ASSERT_EQUAL(s.problem.current.signer, 0);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, 1);
	end();
}

/* ---- what cannot be ----------------------------------------------------------------------------
 */

static void refused(enum status status, const char *what, const char *hint)
{
	CU_ASSERT_EQUAL(make(), status);
	if (strstr(err.what, what) == NULL || strstr(err.hint, hint) == NULL)
		printf("# %s; %s\n", err.what, err.hint);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, what));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, hint));
	end();
}

static void no_list_is_refused(void)
{
	begin("12.5(1)");
	s.cluster.list = NULL;
	refused(ST_FAILED, "no CTL yet", "ctlsign set-cluster mixed-mode");
}

static void release_without_tokenless_is_refused(void)
{
	X509 *sasts[] = {token(1), token(2)};

	begin("9.1(2)");
	set_current(sasts, 2, token(1), "ttn", SIGNING_TOKENS);
	refused(ST_FAILED, "release 9.1(2) has no CTL without tokens", "10.0(1)");
}

static void nothing_to_do_is_said(void)
{
	X509 *sasts[] = {callmanager(0), itlrecovery(0)};

	begin("12.5(1)");
	set_current(sasts, 2, callmanager(0), "cin", SIGNING_TOKENLESS);
	refused(ST_FAILED, "nothing is to be done: generation 3", "ctlsign.conf");
}

static void other_signer_is_something_to_do(void)
{
	X509 *sasts[] = {callmanager(0), itlrecovery(0)};

	begin("12.5(1)");
	set_current(sasts, 2, itlrecovery(0), "cin", SIGNING_TOKENLESS);
	CU_ASSERT_EQUAL(make(), ST_OK);
	end();
}

static void one_token_is_refused(void)
{
	X509 *sasts[] = {callmanager(0), itlrecovery(0)};

	begin("12.5(1)");
	set_current(sasts, 2, callmanager(0), "cin", SIGNING_TOKENLESS);
	s.wish.end = MIGRATE_TOKENS;
	s.wish.tokens[0] = shared(token(1));
	s.wish.tokens[1] = shared(token(1));
	s.wish.n_tokens = 2;
	refused(ST_USAGE, "the CTL would have 1 token, and two are needed", "--new-token");
}

static void lost_and_new_is_refused(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.end = MIGRATE_ROTATE;
	s.wish.tokens[0] = shared(token(1));
	s.wish.n_tokens = 1;
	s.wish.lost[0] = shared(token(1));
	s.wish.n_lost = 1;
	refused(ST_USAGE, "token CN=SAST-1 (40:01:", "say one of the two");
}

static void unknown_without_is_refused(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.end = MIGRATE_TOKENS;
	s.wish.without[0] = shared(token(9));
	s.wish.n_without = 1;
	refused(ST_USAGE, "is a SAST of no CTL of this cluster", "ctlsign show");
}

static void signer_without_a_key_is_refused(void)
{
	begin("12.5(1)");
	bridge();
	free(s.inventory.callmanager_key.where);
	s.inventory.callmanager_key.where = NULL;
	refused(ST_FAILED, "CallManager is to sign, and the inventory does not say",
	    "callmanager { key = ");
}

static void lost_signer_is_refused(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.lost[0] = shared(callmanager(0));
	s.wish.n_lost = 1;
	refused(ST_FAILED, "its key is said to be lost", "its new certificate");
}

static void unnamed_itlrecovery_is_refused(void)
{
	X509 *sasts[] = {token(1), token(2)};

	begin("10.5(2)");
	set_current(sasts, 2, token(1), "ttn", SIGNING_TOKENS);
	fixture_cluster_certificate(&s.inventory.itlrecovery, NULL);
	refused(ST_FAILED, "ITLRecovery's certificate is not named", "itlrecovery { certificate");
}

static void own_certificate_is_no_other_clusters(void)
{
	begin("12.5(1)");
	bridge();
	s.wish.end = MIGRATE_JOIN_CLUSTER;
	s.wish.foreign[0] = shared(callmanager(0));
	s.wish.n_foreign = 1;
	refused(ST_USAGE, "would stand in the CTL for two things", "certificates of their own");
}

static void too_many_are_refused(void)
{
	char cn[32];

	begin("12.5(1)");
	bridge();
	for (size_t i = 0; i < 21; i++) {
		snprintf(cn, sizeof(cn), "other-%zu.lab", i);
		s.trust[i] = fixture_cluster_cert(cn, 0);
	}
	s.cluster.n_trust = 20;
	CU_ASSERT_EQUAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.n_sasts, MIGRATE_SASTS_MAX);
	migrate_problem_free(&s.problem);
	s.cluster.n_trust = 21;
	refused(ST_LIMIT, "more than 24 SASTs", "");
}

static void old_ones_that_cannot_sign_are_left_out_when_there_are_many(void)
{
	X509 *old[] = {token(7), token(1)};
	char cn[32];

	begin("12.5(1)");
	bridge();
	for (size_t i = 0; i < 20; i++) {
		snprintf(cn, sizeof(cn), "other-%zu.lab", i);
		s.trust[i] = fixture_cluster_cert(cn, 0);
	}
	s.cluster.n_trust = 20;
	add_held(old, 2, token(7));
	add_group(PHONE_HOLDS_LIST, 0, 1, 3);
	CU_ASSERT_EQUAL_FATAL(make(), ST_OK);
	CU_ASSERT_EQUAL(s.problem.n_sasts, MIGRATE_SASTS_MAX);
	CU_ASSERT_EQUAL(s.problem.groups[0].held, 1);
	end();
}

static void ends_have_names(void)
{
	enum migrate_end parsed = MIGRATE_TOKENLESS;

	CU_ASSERT_STRING_EQUAL(migrate_end_name(MIGRATE_JOIN_CLUSTER), "join-cluster");
	CU_ASSERT_TRUE(migrate_end_parse("rotate", &parsed));
	CU_ASSERT_EQUAL(parsed, MIGRATE_ROTATE);
	CU_ASSERT_FALSE(migrate_end_parse("Rotate", &parsed));
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
	    {"no current CTL is refused", no_list_is_refused},
	    {"a release without tokenless signing is refused",
		release_without_tokenless_is_refused},
	    {"nothing to be done is said", nothing_to_do_is_said},
	    {"another signer is something to be done", other_signer_is_something_to_do},
	    {"one token, named twice, is refused", one_token_is_refused},
	    {"a token that is lost and new is refused", lost_and_new_is_refused},
	    {"a token to leave that is none is refused", unknown_without_is_refused},
	    {"a signer whose key is not named is refused", signer_without_a_key_is_refused},
	    {"a signer whose key is lost is refused", lost_signer_is_refused},
	    {"ITLRecovery has to be named", unnamed_itlrecovery_is_refused},
	    {"an own certificate is no other cluster's", own_certificate_is_no_other_clusters},
	    {"more SASTs than a plan can tell apart are refused", too_many_are_refused},
	    {"old ones that cannot sign are left out when there are many",
		old_ones_that_cannot_sign_are_left_out_when_there_are_many},
	    {"ends have names", ends_have_names},
	};

	return harness_main("migrate problem", tests, HARNESS_COUNT(tests));
}
