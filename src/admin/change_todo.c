/*
 * What has to be done once a new CTL is on all servers.
 *
 * Source: the CTL client chapter of Cisco's security guide: which services are restarted, what
 * Unity Connection needs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"

static void add_name(struct buffer *out, size_t *n, const char *name)
{
	if ((*n)++ > 0)
		buffer_add(out, ", ", 2);
	text_printable(out, text_bytes(name));
}

/* The nodes that run any of SERVICES. */
static size_t add_nodes(const struct inventory *inventory, unsigned services, struct buffer *out)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_nodes; i++)
		if ((inventory->nodes[i].services & services) != 0)
			add_name(out, &n, inventory->nodes[i].name);
	return n;
}

static void say_restart(struct change *c)
{
	const struct inventory *inventory = &c->cluster->inventory;
	const bool cti = release_rules(&inventory->release)->restart_ctimanager;
	struct buffer names = BUFFER_INIT;

	add_nodes(inventory,
	    SERVICE_CALLMANAGER | SERVICE_TFTP | (cti ? (unsigned)SERVICE_CTIMANAGER : 0u), &names);
	if (cti)
		buffer_printf(&c->result->todo,
		    _("restart TFTP, CallManager and CTIManager, where they run, on: %s\n"),
		    buffer_text(&names));
	else
		buffer_printf(&c->result->todo,
		    _("restart TFTP and CallManager, where they run, on: %s\n"),
		    buffer_text(&names));
	buffer_free(&names);
}

void change_say_todo(struct change *c)
{
	struct buffer *out = &c->result->todo;

	say_restart(c);
	buffer_printf(
	    out, "%s\n", _("reset the phones, and see that they say \"Trust List updated\""));
	if (c->request->kind == CHANGE_RESET_LOCALKEY)
		buffer_printf(out, "%s\n",
		    _("when all phones have this CTL: ctlsign update, so that the usual signer "
		      "signs "
		      "again"));
	if (c->mode == MODE_NON_SECURE)
		buffer_printf(out, "%s\n",
		    _("phones keep their CTL: they go back to the default only when it is deleted "
		      "on "
		      "phones and servers"));
	buffer_printf(out, "%s\n",
	    _("where Unity Connection is integrated over secure SIP or SCCP: reset its port "
	      "groups"));
	buffer_printf(out, "%s\n", _("see that all servers hold the same: ctlsign nodes"));
}
