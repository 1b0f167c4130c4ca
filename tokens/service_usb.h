/*
 * Readers and tokens on the USB, whether or not the Smart Card service sees them.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_SERVICE_USB_H
#define CTLSIGN_TOKENS_SERVICE_USB_H

#include "tokens/tokens.h"

/* Fills usb_reader of SERVICE from the kernel's list of devices below ROOT. */
void service_usb_look(const char *root, struct smartcard_service *service);

#endif
