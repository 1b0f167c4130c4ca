/*
 * Blank tokens have neither label nor serial number: they are told by their slots.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/init_target.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What still fits into an error's text. */
#define LIST_MAX 600

/* How long the Smart Card service may take to say which readers hold cards. */
#define SERVICE_MS 2000

/* SoftHSM always has a free slot, whatever was meant. */
bool init_is_software(const struct token_info *token)
{
	return strncmp(token->manufacturer, "SoftHSM", strlen("SoftHSM")) == 0;
}

/* Modules number their slots as they like. */
static bool slot_is_unique(const struct tokens *tokens, const struct token_info *token)
{
	size_t n = 0;

	for (size_t i = 0; i < tokens_blank_count(tokens); i++)
		n += tokens_blank_at(tokens, i)->slot_id == token->slot_id;
	for (size_t i = 0; i < tokens_count(tokens); i++)
		n += tokens_at(tokens, i)->slot_id == token->slot_id;
	return n == 1;
}

/* "'pkcs11:slot-id=1' (READER)", as it can be given for TOKEN. */
static void add_blank(
    const struct tokens *tokens, const struct token_info *token, struct buffer *out)
{
	const bool unique = slot_is_unique(tokens, token);

	buffer_printf(out,
	    init_is_software(token) ? _("%s'pkcs11:slot-id=%lu%s%s' (%s, in software)")
				    : _("%s'pkcs11:slot-id=%lu%s%s' (%s)"),
	    out->len > 0 ? "; " : "", token->slot_id,
	    unique ? "" : "?module-path=", unique ? "" : token->module, token->reader);
}

/* Each blank token that SELECTOR fits; NULL fits all. */
static void list_blank(
    const struct tokens *tokens, const struct token_selector *selector, struct buffer *out)
{
	for (size_t i = 0; i < tokens_blank_count(tokens) && out->len < LIST_MAX; i++) {
		const struct token_info *token = tokens_blank_at(tokens, i);

		if (selector != NULL && !token_selector_fits(selector, token))
			continue;
		add_blank(tokens, token, out);
	}
}

static void list_initialised(
    const struct tokens *tokens, const struct token_selector *selector, struct buffer *out)
{
	for (size_t i = 0; i < tokens_count(tokens) && out->len < LIST_MAX; i++) {
		const struct token_info *token = tokens_at(tokens, i);

		if (selector != NULL && !token_selector_fits(selector, token))
			continue;
		buffer_printf(out, _("%s'%s' (serial %s)"), out->len > 0 ? "; " : "", token->label,
		    token->serial);
	}
}

static enum status no_blank(const struct tokens *tokens, struct error *err)
{
	struct buffer list = BUFFER_INIT;
	const char *text;

	list_initialised(tokens, NULL, &list);
	text = buffer_text(&list);
	if (tokens_count(tokens) == 0) {
		error_set(err, ST_NO_TOKEN, "%s", _("no token is there"));
		error_hint(err, "%s", _("insert the blank token"));
	} else {
		error_set(err, ST_NO_TOKEN, _("no blank token is there; initialised are: %s"),
		    text != NULL ? text : "");
		error_hint(
		    err, "%s", _("insert the blank token, or name the one that is to be erased"));
	}
	buffer_free(&list);
	return ST_NO_TOKEN;
}

static enum status several(
    const struct tokens *tokens, const struct token_selector *selector, struct error *err)
{
	struct buffer list = BUFFER_INIT;
	const char *text;

	list_blank(tokens, selector, &list);
	if (selector != NULL)
		list_initialised(tokens, selector, &list);
	text = buffer_text(&list);
	error_set(
	    err, ST_AMBIGUOUS, _("several tokens could be meant: %s"), text != NULL ? text : "");
	error_hint(err, "%s", _("name one of them as it is written here, or remove the others"));
	buffer_free(&list);
	return ST_AMBIGUOUS;
}

/* ---- the only blank one, when it is none that can be held in a hand -------------------------- */

/* Initialised tokens of other modules than that of BLANK. */
static void list_elsewhere(
    const struct tokens *tokens, const struct token_info *blank, struct buffer *out)
{
	for (size_t i = 0; i < tokens_count(tokens) && out->len < LIST_MAX; i++) {
		const struct token_info *token = tokens_at(tokens, i);

		if (strcmp(token->module, blank->module) != 0)
			buffer_printf(out, _("; '%s' (serial %s)"), token->label, token->serial);
	}
}

/* A slot's name is the reader's, cut. */
static bool shows_reader(const struct tokens *tokens, const char *reader)
{
	for (size_t i = 0; i < tokens_count(tokens); i++) {
		const char *slot = tokens_at(tokens, i)->reader;

		if (slot[0] != '\0' && strncmp(reader, slot, strlen(slot)) == 0)
			return true;
	}
	return false;
}

/* Cards that no module can do anything with, or takes for one. */
static void list_unknown_cards(const struct tokens *tokens, struct buffer *out)
{
	struct smartcard_service service;

	smartcard_service_look("", SERVICE_MS, &service);
	for (size_t i = 0; i < service.n_readers && out->len < LIST_MAX; i++)
		if (service.readers[i].card && !shows_reader(tokens, service.readers[i].name))
			buffer_printf(
			    out, _("; a card that no module knows (%s)"), service.readers[i].name);
}

/* Whoever has put in a card means the card, also one that does not show as blank. */
static enum status check_software(const struct cli_target *target, struct error *err)
{
	const struct token_info *blank = tokens_blank_at(target->tokens, 0);
	struct buffer list = BUFFER_INIT;
	size_t alone;
	const char *text;
	enum status st = ST_OK;

	add_blank(target->tokens, blank, &list);
	alone = list.len;
	list_elsewhere(target->tokens, blank, &list);
	if (target->modules.n == 0)
		list_unknown_cards(target->tokens, &list);
	text = buffer_text(&list);
	if (text == NULL) {
		st = error_no_memory(err);
	} else if (list.len > alone) {
		st = error_set(err, ST_AMBIGUOUS,
		    _("the only blank token is one in software, and there are others: %s"), text);
		error_hint(err, "%s",
		    _("name the one that is meant as it is written here, or remove the others"));
	}
	buffer_free(&list);
	return st;
}

static enum status only_blank(struct cli_target *target, struct error *err)
{
	const size_t n = tokens_blank_count(target->tokens);

	if (n == 0)
		return no_blank(target->tokens, err);
	if (n > 1)
		return several(target->tokens, NULL, err);
	target->token = tokens_blank_at(target->tokens, 0);
	return init_is_software(target->token) ? check_software(target, err) : ST_OK;
}

static enum status by_selector(struct cli_target *target, struct error *err)
{
	const struct tokens *tokens = target->tokens;
	size_t n = 0, n_blank = 0;

	for (size_t i = 0; i < tokens_blank_count(tokens); i++) {
		if (!token_selector_fits(target->selector, tokens_blank_at(tokens, i)))
			continue;
		target->token = tokens_blank_at(tokens, i);
		n_blank++;
	}
	for (size_t i = 0; i < tokens_count(tokens); i++)
		n += token_selector_fits(target->selector, tokens_at(tokens, i));
	/* With initialised ones only, or none at all, the common words do. */
	if (n_blank == 0)
		return tokens_find(target->tokens, target->selector, &target->token, err);
	return n + n_blank == 1 ? ST_OK : several(tokens, target->selector, err);
}

enum status init_target_open(struct cli_target *target, const char *name, struct error *err)
{
	enum status st = ST_OK;

	if (name != NULL)
		st = cli_target_select(target, name, err);
	if (st == ST_OK)
		st = cli_modules_open(&target->modules, &target->tokens, err);
	if (st == ST_OK)
		st = name != NULL ? by_selector(target, err) : only_blank(target, err);
	return st;
}

enum status init_remember(
    struct init_before *before, const struct cli_target *target, struct error *err)
{
	const struct token_info *token = target->token;
	const size_t n = tokens_count(target->tokens);
	bool complete;

	before->slot_id = token->slot_id;
	before->module = strdup(token->module);
	before->reader = strdup(token->reader);
	before->serial = strdup(token->initialised ? token->serial : "");
	before->serials = calloc(n + 1, sizeof(*before->serials));
	complete = before->module != NULL && before->reader != NULL && before->serial != NULL &&
		   before->serials != NULL;
	for (size_t i = 0; complete && i < n; i++) {
		before->serials[i] = strdup(tokens_at(target->tokens, i)->serial);
		complete = before->serials[i] != NULL;
		before->n++;
	}
	return complete ? ST_OK : error_no_memory(err);
}

void init_forget(struct init_before *before)
{
	for (size_t i = 0; i < before->n; i++)
		free(before->serials[i]);
	free(before->serials);
	free(before->module);
	free(before->reader);
	free(before->serial);
	*before = (struct init_before){0};
}

static bool was_there(const struct init_before *before, const char *serial)
{
	for (size_t i = 0; i < before->n; i++)
		if (strcmp(before->serials[i], serial) == 0)
			return true;
	return false;
}

static bool is_made(
    const struct init_before *before, const struct token_info *token, const char *label)
{
	if (strcmp(token->module, before->module) != 0)
		return false;
	/* OpenSC adds to the label, so in its own place any will do. */
	if (before->serial[0] != '\0' && strcmp(token->serial, before->serial) == 0)
		return true;
	if (token->slot_id == before->slot_id && strcmp(token->reader, before->reader) == 0)
		return true;
	return strcmp(token->label, label) == 0 && !was_there(before, token->serial);
}

enum status init_find_made(const struct init_before *before, struct cli_target *target,
    const char *label, const struct token_info **out, struct error *err)
{
	char shown[256];
	enum status st = tokens_refresh(target->tokens, err);

	text_printable_into(shown, sizeof(shown), text_bytes(label));
	target->token = NULL;
	for (size_t i = 0; st == ST_OK && i < tokens_count(target->tokens); i++) {
		*out = tokens_at(target->tokens, i);
		if (is_made(before, *out, shown))
			return ST_OK;
	}
	if (st == ST_OK) {
		st = error_set(err, ST_TOKEN, "%s",
		    _("the token was initialised, and the module does not show it"));
		error_hint(err, "%s", _("take it out and insert it again"));
	}
	return st;
}
