/*
 * The PKCS#11 modules that p11-kit registers on this machine (pkcs11.conf(5)).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_REGISTRY_H
#define CTLSIGN_TOKENS_REGISTRY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct registered_module {
	char *path;	 /* absolute, as p11-kit resolved it */
	char *name;	 /* of its configuration file: "opensc-pkcs11" */
	char *init_args; /* its x-init-reserved, or NULL */
};

struct registry {
	struct registered_module *modules;
	size_t n;
	char *message;		/* why p11-kit left a module out, or NULL; it tells only the last */
	void **p11_kit_modules; /* p11-kit's own list */
};

/*
 * The registered modules in p11-kit's order, without those that hold trusted certificates only
 * (trust-policy: yes) and without p11-kit's own proxy.  p11-kit loads the files to look at them but
 * initialises none.  They stay loaded until registry_close(), so that a caller that loads them
 * itself does not pay twice.  May take as long as the modules' constructors do: run it under a
 * watchdog.
 */
enum status registry_open(struct registry *registry, struct error *err);
void registry_close(struct registry *registry);

#endif
