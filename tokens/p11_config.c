/*
 * Reads p11-kit's configuration files as p11-kit does, without p11-kit.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/p11_config.h"

#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Such files have a few hundred bytes. */
#define MAX_FILE 65536

static const char *const names[P11_N_OPTIONS] = {
    [P11_MODULE] = "module",
    [P11_REMOTE] = "remote",
    [P11_ENABLE_IN] = "enable-in",
    [P11_DISABLE_IN] = "disable-in",
    [P11_PRIORITY] = "priority",
    [P11_TRUST_POLICY] = "trust-policy",
    [P11_INIT_RESERVED] = "x-init-reserved",
    [P11_USER_CONFIG] = "user-config",
};

static struct bytes trimmed(struct bytes text)
{
	while (text.len > 0 && isspace(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && isspace(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool set_option(struct p11_config *config, struct bytes name, struct bytes value)
{
	for (size_t i = 0; i < P11_N_OPTIONS; i++) {
		if (name.len != strlen(names[i]) || memcmp(name.data, names[i], name.len) != 0)
			continue;
		/* Of two lines in one file the later one holds. */
		free(config->value[i]);
		config->value[i] = strndup((const char *)value.data, value.len);
		return config->value[i] != NULL;
	}
	return true;
}

static enum status parse_line(struct p11_config *config, struct bytes line, size_t number,
    const char *path, struct error *err)
{
	const uint8_t *colon;
	struct bytes name, value;

	line = trimmed(line);
	if (line.len == 0 || line.data[0] == '#')
		return ST_OK;
	colon = memchr(line.data, ':', line.len);
	/* p11-kit takes sections and PEM blocks for errors, too. */
	if (colon == NULL || line.data[0] == '[' || memchr(line.data, '\0', line.len) != NULL) {
		error_set(err, ST_MODULE, _("line %zu is not understood"), number);
		error_where(err, "%s", path);
		error_hint(err, _("write a line as \"name: value\"; see pkcs11.conf(5)"));
		return ST_MODULE;
	}
	name = trimmed((struct bytes){line.data, (size_t)(colon - line.data)});
	value = trimmed((struct bytes){colon + 1, line.len - (size_t)(colon - line.data) - 1});
	return set_option(config, name, value) ? ST_OK : error_no_memory(err);
}

static enum status parse(
    struct p11_config *config, struct bytes text, const char *path, struct error *err)
{
	enum status status = ST_OK;

	for (size_t number = 1; text.len > 0 && status == ST_OK; number++) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		status = parse_line(config, (struct bytes){text.data, len}, number, path, err);
		len += end == NULL ? 0 : 1;
		text.data += len;
		text.len -= len;
	}
	return status;
}

static bool counts_as_empty(int errnum, bool optional)
{
	return errnum == ENOENT || errnum == ENOTDIR ||
	       (optional && (errnum == EACCES || errnum == EPERM));
}

enum status p11_config_read(
    const char *path, bool optional, struct p11_config *config, struct error *err)
{
	struct p11_config read = {{NULL}};
	struct buffer text = BUFFER_INIT;
	enum status status;

	if (access(path, R_OK) != 0 && counts_as_empty(errno, optional))
		return ST_OK;
	status = file_read(path, MAX_FILE, &text, NULL, err);
	if (status == ST_OK)
		status = parse(&read, buffer_bytes(&text), path, err);
	else if (status != ST_NO_MEMORY)
		status = err->status = ST_MODULE;
	for (size_t i = 0; i < P11_N_OPTIONS && status == ST_OK; i++) {
		if (config->value[i] != NULL)
			continue;
		config->value[i] = read.value[i];
		read.value[i] = NULL;
	}
	p11_config_free(&read);
	buffer_free(&text);
	return status;
}

void p11_config_free(struct p11_config *config)
{
	for (size_t i = 0; i < P11_N_OPTIONS; i++)
		free(config->value[i]);
	*config = (struct p11_config){{NULL}};
}

bool p11_config_lists(const char *list, const char *word)
{
	static const char separators[] = ", \t\n\v\f\r";
	size_t len = strlen(word);

	while (*list != '\0') {
		size_t n = strcspn(list, separators);

		if (n == len && memcmp(list, word, len) == 0)
			return true;
		list += n;
		list += strspn(list, separators);
	}
	return false;
}
