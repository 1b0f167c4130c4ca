/*
 * Selectors: RFC 7512 URIs through p11-kit, and plain labels and serial numbers.
 *
 * p11-kit is lenient where a selector must not be: it lets an attribute stand twice, takes unknown
 * query attributes for a vendor's, lets a NUL byte match anything and numbers overflow.  So the URI
 * is looked through before p11-kit reads it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/selector.h"

#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEME "pkcs11:"

/* Longer than any URI with every attribute at its maximum, each byte percent-encoded. */
#define MAX_URI 4096

struct token_selector {
	char *printable;
	char *plain;	/* not a URI: a label or serial number */
	P11KitUri *uri; /* or NULL */
};

enum attribute_kind {
	KIND_STRING, /* compared as text; a NUL byte is in none */
	KIND_LABEL,  /* the same, and never empty */
	KIND_BYTES,
	KIND_NUMBER,
	KIND_VERSION,
	KIND_TYPE,
	KIND_SECRET,
	KIND_PIN_FILE,
};

struct attribute {
	const char *name;
	bool in_query;
	enum attribute_kind kind;
};

static const struct attribute attributes[] = {
    {"token", false, KIND_STRING},
    {"manufacturer", false, KIND_STRING},
    {"serial", false, KIND_STRING},
    {"model", false, KIND_STRING},
    {"slot-description", false, KIND_STRING},
    {"slot-manufacturer", false, KIND_STRING},
    {"slot-id", false, KIND_NUMBER},
    {"library-description", false, KIND_STRING},
    {"library-manufacturer", false, KIND_STRING},
    {"library-version", false, KIND_VERSION},
    {"id", false, KIND_BYTES},
    {"object", false, KIND_LABEL},
    {"type", false, KIND_TYPE},
    {"pin-value", false, KIND_SECRET},
    {"pin-source", false, KIND_PIN_FILE},
    {"pinfile", false, KIND_PIN_FILE},
    {"module-path", true, KIND_STRING},
    {"module-name", true, KIND_STRING},
    {"pin-value", true, KIND_SECRET},
    {"pin-source", true, KIND_PIN_FILE},
    {"pinfile", true, KIND_PIN_FILE},
};

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

bool token_selector_is_uri(const char *text)
{
	return strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
}

static const struct attribute *attribute_find(struct bytes name, bool in_query)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		if (attributes[i].in_query == in_query &&
		    bytes_equal(name, text_bytes(attributes[i].name)))
			return &attributes[i];
	return NULL;
}

static bool has_nul(struct bytes value)
{
	return memmem(value.data, value.len, "%00", 3) != NULL;
}

static bool only_of(struct bytes value, const char *set)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] == '\0' || strchr(set, value.data[i]) == NULL)
			return false;
	return value.len > 0;
}

static bool is_known_type(struct bytes value)
{
	return bytes_equal(value, text_bytes("cert")) ||
	       bytes_equal(value, text_bytes("private")) ||
	       bytes_equal(value, text_bytes("public"));
}

static enum status check_value(const struct attribute *a, struct bytes value, struct error *err)
{
	bool good = true;

	switch (a->kind) {
	case KIND_SECRET:
		error_set(err, ST_USAGE, _("a PIN in a URI (pin-value) is not taken"));
		error_hint(err, _("leave it out: the PIN is asked for; or use --pin-file"));
		return ST_USAGE;
	case KIND_PIN_FILE:
		error_set(err, ST_USAGE, _("the URI attribute '%s' is not taken"), a->name);
		error_hint(err, _("name the file with the PIN with --pin-file"));
		return ST_USAGE;
	case KIND_STRING:
		good = !has_nul(value);
		break;
	case KIND_LABEL:
		good = value.len > 0 && !has_nul(value);
		break;
	case KIND_NUMBER:
		good = only_of(value, "0123456789") && value.len <= 18;
		break;
	case KIND_VERSION:
		good = only_of(value, "0123456789.") && value.len <= 7;
		break;
	case KIND_TYPE:
		good = is_known_type(value);
		break;
	case KIND_BYTES:
		good = value.len > 0;
		break;
	}
	if (good)
		return ST_OK;
	error_set(
	    err, ST_USAGE, _("the URI attribute '%s' has a value that it cannot have"), a->name);
	if (a->kind == KIND_TYPE)
		error_hint(err, _("use type=cert, type=private or type=public, or leave it out"));
	return ST_USAGE;
}

static enum status check_attribute(
    struct bytes text, bool in_query, bool seen[N_ATTRIBUTES], struct error *err)
{
	const uint8_t *equals = memchr(text.data, '=', text.len);
	const struct attribute *a;
	struct bytes name;
	char printable[64];

	if (equals == NULL)
		return error_set(err, ST_USAGE, _("the URI has a part without '='"));
	name = (struct bytes){text.data, (size_t)(equals - text.data)};
	a = attribute_find(name, in_query);
	if (a == NULL) {
		error_set(err, ST_USAGE, _("the URI attribute '%s' is not understood"),
		    text_printable_into(printable, sizeof(printable), name));
		error_hint(err, _("leave it out: a selector is never ignored in part"));
		return ST_USAGE;
	}
	if (seen[a - attributes])
		return error_set(
		    err, ST_USAGE, _("the URI attribute '%s' stands there twice"), a->name);
	seen[a - attributes] = true;
	return check_value(a, (struct bytes){equals + 1, text.len - name.len - 1}, err);
}

/* One side of the "?": attributes between SEPARATORs; none is allowed, an empty one is not. */
static enum status check_part(
    struct bytes part, char separator, bool in_query, bool seen[N_ATTRIBUTES], struct error *err)
{
	enum status status = ST_OK;

	while (part.len > 0 && status == ST_OK) {
		const uint8_t *end = memchr(part.data, separator, part.len);
		size_t len = end == NULL ? part.len : (size_t)(end - part.data);

		if (end != NULL && len + 1 == part.len)
			return error_set(
			    err, ST_USAGE, _("the URI ends in the separator '%c'"), separator);
		status = check_attribute((struct bytes){part.data, len}, in_query, seen, err);
		part.data += end == NULL ? len : len + 1;
		part.len -= end == NULL ? len : len + 1;
	}
	return status;
}

static enum status check_uri(const char *text, struct error *err)
{
	bool seen[N_ATTRIBUTES] = {false};
	struct bytes path = text_bytes(text + strlen(SCHEME));
	const char *question = strchr(text, '?');
	enum status status;

	if (strlen(text) > MAX_URI)
		return error_set(err, ST_USAGE, _("the URI is too long"));
	for (const char *c = text; *c != '\0'; c++)
		if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c)) {
			error_set(err, ST_USAGE, _("the URI has a blank in it"));
			error_hint(err, _("write %%20 for each blank"));
			return ST_USAGE;
		}
	if (question != NULL)
		path.len = (size_t)(question - text) - strlen(SCHEME);
	status = check_part(path, ';', false, seen, err);
	if (status == ST_OK && question != NULL)
		status = check_part(text_bytes(question + 1), '&', true, seen, err);
	return status;
}

static enum status parse_uri(struct token_selector *s, const char *text, struct error *err)
{
	enum status status = check_uri(text, err);
	int rc;

	if (status != ST_OK)
		return status;
	s->uri = p11_kit_uri_new();
	if (s->uri == NULL)
		return error_no_memory(err);
	rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, s->uri);
	if (rc == P11_KIT_URI_UNEXPECTED)
		return error_no_memory(err);
	if (rc == P11_KIT_URI_BAD_ENCODING)
		return error_set(err, ST_USAGE, _("the URI has a bad percent-encoding"));
	if (rc != P11_KIT_URI_OK)
		return error_set(err, ST_USAGE, _("the URI is malformed"));
	/* What is left unrecognised now is a value longer than any token's field. */
	if (p11_kit_uri_any_unrecognized(s->uri))
		return error_set(
		    err, ST_USAGE, _("the URI has a value that is too long for any token"));
	return ST_OK;
}

enum status token_selector_parse(const char *text, struct token_selector **out, struct error *err)
{
	struct token_selector *s = calloc(1, sizeof(*s));
	struct buffer printable = BUFFER_INIT;
	const char *shown;
	enum status status = ST_OK;

	if (s == NULL)
		return error_no_memory(err);
	/* Not even the error may repeat a URI whole: it could hold a PIN. */
	if (token_selector_is_uri(text))
		status = parse_uri(s, text, err);
	else if (text[0] == '\0')
		status = error_set(err, ST_USAGE, _("the token's name is empty"));
	else
		s->plain = strdup(text);
	if (status == ST_OK && s->uri == NULL && s->plain == NULL)
		status = error_no_memory(err);
	if (status == ST_OK) {
		text_printable(&printable, text_bytes(text));
		shown = buffer_text(&printable);
		s->printable = shown == NULL ? NULL : strdup(shown);
		buffer_free(&printable);
		if (s->printable == NULL)
			status = error_no_memory(err);
	}
	if (status != ST_OK) {
		token_selector_free(s);
		return status;
	}
	*out = s;
	return ST_OK;
}

void token_selector_free(struct token_selector *s)
{
	if (s == NULL)
		return;
	if (s->uri != NULL)
		p11_kit_uri_free(s->uri);
	free(s->plain);
	free(s->printable);
	free(s);
}

const char *selector_text(const struct token_selector *s)
{
	return s->printable;
}

/* People copy a label from a listing, where it is printable, or know it as it is. */
static bool plain_fits(const char *plain, const struct token *t)
{
	struct bytes label = token_field(t->raw.label, sizeof(t->raw.label));
	struct bytes serial = token_field(t->raw.serialNumber, sizeof(t->raw.serialNumber));

	return bytes_equal(text_bytes(plain), label) || strcmp(plain, t->info.label) == 0 ||
	       bytes_equal(text_bytes(plain), serial) || strcasecmp(plain, t->info.serial) == 0;
}

static bool module_fits(P11KitUri *uri, const struct module *m)
{
	const char *path = p11_kit_uri_get_module_path(uri);
	const char *name = p11_kit_uri_get_module_name(uri);

	if (path != NULL && strcmp(path, m->path) != 0 && !file_same(path, m->path))
		return false;
	return name == NULL || strcmp(name, m->name) == 0;
}

bool selector_fits_token(const struct token_selector *s, const struct token *t)
{
	CK_SLOT_ID slot;

	if (s->uri == NULL)
		return plain_fits(s->plain, t);
	slot = p11_kit_uri_get_slot_id(s->uri);
	return p11_kit_uri_match_token_info(s->uri, &t->raw) &&
	       p11_kit_uri_match_slot_info(s->uri, &t->slot_raw) &&
	       p11_kit_uri_match_module_info(s->uri, &t->identity.module->info) &&
	       (slot == (CK_SLOT_ID)-1 || slot == t->info.slot_id) &&
	       module_fits(s->uri, t->identity.module);
}

bool selector_misses_module(const struct token_selector *s, const struct tokens *tokens)
{
	if (s->uri == NULL)
		return false;
	for (size_t i = 0; i < tokens->n_modules; i++)
		if (module_fits(s->uri, tokens->modules[i]))
			return false;
	return true;
}

static struct bytes object_attribute(const struct token_selector *s, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE *a = s->uri == NULL ? NULL : p11_kit_uri_get_attribute(s->uri, type);

	if (a == NULL)
		return (struct bytes){NULL, 0};
	return (struct bytes){a->pValue, a->ulValueLen};
}

void selector_object(const struct token_selector *s, struct bytes *id, struct bytes *label)
{
	*id = object_attribute(s, CKA_ID);
	*label = object_attribute(s, CKA_LABEL);
}

bool selector_names_object(const struct token_selector *s)
{
	return object_attribute(s, CKA_ID).data != NULL ||
	       object_attribute(s, CKA_LABEL).data != NULL;
}

bool selector_excludes_certificates(const struct token_selector *s)
{
	struct bytes class = object_attribute(s, CKA_CLASS);
	CK_OBJECT_CLASS value;

	if (class.len != sizeof(value))
		return false;
	memcpy(&value, class.data, sizeof(value));
	return value != CKO_CERTIFICATE;
}

bool selector_fits_object(const struct token_selector *s, struct bytes id, struct bytes label)
{
	struct bytes want_id, want_label;

	selector_object(s, &want_id, &want_label);
	return (want_id.data == NULL || bytes_equal(want_id, id)) &&
	       (want_label.data == NULL || bytes_equal(want_label, label));
}

bool token_selector_fits(const struct token_selector *s, const struct token_info *token)
{
	return selector_fits_token(s, token_of(token));
}

bool token_selector_names_object(const struct token_selector *s)
{
	return selector_names_object(s) || object_attribute(s, CKA_CLASS).data != NULL;
}
