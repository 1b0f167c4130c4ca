/*
 * What is wanted, and what cannot be.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/problem_parts.h"

#include <openssl/x509.h>

/* ---- what cannot be ----------------------------------------------------------------------------
 */

static bool is_among(const X509 *certificate, X509 *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (X509_cmp(list[i], certificate) == 0)
			return true;
	return false;
}

static void name_token(const X509 *certificate, char name[128])
{
	problem_name(MIGRATE_TOKEN, certificate, (struct bytes){NULL, 0},
	    tl_certificate_serial(certificate), name, 128);
}

/* Nobody can sign with a new key that is lost, or stay when he leaves. */
static enum status check_new(const struct migrate_cluster *cluster, const struct migrate_wish *wish,
    X509 *certificate, struct error *err)
{
	char name[128];
	enum status st;

	name_token(certificate, name);
	if (is_among(certificate, wish->lost, wish->n_lost))
		error_set(err, ST_USAGE, _("%s is to be added, and is said to be lost"), name);
	else if (is_among(certificate, wish->without, wish->n_without))
		error_set(err, ST_USAGE, _("%s is to be added, and is to leave"), name);
	else {
		st = tl_can_sign(certificate, (enum tl_digest)cluster->digest, err);
		if (st != ST_OK)
			error_where_prefix(err, name);
		return st;
	}
	error_hint(err, "%s", _("say one of the two"));
	return ST_USAGE;
}

/* A certificate that no list ever had was mistaken for another one. */
static enum status check_known(
    const struct migrate_cluster *cluster, const X509 *certificate, struct error *err)
{
	const struct inventory *inventory = cluster->inventory;
	const X509 *own[] = {
	    inventory_publisher(inventory)->certificate.x509, inventory->itlrecovery.x509};
	unsigned char *der = NULL;
	const int len = i2d_X509(certificate, &der);
	char name[128];
	bool known = tl_find_sast(cluster->list, certificate) != NULL;

	for (size_t i = 0; i < 2 && !known; i++)
		known = own[i] != NULL && X509_cmp(own[i], certificate) == 0;
	for (size_t i = 0; len > 0 && cluster->lists != NULL && i < cluster->lists->n; i++) {
		const struct phone_list *list = &cluster->lists->list[i].list;

		for (size_t s = 0; s < list->n_sasts && !known; s++)
			known = bytes_equal(
			    list->sasts[s].certificate, (struct bytes){der, (size_t)len});
	}
	OPENSSL_free(der);
	if (known)
		return ST_OK;
	name_token(certificate, name);
	error_set(err, ST_USAGE, _("%s is a SAST of no CTL of this cluster"), name);
	error_hint(err, "%s", _("see the SASTs of the current CTL with: ctlsign show"));
	return ST_USAGE;
}

static enum status check_each(
    const struct migrate_cluster *cluster, const struct migrate_wish *wish, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < wish->n_tokens; i++)
		st = check_new(cluster, wish, wish->tokens[i], err);
	if (st == ST_OK && wish->callmanager != NULL)
		st = check_new(cluster, wish, wish->callmanager, err);
	if (st == ST_OK && wish->itlrecovery != NULL)
		st = check_new(cluster, wish, wish->itlrecovery, err);
	for (size_t i = 0; st == ST_OK && i < wish->n_lost; i++)
		st = check_known(cluster, wish->lost[i], err);
	for (size_t i = 0; st == ST_OK && i < wish->n_without; i++)
		st = check_known(cluster, wish->without[i], err);
	return st;
}

static enum status no_tokenless(const struct inventory *inventory, struct error *err)
{
	error_set(
	    err, ST_FAILED, _("release %s has no CTL without tokens"), inventory->release.text);
	error_where(err, "%s", inventory->path);
	error_hint(err, "%s", _("enter the release after an upgrade to 10.0(1) or later"));
	return ST_FAILED;
}

enum status problem_check_wish(
    const struct migrate_cluster *cluster, const struct migrate_wish *wish, struct error *err)
{
	const struct release_rules *rules = release_rules(&cluster->inventory->release);
	const bool tokens_go = wish->n_tokens > 0 || wish->n_without > 0;

	if (cluster->list == NULL || cluster->current == NULL || cluster->current->number == 0) {
		error_set(err, ST_FAILED, "%s",
		    _("there is no CTL yet, so there is nothing to migrate from"));
		error_hint(err, "%s", _("make the first one: ctlsign set-cluster mixed-mode"));
		return ST_FAILED;
	}
	if (wish->end == MIGRATE_TOKENLESS && !rules->tokenless)
		return no_tokenless(cluster->inventory, err);
	if (wish->end == MIGRATE_JOIN_CLUSTER && wish->n_foreign == 0) {
		error_set(err, ST_USAGE, "%s", _("no certificate of the other cluster was named"));
		error_hint(
		    err, "%s", _("name its CallManager and ITLRecovery certificates, a file each"));
		return ST_USAGE;
	}
	if (tokens_go && (wish->end == MIGRATE_TOKENLESS ||
			     (wish->end == MIGRATE_ROTATE && cluster->current->signing == 1))) {
		error_set(err, ST_USAGE, "%s",
		    _("tokens are named, and the CTL would be signed without any"));
		error_hint(err, "%s", _("go to tokens with: ctlsign migrate tokens"));
		return ST_USAGE;
	}
	return check_each(cluster, wish, err);
}

/* ---- what is wanted ----------------------------------------------------------------------------
 */

/* Tokens of today that stay, and new ones. */
static enum status choose_tokens(struct problem_making *m, struct error *err)
{
	const struct migrate_wish *wish = m->wish;
	struct migrate_problem *problem = m->out;
	migrate_set tokens = problem->current.tokens & ~m->lost;
	const bool kept = tokens == problem->current.tokens && wish->n_tokens == 0 &&
			  wish->n_without == 0 && tokens != 0;
	unsigned n = 0;

	for (size_t i = 0; i < wish->n_tokens; i++)
		tokens |= PROBLEM_BIT(problem_find(problem, wish->tokens[i], NULL));
	for (size_t i = 0; i < problem->n_sasts; i++)
		if (problem->sasts[i].certificate == NULL ||
		    is_among(problem->sasts[i].certificate, wish->without, wish->n_without))
			tokens &= ~PROBLEM_BIT(i);
	for (size_t i = 0; i < problem->n_sasts; i++)
		n += (tokens & PROBLEM_BIT(i)) != 0;
	/* Who has one token only, and changes none, has to be able to go on with it. */
	if (n < 2 && !(kept && wish->end != MIGRATE_TOKENS)) {
		error_set(err, ST_USAGE,
		    ngettext("the CTL would have %u token, and two are needed: who loses the only "
			     "one loses the phones",
			"the CTL would have %u tokens, and two are needed: who loses the only one "
			"loses the phones",
			n),
		    n);
		error_hint(err, "%s", _("name new tokens with --new-token"));
		return ST_USAGE;
	}
	problem->goal.tokens = tokens;
	problem->goal.signers = tokens;
	return ST_OK;
}

static enum status not_named(
    const struct inventory *inventory, unsigned line, bool callmanager, struct error *err)
{
	error_set(err, ST_FAILED,
	    _("%s's certificate is not named, and release %s lists it as a SAST"),
	    callmanager ? "CallManager" : "ITLRecovery", inventory->release.text);
	if (line > 0)
		error_where(err, _("%s: line %u"), inventory->path, line);
	else
		error_where(err, "%s", inventory->path);
	error_hint(err, "%s",
	    callmanager ? _("enter certificate = \"FILE\" of the publisher there")
			: _("enter itlrecovery { certificate = \"FILE\" }"));
	return ST_FAILED;
}

/* As far as the release lists them. */
static enum status choose_anchors(struct problem_making *m, struct error *err)
{
	const struct inventory *inventory = m->cluster->inventory;
	const struct release_rules *rules = m->out->rules;
	struct migrate_goal *goal = &m->out->goal;
	const bool tokenless = goal->signing == SIGNING_TOKENLESS;

	if (tokenless || rules->tokens_list_anchors) {
		if (m->callmanager < 0)
			return not_named(
			    inventory, inventory_publisher(inventory)->line, true, err);
		goal->callmanager = m->callmanager;
	}
	if (tokenless ? rules->tokenless_itlrecovery : rules->tokens_list_anchors) {
		if (m->itlrecovery < 0)
			return not_named(inventory, inventory->itlrecovery.line, false, err);
		goal->itlrecovery = m->itlrecovery;
	}
	return ST_OK;
}

static enum status no_key(const struct problem_making *m, bool callmanager, struct error *err)
{
	const int index = callmanager ? m->out->goal.callmanager : m->out->goal.itlrecovery;
	const char *name = callmanager ? "CallManager" : "ITLRecovery";
	const struct migrate_sast *sast = &m->out->sasts[index];
	enum status st;

	if ((m->lost & PROBLEM_BIT(index)) != 0) {
		error_set(err, ST_FAILED, _("%s is to sign, and its key is said to be lost"), name);
		error_hint(err, "%s", _("name its new certificate, or let the other one sign"));
		return ST_FAILED;
	}
	st = tl_can_sign(sast->certificate, (enum tl_digest)m->out->digest, err);
	if (st != ST_OK) {
		error_where_prefix(err, sast->name);
		return st;
	}
	error_set(err, ST_FAILED,
	    _("%s is to sign, and the inventory does not say where its key is"), name);
	error_where(err, "%s", m->cluster->inventory->path);
	error_hint(err, _("enter it: %s { key = \"FILE or pkcs11:...\" }"),
	    callmanager ? "callmanager" : "itlrecovery");
	return ST_FAILED;
}

static bool has_key(const struct problem_making *m, int index)
{
	return index >= 0 && m->out->sasts[index].has_key;
}

/* One signer, if somebody says which; else whichever may. */
static enum status choose_anchor_signer(struct problem_making *m, struct error *err)
{
	const struct inventory *inventory = m->cluster->inventory;
	struct migrate_goal *goal = &m->out->goal;
	const bool may = goal->itlrecovery >= 0 && m->out->rules->itlrecovery_may_sign;
	const enum tokenless_signer signer =
	    m->wish->has_signer ? m->wish->signer : inventory->tokenless_signer;
	const bool callmanager = signer == SIGNER_CALLMANAGER;

	if (!callmanager && !may) {
		error_set(err, ST_FAILED, _("ITLRecovery cannot sign the CTL of release %s"),
		    inventory->release.text);
		error_where(err, "%s", inventory->path);
		error_hint(err, "%s", _("let CallManager sign"));
		return ST_FAILED;
	}
	if (m->wish->end == MIGRATE_TOKENLESS || m->wish->has_signer) {
		if (!has_key(m, callmanager ? goal->callmanager : goal->itlrecovery))
			return no_key(m, callmanager, err);
		goal->signers = PROBLEM_BIT(callmanager ? goal->callmanager : goal->itlrecovery);
		return ST_OK;
	}
	if (has_key(m, goal->callmanager))
		goal->signers |= PROBLEM_BIT(goal->callmanager);
	if (may && has_key(m, goal->itlrecovery))
		goal->signers |= PROBLEM_BIT(goal->itlrecovery);
	return goal->signers != 0 ? ST_OK : no_key(m, callmanager, err);
}

/* What another cluster's phones need stays, and what is to join is listed. */
static void choose_trust(struct problem_making *m)
{
	struct migrate_problem *problem = m->out;
	struct migrate_goal *goal = &problem->goal;
	migrate_set own = goal->tokens;

	own |= goal->callmanager >= 0 ? PROBLEM_BIT(goal->callmanager) : 0;
	own |= goal->itlrecovery >= 0 ? PROBLEM_BIT(goal->itlrecovery) : 0;
	goal->keep_trust = true;
	for (size_t i = 0; i < m->cluster->n_trust; i++) {
		const int index = problem_find(problem, m->cluster->trust[i], NULL);

		if (index >= 0 && problem->sasts[index].kind == MIGRATE_FOREIGN)
			goal->trust |= PROBLEM_BIT(index);
	}
	for (size_t i = 0; i < m->wish->n_foreign; i++)
		goal->trust |= PROBLEM_BIT(problem_find(problem, m->wish->foreign[i], NULL));
	goal->trust &= ~own;
}

/* Whether each SAST of the goal is one thing. */
static enum status check_roles(const struct problem_making *m, struct error *err)
{
	const struct migrate_goal *goal = &m->out->goal;
	const int anchors[] = {goal->callmanager, goal->itlrecovery};
	int twice = -1;

	if (anchors[0] >= 0 && anchors[0] == anchors[1])
		twice = anchors[0];
	for (size_t i = 0; i < 2; i++)
		if (anchors[i] >= 0 && (goal->tokens & PROBLEM_BIT(anchors[i])) != 0)
			twice = anchors[i];
	for (size_t i = 0; i < m->wish->n_foreign && twice < 0; i++) {
		const int index = problem_find(m->out, m->wish->foreign[i], NULL);

		if ((goal->trust & PROBLEM_BIT(index)) == 0)
			twice = index;
	}
	if (twice < 0)
		return ST_OK;
	error_set(err, ST_USAGE, _("%s would stand in the CTL for two things"),
	    m->out->sasts[twice].name);
	error_hint(err, "%s",
	    _("tokens, CallManager, ITLRecovery and other clusters each have certificates of "
	      "their own"));
	return ST_USAGE;
}

/* Whether the current CTL is what is wanted. */
static bool is_there(const struct migrate_problem *problem)
{
	const struct migrate_list *current = &problem->current;
	const struct migrate_goal *goal = &problem->goal;

	return current->signing == goal->signing && current->tokens == goal->tokens &&
	       current->callmanager == goal->callmanager &&
	       current->itlrecovery == goal->itlrecovery && (goal->trust & ~current->sasts) == 0 &&
	       current->signer >= 0 && (goal->signers & PROBLEM_BIT(current->signer)) != 0;
}

enum status problem_make_goal(struct problem_making *m, struct error *err)
{
	struct migrate_goal *goal = &m->out->goal;
	enum status st = ST_OK;

	goal->callmanager = -1;
	goal->itlrecovery = -1;
	goal->signing = m->wish->end == MIGRATE_TOKENLESS ? SIGNING_TOKENLESS
			: m->wish->end == MIGRATE_TOKENS  ? SIGNING_TOKENS
							  : m->out->current.signing;
	if (goal->signing == SIGNING_TOKENS)
		st = choose_tokens(m, err);
	if (st == ST_OK)
		st = choose_anchors(m, err);
	if (st == ST_OK && goal->signing == SIGNING_TOKENLESS)
		st = choose_anchor_signer(m, err);
	if (st == ST_OK) {
		choose_trust(m);
		st = check_roles(m, err);
	}
	if (st != ST_OK || !is_there(m->out))
		return st;
	error_set(err, ST_FAILED, _("nothing is to be done: generation %lld is what is wanted"),
	    (long long)m->cluster->current->number);
	error_hint(err, "%s",
	    _("enter new certificates in ctlsign.conf, or name new tokens, and plan again"));
	return ST_FAILED;
}
