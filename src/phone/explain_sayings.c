/*
 * What phones say of their trust lists: each message and code with its causes and next steps.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/explain_parts.h"

#include "base/error.h"

/* ---- what several of them have in common ------------------------------------------------------
 */

#define INSTALLED_TODO                                                                             \
	N_("Nothing has to be done.\n"                                                             \
	   "Compare the checksum that the phone shows with: ctlsign history")

#define FIRST_CTL_TODO                                                                             \
	N_("The first CTL is trusted as it comes: compare the checksum that the phone shows "      \
	   "with: "                                                                                \
	   "ctlsign history")

#define REJECTED_CAUSES                                                                            \
	N_("The signer is no SAST of the CTL that the phone holds, and TVS did not vouch for it: " \
	   "the phone has no Security By Default, or no ITL, or TVS does not know the signer or "  \
	   "does "                                                                                 \
	   "not answer.\n"                                                                         \
	   "The file was damaged or changed behind the signature.\n"                               \
	   "The file is over 64 KB, or the phone's firmware does not know its digest or cannot "   \
	   "check "                                                                                \
	   "its key.")

#define REJECTED_TODO                                                                              \
	N_("See what the server has: ctlsign nodes; ctlsign verify CTLFile.tlv\n"                  \
	   "See whether the signer is a SAST of the phone's CTL: ctlsign verify --trust OLD "      \
	   "CTLFile.tlv\n"                                                                         \
	   "See which phones take it, and which do not: ctlsign phones check\n"                    \
	   "If the phone still holds an older CTL: go back to it with ctlsign rollback, or sign "  \
	   "with "                                                                                 \
	   "a SAST of that one (ctlsign history names it).\n"                                      \
	   "If nothing else helps, delete the CTL on the phone by hand; it takes the next one as " \
	   "it "                                                                                   \
	   "comes.")

#define ITL_CAUSES                                                                                 \
	N_("The ITL's signer is neither in the CTL nor in the ITL that the phone holds, and TVS "  \
	   "did "                                                                                  \
	   "not vouch for it.\n"                                                                   \
	   "CallManager's or ITLRecovery's certificate was changed while the phone was away.")

#define ITL_TODO                                                                                   \
	N_("Without an ITL that fits the phone cannot ask TVS: see what that means for the next "  \
	   "CTL "                                                                                  \
	   "with: ctlsign phones check\n"                                                          \
	   "See whether the certificates of the CTL are still those of the servers: ctlsign "      \
	   "status\n"                                                                              \
	   "Restart TVS and TFTP on the servers, then reset the phone.")

#define NONE_CAUSES                                                                                \
	N_("The cluster is not in mixed mode, so that there is no CTL; and the phone has no "      \
	   "Security "                                                                             \
	   "By Default.\n"                                                                         \
	   "The lists were deleted on the phone, or it is new.")

#define NONE_TODO                                                                                  \
	N_("See whether there has to be a CTL: ctlsign status\n"                                   \
	   "See whether the servers have it: ctlsign nodes\n"                                      \
	   "Reset the phone: it takes the first CTL as it comes.")

#define MISSING_CAUSES                                                                             \
	N_("The cluster is not in mixed mode: then this is as it should be.\n"                     \
	   "The CTL was not delivered to the TFTP server that the phone asks, or that server "     \
	   "does "                                                                                 \
	   "not know yet that it is there.")

#define MISSING_TODO                                                                               \
	N_("See which servers have the CTL: ctlsign nodes\n"                                       \
	   "Deliver it: ctlsign publish\n"                                                         \
	   "Restart TFTP on the server, then reset the phone.")

/* ---- the table --------------------------------------------------------------------------------
 */

const struct phone_saying sayings[] = {
    {"CTL installed", 0, N_("The phone has taken a CTL."), NULL, INSTALLED_TODO},
    {"ITL installed", 0, N_("The phone has taken an ITL.  It says nothing of a CTL."), NULL,
	N_("Nothing has to be done.\n"
	   "If the cluster is in mixed mode, the phone should say \"CTL and ITL installed\": see "
	   "whether the servers have the CTL with: ctlsign nodes")},
    {"CTL and ITL installed", 0, N_("The phone has taken both of its lists."), NULL,
	INSTALLED_TODO},
    {"Trust List updated", 0, N_("The phone has taken a new CTL, a new ITL, or both."), NULL,
	INSTALLED_TODO},
    {"Trust List update failed", 0,
	N_("The phone has rejected a new CTL, a new ITL, or both, and keeps what it had."),
	REJECTED_CAUSES, REJECTED_TODO},
    {"CTL update failed", 0, N_("The phone has rejected a new CTL and keeps the one it had."),
	REJECTED_CAUSES, REJECTED_TODO},
    {"No Trust List installed", 0, N_("The phone holds neither a CTL nor an ITL."), NONE_CAUSES,
	NONE_TODO},
    {"No CTL installed", 0, N_("The phone holds no CTL."), NONE_CAUSES, NONE_TODO},
    {"File Not Found <CTLFile.tlv>", 0, N_("The TFTP server has no CTL for the phone."),
	MISSING_CAUSES, MISSING_TODO},
    {"File Not Found <CTLSEP...>", 0, N_("The TFTP server has no CTL for the phone."),
	MISSING_CAUSES, MISSING_TODO},
    {NULL, 1, N_("The CTL, the ITL, or both were updated."), NULL, INSTALLED_TODO},
    {NULL, 2, N_("The phone has taken its first CTL; it had none."), NULL, FIRST_CTL_TODO},
    {NULL, 3, N_("The phone has taken its first ITL; it had none."), NULL,
	N_("Nothing has to be done.")},
    {NULL, 4, N_("The phone has taken its first CTL and its first ITL; it had none."), NULL,
	FIRST_CTL_TODO},
    {NULL, 5, N_("The new CTL was rejected, the new ITL was taken."), REJECTED_CAUSES,
	REJECTED_TODO},
    {NULL, 6, N_("The update failed, and the phone had no list before: it still has none."),
	N_("The file was damaged, is over 64 KB, or the phone's firmware does not know its digest "
	   "or cannot check its key."),
	N_("See what the server has: ctlsign nodes; ctlsign lint CTLFile.tlv\n"
	   "See whether its model knows the digest: ctlsign phones families")},
    {NULL, 7, N_("Something else, that the alarm has no code for."), NULL,
	N_("Look at the phone's own status messages, and explain these.")},
    {NULL, 8, N_("The new ITL was rejected, the new CTL was taken."), ITL_CAUSES, ITL_TODO},
    {NULL, 9,
	N_("The update failed, and the phone keeps the lists it had: it is locked out if "
	   "these are no longer good."),
	REJECTED_CAUSES, REJECTED_TODO},
};

const size_t n_sayings = sizeof(sayings) / sizeof(sayings[0]);
