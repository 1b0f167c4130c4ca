/*
 * News from the Smart Card service, on a thread of its own.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_PCSC_WATCH_H
#define CTLSIGN_TOKENS_PCSC_WATCH_H

#include "tokens/pcsc.h"

/*
 * A service that is missing, dies, refuses us or is started later is asked again every now and
 * then, for as long as the watch lives.  While nothing happens the thread sleeps.
 */
struct pcsc_watch;
enum status pcsc_watch_start(struct pcsc_watch **out, struct error *err);

/*
 * Can be read when something is new: the service answers, or does so no more, a reader or a card
 * came or went.
 */
int pcsc_watch_fd(const struct pcsc_watch *watch);

/*
 * What is known now; returns at once.  PCSC_NO_ANSWER while the service is being asked; then the
 * readers are those of before.  True if something was new; now nothing is.
 */
bool pcsc_watch_take(struct pcsc_watch *watch, struct pcsc_look *out);

/* Ends the watch, within about a second whatever the service does; takes NULL. */
void pcsc_watch_stop(struct pcsc_watch *watch);

#endif
