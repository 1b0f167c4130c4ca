/*
 * How `ctlsign ports` shows ports, who listens, and who answers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/ports.h"

#include "base/text.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* More names than this do not fit into a line. */
#define NAMES_SHOWN 3

static const char *transport(enum port port)
{
	return port_is_udp(port) ? "UDP" : "TCP";
}

static const char *text_of(struct buffer *buf)
{
	const char *text = buffer_text(buf);

	return text != NULL ? text : "";
}

/* "cucm-pub, cucm-sub1, cucm-sub2 and 4 more" */
static void put_names(const struct port_row *row, struct buffer *out)
{
	const size_t shown = row->n <= NAMES_SHOWN + 1 ? row->n : NAMES_SHOWN;

	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			buffer_printf(out, ", ");
		text_printable(out, text_bytes(row->listeners[i].name));
	}
	if (row->n > shown)
		buffer_printf(out,
		    ngettext(" and %zu more", " and %zu more", (unsigned long)(row->n - shown)),
		    row->n - shown);
	if (row->n == 0)
		buffer_printf(out, "%s", _("nobody"));
}

/* What is not as it usually is. */
static void put_note(const struct port_row *row, struct buffer *out)
{
	const unsigned usual = port_default(row->port);

	if (row->number != usual)
		buffer_printf(out, _("not the default, %u"), usual);
	if (row->open)
		return;
	if (out->len > 0)
		buffer_printf(out, "; ");
	buffer_printf(out, "%s",
	    row->port == PORT_SIP_OAUTH || row->port == PORT_SIP_OAUTH_MRA
		? _("only in SIP OAuth mode")
		: _("only in mixed mode"));
}

static void put_ports(const struct port_list *list, struct buffer *out)
{
	struct text_table *table = text_table_new(5);

	text_table_row(table,
	    (const char *[]){_("Service"), _("Port"), _("Transport"), _("Who listens"), _("Note")});
	for (size_t i = 0; i < N_PORTS; i++) {
		const struct port_row *row = &list->rows[i];
		struct buffer names = BUFFER_INIT, note = BUFFER_INIT;
		char number[16];

		put_names(row, &names);
		put_note(row, &note);
		snprintf(number, sizeof(number), "%u", row->number);
		text_table_row(table, (const char *[]){port_title(row->port), number,
					  transport(row->port), text_of(&names), text_of(&note)});
		buffer_free(&names);
		buffer_free(&note);
	}
	text_table_print(table, out);
	text_table_free(table);
}

static bool has_changed(const struct port_row *row)
{
	return row->before != 0 && row->before != row->number;
}

static void put_changes(const struct port_list *list, struct buffer *out)
{
	bool first = true;

	for (size_t i = 0; i < N_PORTS; i++) {
		const struct port_row *row = &list->rows[i];

		if (!has_changed(row))
			continue;
		if (first)
			buffer_printf(out, _("\nChanged since generation %lld of the CTL:\n"),
			    (long long)list->generation);
		first = false;
		buffer_printf(out, _("  %s: %u, was %u\n    do: %s\n"), port_title(row->port),
		    row->number, row->before, port_restart(row->port));
	}
}

static const char *answer_code(enum port_answer answer)
{
	switch (answer) {
	case PORT_REACHABLE:
		return "reachable";
	case PORT_REFUSED:
		return "refused";
	case PORT_NO_ANSWER:
		return "no-answer";
	case PORT_UNREACHABLE:
		return "unreachable";
	case PORT_NOT_ASKED:
		break;
	}
	return "not-asked";
}

static void put_answer(const struct port_probe *probe, struct buffer *out)
{
	switch (probe->answer) {
	case PORT_REACHABLE:
		buffer_printf(out, "%s", _("reachable"));
		break;
	case PORT_REFUSED:
		buffer_printf(out, "%s", _("refused: nobody listens there"));
		break;
	case PORT_NO_ANSWER:
		buffer_printf(out, "%s", _("no answer"));
		break;
	case PORT_UNREACHABLE:
		if (probe->reason != 0)
			buffer_printf(out, _("unreachable: %s"), strerror(probe->reason));
		else
			buffer_printf(out, "%s", _("not asked: it has no address in ctlsign.conf"));
		break;
	case PORT_NOT_ASKED:
		break;
	}
}

static void put_checks(
    const struct port_list *list, const struct port_checks *checks, struct buffer *out)
{
	struct text_table *table = text_table_new(5);
	size_t at = 0;

	buffer_add(out, "\n", 1);
	text_table_row(table,
	    (const char *[]){_("Node"), _("Service"), _("Port"), _("Answer"), _("Should listen")});
	for (size_t i = 0; i < N_PORTS; i++) {
		const struct port_row *row = &list->rows[i];

		for (size_t j = 0; j < row->n; j++, at++) {
			struct buffer name = BUFFER_INIT, answer = BUFFER_INIT;
			char number[32];

			text_printable(&name, text_bytes(row->listeners[j].name));
			put_answer(&checks->probes[at], &answer);
			snprintf(
			    number, sizeof(number), "%s %u", transport(row->port), row->number);
			text_table_row(
			    table, (const char *[]){text_of(&name), port_title(row->port), number,
				       text_of(&answer), row->open ? _("yes") : _("no")});
			buffer_free(&name);
			buffer_free(&answer);
		}
	}
	text_table_print(table, out);
	text_table_free(table);
}

void ports_print(const struct port_list *list, const struct port_checks *checks, struct buffer *out)
{
	put_ports(list, out);
	put_changes(list, out);
	if (checks != NULL)
		put_checks(list, checks, out);
}

json_t *ports_json(const struct port_list *list, const struct port_checks *checks)
{
	json_t *array = json_array();
	size_t at = 0;

	for (size_t i = 0; i < N_PORTS; i++) {
		const struct port_row *row = &list->rows[i];
		json_t *nodes = json_array();

		for (size_t j = 0; j < row->n; j++, at++) {
			json_t *node =
			    json_pack("{s:o}", "name", cli_json_path(row->listeners[j].name));

			if (checks != NULL)
				json_object_set_new(node, "answer",
				    json_string(answer_code(checks->probes[at].answer)));
			json_array_append_new(nodes, node);
		}
		json_array_append_new(array,
		    json_pack("{s:s, s:i, s:i, s:o, s:s, s:b, s:o}", "service",
			port_name(row->port), "port", (int)row->number, "default",
			(int)port_default(row->port), "before",
			row->before != 0 ? json_integer((json_int_t)row->before) : json_null(),
			"transport", port_is_udp(row->port) ? "udp" : "tcp", "open", (int)row->open,
			"nodes", nodes));
	}
	return array;
}
