/*
 * The PIN that a key with CKA_ALWAYS_AUTHENTICATE wants once more for each signature.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_CONTEXT_PIN_H
#define CTLSIGN_TOKENS_CONTEXT_PIN_H

#include "base/error.h"

#include <openssl/types.h>

/*
 * libp11 asks through an OpenSSL UI.  This one, whose user data is the struct module, answers with
 * the PIN that was just used to log in (module->pin), so that nobody is asked twice; where there
 * was no login it asks module->pins, with the watchdog paused.  What goes wrong stands in
 * module->context_error afterwards.  NULL when out of memory; UI_destroy_method() frees it.
 */
UI_METHOD *context_pin_method(void);

#endif
