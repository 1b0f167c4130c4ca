/*
 * What a token says of itself: its label, its flags, its PIN counter and its mechanisms.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_SIZE 32

static bool is_token(const char *name, const struct mock_token *token)
{
	return strcmp(name, token->label) == 0 || strcmp(name, token->serial) == 0;
}

/* Writes TEXT, in which \xHH is a byte, over the label; pads with blanks, cuts at 32 bytes. */
static void set_label(CK_UTF8CHAR label[LABEL_SIZE], const char *text)
{
	char hex[3];
	size_t n = 0;

	memset(label, ' ', LABEL_SIZE);
	while (*text != '\0' && n < LABEL_SIZE) {
		if (text[0] == '\\' && text[1] == 'x' && text[2] != '\0' && text[3] != '\0') {
			memcpy(hex, text + 2, 2);
			hex[2] = '\0';
			label[n++] = (CK_UTF8CHAR)strtoul(hex, NULL, 16);
			text += 4;
		} else {
			label[n++] = (CK_UTF8CHAR)*text++;
		}
	}
}

/* `labels`: "LABEL-OR-SERIAL NEW-LABEL"; a tab between them when the old label has blanks. */
static void rename_token(const struct mock_token *token, CK_TOKEN_INFO *info)
{
	char text[CONTROL_SIZE], *cursor = text, *line, *end;

	if (!control_read("labels", text, sizeof(text)))
		return;
	while ((line = control_line(&cursor)) != NULL) {
		end = strchr(line, '\t');
		if (end == NULL)
			end = strchr(line, ' ');
		if (end == NULL)
			continue;
		*end = '\0';
		if (is_token(line, token)) {
			set_label(info->label, end + 1);
			return;
		}
	}
}

/* `flags`: "set BITS [TOKEN]" or "clear BITS [TOKEN]". */
static void change_flags(const struct mock_token *token, CK_TOKEN_INFO *info)
{
	char text[CONTROL_SIZE], *cursor = text, *line, *end;
	CK_FLAGS bits;

	if (!control_read("flags", text, sizeof(text)))
		return;
	while ((line = control_line(&cursor)) != NULL) {
		end = strchr(line, ' ');
		if (end == NULL)
			continue;
		bits = strtoul(end, &end, 0);
		end += strspn(end, " ");
		if (*end != '\0' && !is_token(end, token))
			continue;
		if (strncmp(line, "set ", 4) == 0)
			info->flags |= bits;
		else if (strncmp(line, "clear ", 6) == 0)
			info->flags &= ~bits;
	}
}

/* One counter as flags: LOW and FINAL at 1, LOCKED at 0. */
static void show_counter(const char *file, const struct mock_token *token, CK_TOKEN_INFO *info,
    CK_FLAGS low, CK_FLAGS final, CK_FLAGS locked)
{
	int left, max;

	if (!retries_get(file, token, &left, &max))
		return;
	info->flags &= ~(low | final | locked);
	if (left <= 0)
		info->flags |= locked;
	else if (left == 1)
		info->flags |= final | low;
	else if (left < max)
		info->flags |= low;
}

static void show_retries(const struct mock_token *token, CK_TOKEN_INFO *info)
{
	show_counter("retries", token, info, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
	    CKF_USER_PIN_LOCKED);
	show_counter("so-retries", token, info, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY,
	    CKF_SO_PIN_LOCKED);
}

/* `pin-lengths`: "MIN MAX" */
static void change_pin_lengths(CK_TOKEN_INFO *info)
{
	char text[64], *end;

	if (!control_read("pin-lengths", text, sizeof(text)))
		return;
	info->ulMinPinLen = strtoul(text, &end, 0);
	info->ulMaxPinLen = strtoul(end, NULL, 0);
}

/* `pinpad`: the first line is what is typed, further lines name tokens. */
static bool has_pin_pad(const struct mock_token *token)
{
	char text[CONTROL_SIZE], *names = text;

	if (!control_read("pinpad", text, sizeof(text)))
		return false;
	strsep(&names, "\n");
	return names == NULL || control_text_names(names, token);
}

CK_RV mock_get_token_info(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_GetTokenInfo");

	if (rv == CKR_OK)
		rv = slots_get(id, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_GetTokenInfo(id, info);
	if (rv == CKR_OK) {
		show_retries(&slot.token, info);
		if (has_pin_pad(&slot.token))
			info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
		change_pin_lengths(info);
		change_flags(&slot.token, info);
		rename_token(&slot.token, info);
	}
	return control_log("C_GetTokenInfo", rv, NULL);
}

CK_RV mock_get_mechanism_list(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_GetMechanismList");

	if (rv == CKR_OK)
		rv = slots_get(id, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_GetMechanismList(id, list, count);
	return control_log("C_GetMechanismList", rv, NULL);
}

CK_RV mock_get_mechanism_info(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_GetMechanismInfo");

	if (rv == CKR_OK)
		rv = slots_get(id, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_GetMechanismInfo(id, type, info);
	return control_log("C_GetMechanismInfo", rv, NULL);
}
