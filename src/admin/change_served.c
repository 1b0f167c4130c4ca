/*
 * The CTL file as it stands: whatever serves it to phones now, they may have it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COPIES_MOST 100

/* A CTL file that nobody remembers is not ours to replace. */
static enum status refuse_stranger(const char *file, struct error *err)
{
	error_set(err, ST_EXISTS, "%s",
	    _("a CTL file is there already, and this cluster's state knows nothing of it"));
	error_where(err, "%s", file);
	error_hint(err, "%s",
	    _("if phones have it, take it over with ctlsign init --from; move it away only if no "
	      "phone ever got it"));
	return ST_EXISTS;
}

/* Another list than the current generation: data was restored, or somebody else signed. */
static enum status read_other(struct change *c, struct error *err)
{
	struct served *served = &c->served;
	char line[512];
	enum status st = tl_read(&served->list, buffer_bytes(&served->file), err);

	if (st == ST_OK)
		st = tl_decode_certificates(&served->list, NULL, 0, err);
	if (st != ST_OK) {
		error_where_prefix(err, c->cluster->inventory.ctl_file);
		error_hint(err, _("it is not what ctlsign wrote: bring that back with ctlsign "
				  "export current -o "
				  "FILE, or move it away"));
		return st;
	}
	served->is_other = true;
	snprintf(line, sizeof(line),
	    _("%s is not generation %lld: data was restored, or somebody else signed it. The "
	      "signer "
	      "has to be known to phones that have it, too; a copy of it is kept"),
	    c->output, (long long)c->cluster->current.number);
	c->request->warn(c->request->context, line);
	return ST_OK;
}

enum status change_read_served(struct change *c, struct error *err)
{
	const char *file = c->cluster->inventory.ctl_file;
	struct served *served = &c->served;
	enum status st;

	text_printable_into(c->output, sizeof(c->output), text_bytes(file));
	served->exists = access(file, F_OK) == 0 || errno != ENOENT;
	if (!served->exists)
		return c->request->dry_run ? ST_OK : file_check_writable(file, true, err);
	if (c->current == NULL)
		return refuse_stranger(file, err);
	st = file_read(file, TL_MAX_FILE, &served->file, NULL, err);
	if (st == ST_OK && !c->request->dry_run)
		st = file_check_writable(file, true, err);
	if (st == ST_OK &&
	    !bytes_equal(buffer_bytes(&served->file), buffer_bytes(&c->cluster->current.ctl)))
		st = read_other(c, err);
	return st;
}

enum status change_keep_served(const struct change *c, struct error *err)
{
	struct buffer name = BUFFER_INIT;
	enum status st = c->served.is_other ? ST_EXISTS : ST_OK;

	/* A copy that is there already stays: "CTLFile.tlv.before-4", then "-4.1" and so on. */
	for (int i = 0; st == ST_EXISTS && i < COPIES_MOST; i++) {
		buffer_reset(&name);
		buffer_printf(&name, "%s.before-%lld", c->cluster->inventory.ctl_file,
		    (long long)c->result->number);
		if (i > 0)
			buffer_printf(&name, ".%d", i);
		st = buffer_text(&name) == NULL
			 ? error_no_memory(err)
			 : file_write_durably(
			       buffer_text(&name), buffer_bytes(&c->served.file), false, 0644, err);
	}
	buffer_free(&name);
	return st;
}

bool change_put_back(const struct change *c)
{
	const char *file = c->cluster->inventory.ctl_file;
	struct buffer now = BUFFER_INIT;
	const enum status st = file_read(file, TL_MAX_FILE, &now, NULL, NULL);
	const bool is_gone = st != ST_OK && access(file, F_OK) != 0 && errno == ENOENT;
	const bool is_new =
	    st == ST_OK && bytes_equal(buffer_bytes(&now), buffer_bytes(&c->result->ctl));
	bool done;

	buffer_free(&now);
	/* Nobody can tell what stands there: the next run will. */
	if (st != ST_OK && st != ST_LIMIT && !is_gone)
		return false;
	/* What is not the new list is not of this run: it stays. */
	if (!is_new)
		return true;
	if (c->served.exists)
		return file_write_durably(file, buffer_bytes(&c->served.file), true, 0644, NULL) ==
		       ST_OK;
	done = unlink(file) == 0 || errno == ENOENT;
	file_flush_directory(file);
	return done;
}
