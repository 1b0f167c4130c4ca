/*
 * The parts of provider_answer(): which path is answered by what.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_ANSWER_PARTS_H
#define CTLSIGN_PROVIDER_ANSWER_PARTS_H

#include "provider/folder.h"
#include "provider/names.h"
#include "provider/provider.h"
#include "provider/reply.h"

#include <jansson.h>
#include <openssl/types.h>
#include <pthread.h>

struct provider {
	const struct provider_settings *settings;
	struct folder folder;
	pthread_mutex_t writing; /* held by whoever changes a file */
};

/* NAME is the path's variable part, and NULL where it has none. */
typedef void answer_fn(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out);

/* One path of the API; "{name}" in it stands for one part without a slash. */
struct route {
	const char *path;
	bool is_file; /* {name} must be one of the files */
	answer_fn *get;
	answer_fn *put;
	answer_fn *post;
	answer_fn *remove;
};

extern const struct route provider_routes[];
extern const size_t provider_n_routes;

/* "GET, HEAD, PUT": what ROUTE takes; constant. */
const char *route_allow(const struct route *route);

answer_fn answer_node, answer_services, answer_servers, answer_openapi; /* answer_node.c */
answer_fn answer_certificates, answer_certificate;			/* answer_certificates.c */
answer_fn answer_mode, answer_set_mode;					/* answer_mode.c */
answer_fn answer_files, answer_file;					/* answer_files.c */
answer_fn answer_put_file, answer_revert;				/* answer_files.c */
answer_fn answer_staged, answer_stage, answer_unstage, answer_commit;	/* answer_staged.c */

/* ---- shared by them ---------------------------------------------------------------------- */

/*
 * The JSON object of REQUEST's body with exactly the members in NAMES (up to NULL); NULL after it
 * was answered that it is none.
 */
json_t *answer_read_json(
    const struct provider_request *request, const char *const *names, struct provider_answer *out);

/* Whether the body is a file's bytes; if it calls itself something else, it is answered so. */
bool answer_is_file_body(const struct provider_request *request, struct provider_answer *out);

/* Whether HASH is a SHA-256 in hex; OUT has it in lower case. */
bool answer_read_hash(const char *hash, char out[CONTENT_HASH]);

/* The mode as JSON: 0, 1, or null when it was never set. */
enum status answer_mode_json(struct provider *provider, json_t **out, struct error *err);

/* [{"name", "sha256", "subject"}] */
enum status answer_certificates_json(struct provider *provider, json_t **out, struct error *err);

/*
 * Whether FILE may become NAME, which holds PRESENT now; if not, it is answered why.  SIGNER is
 * for the note.
 */
bool answer_may_become(struct provider *provider, const char *name, struct bytes file,
    const struct content *present, char *signer, size_t size, struct provider_answer *out);

/*
 * Puts FILE, which has HASH, in the place of NAME if it may be there, and answers.  The caller
 * holds `writing`.  True when NAME holds FILE now.
 */
bool answer_store(struct provider *provider, const char *name, struct bytes file, const char *hash,
    struct provider_answer *out);

/* The same with what is staged. */
bool answer_store_staged(struct provider *provider, const char *name, const struct content *staged,
    struct provider_answer *out);

#endif
