/*
 * The PKCS#11 modules that p11-kit's configuration registers on this machine (pkcs11.conf(5)).
 *
 * The files are read here and not by p11-kit, which loads every module, and so runs its code,
 * before anybody can look at who may write the module's file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_REGISTRY_H
#define CTLSIGN_TOKENS_REGISTRY_H

#include "tokens/internal.h"
#include "tokens/p11_config.h"

struct registered_module {
	char *name;  /* of its configuration file: "opensc-pkcs11" */
	char *path;  /* absolute */
	bool broken; /* one of its files is not understood: better none than half of it */
	struct p11_config config;
};

struct registry {
	struct registered_module *modules;
	size_t n;
	struct problems
	    problems; /* configuration files that cannot be used, each with its reason */
};

/*
 * The registered modules in p11-kit's order (priority, then name), without those that are disabled
 * for this program, that run in another process (remote:), that hold trusted certificates only
 * (trust-policy: yes), and without p11-kit's own proxy.  The user's own configuration counts unless
 * the system's says no, the user is root, the program is set-id, or P11_KIT_NO_USER_CONFIG is set.
 * Nothing is loaded, and no module's file is looked at.  ST_MODULE when pkcs11.conf itself cannot
 * be used.
 */
enum status registry_open(struct registry *registry, struct error *err);
void registry_close(struct registry *registry);

#endif
