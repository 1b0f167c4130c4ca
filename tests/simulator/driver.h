/*
 * The simulator's driver: what its two files share.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_SIMULATOR_DRIVER_H
#define CTLSIGN_SIMULATOR_DRIVER_H

#include "phone/phone.h"

#include <jansson.h>

/* Rules that can be broken on purpose. */
enum breaks {
	BREAK_NOTHING,
	BREAK_TVS,     /* TVS vouches for everybody */
	BREAK_LIMITS,  /* every phone knows every digest, and checks every key */
	BREAK_KEY,     /* a SAST is told by issuer and serial alone */
	BREAK_UNKNOWN, /* what is rejected is called unknown */
	BREAK_REASON,  /* every rejection has the same reason */
	BREAK_ANCHORS, /* a plan that changes both anchors does so in one step */
	BREAK_LONGER,  /* a plan does something twice */
	BREAK_NONE,    /* there is never a plan */
	BREAK_VISIT,   /* nobody has to be visited */
	N_BREAKS
};

_Noreturn void driver_die(const char *what);

/* Members of a question; what is missing or of another kind ends the program. */
json_t *member(json_t *object, const char *name);
long long number(json_t *object, const char *name);

struct phone_anchor read_anchor(json_t *from);
enum phone_answer read_answer(json_t *from);
enum phone_holds read_holds(json_t *from);
const struct phone_family *read_family(json_t *from, struct phone_family *out);

/* The planner's side (problem.c).  A new reference. */
json_t *answer_plan(json_t *question, enum breaks broken);

#endif
