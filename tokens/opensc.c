/*
 * Initialises OpenSC's module with a configuration in memory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/opensc.h"

#include "base/bytes.h"
#include "tokens/opensc_config.h"
#include "tokens/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VARIABLE     "OPENSC_CONF"
#define DEFAULT_FILE "/etc/opensc/opensc.conf"
#define MAX_FILE     (1024 * 1024)
#define FIELD_IS(field, text)                                                                      \
	(memcmp((field), (text), sizeof(text) - 1) == 0 && (field)[sizeof(text) - 1] == ' ')

bool opensc_is(const struct module *module)
{
	return FIELD_IS(module->info.manufacturerID, "OpenSC Project");
}

enum opensc_use opensc_unblocking(const CK_TOKEN_INFO *token)
{
	return FIELD_IS(token->manufacturerID, "piv_II") ? OPENSC_UNBLOCK_BY_PUK
							 : OPENSC_UNBLOCK_BY_SO_PIN;
}

static struct opensc_setting setting_for(enum opensc_use use)
{
	switch (use) {
	case OPENSC_INITIALISE:
		return (struct opensc_setting){
		    "framework", "pkcs15", "pkcs11_enable_InitToken = yes;"};
	case OPENSC_UNBLOCK_BY_SO_PIN:
		return (struct opensc_setting){
		    "pkcs11", NULL, "user_pin_unblock_style = init_pin_in_so_session;"};
	case OPENSC_UNBLOCK_BY_PUK:
		break;
	}
	return (struct opensc_setting){
	    "pkcs11", NULL, "user_pin_unblock_style = set_pin_in_unlogged_session;"};
}

/* The present configuration; nothing where there is none, as OpenSC has it. */
static enum status read_present(struct buffer *out, struct error *err)
{
	const char *path = getenv(VARIABLE);
	uint8_t part[4096];
	ssize_t n;
	int fd;

	fd = open(path != NULL ? path : DEFAULT_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return ST_OK;
	while ((n = read(fd, part, sizeof(part))) > 0 && out->len <= MAX_FILE)
		buffer_add(out, part, (size_t)n);
	close(fd);
	if (out->len > MAX_FILE)
		return error_set(err, ST_LIMIT, _("OpenSC's configuration %s is too large"),
		    path != NULL ? path : DEFAULT_FILE);
	return buffer_status(out, err);
}

static bool write_all(int fd, struct bytes bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes.data += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

/* A file in memory, and in PATH the name that this process can open it by. */
static enum status make_file(struct bytes content, int *fd, char path[64], struct error *err)
{
	*fd = memfd_create("opensc.conf", MFD_CLOEXEC);
	if (*fd < 0 || !write_all(*fd, content))
		return error_errno(
		    err, ST_IO, errno, "%s", _("cannot keep a configuration for OpenSC in memory"));
	snprintf(path, 64, "/proc/self/fd/%d", *fd);
	/* OpenSC would go on without it, and take a PUK for a PIN. */
	if (access(path, R_OK) != 0)
		return error_errno(err, ST_IO, errno, _("cannot open %s"), path);
	return ST_OK;
}

static enum status initialise_work(struct module_job *job)
{
	struct module *m = job->module;
	CK_RV rv;

	slots_drop(m);
	module_calling(m, "C_Finalize");
	rv = m->functions->C_Finalize(NULL);
	if (rv != CKR_OK)
		return module_failed_with(job, rv);
	rv = module_initialise(m);
	return rv == CKR_OK ? ST_OK : module_failed_with(job, rv);
}

/*
 * With the configuration in PATH.  A thread that is stuck in the module may read the environment at
 * any time, so it stays as it is then.
 */
static enum status initialise(struct module *module, const char *path, struct error *err)
{
	struct module_job *job = module_job_new(sizeof(*job), module, initialise_work, NULL);
	const char *before = getenv(VARIABLE);
	char *saved = before != NULL ? strdup(before) : NULL;
	enum status status;

	if (job == NULL || (before != NULL && saved == NULL) || setenv(VARIABLE, path, 1) != 0) {
		if (job != NULL)
			module_job_end(job, NULL);
		free(saved);
		return error_no_memory(err);
	}
	if (!module_run(job, 0, err)) {
		free(saved);
		return ST_TOKEN_TIMEOUT;
	}
	if (saved != NULL)
		setenv(VARIABLE, saved, 1);
	else
		unsetenv(VARIABLE);
	free(saved);
	status = module_job_end(job, err);
	return status;
}

enum status opensc_set_up(struct module *module, enum opensc_use use, struct error *err)
{
	struct buffer present = BUFFER_INIT, config = BUFFER_INIT;
	const struct opensc_setting setting = setting_for(use);
	enum status status;
	char path[64];
	int fd = -1;

	status = read_present(&present, err);
	if (status == ST_OK) {
		opensc_config_add(buffer_bytes(&present), &setting, &config);
		status = buffer_status(&config, err);
	}
	if (status == ST_OK)
		status = make_file(buffer_bytes(&config), &fd, path, err);
	if (status == ST_OK)
		status = initialise(module, path, err);
	if (fd >= 0 && status != ST_TOKEN_TIMEOUT)
		close(fd);
	buffer_free(&present);
	buffer_free(&config);
	return status;
}
