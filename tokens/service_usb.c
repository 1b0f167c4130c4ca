/*
 * Finds a smart card reader on the USB by what the kernel says of it.
 *
 * A reader tells itself by its interface's class, 0b ("Smart Card" in USB's list of classes); older
 * eTokens have a class of their own and Aladdin's vendor number.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/service_usb.h"

#include "base/text.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#define CLASS_SMART_CARD "0b"
#define VENDOR_ALADDIN	 "0529"

/* The first line of an attribute of a device; empty when it has none. */
static void attribute(
    const char *folder, const char *device, const char *name, char *out, size_t size)
{
	char path[PATH_MAX];
	FILE *f = NULL;
	int n = snprintf(path, sizeof(path), "%s/%s/%s", folder, device, name);

	out[0] = '\0';
	if (n > 0 && (size_t)n < sizeof(path))
		f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

static bool is_reader(const char *folder, const char *entry)
{
	char value[16];

	attribute(folder, entry, "bInterfaceClass", value, sizeof(value));
	if (strcmp(value, CLASS_SMART_CARD) == 0)
		return true;
	attribute(folder, entry, "idVendor", value, sizeof(value));
	return strcmp(value, VENDOR_ALADDIN) == 0;
}

/* The interface "1-2:1.0" belongs to the device "1-2", which has the names. */
static void name_of(const char *folder, const char *entry, char *out, size_t size)
{
	char device[NAME_MAX + 1], maker[64], product[64], both[NAME_MAX + 16];

	snprintf(device, sizeof(device), "%.*s", (int)strcspn(entry, ":"), entry);
	attribute(folder, device, "manufacturer", maker, sizeof(maker));
	attribute(folder, device, "product", product, sizeof(product));
	if (maker[0] == '\0' && product[0] == '\0')
		snprintf(both, sizeof(both), "USB %s", device);
	else
		snprintf(both, sizeof(both), "%s%s%s", maker, maker[0] == '\0' ? "" : " ", product);
	text_printable_into(out, size, text_bytes(both));
}

void service_usb_look(const char *root, struct smartcard_service *service)
{
	const struct dirent *entry;
	char folder[PATH_MAX];
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/sys/bus/usb/devices", root);
	dir = opendir(folder);
	while (dir != NULL && service->usb_reader[0] == '\0' && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && is_reader(folder, entry->d_name))
			name_of(folder, entry->d_name, service->usb_reader,
			    sizeof(service->usb_reader));
	if (dir != NULL)
		closedir(dir);
}
