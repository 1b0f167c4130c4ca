/*
 * Fuzz target: token selectors.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/tokens.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether a pin-value is one of the attributes before the "?". */
static bool has_pin(const char *text)
{
	const char *question = strchr(text, '?');
	const char *pin = strstr(text, ";pin-value=");

	return strncasecmp(text, "pkcs11:pin-value=", 17) == 0 ||
	       (pin != NULL && (question == NULL || pin < question));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token_selector *selector = NULL;
	struct error err;
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	error_clear(&err);
	if (token_selector_parse(text, &selector, &err) == ST_OK) {
		if (selector == NULL || (token_selector_is_uri(text) && has_pin(text)))
			abort();
		token_selector_free(selector);
	} else if (selector != NULL || err.status == ST_OK || err.what[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
