/*
 * What goes where: which files every place of the inventory gets.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/plan.h"

#include <arpa/inet.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool plan_is_capf(const char *name)
{
	return strcmp(name, PUBLISH_CAPF_DER) == 0 || strcmp(name, PUBLISH_CAPF_PEM) == 0;
}

/* ---- the sections ---------------------------------------------------------------------------- */

static void section_of_node(const struct inventory_node *node, struct plan_section *out)
{
	const bool needs = (node->services & (SERVICE_CALLMANAGER | SERVICE_TFTP)) != 0;

	*out = (struct plan_section){.name = node->name,
	    .address = &node->address,
	    .deliver = &node->deliver,
	    .verify = &node->verify,
	    .needs_ctl = needs,
	    .ctl = needs,
	    .capf = node->role != NODE_PUBLISHER,
	    .phones = (node->services & SERVICE_TFTP) != 0};
}

static void section_of_server(
    const struct inventory_server *server, bool needs, bool phones, struct plan_section *out)
{
	*out = (struct plan_section){.name = server->name,
	    .address = &server->address,
	    .deliver = &server->deliver,
	    .verify = &server->verify,
	    .needs_ctl = needs,
	    .ctl = true,
	    .phones = phones};
}

bool plan_section(const struct inventory *inventory, size_t index, struct plan_section *out)
{
	const struct inventory_server *entry;

	if (index < inventory->n_nodes) {
		section_of_node(&inventory->nodes[index], out);
		return true;
	}
	index -= inventory->n_nodes;
	if (index < inventory->n_alternate_tftp) {
		section_of_server(&inventory->alternate_tftp[index], true, true, out);
		return true;
	}
	index -= inventory->n_alternate_tftp;
	if (index < inventory->n_firewalls) {
		section_of_server(&inventory->firewalls[index], true, false, out);
		return true;
	}
	index -= inventory->n_firewalls;
	if (index >= inventory->n_entries)
		return false;
	/* Nobody says that another server needs the CTL; it gets it if it is given a target. */
	entry = &inventory->entries[index];
	section_of_server(
	    entry, false, entry->role == TL_ROLE_TFTP || entry->role == TL_ROLE_CCM_TFTP, out);
	return true;
}

const struct inventory_urls *plan_urls(
    const struct inventory *inventory, const struct publish_place *place)
{
	static const struct inventory_urls none = {NULL, 0};
	struct plan_section section;

	for (size_t i = 0; plan_section(inventory, i, &section); i++)
		if (section.name == place->node)
			return section.verify;
	return &none;
}

/* ---- the files ------------------------------------------------------------------------------- */

/* The CTL's certificate of CAPF, for the caller to free; NULL when it has none. */
static X509 *listed_capf(struct bytes ctl)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct error ignored;
	X509 *capf = NULL;

	if (tl_read(&list, ctl, &ignored) == ST_OK)
		for (size_t i = 0; capf == NULL && i < list.n_records; i++)
			if (list.records[i].has_role && list.records[i].role == TL_ROLE_CAPF &&
			    tl_record_x509(&list.records[i], &capf, &ignored) != ST_OK)
				capf = NULL;
	tl_free(&list);
	return capf;
}

static enum status write_forms(const X509 *capf, struct publish_plan *out, struct error *err)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(capf, &der);
	enum status st;

	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("cannot write CAPF's certificate"));
	buffer_add(&out->capf_der, der, (size_t)len);
	OPENSSL_free(der);
	st = buffer_status(&out->capf_der, err);
	return st == ST_OK ? certificate_der_pem(buffer_bytes(&out->capf_der), &out->capf_pem, err)
			   : st;
}

/*
 * CAPF's certificate in both forms; nothing where the CTL has none.  Phones believe the CTL: it is
 * the CTL's, which also lets a file be known that was put somewhere before ctlsign.conf was given
 * another certificate, or none.
 */
static enum status write_capf(
    const struct inventory *inventory, struct publish_plan *out, struct error *err)
{
	const struct inventory_node *publisher = inventory_publisher(inventory);
	X509 *capf = publisher->capf.x509, *listed;
	enum status st;

	out->has_capf = capf != NULL && (publisher->services & SERVICE_CAPF) != 0;
	listed = listed_capf(buffer_bytes(&out->ctl));
	out->capf_differs = out->has_capf && (listed == NULL || X509_cmp(listed, capf) != 0);
	st = listed != NULL ? write_forms(listed, out, err) : ST_OK;
	X509_free(listed);
	return st;
}

bool plan_delivers_capf(const struct publish_plan *plan)
{
	return plan->has_capf && plan->capf_der.len > 0;
}

static void add_file(struct publish_place *place, const char *name, struct bytes data)
{
	struct publish_file *file = &place->files[place->n_files++];

	snprintf(file->name, sizeof(file->name), "%s", name);
	file->data = data;
}

/* The files of SECTION, as many as there can be: the caller made no room yet. */
static enum status add_files(const struct inventory *inventory, const struct publish_plan *plan,
    const struct plan_section *section, struct publish_place *place, struct error *err)
{
	const struct inventory_publish *settings = &inventory->publish;
	const struct bytes ctl = buffer_bytes(&plan->ctl);
	char name[TARGET_NAME_MAX];

	place->files = calloc(3 + settings->n_phones, sizeof(*place->files));
	if (place->files == NULL)
		return error_no_memory(err);
	if (section->ctl)
		add_file(place, PUBLISH_CTL, ctl);
	for (size_t i = 0; section->phones && i < settings->n_phones; i++) {
		snprintf(name, sizeof(name), "CTLSEP%s.tlv", settings->phones[i]);
		add_file(place, name, ctl);
	}
	if (section->capf && plan_delivers_capf(plan)) {
		add_file(place, PUBLISH_CAPF_DER, buffer_bytes(&plan->capf_der));
		add_file(place, PUBLISH_CAPF_PEM, buffer_bytes(&plan->capf_pem));
	}
	return ST_OK;
}

/* ---- the places ------------------------------------------------------------------------------ */

static enum status address_text(
    const struct inventory_address *address, const char **out, struct error *err)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address->len != 0)
		inet_ntop(
		    address->len == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text));
	*out = strdup(text);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

static enum status add_place(const struct inventory *inventory, const struct plan_section *section,
    const struct inventory_target *target, struct publish_plan *out, struct error *err)
{
	struct publish_place *place = &out->places[out->n_places];
	enum status st;

	*place = (struct publish_place){
	    .node = section->name, .target = target, .needs_ctl = section->needs_ctl};
	out->n_places++;
	st = address_text(section->address, &place->address, err);
	return st == ST_OK ? add_files(inventory, out, section, place, err) : st;
}

static enum status add_section(const struct inventory *inventory,
    const struct plan_section *section, struct publish_plan *out, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < section->deliver->n; i++)
		st = add_place(inventory, section, &section->deliver->list[i], out, err);
	out->n_targets += section->deliver->n;
	/* One that nothing is carried to is no place. */
	if (section->deliver->n > 0 ||
	    (!section->needs_ctl && (!section->capf || !plan_delivers_capf(out))))
		return st;
	out->n_by_hand += section->needs_ctl ? 1 : 0;
	return add_place(inventory, section, NULL, out, err);
}

enum status publish_plan_make(const struct inventory *inventory, struct bytes ctl,
    struct publish_plan *out, struct error *err)
{
	struct plan_section section;
	size_t room = 0;
	enum status st;

	*out = (struct publish_plan){0};
	for (size_t i = 0; plan_section(inventory, i, &section); i++)
		room += section.deliver->n > 0 ? section.deliver->n : 1;
	out->places = calloc(room + 1, sizeof(*out->places));
	if (out->places == NULL)
		return error_no_memory(err);
	buffer_add(&out->ctl, ctl.data, ctl.len);
	st = buffer_status(&out->ctl, err);
	if (st == ST_OK)
		st = write_capf(inventory, out, err);
	for (size_t i = 0; st == ST_OK && plan_section(inventory, i, &section); i++)
		st = add_section(inventory, &section, out, err);
	return st;
}

void publish_plan_free(struct publish_plan *plan)
{
	for (size_t i = 0; i < plan->n_places; i++) {
		free((char *)(uintptr_t)plan->places[i].address);
		free(plan->places[i].files);
	}
	free(plan->places);
	buffer_free(&plan->ctl);
	buffer_free(&plan->capf_der);
	buffer_free(&plan->capf_pem);
	*plan = (struct publish_plan){0};
}
