/*
 * Printing: errors as one line, results, JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum cli_exit cli_exit_code(enum status status)
{
	switch (status) {
	case ST_OK:
		return CLI_DONE;
	case ST_USAGE:
		return CLI_USAGE;
	case ST_NOT_VERIFIED:
		return CLI_NOT_VERIFIED;
	case ST_LOCKOUT:
		return CLI_LOCKOUT;
	case ST_UPDATE_DUE:
		return CLI_UPDATE_DUE;
	case ST_MODULE:
	case ST_NO_TOKEN:
	case ST_AMBIGUOUS:
	case ST_NO_KEY:
	case ST_PIN_NEEDED:
	case ST_PIN_WRONG:
	case ST_PIN_LOCKED:
	case ST_TOKEN_REMOVED:
	case ST_TOKEN_TIMEOUT:
	case ST_TOKEN:
		return CLI_TOKEN;
	case ST_FAILED:
	case ST_NO_MEMORY:
	case ST_IO:
	case ST_EXISTS:
	case ST_FORMAT:
	case ST_LIMIT:
	case ST_CRYPTO:
	case ST_CANCELLED:
	case ST_BUSY:
		break;
	}
	return CLI_FAILED;
}

size_t cli_width(int fd)
{
	struct winsize size;

	if (isatty(fd) != 1)
		return 0;
	/* Narrower than this, or unknown: as terminals usually are. */
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

/* On a terminal a long line breaks at words; what goes elsewhere is one line. */
static void put_line(const char *begin, const char *text)
{
	struct buffer line = BUFFER_INIT, folded = BUFFER_INIT;
	const char *shown;

	fflush(stdout);
	buffer_printf(&line, "%s%s", begin, text);
	shown = buffer_text(&line);
	if (shown != NULL && cli_width(STDERR_FILENO) > 0) {
		text_fold(&folded, shown, cli_width(STDERR_FILENO));
		shown = buffer_text(&folded);
	}
	fprintf(stderr, "%s\n", shown != NULL ? shown : text);
	buffer_free(&line);
	buffer_free(&folded);
}

int cli_fail(const struct error *err)
{
	char line[2048];

	put_line("ctlsign: ", error_line(err, line, sizeof(line)));
	return (int)cli_exit_code(err->status);
}

void cli_warn(const char *text)
{
	put_line(_("ctlsign: warning: "), text);
}

int cli_finish_stdout(void)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, _("ctlsign: cannot write the result: %s\n"),
		    strerror(errno != 0 ? errno : EIO));
		return CLI_FAILED;
	}
	return CLI_DONE;
}

json_t *cli_json_path(const char *path)
{
	struct buffer shown = BUFFER_INIT;
	const char *text;
	json_t *json;

	text_printable(&shown, text_bytes(path));
	text = buffer_text(&shown);
	json = text != NULL ? json_string(text) : NULL;
	buffer_free(&shown);
	return json;
}

int cli_print(struct buffer *buf)
{
	struct error err;

	if (buffer_status(buf, &err) != ST_OK)
		return cli_fail(&err);
	errno = 0;
	/* An empty buffer has no bytes to point to. */
	if (buf->len > 0)
		fwrite(buf->data, 1, buf->len, stdout);
	return cli_finish_stdout();
}

int cli_print_json(json_t *json)
{
	char *text = NULL;

	if (json != NULL)
		text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(json);
	if (text == NULL) {
		struct error err;

		error_no_memory(&err);
		return cli_fail(&err);
	}
	errno = 0;
	puts(text);
	free(text);
	return cli_finish_stdout();
}
