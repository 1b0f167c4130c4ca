/*
 * How drift calls things: servers, records, certificates, addresses.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

char *drift_serial(char out[DRIFT_SERIAL_MAX], struct bytes serial)
{
	struct buffer text = BUFFER_INIT;
	const char *whole;

	text_hex(&text, serial, ':', false);
	whole = buffer_text(&text);
	text_cut_into(out, DRIFT_SERIAL_MAX, whole != NULL ? whole : "");
	buffer_free(&text);
	return out;
}

char *drift_address(char out[DRIFT_ADDRESS_MAX], const uint8_t *ip, size_t len)
{
	static const uint8_t none[16];
	int family = len == 16 ? AF_INET6 : AF_INET;

	if ((len != 4 && len != 16) || memcmp(ip, none, len) == 0 ||
	    inet_ntop(family, ip, out, DRIFT_ADDRESS_MAX) == NULL)
		text_cut_into(out, DRIFT_ADDRESS_MAX, _("no address"));
	return out;
}

char *drift_role(char out[DRIFT_ADDRESS_MAX], unsigned role)
{
	const char *name = tl_role_name(role);

	if (name != NULL)
		(void)snprintf(out, DRIFT_ADDRESS_MAX, "%s", name);
	else
		(void)snprintf(out, DRIFT_ADDRESS_MAX, "%u", role);
	return out;
}

static void subject_into(char out[DRIFT_NAME_MAX], const X509 *certificate)
{
	struct buffer text = BUFFER_INIT;

	if (tl_name_text(X509_get_subject_name(certificate), TL_NAMES_CUCM, &text, NULL) != ST_OK)
		buffer_reset(&text);
	text_printable_into(out, DRIFT_NAME_MAX, buffer_bytes(&text));
	buffer_free(&text);
}

char *drift_entry_name(char out[DRIFT_NAME_MAX], const struct drift_work *work, size_t entry)
{
	const struct plan_origin *origin = &work->request->plan->origins[entry];
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	const char *name = origin->name;

	switch (drift_origin_of_entry(work, entry)) {
	case ORIGIN_TOKEN:
	case ORIGIN_TRUST:
		subject_into(out, planned->certificate);
		return out;
	case ORIGIN_ITLRECOVERY:
		name = "ITLRecovery";
		break;
	case ORIGIN_CALLMANAGER:
	case ORIGIN_CAPF:
		name = inventory_publisher(work->request->inventory)->name;
		break;
	default:
		break;
	}
	if (name == NULL)
		name = planned->dns != NULL ? planned->dns : "";
	return text_printable_into(out, DRIFT_NAME_MAX, text_bytes(name));
}

char *drift_record_name(char out[DRIFT_NAME_MAX], const struct tl_record *record)
{
	struct bytes name = tl_string(record->dns);

	if (record->has_role && record->role == TL_ROLE_SAST)
		name = tl_string(record->subject);
	if (name.len > 0)
		return text_printable_into(out, DRIFT_NAME_MAX, name);
	return drift_address(out, record->ip.data, record->ip.len);
}

char *drift_title(
    char out[DRIFT_TITLE_MAX], enum drift_kind_of_server kind, const char *printable_name)
{
	char whole[2 * DRIFT_TITLE_MAX];

	switch (kind) {
	case KIND_TFTP:
		(void)snprintf(whole, sizeof(whole), _("TFTP server %s"), printable_name);
		break;
	case KIND_FIREWALL:
		(void)snprintf(whole, sizeof(whole), _("firewall %s"), printable_name);
		break;
	case KIND_ENTRY:
		(void)snprintf(whole, sizeof(whole), _("entry %s"), printable_name);
		break;
	default:
		(void)snprintf(whole, sizeof(whole), _("server %s"), printable_name);
		break;
	}
	return text_cut_into(out, DRIFT_TITLE_MAX, whole);
}

char *drift_whose(char out[DRIFT_TITLE_MAX], const struct drift_work *work, size_t entry)
{
	char name[DRIFT_NAME_MAX], whole[2 * DRIFT_TITLE_MAX];
	const size_t size = sizeof(whole);

	drift_entry_name(name, work, entry);
	switch (drift_origin_of_entry(work, entry)) {
	case ORIGIN_TOKEN:
		(void)snprintf(whole, size, _("certificate of token %s"), name);
		break;
	case ORIGIN_TRUST:
		(void)snprintf(whole, size, _("Phone-SAST-trust certificate %s"), name);
		break;
	case ORIGIN_ITLRECOVERY:
		(void)snprintf(whole, size, "%s", _("ITLRecovery certificate"));
		break;
	case ORIGIN_CAPF:
		(void)snprintf(whole, size, _("CAPF certificate of %s"), name);
		break;
	case ORIGIN_FIREWALL:
		(void)snprintf(whole, size, _("certificate of firewall %s"), name);
		break;
	case ORIGIN_CALLMANAGER:
		(void)snprintf(whole, size, _("CallManager certificate of %s"), name);
		break;
	case ORIGIN_NODE:
	case ORIGIN_ALTERNATE_TFTP:
		if (drift_kind_of_entry(work, entry) == KIND_TFTP)
			(void)snprintf(whole, size, _("TFTP certificate of %s"), name);
		else
			(void)snprintf(whole, size, _("CallManager certificate of %s"), name);
		break;
	default:
		(void)snprintf(whole, size, _("certificate of entry %s"), name);
		break;
	}
	return text_cut_into(out, DRIFT_TITLE_MAX, whole);
}
