/*
 * The words for outcomes and their reasons.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/phone.h"

#include <string.h>

static const struct {
	const char *name, *text;
} outcomes[N_PHONE_OUTCOMES] = {
    [PHONE_FIRST] = {"first", N_("installed: it has none")},
    [PHONE_UNCHANGED] = {"unchanged", N_("unchanged: it has this one")},
    [PHONE_BY_SAST] = {"sast", N_("installed: it knows the signer")},
    [PHONE_BY_TVS] = {"tvs", N_("installed: TVS vouches for the signer")},
    [PHONE_REJECTED] = {"rejected", N_("rejected: it is locked out")},
    [PHONE_UNKNOWN] = {"unknown", N_("it cannot be told")},
};

static const struct {
	const char *name, *text;
} whys[N_PHONE_WHYS] = {
    [PHONE_WHY_NOTHING] = {"", ""},
    [PHONE_WHY_SIZE] = {"size", N_("the file is over 64 KB")},
    [PHONE_WHY_DIGEST] = {"digest", N_("it does not know the digest")},
    [PHONE_WHY_KEY] = {"key", N_("it cannot check a key of this size")},
    [PHONE_WHY_SIGNATURE] = {"signature", N_("the signature is not valid")},
    [PHONE_WHY_NO_SBD] = {"no-sbd",
	N_("it does not know the signer, and without Security By Default it asks nobody")},
    [PHONE_WHY_NO_ITL] = {"no-itl",
	N_("it does not know the signer, and it holds no ITL, so it cannot ask TVS")},
    [PHONE_WHY_NO_TVS] = {"no-tvs", N_("it does not know the signer, and no node runs TVS")},
    [PHONE_WHY_NOT_VOUCHED] = {"not-vouched",
	N_("it does not know the signer, and TVS does not vouch for it")},
    [PHONE_WHY_WHICH_CTL] = {"which-ctl", N_("it is not known which CTL it holds")},
    [PHONE_WHY_WHICH_FAMILY] = {"which-family", N_("it is not known what its model can do")},
    [PHONE_WHY_WHICH_ITL] = {"which-itl", N_("it is not known whether it holds an ITL")},
    [PHONE_WHY_FIRMWARE] = {"firmware",
	N_("it depends on its firmware whether it knows the digest")},
    [PHONE_WHY_LARGEST_KEY] = {"largest-key",
	N_("it is not known whether it can check a key of this size")},
};

bool phone_outcome_is_safe(enum phone_outcome outcome)
{
	return outcome == PHONE_FIRST || outcome == PHONE_UNCHANGED || outcome == PHONE_BY_SAST ||
	       outcome == PHONE_BY_TVS;
}

const char *phone_outcome_name(enum phone_outcome outcome)
{
	return outcomes[outcome].name;
}

bool phone_outcome_parse(const char *name, enum phone_outcome *out)
{
	for (unsigned i = 0; i < N_PHONE_OUTCOMES; i++) {
		if (strcmp(outcomes[i].name, name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

const char *phone_why_name(enum phone_why why)
{
	return whys[why].name;
}

const char *phone_outcome_text(enum phone_outcome outcome)
{
	return _(outcomes[outcome].text);
}

const char *phone_why_text(enum phone_why why)
{
	/* gettext("") is the header of the translation. */
	return why == PHONE_WHY_NOTHING ? "" : _(whys[why].text);
}
