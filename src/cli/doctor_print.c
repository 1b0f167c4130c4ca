/*
 * How the findings of `ctlsign doctor` are shown: lined up under headings, and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/doctor.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* One row a check: its name for scripts, which never changes, and its title for people. */
static const struct {
	const char *name;
	const char *title;
} checks[] = {
    [DOCTOR_SERVICE_INSTALLED] = {"service-installed", N_("installed")},
    [DOCTOR_SERVICE_ANSWERS] = {"service-answers", N_("answers")},
    [DOCTOR_SERVICE_AUTOSTART] = {"service-autostart", N_("starts itself")},
    [DOCTOR_SERVICE_PERMITTED] = {"service-permitted", N_("permitted")},
    [DOCTOR_MODULES] = {"modules", N_("registered")},
    [DOCTOR_MODULE_FILE] = {"module-file", N_("found")},
    [DOCTOR_MODULE_OWNER] = {"module-owner", N_("owner, mode")},
    [DOCTOR_MODULE_LOADS] = {"module-loads", N_("loads")},
    [DOCTOR_MODULE_ANSWERS] = {"module-answers", N_("answers")},
    [DOCTOR_READERS] = {"readers", N_("readers")},
    [DOCTOR_CARD] = {"card", N_("card")},
    [DOCTOR_TOKENS] = {"tokens", N_("tokens")},
    [DOCTOR_TOKEN_PIN] = {"token-pin", N_("PIN")},
    [DOCTOR_TOKEN_KEY] = {"token-key", N_("key")},
    [DOCTOR_TOKEN_CERTIFICATE] = {"token-certificate", N_("certificate")},
    [DOCTOR_CONFIG_P11_KIT] = {"p11-kit", N_("p11-kit")},
    [DOCTOR_CONFIG_ENVIRONMENT] = {"environment", N_("environment")},
    [DOCTOR_CONFIG_MEMORY] = {"memory", N_("PIN memory")},
    [DOCTOR_CONFIG_TERMINAL] = {"terminal", N_("terminal")},
};

#define N_CHECKS (sizeof(checks) / sizeof(checks[0]))

static const struct {
	const char *name;
	const char *word;
	const char *colour;
} levels[] = {
    [DOCTOR_OK] = {"ok", N_("ok"), "32"},
    [DOCTOR_WARNING] = {"warning", N_("warning"), "33"},
    [DOCTOR_BAD] = {"bad", N_("bad"), "1;31"},
    [DOCTOR_NOT_APPLICABLE] = {"-", "-", "2"},
};

#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

/* How it is laid out on what it is written to. */
struct layout {
	bool colour;
	size_t width; /* of the terminal; 0: lines are not broken */
	size_t level_width;
	size_t title_width;
};

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40)
		return 80;
	return size.ws_col;
}

static struct layout layout_of(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct layout layout = {.colour = false};

	if (isatty(STDOUT_FILENO) == 1) {
		layout.width = terminal_width();
		layout.colour = (no_colour == NULL || no_colour[0] == '\0') && term != NULL &&
				strcmp(term, "dumb") != 0;
	}
	for (size_t i = 0; i < N_LEVELS; i++)
		if (text_width(_(levels[i].word)) > layout.level_width)
			layout.level_width = text_width(_(levels[i].word));
	for (size_t i = 0; i < N_CHECKS; i++)
		if (text_width(_(checks[i].title)) > layout.title_width)
			layout.title_width = text_width(_(checks[i].title));
	return layout;
}

/* The columns that a word of N bytes takes. */
static size_t word_width(const char *word, size_t n)
{
	char copy[1024];

	snprintf(copy, sizeof(copy), "%.*s", (int)n, word);
	return text_width(copy);
}

/*
 * Appends TEXT, broken between words where it would not fit; the lines after the first begin at
 * column INDENT, where the first one begins too.
 */
static void wrap(const struct layout *layout, const char *text, size_t indent, struct buffer *out)
{
	size_t at = indent;

	while (*text != '\0') {
		size_t n = strcspn(text, " "), width = word_width(text, n);

		if (at > indent && layout->width > 0 && at + 1 + width > layout->width) {
			buffer_add(out, "\n", 1);
			text_pad(out, "", indent);
			at = indent;
		} else if (at > indent) {
			buffer_add(out, " ", 1);
			at++;
		}
		buffer_add(out, text, n);
		at += width;
		text += n;
		text += strspn(text, " ");
	}
	buffer_add(out, "\n", 1);
}

static const char *mend_word(enum doctor_mend kind)
{
	switch (kind) {
	case DOCTOR_MEND_ROOT:
		return geteuid() == 0 ? _("run:") : _("as root:");
	case DOCTOR_MEND_RUN:
		return _("run:");
	case DOCTOR_MEND_DO:
		return _("do:");
	case DOCTOR_MEND_NONE:
		break;
	}
	return "";
}

static void print_level(const struct layout *layout, enum doctor_level level, struct buffer *out)
{
	const char *word = _(levels[level].word);

	if (layout->colour)
		buffer_printf(out, "\033[%sm%s\033[0m", levels[level].colour, word);
	else
		buffer_printf(out, "%s", word);
	text_pad(out, "", layout->level_width - text_width(word) + 2);
}

/* A command stays in one piece, so that it can be copied: one that is too long gets a line. */
static void print_mend(
    const struct layout *layout, const struct doctor_finding *f, size_t indent, struct buffer *out)
{
	const char *word = mend_word(f->kind);

	if (f->kind == DOCTOR_MEND_DO) {
		text_pad(out, word, layout->title_width + 2);
		wrap(layout, f->mend, indent, out);
	} else if (layout->width > 0 && indent + text_width(f->mend) > layout->width) {
		buffer_printf(out, "%s\n    %s\n", word, f->mend);
	} else {
		text_pad(out, word, layout->title_width + 2);
		buffer_printf(out, "%s\n", f->mend);
	}
}

static void print_finding(
    const struct layout *layout, const struct doctor_finding *f, struct buffer *out)
{
	const size_t title_at = 2 + layout->level_width + 2;
	const size_t what_at = title_at + layout->title_width + 2;

	text_pad(out, "", 2);
	print_level(layout, f->level, out);
	text_pad(out, _(checks[f->check].title), layout->title_width + 2);
	wrap(layout, f->what, what_at, out);
	if (f->kind == DOCTOR_MEND_NONE)
		return;
	text_pad(out, "", title_at);
	print_mend(layout, f, what_at, out);
	if (!f->next_login)
		return;
	text_pad(out, "", title_at);
	text_pad(out, _("then:"), layout->title_width + 2);
	wrap(layout, _("log out and in again; until then nothing changes"), what_at, out);
}

/* What keeps the tokens away, or the first of it; NULL when nothing is bad. */
static const struct doctor_finding *first_bad(const struct doctor *doctor)
{
	const struct doctor_finding *bad = NULL;

	for (size_t i = 0; i < doctor->n; i++) {
		if (doctor->list[i].first)
			return &doctor->list[i];
		if (bad == NULL && doctor->list[i].level == DOCTOR_BAD)
			bad = &doctor->list[i];
	}
	return bad;
}

/* A finding of a module does not name it, unless it is about a slot. */
static bool lacks_module(const struct doctor_finding *f)
{
	return f->check >= DOCTOR_MODULE_FILE && f->check <= DOCTOR_MODULE_ANSWERS &&
	       strncmp(f->what, f->where, strlen(f->where)) != 0;
}

static void print_not_ready(
    const struct layout *layout, const struct doctor *doctor, struct buffer *out)
{
	const struct doctor_finding *bad = first_bad(doctor);
	struct buffer line = BUFFER_INIT;
	const char *text;

	if (bad == NULL)
		buffer_printf(&line, "%s", _("NOT READY: no token can sign."));
	else if (lacks_module(bad))
		buffer_printf(&line, _("NOT READY: %s: %s"), bad->where, bad->what);
	else
		buffer_printf(&line, _("NOT READY: %s"), bad->what);
	text = buffer_text(&line);
	wrap(layout, text != NULL ? text : "", 0, out);
	buffer_free(&line);
	if (bad == NULL || bad->kind == DOCTOR_MEND_NONE)
		return;
	if (bad->next_login)
		buffer_printf(out, "%s\n",
		    geteuid() != 0
			? _("Begin with this, as root; then log out and in again, and ask again:")
			: _("Begin with this; then log out and in again, and ask again:"));
	else if (bad->kind == DOCTOR_MEND_ROOT && geteuid() != 0)
		buffer_printf(out, "%s\n", _("Begin with this, as root; then ask again:"));
	else
		buffer_printf(out, "%s\n", _("Begin with this; then ask again:"));
	text_pad(out, "", 2);
	if (bad->kind == DOCTOR_MEND_DO)
		wrap(layout, bad->mend, 2, out);
	else
		buffer_printf(out, "%s\n", bad->mend);
}

static void print_verdict(
    const struct layout *layout, const struct doctor *doctor, struct buffer *out)
{
	size_t bad = doctor_count(doctor, DOCTOR_BAD);

	buffer_add(out, "\n", 1);
	if (doctor->n_usable == 0) {
		print_not_ready(layout, doctor, out);
		return;
	}
	buffer_printf(out,
	    ngettext("Ready: %zu token can sign.\n", "Ready: %zu tokens can sign.\n",
		(unsigned long)doctor->n_usable),
	    doctor->n_usable);
	if (bad > 0)
		buffer_printf(out,
		    ngettext("%zu other thing is bad; see above.\n",
			"%zu other things are bad; see above.\n", (unsigned long)bad),
		    bad);
}

int doctor_print(const struct doctor *doctor)
{
	const struct layout layout = layout_of();
	struct buffer out = BUFFER_INIT;
	const char *heading = "";
	int rc;

	for (size_t i = 0; i < doctor->n; i++) {
		const struct doctor_finding *f = &doctor->list[i];

		if (strcmp(heading, f->heading) != 0)
			buffer_printf(&out, "%s%s\n", i > 0 ? "\n" : "", f->heading);
		heading = f->heading;
		print_finding(&layout, f, &out);
	}
	print_verdict(&layout, doctor, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

json_t *doctor_json(const struct doctor *doctor)
{
	json_t *list = json_array();

	for (size_t i = 0; i < doctor->n; i++) {
		const struct doctor_finding *f = &doctor->list[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "check", checks[f->check].name,
			      "level", levels[f->level].name, "what", f->what, "mend", f->mend,
			      "where", f->where));
	}
	return json_pack("{s:b, s:o}", "ready", (int)(doctor->n_usable > 0), "checks", list);
}
