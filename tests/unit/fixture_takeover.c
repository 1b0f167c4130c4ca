/*
 * Lists to be taken over, and what came of it, read again as any command would.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_takeover.h"

#include "cluster/plan.h"
#include "fixture_cluster.h"
#include "harness.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct error taken_error;

static void read_list(struct trustlist *list, const struct buffer *file)
{
	CU_ASSERT_EQUAL_FATAL(tl_read(list, buffer_bytes(file), &taken_error), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_decode_certificates(list, NULL, 0, &taken_error), ST_OK);
}

static void write_file(const char *path, const struct buffer *data)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(data->data, 1, data->len, f), data->len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

enum status taken_from(struct taken *t, const struct buffer *file, const char *release)
{
	const struct takeover_request request = {
	    .list = &t->list, .release = release, .folder = "certificates"};

	memset(t, 0, sizeof(*t));
	read_list(&t->list, file);
	return cluster_takeover(&request, &t->takeover, &taken_error);
}

void taken_free(struct taken *t)
{
	inventory_free(&t->inventory);
	takeover_free(&t->takeover);
	tl_free(&t->list);
}

/* Writes what was made into a folder of its own and reads it as any command would. */
static void read_again(struct taken *t)
{
	static unsigned folders;
	char folder[256], path[512];

	snprintf(folder, sizeof(folder), "%s/%u", harness_directory(), folders++);
	mkdir(folder, 0700);
	snprintf(path, sizeof(path), "%s/certificates", folder);
	mkdir(path, 0700);
	for (size_t i = 0; i < t->takeover.n_files; i++) {
		const char *name = t->takeover.files[i].name;

		CU_ASSERT_PTR_NULL(strchr(name, '/'));
		CU_ASSERT_TRUE(isalnum((unsigned char)name[0]));
		snprintf(path, sizeof(path), "%s/certificates/%s", folder, name);
		CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
		write_file(path, &t->takeover.files[i].pem);
	}
	snprintf(path, sizeof(path), "%s/ctlsign.conf", folder);
	write_file(path, &t->takeover.conf);
	taken_error.what[0] = '\0';
	if (inventory_read(path, &t->inventory, &taken_error) != ST_OK ||
	    inventory_load(&t->inventory, &taken_error) != ST_OK) {
		fprintf(stderr, "%s: %s\n", taken_error.where, taken_error.what);
		CU_FAIL_FATAL("the inventory cannot be read");
	}
}

static size_t collect(const struct taken *t, enum origin origin, X509 **out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->list.n_records; i++)
		if (t->takeover.origins[i] == (char)origin)
			out[n++] = t->list.records[i].x509;
	return n;
}

/* The plan from the inventory is the list: each record with its bytes, and nothing else. */
static void changes_nothing(struct taken *t)
{
	X509 *tokens[8], *trust[8];
	struct plan_request request = {.inventory = &t->inventory,
	    .mode = t->takeover.mode,
	    .signing = t->takeover.signing,
	    .tokens = tokens,
	    .trust = trust,
	    .current = &t->list};
	struct cluster_plan plan = {.n = 0};

	request.n_tokens = collect(t, ORIGIN_TOKEN, tokens);
	request.n_trust = collect(t, ORIGIN_TRUST, trust);
	if (cluster_plan(&request, &plan, &taken_error) != ST_OK) {
		fprintf(stderr, "%s: %s\n", taken_error.where, taken_error.what);
		CU_FAIL_FATAL("there is no plan");
	}
	CU_ASSERT_EQUAL(plan.n, t->list.n_records);
	for (size_t i = 0; i < plan.n; i++) {
		CU_ASSERT_EQUAL(plan.origins[i].record, i + 1);
		CU_ASSERT_EQUAL((char)plan.origins[i].origin, t->takeover.origins[i]);
	}
	cluster_plan_free(&plan);
}

void taken_whole(struct taken *t, const struct buffer *file)
{
	if (taken_from(t, file, NULL) != ST_OK) {
		fprintf(stderr, "%s: %s\n", taken_error.where, taken_error.what);
		CU_FAIL_FATAL("the list cannot be taken over");
	}
	read_again(t);
	changes_nothing(t);
}

bool taken_says(struct taken *t, const char *text)
{
	return strstr(buffer_text(&t->takeover.conf), text) != NULL;
}

void made_add(
    struct made *made, unsigned role, const char *cn, const char *dns, const char *address)
{
	struct tl_entry *entry = &made->entries[made->n++];

	CU_ASSERT_FATAL(made->n <= MADE_MAX);
	*entry = (struct tl_entry){.role = role,
	    .certificate = cn != NULL ? fixture_cluster_cert(cn, 0) : NULL,
	    .dns = dns};
	if (address == NULL)
		return;
	entry->ip_len = strchr(address, ':') != NULL ? 16 : 4;
	CU_ASSERT_EQUAL(inet_pton(entry->ip_len == 4 ? AF_INET : AF_INET6, address, entry->ip), 1);
}

void made_sasts(struct made *made, bool tokens, bool anchors)
{
	if (tokens) {
		made_add(made, TL_ROLE_SAST, "SAST-1", NULL, NULL);
		made_add(made, TL_ROLE_SAST, "SAST-2", NULL, NULL);
	}
	if (!anchors)
		return;
	made_add(made, TL_ROLE_SAST, "cucm-pub.lab", "cucm-pub.lab", "10.1.2.3");
	made_add(made, TL_ROLE_SAST, "ITLRECOVERY_cucm-pub.lab", "cucm-pub.lab", "10.1.2.3");
}

void made_publisher(struct made *made)
{
	made_add(made, TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab", "10.1.2.3");
	made_add(made, TL_ROLE_CAPF, "CAPF-cucm-pub", "cucm-pub.lab", "10.1.2.3");
}

const struct buffer *made_list(const struct made *made, const char *signer)
{
	static struct buffer file = BUFFER_INIT;

	if (made == NULL) {
		buffer_free(&file);
		return NULL;
	}
	fixture_cluster_list(made->entries, made->n, fixture_cluster_cert(signer, 0), &file);
	return &file;
}
