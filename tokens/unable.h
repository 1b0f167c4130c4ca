/*
 * Modules and tokens that cannot be written to.
 *
 * Many PKCS#11 modules only sign: they lack the functions that change a token, or refuse them.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_UNABLE_H
#define CTLSIGN_TOKENS_UNABLE_H

#include "tokens/module.h"

#include <stdbool.h>

/*
 * Whether CKR says that FUNCTION does not work here at all, whatever it is given: then nothing was
 * looked at, and no PIN either.  A function that the module lacks is CKR_FUNCTION_NOT_SUPPORTED.
 */
bool unable(unsigned long ckr, const char *function);

/* ERR gets a sentence about what FUNCTION was to do; for a CKR with unable(). */
enum status unable_error(struct error *err, unsigned long ckr, const char *function);

/* In a job, after what module_calling() noted returned RV: one or the other as the job's error. */
enum status unable_or_failed(struct module_job *job, CK_RV rv);

#endif
