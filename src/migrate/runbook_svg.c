/*
 * The picture of the chain: a box a generation, from left to right and row by row, told apart by
 * the kind of their lines and by words; arrows that say who signed, and who trusts that.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* In user units; the picture is as wide as the paper. */
enum {
	COLUMNS = 3,
	BOX_WIDTH = 230,
	GAP = 134,
	MARGIN = 8,
	LINE = 17,
	SASTS_SHOWN = 6,
	BOX_HEIGHT = (SASTS_SHOWN + 5) * LINE + 14,
	GUTTER = 78,
	WIDTH = COLUMNS * BOX_WIDTH + (COLUMNS - 1) * GAP + 2 * MARGIN,
	/* Characters that fit */
	BOX_CHARACTERS = 30,
	ARROW_CHARACTERS = 19,
};

struct place {
	int x, y;
};

static struct place place_of(size_t index)
{
	const int column = (int)(index % COLUMNS), row = (int)(index / COLUMNS);

	return (struct place){
	    .x = MARGIN + column * (BOX_WIDTH + GAP), .y = MARGIN + row * (BOX_HEIGHT + GUTTER)};
}

/* ---- words ------------------------------------------------------------------------------------
 */

/* TEXT in no more than N characters: what is longer ends in "...". */
static void shorten(char *out, size_t size, const char *text, size_t n)
{
	size_t end;

	text_cut_into(out, size, text);
	if (text_width(out) <= n)
		return;
	for (end = strlen(out); end > 0; end--)
		if (text_width(text_cut_into(out, end, text)) <= n - 3)
			break;
	snprintf(out + strlen(out), size - strlen(out), "...");
}

static void put_text(struct buffer *out, struct place at, const char *how, const char *text)
{
	buffer_printf(out, "<text x=\"%d\" y=\"%d\"%s>", at.x, at.y, how);
	runbook_escape_html(out, text);
	buffer_printf(out, "</text>\n");
}

/* ---- boxes ------------------------------------------------------------------------------------
 */

/* By line, so that a copier, a fax and every eye can tell. */
static const char *line_of(enum runbook_look look)
{
	switch (look) {
	case RUNBOOK_PENDING:
		return " stroke-width=\"2\" stroke-dasharray=\"10 5\"";
	case RUNBOOK_PLANNED:
		return " stroke-width=\"1.6\" stroke-dasharray=\"2 4\"";
	case RUNBOOK_TAKEN_BACK:
		return " stroke-width=\"1.2\" stroke-dasharray=\"12 4 2 4\"";
	default:
		return " stroke-width=\"2.4\"";
	}
}

static void put_sasts(struct buffer *out, const struct runbook_link *link, struct place at)
{
	const size_t shown = link->n_sasts > SASTS_SHOWN ? SASTS_SHOWN - 1 : link->n_sasts;
	char text[256];

	for (size_t i = 0; i < shown; i++) {
		shorten(text, sizeof(text), link->sasts[i], BOX_CHARACTERS - 2);
		put_text(out, (struct place){at.x + 10, at.y}, "", text);
		at.y += LINE;
	}
	if (shown == link->n_sasts)
		return;
	snprintf(text, sizeof(text),
	    ngettext("and %zu more", "and %zu more", (unsigned long)(link->n_sasts - shown)),
	    link->n_sasts - shown);
	put_text(out, (struct place){at.x + 10, at.y}, "", text);
}

static void put_box(struct buffer *out, const struct runbook_link *link, size_t index)
{
	const struct place corner = place_of(index);
	struct place at = {corner.x + 10, corner.y + LINE + 4};
	char text[256];

	buffer_printf(out,
	    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"#fff\""
	    " stroke=\"#000\"%s/>\n",
	    corner.x, corner.y, BOX_WIDTH, BOX_HEIGHT, line_of(link->look));
	put_text(out, at, " font-size=\"15\" font-weight=\"bold\"", link->name);
	at.y += LINE;
	shorten(text, sizeof(text), link->state, BOX_CHARACTERS);
	put_text(out, at, " font-style=\"italic\"", text);
	at.y += LINE + 4;
	put_text(out, at, "", _("It trusts:"));
	at.y += LINE;
	put_sasts(out, link, at);
	at.y = corner.y + BOX_HEIGHT - 9;
	if (link->phones[0] != '\0') {
		shorten(text, sizeof(text), link->phones, BOX_CHARACTERS);
		put_text(out, at, " font-weight=\"bold\"", text);
	}
}

/* ---- arrows -----------------------------------------------------------------------------------
 */

static void put_path(struct buffer *out, enum runbook_look look)
{
	buffer_printf(out, "\" fill=\"none\" stroke=\"#000\" marker-end=\"url(#head)\"%s/>\n",
	    look == RUNBOOK_PLANNED ? " stroke-width=\"1.2\" stroke-dasharray=\"2 4\""
				    : " stroke-width=\"1.6\"");
}

/* Breaks TEXT into lines of WIDTH; calls for the room of a word that is too long by cutting it. */
static size_t fold(const char *text, size_t width, char lines[][80], size_t max)
{
	struct buffer folded = BUFFER_INIT;
	const char *at;
	char line[512];
	size_t n = 0;

	text_fold(&folded, text, width);
	at = buffer_text(&folded);
	for (; at != NULL && *at != '\0' && n < max; n++) {
		const size_t len = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, at);
		shorten(lines[n], sizeof(lines[n]), line, width);
		at += len + (at[len] == '\n' ? 1 : 0);
	}
	buffer_free(&folded);
	return n;
}

/* Between two boxes of a row, with the words above it. */
static void put_arrow_right(struct buffer *out, const struct runbook_link *to, size_t index)
{
	const struct place box = place_of(index);
	const int x = box.x - GAP, y = box.y + BOX_HEIGHT / 2 + 40;
	char lines[8][80];
	const size_t n = fold(to->arrow, ARROW_CHARACTERS, lines, 8);

	buffer_printf(out, "<path d=\"M%d %dH%d", x + 3, y, box.x - 5);
	put_path(out, to->look);
	for (size_t i = 0; i < n; i++)
		put_text(out, (struct place){x + GAP / 2, y - 8 - (int)(n - 1 - i) * (LINE - 2)},
		    " font-size=\"12\" text-anchor=\"middle\"", lines[i]);
}

/* From the last box of a row to the first of the next one. */
static void put_arrow_down(struct buffer *out, const struct runbook_link *to, size_t index)
{
	const struct place from = place_of(index - 1), box = place_of(index);
	const int middle = from.y + BOX_HEIGHT + GUTTER / 2;
	char lines[1][80];

	buffer_printf(out, "<path d=\"M%d %dV%dH%dV%d", from.x + BOX_WIDTH / 2,
	    from.y + BOX_HEIGHT + 3, middle, box.x + BOX_WIDTH / 2, box.y - 5);
	put_path(out, to->look);
	/* There is room for all of it in a line; the folding only cuts what is endless. */
	if (fold(to->arrow, 78, lines, 1) == 1)
		put_text(out, (struct place){WIDTH / 2, middle - 7},
		    " font-size=\"12\" text-anchor=\"middle\"", lines[0]);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* For who cannot see it, and for who points at it. */
static void put_title(struct buffer *out, const struct runbook *runbook)
{
	char text[512];

	snprintf(text, sizeof(text), _("The chain of generations of cluster %s"), runbook->cluster);
	buffer_printf(out, "<title>");
	runbook_escape_html(out, text);
	buffer_printf(out, "</title>\n");
}

void runbook_svg(const struct runbook *runbook, struct buffer *out)
{
	struct runbook_link links[RUNBOOK_LINKS_MAX];
	const size_t n = runbook_chain(runbook, links);
	const int rows = n == 0 ? 1 : (int)((n - 1) / COLUMNS) + 1;
	const int height = 2 * MARGIN + rows * BOX_HEIGHT + (rows - 1) * GUTTER;

	if (n == 0)
		return;
	buffer_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
	    " font-family=\"sans-serif\" font-size=\"13\" fill=\"#000\">\n",
	    (int)WIDTH, height);
	put_title(out, runbook);
	buffer_printf(out, "<defs><marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\""
			   " markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\""
			   " orient=\"auto\"><path d=\"M0 0L10 5L0 10z\"/></marker></defs>\n");
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && i % COLUMNS == 0)
			put_arrow_down(out, &links[i], i);
		else if (i > 0)
			put_arrow_right(out, &links[i], i);
		put_box(out, &links[i], i);
	}
	buffer_printf(out, "</svg>\n");
}
