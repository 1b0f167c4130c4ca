/*
 * The API's description, doc/openapi.json, as it is built in (openapi_data.c, made from it).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_OPENAPI_H
#define CTLSIGN_PROVIDER_OPENAPI_H

#include <stddef.h>

extern const unsigned char provider_openapi[];
extern const size_t provider_openapi_len;

#endif
