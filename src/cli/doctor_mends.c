/*
 * Pieces of the commands that `ctlsign doctor` proposes: they are pasted into a shell, often
 * root's, so every word that comes from outside is quoted.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"

#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_plain(const char *text)
{
	if (text[0] == '\0' || text[0] == '-')
		return false;
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && strchr("_-./:=@%+,", *text) == NULL)
			return false;
	return true;
}

const char *doctor_shell_word(const char *text, char *out, size_t size)
{
	struct buffer word = BUFFER_INIT;
	const char *quoted;

	if (is_plain(text)) {
		buffer_printf(&word, "%s", text);
	} else {
		buffer_add_u8(&word, '\'');
		for (; *text != '\0'; text++) {
			if (*text == '\'')
				buffer_printf(&word, "%s", "'\\''");
			else
				buffer_add(&word, text, 1);
		}
		buffer_add_u8(&word, '\'');
	}
	quoted = buffer_text(&word);
	/* Half a word would be another command. */
	snprintf(out, size, "%s", quoted != NULL && word.len < size ? quoted : "...");
	buffer_free(&word);
	return out;
}

/*
 * From the local file only: name services over the network may hang, and for a user who is not in
 * it the environment is good enough for a proposal.
 */
const char *doctor_user_name(uid_t uid, char *out, size_t size)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *user;

	out[0] = '\0';
	while (f != NULL && out[0] == '\0' && (user = fgetpwent(f)) != NULL)
		if (user->pw_uid == uid)
			text_printable_into(out, size, text_bytes(user->pw_name));
	if (f != NULL)
		fclose(f);
	return out;
}

const char *doctor_user(char *out, size_t size)
{
	const char *from_environment = secure_getenv("LOGNAME");

	doctor_user_name(getuid(), out, size);
	if (out[0] == '\0' && from_environment != NULL)
		snprintf(out, size, "%s", from_environment);
	if (!is_plain(out))
		snprintf(out, size, "USER");
	return out;
}

/* Whether this label or serial number selects one token, and needs no quotes. */
static bool is_enough(const struct doctor *doctor, const char *name)
{
	size_t same = 0;

	for (size_t i = 0; i < doctor->survey->n; i++)
		for (size_t k = 0; k < doctor->survey->modules[i].n; k++) {
			const struct token_info *t = doctor->survey->modules[i].list[k].info;

			same += strcmp(t->label, name) == 0 || strcmp(t->serial, name) == 0;
		}
	return same == 1 && is_plain(name);
}

static const char *token_word(
    const struct doctor *doctor, const struct token_info *token, char *out, size_t size)
{
	struct buffer uri = BUFFER_INIT;
	const char *text;

	if (is_enough(doctor, token->label))
		return doctor_shell_word(token->label, out, size);
	if (is_enough(doctor, token->serial))
		return doctor_shell_word(token->serial, out, size);
	token_uri(token, NULL, &uri);
	text = buffer_text(&uri);
	doctor_shell_word(text != NULL ? text : "", out, size);
	buffer_free(&uri);
	return out;
}

const char *doctor_module_option(
    const struct doctor *doctor, const char *module, char *out, size_t size)
{
	char word[600];

	out[0] = '\0';
	if (doctor->modules_named)
		snprintf(out, size, " --module %s", doctor_shell_word(module, word, sizeof(word)));
	return out;
}

void doctor_mend_token(
    struct doctor *doctor, const struct token_info *token, const char *verb, const char *rest)
{
	char word[600], module[640];

	doctor_mend(doctor, DOCTOR_MEND_RUN, "ctlsign token %s %s%s%s%s", verb,
	    token_word(doctor, token, word, sizeof(word)), rest[0] != '\0' ? " " : "", rest,
	    doctor_module_option(doctor, token->module, module, sizeof(module)));
}

void doctor_mend_init(struct doctor *doctor, const struct token_info *token)
{
	char name[600] = "", module[640], word[600];
	const bool alone = doctor->n_blank + doctor->n_free == 1 && doctor->n_tokens == 0;

	/* A slot's number names one token only of the module that it is of. */
	snprintf(module, sizeof(module), " --module %s",
	    doctor_shell_word(token->module, word, sizeof(word)));
	if (token->initialised)
		snprintf(name, sizeof(name), " %s",
		    is_enough(doctor, token->serial)
			? token->serial
			: token_word(doctor, token, word, sizeof(word)));
	else if (!alone)
		snprintf(name, sizeof(name), " pkcs11:slot-id=%lu", token->slot_id);
	if (token->initialised || alone)
		doctor_module_option(doctor, token->module, module, sizeof(module));
	doctor_mend(doctor, DOCTOR_MEND_RUN, "ctlsign token init%s --label SAST-1%s", name, module);
}

struct manager {
	const char *program;
	const char *command;
	const char *packages[3]; /* by enum doctor_package */
};

void doctor_mend_install(struct doctor *doctor, enum doctor_package package)
{
	static const struct manager managers[] = {
	    {"/usr/bin/apt-get", "apt-get install", {"pcscd", "libccid", "opensc-pkcs11"}},
	    {"/usr/bin/dnf", "dnf install", {"pcsc-lite", "pcsc-lite-ccid", "opensc"}},
	    {"/usr/bin/zypper", "zypper install", {"pcsc-lite", "pcsc-ccid", "opensc"}},
	    {"/usr/bin/pacman", "pacman -S", {"pcsclite", "ccid", "opensc"}},
	    {"/sbin/apk", "apk add", {"pcsc-lite", "ccid", "opensc"}},
	};
	const struct manager *manager = &managers[0];
	char path[PATH_MAX];

	for (size_t i = sizeof(managers) / sizeof(managers[0]); i-- > 0;) {
		snprintf(path, sizeof(path), "%s%s", doctor->root, managers[i].program);
		if (access(path, F_OK) == 0)
			manager = &managers[i];
	}
	doctor_mend(
	    doctor, DOCTOR_MEND_ROOT, "%s %s", manager->command, manager->packages[package]);
}
