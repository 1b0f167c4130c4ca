/*
 * Checks of each record by itself, its certificate left aside: elements, strings, role, address.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/lint.h"

#include "trustlist/describe.h"
#include "trustlist/elements.h"

/* DNSNAME, IPADDRESS and SIGNATURE are left out by tools whose lists phones take. */
static void check_presence(struct lint *lint, const struct tl_record *record, size_t number)
{
	const struct {
		uint8_t tag;
		bool there;
		bool with_certificate; /* needed only beside a certificate */
	} needed[] = {
	    {TL_R_FUNCTION, record->has_role, false},
	    {TL_R_SUBJECT, record->subject.data != NULL, true},
	    {TL_R_ISSUER, record->issuer.data != NULL, true},
	    {TL_R_SERIAL, record->serial.data != NULL, true},
	    {TL_R_PUBLIC_KEY, record->public_key.data != NULL, true},
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (needed[i].there ||
		    (needed[i].with_certificate && record->certificate.data == NULL))
			continue;
		lint_add(lint, LINT_MISSING_ELEMENT, TL_ERROR, number, NULL, _("%s is missing"),
		    element_rule_record(needed[i].tag)->name);
	}
}

static void check_string(struct lint *lint, size_t number, uint8_t tag, struct bytes stored)
{
	const char *name = element_rule_record(tag)->name;

	if (stored.data == NULL)
		return;
	if (tl_string(stored).len == stored.len)
		lint_add(lint, LINT_UNTERMINATED_STRING, TL_WARNING, number, NULL,
		    _("%s does not end with a NUL byte"), name);
	if (tl_string(stored).len > 255)
		lint_add(lint, LINT_NAME_OVER_255, TL_ERROR, number,
		    _("give the server a certificate and a name that are shorter"),
		    _("%s has %zu characters; CUCM takes 255 at most"), name,
		    tl_string(stored).len);
}

static void check_role(struct lint *lint, const struct tl_record *record, size_t number)
{
	if (!record->has_role)
		return;
	if (record->role == TL_ROLE_UNKNOWN || tl_role_name(record->role) == NULL)
		lint_add(lint, LINT_UNKNOWN_ROLE, TL_WARNING, number, NULL,
		    _("FUNCTION is %u, which no source explains: phones will not use the record"),
		    record->role);
}

bool lint_is_server(const struct tl_record *record)
{
	return record->has_role &&
	       (record->role == TL_ROLE_CCM || record->role == TL_ROLE_CCM_TFTP ||
		   record->role == TL_ROLE_TFTP);
}

static void check_address(struct lint *lint, const struct tl_record *record, size_t number)
{
	struct bytes ip = record->ip;

	if (ip.data != NULL && ip.len == 16)
		lint_add(lint, LINT_IPV6_UNVERIFIED, TL_WARNING, number,
		    _("name the server by its host name and IPv4 address"),
		    _("IPADDRESS is IPv6; no list that phones are known to take has one"));
	else if (ip.data != NULL && ip.len != 4)
		lint_add(lint, LINT_BAD_IP_LENGTH, TL_ERROR, number, NULL,
		    _("IPADDRESS has %zu bytes instead of 4"), ip.len);
	if (lint_is_server(record) && tl_string(record->dns).len == 0 && !describe_ip_is_set(ip))
		lint_add(lint, LINT_NO_ADDRESS, TL_WARNING, number,
		    _("add the server's host name or IP address"),
		    _("the server has neither a host name nor an IP address"));
}

static void check_elements(struct lint *lint, const struct tl_record *record, size_t number)
{
	for (size_t i = 0; i < record->n_elements; i++) {
		const struct tl_element *element = &lint->list->elements[record->first_element + i];

		if (element_rule_record(element->tag)->name == NULL)
			lint_add(lint, LINT_UNKNOWN_ELEMENT, TL_ADVICE, number, NULL,
			    _("nothing is known of the element %u at offset %zu"), element->tag,
			    element->offset);
	}
}

void lint_records(struct lint *lint)
{
	for (size_t i = 0; i < lint->list->n_records; i++) {
		const struct tl_record *record = &lint->list->records[i];

		check_presence(lint, record, i + 1);
		check_elements(lint, record, i + 1);
		check_string(lint, i + 1, TL_R_DNS_NAME, record->dns);
		check_string(lint, i + 1, TL_R_SUBJECT, record->subject);
		check_string(lint, i + 1, TL_R_ISSUER, record->issuer);
		check_role(lint, record, i + 1);
		check_address(lint, record, i + 1);
	}
}
