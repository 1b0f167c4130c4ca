/*
 * Who runs this, for the audit log.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/store.h"

#include "base/text.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Who became root by sudo: "" if nobody did.  sudo sets both variables; from anybody who is not
 * root they say nothing, as everybody can set them.
 */
static void sudo_user(char *out, size_t size)
{
	const char *name = getenv("SUDO_USER"), *uid = getenv("SUDO_UID");
	char shown[128];

	out[0] = '\0';
	if (getuid() != 0 || name == NULL || name[0] == '\0')
		return;
	text_printable_into(shown, sizeof(shown), text_bytes(name));
	if (uid != NULL && uid[0] != '\0' && strlen(uid) < 11 &&
	    strspn(uid, "0123456789") == strlen(uid))
		snprintf(out, size, " for %s (uid %s)", shown, uid);
	else
		snprintf(out, size, " for %s", shown);
}

/* Not translated: the log is read by others, and long after. */
char *store_who(char *out, size_t size)
{
	char host[256] = "", shown_host[256], user[128] = "", sudo[192], memory[4096], whole[768];
	struct passwd entry, *found = NULL;
	uid_t uid = getuid();

	if (getpwuid_r(uid, &entry, memory, sizeof(memory), &found) == 0 && found != NULL)
		text_printable_into(user, sizeof(user), text_bytes(found->pw_name));
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	text_printable_into(shown_host, sizeof(shown_host), text_bytes(host));
	sudo_user(sudo, sizeof(sudo));
	snprintf(whole, sizeof(whole), "%s (uid %lu)%s on host %s", user[0] != '\0' ? user : "?",
	    (unsigned long)uid, sudo, shown_host[0] != '\0' ? shown_host : "?");
	return text_cut_into(out, size, whole);
}
