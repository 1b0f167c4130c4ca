/*
 * PINs and passphrases in locked, wiped memory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* OpenSSL keeps private keys of PEM files here too: room for several RSA-4096 keys and PINs. */
#define HEAP_BYTES   262144
#define HEAP_MINIMUM 32

enum status secret_process_setup(struct error *err)
{
	const struct rlimit none = {0, 0};

	/*
	 * PR_SET_DUMPABLE also keeps debuggers and /proc/PID/mem of the same user out: libp11 and
	 * modules hold copies of a PIN in ordinary memory while a token is logged in.
	 */
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_errno(err, ST_FAILED, errno, "%s", _("cannot switch core dumps off"));
	/* 2 means that the heap is there but could not be locked into memory. */
	if (CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_MINIMUM) == 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("cannot set up memory for PINs"));
	return ST_OK;
}

void secret_process_end(void)
{
	CRYPTO_secure_malloc_done();
}

enum status secret_alloc(struct secret *s, struct error *err)
{
	if (s->text == NULL) {
		s->text = OPENSSL_secure_zalloc(SECRET_MAX + 1);
		if (s->text == NULL)
			return error_no_memory(err);
	}
	OPENSSL_cleanse(s->text, SECRET_MAX + 1);
	s->len = 0;
	return ST_OK;
}

void secret_wipe(struct secret *s)
{
	OPENSSL_secure_clear_free(s->text, SECRET_MAX + 1);
	*s = (struct secret)SECRET_INIT;
}

/* Reads up to a newline or the end, a byte at a time: nothing after the line is taken. */
static enum status read_line(struct secret *s, int fd, struct error *err)
{
	for (;;) {
		char *at = s->text + s->len;
		ssize_t n = read(fd, at, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, ST_IO, errno, "%s", _("cannot read the PIN"));
		if (n == 0 || *at == '\n')
			break;
		if (*at == '\0')
			return error_set(err, ST_FORMAT, "%s", _("the PIN contains a NUL byte"));
		if (s->len == SECRET_MAX)
			return error_set(
			    err, ST_LIMIT, _("the PIN is longer than %d bytes"), SECRET_MAX);
		s->len++;
	}
	s->text[s->len] = '\0';
	/* A file that was edited on Windows ends its line with CR LF. */
	if (s->len > 0 && s->text[s->len - 1] == '\r')
		s->text[--s->len] = '\0';
	if (s->len == 0)
		return error_set(err, ST_FORMAT, "%s", _("the PIN is empty"));
	return ST_OK;
}

enum status secret_read_fd(struct secret *s, int fd, struct error *err)
{
	enum status st = secret_alloc(s, err);

	if (st == ST_OK)
		st = read_line(s, fd, err);
	if (st != ST_OK)
		secret_wipe(s);
	return st;
}

bool secret_fd_usable(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	struct stat sb;

	if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY ||
	    fstat(fd, &sb) != 0)
		return false;
	return S_ISREG(sb.st_mode) || S_ISFIFO(sb.st_mode) || S_ISSOCK(sb.st_mode) || isatty(fd);
}

enum status secret_read_file(struct secret *s, const char *path, struct error *err)
{
	enum status st;
	struct stat sb;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot open the PIN file"));
		error_where(err, "%s", path);
		return st;
	}
	if (fstat(fd, &sb) != 0) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot look at the PIN file"));
	} else if (!S_ISREG(sb.st_mode) && !S_ISFIFO(sb.st_mode)) {
		st = error_set(err, ST_IO, "%s", _("the PIN file is no regular file or FIFO"));
	} else if ((sb.st_mode & 077) != 0) {
		st = error_set(err, ST_IO, _("others can read the PIN file (mode %04o)"),
		    (unsigned)sb.st_mode & 07777u);
		error_hint(err, _("run: chmod 600 %s"), path);
	} else {
		st = secret_read_fd(s, fd, err);
	}
	if (st != ST_OK)
		error_where(err, "%s", path);
	close(fd);
	return st;
}
