/*
 * The runbook, from made-up data: what stands in it, and that nothing that comes from outside gets
 * a meaning there.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_runbook.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define HOSTILE "<script>alert('x')</script>](x)|`&\"*_#"

/* TEXT after an escape function is EXPECTED. */
static bool becomes(
    void (*escape)(struct buffer *, const char *), const char *text, const char *expected)
{
	bool same;

	buffer_reset(&out);
	escape(&out, text);
	same = buffer_text(&out) != NULL && strcmp(buffer_text(&out), expected) == 0;
	if (!same)
		printf("# %s became %s, not %s\n", text, buffer_text(&out), expected);
	return same;
}

/* ---- escapes -----------------------------------------------------------------------------------
 */

static void test_html_escapes(void)
{
	CU_ASSERT_TRUE(becomes(runbook_escape_html, "<script>", "&lt;script&gt;"));
	CU_ASSERT_TRUE(
	    becomes(runbook_escape_html, "a&b \"c\" 'd'", "a&amp;b &quot;c&quot; &#39;d&#39;"));
	CU_ASSERT_TRUE(becomes(runbook_escape_html, "](x) | `", "](x) | `"));
	CU_ASSERT_TRUE(becomes(runbook_escape_html, "&lt;", "&amp;lt;"));
	/* What XML cannot have at all. */
	CU_ASSERT_TRUE(becomes(runbook_escape_html, "a\x01\x7f z", "a\xEF\xBF\xBD\xEF\xBF\xBD z"));
	CU_ASSERT_TRUE(
	    becomes(runbook_escape_html, "\xEF\xBF\xBE\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD"));
	CU_ASSERT_TRUE(becomes(runbook_escape_html, "Krak\xC3\xB3w", "Krak\xC3\xB3w"));
}

static void test_markdown_escapes(void)
{
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "<script>", "\\<script\\>"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "](x)", "\\](x)"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "a|b", "a\\|b"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "`*_#[]", "\\`\\*\\_\\#\\[\\]"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "\\", "\\\\"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "&lt;", "\\&lt;"));
	/* At a line's beginning more has a meaning; there is only one line. */
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "- a - b", "\\- a - b"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "12. a 3. b", "12\\. a 3. b"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "12)", "12\\)"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "    code", "code"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "a\n# b", "a \\# b"));
	CU_ASSERT_TRUE(becomes(runbook_escape_markdown, "12.5(1)", "12.5(1)"));
}

static void test_checksum_groups(void)
{
	buffer_reset(&out);
	runbook_put_checksum(&out, "d41d8cd98f00b204e9800998ecf8427e");
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "d41d 8cd9 8f00 b204 e980 0998 ecf8 427e");
	buffer_reset(&out);
	runbook_put_checksum(&out, "");
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "");
	buffer_reset(&out);
	runbook_put_checksum(&out, "abcde");
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "abcd e");
}

/* Everything that may come from outside is hostile. */
static void make_hostile(void)
{
	static const char *const bad[] = {HOSTILE};

	runbook_fixture_make();
	runbook.cluster = runbook.conf = runbook.who = HOSTILE;
	runbook.models = runbook.hands = runbook.nodes = runbook.warnings = bad;
	for (size_t i = 0; i < 3; i++) {
		told[i].sasts = bad;
		told[i].n_sasts = 1;
		told[i].signer = HOSTILE;
	}
	snprintf(journal.sasts[0].name, sizeof(journal.sasts[0].name), "%s", HOSTILE);
	snprintf(journal.who, sizeof(journal.who), "%s", HOSTILE);
	snprintf(conditions.list[1].text, sizeof(conditions.list[1].text), "%s", HOSTILE);
	steps[0].title = HOSTILE;
	steps[0].changes = steps[0].todo = steps[0].back = bad;
	steps[0].n_back = 1;
}

static void test_hostile_html(void)
{
	make_hostile();
	runbook_html(&runbook, &out);
	CU_ASSERT_TRUE(has_not("<script"));
	CU_ASSERT_TRUE(has("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;](x)|`&amp;&quot;*_#"));
	CU_ASSERT_TRUE(is_balanced());
	make_hostile();
	runbook_svg(&runbook, &out);
	CU_ASSERT_TRUE(has_not("<script"));
	CU_ASSERT_TRUE(has("&lt;script&gt;"));
	CU_ASSERT_TRUE(is_balanced());
}

static void test_hostile_markdown(void)
{
	make_hostile();
	runbook_markdown(&runbook, &out);
	CU_ASSERT_EQUAL(count("<script"), count("\\<script"));
	CU_ASSERT_TRUE(has_not(")](x)"));
	CU_ASSERT_TRUE(has_not("](x)|"));
	CU_ASSERT_TRUE(has("\\<script\\>alert('x')\\</script\\>\\](x)\\|\\`\\&\"\\*\\_\\#"));
}

/* A command is code, and a longer fence holds what has backticks. */
static void test_fence(void)
{
	static const struct runbook_command odd[] = {
	    {"ctlsign status --config '```\n# x'", NULL, false}};

	runbook_fixture_make();
	steps[0].commands = odd;
	steps[0].n_commands = 1;
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(
	    has("- [ ] Type:\n\n  ````\n  ctlsign status --config '```\n  # x'\n  ````\n"));
}

/* ---- before, during, after ---------------------------------------------------------------------
 */

static void test_before(void)
{
	runbook_fixture_make();
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(has("# Runbook: cluster lab, migration 1 to tokenless signing\n"));
	CU_ASSERT_TRUE(has("Made on 2023-11-14 22:20:00 UTC by bert."));
	CU_ASSERT_TRUE(has("Step 1 of 2 is next."));
	CU_ASSERT_TRUE(has("## Step 1 of 2 (next): Bridge: signed by a token\n"));
	CU_ASSERT_TRUE(has("## Step 2 of 2 (planned): Tokenless: signed by CallManager\n"));
	CU_ASSERT_TRUE(has("NOT all of it is true today, and ctlsign refuses the step:"));
	CU_ASSERT_TRUE(has("| generation 3 is on all servers | yes |  |  |\n"));
	CU_ASSERT_TRUE(has("| 12 phones do not hold it | NO | wait for them |  |\n"));
	/* Of a later step today's answer says nothing: it is to be ticked. */
	CU_ASSERT_TRUE(has("- [ ] every phone holds the CTL of the step before\n"));
	CU_ASSERT_EQUAL(count("12 phones do not hold it"), 1);
	CU_ASSERT_TRUE(has("- [ ] restart TFTP on: cucm-pub\n"));
	CU_ASSERT_TRUE(has("  ```\n  ctlsign migrate next\n  ```\n\n  It says:\n\n  ```\n"
			   "  Generation 4 is signed by\n  ```\n"));
	CU_ASSERT_TRUE(has("312 phones, seen between 2023-11-14 22:16:40 UTC and 2023-11-14 "
			   "22:18:20 UTC."));
	CU_ASSERT_TRUE(has("12 of them do not hold the newest CTL."));
	CU_ASSERT_TRUE(has("| Cisco 7940, phone 3 |"));
	CU_ASSERT_TRUE(has_not("Cisco 7940, phone 4"));
	CU_ASSERT_TRUE(has("ctlsign publish --back\n"));
	CU_ASSERT_TRUE(has("ctlsign explain"));
	CU_ASSERT_TRUE(has("d41d 8cd9 8f00 b204 e980 0998 ecf8 427e"));
	CU_ASSERT_TRUE(has("- [ ] token CN=SAST-1 (4A:21) signs step 1\n"));
	CU_ASSERT_TRUE(has("made while no ctlsign runs\n\n- [ ] Type:\n\n  ```\n  cp -p state.db "
			   "ctlsign.conf FOLDER/\n  ```\n"));
	CU_ASSERT_TRUE(has_not("What was done"));
	CU_ASSERT_EQUAL(count("Done by, date and time:"), 2);
}

/* What the picture's table says of the chain: generation 3, then two steps. */
static void test_chain(void)
{
	struct runbook_link links[RUNBOOK_LINKS_MAX];

	runbook_fixture_make();
	CU_ASSERT_EQUAL_FATAL(runbook_chain(&runbook, links), 3);
	CU_ASSERT_STRING_EQUAL(links[0].name, "Generation 3");
	CU_ASSERT_STRING_EQUAL(links[0].state, "in use now");
	CU_ASSERT_STRING_EQUAL(
	    links[0].arrow, "signed by token CN=SAST-1 (4A:21), whom generation 2 trusts");
	CU_ASSERT_STRING_EQUAL(links[0].phones, "300 phones hold it");
	CU_ASSERT_STRING_EQUAL(links[1].name, "Step 1");
	CU_ASSERT_STRING_EQUAL(links[1].state, "next");
	CU_ASSERT_STRING_EQUAL(
	    links[1].arrow, "to be signed by token CN=SAST-1 (4A:21), whom generation 3 trusts");
	CU_ASSERT_EQUAL(links[1].n_sasts, 3);
	CU_ASSERT_STRING_EQUAL(links[1].phones, "");
	CU_ASSERT_STRING_EQUAL(links[2].state, "planned");
	CU_ASSERT_STRING_EQUAL(
	    links[2].arrow, "to be signed by CallManager (5C:01), whom step 1 trusts");
	CU_ASSERT_EQUAL_FATAL(links[2].n_sasts, 2);
	CU_ASSERT_STRING_EQUAL(links[2].sasts[0], "CallManager (5C:01)");
	CU_ASSERT_STRING_EQUAL(links[2].sasts[1], "ITLRecovery (6D:02)");
	/* Whoever signs without being trusted is told. */
	journal.steps[0].list.sasts = 1;
	CU_ASSERT_EQUAL(runbook_chain(&runbook, links), 3);
	CU_ASSERT_STRING_EQUAL(links[2].arrow,
	    "to be signed by CallManager (5C:01), whom step 1 does NOT list: phones ask TVS");
	told[2].trusted = PHONE_NO;
	CU_ASSERT_EQUAL(runbook_chain(&runbook, links), 3);
	CU_ASSERT_STRING_EQUAL(
	    links[0].arrow, "signed by token CN=SAST-1 (4A:21), whom generation 2 does NOT trust");
}

/* A long history: the newest are shown, and the plan is whole. */
static void test_long_chain(void)
{
	static struct generation many[50];
	static struct runbook_generation many_told[50];
	struct runbook_link links[RUNBOOK_LINKS_MAX];

	runbook_fixture_make();
	for (size_t i = 0; i < 50; i++) {
		many[i] = generations[0];
		many[i].number = (int64_t)i + 1;
		many_told[i] = told[0];
		many_told[i].generation = &many[i];
	}
	runbook.generations = many_told;
	runbook.n_generations = 50;
	runbook.current = 50;
	CU_ASSERT_EQUAL_FATAL(runbook_chain(&runbook, links), RUNBOOK_LINKS_MAX);
	CU_ASSERT_STRING_EQUAL(links[RUNBOOK_LINKS_MAX - 1].name, "Step 2");
	CU_ASSERT_STRING_EQUAL(links[RUNBOOK_LINKS_MAX - 3].name, "Generation 50");
	CU_ASSERT_STRING_EQUAL(links[0].name, "Generation 35");
}

static void test_during(void)
{
	runbook_fixture_make();
	make_generation(3, 4, GENERATION_PENDING);
	runbook.n_generations = 4;
	position = (struct journal_position){.place = JOURNAL_PENDING, .generation = 4};
	steps[0].made = &generations[3];
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(has("Step 1 of 2 is signed as generation 4, and not on all servers yet."));
	CU_ASSERT_TRUE(has("## Step 1 of 2 (signed, not on all servers yet): Bridge"));
	CU_ASSERT_TRUE(has("| By | anna (uid 1000) on host adm1 |\n"));
	CU_ASSERT_TRUE(has_not("ctlsign refuses the step"));
	CU_ASSERT_TRUE(has("| Generation 4 | signed, not on all servers yet |"));
	CU_ASSERT_TRUE(has_not("| Step 1 |"));
	CU_ASSERT_TRUE(has("| Step 2 | planned |"));
}

static void test_after(void)
{
	static const struct runbook_command typed[] = {{"ctlsign migrate next", NULL, true}};

	runbook_fixture_make();
	make_generation(3, 4, GENERATION_DONE);
	runbook.n_generations = 4;
	runbook.current = 4;
	journal.n_steps = runbook.n_steps = 1;
	journal.state = MIGRATION_DONE;
	position = (struct journal_position){.place = JOURNAL_FINISHED, .next = 1};
	journal.steps[0].said_phones_hold = 3;
	journal.steps[0].accepted_lockout = 2;
	snprintf(journal.steps[0].who, sizeof(journal.steps[0].who), "carl");
	steps[0].made = &generations[3];
	steps[0].commands = typed;
	steps[0].n_commands = 1;
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(has("All steps are done."));
	CU_ASSERT_TRUE(has("## Step 1 of 1 (done): Bridge"));
	CU_ASSERT_TRUE(has("| By | carl |\n"));
	CU_ASSERT_TRUE(has("| Made | 2023-11-14 22:13:24 UTC |\n"));
	CU_ASSERT_TRUE(has("An officer said that all phones hold generation 3 (--phones-hold)."));
	CU_ASSERT_TRUE(has("An officer accepted that 2 phones are locked out (--accept-lockout)."));
	/* Nobody saw that anything was restarted. */
	CU_ASSERT_TRUE(has("- [ ] restart TFTP on: cucm-pub\n"));
	CU_ASSERT_EQUAL(count("- [x] "), 1);
	CU_ASSERT_TRUE(has_not("What must be true before"));
	CU_ASSERT_TRUE(has_not("copy them from"));
}

/* Phones are looked at when they have been reset, and have had time. */
static void test_order_of_a_step(void)
{
	static const char *const order[] = {"## Step 1 of 2", "ctlsign migrate next",
	    "ctlsign nodes", "### What to do then", "restart TFTP on",
	    "### Checksums to compare on phones", "### Days later, when the phones have been on",
	    "ctlsign phones check", "### The way back", "Done by, date and time:"};

	runbook_fixture_make();
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(in_order(order, sizeof(order) / sizeof(order[0])));
}

static void test_back(void)
{
	runbook_fixture_make();
	runbook.config_option = " --config a.conf";
	runbook_markdown(&runbook, &out);
	/* Of two steps: in each, and when it goes wrong. */
	CU_ASSERT_EQUAL(count("  ctlsign rollback 3 --token TOKEN --config a.conf\n  ```\n"), 4);
	CU_ASSERT_EQUAL(count("after that:\n"), 4);
	CU_ASSERT_EQUAL(count("with token CN=SAST-1, whom phones know\n"), 4);
	CU_ASSERT_EQUAL(count("take it back before phones have it\n"), 4);
	runbook_fixture_make();
	runbook_html(&runbook, &out);
	CU_ASSERT_EQUAL(count("<pre class=\"type\">ctlsign rollback 3 --token TOKEN</pre>"), 4);
	CU_ASSERT_TRUE(is_balanced());
}

/* One that was given up is for the archive: what was signed, and nothing that was planned. */
static void test_given_up(void)
{
	static const char *const order[] = {"## Step 1 of 2", "## How to begin a migration\n"};
	struct runbook_link links[RUNBOOK_LINKS_MAX];

	runbook_fixture_make();
	make_generation(3, 4, GENERATION_DONE);
	runbook.n_generations = 4;
	runbook.current = 4;
	journal.state = MIGRATION_ABORTED;
	position = (struct journal_position){.place = JOURNAL_READY, .next = 1};
	steps[0].made = &generations[3];
	runbook.given_up = 1700000500;
	runbook.given_up_by = "dora";
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(has("This migration was given up on 2023-11-14 22:21:40 UTC by dora. What "
			   "follows are its steps that were signed.\n"));
	CU_ASSERT_TRUE(has("## Step 1 of 2 (done): Bridge"));
	CU_ASSERT_TRUE(has_not("## Step 2 of 2"));
	CU_ASSERT_TRUE(has_not("### Step 2"));
	CU_ASSERT_TRUE(in_order(order, 2));
	/* Generations 3 and 4. */
	CU_ASSERT_EQUAL(runbook_chain(&runbook, links), 2);
	runbook_fixture_make();
	journal.state = MIGRATION_ABORTED;
	runbook_html(&runbook, &out);
	CU_ASSERT_TRUE(has("This migration was given up. What follows"));
	CU_ASSERT_TRUE(has_not("Step 1 of 2"));
	CU_ASSERT_TRUE(is_balanced());
}

static void test_changed(void)
{
	runbook_fixture_make();
	position = (struct journal_position){.place = JOURNAL_CHANGED};
	snprintf(position.why, sizeof(position.why), "generation 5 lists another token");
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(has("STOP. The cluster was changed"));
	CU_ASSERT_TRUE(has("generation 5 lists another token"));
	CU_ASSERT_TRUE(has("Step 1 of 2 (planned)"));
}

static void test_without_migration(void)
{
	runbook_fixture_make();
	runbook.journal = NULL;
	runbook.position = NULL;
	runbook.n_steps = 0;
	runbook.config_option = " --config 'my lab.conf'";
	runbook_markdown(&runbook, &out);
	CU_ASSERT_TRUE(has("# Runbook: the CTL of cluster lab\n"));
	CU_ASSERT_TRUE(has("## How to begin a migration\n"));
	CU_ASSERT_TRUE(has("ctlsign migrate tokenless --plan --config 'my lab.conf'\n"));
	CU_ASSERT_TRUE(has("| Generation 1 | done |"));
	CU_ASSERT_TRUE(has("certificate of cucm-sub1 ends in 3 days"));
	CU_ASSERT_TRUE(has_not("## Step"));
	/* Nothing at all yet. */
	runbook_fixture_make();
	runbook = (struct runbook){.cluster = "lab",
	    .release = "12.5(1)",
	    .conf = "c",
	    .config_option = "",
	    .who = "bert"};
	runbook_html(&runbook, &out);
	CU_ASSERT_TRUE(has("There is no generation yet."));
	CU_ASSERT_TRUE(has_not("<svg"));
	CU_ASSERT_TRUE(is_balanced());
}

/* ---- HTML and the picture ----------------------------------------------------------------------
 */

static void test_html(void)
{
	runbook_fixture_make();
	runbook_html(&runbook, &out);
	CU_ASSERT_TRUE(has("<!DOCTYPE html>\n<html lang=\"en\">"));
	CU_ASSERT_TRUE(
	    has("<title>Runbook: cluster lab, migration 1 to tokenless signing</title>"));
	CU_ASSERT_TRUE(has("@media print { .page { break-before: page; }"));
	CU_ASSERT_TRUE(has("<li class=\"box\"><span class=\"tick\"> </span>restart TFTP on: "
			   "cucm-pub</li>"));
	CU_ASSERT_TRUE(has("<pre class=\"type\">ctlsign migrate next</pre>"));
	CU_ASSERT_TRUE(has("<pre class=\"says\">Generation 4 is signed by</pre>"));
	CU_ASSERT_TRUE(has("<div class=\"line\">Done by, date and time:</div>"));
	/* A page for the preparation, each step, the samples, and when it goes wrong. */
	CU_ASSERT_EQUAL(count("<div class=\"page\"></div>"), 5);
	CU_ASSERT_TRUE(is_balanced());
}

static void test_nothing_from_elsewhere(void)
{
	runbook_fixture_make();
	runbook_html(&runbook, &out);
	CU_ASSERT_TRUE(has_not("<script"));
	CU_ASSERT_TRUE(has_not("<link"));
	CU_ASSERT_TRUE(has_not("<img"));
	CU_ASSERT_TRUE(has_not("href"));
	CU_ASSERT_TRUE(has_not("src="));
	CU_ASSERT_TRUE(has_not("@import"));
	CU_ASSERT_TRUE(has_not("https:"));
	/* The name of a namespace, which nobody loads; the arrow's head, which is in the file. */
	CU_ASSERT_EQUAL(count("http:"), count("xmlns=\"http://www.w3.org/2000/svg\""));
	CU_ASSERT_EQUAL(count("url("), count("url(#head)"));
	CU_ASSERT_TRUE(has("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
}

static void test_picture(void)
{
	runbook_fixture_make();
	make_generation(3, 4, GENERATION_PENDING);
	runbook.n_generations = 4;
	position = (struct journal_position){.place = JOURNAL_PENDING, .generation = 4};
	runbook_svg(&runbook, &out);
	CU_ASSERT_EQUAL(count("<rect "), 3);
	/* Done, pending and planned: by line and by word. */
	CU_ASSERT_EQUAL(count(" stroke-width=\"2.4\"/>"), 1);
	CU_ASSERT_EQUAL(count(" stroke-dasharray=\"10 5\"/>"), 1);
	CU_ASSERT_TRUE(has("rx=\"5\" fill=\"#fff\" stroke=\"#000\" stroke-width=\"1.6\" "
			   "stroke-dasharray=\"2 4\"/>"));
	CU_ASSERT_TRUE(has(">in use now</text>"));
	CU_ASSERT_TRUE(has(">planned</text>"));
	CU_ASSERT_TRUE(has(">300 phones hold it</text>"));
	CU_ASSERT_TRUE(has(">Generation 4</text>"));
	CU_ASSERT_TRUE(has(">Step 2</text>"));
	/* Words beside the arrow, broken to fit. */
	CU_ASSERT_TRUE(has(">whom generation 3</text>"));
	CU_ASSERT_EQUAL(count("marker-end=\"url(#head)\""), 2);
	CU_ASSERT_TRUE(is_balanced());
	/* One that is trusted by many has a last line that says so. */
	runbook_fixture_make();
	for (size_t i = 0; i < 3; i++)
		told[i].n_sasts = 0;
	runbook_svg(&runbook, &out);
	CU_ASSERT_TRUE(has_not("more</text>"));
}

static void test_many_sasts(void)
{
	static const char *many[9];

	runbook_fixture_make();
	for (size_t i = 0; i < 9; i++)
		many[i] = "token CN=A-NAME-THAT-GOES-ON-AND-ON-AND-ON (4A:21)";
	told[2].sasts = many;
	told[2].n_sasts = 9;
	runbook_svg(&runbook, &out);
	CU_ASSERT_TRUE(has(">and 4 more</text>"));
	CU_ASSERT_TRUE(has(">token CN=A-NAME-THAT-GOES...</text>"));
}

/* Without memory nothing is half written: the buffer says so. */
static void test_no_memory(void)
{
	runbook_fixture_make();
	out.failed = true;
	runbook_html(&runbook, &out);
	runbook_markdown(&runbook, &out);
	CU_ASSERT_PTR_NULL(buffer_text(&out));
	buffer_free(&out);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"HTML: what has a meaning is escaped", test_html_escapes},
	    {"Markdown: what has a meaning is escaped", test_markdown_escapes},
	    {"checksums stand in groups of four", test_checksum_groups},
	    {"hostile names do nothing in HTML", test_hostile_html},
	    {"hostile names do nothing in Markdown", test_hostile_markdown},
	    {"a command with backticks stays code", test_fence},
	    {"before: the plan, what must be true, what to have at hand", test_before},
	    {"the chain: who signs, and who trusts that", test_chain},
	    {"a long history is cut, the plan is not", test_long_chain},
	    {"during: a step that is signed is filled in", test_during},
	    {"after: all of it, with the officer's word", test_after},
	    {"a step's order: phones are looked at last", test_order_of_a_step},
	    {"the way back: commands stand alone", test_back},
	    {"given up: what was signed, and how to begin another", test_given_up},
	    {"a cluster that was changed: stop", test_changed},
	    {"without a migration: how to begin one", test_without_migration},
	    {"HTML: elements, page breaks, boxes, lines", test_html},
	    {"HTML: nothing is loaded from elsewhere", test_nothing_from_elsewhere},
	    {"the picture tells states apart without colour", test_picture},
	    {"the picture has room for long names and many", test_many_sasts},
	    {"a failed buffer stays failed", test_no_memory},
	};
	const int rc = harness_main("the runbook", tests, HARNESS_COUNT(tests));

	buffer_free(&out);
	return rc;
}
