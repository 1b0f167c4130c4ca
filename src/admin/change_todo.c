/*
 * What has to be done once a new CTL is on all servers.
 *
 * Source: the CTL client chapter of Cisco's security guide: which services are restarted, what
 * Unity Connection needs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/todo.h"

#include "admin/change_parts.h"
#include "base/text.h"

#include <string.h>

/* As the history has the command. */
#define RESET_LOCALKEY "reset-localkey"

static void add_name(struct buffer *out, size_t *n, const char *name)
{
	if ((*n)++ > 0)
		buffer_add(out, ", ", 2);
	text_printable(out, text_bytes(name));
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The nodes that run any of SERVICES; ONLY: no others than these, NULL: all. */
static size_t add_nodes(const struct inventory *inventory, unsigned services,
    const char *const *only, size_t n_only, struct buffer *out)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_nodes; i++) {
		const struct inventory_node *node = &inventory->nodes[i];

		if ((node->services & services) != 0 &&
		    (only == NULL || is_one_of(node->name, only, n_only)))
			add_name(out, &n, node->name);
	}
	return n;
}

static void say_restart(
    const struct inventory *inventory, const char *const *only, size_t n_only, struct buffer *out)
{
	const bool cti = release_rules(&inventory->release)->restart_ctimanager;
	struct buffer names = BUFFER_INIT;
	const size_t n = add_nodes(inventory,
	    SERVICE_CALLMANAGER | SERVICE_TFTP | (cti ? (unsigned)SERVICE_CTIMANAGER : 0u), only,
	    n_only, &names);

	if (n > 0 && buffer_text(&names) != NULL)
		buffer_printf(out,
		    cti ? _("restart TFTP, CallManager and CTIManager, where they run, on: %s\n")
			: _("restart TFTP and CallManager, where they run, on: %s\n"),
		    buffer_text(&names));
	buffer_free(&names);
}

static void say_phones(struct buffer *out)
{
	buffer_printf(
	    out, "%s\n", _("reset the phones, and see that they say \"Trust List updated\""));
}

static void say_nodes(struct buffer *out)
{
	buffer_printf(out, "%s\n", _("see that all servers hold the same: ctlsign nodes"));
}

void admin_todo(const struct inventory *inventory, enum cluster_mode mode, bool reset_localkey,
    struct buffer *out)
{
	say_restart(inventory, NULL, 0, out);
	say_phones(out);
	if (reset_localkey)
		buffer_printf(out, "%s\n",
		    _("when all phones have this CTL: ctlsign update, so that the usual signer "
		      "signs "
		      "again"));
	if (mode == MODE_NON_SECURE)
		buffer_printf(out, "%s\n",
		    _("phones keep their CTL: they go back to the default only when it is deleted "
		      "on "
		      "phones and servers"));
	buffer_printf(out, "%s\n",
	    _("where Unity Connection is integrated over secure SIP or SCCP: reset its port "
	      "groups"));
	say_nodes(out);
}

void admin_todo_again(
    const struct inventory *inventory, const char *const *servers, size_t n, struct buffer *out)
{
	say_restart(inventory, servers, n, out);
	say_phones(out);
	say_nodes(out);
}

bool admin_is_reset_localkey(const char *reason)
{
	return reason != NULL && strncmp(reason, RESET_LOCALKEY, strlen(RESET_LOCALKEY)) == 0;
}

void change_say_todo(struct change *c)
{
	admin_todo(&c->cluster->inventory, c->mode, c->request->kind == CHANGE_RESET_LOCALKEY,
	    &c->result->todo);
}
