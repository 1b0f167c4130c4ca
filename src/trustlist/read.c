/*
 * Reading a trust list: what kind of file is this, then its header, then its records.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/reader.h"
#include "trustlist/record.h"

#include <stdlib.h>
#include <string.h>

/* The Version element, which every trust list starts with. */
#define VERSION_SIZE (ELEMENT_HEAD + 2u)

static bool starts_with(struct bytes file, const char *text)
{
	size_t len = strlen(text);

	return file.len >= len && memcmp(file.data, text, len) == 0;
}

/* Another kind of file: no place in it is to blame. */
static enum status fail_foreign(struct reader *r, const char *what)
{
	error_set(r->err, ST_FORMAT, "%s", what);
	error_hint(r->err, "%s", _("name a CTLFile.tlv or ITLFile.tlv"));
	return ST_FORMAT;
}

/* Says what the file looks like: people mix up the files that lie beside a trust list. */
static enum status check_start(struct reader *r)
{
	static const uint8_t version_head[ELEMENT_HEAD] = {TL_H_VERSION, 0, 2};
	struct bytes file = r->list->file;

	if (file.len == 0)
		return fail_foreign(r, _("not a trust list: the file is empty"));
	if (file.len > TL_MAX_FILE) {
		error_set(
		    r->err, ST_LIMIT, _("not a trust list: the file has %zu bytes"), file.len);
		error_hint(r->err, "%s", _("name a CTLFile.tlv or ITLFile.tlv"));
		return ST_LIMIT;
	}
	if (starts_with(file, "-----BEGIN "))
		return fail_foreign(r, _("not a trust list: the file looks like PEM"));
	if (starts_with(file, "<"))
		return fail_foreign(r, _("not a trust list: the file looks like XML"));
	if (file.data[0] == 0x30)
		return fail_foreign(r, _("not a trust list: the file looks like DER, perhaps a "
					 "certificate"));
	if (file.len < VERSION_SIZE || memcmp(file.data, version_head, sizeof(version_head)) != 0)
		return fail_foreign(r, _("not a trust list: the file does not start with a Version "
					 "element"));
	if (file.data[ELEMENT_HEAD] == 2)
		return fail_foreign(r, _("not a trust list: a header of version 2 belongs to an "
					 "encrypted configuration file (.enc.sgn)"));
	if (file.data[ELEMENT_HEAD] != 1) {
		reader_fail(r, 0,
		    _("a trust list of version %u.%u, and only version 1 can be read"),
		    (unsigned)file.data[ELEMENT_HEAD], (unsigned)file.data[ELEMENT_HEAD + 1]);
		error_hint(r->err, "%s", _("name a CTLFile.tlv or ITLFile.tlv"));
		return ST_FORMAT;
	}
	return ST_OK;
}

/* A signed configuration file has a trust list's header, but of version 1.0, then any bytes. */
static bool looks_like_sgn(const struct reader *r)
{
	const struct trustlist *list = r->list;

	if (list->version[1] != 0)
		return false;
	return r->pos == list->file.len || list->file.data[r->pos] != TL_R_LENGTH;
}

enum status tl_read(struct trustlist *list, struct bytes file, struct error *err)
{
	/* The arrays stay, so that reading many files one by one allocates nothing. */
	struct trustlist fresh = {
	    .file = file,
	    .elements = list->elements,
	    .cap_elements = list->cap_elements,
	    .records = list->records,
	    .cap_records = list->cap_records,
	};
	struct reader r = {.list = list, .err = err};
	enum status status;

	records_forget_certificates(list);
	*list = fresh;
	status = check_start(&r);
	if (status == ST_OK)
		status = read_header(&r);
	if (status == ST_OK && looks_like_sgn(&r))
		return fail_foreign(&r, _("not a trust list: the file looks like a signed "
					  "configuration file (.sgn)"));
	while (status == ST_OK && r.pos < file.len)
		status = read_record(&r);
	/* Whoever wrote a list wrote a whole one: what is wrong came later. */
	if (status == ST_FORMAT && err != NULL && err->hint[0] == '\0')
		error_hint(err, "%s", _("the file is cut off or damaged: fetch it again"));
	return status;
}

void tl_free(struct trustlist *list)
{
	records_forget_certificates(list);
	free(list->elements);
	free(list->records);
	*list = (struct trustlist)TRUSTLIST_INIT;
}
