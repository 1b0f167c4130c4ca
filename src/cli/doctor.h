/*
 * The findings of `ctlsign doctor`, and who makes them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_DOCTOR_H
#define CTLSIGN_CLI_DOCTOR_H

#include "tokens/tokens.h"

#include <jansson.h>
#include <sys/types.h>

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARNING, /* not as it should be, and not what keeps a token away */
	DOCTOR_BAD,
	DOCTOR_NOT_APPLICABLE,
};

/* The kinds of checks, in the order in which they are told. */
enum doctor_check {
	DOCTOR_SERVICE_INSTALLED,
	DOCTOR_SERVICE_ANSWERS,
	DOCTOR_SERVICE_AUTOSTART,
	DOCTOR_SERVICE_PERMITTED,
	DOCTOR_MODULES,
	DOCTOR_MODULE_FILE,
	DOCTOR_MODULE_OWNER,
	DOCTOR_MODULE_LOADS,
	DOCTOR_MODULE_ANSWERS,
	DOCTOR_READERS,
	DOCTOR_CARD,
	DOCTOR_TOKENS,
	DOCTOR_TOKEN_PIN,
	DOCTOR_TOKEN_KEY,
	DOCTOR_TOKEN_CERTIFICATE,
	DOCTOR_CONFIG_P11_KIT,
	DOCTOR_CONFIG_ENVIRONMENT,
	DOCTOR_CONFIG_MEMORY,
	DOCTOR_CONFIG_TERMINAL,
};

/* What a mend is, for the word in front of it. */
enum doctor_mend {
	DOCTOR_MEND_NONE,
	DOCTOR_MEND_ROOT, /* a command that root has to give */
	DOCTOR_MEND_RUN,  /* a command */
	DOCTOR_MEND_DO,	  /* something to do with the hands, or with other software */
};

struct doctor_finding {
	enum doctor_check check;
	enum doctor_level level;
	enum doctor_mend kind;
	bool next_login; /* the mend only holds when the user has logged in anew */
	bool first;	 /* bad, and the verdict begins with it whatever else is bad */
	char what[1024];
	char mend[1024];
	char where[512];   /* a path, a token, a reader; never translated; may be empty */
	char heading[512]; /* what it stands under */
};

/* Findings in their order.  Start from zeros; `failed` when out of memory. */
struct doctor {
	struct doctor_finding *list;
	size_t n;
	bool failed;
	char where[512]; /* of the findings that are added now */
	char heading[512];

	/* what the checks need of each other */
	struct smartcard_service service;
	const struct tokens_survey *survey;
	bool modules_named; /* by --module */
	const char *root;   /* "" or the value of --root */
	size_t n_tokens;    /* initialised ones, in all modules */
	size_t n_blank;	    /* not initialised, without SoftHSM's */
	size_t n_free;	    /* SoftHSM's: it always has a free slot for a token in software */
	size_t n_usable;    /* that could sign, as far as shows without a PIN */
};

/* The findings that follow stand under HEADING and are about WHERE. */
void doctor_section(struct doctor *doctor, const char *where, const char *heading_fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a finding; the text must be printable. */
void doctor_find(struct doctor *doctor, enum doctor_check check, enum doctor_level level,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* What mends the finding that was added last. */
void doctor_mend(struct doctor *doctor, enum doctor_mend kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The mend of the finding that was added last only holds when the user has logged in anew. */
void doctor_mend_next_login(struct doctor *doctor);

/* If the finding that was added last is bad, the verdict begins with it. */
void doctor_begin_with(struct doctor *doctor);

/* How many findings have LEVEL. */
size_t doctor_count(const struct doctor *doctor, enum doctor_level level);

void doctor_free(struct doctor *doctor);

/* The checks; each adds its findings.  doctor_count_tokens() comes before all of them. */
void doctor_count_tokens(struct doctor *doctor);
void doctor_service(struct doctor *doctor);
void doctor_modules(struct doctor *doctor);
void doctor_readers(struct doctor *doctor);
void doctor_tokens(struct doctor *doctor);
void doctor_config(struct doctor *doctor);

/* Whether the module is SoftHSM's, by its name. */
bool doctor_is_softhsm(const struct surveyed_module *module);

/* Whether the Smart Card service has a card in any reader. */
bool doctor_any_card(const struct doctor *doctor);

/* The reader of the one card that no module shows; NULL when there is none, or several. */
const char *doctor_card_not_shown(const struct doctor *doctor);

/* Whether the token could sign: what doctor_count_tokens() counts and doctor_tokens() explains. */
bool doctor_token_usable(const struct surveyed_token *token);

/* Tells a token's keys and certificates, in the section of the token. */
void doctor_token_keys(struct doctor *doctor, const struct surveyed_token *token);

/*
 * How bad it is when the Smart Card service or a reader is not as it should be.  A token that is
 * there without does not need it (SoftHSM), nor does a blank one of a module that was asked for by
 * name, nor SoftHSM where it is all there is: then it is no more than a warning.  SoftHSM's free
 * slot is no blank token in this: nobody is helped by a key in software who wants one on a card.
 */
enum doctor_level doctor_service_level(const struct doctor *doctor);

/* The findings for people, and as JSON (a new reference, NULL when out of memory). */
int doctor_print(const struct doctor *doctor);
json_t *doctor_json(const struct doctor *doctor);

/* ---- words that mends are made of ------------------------------------------------------------ */

/* What the distribution calls a piece of software. */
enum doctor_package { DOCTOR_PACKAGE_SERVICE, DOCTOR_PACKAGE_DRIVER, DOCTOR_PACKAGE_OPENSC };

/* Mends the last finding by installing PACKAGE with the package manager that lies below root. */
void doctor_mend_install(struct doctor *doctor, enum doctor_package package);

/* TEXT as one word of a shell's command line. */
const char *doctor_shell_word(const char *text, char *out, size_t size);

/* The login name of UID by the local file; empty when it is not in there. */
const char *doctor_user_name(uid_t uid, char *out, size_t size);

/* The login name of the user, as one word; "USER" when it cannot be told. */
const char *doctor_user(char *out, size_t size);

/*
 * Mends the last finding by `ctlsign token VERB TOKEN REST`: the token's label where that is
 * enough, else its serial number or its URI, and --module where modules were named.
 */
void doctor_mend_token(
    struct doctor *doctor, const struct token_info *token, const char *verb, const char *rest);

/*
 * Mends the last finding by `ctlsign token init` for a token that is blank, or that may be; among
 * others it is named by its slot.
 */
void doctor_mend_init(struct doctor *doctor, const struct token_info *token);

/* "--module PATH" with a blank before it where modules were named, else nothing. */
const char *doctor_module_option(
    const struct doctor *doctor, const char *module, char *out, size_t size);

#endif
