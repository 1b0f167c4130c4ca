/*
 * The words for a cluster's mode and signing, and a generation, as people and scripts read them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_text.h"

#include "base/text.h"
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

const char *cluster_mode_code(int mode)
{
	return mode == MODE_MIXED ? "mixed" : "non-secure";
}

const char *cluster_signing_code(int signing)
{
	return signing == SIGNING_TOKENLESS ? "tokenless" : "tokens";
}

const char *cluster_mode_word(int mode)
{
	return mode == MODE_MIXED ? _("mixed") : _("non-secure");
}

const char *cluster_signing_word(int signing)
{
	return signing == SIGNING_TOKENLESS ? _("tokenless") : _("tokens");
}

static const char *text_of(struct buffer *buf)
{
	const char *text = buffer_text(buf);

	return text != NULL ? text : "";
}

char *cluster_time_local(char out[CLUSTER_TIME_MAX], time_t when)
{
	struct buffer text = BUFFER_INIT;

	text_time_local(&text, when);
	text_cut_into(out, CLUSTER_TIME_MAX, text_of(&text));
	buffer_free(&text);
	return out;
}

json_t *cluster_time_json(time_t when)
{
	struct buffer text = BUFFER_INIT;
	json_t *json;

	text_time_utc(&text, when);
	json = json_string(text_of(&text));
	buffer_free(&text);
	return json;
}

char *cluster_text_shorten(char *out, size_t size, const char *text, size_t columns)
{
	size_t end;

	text_cut_into(out, size, text);
	if (text_width(out) <= columns || columns < 4 || size < 4)
		return out;
	/* A byte at a time: what is left of a cut character goes with it. */
	for (end = strlen(text) < size - 3 ? strlen(text) : size - 3; end > 0; end--)
		if (text_width(text_cut_into(out, end, text)) <= columns - 3)
			break;
	strcat(out, "...");
	return out;
}

void cluster_put_path(struct buffer *out, const char *path)
{
	text_printable(out, text_bytes(path));
}

json_t *cluster_generation_json(const struct generation *g)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
	    "number", (json_int_t)g->number, "time", cluster_time_json(g->made), "mode",
	    cluster_mode_code(g->mode), "signing", cluster_signing_code(g->signing), "signer",
	    g->signer, "signer_serial", g->signer_serial, "digest", g->digest, "md5", g->md5,
	    "sha1", g->sha1, "sha256", g->sha256, "reason", g->reason, "who", g->who, "release",
	    g->release, "domain", g->domain);
}
