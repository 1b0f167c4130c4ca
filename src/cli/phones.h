/*
 * What the commands share that ask the fleet: what is offered to the phones, and the cells of
 * tables.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PHONES_H
#define CTLSIGN_CLI_PHONES_H

#include "admin/cluster.h"
#include "base/text.h"
#include "phone/world.h"

/* What the person said that is to be offered; all NULL: what stands now. */
struct phones_wish {
	const char *against; /* a file */
	const char *signer;  /* a certificate's file: it would sign the current CTL */
	const char *digest;  /* with which it, or the current signer, would */
};

/* A cluster, its world and the list that is offered.  Start from all zero. */
struct phones_scene {
	struct cluster cluster;
	struct phone_world world;
	struct buffer file;	/* of the offered list; empty when it is one of the world's */
	struct phone_list list; /* `offered`, when it is none of the world's */
	const struct phone_list *offered; /* NULL: there is no CTL yet */
	char name[512];			  /* printable, translated: "generation 3" */
	struct fleet_question question;
};

/*
 * Opens the cluster of CONFIG, to look at it, and what WISH says.  ST_NOT_VERIFIED for a file whose
 * signature is not valid; ST_FAILED when there is no CTL that a certificate could sign.
 * phones_scene_close() in any case.
 */
enum status phones_scene_open(struct phones_scene *scene, const char *config,
    const struct phones_wish *wish, struct error *err);
void phones_scene_close(struct phones_scene *scene);

/* What phones hold, for a cell or JSON: "generation 3", "none", a checksum, "" for not known. */
const char *phones_holds_text(const struct fleet_group *group, const struct fleet_lists *lists);
json_t *phones_holds_json(const struct fleet_group *group, const struct fleet_lists *lists);

/* "yes", "no", "unknown": constant, for JSON; and translated. */
const char *phones_answer_name(enum phone_answer answer);
const char *phones_answer_text(enum phone_answer answer);

/*
 * Appends TABLE, which has N rows, with LAST as one column more; where that is wider than WIDTH
 * (0: no limit) each of LAST stands under its row instead, indented and folded.
 */
void phones_put_table(const struct text_table *table, const char *const *last, size_t n,
    size_t width, struct buffer *out);

/* What ctlsign phones check found, printed.  LIST_FILE (may be NULL) has the names. */
int phones_check_print(const struct phones_scene *scene, const struct fleet_answer *answer,
    const char *list_file, bool json);

#endif
