/*
 * The lines of a CSV file that may be anything: read in blocks, with a way back to a line that was
 * read already.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for what is kept behind a mark, a line that is too long by one byte, and a good block. */
#define BUFFER_SIZE (FLEET_QUOTE_BYTES + 2 * FLEET_LINE_MAX + 256 * 1024)

/* Fills the buffer up; what was read before, and is not kept, goes. */
static enum status fill(struct fleet_lines *lines, struct error *err)
{
	const size_t keep = lines->marked ? lines->mark : lines->at;
	ssize_t n;

	memmove(lines->buf, lines->buf + keep, lines->end - keep);
	lines->at -= keep;
	lines->end -= keep;
	lines->mark = 0;
	do
		n = read(lines->fd, lines->buf + lines->end, BUFFER_SIZE - lines->end);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot read the file"));
		error_where(err, "%s", lines->path);
		return ST_IO;
	}
	lines->eof = n == 0;
	if (EVP_DigestUpdate(lines->sha256, lines->buf + lines->end, (size_t)n) != 1)
		return error_openssl(err, ST_CRYPTO, "%s", _("SHA-256 failed"));
	lines->end += (size_t)n;
	return ST_OK;
}

static enum status open_file(struct fleet_lines *lines, struct error *err)
{
	struct stat sb;

	lines->fd = strcmp(lines->path, "-") == 0 ? dup(STDIN_FILENO)
						  : open(lines->path, O_RDONLY | O_CLOEXEC);
	if (lines->fd < 0 || fstat(lines->fd, &sb) != 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot open the file"));
		error_where(err, "%s", lines->path);
		return ST_IO;
	}
	if (S_ISDIR(sb.st_mode)) {
		error_set(err, ST_IO, "%s", _("this is a directory"));
		error_where(err, "%s", lines->path);
		error_hint(err, "%s", _("name the CSV file in it"));
		return ST_IO;
	}
	return ST_OK;
}

/* How lines end is seen at the first one that does. */
static char find_eol(const struct fleet_lines *lines)
{
	for (size_t i = lines->at; i < lines->end; i++) {
		if (lines->buf[i] == '\n')
			return '\n';
		if (lines->buf[i] == '\r')
			return i + 1 < lines->end && lines->buf[i + 1] != '\n' ? '\r' : '\n';
	}
	return '\n';
}

static enum status begin(struct fleet_lines *lines, struct error *err)
{
	static const uint8_t utf8[] = {0xef, 0xbb, 0xbf};
	enum status st = ST_OK;

	/* A pipe may give a byte at a time. */
	while (st == ST_OK && !lines->eof && lines->end < FLEET_LINE_MAX)
		st = fill(lines, err);
	if (st != ST_OK)
		return st;
	if (lines->end >= 2 &&
	    (memcmp(lines->buf, "\xff\xfe", 2) == 0 || memcmp(lines->buf, "\xfe\xff", 2) == 0)) {
		error_set(err, ST_FORMAT, "%s", _("the file is UTF-16"));
		error_hint(err, "%s", _("save it again as CSV in UTF-8"));
		st = ST_FORMAT;
	} else if (lines->end == 0) {
		error_set(err, ST_FORMAT, "%s", _("the file is empty"));
		error_hint(err, "%s", _("export the phones again"));
		st = ST_FORMAT;
	}
	if (st != ST_OK) {
		error_where(err, "%s", lines->path);
		return st;
	}
	if (lines->end >= sizeof(utf8) && memcmp(lines->buf, utf8, sizeof(utf8)) == 0)
		lines->at = sizeof(utf8);
	lines->eol = find_eol(lines);
	return ST_OK;
}

enum status fleet_lines_open(struct fleet_lines *lines, const char *path, struct error *err)
{
	enum status st;

	*lines = (struct fleet_lines){.path = path, .fd = -1, .number = 1};
	lines->buf = malloc(BUFFER_SIZE);
	lines->sha256 = EVP_MD_CTX_new();
	if (lines->buf == NULL || lines->sha256 == NULL)
		return error_no_memory(err);
	if (EVP_DigestInit_ex(lines->sha256, EVP_sha256(), NULL) != 1)
		return error_openssl(err, ST_CRYPTO, "%s", _("SHA-256 failed"));
	st = open_file(lines, err);
	return st == ST_OK ? begin(lines, err) : st;
}

void fleet_lines_close(struct fleet_lines *lines)
{
	if (lines->fd >= 0)
		close(lines->fd);
	free(lines->buf);
	EVP_MD_CTX_free(lines->sha256);
	*lines = (struct fleet_lines){.fd = -1};
}

/* Goes to the end of a line that is too long. */
static enum status skip(struct fleet_lines *lines, struct error *err)
{
	enum status st = ST_OK;

	lines->marked = lines->marked && !lines->skipping;
	while (st == ST_OK && lines->skipping) {
		const uint8_t *eol =
		    memchr(lines->buf + lines->at, lines->eol, lines->end - lines->at);

		lines->skipping = eol == NULL && !(lines->eof && lines->at == lines->end);
		lines->at = eol != NULL ? (size_t)(eol - lines->buf) + 1 : lines->end;
		if (lines->skipping)
			st = fill(lines, err);
	}
	return st;
}

/* The line is LEN bytes long, with what ends it. */
static void take(struct fleet_lines *lines, size_t len, bool ended, struct fleet_line *line)
{
	*line = (struct fleet_line){.text = lines->buf + lines->at,
	    .len = len,
	    .bare = len - ended,
	    .number = lines->number++,
	    .ended = ended};
	if (line->bare > 0 && line->text[line->bare - 1] == '\r')
		line->bare--;
	lines->at += len;
}

enum status fleet_lines_next(
    struct fleet_lines *lines, struct fleet_line *line, bool *got, struct error *err)
{
	enum status st = skip(lines, err);

	*got = false;
	while (st == ST_OK && !*got) {
		const size_t there = lines->end - lines->at;
		const uint8_t *eol = memchr(lines->buf + lines->at, lines->eol, there);

		if (eol != NULL && (size_t)(eol - lines->buf) - lines->at <= FLEET_LINE_MAX) {
			take(lines, (size_t)(eol - lines->buf) - lines->at + 1, true, line);
			*got = true;
		} else if (there > FLEET_LINE_MAX) {
			*line = (struct fleet_line){
			    .number = lines->number++, .ended = true, .too_long = true};
			lines->skipping = true;
			*got = true;
		} else if (lines->eof && there == 0) {
			break;
		} else if (lines->eof) {
			take(lines, there, false, line);
			*got = true;
		} else {
			st = fill(lines, err);
		}
	}
	return st;
}

void fleet_lines_mark(struct fleet_lines *lines)
{
	lines->marked = !lines->skipping;
	lines->mark = lines->at;
	lines->mark_number = lines->number;
}

void fleet_lines_back(struct fleet_lines *lines)
{
	if (!lines->marked)
		return;
	lines->at = lines->mark;
	lines->number = lines->mark_number;
	lines->skipping = false;
}

enum status fleet_lines_hash(struct fleet_lines *lines, char out[65], struct error *err)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	struct buffer text = BUFFER_INIT;
	unsigned len = 0;
	enum status st;

	if (EVP_DigestFinal_ex(lines->sha256, hash, &len) != 1)
		return error_openssl(err, ST_CRYPTO, "%s", _("SHA-256 failed"));
	text_hex(&text, (struct bytes){hash, len}, 0, true);
	st = buffer_status(&text, err);
	if (st == ST_OK)
		text_cut_into(out, 65, buffer_text(&text));
	buffer_free(&text);
	return st;
}
