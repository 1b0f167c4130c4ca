/*
 * Plans that follow the list in use: what keeps its place and its bytes, and what does not.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan.h"
#include "fixture_certs.h"
#include "fixture_cluster.h"
#include "fixture_lists.h"
#include "fixture_plan.h"
#include "harness.h"

#include <openssl/x509.h>
#include <string.h>

static struct inventory cluster;
static struct trustlist current = TRUSTLIST_INIT;
static struct buffer file = BUFFER_INIT;
static X509 *tokens[3];

static void read_current(void)
{
	struct error err;

	CU_ASSERT_EQUAL_FATAL(tl_read(&current, buffer_bytes(&file), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_decode_certificates(&current, NULL, 0, &err), ST_OK);
}

/* The list that REQUEST calls for, signed by SIGNER. */
static void build(const struct plan_request *request, X509 *signer, struct buffer *out)
{
	struct cluster_plan plan;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(cluster_plan(request, &plan, &err), ST_OK);
	fixture_cluster_list(plan.entries, plan.n, signer, out);
	cluster_plan_free(&plan);
}

/* It becomes the current one. */
static void use(struct plan_request *request, X509 *signer)
{
	struct buffer next = BUFFER_INIT;

	build(request, signer, &next);
	buffer_free(&file);
	file = next;
	read_current();
	request->current = &current;
}

/* A publisher and a subscriber, tokenless at 12.5, and the list in use. */
static struct plan_request tokenless(void)
{
	struct plan_request request = {
	    .inventory = &cluster, .mode = MODE_MIXED, .signing = SIGNING_TOKENLESS};

	fixture_cluster(&cluster, "12.5(1)");
	fixture_cluster_node(
	    &cluster, NODE_SUBSCRIBER, "cucm-sub", "10.1.2.4", SERVICE_CALLMANAGER | SERVICE_TFTP);
	use(&request, fixture_cluster_cert("cucm-pub.lab", 0));
	return request;
}

/* A publisher alone, whose two tokens sign at 9.1. */
static struct plan_request with_tokens(enum cluster_mode mode)
{
	struct plan_request request = {
	    .inventory = &cluster, .mode = mode, .tokens = tokens, .n_tokens = 2};

	for (unsigned i = 0; i < 3; i++) {
		char cn[] = "SAST-1";

		cn[5] = (char)('1' + i);
		tokens[i] = fixture_cluster_cert(cn, 0);
	}
	fixture_cluster(&cluster, "9.1(2)");
	use(&request, tokens[0]);
	return request;
}

static void end(void)
{
	tl_free(&current);
	buffer_free(&file);
	fixture_cluster_free(&cluster);
}

static void an_unchanged_cluster_gives_the_same_bytes(void)
{
	struct plan_request request = tokenless();
	struct buffer again = BUFFER_INIT;

	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n");
	build(&request, fixture_cluster_cert("cucm-pub.lab", 0), &again);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&again), buffer_bytes(&file)));
	buffer_free(&again);
	end();
}

/* Another order in the list than a first list would have. */
static void the_lists_order_stays(void)
{
	struct plan_request request = tokenless();
	struct cluster_plan plan;
	struct tl_entry entries[5];
	struct buffer other = BUFFER_INIT;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(cluster_plan(&request, &plan, &err), ST_OK);
	for (size_t i = 0; i < 5; i++)
		entries[i] = plan.entries[4 - i];
	fixture_cluster_list(entries, 5, fixture_cluster_cert("cucm-pub.lab", 0), &other);
	cluster_plan_free(&plan);
	buffer_free(&file);
	file = other;
	read_current();
	fixture_cluster_server(&cluster, FIXTURE_FIREWALL, "asa", "10.1.2.250", TL_ROLE_CCM);
	fixture_plan_is(&request, "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =1\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =4\n"
				  "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =5\n"
				  "w CCM asa.lab asa.lab 10.1.2.250\n");
	end();
}

/* The list names no server, which the inventory does: address and certificate tell. */
static void servers_without_a_name(void)
{
	struct plan_request request = tokenless();
	struct cluster_plan plan;
	struct buffer other = BUFFER_INIT;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(cluster_plan(&request, &plan, &err), ST_OK);
	for (size_t i = 2; i < plan.n; i++) {
		plan.entries[i].dns = "";
		plan.entries[i].stored = (struct bytes){NULL, 0};
	}
	fixture_cluster_list(plan.entries, plan.n, fixture_cluster_cert("cucm-pub.lab", 0), &other);
	cluster_plan_free(&plan);
	buffer_free(&file);
	file = other;
	read_current();
	CU_ASSERT_EQUAL_FATAL(tl_string(current.records[4].dns).len, 0);
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n");
	/* At another address, or with another certificate, it is another one. */
	fixture_cluster_address(&cluster.nodes[1].address, "10.1.2.44");
	fixture_cluster_certificate(
	    &cluster.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	fixture_plan_is(&request, "c SAST cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.44\n");
	end();
}

static void a_renewed_certificate_takes_the_old_ones_place(void)
{
	struct plan_request request = tokenless();
	struct trustlist next = TRUSTLIST_INIT;
	struct buffer again = BUFFER_INIT;
	struct error err;

	fixture_cluster_certificate(
	    &cluster.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	fixture_plan_is(&request, "c SAST cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n");
	/* The others' bytes are the list's. */
	build(&request, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 0), &again);
	CU_ASSERT_EQUAL_FATAL(tl_read(&next, buffer_bytes(&again), &err), ST_OK);
	for (size_t i = 0; i < 5; i++) {
		const struct tl_record *a = &current.records[i], *b = &next.records[i];

		CU_ASSERT_EQUAL(
		    bytes_equal((struct bytes){current.file.data + a->offset, a->length},
			(struct bytes){next.file.data + b->offset, b->length}),
		    i != 0 && i != 2);
	}
	tl_free(&next);
	buffer_free(&again);

	/* Both anchors, and with other subjects: still each in its place. */
	fixture_cluster_certificate(
	    &cluster.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 1));
	fixture_plan_is(&request, "c SAST cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "n CCM+TFTP cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n");
	fixture_cluster_certificate(
	    &cluster.nodes[0].certificate, fixture_cluster_cert("signed-by-a-ca", 0));
	fixture_plan_is(&request, "c SAST signed-by-a-ca cucm-pub.lab 10.1.2.3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab:1 cucm-pub.lab 10.1.2.3\n"
				  "n CCM+TFTP signed-by-a-ca cucm-pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n");
	end();
}

static void a_changed_address_keeps_the_place(void)
{
	struct plan_request request = tokenless();

	fixture_cluster_address(&cluster.nodes[0].address, "10.1.2.33");
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.33\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.33\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.33\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.33\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n");
	end();
}

/* Another name or role is another entry, and what the inventory does not have is gone. */
static void renamed_removed_and_added_servers(void)
{
	struct plan_request request = tokenless();

	cluster.nodes[1].services = SERVICE_TFTP;
	fixture_cluster_text(&cluster.nodes[0].dns, "pub.lab");
	fixture_plan_is(&request, "c SAST cucm-pub.lab pub.lab 10.1.2.3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab pub.lab 10.1.2.3\n"
				  "n CCM+TFTP cucm-pub.lab pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub pub.lab 10.1.2.3\n"
				  "n TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4\n");
	fixture_cluster_text(&cluster.nodes[0].dns, "cucm-pub.lab");
	cluster.nodes[1].services = 0;
	fixture_cluster_node(
	    &cluster, NODE_SUBSCRIBER, "cucm-sub2", "10.1.2.5", SERVICE_CALLMANAGER);
	cluster.nodes[0].services &= ~(unsigned)SERVICE_CAPF;
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "n CCM cucm-sub2.lab cucm-sub2.lab 10.1.2.5\n");
	end();
}

/* Before, during and after the move of a server: each step changes one record. */
static void a_move_in_three_steps(void)
{
	struct plan_request request = tokenless();

	fixture_cluster_address(&cluster.nodes[1].next_address, "10.2.0.4");
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.1.2.4 =5\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.2.0.4 next\n");
	use(&request, fixture_cluster_cert("cucm-pub.lab", 0));
	/* Its certificate is renewed meanwhile: both keep their places. */
	fixture_cluster_certificate(
	    &cluster.nodes[1].certificate, fixture_cluster_cert("cucm-sub.lab", 1));
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab:1 cucm-sub.lab 10.1.2.4\n"
				  "n CCM+TFTP cucm-sub.lab:1 cucm-sub.lab 10.2.0.4 next\n");
	fixture_cluster_certificate(
	    &cluster.nodes[1].certificate, fixture_cluster_cert("cucm-sub.lab", 0));
	fixture_cluster_address(&cluster.nodes[1].address, "10.2.0.4");
	fixture_cluster_address(&cluster.nodes[1].next_address, NULL);
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "n CCM+TFTP cucm-sub.lab cucm-sub.lab 10.2.0.4 =6\n");
	end();
}

static void modes_change_servers_in_their_places(void)
{
	struct plan_request request = with_tokens(MODE_MIXED);

	request.mode = MODE_NON_SECURE;
	fixture_plan_is(&request, "t SAST SAST-1 - - =1\nt SAST SAST-2 - - =2\n"
				  "n CCM+TFTP - cucm-pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n");
	end();
	request = with_tokens(MODE_NON_SECURE);
	fixture_plan_is(&request, "t SAST SAST-1 - - =1\nt SAST SAST-2 - - =2\n"
				  "n CCM+TFTP - cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n");
	request.mode = MODE_MIXED;
	fixture_plan_is(&request, "t SAST SAST-1 - - =1\nt SAST SAST-2 - - =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n");
	end();
}

/* A token has neither name nor address: only its certificate tells which it is. */
static void tokens_come_and_go(void)
{
	struct plan_request request = with_tokens(MODE_MIXED);
	X509 *others[] = {tokens[2], tokens[1]};
	X509 *renewed[] = {fixture_cluster_cert("SAST-1", 1), tokens[1]};

	request.tokens = others;
	fixture_plan_is(&request, "t SAST SAST-2 - - =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "t SAST SAST-3 - -\n");
	request.tokens = renewed;
	fixture_plan_is(&request, "t SAST SAST-1:1 - -\nt SAST SAST-2 - - =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n");
	end();
}

/* From tokens to tokenless over the list that has both. */
static void tokens_to_tokenless(void)
{
	struct plan_request request = with_tokens(MODE_MIXED);

	cluster.release.major = 12;
	cluster.release.minor = 5;
	fixture_plan_is(&request, "t SAST SAST-1 - - =1\nt SAST SAST-2 - - =2\n"
				  "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3\n");
	use(&request, tokens[0]);
	request.signing = SIGNING_TOKENLESS;
	request.n_tokens = 0;
	fixture_plan_is(&request, "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3 =3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3 =4\n"
				  "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =5\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3 =6\n");
	end();
}

/* ---- lists that others wrote --------------------------------------------------------------- */

/* The tokens' and CAPF's certificates of the sample, which nobody else has. */
static struct plan_request the_windows_clients(const char *address)
{
	struct plan_request request = {.inventory = &cluster,
	    .mode = MODE_NON_SECURE,
	    .tokens = tokens,
	    .n_tokens = 2,
	    .current = &current};
	struct inventory_node *sub;

	buffer_add(&file, fixture_windows_list()->data, fixture_windows_list()->len);
	read_current();
	fixture_cluster(&cluster, "9.1(2)");
	fixture_cluster_address(&cluster.nodes[0].address, "10.48.47.153");
	sub = fixture_cluster_node(
	    &cluster, NODE_SUBSCRIBER, "cucm-sub", address, SERVICE_CALLMANAGER | SERVICE_TFTP);
	CU_ASSERT_EQUAL(sub->line, 20);
	fixture_cluster_certificate(&cluster.nodes[0].capf, current.records[4].x509);
	tokens[0] = current.records[0].x509;
	tokens[1] = current.records[1].x509;
	return request;
}

/* Bytes that a token's serial is reversed in, and addresses instead of names. */
static void the_windows_clients_records_stay(void)
{
	struct plan_request request = the_windows_clients("10.48.47.154");
	struct trustlist next = TRUSTLIST_INIT;
	struct tl_verifier *verifier = tl_verifier_new();
	struct buffer again = BUFFER_INIT;
	struct error err;

	fixture_plan_is(&request, "t SAST SAST-ADN0054f509         - - =1\n"
				  "t SAST SAST-ADN008580ef         - - =2\n"
				  "n CCM+TFTP - cucm-pub.lab 10.48.47.153 =3\n"
				  "n CCM+TFTP - cucm-sub.lab 10.48.47.154 =4\n"
				  "f CAPF CAPF-e41e7d87 cucm-pub.lab 10.48.47.153 =5\n");
	build(&request, tokens[1], &again);
	CU_ASSERT_EQUAL_FATAL(tl_read(&next, buffer_bytes(&again), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(next.n_records, 5);
	CU_ASSERT_TRUE(bytes_equal(
	    (struct bytes){next.file.data + next.header_length, next.file.len - next.header_length},
	    (struct bytes){current.file.data + current.header_length,
		current.file.len - current.header_length}));
	CU_ASSERT_EQUAL(tl_verify(verifier, &next, &err), ST_OK);
	CU_ASSERT_EQUAL(tl_trusted_by(&next, &current, &err), ST_OK);
	tl_verifier_free(verifier);
	tl_free(&next);
	buffer_free(&again);
	end();
}

/* The name is the address of that time: only the name could tell that it is the same server. */
static void the_windows_clients_servers_keep_their_names(void)
{
	struct plan_request request = the_windows_clients("10.48.47.154");

	request.mode = MODE_MIXED;
	fixture_plan_is(&request, "t SAST SAST-ADN0054f509         - - =1\n"
				  "t SAST SAST-ADN008580ef         - - =2\n"
				  "n CCM+TFTP cucm-pub.lab 10.48.47.153 10.48.47.153\n"
				  "n CCM+TFTP cucm-sub.lab 10.48.47.154 10.48.47.154\n"
				  "f CAPF CAPF-e41e7d87 cucm-pub.lab 10.48.47.153 =5\n");
	end();
}

static void the_windows_clients_server_at_another_address_is_new(void)
{
	struct plan_request request = the_windows_clients("10.48.47.199");

	fixture_plan_is(&request, "t SAST SAST-ADN0054f509         - - =1\n"
				  "t SAST SAST-ADN008580ef         - - =2\n"
				  "n CCM+TFTP - cucm-pub.lab 10.48.47.153 =3\n"
				  "f CAPF CAPF-e41e7d87 cucm-pub.lab 10.48.47.153 =5\n"
				  "n CCM+TFTP - cucm-sub.lab 10.48.47.199\n");
	end();
}

/* SASTs of other tools, without a name where CUCM has the publisher's; and a token with one. */
static void sasts_need_not_say_where_they_are(void)
{
	struct plan_request request;
	struct tl_entry entries[] = {
	    {.role = TL_ROLE_SAST, .certificate = fixture_cluster_cert("cucm-pub.lab", 0)},
	    {.role = TL_ROLE_SAST,
		.certificate = fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 0),
		.dns = "elsewhere.lab"},
	    {.role = TL_ROLE_SAST,
		.certificate = fixture_cluster_cert("SAST-1", 0),
		.dns = "token.lab",
		.ip = {10, 0, 0, 1},
		.ip_len = 4},
	    /* The same certificate once more is dropped. */
	    {.role = TL_ROLE_SAST, .certificate = fixture_cluster_cert("SAST-1", 0)},
	    {.role = TL_ROLE_VPN, .certificate = fixture_cluster_cert("vpn.lab", 0)},
	};

	tokens[0] = fixture_cluster_cert("SAST-1", 0);
	fixture_cluster(&cluster, "12.5(1)");
	cluster.nodes[0].services = 0;
	request = (struct plan_request){.inventory = &cluster,
	    .mode = MODE_MIXED,
	    .tokens = tokens,
	    .n_tokens = 1,
	    .current = &current};
	fixture_cluster_list(entries, 5, tokens[0], &file);
	read_current();
	fixture_plan_is(&request, "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3 =1\n"
				  "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
				  "t SAST SAST-1 - - =3\n");
	end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"an unchanged cluster gives the same bytes",
		an_unchanged_cluster_gives_the_same_bytes},
	    {"the list's order stays", the_lists_order_stays},
	    {"servers without a name", servers_without_a_name},
	    {"a renewed certificate takes the old one's place",
		a_renewed_certificate_takes_the_old_ones_place},
	    {"a changed address keeps the place", a_changed_address_keeps_the_place},
	    {"renamed, removed and added servers", renamed_removed_and_added_servers},
	    {"a move in three steps", a_move_in_three_steps},
	    {"modes change servers in their places", modes_change_servers_in_their_places},
	    {"tokens come and go", tokens_come_and_go},
	    {"tokens to tokenless", tokens_to_tokenless},
	    {"the Windows client's records stay", the_windows_clients_records_stay},
	    {"the Windows client's servers keep their names",
		the_windows_clients_servers_keep_their_names},
	    {"the Windows client's server at another address is new",
		the_windows_clients_server_at_another_address_is_new},
	    {"SASTs need not say where they are", sasts_need_not_say_where_they_are},
	};

	return harness_main("cluster plan follows", tests, HARNESS_COUNT(tests));
}
