/*
 * A list that is the same in every run, and what tl_show() makes of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_golden.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

/* clang-format off */

/* Fixed certificates: what is made anew in each run has another fingerprint each time. */
static const char token_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDXzCCAkegAwIBAgIISiGfAAABAAEwDQYJKoZIhvcNAQELBQAwRTENMAsGA1UE\n"
    "CgwEQWNtZTEZMBcGA1UECwwQVm9pY2UgT3BlcmF0aW9uczEZMBcGA1UEAwwQU0FT\n"
    "VC1BRE4wMDU0ZjUwOTAeFw0yNjExMjMwNTI3NDJaFw0zNjExMjAwNTI3NDJaMEUx\n"
    "DTALBgNVBAoMBEFjbWUxGTAXBgNVBAsMEFZvaWNlIE9wZXJhdGlvbnMxGTAXBgNV\n"
    "BAMMEFNBU1QtQUROMDA1NGY1MDkwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK\n"
    "AoIBAQChTrhOkpfHPw/H7kk11pPAfa43OvBJJHhQi9VRb2L9FlXF7c01ZdrhVsLV\n"
    "6YwuGXQUM0z2/YjRMlFzt2sUyrAsXfwkEwESPddWW2LxvXo7Spps7bX+FplPCwLz\n"
    "03Y3YL/FwvF13bU0kDLwyDe+5NbqzzlO5lD8WZw3wi/v71unFPvfNlYYQ/m2O5TM\n"
    "94Bnwnj5MyM/wCmk2ncNeI/fwmuqntrGeYWFQuwkEwBc45Ms4bsbMhDaiYiaZF8P\n"
    "nh9CjtZVfb+escpmsZuxOM0e9rPx3MVbfp4ZqRVir/q8A3CDz9dbU2ZAlfh8PPFz\n"
    "RjIRpozM7Y9tcwYcjjjaUI66tC/nAgMBAAGjUzBRMB0GA1UdDgQWBBSXIYyviqYr\n"
    "s7nASCUgT8QyauZUhjAfBgNVHSMEGDAWgBSXIYyviqYrs7nASCUgT8QyauZUhjAP\n"
    "BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBNwlLDrhrLwjph/krV\n"
    "mnOOu1xBV4BKcW8U9+rwMIf6vLwCeTIfJIMnH2LO3394Tfitmhb8etMxTZutA0Wa\n"
    "tzUZT6Tp0tRpWiOQzxO/Oy+7SaVTeFmInCP/zZl0oUEWbqNmfM70FSWWaIqfNfEW\n"
    "c08L47zI1dOZLf7blR4N58tixa4uo5KYfLbqoVevgNFb9MymBcGiWI96E3i98AF4\n"
    "EJgMy5tJWEgMrygLgCzOI2LhxTNrbz+mnX5jf2OT5P7+qaZpipIiWo4roY7/0GCJ\n"
    "jKiguVDV38OhUqVpEIBok2hm0k2yIIQ1nc6giRJzuzRR2mzr6ilS18N+wT3pcSDi\n"
    "YloS\n"
    "-----END CERTIFICATE-----\n";

static const char server_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBlTCCATugAwIBAgIQcMr2TgkHUbnfIvSfdU/FuzAKBggqhkjOPQQDAjAiMQ0w\n"
    "CwYDVQQKDARBY21lMREwDwYDVQQDDAhjdWNtLXB1YjAeFw0yNjExMjMwNTI3NDJa\n"
    "Fw0yNzExMjMwNTI3NDJaMCIxDTALBgNVBAoMBEFjbWUxETAPBgNVBAMMCGN1Y20t\n"
    "cHViMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbc132zCEq01ehuuymDSZyvbq\n"
    "bnwlCqhdMtmwWKZycFV/xiCvtVviNOh5YyFvDjVVqLCs29lRejPTC2frgIv+HKNT\n"
    "MFEwHQYDVR0OBBYEFI6XW7dsDeW49fULogIRCaSocRgZMB8GA1UdIwQYMBaAFI6X\n"
    "W7dsDeW49fULogIRCaSocRgZMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID\n"
    "SAAwRQIgKkHU26uW5hk+cMvnuGhxB+yOetBFt7zKH823P41zeFsCIQDm1Ti0xDym\n"
    "iOTCiTu7IJyDZsRZf6fnPCH8fXbsHg1NiA==\n"
    "-----END CERTIFICATE-----\n";

const char golden_text[] =
    "The checksum value of the CTL file:\n"
    "e2258b6471871c332efa0646ee9d4c7c(MD5)\n"
    "d7a40d720d3f2480f14bfdd40d0f01bf9cede7de(SHA1)\n"
    "\n"
    "Length of CTL file: 2515\n"
    "The CTL File was last modified on 2026-11-23 11:59:00 UTC\n"
    "\n"
    "Parse CTL File\n"
    "----------------\n"
    "Version:        1.2\n"
    "HeaderLength:   308 (BYTES)\n"
    "\n"
    "BYTEPOS TAG               LENGTH VALUE\n"
    "------- ---               ------ -----\n"
    "28      SIGNERVERSION          2 1.1\n"
    "3       SIGNERID               2 111\n"
    "4       SIGNERNAME            47 CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme\n"
    "5       SERIALNUMBER           8 4A:21:9F:00:00:01:00:01\n"
    "6       CANAME                47 CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme\n"
    "7       SIGNATUREINFO          2 15\n"
    "8       DIGESTALGORITHM        1 SHA-512 (3)\n"
    "9       SIGNATUREALGOINFO      2 8\n"
    "10      SIGNATUREALGORITHM     1 RSA (0)\n"
    "11      SIGNATUREMODULUS       1 1024 bits (1)\n"
    "12      SIGNATURE            128 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n"
    "                                 10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F\n"
    "                                 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F\n"
    "                                 30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F\n"
    "                                 40 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F\n"
    "                                 50 51 52 53 54 55 56 57 58 59 5A 5B 5C 5D 5E 5F\n"
    "                                 60 61 62 63 64 65 66 67 68 69 6A 6B 6C 6D 6E 6F\n"
    "                                 70 71 72 73 74 75 76 77 78 79 7A 7B 7C 7D 7E 7F\n"
    "14      FILENAME              12 CTLFile.tlv\n"
    "15      TIMESTAMP              4 2026-11-22 12:00:00 UTC\n"
    "99      (unknown)              2 41 42\n"
    "13      PADDING                3\n"
    "\n"
    "CTL Record #:1\n"
    "          ----\n"
    "BYTEPOS TAG               LENGTH VALUE\n"
    "------- ---               ------ -----\n"
    "1       RECORDLENGTH           2 1534\n"
    "2       DNSNAME                1\n"
    "3       SUBJECTNAME           47 CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme\n"
    "4       FUNCTION               2 System Administrator Security Token\n"
    "5       ISSUERNAME            47 CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme\n"
    "6       SERIALNUMBER           8 4A:21:9F:00:00:01:00:01\n"
    "7       PUBLICKEY            270 RSA-2048\n"
    "8       SIGNATURE            256\n"
    "9       CERTIFICATE          867 CB 8E 20 43 8A 38 22 36 14 8C\n"
    "                                 B2 12 F3 02 CA 54 3A 18 0F 2D (SHA1 Hash HEX)\n"
    "                                 valid from  2026-11-23 05:27:42 UTC\n"
    "                                 valid until 2036-11-20 05:27:42 UTC\n"
    "10      IPADDRESS              4 0.0.0.0\n"
    "This etoken was used to sign the CTL file.\n"
    "\n"
    "CTL Record #:2\n"
    "          ----\n"
    "BYTEPOS TAG               LENGTH VALUE\n"
    "------- ---               ------ -----\n"
    "1       RECORDLENGTH           2 646\n"
    "2       DNSNAME                9 cucm-pub\n"
    "3       SUBJECTNAME           19 CN=cucm-pub;O=Acme\n"
    "4       FUNCTION               2 CCM+TFTP\n"
    "5       ISSUERNAME            19 CN=cucm-pub;O=Acme\n"
    "6       SERIALNUMBER          16 70:CA:F6:4E:09:07:51:B9:DF:22:F4:9F:75:4F:C5:BB\n"
    "7       PUBLICKEY             65 EC P-256\n"
    "8       SIGNATURE             71\n"
    "9       CERTIFICATE          409 DF 8E 20 52 50 DE AD D2 01 C8\n"
    "                                 0F 04 1A 2F 0E D8 F0 A6 B5 4E (SHA1 Hash HEX)\n"
    "                                 valid from  2026-11-23 05:27:42 UTC\n"
    "                                 valid until 2027-11-23 05:27:42 UTC\n"
    "10      IPADDRESS              4 10.0.0.1\n"
    "\n"
    "CTL Record #:3\n"
    "          ----\n"
    "BYTEPOS TAG               LENGTH VALUE\n"
    "------- ---               ------ -----\n"
    "1       RECORDLENGTH           2 27\n"
    "2       DNSNAME                1\n"
    "4       FUNCTION               2 System Administrator Security Token\n"
    "10      IPADDRESS              4 0.0.0.0\n"
    "99      (unknown)              3 01 02 03\n"
    "This etoken was not used to sign the CTL file.\n"
    "\n"
    "Summary\n"
    "-------\n"
    "Signed by:      CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme\n"
    "Serial:         4A:21:9F:00:00:01:00:01\n"
    "Signature:      RSA-1024 with SHA-512\n"
    "Timestamp:      2026-11-22 12:00:00 UTC\n"
    "Entries:        3, SAST among them: 2\n"
    "\n"
    "#  FUNCTION  NAME              UNTIL\n"
    "1  SAST      SAST-ADN0054f509  2036-11-20  signer\n"
    "2  CCM+TFTP  cucm-pub          2027-11-23\n"
    "3  SAST                                    no certificate\n"
    "\n"
    "The CTL file was verified successfully.\n";

/* clang-format on */

static X509 *from_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	if (cert == NULL)
		abort();
	BIO_free(bio);
	return cert;
}

void golden_list(struct looks *looks)
{
	X509 *token = from_pem(token_pem), *server = from_pem(server_pem);

	looks_clean(looks);
	looks->n = 3;
	looks_record(&looks->records[0], TL_ROLE_SAST, token, NULL, NULL);
	looks_record(&looks->records[1], TL_ROLE_CCM_TFTP, server, "cucm-pub", "10.0.0.1");
	looks->records[2] = (struct looks_record){
	    .has_role = true,
	    .role = TL_ROLE_SAST,
	    .dns = looks_text(""),
	    .ip = looks_bytes("\0\0\0\0", 4),
	    .more = looks_bytes("\x63\x00\x03\x01\x02\x03", 6),
	};
	looks->signer_name = looks->records[0].subject;
	looks->signer_serial = looks->records[0].serial;
	looks->signer_issuer = looks->records[0].issuer;
	looks->signer_version = 0x0101;
	looks->more = looks_bytes("\x63\x00\x02\x41\x42", 5);
	looks->signature_len = 128;
	looks->modulus_code = 1;
	looks_make(looks);
	for (size_t i = 0; i < looks->signature_len; i++)
		looks->file.data[looks->list.signature_offset + 3 + i] = (uint8_t)i;
	X509_free(token);
	X509_free(server);
}
