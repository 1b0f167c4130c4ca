/*
 * Finds out which modules are registered, and in which order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/registry.h"

#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where p11-kit was told to look when it was built. */
#ifndef P11_SYSTEM_CONFIG
#define P11_SYSTEM_CONFIG "/etc/pkcs11/pkcs11.conf"
#endif
#ifndef P11_SYSTEM_MODULES
#define P11_SYSTEM_MODULES "/etc/pkcs11/modules"
#endif
#ifndef P11_PACKAGE_MODULES
#define P11_PACKAGE_MODULES "/usr/share/p11-kit/modules"
#endif
#ifndef P11_MODULE_PATH
#define P11_MODULE_PATH "/usr/lib/x86_64-linux-gnu/pkcs11"
#endif

/* What enable-in: and disable-in: call us. */
#define PROGRAM "ctlsign"

#define SUFFIX	    ".module"
#define MAX_MODULES 256 /* no machine has this many */

enum user_config { USER_NONE, USER_MERGE, USER_ONLY };

static char *join(const char *directory, const char *name)
{
	struct buffer path = BUFFER_INIT;
	const char *text;
	char *copy;

	buffer_printf(&path, "%s/%s", directory, name);
	text = buffer_text(&path);
	copy = text == NULL ? NULL : strdup(text);
	buffer_free(&path);
	return copy;
}

/* The user's own configuration directory, "~/.config/pkcs11"; NULL when there is no home. */
static char *user_directory(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (config != NULL && config[0] != '\0')
		return join(config, "pkcs11");
	if (home == NULL || home[0] == '\0') {
		user = getpwuid(getuid());
		home = user == NULL ? NULL : user->pw_dir;
	}
	return home == NULL ? NULL : join(home, ".config/pkcs11");
}

static bool user_may_configure(void)
{
	return getauxval(AT_SECURE) == 0 && getuid() != 0 &&
	       getenv("P11_KIT_NO_USER_CONFIG") == NULL;
}

/* Reads the user-config: of one pkcs11.conf into MODE; one that has none leaves it. */
static enum status read_mode(
    const char *path, bool users, enum user_config *mode, struct error *err)
{
	struct p11_config config = {{NULL}};
	enum status status = p11_config_read(path, users, &config, err);
	const char *value = config.value[P11_USER_CONFIG];
	char printable[64];

	if (status != ST_OK || value == NULL)
		;
	else if (strcmp(value, "none") == 0)
		*mode = USER_NONE;
	else if (strcmp(value, "merge") == 0)
		*mode = USER_MERGE;
	else if (strcmp(value, "only") == 0 || strcmp(value, "override") == 0)
		*mode = USER_ONLY;
	else {
		status = error_set(err, ST_MODULE, _("'user-config: %s' is not understood"),
		    text_printable_into(printable, sizeof(printable), text_bytes(value)));
		error_where(err, "%s", path);
		error_hint(err, _("write none, merge or only"));
	}
	p11_config_free(&config);
	return status;
}

static enum status find_mode(const char *user, enum user_config *mode, struct error *err)
{
	enum status status;
	char *path;

	*mode = USER_MERGE;
	status = read_mode(P11_SYSTEM_CONFIG, false, mode, err);
	if (status != ST_OK)
		return status;
	if (user == NULL || !user_may_configure())
		*mode = USER_NONE;
	if (*mode == USER_NONE)
		return ST_OK;
	path = join(user, "pkcs11.conf");
	if (path == NULL)
		return error_no_memory(err);
	status = read_mode(path, true, mode, err);
	free(path);
	return status;
}

/* "opensc-pkcs11" for "opensc-pkcs11.module"; NULL for what is none, say an editor's copy. */
static char *name_of(const char *file)
{
	size_t len = strlen(file);

	if (len <= strlen(SUFFIX) || strcmp(file + len - strlen(SUFFIX), SUFFIX) != 0 ||
	    !isalnum((unsigned char)file[0]))
		return NULL;
	for (const char *c = file; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("_-.", *c) == NULL)
			return NULL;
	return strndup(file, len - strlen(SUFFIX));
}

/* The entry called NAME, which is taken over; a new one where there is none. */
static struct registered_module *entry_of(struct registry *registry, char *name)
{
	struct registered_module *grown;

	for (size_t i = 0; i < registry->n; i++)
		if (strcmp(registry->modules[i].name, name) == 0) {
			free(name);
			return &registry->modules[i];
		}
	grown = realloc(registry->modules, (registry->n + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(name);
		return NULL;
	}
	registry->modules = grown;
	grown[registry->n] = (struct registered_module){.name = name};
	return &grown[registry->n++];
}

static enum status read_file(struct registry *registry, const char *directory, const char *file,
    bool users, struct error *err)
{
	struct registered_module *entry = NULL;
	char *path = join(directory, file);
	char *name = name_of(file);
	struct error problem;
	enum status status;

	if (name == NULL || registry->n >= MAX_MODULES) {
		free(name);
		free(path);
		return ST_OK;
	}
	entry = entry_of(registry, name);
	if (path == NULL || entry == NULL) {
		free(path);
		return error_no_memory(err);
	}
	status = p11_config_read(path, users, &entry->config, &problem);
	if (status != ST_OK) {
		entry->broken = true;
		status = problems_add(&registry->problems, &problem);
	}
	free(path);
	return status == ST_OK ? ST_OK : error_no_memory(err);
}

static enum status read_directory(
    struct registry *registry, const char *directory, bool users, struct error *err)
{
	DIR *dir = opendir(directory);
	enum status status = ST_OK;
	const struct dirent *entry;
	struct error problem;

	if (dir == NULL) {
		if (errno == ENOENT || errno == ENOTDIR ||
		    (users && (errno == EACCES || errno == EPERM)))
			return ST_OK;
		error_errno(&problem, ST_MODULE, errno, _("cannot list the registered modules"));
		error_where(&problem, "%s", directory);
		return problems_add(&registry->problems, &problem) == ST_OK ? ST_OK
									    : error_no_memory(err);
	}
	while (status == ST_OK && (entry = readdir(dir)) != NULL)
		status = read_file(registry, directory, entry->d_name, users, err);
	closedir(dir);
	return status;
}

static bool is_for_us(const struct registered_module *entry)
{
	const struct p11_config *config = &entry->config;
	const char *in = config->value[P11_ENABLE_IN], *out = config->value[P11_DISABLE_IN];
	const char *trust = config->value[P11_TRUST_POLICY];

	if (entry->broken || config->value[P11_MODULE] == NULL || config->value[P11_REMOTE] != NULL)
		return false;
	if (trust != NULL && strcasecmp(trust, "yes") == 0)
		return false;
	if (in != NULL)
		return p11_config_lists(in, PROGRAM);
	return out == NULL || !p11_config_lists(out, PROGRAM);
}

static bool is_proxy(const char *path)
{
	const char *file = strrchr(path, '/');

	return file != NULL && strncmp(file, "/p11-kit-proxy.", 15) == 0;
}

static void entry_free(struct registered_module *entry)
{
	free(entry->name);
	free(entry->path);
	p11_config_free(&entry->config);
}

/* Drops what is not for us, and makes the others' paths absolute. */
static enum status resolve(struct registry *registry, struct error *err)
{
	enum status status = ST_OK;
	size_t kept = 0;

	for (size_t i = 0; i < registry->n; i++) {
		struct registered_module *entry = &registry->modules[i];
		const char *file = entry->config.value[P11_MODULE];

		if (status == ST_OK && is_for_us(entry)) {
			entry->path = file[0] == '/' ? strdup(file) : join(P11_MODULE_PATH, file);
			if (entry->path == NULL)
				status = error_no_memory(err);
		}
		if (entry->path == NULL || is_proxy(entry->path))
			entry_free(entry);
		else
			registry->modules[kept++] = *entry;
	}
	registry->n = kept;
	return status;
}

static long priority(const struct registered_module *entry)
{
	const char *value = entry->config.value[P11_PRIORITY];

	return value == NULL ? 0 : strtol(value, NULL, 10);
}

static int compare(const void *a, const void *b)
{
	long x = priority(a), y = priority(b);

	if (x != y)
		return x > y ? -1 : 1;
	return strcmp(((const struct registered_module *)a)->name,
	    ((const struct registered_module *)b)->name);
}

enum status registry_open(struct registry *registry, struct error *err)
{
	char *user = user_directory();
	enum user_config mode = USER_NONE;
	enum status status;
	char *directory;

	*registry = (struct registry){0};
	status = find_mode(user, &mode, err);
	if (status == ST_OK && mode != USER_NONE) {
		directory = join(user, "modules");
		status = directory == NULL ? error_no_memory(err)
					   : read_directory(registry, directory, true, err);
		free(directory);
	}
	if (status == ST_OK && mode != USER_ONLY)
		status = read_directory(registry, P11_SYSTEM_MODULES, false, err);
	if (status == ST_OK && mode != USER_ONLY)
		status = read_directory(registry, P11_PACKAGE_MODULES, false, err);
	if (status == ST_OK)
		status = resolve(registry, err);
	if (status == ST_OK && registry->n > 0)
		qsort(registry->modules, registry->n, sizeof(*registry->modules), compare);
	free(user);
	if (status != ST_OK)
		registry_close(registry);
	return status;
}

void registry_close(struct registry *registry)
{
	for (size_t i = 0; i < registry->n; i++)
		entry_free(&registry->modules[i]);
	free(registry->modules);
	problems_clear(&registry->problems);
	*registry = (struct registry){0};
}
