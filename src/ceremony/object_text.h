/*
 * How objects on a token are called, and told to people.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_OBJECT_TEXT_H
#define CTLSIGN_CEREMONY_OBJECT_TEXT_H

#include "base/bytes.h"

#include <openssl/types.h>

/* The longest CKA_ID and CKA_LABEL that are written, in bytes. */
#define OBJECT_ID_MAX	 32
#define OBJECT_LABEL_MAX 64

#define OBJECT_TEXT_MAX	   512
#define OBJECT_ID_TEXT_MAX 136

/* A name for people, printable, cut when it is too long; an id as lower-case hex.  Return OUT. */
char *object_name_text(char out[OBJECT_TEXT_MAX], const X509_NAME *name);
char *object_id_text(char out[OBJECT_ID_TEXT_MAX], struct bytes id);

/*
 * The label of a new object: LABEL, or the CN of SUBJECT when that is NULL; cut at a character's
 * end when it is too long.  Returns OUT.
 */
char *object_label(char out[OBJECT_LABEL_MAX + 1], const char *label, const X509_NAME *subject);

#endif
