/*
 * Asks p11-kit which modules are registered.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#define P11_KIT_FUTURE_UNSTABLE_API /* for p11_kit_message() */
#include "tokens/registry.h"

#include <p11-kit/p11-kit.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool holds_trust_only(CK_FUNCTION_LIST *module, const char *path)
{
	const char *file = strrchr(path, '/');
	char *option;
	bool yes;

	if (file != NULL && strncmp(file, "/p11-kit-proxy.", 15) == 0)
		return true;
	option = p11_kit_config_option(module, "trust-policy");
	yes = option != NULL && strcasecmp(option, "yes") == 0;
	free(option);
	return yes;
}

static enum status add_module(
    struct registry *registry, CK_FUNCTION_LIST *module, struct error *err)
{
	struct registered_module *entry = &registry->modules[registry->n];

	entry->path = p11_kit_module_get_filename(module);
	if (entry->path == NULL || holds_trust_only(module, entry->path)) {
		free(entry->path);
		entry->path = NULL;
		return ST_OK;
	}
	entry->name = p11_kit_module_get_name(module);
	entry->init_args = p11_kit_config_option(module, "x-init-reserved");
	registry->n++;
	return entry->name == NULL ? error_no_memory(err) : ST_OK;
}

enum status registry_open(struct registry *registry, struct error *err)
{
	CK_FUNCTION_LIST **list;
	const char *message;
	enum status status = ST_OK;
	size_t n = 0;

	*registry = (struct registry){0};
	list = p11_kit_modules_load(NULL, P11_KIT_MODULE_UNMANAGED);
	message = p11_kit_message();
	if (list == NULL)
		return error_set(err, ST_MODULE, _("p11-kit cannot load its modules: %s"),
		    message == NULL ? _("it gives no reason") : message);
	registry->p11_kit_modules = (void **)list;
	if (message != NULL)
		registry->message = strdup(message);
	while (list[n] != NULL)
		n++;
	registry->modules = calloc(n + 1, sizeof(*registry->modules));
	if (registry->modules == NULL)
		status = error_no_memory(err);
	for (size_t i = 0; i < n && status == ST_OK; i++)
		status = add_module(registry, list[i], err);
	if (status != ST_OK)
		registry_close(registry);
	return status;
}

void registry_close(struct registry *registry)
{
	for (size_t i = 0; i < registry->n; i++) {
		free(registry->modules[i].path);
		free(registry->modules[i].name);
		free(registry->modules[i].init_args);
	}
	free(registry->modules);
	free(registry->message);
	if (registry->p11_kit_modules != NULL)
		p11_kit_modules_release((CK_FUNCTION_LIST **)registry->p11_kit_modules);
	*registry = (struct registry){0};
}
