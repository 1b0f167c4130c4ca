/*
 * The runbook as HTML: one file that loads nothing, made to be printed in black and white.  It is
 * written so that it is XML, too: every element is closed, every attribute quoted.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include <string.h>

/* Bytes that stand for U+FFFD. */
#define REPLACEMENT "\xEF\xBF\xBD"

static void put_escaped(struct buffer *out, char c)
{
	switch (c) {
	case '&':
		buffer_add(out, "&amp;", 5);
		break;
	case '<':
		buffer_add(out, "&lt;", 4);
		break;
	case '>':
		buffer_add(out, "&gt;", 4);
		break;
	case '"':
		buffer_add(out, "&quot;", 6);
		break;
	case '\'':
		buffer_add(out, "&#39;", 5);
		break;
	default:
		buffer_add(out, &c, 1);
	}
}

void runbook_escape_html(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (strncmp(text, "\xEF\xBF\xBE", 3) == 0 ||
		    strncmp(text, "\xEF\xBF\xBF", 3) == 0) {
			/* U+FFFE and U+FFFF are no characters of XML. */
			buffer_add(out, REPLACEMENT, 3);
			text += 2;
		} else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
			buffer_add(out, REPLACEMENT, 3);
		} else {
			put_escaped(out, *text);
		}
	}
}

static const char style[] =
    "@page { size: A4; margin: 16mm 15mm 18mm; @bottom-right { content: counter(page); } }\n"
    "html { font: 10.5pt/1.4 sans-serif; color: #000; background: #fff; }\n"
    "body { max-width: 180mm; margin: 0 auto; padding: 0 4mm; overflow-wrap: anywhere; }\n"
    "h1 { font-size: 19pt; line-height: 1.2; border-bottom: 2pt solid #000;"
    " padding-bottom: 2mm; }\n"
    "h2 { font-size: 14pt; margin: 8mm 0 2mm; border-bottom: .6pt solid #000; }\n"
    "h3 { font-size: 11.5pt; margin: 5mm 0 1mm; }\n"
    "h1, h2, h3 { break-after: avoid; }\n"
    "p { margin: 1.5mm 0; }\n"
    "ul { margin: 1mm 0; padding-left: 6mm; }\n"
    "li { margin: 1mm 0; break-inside: avoid; }\n"
    "li.box { list-style: none; margin-left: -6mm; padding-left: 6mm; text-indent: -6mm; }\n"
    ".tick { display: inline-block; box-sizing: border-box; width: 3.6mm; height: 3.6mm;"
    " border: .8pt solid #000; margin-right: 2.4mm; vertical-align: -.5mm; text-indent: 0;"
    " text-align: center; font: bold 8pt/3mm sans-serif; }\n"
    "table { border-collapse: collapse; width: 100%; margin: 2mm 0 3mm; font-size: 9pt; }\n"
    "th, td { border: .5pt solid #000; padding: 1mm 1.5mm; text-align: left;"
    " vertical-align: top; }\n"
    "th { border-bottom-width: 1.2pt; overflow-wrap: normal; }\n"
    "thead { display: table-header-group; }\n"
    "tr { break-inside: avoid; }\n"
    "td:empty { height: 6mm; }\n"
    ".command { break-inside: avoid; margin: 2mm 0; }\n"
    "pre { font: 9pt/1.35 monospace; white-space: pre-wrap; margin: 1mm 0 1mm 6mm;"
    " padding: 1mm 2mm; }\n"
    "pre.type { border: .8pt solid #000; font-weight: bold; }\n"
    "pre.says { border-left: 2pt solid #000; }\n"
    ".label { margin: 0 0 0 6mm; font-size: 9pt; }\n"
    ".line { border-bottom: .6pt solid #000; padding-top: 5mm; break-inside: avoid; }\n"
    "svg { display: block; width: 100%; height: auto; margin: 2mm 0; break-inside: avoid; }\n"
    "@media screen { .page { border-top: .6pt dashed #000; margin-top: 12mm; } }\n"
    "@media print { .page { break-before: page; } body { max-width: none; padding: 0; } }\n";

/* The language that texts are in: of the catalogue that is used, not of the locale. */
static void put_language(struct buffer *out)
{
	const char *found = strstr(gettext(""), "\nLanguage: ");
	size_t len;

	found = found != NULL ? found + strlen("\nLanguage: ") : "en";
	len = strspn(found, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
	for (size_t i = 0; i < len; i++)
		buffer_add(out, found[i] == '_' ? "-" : found + i, 1);
	if (len == 0)
		buffer_add(out, "en", 2);
}

static void put_element(struct buffer *out, const char *open, const char *text, const char *close)
{
	buffer_printf(out, "%s", open);
	runbook_escape_html(out, text);
	buffer_printf(out, "%s\n", close);
}

static void put_begin(struct buffer *out, const char *title)
{
	buffer_printf(out, "<!DOCTYPE html>\n<html lang=\"");
	put_language(out);
	/* Should anything ever slip through: a browser loads and runs nothing of it. */
	buffer_printf(out,
	    "\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	    "<meta http-equiv=\"Content-Security-Policy\""
	    " content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
	put_element(out, "<title>", title, "</title>");
	buffer_printf(out, "<style>\n%s</style>\n</head>\n<body>\n", style);
	put_element(out, "<h1>", title, "</h1>");
}

static void put_end(struct buffer *out)
{
	buffer_printf(out, "</body>\n</html>\n");
}

static void put_page(struct buffer *out)
{
	buffer_printf(out, "<div class=\"page\"></div>\n");
}

static void put_heading(struct buffer *out, unsigned level, const char *text)
{
	static const char *const tags[][2] = {
	    {"<h1>", "</h1>"}, {"<h2>", "</h2>"}, {"<h3>", "</h3>"}};
	const size_t index = level < 1 ? 0 : level > 3 ? 2 : level - 1;

	put_element(out, tags[index][0], text, tags[index][1]);
}

static void put_paragraph(struct buffer *out, const char *text)
{
	put_element(out, "<p>", text, "</p>");
}

static void put_list(struct buffer *out)
{
	buffer_printf(out, "<ul>\n");
}

static void put_item(struct buffer *out, enum runbook_mark mark, const char *text)
{
	static const char *const opens[] = {[RUNBOOK_POINT] = "<li>",
	    [RUNBOOK_OPEN] = "<li class=\"box\"><span class=\"tick\"> </span>"};

	put_element(out, opens[mark], text, "</li>");
}

static void put_list_end(struct buffer *out)
{
	buffer_printf(out, "</ul>\n");
}

static void put_command(struct buffer *out, const struct runbook_command *command)
{
	buffer_printf(out, "<div class=\"command\">\n<span class=\"tick\">%s</span>",
	    command->done ? "x" : " ");
	put_element(out, "", _("Type:"), "");
	put_element(out, "<pre class=\"type\">", command->command, "</pre>");
	if (command->says != NULL) {
		put_element(out, "<p class=\"label\">", _("It says:"), "</p>");
		put_element(out, "<pre class=\"says\">", command->says, "</pre>");
	}
	buffer_printf(out, "</div>\n");
}

static void put_table(struct buffer *out, const char *const *heads, size_t n)
{
	buffer_printf(out, "<table>\n<thead>\n<tr>\n");
	for (size_t i = 0; i < n; i++)
		put_element(out, "<th>", heads[i], "</th>");
	buffer_printf(out, "</tr>\n</thead>\n<tbody>\n");
}

static void put_row(struct buffer *out, const char *const *cells, size_t n)
{
	buffer_printf(out, "<tr>\n");
	for (size_t i = 0; i < n; i++)
		put_element(out, "<td>", cells[i], "</td>");
	buffer_printf(out, "</tr>\n");
}

static void put_table_end(struct buffer *out)
{
	buffer_printf(out, "</tbody>\n</table>\n");
}

static void put_line(struct buffer *out, const char *label)
{
	put_element(out, "<div class=\"line\">", label, "</div>");
}

static void put_picture(struct buffer *out, const struct runbook *runbook)
{
	put_paragraph(out, _("Whole lines: done. Dashes: signed, and not on all servers yet. Dots: "
			     "planned. Dashes and dots: taken back."));
	runbook_svg(runbook, out);
}

void runbook_html(const struct runbook *runbook, struct buffer *out)
{
	static const struct runbook_pen pen = {
	    .begin = put_begin,
	    .end = put_end,
	    .page = put_page,
	    .heading = put_heading,
	    .paragraph = put_paragraph,
	    .list = put_list,
	    .item = put_item,
	    .list_end = put_list_end,
	    .command = put_command,
	    .table = put_table,
	    .row = put_row,
	    .table_end = put_table_end,
	    .line = put_line,
	    .picture = put_picture,
	};

	runbook_write(&pen, runbook, out);
}
