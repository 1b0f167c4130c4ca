/*
 * Records kept as they are stored: what another program wrote is built into the next list byte for
 * byte, and a signer is named as its record names it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

/* A sample taken apart; the list and its makings. */
struct taken {
	struct trustlist list;
	struct tl_makings makings;
};

static struct taken take(const struct buffer *file)
{
	struct taken taken = {.makings = {.n_entries = 0}};

	CU_ASSERT_EQUAL_FATAL(tl_read(&taken.list, buffer_bytes(file), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_take_apart(&taken.list, &taken.makings, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(taken.makings.n_entries, taken.list.n_records);
	return taken;
}

static void release(struct taken *taken)
{
	tl_makings_free(&taken->makings);
	tl_free(&taken->list);
}

static struct tl_plan plan_of(const struct taken *taken, size_t signer)
{
	const struct tl_makings *makings = &taken->makings;

	return (struct tl_plan){.entries = makings->entries,
	    .n_entries = makings->n_entries,
	    .signer = makings->entries[signer].certificate,
	    .digest = makings->digest,
	    .names = makings->names,
	    .has_signer_version = makings->has_signer_version,
	    .signer_version = {makings->signer_version[0], makings->signer_version[1]},
	    .filename = makings->filename,
	    .timestamp = taken->list.timestamp + 1};
}

static struct bytes record_bytes(const struct trustlist *list, size_t i)
{
	return (struct bytes){list->file.data + list->records[i].offset, list->records[i].length};
}

static void assert_same_records(const struct trustlist *a, const struct trustlist *b)
{
	CU_ASSERT_EQUAL_FATAL(a->n_records, b->n_records);
	for (size_t i = 0; i < a->n_records; i++)
		CU_ASSERT_TRUE(bytes_equal(record_bytes(a, i), record_bytes(b, i)));
}

/* The first token's serial as its certificate has it. */
static void assert_reversed(struct bytes stored, const X509 *certificate)
{
	const struct bytes serial = tl_certificate_serial(certificate);

	CU_ASSERT_EQUAL_FATAL(stored.len, serial.len);
	for (size_t i = 0; i < serial.len; i++)
		CU_ASSERT_EQUAL(stored.data[i], serial.data[serial.len - 1 - i]);
}

/* Signs what PLAN builds with KEY, and reads it into LIST. */
static void build_and_sign(const struct tl_plan *plan, enum fixture_key_id key, struct buffer *file,
    struct trustlist *list)
{
	struct fixture_signer signer;

	CU_ASSERT_EQUAL_FATAL(tl_build(plan, file, &err), ST_OK);
	fixture_signer_init(&signer, fixture_key(key), plan->signer, FIXTURE_SIGNS);
	CU_ASSERT_EQUAL_FATAL(fixture_sign_list(file, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_read(list, buffer_bytes(file), &err), ST_OK);
}

static void a_windows_list_is_signed_again_by_its_tokens(void)
{
	static const enum fixture_key_id keys[] = {FIXTURE_RSA_1024_A, FIXTURE_RSA_1024_B};
	struct tl_verifier *verifier = tl_verifier_new();

	for (size_t i = 0; i < 2; i++) {
		struct taken old = take(fixture_windows_list());
		struct trustlist list = TRUSTLIST_INIT;
		struct buffer file = BUFFER_INIT;
		struct tl_plan plan = plan_of(&old, i);

		build_and_sign(&plan, keys[i], &file, &list);
		assert_same_records(&list, &old.list);
		assert_reversed(list.signer_serial, plan.signer);
		CU_ASSERT_TRUE(bytes_equal(list.signer_name, old.list.records[i].subject));
		CU_ASSERT_TRUE(bytes_equal(list.signer_issuer, old.list.records[i].issuer));
		CU_ASSERT_PTR_EQUAL(tl_signer_record(&list), &list.records[i]);
		CU_ASSERT_EQUAL(tl_verify(verifier, &list, &err), ST_OK);
		CU_ASSERT_EQUAL(tl_trusted_by(&list, &old.list, &err), ST_OK);
		buffer_free(&file);
		tl_free(&list);
		release(&old);
	}
	tl_verifier_free(verifier);
}

/* What made such lists unusable: the same entries without their bytes are other tokens. */
static void without_its_bytes_the_token_is_another_one(void)
{
	struct taken old = take(fixture_windows_list());
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	struct tl_entry bare[5];
	struct tl_plan plan = plan_of(&old, 0);

	memcpy(bare, plan.entries, sizeof(bare));
	for (size_t i = 0; i < 5; i++)
		bare[i].stored = (struct bytes){NULL, 0};
	plan.entries = bare;
	build_and_sign(&plan, FIXTURE_RSA_1024_A, &file, &list);
	CU_ASSERT_EQUAL(tl_trusted_by(&list, &old.list, &err), ST_NOT_VERIFIED);
	buffer_free(&file);
	tl_free(&list);
	release(&old);
}

static void only_what_would_change_is_stored(void)
{
	static const bool windows[] = {true, true, false, false, true};
	struct taken taken = take(fixture_cucm_list());

	for (size_t i = 0; i < taken.makings.n_entries; i++)
		CU_ASSERT_PTR_NULL(taken.makings.entries[i].stored.data);
	release(&taken);

	taken = take(fixture_windows_list());
	for (size_t i = 0; i < taken.makings.n_entries; i++) {
		const struct bytes stored = taken.makings.entries[i].stored;

		CU_ASSERT_EQUAL(stored.data != NULL, windows[i]);
		if (stored.data == NULL)
			continue;
		CU_ASSERT_TRUE(bytes_equal(stored, record_bytes(&taken.list, i)));
		/* A copy: it outlives the list. */
		CU_ASSERT_PTR_NOT_EQUAL(stored.data, record_bytes(&taken.list, i).data);
	}
	release(&taken);
}

/* Elements in another order, and none for an address that is not there. */
static void a_community_list_keeps_its_form(void)
{
	struct taken old = take(fixture_community_list());
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	struct tl_plan plan = plan_of(&old, 1);

	build_and_sign(&plan, FIXTURE_RSA_1024_B, &file, &list);
	assert_same_records(&list, &old.list);
	CU_ASSERT_EQUAL(tl_trusted_by(&list, &old.list, &err), ST_OK);
	buffer_free(&file);
	tl_free(&list);
	release(&old);
}

/* A record that no entry could describe: a role without a name, an element without one. */
static void records_that_nobody_knows_are_kept(void)
{
	struct buffer file = BUFFER_INIT, again = BUFFER_INIT;
	struct trustlist list = TRUSTLIST_INIT;
	struct taken old;
	struct tl_plan plan;
	size_t begin;

	buffer_add(&file, fixture_windows_list()->data, fixture_windows_list()->len);
	begin = fixture_record_begin(&file);
	fixture_u16(&file, TL_R_FUNCTION, 99);
	fixture_text(&file, 77, "odd");
	fixture_record_end(&file, begin);
	old = take(&file);
	plan = plan_of(&old, 0);
	build_and_sign(&plan, FIXTURE_RSA_1024_A, &again, &list);
	assert_same_records(&list, &old.list);
	CU_ASSERT_EQUAL(list.records[5].role, 99);
	buffer_free(&file);
	buffer_free(&again);
	tl_free(&list);
	release(&old);
}

/* Builds the windows list with entry I's stored record replaced by BYTES, all of them exactly. */
static enum status build_with(size_t i, struct bytes bytes)
{
	struct taken old = take(fixture_windows_list());
	struct buffer file = BUFFER_INIT;
	struct tl_entry entries[5];
	struct tl_plan plan = plan_of(&old, 0);
	uint8_t *exact = malloc(bytes.len + 1);
	enum status st;

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	/* At the end of its memory, so that a byte too many is noticed. */
	if (bytes.len > 0)
		memcpy(exact + 1, bytes.data, bytes.len);
	memcpy(entries, plan.entries, sizeof(entries));
	entries[i].stored = (struct bytes){exact + 1, bytes.len};
	plan.entries = entries;
	error_clear(&err);
	st = tl_build(&plan, &file, &err);
	if (st != ST_OK)
		CU_ASSERT_EQUAL(file.len, 0);
	buffer_free(&file);
	free(exact);
	release(&old);
	return st;
}

static void cut_and_changed_records_are_refused(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer copy = BUFFER_INIT;
	struct bytes whole;

	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(fixture_windows_list()), &err), ST_OK);
	whole = record_bytes(&list, 0);
	CU_ASSERT_EQUAL(build_with(0, whole), ST_OK);
	for (size_t len = 0; len < whole.len; len++)
		CU_ASSERT_EQUAL(build_with(0, (struct bytes){whole.data, len}), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "entry 1"));
	/* The next record behind it. */
	CU_ASSERT_EQUAL(build_with(0, (struct bytes){whole.data, whole.len + 33}), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(
	    err.what, "the stored record is followed by bytes that do not belong to it");
	CU_ASSERT_STRING_EQUAL(err.where, "entry 1");
	/* Lengths that run past the end, at every place where one could stand. */
	for (size_t at = 0; at + 1 < whole.len; at++) {
		buffer_reset(&copy);
		buffer_add(&copy, whole.data, whole.len);
		copy.data[at] = copy.data[at + 1] = 0xff;
		build_with(0, buffer_bytes(&copy));
	}
	buffer_free(&copy);
	tl_free(&list);
}

static void another_entrys_record_is_refused(void)
{
	struct trustlist list = TRUSTLIST_INIT;

	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(fixture_windows_list()), &err), ST_OK);
	/* The other token's, for the signer and for another. */
	CU_ASSERT_EQUAL(build_with(0, record_bytes(&list, 1)), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "the stored record does not have its entry's certificate");
	CU_ASSERT_EQUAL(build_with(1, record_bytes(&list, 0)), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, "entry 2");
	/* A server's for CAPF's, and CAPF's for a server's. */
	CU_ASSERT_EQUAL(build_with(4, record_bytes(&list, 2)), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "the stored record has another role than its entry");
	CU_ASSERT_EQUAL(build_with(2, record_bytes(&list, 4)), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, "entry 3");
	tl_free(&list);
}

/* A server's entry without certificate, and a stored record that has one. */
static void a_certificate_that_the_entry_has_not_is_refused(void)
{
	struct buffer record = BUFFER_INIT;
	const struct bytes serial = tl_certificate_serial(fixture_cucm_cert(FIXTURE_CUCM_PUB));

	fixture_record(
	    &record, &(struct fixture_record){TL_ROLE_CCM_TFTP, "10.48.47.153", "CN=a", "CN=a",
			 serial, fixture_cucm_cert(FIXTURE_CUCM_PUB), false, fixture_cucm_ip[0]});
	CU_ASSERT_EQUAL(build_with(2, buffer_bytes(&record)), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(
	    err.what, "the stored record has a certificate, and its entry has none");
	CU_ASSERT_STRING_EQUAL(err.where, "entry 3");
	buffer_free(&record);
}

/* The signer's record, as a list without serial and issuer has it: phones could not find it. */
static void a_signer_that_cannot_be_found_is_refused(void)
{
	struct taken old = take(fixture_windows_list());
	struct buffer record = BUFFER_INIT;
	const struct bytes certificate = old.list.records[0].certificate;
	size_t begin = fixture_record_begin(&record);

	fixture_u16(&record, TL_R_FUNCTION, TL_ROLE_SAST);
	fixture_element(&record, TL_R_CERTIFICATE, certificate.data, certificate.len);
	fixture_record_end(&record, begin);
	CU_ASSERT_EQUAL(build_with(0, buffer_bytes(&record)), ST_NO_KEY);
	CU_ASSERT_STRING_EQUAL(err.where, "entry 1");
	CU_ASSERT_STRING_EQUAL(err.hint, "sign with another SAST of the list");
	buffer_free(&record);
	release(&old);
}

/* A name that is missing in the record is written from the certificate; phones do not look. */
static void a_signer_without_subject_is_named_by_its_certificate(void)
{
	struct taken old = take(fixture_windows_list());
	const struct tl_record *token = &old.list.records[0];
	struct buffer record = BUFFER_INIT, file = BUFFER_INIT;
	struct trustlist list = TRUSTLIST_INIT;
	struct tl_entry entries[5];
	struct tl_plan plan = plan_of(&old, 0);
	size_t begin = fixture_record_begin(&record);

	fixture_u16(&record, TL_R_FUNCTION, TL_ROLE_SAST);
	fixture_element(&record, TL_R_ISSUER, token->issuer.data, token->issuer.len);
	fixture_element(&record, TL_R_SERIAL, token->serial.data, token->serial.len);
	fixture_element(&record, TL_R_CERTIFICATE, token->certificate.data, token->certificate.len);
	fixture_record_end(&record, begin);
	memcpy(entries, plan.entries, sizeof(entries));
	entries[0].stored = buffer_bytes(&record);
	plan.entries = entries;
	build_and_sign(&plan, FIXTURE_RSA_1024_A, &file, &list);
	CU_ASSERT_STRING_EQUAL((const char *)list.signer_name.data,
	    "CN=SAST-ADN0054f509        ;OU=IPCBU;O=Cisco Systems");
	CU_ASSERT_EQUAL(tl_trusted_by(&list, &old.list, &err), ST_OK);
	buffer_free(&record);
	buffer_free(&file);
	tl_free(&list);
	release(&old);
}

/*
 * Phones take the first SAST that the header names: when the same certificate stands twice, the
 * first of the two names it.
 */
static void the_first_record_of_the_signer_names_it(void)
{
	struct taken old = take(fixture_windows_list());
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	struct tl_entry entries[6] = {
	    {.role = TL_ROLE_SAST, .certificate = old.makings.entries[0].certificate}};
	struct tl_plan plan = plan_of(&old, 0);

	memcpy(entries + 1, plan.entries, 5 * sizeof(entries[0]));
	plan.entries = entries;
	plan.n_entries = 6;
	build_and_sign(&plan, FIXTURE_RSA_1024_A, &file, &list);
	CU_ASSERT_TRUE(bytes_equal(list.signer_serial, tl_certificate_serial(plan.signer)));
	CU_ASSERT_PTR_EQUAL(tl_signer_record(&list), &list.records[0]);
	buffer_free(&file);
	tl_free(&list);
	release(&old);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a list of the Windows client is signed again by its tokens",
		a_windows_list_is_signed_again_by_its_tokens},
	    {"without its bytes the token is another one",
		without_its_bytes_the_token_is_another_one},
	    {"only what would change is stored", only_what_would_change_is_stored},
	    {"a list of the community's tool keeps its form", a_community_list_keeps_its_form},
	    {"records that nobody knows are kept", records_that_nobody_knows_are_kept},
	    {"cut and changed records are refused", cut_and_changed_records_are_refused},
	    {"another entry's record is refused", another_entrys_record_is_refused},
	    {"a certificate that the entry has not is refused",
		a_certificate_that_the_entry_has_not_is_refused},
	    {"a signer that cannot be found is refused", a_signer_that_cannot_be_found_is_refused},
	    {"a signer without subject is named by its certificate",
		a_signer_without_subject_is_named_by_its_certificate},
	    {"the first record of the signer names it", the_first_record_of_the_signer_names_it},
	};

	return harness_main("stored records", tests, HARNESS_COUNT(tests));
}
