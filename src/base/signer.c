/*
 * The signer interface's shorthands.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/signer.h"

enum status signer_sign(struct signer *signer, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	return signer->ops->sign(signer, digest_info, signature, len, err);
}

X509 *signer_certificate(struct signer *signer)
{
	return signer->ops->certificate(signer);
}

const char *signer_describe(struct signer *signer)
{
	return signer->ops->describe(signer);
}

void signer_free(struct signer *signer)
{
	if (signer != NULL)
		signer->ops->free(signer);
}
