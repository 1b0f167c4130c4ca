/*
 * Loads and unloads PKCS#11 modules through libp11, and runs jobs on their threads.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/module.h"

#include "base/text.h"
#include "tokens/ckr.h"
#include "tokens/module_file.h"
#include "tokens/slots.h"

#include <dlfcn.h>
#include <libp11.h>
#include <stdlib.h>
#include <string.h>

/* What a module may take to close when a wait for it was broken off. */
#define OWED_CLOSE_MS 500

static void job_run(struct watchdog_job *base)
{
	struct module_job *job = (struct module_job *)base;

	job->status = job->work(job);
}

static void job_release(struct watchdog_job *base)
{
	struct module_job *job = (struct module_job *)base;

	if (job->clear != NULL)
		job->clear(job);
	free(job);
}

void *module_job_new(size_t size, struct module *module,
    enum status (*work)(struct module_job *job), void (*clear)(struct module_job *job))
{
	struct module_job *job = calloc(1, size);

	if (job == NULL)
		return NULL;
	job->job.run = job_run;
	job->job.release = job_release;
	job->module = module;
	job->work = work;
	job->clear = clear;
	return job;
}

bool module_run(struct module_job *job, unsigned timeout_ms, struct error *err)
{
	struct module *module = job->module;
	bool was_stuck = watchdog_is_stuck(module->dog);
	unsigned seconds;
	bool done;

	if (timeout_ms == 0)
		timeout_ms = module->timeout_ms;
	/* Who is stuck goes on noting how far it got; that is not this job's. */
	if (!was_stuck)
		atomic_store(&module->progress, 0);
	done = watchdog_run(module->dog, timeout_ms, &job->job);
	module->reached = was_stuck ? 0 : atomic_load(&module->progress);
	if (done)
		return true;
	if (watchdog_was_woken(module->dog)) {
		error_set(err, ST_CANCELLED, _("nobody waits any more for %s"),
		    atomic_load(&module->calling));
		error_where(err, "%s", module->path);
		return false;
	}
	seconds = (timeout_ms + 999) / 1000;
	if (was_stuck)
		error_set(err, ST_TOKEN_TIMEOUT,
		    _("the module had stopped answering before, in %s"),
		    atomic_load(&module->calling));
	else
		error_set(err, ST_TOKEN_TIMEOUT,
		    ngettext("stopped answering: %s did not come back within %u second",
			"stopped answering: %s did not come back within %u seconds", seconds),
		    atomic_load(&module->calling), seconds);
	error_where(err, "%s", module->path);
	error_hint(err, _("unplug the token, plug it in again, and start again"));
	return false;
}

void module_progress(struct module_job *job, unsigned bits)
{
	atomic_fetch_or(&job->module->progress, bits);
}

bool module_has(const struct module_job *job, unsigned bits)
{
	return (atomic_load(&job->module->progress) & bits) == bits;
}

enum status module_job_end(struct module_job *job, struct error *err)
{
	enum status status = job->status;

	if (status != ST_OK && err != NULL)
		*err = job->error;
	job_release(&job->job);
	return status;
}

void module_calling(struct module *module, const char *function)
{
	atomic_store(&module->calling, function);
	ckr_queue_clear();
}

bool module_calling_once(struct module_job *job, const char *function)
{
	/* In this order: whoever gives up from here on sees that FUNCTION may have been called. */
	module_calling(job->module, function);
	if (!watchdog_gave_up(job->module->dog))
		return true;
	error_set(&job->error, ST_TOKEN_TIMEOUT, _("%s was not called: it was too late"), function);
	return false;
}

enum status module_failed_with(struct module_job *job, CK_RV rv)
{
	return ckr_error(&job->error, rv, atomic_load(&job->module->calling));
}

enum status module_failed(struct module_job *job)
{
	return ckr_error_from_libp11(
	    &job->error, ckr_queue_take(), atomic_load(&job->module->calling));
}

/* What libp11 and we call without looking. */
static bool functions_complete(const CK_FUNCTION_LIST *f)
{
	return f->C_Initialize != NULL && f->C_Finalize != NULL && f->C_GetInfo != NULL &&
	       f->C_GetSlotList != NULL && f->C_GetSlotInfo != NULL && f->C_GetTokenInfo != NULL &&
	       f->C_OpenSession != NULL && f->C_CloseSession != NULL &&
	       f->C_CloseAllSessions != NULL && f->C_Login != NULL && f->C_Logout != NULL &&
	       f->C_FindObjectsInit != NULL && f->C_FindObjects != NULL &&
	       f->C_FindObjectsFinal != NULL && f->C_GetAttributeValue != NULL &&
	       f->C_SignInit != NULL && f->C_Sign != NULL;
}

/*
 * Loads the file ourselves first: libp11 would write the loader's complaint to stderr.  The handle
 * is kept, and with it the module's function list, which libp11 does not show.
 */
static enum status load_file(struct module_job *job)
{
	struct module *m = job->module;
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	const char *reason;
	void *symbol;
	CK_RV rv;

	module_calling(m, "dlopen");
	m->handle = dlopen(m->path, RTLD_LAZY | RTLD_LOCAL);
	if (m->handle == NULL) {
		reason = dlerror();
		error_set(&job->error, ST_MODULE, _("cannot load the module: %s"),
		    reason == NULL ? "dlopen" : reason);
		error_hint(&job->error,
		    _("check that the token's software is installed completely and for this "
		      "processor"));
		return ST_MODULE;
	}
	symbol = dlsym(m->handle, "C_GetFunctionList");
	if (symbol == NULL)
		return error_set(&job->error, ST_MODULE,
		    _("the file is no PKCS#11 module: it has no C_GetFunctionList"));
	memcpy(&get_list, &symbol, sizeof(get_list));
	module_calling(m, "C_GetFunctionList");
	rv = get_list(&m->functions);
	if (rv != CKR_OK) {
		module_failed_with(job, rv);
		return job->error.status = ST_MODULE;
	}
	if (m->functions == NULL || !functions_complete(m->functions))
		return error_set(
		    &job->error, ST_MODULE, _("the module lacks functions that PKCS#11 demands"));
	return ST_OK;
}

CK_RV module_initialise(struct module *m)
{
	CK_C_INITIALIZE_ARGS args = {.pReserved = m->init_args};

	module_calling(m, "C_Initialize");
	return m->functions->C_Initialize(m->init_args == NULL ? NULL : &args);
}

/* What libp11 needs to know of a module that is initialised: it takes that for done. */
static enum status load_into_libp11(struct module_job *job)
{
	struct module *m = job->module;

	m->ctx = PKCS11_CTX_new();
	if (m->ctx == NULL)
		return error_no_memory(&job->error);
	if (m->init_args != NULL)
		PKCS11_CTX_init_args(m->ctx, m->init_args);
	module_calling(m, "C_Initialize");
	if (PKCS11_CTX_load(m->ctx, m->path) == 0)
		return ST_OK;
	ckr_error_from_libp11(&job->error, ckr_queue_take(), "C_Initialize");
	PKCS11_CTX_free(m->ctx);
	m->ctx = NULL;
	return job->error.status = ST_MODULE;
}

static enum status load_work(struct module_job *job)
{
	struct module *m = job->module;
	enum status status = load_file(job);
	CK_RV rv;

	if (status != ST_OK)
		return status;
	rv = module_initialise(m);
	if (rv != CKR_OK) {
		module_failed_with(job, rv);
		if (rv == CKR_GENERAL_ERROR)
			error_hint(&job->error,
			    _("check the module's own configuration (for SoftHSM: the file that "
			      "SOFTHSM2_CONF names)"));
		return job->error.status = ST_MODULE;
	}
	status = load_into_libp11(job);
	if (status != ST_OK) {
		m->functions->C_Finalize(NULL);
		return status;
	}
	module_calling(m, "C_GetInfo");
	if (m->functions->C_GetInfo(&m->info) != CKR_OK)
		memset(&m->info, 0, sizeof(m->info));
	slots_pad(m->info.manufacturerID, sizeof(m->info.manufacturerID));
	slots_pad(m->info.libraryDescription, sizeof(m->info.libraryDescription));
	return ST_OK;
}

static enum status unload_work(struct module_job *job)
{
	struct module *m = job->module;

	slots_drop(m);
	if (m->ctx != NULL) {
		module_calling(m, "C_Finalize");
		PKCS11_CTX_unload(m->ctx);
		PKCS11_CTX_free(m->ctx);
		m->ctx = NULL;
	}
	if (m->handle != NULL)
		dlclose(m->handle);
	m->handle = NULL;
	return ST_OK;
}

static void module_free(struct module *m)
{
	free(m->init_args);
	free(m->name);
	free(m->path);
	free(m);
}

void module_close(struct module *m)
{
	struct module_job *job;

	if (m == NULL || (m->dog != NULL && watchdog_is_stuck(m->dog)))
		return;
	if (m->dog != NULL) {
		job = module_job_new(sizeof(*job), m, unload_work, NULL);
		/* Who broke off a wait wants to wait no more. */
		if (job == NULL ||
		    !module_run(job, watchdog_owes(m->dog) ? OWED_CLOSE_MS : 0, NULL))
			return;
		module_job_end(job, NULL);
		watchdog_stop(m->dog);
	}
	module_free(m);
}

/* "/usr/lib/libsofthsm2.so" is called "softhsm2", as RFC 7512's module-name wants it. */
static char *name_from_path(const char *path)
{
	const char *file = strrchr(path, '/');
	size_t len;

	file = file == NULL ? path : file + 1;
	if (strncmp(file, "lib", 3) == 0)
		file += 3;
	len = strcspn(file, ".");
	return strndup(file, len);
}

static enum status module_new(const char *path, const char *name, const char *init_args,
    unsigned timeout_ms, struct module **out, struct error *err)
{
	struct module *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return error_no_memory(err);
	m->timeout_ms = timeout_ms;
	m->path = strdup(path);
	m->name = name != NULL ? strdup(name) : name_from_path(path);
	m->init_args = init_args != NULL ? strdup(init_args) : NULL;
	atomic_init(&m->calling, "dlopen");
	atomic_init(&m->progress, 0);
	if (m->path == NULL || m->name == NULL || (init_args != NULL && m->init_args == NULL)) {
		module_free(m);
		return error_no_memory(err);
	}
	*out = m;
	return ST_OK;
}

enum status module_open_telling(const char *path, const char *name, const char *init_args,
    unsigned timeout_ms, struct module **out, const char **failed_in, struct error *err)
{
	struct module *m = NULL;
	struct module_job *job;
	char printable[256];
	enum status status;

	*failed_in = NULL;
	status = module_file_check(path, err);
	if (status == ST_OK)
		status = module_new(path, name, init_args, timeout_ms, &m, err);
	if (status == ST_OK)
		status = watchdog_start(m, &m->dog, err);
	if (status == ST_OK) {
		job = module_job_new(sizeof(*job), m, load_work, NULL);
		if (job == NULL)
			status = error_no_memory(err);
		else if (module_run(job, 0, err))
			status = module_job_end(job, err);
		else
			status = ST_TOKEN_TIMEOUT;
	}
	if (status != ST_OK) {
		error_where(
		    err, "%s", text_printable_into(printable, sizeof(printable), text_bytes(path)));
		if (m != NULL)
			*failed_in = atomic_load(&m->calling);
		module_close(m);
		return status;
	}
	*out = m;
	return ST_OK;
}

enum status module_open(const char *path, const char *name, const char *init_args,
    unsigned timeout_ms, struct module **out, struct error *err)
{
	const char *failed_in;

	return module_open_telling(path, name, init_args, timeout_ms, out, &failed_in, err);
}
