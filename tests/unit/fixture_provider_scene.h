/*
 * A provider over directories of its own, lists for it, and requests to it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_PROVIDER_SCENE_H
#define CTLSIGN_TESTS_FIXTURE_PROVIDER_SCENE_H

#include "fixture_certs.h"
#include "provider/provider.h"

#include <jansson.h>

/* Who signs the fixture's lists. */
enum provider_signer { PROVIDER_TOKEN_1, PROVIDER_TOKEN_2, PROVIDER_STRANGER, PROVIDER_N_SIGNERS };

#define PROVIDER_SAST_1	  (1u << PROVIDER_TOKEN_1)
#define PROVIDER_SAST_2	  (1u << PROVIDER_TOKEN_2)
#define PROVIDER_SAST_BAD (1u << PROVIDER_STRANGER)

struct provider_scene {
	struct provider_settings settings;
	struct provider *provider;
	struct provider_answer answer; /* the last one; provider_scene_free() ends it */
	struct error err;
};

/* New, empty directories; not opened yet.  Strings in settings are static, or the scene's. */
void provider_scene(struct provider_scene *scene);
void provider_scene_open(struct provider_scene *scene); /* closed first, if it is open */
void provider_scene_free(struct provider_scene *scene);

/* A static path: "DIRECTORY/NAME" or "STATE/NAME"; good until the fourth call after. */
const char *provider_file(const struct provider_scene *scene, const char *name);
const char *provider_state(const struct provider_scene *scene, const char *name);

/* Writes a file as somebody else on the node would, in place; whether a file holds just DATA. */
void provider_write(const char *path, struct bytes data);
bool provider_holds(const char *path, struct bytes data);

/* What an answer is: its code; scene->answer has the rest. */
int provider_ask(
    struct provider_scene *scene, const char *method, const char *path, struct bytes body);
int provider_ask_json(
    struct provider_scene *scene, const char *method, const char *path, const char *json);
int provider_ask_text(
    struct provider_scene *scene, const char *method, const char *path, const char *text);

/* Whether the answer's body is exactly that. */
bool provider_says(const struct provider_scene *scene, struct bytes data);

/* Whether the answer is an error with a hint, and these words in either; prints it if not. */
bool provider_refuses(const struct provider_scene *scene, const char *words, const char *hint);

/* The answer's JSON; the caller's. */
json_t *provider_json(const struct provider_scene *scene);

/* A signed list (the caller frees it): SASTS is a set of PROVIDER_SAST_...; SIGNER is in it. */
struct buffer provider_list(
    unsigned sasts, enum provider_signer signer, uint32_t timestamp, const char *filename);

/* The SHA-256 of DATA in hex; static, good until the fourth call after. */
const char *provider_sha256(struct bytes data);

/* A certificate as capf.cer has it, or (PEM) capf.pem; the caller frees it. */
struct buffer provider_capf(bool pem);

#endif
