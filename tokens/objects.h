/*
 * Objects on a token by PKCS#11's own functions: finding, reading, destroying.
 *
 * All of it is for jobs, works in module->session, and fails with the job's error set.  What a
 * module answers is bounded: so many objects, so many bytes.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_OBJECTS_H
#define CTLSIGN_TOKENS_OBJECTS_H

#include "base/bytes.h"
#include "tokens/module.h"

#include <openssl/types.h>

#define OBJECTS_MAX 1024

struct objects {
	CK_OBJECT_HANDLE list[OBJECTS_MAX];
	size_t n;
};

/* Those of a class; with ID.len > 0 only those with that CKA_ID. */
enum status objects_find(
    struct module_job *job, CK_OBJECT_CLASS class, struct bytes id, struct objects *out);

/*
 * Replaces OUT's content by the attribute's value, of at most MAX bytes.  An object that does not
 * have the attribute, or does not give it away, is no failure: OUT is empty then.
 */
enum status objects_read(struct module_job *job, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
    size_t max, struct buffer *out);

/* The RSA key that an object tells, or NULL with ST_OK where it does not tell. */
enum status objects_read_rsa(struct module_job *job, CK_OBJECT_HANDLE object, EVP_PKEY **out);

/* Destroys the objects that are in LIST and not in EXCEPT (NULL is taken). */
enum status objects_destroy(
    struct module_job *job, const struct objects *list, const struct objects *except);

#endif
