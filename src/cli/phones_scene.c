/*
 * What is offered to the phones: what stands now, a file, or the current CTL signed otherwise.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/list_file.h"
#include "cli/phones.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* The list of the world with GENERATION; NULL: there is none. */
static const struct phone_list *find(const struct phones_scene *scene, int64_t generation)
{
	const struct fleet_lists *lists = &scene->world.lists;

	for (size_t i = 0; generation > 0 && i < lists->n; i++)
		if (lists->list[i].list.generation == generation)
			return &lists->list[i].list;
	return NULL;
}

static void offer_now(struct phones_scene *scene)
{
	const struct cluster *cluster = &scene->cluster;
	const int64_t number =
	    cluster->pending.number > 0 ? cluster->pending.number : cluster->current.number;

	scene->offered = find(scene, number);
	if (scene->offered != NULL)
		snprintf(scene->name, sizeof(scene->name), _("generation %lld"), (long long)number);
}

static enum status offer_file(struct phones_scene *scene, const char *path, struct error *err)
{
	struct list_file file = {.mtime = 0};
	struct tl_verifier *verifier = tl_verifier_new();
	enum status st = verifier != NULL ? ST_OK : error_no_memory(err);

	if (st == ST_OK)
		st = list_file_read(&file, path, err);
	if (st == ST_OK) {
		st = tl_verify(verifier, &file.list, err);
		if (st != ST_OK)
			error_where_prefix(err, path);
	}
	if (st == ST_OK) {
		buffer_add(&scene->file, file.bytes.data, file.bytes.len);
		st = buffer_status(&scene->file, err);
	}
	if (st == ST_OK)
		st = phone_list_read(buffer_bytes(&scene->file), &scene->list, err);
	if (st == ST_OK) {
		scene->list.valid = true;
		scene->offered = &scene->list;
		text_printable_into(scene->name, sizeof(scene->name), text_bytes(path));
	}
	tl_verifier_free(verifier);
	list_file_free(&file);
	return st;
}

/* The signer of OWN as CURRENT has it, if it does: the next list would name it by the same bytes.
 */
static struct phone_anchor named_by(const struct phone_list *current, const struct phone_list *own)
{
	for (size_t i = 0; i < current->n_sasts; i++)
		if (bytes_equal(current->sasts[i].key, own->signer.key) &&
		    (current->sasts[i].certificate.len == 0 ||
			bytes_equal(current->sasts[i].certificate, own->signer.certificate)))
			return current->sasts[i];
	return own->signer;
}

/* The certificate in the file PATH signs: its names and serial are those that a record would have.
 */
static enum status sign_with(struct phones_scene *scene, const struct phone_list *current,
    const char *path, struct error *err)
{
	struct tl_entry entry = {.role = TL_ROLE_SAST};
	struct tl_plan plan = {.entries = &entry,
	    .n_entries = 1,
	    .digest = (enum tl_digest)scene->list.digest,
	    .names = TL_NAMES_CUCM,
	    .filename = "CTLFile.tlv",
	    .timestamp = 1};
	struct phone_list own = {.size = 0};
	enum status st = certificate_read(path, &entry.certificate, err);

	plan.signer = entry.certificate;
	if (st == ST_OK)
		st = tl_build(&plan, &scene->file, err);
	if (st == ST_OK)
		st = phone_list_read(buffer_bytes(&scene->file), &own, err);
	if (st == ST_OK) {
		scene->list.signer = named_by(current, &own);
		scene->list.key_bits = own.key_bits;
	} else if (st != ST_IO) {
		error_where(err, "%s", path);
	}
	phone_list_free(&own);
	X509_free(entry.certificate);
	return st;
}

/*
 * The current CTL as another certificate or digest would make it.  It borrows from the world: what
 * counts is who signs, and how; a signature makes it another file than any that phones hold.
 */
static enum status offer_resigned(
    struct phones_scene *scene, const struct phones_wish *wish, struct error *err)
{
	const struct phone_list *current = find(scene, scene->cluster.current.number);
	enum tl_digest digest = TL_SHA512;
	enum status st = ST_OK;

	if (current == NULL) {
		error_set(err, ST_FAILED, "%s", _("there is no CTL yet that could be signed anew"));
		error_hint(err, "%s", _("any phone takes the first one: ctlsign set-cluster"));
		return ST_FAILED;
	}
	scene->list = (struct phone_list){.size = current->size,
	    .digest = current->digest,
	    .key_bits = current->key_bits,
	    .valid = true,
	    .signer = current->signer};
	if (wish->digest != NULL && tl_digest_parse(wish->digest, &digest))
		scene->list.digest = digest;
	if (wish->signer != NULL)
		st = sign_with(scene, current, wish->signer, err);
	if (st != ST_OK)
		return st;
	scene->offered = &scene->list;
	if (wish->signer != NULL)
		snprintf(scene->name, sizeof(scene->name),
		    _("generation %lld signed by %s with %s"), (long long)current->generation,
		    wish->signer, tl_digest_name(scene->list.digest));
	else
		snprintf(scene->name, sizeof(scene->name), _("generation %lld signed with %s"),
		    (long long)current->generation, tl_digest_name(scene->list.digest));
	return ST_OK;
}

enum status phones_scene_open(struct phones_scene *scene, const char *config,
    const struct phones_wish *wish, struct error *err)
{
	struct cluster *cluster = &scene->cluster;
	enum status st = cli_cluster_read(config, cluster, err);

	if (st == ST_OK)
		st = phone_world_open(&cluster->inventory, cluster->store, cluster->current.number,
		    cluster->trust, cluster->n_trust, &scene->world, err);
	if (st != ST_OK)
		return st;
	if (wish->against != NULL)
		st = offer_file(scene, wish->against, err);
	else if (wish->signer != NULL || wish->digest != NULL)
		st = offer_resigned(scene, wish, err);
	else
		offer_now(scene);
	if (st == ST_OK)
		scene->question = phone_world_question(&scene->world, scene->offered);
	return st;
}

void phones_scene_close(struct phones_scene *scene)
{
	phone_list_free(&scene->list);
	buffer_free(&scene->file);
	phone_world_close(&scene->world);
	cluster_close(&scene->cluster);
}

const char *phones_holds_text(const struct fleet_group *group, const struct fleet_lists *lists)
{
	switch (group->ctl) {
	case PHONE_HOLDS_LIST:
		return lists->list[group->list].name;
	case PHONE_HOLDS_NONE:
		return _("no CTL");
	case PHONE_HOLDS_OTHER:
		return group->checksum;
	default:
		return _("not known");
	}
}

json_t *phones_holds_json(const struct fleet_group *group, const struct fleet_lists *lists)
{
	static const char *const kinds[] = {[PHONE_HOLDS_UNKNOWN] = "unknown",
	    [PHONE_HOLDS_NONE] = "none",
	    [PHONE_HOLDS_LIST] = "generation",
	    [PHONE_HOLDS_OTHER] = "other"};
	const struct fleet_list *held =
	    group->ctl == PHONE_HOLDS_LIST ? &lists->list[group->list] : NULL;
	const bool is_file = held != NULL && held->list.generation == 0;
	json_t *json = json_pack("{s:s}", "kind", is_file ? "file" : kinds[group->ctl]);

	if (is_file)
		json_object_set_new(json, "file", json_string(held->name));
	else if (held != NULL)
		json_object_set_new(
		    json, "generation", json_integer((json_int_t)held->list.generation));
	if (group->ctl == PHONE_HOLDS_OTHER)
		json_object_set_new(json, "checksum", json_string(group->checksum));
	return json;
}

const char *phones_answer_name(enum phone_answer answer)
{
	return answer == PHONE_YES ? "yes" : answer == PHONE_NO ? "no" : "unknown";
}

const char *phones_answer_text(enum phone_answer answer)
{
	return answer == PHONE_YES ? _("yes") : answer == PHONE_NO ? _("no") : _("not known");
}
