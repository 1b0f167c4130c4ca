/*
 * Making a target of the right kind.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/target.h"

#include <stdio.h>
#include <stdlib.h>

enum status target_new(const struct inventory_target *place, const struct target_access *access,
    struct target_links **links, struct target **out, struct error *err)
{
	*out = NULL;
	switch (place->kind) {
	case TARGET_DIRECTORY:
		return target_directory_new(place, access, out, err);
	case TARGET_SFTP:
		return target_sftp_new(place, access, links, out, err);
	case TARGET_PROVIDER:
		return target_provider_new(place, access, out, err);
	}
	error_set(err, ST_FAILED, "%s", _("this is no kind of target that is known"));
	error_where(err, "%s", place->text);
	return ST_FAILED;
}

void target_free(struct target *target)
{
	char *link;

	if (target == NULL)
		return;
	link = target->link;
	target->ops->free(target);
	free(link);
}

char *target_staged_name(const char *name, char out[TARGET_NAME_MAX])
{
	snprintf(out, TARGET_NAME_MAX, ".%s.ctlsign", name);
	return out;
}
