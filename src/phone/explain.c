/*
 * Finding what a phone's status means.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/explain_parts.h"

#include "base/bytes.h"

#include <ctype.h>
#include <string.h>

#define ALARM "DEVICETLINFO"

/* Letters and digits of TEXT, in capitals; ends before "...", which stands for anything. */
static void fold(const char *text, struct buffer *out)
{
	for (; *text != '\0' && strncmp(text, "...", 3) != 0; text++)
		if (isalnum((unsigned char)*text) != 0)
			buffer_add_u8(out, (unsigned)toupper((unsigned char)*text));
}

/* The number that TEXT begins with, when it is one of 1 to 9 and nothing longer; 0. */
static int digit_at(const char *text)
{
	if (text[0] < '1' || text[0] > '9' || isalnum((unsigned char)text[1]) != 0)
		return 0;
	/* "9.4" is a version. */
	if (text[1] == '.' && isdigit((unsigned char)text[2]) != 0)
		return 0;
	return text[0] - '0';
}

/* Behind the alarm's name: "9", "=9", " status: 9", " (Status = 9)". */
static int code_behind(const char *text)
{
	static const char *const words[] = {"status", "reason", "code"};

	for (;;) {
		size_t i = 0;

		text += strspn(text, " \t=:-,;#([\"'");
		while (i < sizeof(words) / sizeof(words[0]) &&
		       strncasecmp(text, words[i], strlen(words[i])) != 0)
			i++;
		if (i == sizeof(words) / sizeof(words[0]))
			return digit_at(text);
		text += strlen(words[i]);
	}
}

/* A code alone, or behind the alarm's name; 0 if there is none. */
static int code_in(const char *status)
{
	const char *rest = status + strspn(status, " \t");
	const int code = digit_at(rest);

	if (code != 0 && rest[1 + strspn(rest + 1, " \t\r\n.")] == '\0')
		return code;
	for (rest = strcasestr(status, ALARM); rest != NULL; rest = strcasestr(rest, ALARM)) {
		rest += strlen(ALARM);
		if (code_behind(rest) != 0)
			return code_behind(rest);
	}
	return 0;
}

static const struct phone_saying *by_code(int code)
{
	const struct phone_saying *saying;

	for (size_t i = 0; (saying = phone_saying_at(i)) != NULL; i++)
		if (saying->text == NULL && saying->code == code)
			return saying;
	return NULL;
}

/* The longest that stands in it: "CTL and ITL installed" has "ITL installed" in it, too. */
static const struct phone_saying *by_text(const char *folded)
{
	const struct phone_saying *saying, *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; (saying = phone_saying_at(i)) != NULL; i++) {
		struct buffer key = BUFFER_INIT;
		const char *text;

		if (saying->text == NULL)
			continue;
		fold(saying->text, &key);
		text = buffer_text(&key);
		if (text != NULL && key.len > longest && strstr(folded, text) != NULL) {
			longest = key.len;
			found = saying;
		}
		buffer_free(&key);
	}
	return found;
}

const struct phone_saying *phone_explain(const char *status)
{
	const int code = code_in(status);
	const struct phone_saying *found;
	struct buffer folded = BUFFER_INIT;
	const char *text;

	if (code != 0)
		return by_code(code);
	fold(status, &folded);
	text = buffer_text(&folded);
	found = text != NULL ? by_text(text) : NULL;
	buffer_free(&folded);
	return found;
}

const struct phone_saying *phone_saying_at(size_t index)
{
	return index < n_sayings ? &sayings[index] : NULL;
}
