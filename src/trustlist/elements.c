/*
 * The tables of elements and of modulus codes, and how an element is encoded.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/elements.h"

#include "trustlist/trustlist.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct element_rule unknown;

static const struct element_rule header_rules[] = {
    [TL_H_VERSION] = {.name = "Version", .size = 2},
    [TL_H_LENGTH] = {.name = "HeaderLength", .size = 2},
    [TL_H_SIGNER_ID] = {.name = "SIGNERID", .container = true},
    [TL_H_SIGNER_NAME] = {.name = "SIGNERNAME", .parent = TL_H_SIGNER_ID},
    [TL_H_SERIAL] = {.name = "SERIALNUMBER", .parent = TL_H_SIGNER_ID},
    [TL_H_CA_NAME] = {.name = "CANAME", .parent = TL_H_SIGNER_ID},
    [TL_H_SIGNATURE_INFO] = {.name = "SIGNATUREINFO", .container = true},
    [TL_H_DIGEST] = {.name = "DIGESTALGORITHM", .size = 1, .parent = TL_H_SIGNATURE_INFO},
    [TL_H_SIGNATURE_ALGO_INFO] = {.name = "SIGNATUREALGOINFO",
	.parent = TL_H_SIGNATURE_INFO,
	.container = true},
    [TL_H_SIGNATURE_ALGO] = {.name = "SIGNATUREALGORITHM",
	.size = 1,
	.parent = TL_H_SIGNATURE_ALGO_INFO},
    [TL_H_MODULUS] = {.name = "SIGNATUREMODULUS", .size = 1, .parent = TL_H_SIGNATURE_ALGO_INFO},
    [TL_H_SIGNATURE] = {.name = "SIGNATURE"},
    [TL_H_PADDING] = {.name = "PADDING"},
    [TL_H_FILENAME] = {.name = "FILENAME"},
    [TL_H_TIMESTAMP] = {.name = "TIMESTAMP", .size = 4},
    [TL_H_SIGNER_VERSION] = {.name = "SIGNERVERSION", .size = 2},
};

static const struct element_rule record_rules[] = {
    [TL_R_LENGTH] = {.name = "RECORDLENGTH", .size = 2},
    [TL_R_DNS_NAME] = {.name = "DNSNAME"},
    [TL_R_SUBJECT] = {.name = "SUBJECTNAME"},
    [TL_R_FUNCTION] = {.name = "FUNCTION", .size = 2},
    [TL_R_ISSUER] = {.name = "ISSUERNAME"},
    [TL_R_SERIAL] = {.name = "SERIALNUMBER"},
    [TL_R_PUBLIC_KEY] = {.name = "PUBLICKEY"},
    [TL_R_SIGNATURE] = {.name = "SIGNATURE"},
    [TL_R_CERTIFICATE] = {.name = "CERTIFICATE"},
    [TL_R_IP_ADDRESS] = {.name = "IPADDRESS"},
    [TL_R_CERTIFICATE_HASH] = {.name = "CERTIFICATEHASH"},
    [TL_R_HASH_ALGORITHM] = {.name = "HASHALGORITHM"},
};

const struct element_rule *element_rule_header(uint8_t tag)
{
	return tag < COUNT(header_rules) ? &header_rules[tag] : &unknown;
}

const struct element_rule *element_rule_record(uint8_t tag)
{
	return tag < COUNT(record_rules) ? &record_rules[tag] : &unknown;
}

/* By modulus code. */
static const size_t modulus_sizes[] = {64, 128, 256, 512};

size_t modulus_size(unsigned code)
{
	return code < COUNT(modulus_sizes) ? modulus_sizes[code] : 0;
}

int modulus_code(size_t size)
{
	for (size_t code = 0; code < COUNT(modulus_sizes); code++)
		if (modulus_sizes[code] == size)
			return (int)code;
	return -1;
}

void element_add(struct buffer *out, unsigned tag, struct bytes value)
{
	buffer_add_u8(out, tag);
	buffer_add_u16(out, (unsigned)value.len);
	buffer_add(out, value.data, value.len);
}

void element_add_string(struct buffer *out, unsigned tag, struct bytes text)
{
	buffer_add_u8(out, tag);
	buffer_add_u16(out, (unsigned)(text.len + 1));
	buffer_add(out, text.data, text.len);
	buffer_add_u8(out, 0);
}

void element_add_u8(struct buffer *out, unsigned tag, unsigned value)
{
	uint8_t b = (uint8_t)value;

	element_add(out, tag, (struct bytes){&b, 1});
}

void element_add_u16(struct buffer *out, unsigned tag, unsigned value)
{
	uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	element_add(out, tag, (struct bytes){b, sizeof(b)});
}
