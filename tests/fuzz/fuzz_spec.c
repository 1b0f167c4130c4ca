/*
 * Fuzz target: the SPEC syntax.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/spec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cli_spec spec;
	struct error err;
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (cli_spec_parse(text, &spec, &err) == ST_OK) {
		/* What is taken is the text's beginning, and never empty. */
		size_t len = strlen(spec.certificate);

		if (len == 0 || strncmp(text, spec.certificate, len) != 0)
			abort();
		if (spec.ip_len != 0 && spec.ip_len != 4 && spec.ip_len != 16)
			abort();
		cli_spec_free(&spec);
	} else if (err.what[0] == '\0' || spec.certificate != NULL) {
		abort();
	}
	free(text);
	return 0;
}
