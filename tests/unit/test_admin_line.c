/*
 * The admin shell's pure parts: a line's words, the command that a line names, the nearest one, and
 * what Tab completes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "cli/admin.h"

#include <stdio.h>
#include <string.h>

static struct admin_line line;
static struct error err;

static enum status split(const char *raw)
{
	return admin_line_split(raw, &line, &err);
}

/* The words with a bar between. */
static const char *words_of(const char *raw)
{
	static char out[ADMIN_LINE_MAX * 2];
	char *end = out;

	CU_ASSERT_EQUAL_FATAL(split(raw), ST_OK);
	*end = '\0';
	for (size_t i = 0; i < line.n; i++)
		end += sprintf(end, "%s%s", i > 0 ? "|" : "", line.words[i]);
	return out;
}

static void blanks_separate_words(void)
{
	CU_ASSERT_STRING_EQUAL(words_of("show ctl"), "show|ctl");
	CU_ASSERT_STRING_EQUAL(words_of(" \t show \t ctl \r\n"), "show|ctl");
	CU_ASSERT_STRING_EQUAL(words_of(""), "");
	CU_ASSERT_STRING_EQUAL(words_of("  \r\n"), "");
}

static void quotes_keep_words_together(void)
{
	CU_ASSERT_STRING_EQUAL(words_of("a 'b  c' d"), "a|b  c|d");
	CU_ASSERT_STRING_EQUAL(words_of("a \"b 'c\" d"), "a|b 'c|d");
	CU_ASSERT_STRING_EQUAL(words_of("name='x y'z"), "name=x yz");
	CU_ASSERT_STRING_EQUAL(words_of("a '' b"), "a||b");
	CU_ASSERT_STRING_EQUAL(words_of("a\\ b"), "a\\|b");
	CU_ASSERT_EQUAL(split("show 'ctl"), ST_USAGE);
	CU_ASSERT_EQUAL(split("show ctl\""), ST_USAGE);
}

static void a_comment_has_no_words(void)
{
	CU_ASSERT_STRING_EQUAL(words_of("# show ctl"), "");
	CU_ASSERT_STRING_EQUAL(words_of("  #'"), "");
	CU_ASSERT_STRING_EQUAL(words_of("show #ctl"), "show|#ctl");
}

static void words_know_where_they_began(void)
{
	CU_ASSERT_EQUAL_FATAL(split(" run  sql 'a b' c"), ST_OK);
	CU_ASSERT_EQUAL_FATAL(line.n, 4);
	CU_ASSERT_EQUAL(line.starts[0], 1);
	CU_ASSERT_EQUAL(line.starts[1], 6);
	CU_ASSERT_EQUAL(line.starts[2], 10);
	CU_ASSERT_EQUAL(line.starts[3], 16);
}

static void limits_are_kept(void)
{
	char raw[ADMIN_LINE_MAX + 2];

	memset(raw, 'a', sizeof(raw));
	raw[ADMIN_LINE_MAX - 1] = '\0';
	CU_ASSERT_EQUAL(split(raw), ST_OK);
	CU_ASSERT_EQUAL(strlen(line.words[0]), ADMIN_LINE_MAX - 1);
	raw[ADMIN_LINE_MAX - 1] = 'a';
	raw[ADMIN_LINE_MAX] = '\0';
	CU_ASSERT_EQUAL(split(raw), ST_LIMIT);
	/* The most text that words can need: one letter each. */
	for (size_t i = 0; i < 2 * ADMIN_WORDS_MAX; i++)
		raw[i] = i % 2 == 0 ? 'a' : ' ';
	raw[2 * ADMIN_WORDS_MAX] = '\0';
	CU_ASSERT_EQUAL(split(raw), ST_OK);
	CU_ASSERT_EQUAL(line.n, ADMIN_WORDS_MAX);
	strcat(raw, "b");
	CU_ASSERT_EQUAL(split(raw), ST_LIMIT);
}

static void controls_are_refused(void)
{
	CU_ASSERT_EQUAL(split("show\x1b[31m"), ST_USAGE);
	CU_ASSERT_EQUAL(split("show\x7f"), ST_USAGE);
	CU_ASSERT_EQUAL(split("\x01"), ST_USAGE);
	CU_ASSERT_EQUAL(split("caf\xc3\xa9"), ST_OK);
}

/* ---- commands ---------------------------------------------------------------------------------
 */

static const char *found(const char *raw)
{
	const struct admin_command *command;
	size_t n;

	CU_ASSERT_EQUAL_FATAL(split(raw), ST_OK);
	command = admin_find(&line, &n);
	return command != NULL ? command->name : "none";
}

static void the_longest_name_is_found(void)
{
	CU_ASSERT_STRING_EQUAL(found("utils sipOAuth-mode"), "utils sipOAuth-mode");
	CU_ASSERT_STRING_EQUAL(found("utils sipOAuth-mode enable"), "utils sipOAuth-mode enable");
	CU_ASSERT_STRING_EQUAL(found("UTILS CTL UPDATE ctlfile"), "utils ctl update CTLFile");
	CU_ASSERT_STRING_EQUAL(found("file list tftp *.tlv"), "file list tftp");
	CU_ASSERT_STRING_EQUAL(found("utils ctl"), "none");
	CU_ASSERT_STRING_EQUAL(found("util ctl update CTLFile"), "none");
	CU_ASSERT_STRING_EQUAL(found("showctl"), "none");
}

static const char *nearest(const char *raw)
{
	CU_ASSERT_EQUAL_FATAL(split(raw), ST_OK);
	return admin_nearest(&line)->name;
}

static void the_nearest_is_by_letters(void)
{
	CU_ASSERT_STRING_EQUAL(nearest("show cti"), "show ctl");
	CU_ASSERT_STRING_EQUAL(nearest("show it"), "show itl");
	CU_ASSERT_STRING_EQUAL(nearest("utils ctl updat CTLFil"), "utils ctl update CTLFile");
	CU_ASSERT_STRING_EQUAL(nearest("UTILS CTL UPGRAD"), "utils ctl upgrade");
	CU_ASSERT_STRING_EQUAL(nearest("utils ctl update"), "utils ctl update CTLFile");
	CU_ASSERT_STRING_EQUAL(
	    nearest("fil delete tftp a-rather-long-name-of-a-file.tlv"), "file delete tftp");
	CU_ASSERT_STRING_EQUAL(nearest("qiut"), "quit");
	/* Not the short name with three arguments. */
	CU_ASSERT_STRING_EQUAL(
	    nearest("util ctl set-cluster mixed"), "utils ctl set-cluster mixed-mode");
}

static void the_nearest_of_a_very_long_line(void)
{
	char raw[ADMIN_LINE_MAX];

	memset(raw, 'x', sizeof(raw));
	raw[ADMIN_LINE_MAX - 1] = '\0';
	CU_ASSERT_PTR_NOT_NULL(nearest(raw));
}

/* "INSERT/CHOICES" */
static const char *completed(const char *before)
{
	static char out[512];
	struct buffer insert = BUFFER_INIT, choices = BUFFER_INIT;

	admin_complete(before, &insert, &choices);
	snprintf(out, sizeof(out), "%s/%s", buffer_text(&insert), buffer_text(&choices));
	buffer_free(&insert);
	buffer_free(&choices);
	return out;
}

static void one_way_on_is_inserted(void)
{
	CU_ASSERT_STRING_EQUAL(completed("ut"), "ils /");
	CU_ASSERT_STRING_EQUAL(completed("utils"), " /");
	CU_ASSERT_STRING_EQUAL(completed("utils ctl s"), "et-cluster /");
	CU_ASSERT_STRING_EQUAL(completed("utils ctl set-cluster "), "/mixed-mode non-secure-mode");
	CU_ASSERT_STRING_EQUAL(completed("UTILS CTL SET-cluster N"), "on-secure-mode /");
	CU_ASSERT_STRING_EQUAL(completed("utils ctl update "), "CTLFile /");
	CU_ASSERT_STRING_EQUAL(completed("file d"), "elete /");
}

static void what_choices_share_is_inserted(void)
{
	CU_ASSERT_STRING_EQUAL(completed("utils ctl u"), "p/");
	CU_ASSERT_STRING_EQUAL(completed("utils ctl up"), "/update upgrade");
	CU_ASSERT_STRING_EQUAL(completed("utils "), "/ctl sipOAuth-mode");
	CU_ASSERT_STRING_EQUAL(completed("utils ctl "), "/set-cluster update upgrade reset");
	CU_ASSERT_STRING_EQUAL(completed(""), "/utils show file run help ? exit quit");
}

static void nothing_fits_nothing_is_done(void)
{
	CU_ASSERT_STRING_EQUAL(completed("xyz"), "/");
	CU_ASSERT_STRING_EQUAL(completed("show ctl "), "/");
	CU_ASSERT_STRING_EQUAL(completed("file list tftp C"), "/");
	CU_ASSERT_STRING_EQUAL(completed("show 'ct"), "/");
	CU_ASSERT_STRING_EQUAL(completed("show ctlx"), "/");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"blanks separate words", blanks_separate_words},
	    {"quotes keep words together", quotes_keep_words_together},
	    {"a comment has no words", a_comment_has_no_words},
	    {"words know where they began", words_know_where_they_began},
	    {"limits are kept", limits_are_kept},
	    {"control characters are refused", controls_are_refused},
	    {"the longest name is found", the_longest_name_is_found},
	    {"the nearest command is by letters", the_nearest_is_by_letters},
	    {"a very long line has a nearest command, too", the_nearest_of_a_very_long_line},
	    {"the one way to go on is inserted", one_way_on_is_inserted},
	    {"what several choices share is inserted, else they are listed",
		what_choices_share_is_inserted},
	    {"where nothing fits nothing is done", nothing_fits_nothing_is_done},
	};

	return harness_main("admin shell lines", tests, HARNESS_COUNT(tests));
}
