/*
 * The question that a change asks the phone model.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_CHANGE_PHONES_H
#define CTLSIGN_ADMIN_CHANGE_PHONES_H

#include "admin/change_parts.h"
#include "phone/world.h"

/* The question for one change, and its answer. */
struct asking {
	struct change *c;
	X509 *signer;
	struct phone_world world;
	struct buffer file; /* unsigned */
	struct phone_list offered;
	struct fleet_question question;
	struct fleet_answer answer;
	size_t named;
};

/*
 * What comes of the answer of a fleet: ST_LOCKOUT, with the phones by name, unless nobody is locked
 * out or the officer accepted the exact number.
 */
enum status change_judge_fleet(
    struct asking *asking, enum tokenless_signer usual, struct error *err);

#endif
