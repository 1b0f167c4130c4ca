/*
 * The planner against a search that tries everything, on random small problems; and every plan
 * played through, phone by phone, with phones that stay behind.
 *
 * CTLSIGN_TEST_RUNS says how many problems; CTLSIGN_TEST_SEED where the random numbers begin.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "fixture_migrate.h"
#include "fixture_migrate_brute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS 20000

static struct migrate_problem problem;
static uint64_t state;

static unsigned below(unsigned n)
{
	/* xorshift64*: the same everywhere. */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static bool one_in(unsigned n)
{
	return below(n) == 0;
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- problems -------------------------------------------------------------------------------- */

static migrate_set some_of(migrate_set set)
{
	return set & (migrate_set)below(1U << BRUTE_SASTS_MAX);
}

static migrate_set of_kind(enum migrate_kind kind)
{
	migrate_set set = 0;

	for (size_t i = 0; i < problem.n_sasts; i++)
		if (problem.sasts[i].kind == kind)
			set |= (migrate_set)1 << i;
	return set;
}

static migrate_set one_of(migrate_set set)
{
	while (set != 0) {
		const migrate_set bit = (migrate_set)1 << below(BRUTE_SASTS_MAX);

		if ((set & bit) != 0)
			return bit;
	}
	return 0;
}

static void make_sasts(void)
{
	static const enum migrate_kind kinds[] = {MIGRATE_TOKEN, MIGRATE_CALLMANAGER,
	    MIGRATE_ITLRECOVERY, MIGRATE_TOKEN, MIGRATE_CALLMANAGER, MIGRATE_ITLRECOVERY,
	    MIGRATE_FOREIGN};
	/* The largest problems take a hundred times as long to search as the others. */
	const size_t n = one_in(8) ? 6 : 3 + below(3);
	const unsigned keyless = 3 + below(6);
	const bool large = one_in(4);

	for (size_t i = 0; i < n; i++) {
		const enum migrate_kind kind =
		    i < 3 ? kinds[i] : kinds[below(HARNESS_COUNT(kinds))];
		const migrate_set bit =
		    fixture_sast(&problem, kind, kind != MIGRATE_FOREIGN && !one_in(keyless));

		if (large && one_in(3))
			problem.sasts[fixture_index(bit)].key_bits = 4096;
	}
}

/* A list as this release makes it or an older one did. */
static void make_current(migrate_set tokens, migrate_set cms, migrate_set itls)
{
	const bool anchors = problem.rules->tokens_list_anchors && !one_in(3);
	const migrate_set all = ((migrate_set)1 << problem.n_sasts) - 1;
	const migrate_set trust = one_in(3) ? some_of(all) : 0;
	migrate_set signer;

	if (one_in(10))
		return;
	if (one_in(2) || !problem.rules->tokenless) {
		migrate_set listed = one_in(4) ? some_of(tokens) : tokens;

		if (listed == 0)
			listed = one_of(tokens);
		fixture_current(&problem, listed, anchors ? one_of(cms) : 0,
		    anchors ? one_of(itls) : 0, trust, 1);
	} else {
		fixture_current(&problem, 0, one_of(cms),
		    problem.rules->tokenless_itlrecovery ? one_of(itls) : 0, trust, 1);
	}
	signer = one_of(problem.current.sasts);
	problem.current.signer = one_in(10) ? -1 : fixture_index(signer);
	if (one_in(8))
		problem.current.sasts |= some_of(all);
	problem.certificates = problem.current.sasts | (one_in(2) ? some_of(all) : 0);
}

static void make_group(void)
{
	static const struct phone_family *const families[] = {&fixture_modern, &fixture_modern,
	    &fixture_modern, &fixture_plain, &fixture_plain, &fixture_old, &fixture_small,
	    &fixture_unnamed, NULL};
	static const enum phone_answer itls[] = {
	    PHONE_YES, PHONE_YES, PHONE_YES, PHONE_NO, PHONE_MAYBE};
	const migrate_set all = ((migrate_set)1 << problem.n_sasts) - 1;
	const bool latest = problem.has_current && !one_in(3);
	struct migrate_group *group;

	group = fixture_group(&problem, families[below(HARNESS_COUNT(families))],
	    itls[below(HARNESS_COUNT(itls))], latest ? problem.current.sasts : some_of(all),
	    below(4) * 5);
	if (group->phone.ctl == PHONE_HOLDS_LIST && one_in(8))
		group->key_bits = 4096;
	if (group->phone.ctl == PHONE_HOLDS_LIST && one_in(4))
		group->digest = one_in(2) ? TL_SHA1 : TL_SHA512;
	if (one_in(15))
		group->phone.ctl = one_in(2) ? PHONE_HOLDS_UNKNOWN : PHONE_HOLDS_OTHER;
}

static void make_problem(void)
{
	static const char *const releases[] = {
	    "12.5(1)", "12.5(1)", "11.5(1)", "10.5(2)", "10.5(2)", "10.0(1)", "9.1(2)"};
	migrate_set all, tokens, cms, itls, wanted;
	unsigned n;

	fixture_problem(&problem, releases[below(HARNESS_COUNT(releases))]);
	make_sasts();
	all = ((migrate_set)1 << problem.n_sasts) - 1;
	tokens = of_kind(MIGRATE_TOKEN);
	cms = of_kind(MIGRATE_CALLMANAGER);
	itls = of_kind(MIGRATE_ITLRECOVERY);
	problem.tvs = !one_in(4);
	problem.digest = one_in(6) ? TL_SHA512 : TL_SHA256;
	make_current(tokens, cms, itls);

	wanted = one_in(3) ? some_of(tokens) : tokens;
	fixture_goal(&problem, one_in(2) || !problem.rules->tokenless ? wanted : 0, one_of(cms),
	    one_of(itls), one_in(4) ? some_of(all) : all);
	if (one_in(20))
		problem.goal.itlrecovery = -1;
	problem.goal.trust = one_in(4) ? some_of(all) : 0;
	problem.goal.keep_trust = one_in(2);
	for (n = below(5); n > 0; n--)
		make_group();
}

/* ---- what has to hold ------------------------------------------------------------------------ */

static bool same_loss(struct brute_loss a, struct brute_loss b)
{
	return a.phones == b.phones && a.groups == b.groups;
}

static bool less_loss(struct brute_loss a, struct brute_loss b)
{
	return a.phones != b.phones ? a.phones < b.phones : a.groups < b.groups;
}

static bool fail(const char *what)
{
	fprintf(stderr, "# %s\n", what);
	return false;
}

static bool cost_is(const struct migrate_plan *plan, const struct brute_answer *answer)
{
	migrate_set before = problem.has_current ? problem.current.sasts : 0;
	unsigned extra = 0, changes = 0;

	for (size_t i = 0; i < plan->n_steps; i++) {
		extra += brute_extra(&problem, &plan->steps[i]);
		changes += (unsigned)__builtin_popcount(before ^ plan->steps[i].sasts);
		before = plan->steps[i].sasts;
	}
	if (extra != answer->extra || changes != answer->changes)
		fprintf(stderr, "# extra %u, changes %u; best are %u, %u\n", extra, changes,
		    answer->extra, answer->changes);
	return extra == answer->extra && changes == answer->changes;
}

/* The rules that phones have nothing to do with. */
static bool rules_hold(const struct migrate_plan *plan)
{
	const struct migrate_list *before = problem.has_current ? &problem.current : NULL;

	for (size_t i = 0; i < plan->n_steps; i++) {
		if (!brute_may_follow(&problem, before, &plan->steps[i]))
			return fail("a step breaks the rules");
		before = &plan->steps[i];
	}
	if (plan->n_steps > 0 && !brute_is_goal(&problem, before))
		return fail("the last step is not what is wanted");
	return true;
}

/*
 * Plays it through with one phone of each kind that may be: each fetches when it likes, and the
 * next step waits for the last of them.  Phones of the groups in VISIT had their CTL deleted.
 */
static bool nobody_is_lost(const struct migrate_plan *plan)
{
	static struct brute_phone phones[8 * BRUTE_WORLDS_MAX];
	migrate_set servers = problem.certificates;
	size_t n = 0;

	for (size_t g = 0; g < problem.n_groups; g++) {
		bool visited = false;

		for (size_t i = 0; i < plan->n_visit; i++)
			visited = visited || plan->visit[i] == g;
		if (!visited)
			n += brute_worlds(&problem, &problem.groups[g], &phones[n]);
	}
	for (size_t i = 0; i < plan->n_steps; i++) {
		bool has[HARNESS_COUNT(phones)] = {false};
		size_t waiting = n;

		while (waiting > 0) {
			const size_t p = below((unsigned)n);

			/* One that looks again finds what it holds. */
			if (has[p])
				continue;
			if (!brute_install(&problem, &phones[p], &plan->steps[i],
				servers | plan->steps[i].trust))
				return fail("a phone is locked out");
			has[p] = true;
			waiting--;
		}
		servers = plan->steps[i].sasts;
	}
	return true;
}

/* The chain that is given when none is safe loses as few as can be, and no shorter one does. */
static bool loss_is_smallest(const struct migrate_plan *plan)
{
	struct brute_loss loss = {UINT64_MAX, SIZE_MAX}, least = {0};
	struct brute_answer answer;

	if (plan->n_steps == 0)
		return !brute_search(&problem, &loss).found || fail("a chain is overlooked");
	loss.phones = plan->n_phones;
	loss.groups = plan->n_visit;
	answer = brute_search(&problem, &loss);
	if (!answer.found || answer.n_steps != plan->n_steps)
		return fail("the chain that loses the fewest has another length");
	if (!cost_is(plan, &answer))
		return fail("the chain that loses the fewest is not the best of its length");
	/* All that lose less. */
	for (int i = 0; i < 2 * (int)problem.n_sasts; i++) {
		const struct brute_loss other = brute_first_loss(&problem, i / 2, i % 2);

		if (less_loss(other, loss) && less_loss(least, other))
			least = other;
	}
	return same_loss(least, loss) || !brute_search(&problem, &least).found ||
	       fail("a chain loses fewer phones");
}

static bool check(const struct migrate_plan *plan)
{
	static const struct brute_loss none;
	const struct brute_answer answer = brute_search(&problem, &none);

	if (answer.found != plan->found)
		return fail(answer.found ? "a plan is overlooked" : "there is no such plan");
	if (plan->found && answer.n_steps != plan->n_steps)
		return fail("it is not the shortest");
	if (plan->found && !cost_is(plan, &answer))
		return fail("it is not the best of its length");
	if (plan->found == (plan->why[0] != '\0') || (plan->found && plan->n_visit > 0))
		return fail("why and whom to visit belong to what is not found");
	if (!rules_hold(plan) || !nobody_is_lost(plan))
		return false;
	return plan->found || loss_is_smallest(plan);
}

static void describe(void)
{
	for (size_t i = 0; i < problem.n_sasts; i++)
		fprintf(stderr, "# SAST %c: kind %d, key %d, %u bits\n", (int)('a' + i),
		    problem.sasts[i].kind, problem.sasts[i].has_key, problem.sasts[i].key_bits);
	fprintf(stderr, "# release %s, digest %u, tvs %d, current %d, certificates %x\n",
	    problem.rules->releases, problem.digest, problem.tvs, problem.has_current,
	    problem.certificates);
	fixture_print(&problem.current);
	fprintf(stderr, "# goal %d: tokens %x cm %d itl %d trust %x keep %d signers %x\n",
	    problem.goal.signing, problem.goal.tokens, problem.goal.callmanager,
	    problem.goal.itlrecovery, problem.goal.trust, problem.goal.keep_trust,
	    problem.goal.signers);
	for (size_t i = 0; i < problem.n_groups; i++) {
		const struct migrate_group *group = &problem.groups[i];

		fprintf(stderr, "# %s: ctl %d itl %d held %x digest %u bits %u n %u\n", group->text,
		    group->phone.ctl, group->phone.itl, group->held, group->digest, group->key_bits,
		    (unsigned)group->n);
	}
}

static void agrees_with_a_search_of_everything(void)
{
	const uint64_t runs = number_of("CTLSIGN_TEST_RUNS", RUNS);
	const uint64_t seed = number_of("CTLSIGN_TEST_SEED", 1);
	unsigned lengths[MIGRATE_STEPS_MAX + 1] = {0}, unsafe = 0, none = 0;

	for (uint64_t i = seed; i < seed + runs; i++) {
		struct migrate_plan plan = {0};
		struct error err;
		bool good;

		state = (i + 1) * 0x9e3779b97f4a7c15ULL;
		make_problem();
		good = migrate_plan_make(&problem, &plan, &err) == ST_OK;
		if (!good)
			fprintf(stderr, "# %s\n", err.what);
		good = good && check(&plan);
		if (plan.found)
			lengths[plan.n_steps]++;
		else if (plan.n_steps > 0)
			unsafe++;
		else
			none++;
		if (!good) {
			fprintf(stderr, "# seed %llu\n", (unsigned long long)i);
			describe();
			for (size_t j = 0; j < plan.n_steps; j++)
				fixture_print(&plan.steps[j]);
			fprintf(stderr, "# %s\n", plan.why);
		}
		CU_ASSERT_TRUE(good);
		migrate_plan_free(&plan);
		if (!good)
			return;
	}
	fprintf(stderr, "# found: %u of no step, %u of one, %u of two, %u of three, %u longer; ",
	    lengths[0], lengths[1], lengths[2], lengths[3],
	    lengths[4] + lengths[5] + lengths[6] + lengths[7] + lengths[8]);
	fprintf(stderr, "unsafe: %u; none: %u\n", unsafe, none);
	/* Problems that are all alike would prove nothing. */
	CU_ASSERT_TRUE(runs < RUNS || (lengths[1] > runs / 20 && lengths[2] > runs / 20 &&
					  unsafe > runs / 20 && none > runs / 20));
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"plans are what a search of everything finds, and lose nobody",
		agrees_with_a_search_of_everything},
	};

	return harness_main("migrate_plan_exhaustive", tests, HARNESS_COUNT(tests));
}
