/*
 * SPEC, the value of an entry option: CERTIFICATE[,dns=NAME][,ip=ADDRESS]
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_SPEC_H
#define CTLSIGN_CLI_SPEC_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct cli_spec {
	char *certificate; /* a file name or a pkcs11: URI; never empty */
	char *dns;	   /* NULL: not given */
	uint8_t ip[16];
	size_t ip_len; /* 4, 16, or 0: not given */
};

/*
 * Options are taken from the right end, so commas in a file name or URI stay part of it.  Each may
 * be given once, in any order.  On ST_OK the caller calls cli_spec_free(); on ST_USAGE nothing is
 * held.
 */
enum status cli_spec_parse(const char *text, struct cli_spec *spec, struct error *err);
void cli_spec_free(struct cli_spec *spec);

#endif
