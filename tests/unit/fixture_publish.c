/*
 * A cluster to publish on, in memory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_publish.h"

#include "fixture_cluster.h"
#include "fixture_publish_memory.h"
#include "fixture_store.h"
#include "harness.h"

#include "base/file.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct inventory inventory;
static struct store *store;
static struct target_access access_;
static struct publish_request request;

static const char *ctl_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/CTLFile.tlv", harness_directory());
	return path;
}

/* ---- the inventory --------------------------------------------------------------------------- */

void fixture_publish_target(struct inventory_targets *deliver, const char *text)
{
	struct inventory_target *target;

	deliver->list = reallocarray(deliver->list, deliver->n + 1, sizeof(*deliver->list));
	target = &deliver->list[deliver->n++];
	*target = (struct inventory_target){.text = strdup(text), .kind = TARGET_SFTP};
	if (text[0] == '/') {
		target->kind = TARGET_DIRECTORY;
		target->path = strdup(text);
	} else if (strncmp(text, "https:", 6) == 0) {
		target->kind = TARGET_PROVIDER;
	}
}

void fixture_publish_url(struct inventory_urls *verify, const char *text)
{
	verify->list = reallocarray(verify->list, verify->n + 1, sizeof(*verify->list));
	verify->list[verify->n++] = strdup(text);
}

void fixture_publish_phone(const char *mac)
{
	struct inventory_publish *publish = &inventory.publish;

	publish->phones =
	    reallocarray(publish->phones, publish->n_phones + 1, sizeof(*publish->phones));
	publish->phones[publish->n_phones++] = strdup(mac);
}

void fixture_publish_subscribers(unsigned count)
{
	char name[32], text[32], address[32];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(name, sizeof(name), "sub%u", i);
		snprintf(text, sizeof(text), "mem:sub%u", i);
		snprintf(address, sizeof(address), "10.1.3.%u", i);
		fixture_publish_target(&fixture_cluster_node(&inventory, NODE_SUBSCRIBER, name,
					   address, SERVICE_CALLMANAGER | SERVICE_TFTP)
					    ->deliver,
		    text);
	}
}

static void free_places(struct inventory_targets *deliver, struct inventory_urls *verify)
{
	for (size_t i = 0; i < deliver->n; i++) {
		free(deliver->list[i].text);
		free(deliver->list[i].path);
	}
	free(deliver->list);
	for (size_t i = 0; i < verify->n; i++)
		free(verify->list[i]);
	free(verify->list);
	*deliver = (struct inventory_targets){.n = 0};
	*verify = (struct inventory_urls){.n = 0};
}

static void free_servers(struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free_places(&servers[i].deliver, &servers[i].verify);
}

static void free_inventory(void)
{
	for (size_t i = 0; i < inventory.n_nodes; i++)
		free_places(&inventory.nodes[i].deliver, &inventory.nodes[i].verify);
	free_servers(inventory.alternate_tftp, inventory.n_alternate_tftp);
	free_servers(inventory.firewalls, inventory.n_firewalls);
	free_servers(inventory.entries, inventory.n_entries);
	for (size_t i = 0; i < inventory.publish.n_phones; i++)
		free(inventory.publish.phones[i]);
	free(inventory.publish.phones);
	fixture_cluster_free(&inventory);
}

struct inventory *fixture_publish_inventory(void)
{
	return &inventory;
}

/* ---- the state ------------------------------------------------------------------------------- */

void fixture_publish_begin(void)
{
	memory_clear();
	store_remove();
	unlink(ctl_path());
	fixture_cluster(&inventory, "12.5(1)");
	/* Most tests are about the CTL alone. */
	fixture_cluster_certificate(&inventory.nodes[0].capf, NULL);
	fixture_cluster_text(&inventory.ctl_file, ctl_path());
	store = store_opened(STORE_CHANGE);
	access_ = (struct target_access){.settings = &inventory.publish, .timeout_ms = 5000};
	request = (struct publish_request){
	    .inventory = &inventory, .store = store, .access = &access_, .act = "publish"};
}

void fixture_publish_end(void)
{
	store_close(store);
	store = NULL;
	free_inventory();
	memory_clear();
	store_remove();
}

struct store *fixture_publish_store(void)
{
	return store;
}

void fixture_publish_close(void)
{
	store_close(store);
	store = NULL;
}

void fixture_publish_reopen(void)
{
	fixture_publish_close();
	store = store_opened(STORE_CHANGE);
	request.store = store;
}

static void begin(const char *ctl, int mode, int64_t *number)
{
	struct audit_entry entry = store_entry("begins");
	struct generation generation = store_generation_of(ctl);
	struct error err;

	free(generation.file);
	generation.file = strdup(ctl_path());
	generation.mode = mode;
	CU_ASSERT_EQUAL_FATAL(store_begin(store, &generation, &entry, &err), ST_OK);
	*number = generation.number;
	CU_ASSERT_EQUAL(file_write_durably(ctl_path(),
			    (struct bytes){(const uint8_t *)ctl, strlen(ctl)}, true, 0644, &err),
	    ST_OK);
	generation_free(&generation);
}

void fixture_publish_current(const char *ctl, int mode, bool everywhere)
{
	struct audit_entry entry = store_entry("ends");
	struct plan_section section;
	struct error err;
	int64_t number;

	begin(ctl, mode, &number);
	CU_ASSERT_EQUAL_FATAL(store_finish(store, number, &entry, &err), ST_OK);
	for (size_t i = 0; everywhere && plan_section(&inventory, i, &section); i++)
		for (size_t k = 0; k < section.deliver->n; k++)
			fixture_publish_put(section.deliver->list[k].text, PUBLISH_CTL, ctl);
}

void fixture_publish_pending(const char *ctl, int mode)
{
	struct error err;
	int64_t number;

	begin(ctl, mode, &number);
	CU_ASSERT_EQUAL_FATAL(
	    store_deliver(store, number, DELIVERY_SIGNED, NULL, 0, NULL, &err), ST_OK);
}

void fixture_publish_two(unsigned count)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_subscribers(count);
	fixture_publish_current("CTL 1", 0, true);
	fixture_publish_pending("CTL 2", 1);
}

void fixture_publish_end_whole(struct publish_result *result)
{
	struct error err;
	char last[65];
	int64_t n;

	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	publish_result_free(result);
	fixture_publish_end();
}

static int64_t number(enum status (*get)(struct store *, struct generation *, struct error *))
{
	struct generation generation = GENERATION_INIT;
	struct error err;
	int64_t n;

	CU_ASSERT_EQUAL(get(store, &generation, &err), ST_OK);
	n = generation.number;
	generation_free(&generation);
	return n;
}

int64_t fixture_publish_current_number(void)
{
	return number(store_current);
}

int64_t fixture_publish_pending_number(void)
{
	return number(store_pending);
}

enum delivery_phase fixture_publish_phase(size_t *n_files)
{
	struct delivery delivery = {.phase = DELIVERY_NONE};
	enum delivery_phase phase;
	struct error err;

	CU_ASSERT_EQUAL(store_delivery(store, &delivery, &err), ST_OK);
	phase = delivery.phase;
	if (n_files != NULL)
		*n_files = delivery.n_files;
	delivery_free(&delivery);
	return phase;
}

const char *fixture_publish_ctl_file(void)
{
	static struct buffer file;
	static char text[256];
	struct error err;

	if (file_read(ctl_path(), 200, &file, NULL, &err) != ST_OK) {
		buffer_free(&file);
		return NULL;
	}
	snprintf(text, sizeof(text), "%s", buffer_text(&file));
	buffer_free(&file);
	return text;
}

/* ---- runs ------------------------------------------------------------------------------------ */

void fixture_publish_timeout(unsigned ms)
{
	access_.timeout_ms = ms;
}

const struct publish_request *fixture_publish_request(void)
{
	return &request;
}

const struct publish_means *fixture_publish_means(void)
{
	static const struct publish_means means = {.target = memory_target, .fetch = memory_fetch};

	return &means;
}

void fixture_publish_expect(enum status st, enum status expected, const struct error *err)
{
	CU_ASSERT_EQUAL(st, expected);
	if (st != expected)
		printf("# %s: %s\n", err->where, err->what);
}

enum status fixture_publish_run(struct publish_result *out, struct error *err)
{
	publish_result_free(out);
	error_clear(err);
	return publish_run_by(&request, fixture_publish_means(), out, err);
}

enum status fixture_publish_back(struct publish_result *out, struct error *err)
{
	publish_result_free(out);
	error_clear(err);
	return publish_back_by(&request, fixture_publish_means(), out, err);
}

const struct publish_row *fixture_publish_row(
    const struct publish_result *result, const char *target)
{
	for (size_t i = 0; i < result->n_rows; i++)
		if (strcmp(result->rows[i].place->target->text, target) == 0)
			return &result->rows[i];
	printf("# there is no row of %s\n", target);
	CU_FAIL_FATAL("row");
	return NULL;
}

bool fixture_publish_all_hold(const char *text)
{
	struct plan_section section;

	for (size_t i = 0; plan_section(&inventory, i, &section); i++)
		for (size_t k = 0; k < section.deliver->n; k++) {
			const char *held =
			    fixture_publish_holds(section.deliver->list[k].text, PUBLISH_CTL);

			if (text == NULL ? held != NULL : held == NULL || strcmp(held, text) != 0)
				return false;
		}
	return true;
}
