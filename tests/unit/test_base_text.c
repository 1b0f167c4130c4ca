/*
 * Text: what comes from outside is printable, hex is exact, tables line up.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/text.h"

#include <locale.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static struct buffer out;

/* An OpenSSL reason that is not ASCII. */
static ERR_STRING_DATA reasons[] = {{ERR_PACK(0, 0, 1), "\xe2\x82\xac\xe2\x82\xac"}, {0, NULL}};
static int user_library;

static const char *printable(const char *raw, size_t len)
{
	buffer_reset(&out);
	text_printable(&out, (struct bytes){(const uint8_t *)raw, len});
	return buffer_text(&out);
}

static void controls_become_escapes(void)
{
	CU_ASSERT_STRING_EQUAL(printable("a\x1b[31mb\n", 8), "a\\x1B[31mb\\x0A");
	CU_ASSERT_STRING_EQUAL(printable("nul\0x", 5), "nul\\x00x");
	CU_ASSERT_STRING_EQUAL(printable("\x7f", 1), "\\x7F");
	/* C1 controls, as UTF-8, move a cursor just as well. */
	CU_ASSERT_STRING_EQUAL(printable("\xc2\x9b", 2), "\\xC2\\x9B");
}

static void bad_utf8_becomes_escapes(void)
{
	CU_ASSERT_STRING_EQUAL(printable("\xff", 1), "\\xFF");
	CU_ASSERT_STRING_EQUAL(printable("\xc0\xaf", 2), "\\xC0\\xAF");
	CU_ASSERT_STRING_EQUAL(printable("\xed\xa0\x80", 3), "\\xED\\xA0\\x80");
	CU_ASSERT_STRING_EQUAL(printable("\xf4\x90\x80\x80", 4), "\\xF4\\x90\\x80\\x80");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x82", 2), "\\xE2\\x82");
}

static void bidirectional_controls_become_escapes(void)
{
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x80\xae", 3), "\\xE2\\x80\\xAE");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x81\xa6", 3), "\\xE2\\x81\\xA6");
}

static void invisible_characters_become_escapes(void)
{
	CU_ASSERT_STRING_EQUAL(printable("a\xc2\xad"
					 "b",
				   4),
	    "a\\xC2\\xADb");
	CU_ASSERT_STRING_EQUAL(printable("\xe1\xa0\x8e", 3), "\\xE1\\xA0\\x8E");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x80\x8b", 3), "\\xE2\\x80\\x8B");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x80\x8c", 3), "\\xE2\\x80\\x8C");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x80\x8d", 3), "\\xE2\\x80\\x8D");
}

static void good_text_stays(void)
{
	/* The neighbours of what is escaped. */
	CU_ASSERT_STRING_EQUAL(printable("\xc2\xac\xc2\xae", 4), "\xc2\xac\xc2\xae");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x80\x8a", 3), "\xe2\x80\x8a");
	CU_ASSERT_STRING_EQUAL(printable("\xe2\x80\x90", 3), "\xe2\x80\x90");
	CU_ASSERT_STRING_EQUAL(
	    printable("CN=K\xc3\xb6ln;O=\xe2\x82\xac", 14), "CN=K\xc3\xb6ln;O=\xe2\x82\xac");
	CU_ASSERT_STRING_EQUAL(printable("a\\b", 3), "a\\\\b");
}

static void cutting_keeps_characters_whole(void)
{
	char small[6];

	text_printable_into(small, sizeof(small), text_bytes("abc\xe2\x82\xac"));
	CU_ASSERT_STRING_EQUAL(small, "abc");
	text_printable_into(small, sizeof(small), text_bytes("abcd\n"));
	CU_ASSERT_STRING_EQUAL(small, "abcd");
	text_printable_into(small, 1, text_bytes("abcd"));
	CU_ASSERT_STRING_EQUAL(small, "");
	CU_ASSERT_STRING_EQUAL(text_cut_into(small, sizeof(small), "abc\xe2\x82\xac"), "abc");
	CU_ASSERT_STRING_EQUAL(
	    text_cut_into(small, sizeof(small), "ab\xe2\x82\xac"), "ab\xe2\x82\xac");
	CU_ASSERT_STRING_EQUAL(text_cut_into(small, sizeof(small), "abcdef"), "abcde");
	CU_ASSERT_STRING_EQUAL(text_cut_into(small, 1, "\xe2\x82\xac"), "");
}

static void one_line_keeps_backslashes(void)
{
	char line[64];

	text_one_line_into(line, sizeof(line), "token 'a\\x1B' is\nlocked");
	CU_ASSERT_STRING_EQUAL(line, "token 'a\\x1B' is\\x0Alocked");
}

static void hex_is_exact(void)
{
	const uint8_t raw[] = {0x70, 0xca, 0x0f};
	struct bytes bytes = {raw, sizeof(raw)};

	buffer_reset(&out);
	text_hex(&out, bytes, ':', false);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "70:CA:0F");
	buffer_reset(&out);
	text_hex(&out, bytes, '\0', true);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "70ca0f");
	buffer_reset(&out);
	text_hex(&out, (struct bytes){NULL, 0}, ':', false);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "");
}

static void tables_line_up(void)
{
	struct text_table *table = text_table_new(3);

	text_table_row(table, (const char *[]){"LABEL", "PIN", "READER"});
	text_table_row(table, (const char *[]){"K\xc3\xb6ln", "ready", "Slot 1"});
	text_table_row(table, (const char *[]){"x", "", ""});
	buffer_reset(&out);
	text_table_print(table, &out);
	text_table_free(table);
	CU_ASSERT_STRING_EQUAL(
	    buffer_text(&out), "LABEL  PIN    READER\nK\xc3\xb6ln   ready  Slot 1\nx\n");
}

static void times_are_exact(void)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	buffer_reset(&out);
	text_time_utc(&out, 1425667513);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "2015-03-06T18:45:13Z");
	buffer_reset(&out);
	text_time_local(&out, 1425667513);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "2015-03-06 19:45:13 CET");
}

static void a_reserved_buffer_does_not_move(void)
{
	struct buffer buf = BUFFER_INIT;
	char piece[1000];
	uint8_t *data;

	memset(piece, 'x', sizeof(piece));
	CU_ASSERT_TRUE(buffer_reserve(&buf, 100000));
	data = buf.data;
	CU_ASSERT_EQUAL(buf.len, 0);
	for (int i = 0; i < 100; i++)
		buffer_add(&buf, piece, sizeof(piece));
	CU_ASSERT_PTR_EQUAL(buf.data, data);
	CU_ASSERT_EQUAL(buf.len, 100000);
	CU_ASSERT_FALSE(buffer_reserve(&buf, SIZE_MAX / 2));
	CU_ASSERT_TRUE(buf.failed);
	buffer_free(&buf);
}

static void buffer_refuses_what_is_outside(void)
{
	struct buffer buf = BUFFER_INIT;
	struct error err;

	buffer_add_u16(&buf, 0x0102);
	buffer_set_u16(&buf, 0, 0xa0b0);
	CU_ASSERT_EQUAL(buffer_status(&buf, &err), ST_OK);
	CU_ASSERT_EQUAL(read_u16(buf.data), 0xa0b0);
	buffer_set_u16(&buf, 1, 7);
	CU_ASSERT_EQUAL(buffer_status(&buf, &err), ST_NO_MEMORY);
	buffer_free(&buf);
	buffer_add_u32(&buf, 0x01020304);
	CU_ASSERT_EQUAL(read_u32(buf.data), 0x01020304);
	buffer_add(&buf, "x", SIZE_MAX / 2);
	CU_ASSERT_TRUE(buf.failed);
	CU_ASSERT_PTR_NULL(buffer_text(&buf));
	buffer_free(&buf);
}

/* No reader room is left for a whole character: it goes, not its half. */
static void errors_are_cut_at_a_character(void)
{
	struct error err;
	char line[2048], many[800];

	memset(many, 'x', sizeof(many));
	/* ": " and 2 bytes fit behind it; each character has 3. */
	many[sizeof(err.what) - 5] = '\0';
	error_set(&err, ST_IO, "%s", many);
	CU_ASSERT_EQUAL(strlen(err.what), sizeof(err.what) - 5);
	error_openssl(&err, ST_IO, "%s", many);
	CU_ASSERT_EQUAL(strlen(err.what), sizeof(err.what) - 5);
	ERR_new();
	ERR_set_error(user_library, 1, NULL);
	error_openssl(&err, ST_IO, "%s", many);
	CU_ASSERT_EQUAL(strlen(err.what), sizeof(err.what) - 3);
	CU_ASSERT_EQUAL(memcmp(err.what + sizeof(err.what) - 5, ": ", 3), 0);

	error_set(&err, ST_IO, "ab\xe2\x82\xac");
	error_line(&err, line, 5);
	CU_ASSERT_STRING_EQUAL(line, "ab");
	error_line(&err, line, 6);
	CU_ASSERT_STRING_EQUAL(line, "ab\xe2\x82\xac");
	error_where(&err, "%s", "w\xc3\xb6");
	error_hint(&err, "%s", "\xc3\xb6");
	error_line(&err, line, 13);
	CU_ASSERT_STRING_EQUAL(line, "w\xc3\xb6: ab\xe2\x82\xac; ");
	error_line(&err, line, 14);
	CU_ASSERT_STRING_EQUAL(line, "w\xc3\xb6: ab\xe2\x82\xac; ");
	error_line(&err, line, 15);
	CU_ASSERT_STRING_EQUAL(line, "w\xc3\xb6: ab\xe2\x82\xac; \xc3\xb6");
}

static void errors_are_one_printable_line(void)
{
	struct error err;
	char line[2048], many[3000];

	error_set(&err, ST_FORMAT, "bad\nthing %d", 7);
	error_where(&err, "offset %d", 3);
	error_where_prefix(&err, "a\x1b.tlv");
	error_hint(&err, "try %s", "again");
	CU_ASSERT_STRING_EQUAL(error_line(&err, line, sizeof(line)),
	    "a\\x1B.tlv: offset 3: bad\\x0Athing 7; try again");
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	CU_ASSERT_EQUAL(error_set(&err, ST_IO, "%s", many), ST_IO);
	CU_ASSERT_EQUAL(strlen(err.what), sizeof(err.what) - 1);
	CU_ASSERT_STRING_EQUAL(err.hint, "");
	CU_ASSERT_EQUAL(error_set(NULL, ST_IO, "x"), ST_IO);
	CU_ASSERT_STRING_EQUAL(status_name(ST_PIN_LOCKED), "pin-locked");
	CU_ASSERT_STRING_EQUAL(status_name((enum status)999), "unknown");
}

static const char *folded(const char *text, size_t width)
{
	buffer_reset(&out);
	text_fold(&out, text, width);
	return buffer_text(&out);
}

static void long_lines_break_at_blanks(void)
{
	CU_ASSERT_STRING_EQUAL(folded("one two three", 7), "one two\nthree");
	CU_ASSERT_STRING_EQUAL(folded("one two three", 8), "one two\nthree");
	CU_ASSERT_STRING_EQUAL(folded("one two three", 6), "one\ntwo\nthree");
	CU_ASSERT_STRING_EQUAL(folded("one two three", 13), "one two three");
	CU_ASSERT_STRING_EQUAL(folded("one two three", 0), "one two three");
	/* What follows stands under the line's beginning; other lines are not touched. */
	CU_ASSERT_STRING_EQUAL(folded("  one two\nx   y\n", 6), "  one\n  two\nx   y\n");
	CU_ASSERT_STRING_EQUAL(folded("abcdefghij k", 4), "abcdefghij\nk");
	CU_ASSERT_STRING_EQUAL(folded("", 4), "");
	CU_ASSERT_STRING_EQUAL(folded("      ", 4), "      ");
	/* Columns count, not bytes. */
	CU_ASSERT_STRING_EQUAL(
	    folded("\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4", 5), "\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"control characters become escapes", controls_become_escapes},
	    {"invalid UTF-8 becomes escapes", bad_utf8_becomes_escapes},
	    {"bidirectional controls become escapes", bidirectional_controls_become_escapes},
	    {"invisible characters become escapes", invisible_characters_become_escapes},
	    {"good text stays as it is", good_text_stays},
	    {"cutting keeps characters and escapes whole", cutting_keeps_characters_whole},
	    {"a line of our own keeps its backslashes", one_line_keeps_backslashes},
	    {"hex is exact", hex_is_exact},
	    {"tables line up, also with wide characters", tables_line_up},
	    {"long lines break at blanks", long_lines_break_at_blanks},
	    {"times are exact, local and UTC", times_are_exact},
	    {"a buffer that has reserved room does not move", a_reserved_buffer_does_not_move},
	    {"a buffer refuses what is outside", buffer_refuses_what_is_outside},
	    {"an error is one printable line", errors_are_one_printable_line},
	    {"an error is cut at a character's end", errors_are_cut_at_a_character},
	};
	int rc;

	setlocale(LC_ALL, "C.UTF-8");
	user_library = ERR_get_next_error_library();
	ERR_load_strings(user_library, reasons);
	rc = harness_main("text", tests, HARNESS_COUNT(tests));
	buffer_free(&out);
	return rc;
}
