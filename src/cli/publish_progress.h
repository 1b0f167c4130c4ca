/*
 * What a terminal shows while files are delivered: a line a target, or one for all where there are
 * many.  Nothing where stderr is no terminal.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_PROGRESS_H
#define CTLSIGN_CLI_PUBLISH_PROGRESS_H

#include "base/bytes.h"
#include "publish/publish.h"

struct publish_progress {
	bool shown; /* stderr is a terminal that can go up */
	bool colour;
	bool back; /* files are put back */
	size_t width;
	size_t height;
	size_t lines;	    /* that stand there now, above the cursor */
	struct buffer last; /* what they say */
};

/* BACK: words for a delivery that is taken back.  QUIET: nothing is shown. */
void publish_progress_begin(struct publish_progress *progress, bool back, bool quiet);

/* publish_request.progress; CONTEXT is the struct publish_progress. */
void publish_progress_show(void *context, const struct publish_row *rows, size_t n);

/* Takes the lines away: what came of it is printed behind. */
void publish_progress_end(struct publish_progress *progress);

#endif
