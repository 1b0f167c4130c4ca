/*
 * Trust lists: the CTL and ITL files that Cisco phones load.
 *
 * A file is a header and records, both sequences of elements (tag, u16 length, value; big-endian).
 * The layout was worked out from the `show ctl` dumps in Cisco's guides for Unified
 * Communications Manager (documents 118892, 118893 and 118894) and from files of the
 * usecallmanager community that phones accept; facts that no sample confirms are marked
 * "unverified".
 *
 * Reading makes a view: a struct trustlist points into the caller's bytes and copies none of them.
 * Nothing here prints, and nothing here knows a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_H
#define CTLSIGN_TRUSTLIST_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/signer.h"

#include <jansson.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* No reader takes more than this (bytes): a sane list is under 64 KB, the most a phone loads. */
#define TL_MAX_FILE  (1024u * 1024)
#define TL_PHONE_MAX 65536u

/* Element tags of the header. */
enum tl_header_tag {
	TL_H_VERSION = 1,	      /* 2 bytes, major and minor: 1.2 */
	TL_H_LENGTH = 2,	      /* u16: bytes before the first record, padding included */
	TL_H_SIGNER_ID = 3,	      /* container of 4, 5, 6: its length counts them */
	TL_H_SIGNER_NAME = 4,	      /* subject of the signing certificate, NUL counted */
	TL_H_SERIAL = 5,	      /* its serial number */
	TL_H_CA_NAME = 6,	      /* its issuer, NUL counted */
	TL_H_SIGNATURE_INFO = 7,      /* container of 8, 9 */
	TL_H_DIGEST = 8,	      /* u8, enum tl_digest */
	TL_H_SIGNATURE_ALGO_INFO = 9, /* container of 10, 11 */
	TL_H_SIGNATURE_ALGO = 10,     /* u8: 0 RSA */
	TL_H_MODULUS = 11,	      /* u8: 0, 1, 2, 3 for 64, 128, 256, 512 bytes */
	TL_H_SIGNATURE = 12,	      /* left out of the signed bytes with its tag and length */
	TL_H_PADDING = 13,	      /* one bare byte 0x0D without a length */
	TL_H_FILENAME = 14,	      /* "CTLFile.tlv", NUL counted */
	TL_H_TIMESTAMP = 15,	      /* u32, seconds since 1970 UTC */
	TL_H_SIGNER_VERSION = 28,     /* 2 bytes, 1.0 or 1.1; not in CUCM's CTL files */
};

/* Element tags of a record. */
enum tl_record_tag {
	TL_R_LENGTH = 1,   /* u16, bytes of the record counted from this tag */
	TL_R_DNS_NAME = 2, /* host name, or in the Windows CTL client's files the IP as text */
	TL_R_SUBJECT = 3,
	TL_R_FUNCTION = 4, /* u16 role */
	TL_R_ISSUER = 5,
	TL_R_SERIAL = 6,
	TL_R_PUBLIC_KEY = 7,  /* PKCS#1 RSAPublicKey, or an uncompressed EC point */
	TL_R_SIGNATURE = 8,   /* the certificate's own signature; absent in the Windows dialect */
	TL_R_CERTIFICATE = 9, /* X.509 DER */
	TL_R_IP_ADDRESS = 10, /* 4 bytes IPv4; 16 bytes IPv6 is unverified */
	TL_R_CERTIFICATE_HASH = 11, /* seen in readers only */
	TL_R_HASH_ALGORITHM = 12,   /* seen in readers only */
};

enum tl_digest { TL_SHA1 = 1, TL_SHA256 = 2, TL_SHA512 = 3 };

enum tl_role {
	TL_ROLE_SAST = 0, /* System Administrator Security Token: may sign lists */
	TL_ROLE_CCM = 1,  /* also what an ASA firewall is written as, and CUCM shows it so */
	TL_ROLE_CCM_TFTP = 2,
	TL_ROLE_TFTP = 3,
	TL_ROLE_CAPF = 4,
	TL_ROLE_SRST = 5,
	TL_ROLE_FIREWALL = 6,
	TL_ROLE_APP_SERVER = 7,
	TL_ROLE_CA = 20,
	TL_ROLE_TVS = 21,
	TL_ROLE_CALL_CONTROL = 22,
	TL_ROLE_PROVISIONING = 23,
	TL_ROLE_DATA = 24,
	TL_ROLE_NETWORK_ELEMENT = 25,
	TL_ROLE_VPN = 26,
	TL_ROLE_SERVICEABILITY = 27,
	TL_ROLE_UNKNOWN = 255,
};

/* "SAST", "CCM+TFTP", ... ; NULL for a number that no source names. */
const char *tl_role_name(unsigned role);

/* What CUCM's `show ctl` prints: the same but for "System Administrator Security Token". */
const char *tl_role_title(unsigned role);

/* "SHA-256" and the like, NULL if unknown; and the digest that "sha1|sha256|sha512" names. */
const char *tl_digest_name(unsigned digest);
bool tl_digest_parse(const char *name, enum tl_digest *out);

/* ---- reading ------------------------------------------------------------------------------ */

/* One element as it stands in the file.  Padding has no length bytes and an empty value. */
struct tl_element {
	size_t offset; /* of the tag, from the start of the file */
	uint8_t tag;
	struct bytes value; /* of a container: the elements nested in it */
};

/* A record.  A range whose data is NULL is an element that the record does not have. */
struct tl_record {
	size_t offset;
	size_t length;	      /* RECORDLENGTH */
	size_t first_element; /* in trustlist.elements; the first is RECORDLENGTH */
	size_t n_elements;
	bool has_role;
	unsigned role;
	struct bytes dns; /* names with their NUL, as stored */
	struct bytes subject;
	struct bytes issuer;
	struct bytes serial;
	struct bytes public_key;
	struct bytes signature;
	struct bytes certificate;
	struct bytes ip;
	X509 *x509; /* the list's own, once tl_decode_certificates() has run; else NULL */
};

struct trustlist {
	struct bytes file;	     /* borrowed */
	struct tl_element *elements; /* header's and records', in file order */
	size_t n_elements;
	size_t cap_elements;
	size_t n_header_elements;
	struct tl_record *records;
	size_t n_records;
	size_t cap_records;

	uint8_t version[2];
	size_t header_length;
	bool has_signer_version;
	uint8_t signer_version[2];
	struct bytes signer_name; /* names with their NUL, as stored; NULL data when absent */
	struct bytes signer_serial;
	struct bytes signer_issuer;
	unsigned digest; /* enum tl_digest, or another number as stored */
	unsigned signature_algorithm;
	unsigned modulus_code;
	struct bytes signature;
	size_t signature_offset; /* of element 12's tag */
	struct bytes filename;
	bool has_timestamp;
	uint32_t timestamp;
};

#define TRUSTLIST_INIT                                                                             \
	{                                                                                          \
		0                                                                                  \
	}

/*
 * Reads FILE into LIST (TRUSTLIST_INIT, or one that was read before: its arrays are reused).  FILE
 * must outlive the view.  Every length is checked against what encloses it; containers must hold
 * exactly their elements, records must fill the file exactly.  Element order is free but for
 * Version first; unknown elements are kept; a known element that stands twice is an error, and so
 * is a header without HeaderLength, signer serial and issuer, digest, signature algorithm, modulus
 * or signature.  ST_LIMIT over TL_MAX_FILE.
 * ST_FORMAT otherwise, with the offset in err->where unless the file is of another kind, and always
 * with a hint; LIST may then only be read again or freed.
 */
enum status tl_read(struct trustlist *list, struct bytes file, struct error *err);
void tl_free(struct trustlist *list);

/* Writes the list anew from its elements into OUT, emptied first: the same bytes that were read. */
enum status tl_write(const struct trustlist *list, struct buffer *out, struct error *err);

/* A stored name without its trailing NUL. */
struct bytes tl_string(struct bytes stored);

/* The first SAST record whose serial and issuer equal the header's as stored; NULL if none. */
const struct tl_record *tl_signer_record(const struct trustlist *list);

/*
 * A record's certificate (X509_free by the caller).  ST_FORMAT if there is none or it is no X.509
 * DER.
 */
enum status tl_record_x509(const struct tl_record *record, X509 **out, struct error *err);

/*
 * Decodes every record's certificate once, for callers that look at most of them more than once:
 * OpenSSL takes a third of a millisecond for each.  KNOWN may hold certificates that are decoded
 * already; equal ones are shared.  One that cannot be decoded is left for tl_record_x509() to tell.
 */
enum status tl_decode_certificates(
    struct trustlist *list, X509 *const *known, size_t n_known, struct error *err);

/* ---- certificates ------------------------------------------------------------------------- */

/* A certificate or key file may be this long (bytes). */
#define CERTIFICATE_MAX_FILE (256u * 1024)

/*
 * Reads the one X.509 certificate in PATH, PEM or DER; a private key beside it is passed over.
 * Several certificates are ST_FORMAT: which one is meant must not be guessed.  The caller owns
 * *OUT (X509_free).
 */
enum status certificate_read(const char *path, X509 **out, struct error *err);

/* Appends CERTIFICATE, or the one whose encoding is DER, to OUT in PEM form. */
enum status certificate_pem(const X509 *certificate, struct buffer *out, struct error *err);
enum status certificate_der_pem(struct bytes der, struct buffer *out, struct error *err);

/* A certificate's serial as lists store it: big-endian, no sign byte.  Points into CERTIFICATE. */
struct bytes tl_certificate_serial(const X509 *certificate);

/* A certificate's first and last second; false when they cannot be read. */
bool tl_certificate_validity(const X509 *certificate, time_t *not_before, time_t *not_after);

/* "RSA-2048", "EC P-256", or OpenSSL's name of another type; returns OUT. */
#define TL_KEY_TEXT_MAX 48
char *tl_key_text(char out[TL_KEY_TEXT_MAX], const EVP_PKEY *key);

/* ---- building ------------------------------------------------------------------------------ */

enum tl_names {
	TL_NAMES_CUCM,	  /* CN=..;OU=..;O=..;L=..;ST=..;C=.. whatever the certificate's order */
	TL_NAMES_RFC4514, /* RFC 4514 text in certificate order, as the community's tool writes */
};

/* Appends a name's text, with no NUL.  ST_FORMAT when an attribute cannot be turned into UTF-8. */
enum status tl_name_text(
    const X509_NAME *name, enum tl_names style, struct buffer *out, struct error *err);

struct tl_entry {
	unsigned role;	   /* enum tl_role */
	X509 *certificate; /* NULL: elements 1, 2, 4, 10 only (non-secure; CCM, CCM+TFTP, TFTP) */
	const char *dns;   /* NULL or "": an empty DNSNAME, as a token has */
	uint8_t ip[16];
	size_t ip_len; /* 4, 16, or 0: then 0.0.0.0, as a token has */
	/*
	 * The whole record as another list has it, copied as it is; the fields above only describe
	 * it then, and role and certificate must be its own.  When its certificate signs, the
	 * header names the signer as this record does: phones compare the bytes.  Borrowed.  NULL
	 * data: the record is made from the fields.
	 */
	struct bytes stored;
};

struct tl_plan {
	const struct tl_entry *entries; /* in the order of the file */
	size_t n_entries;
	X509 *signer; /* must be the certificate of a SAST entry (same DER) */
	enum tl_digest digest;
	enum tl_names names;
	bool has_signer_version; /* write element 28 */
	uint8_t signer_version[2];
	const char *filename; /* "CTLFile.tlv": not empty, no '/' and no control character */
	uint32_t timestamp;
};

/*
 * Makes the unsigned file in OUT (emptied first): everything in place, the signature's bytes zero.
 * Same plan, same bytes.  ST_NO_KEY if the signer is no SAST entry.  ST_LIMIT, with a reason, for
 * what the format or phones cannot carry: an RSA-3072 (or other) signer without a modulus code, a
 * record or header over 65,535 bytes, a file over TL_PHONE_MAX, names over 255 bytes, a file name
 * that is none.  ST_FORMAT for a stored record that is not exactly one, or has another role or
 * certificate than its entry; ST_NO_KEY for the signer's if phones could not find it.
 */
enum status tl_build(const struct tl_plan *plan, struct buffer *out, struct error *err);

/*
 * Whether the key of CERTIFICATE can sign lists with DIGEST: RSA, of a size that the format has a
 * code for.  ST_LIMIT with the reason if not, ST_FORMAT when the key cannot be read.
 */
enum status tl_can_sign(X509 *certificate, enum tl_digest digest, struct error *err);

/*
 * What a list is made of, to build the next one from it: its records as entries, and the settings
 * of its header.  `names` is the style in which all its names are stored, TL_NAMES_CUCM when they
 * are in none that is known.  A record that would come out with other bytes if it were built from
 * its fields in that style has them in `stored`, so that the next list has the record unchanged and
 * names a token as this one does: with a serial number stored in reverse, for one.
 */
struct tl_makings {
	struct tl_entry *entries; /* owned, with their certificates, names and stored records */
	size_t n_entries;
	enum tl_digest digest;
	enum tl_names names;
	bool has_signer_version;
	uint8_t signer_version[2];
	char *filename; /* owned; NULL when the list has none */
};

/*
 * ST_LIMIT for a record that cannot be built again (no role, an odd address), ST_FORMAT for a
 * certificate that is none; the place names the record.  On failure OUT holds nothing.
 */
enum status tl_take_apart(const struct trustlist *list, struct tl_makings *out, struct error *err);
void tl_makings_free(struct tl_makings *makings); /* leaves an empty one */

/* Keeps decoded signer keys and OpenSSL contexts between files; one a thread.  Never NULL but
 * when out of memory. */
struct tl_verifier;
struct tl_verifier *tl_verifier_new(void);
void tl_verifier_free(struct tl_verifier *verifier);

/*
 * Signs the file that tl_build() made: one call of the signer, then a check in software with
 * VERIFIER and the certificate inside the list before FILE is changed.  ST_NOT_VERIFIED if that
 * check fails.
 */
enum status tl_sign(
    struct buffer *file, struct signer *signer, struct tl_verifier *verifier, struct error *err);

/*
 * Appends the hash that LIST's signature is over (the file without element 12, by the digest that
 * its header names): what a token is given to sign.
 */
enum status tl_signed_hash(const struct trustlist *list, struct buffer *out, struct error *err);

/* ---- verifying ----------------------------------------------------------------------------- */

/*
 * Whether the signature is valid by the SAST record that the header names.  ST_OK, or
 * ST_NOT_VERIFIED with the reason, ST_FORMAT if the certificate cannot be decoded.
 */
enum status tl_verify(
    struct tl_verifier *verifier, const struct trustlist *list, struct error *err);

/*
 * Whether a phone that holds OLD takes a list with LIST's signer by its installed list: the signer
 * is a SAST of OLD (serial and issuer as stored, and the same public key).  Does not check LIST's
 * signature.  ST_NOT_VERIFIED with the reason if not, and a hint that names SASTs of OLD.
 */
enum status tl_trusted_by(
    const struct trustlist *list, const struct trustlist *old, struct error *err);

/*
 * The SAST record with this very certificate, or, where a record has no certificate, with its
 * public key; NULL if there is none.
 */
const struct tl_record *tl_find_sast(const struct trustlist *list, const X509 *certificate);

/* Appends the names of a list's SASTs, "A, B, and 2 more", for sentences that tell which to use. */
void tl_sast_names(const struct trustlist *list, struct buffer *out);

/*
 * Verifies many files with THREADS threads, in bounded memory.  NEXT gives one path after another
 * (valid until the next call) and NULL at the end; it is called under a lock.  REPORT is called
 * under the same lock once for every file, in the order in which NEXT gave them, with ERR NULL for
 * a good one; it may lag behind NEXT by four files a thread.  OLD may be NULL.
 * Returns ST_OK, or the status of the first failure reported.  ST_NO_MEMORY goes before that when
 * no thread could go on: then NEXT was not asked to the end, and files may be unreported.
 */
struct tl_batch {
	const char *(*next)(void *context);
	void (*report)(void *context, const char *path, const struct error *err);
	void *context;
	const struct trustlist *old;
	unsigned threads;
};
enum status tl_verify_batch(const struct tl_batch *batch, struct error *err);

/* ---- looking at a list --------------------------------------------------------------------- */

/* What show and --json need beside the list itself. */
struct tl_show_info {
	const char *file; /* path, for people and JSON */
	time_t mtime;
	bool verified;			 /* what tl_verify() said */
	const char *not_verified_reason; /* printable; NULL when verified */
	time_t now;
};

/*
 * Appends what CUCM's `show ctl` prints: checksums, length, modification time, header and records
 * as tables BYTEPOS TAG LENGTH VALUE, who signed, whether it verified; untrusted text is made
 * printable.  After 1000 records it only says how many more there are.
 */
enum status tl_show(const struct trustlist *list, const struct tl_show_info *info,
    struct buffer *out, struct error *err);

/* The same as one JSON object (new reference), keys as in the manual page ctlsign-show(1). */
json_t *tl_show_json(const struct trustlist *list, const struct tl_show_info *info);

enum tl_severity {
	TL_ADVICE,  /* works today; better changed */
	TL_WARNING, /* some phones, or soon all, will be hurt */
	TL_ERROR,   /* phones will reject the list or an entry in it */
};

/* One lint finding.  RECORD is the record's number from 1, 0 for the file. */
struct tl_finding {
	enum tl_severity severity;
	size_t record;
	const char *code; /* constant, for scripts: "few-sast", "expired", ... */
	char text[384];	  /* printable, translated: what, and why it hurts */
	char hint[256];	  /* what to do; may be empty */
};

struct tl_findings {
	struct tl_finding *items;
	size_t n;
};

/*
 * Everything that would hurt on real phones; the codes are listed in ctlsign-lint(1).  EXPIRY_DAYS
 * is how soon counts as soon.  ST_OK however much is found.
 */
enum status tl_lint(const struct trustlist *list, time_t now, unsigned expiry_days,
    struct tl_findings *out, struct error *err);
void tl_findings_free(struct tl_findings *findings);

/* "advice", "warning", "error": constant, for JSON. */
const char *tl_severity_name(enum tl_severity severity);

/*
 * What changes from OLD to NEW.  Entries are matched by role, certificate and name, so that a mere
 * change of order is told as such.
 */
enum tl_change_kind {
	TL_ENTRY_ADDED,
	TL_ENTRY_REMOVED,
	TL_ENTRY_CHANGED, /* same role and name or certificate; other content */
	TL_ORDER_CHANGED,
	TL_SIGNER_CHANGED,
	TL_HEADER_CHANGED, /* digest, file name, signer version, timestamp */
};

struct tl_change {
	enum tl_change_kind kind;
	const char
	    *field; /* constant, for scripts: "entry", "signer", "digest", "timestamp", ... */
	size_t old_record; /* from 1; 0: none */
	size_t new_record;
	char text[512]; /* printable, translated: one change in words */
};

struct tl_changes {
	struct tl_change *items;
	size_t n;
	bool same_bytes;
	bool signer_trusted; /* tl_trusted_by(new, old) */
};

/* Fills OUT, which tl_changes_free() empties; ST_OK however much has changed. */
enum status tl_diff(const struct trustlist *old, const struct trustlist *new,
    struct tl_changes *out, struct error *err);
void tl_changes_free(struct tl_changes *changes);

#endif
