"""The simulator's second half: random migrations, and whether the planner's chains are safe and as
short as an exhaustive search finds.

THE RULES OF A CHAIN
- Every phone accepts the first step; phones that hold a step accept the next one: a step waits
  until all phones have the one before.
- The signer is a SAST of its list whose key is there: a token that is listed as one, one of the
  list's two anchors, or, after a tokenless list, one of that one's anchors.
- The anchors of a list are certificates that services have: today's, or the coming one.
- CallManager and ITLRecovery never change in the same step: not both roles get another certificate,
  and not both of the certificates of before stop being SASTs.
- A list signed by tokens has two, or one and another SAST of this cluster, or no fewer than a list
  signed by tokens before it.
- What is listed is what the release lists, and beside it Phone-SAST-trust.

A case is a problem as the driver takes it (problem.c); sets of SASTs are numbers with a bit for
each.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

from typing import NamedTuple

from judging import SAFE, completions
from migrations import RELEASES, bit, bits, random_problem
from phone import Anchor, Ctl

STEPS_MAX = 8


class List(NamedTuple):
    signing: str
    sasts: int
    tokens: int
    callmanager: int
    itlrecovery: int
    trust: int
    signer: int


def count(number):
    return len(bits(number))


def subsets(number):
    part = number
    while True:
        yield part
        if part == 0:
            return
        part = (part - 1) & number


class Problem:
    def __init__(self, case):
        self.case = case
        self.sasts = case["sasts"]
        self.anchors = [Anchor(*s["anchor"]) for s in self.sasts]
        self.current = List(**case["current"]) if case["current"] else None
        self.goal = case["goal"]
        self.groups = case["groups"]
        self.rules = RELEASES[case["release"]]
        self.keys = sum(bit(i) for i, s in enumerate(self.sasts) if s["has_key"])
        self.answers = {}

    def anchors_of(self, role):
        """Today's and the coming one."""
        today = getattr(self.current, role) if self.current else -1
        return sorted({today, self.goal[role]} - {-1})

    def kind(self, name):
        return sum(bit(i) for i, s in enumerate(self.sasts) if s["kind"] == name)

    def ctl(self, file, sasts, signer, certificates=0, key_bits=0, digest=0):
        """A list as phones see it."""
        return Ctl(file, 9000, digest or self.case["digest"],
                   key_bits or self.sasts[signer]["key_bits"], True,
                   self.anchors[signer] if signer >= 0 else None,
                   tuple(self.anchors[i] for i in bits(sasts)),
                   frozenset(self.anchors[i].certificate for i in bits(certificates)))

    # ---- what phones do --------------------------------------------------------------------------

    def outcomes(self, group, before, new, first):
        """What a group does with NEW while the servers have BEFORE.  The phones hold BEFORE, too,
        unless it is the first step."""
        known = self.groups[group]
        if before is None:
            certificates = 0
        else:
            certificates = self.case["certificates"] if first else before.sasts
        vouched = bool(bit(new.signer) & (certificates | new.trust))
        knows = bool(bit(new.signer) & (known["held"] if first else before.sasts))
        proof = 0 if first else self.sasts[before.signer]["key_bits"]
        question = (group, first, new.signer, vouched, knows, proof)
        if question not in self.answers:
            offered = self.ctl("new", new.sasts, new.signer)
            if not first:
                known = dict(known, ctl="list")
                held = self.ctl("before", before.sasts, before.signer)
            elif known["ctl"] == "list":
                held = self.ctl("held", known["held"], -1, key_bits=known["key_bits"],
                                digest=known["digest"])
            else:
                held = None
            servers = self.ctl("servers", 0, -1, certificates, key_bits=1)
            trust = {self.anchors[i].certificate for i in bits(new.trust)}
            self.answers[question] = {
                phone.judge(offered, servers, trust, self.case["tvs"])[0]
                for _, phone in completions(known, offered, held)}
        return self.answers[question]

    def refusing(self, before, new, first):
        """The groups that do not surely take it."""
        return [g for g in range(len(self.groups))
                if not self.outcomes(g, before, new, first) <= SAFE]

    # ---- lists -----------------------------------------------------------------------------------

    def ill_formed(self, new):
        """Why a list is none that may be made, whatever was before."""
        list_anchors, tokenless, itlrecovery = self.rules
        whole = new.tokens | bit(new.callmanager) | bit(new.itlrecovery) | new.trust
        if new.sasts != whole:
            return "it lists SASTs that are neither tokens nor anchors nor trusted"
        for role in ("callmanager", "itlrecovery"):
            if getattr(new, role) >= 0 and getattr(new, role) not in self.anchors_of(role):
                return f"its {role} is none that a service has or will have"
        if new.tokens & ~self.kind("token"):
            return "its tokens are none"
        if new.signing == "tokens":
            if not new.tokens:
                return "tokens sign it, and it has none"
            wanted = (list_anchors, list_anchors)
        else:
            if not tokenless:
                return "the release has no tokenless signing"
            if new.tokens:
                return "it is tokenless, and lists tokens"
            wanted = (True, itlrecovery)
        if (new.callmanager >= 0, new.itlrecovery >= 0) != wanted:
            return "it does not list the anchors that the release lists"
        if not bit(new.signer) & new.sasts & self.keys:
            return "its signer is no SAST of it, or has no key"
        return None

    def misstep(self, before, new):
        """Why a list may not follow BEFORE."""
        own = bit(new.callmanager) | bit(new.itlrecovery)
        earlier = bit(before.callmanager) | bit(before.itlrecovery) if before else 0
        may_sign = new.tokens | own
        if before is not None and before.signing == "tokenless":
            may_sign |= earlier
        if not bit(new.signer) & may_sign:
            return "its signer may not sign it"
        if before is not None:
            if (before.callmanager >= 0 and before.itlrecovery >= 0
                    and not earlier & new.sasts):
                return "both anchors in one step: neither is a SAST any more"
            if (min(before.callmanager, before.itlrecovery, new.callmanager, new.itlrecovery) >= 0
                    and before.callmanager != new.callmanager
                    and before.itlrecovery != new.itlrecovery):
                return "both anchors in one step: both are other ones"
        if new.signing == "tokens" and count(new.tokens) < 2:
            others = new.sasts & (self.kind("callmanager") | self.kind("itlrecovery"))
            if not others and (before is None or before.signing != "tokens"
                               or count(before.tokens) > count(new.tokens)):
                return "it has fewer than two tokens, and nothing else of this cluster"
        return None

    def wanted(self, new):
        """Whether it is the end."""
        goal = self.goal
        if new.signing != goal["signing"] or (new.tokens, new.callmanager, new.itlrecovery) != (
                goal["tokens"], goal["callmanager"], goal["itlrecovery"]):
            return False
        kept = self.current.trust if goal["keep_trust"] and self.current else 0
        return (goal["trust"] & ~new.sasts == 0 and new.trust & ~(goal["trust"] | kept) == 0
                and (new.signer < 0 or bool(bit(new.signer) & goal["signers"])))

    def all_lists(self):
        """Every list that may be made."""
        list_anchors, tokenless, itlrecovery = self.rules
        everything = (1 << len(self.sasts)) - 1
        heads = []
        if list_anchors:
            roles = [(c, i) for c in self.anchors_of("callmanager")
                     for i in self.anchors_of("itlrecovery")]
        else:
            roles = [(-1, -1)]
        for tokens in subsets(self.kind("token")):
            if tokens:
                heads += [("tokens", tokens, c, i) for c, i in roles]
        if tokenless:
            recoveries = self.anchors_of("itlrecovery") if itlrecovery else [-1]
            heads += [("tokenless", 0, c, i) for c in self.anchors_of("callmanager")
                      for i in recoveries]
        for signing, tokens, c, i in heads:
            listed = tokens | bit(c) | bit(i)
            for trust in subsets(everything & ~listed):
                for signer in bits((listed | trust) & self.keys):
                    # Phone-SAST-trust may hold what is listed anyway: TVS vouches for it then.
                    for more in {0, bit(signer) & listed}:
                        yield List(signing, listed | trust, tokens, c, i, trust | more, signer)

    # ---- the exhaustive search -------------------------------------------------------------------

    def shortest(self):
        """How many steps the shortest chain has; None: there is none."""
        if self.current is not None and self.wanted(self.current):
            return 0
        lists = list(self.all_lists())
        goals = [new for new in lists if self.wanted(new)]
        if not goals:
            return None
        level, seen = [self.current], set()
        for steps in range(1, STEPS_MAX + 1):
            first = steps == 1
            for before in level:
                if any(self.goes(before, new, first) for new in goals):
                    return steps
            following = []
            for before in level:
                takes = {}  # what phones do depends on the signer and who vouches, not on the rest
                for new in lists:
                    if new in seen:
                        continue
                    way = (new.signer, bool(bit(new.signer) & new.trust))
                    if way not in takes:
                        takes[way] = not self.refusing(before, new, first)
                    if takes[way] and self.misstep(before, new) is None:
                        seen.add(new)
                        following.append(new)
            level = self.different(following)
            if not level:
                return None
        return None

    def goes(self, before, new, first):
        return self.misstep(before, new) is None and not self.refusing(before, new, first)

    def different(self, lists):
        """Of lists that differ in nothing that counts for the next step, one."""
        kept = {}
        for new in lists:
            what = (new.signing == "tokenless", new.sasts, count(new.tokens),
                    new.callmanager, new.itlrecovery, self.sasts[new.signer]["key_bits"])
            kept.setdefault(what, new)
        return list(kept.values())

    def fewest(self):
        """How many phones the best chain locks out in its first step; None: none leads there."""
        lists = list(self.all_lists())
        good = {new for new in lists if self.wanted(new)}
        edge = set(good)
        for _ in range(STEPS_MAX - 1):
            edge = {before for before in lists if before not in good
                    and any(self.goes(before, new, False) for new in edge)}
            if not edge:
                break
            good |= edge
        lost = [sum(self.groups[g]["n"] for g in self.refusing(self.current, new, True))
                for new in good if self.misstep(self.current, new) is None]
        return min(lost, default=None)


# ---- what is wrong with an answer ---------------------------------------------------------------


def wrong_chain(problem, steps, first_is_safe):
    before = problem.current
    for index, new in enumerate(steps):
        text = problem.ill_formed(new) or problem.misstep(before, new)
        if text is None and (index > 0 or first_is_safe):
            refusing = problem.refusing(before, new, index == 0)
            if refusing:
                text = f"groups {refusing} do not surely accept it"
        if text is not None:
            return f"step {index + 1} ({show(problem, new)}): {text}"
        before = new
    if not problem.wanted(before):
        return f"it ends in {show(problem, before)}, which is not what was wanted"
    return None


def check(case, answer, exhaustive=True):
    """What is wrong with the driver's answer; None: nothing."""
    problem = Problem(case)
    steps = [List(**step) for step in answer["steps"]]
    if not answer["ok"]:
        return f"no answer: {answer['error']}"
    if len(steps) > STEPS_MAX:
        return f"{len(steps)} steps"
    if answer["found"]:
        if not steps and problem.current is None:
            return "no step, and there is no CTL"
        text = wrong_chain(problem, steps, True)
        if text is not None:
            return text
        least = problem.shortest() if exhaustive else None
        if least is not None and least != len(steps):
            return f"{len(steps)} steps, and {least} are enough"
        if exhaustive and least is None:
            return "a plan that the exhaustive search does not find"
        return None
    if exhaustive:
        least = problem.shortest()
        if least is not None:
            return f"there is no plan, it says, and {least} steps lead there"
    if not answer["why"]:
        return "there is no plan, and it does not say why"
    if not steps:
        if exhaustive and len(problem.sasts) <= 4 and problem.fewest() is not None:
            return "nothing leads there, it says, and a chain does if phones are visited first"
        return None
    text = wrong_chain(problem, steps, False)
    if text is not None:
        return f"the chain after visits: {text}"
    refusing = problem.refusing(problem.current, steps[0], True)
    if sorted(answer["visit"]) != refusing:
        return f"groups {sorted(answer['visit'])} are to be visited, and {refusing} are locked out"
    lost = sum(problem.groups[g]["n"] for g in refusing)
    if answer["n_phones"] != lost:
        return f"{answer['n_phones']} phones to be visited, and it is {lost}"
    if exhaustive and len(problem.sasts) <= 4:
        least = problem.fewest()
        if least != lost:
            return f"{lost} phones to be visited, and {least} are enough"
    return None


def show(problem, new):
    def names(some):
        return "+".join(problem.sasts[i]["name"] for i in bits(some)) or "none"

    return (f"{new.signing}: tokens {names(new.tokens)}, CallManager "
            f"{names(bit(new.callmanager))}, ITLRecovery {names(bit(new.itlrecovery))}, trust "
            f"{names(new.trust)}, signed by {names(bit(new.signer))}")


def explain(case, answer):
    """For people."""
    problem = Problem(case)
    lines = [f"release {case['release']}, TVS {'runs' if case['tvs'] else 'does not run'}"]
    if problem.current is not None:
        lines.append("current  " + show(problem, problem.current))
    for group in problem.groups:
        held = "+".join(problem.sasts[i]["name"] for i in bits(group["held"]))
        lines.append(f"group    {group['n']} phones, {group['ctl']} {held}, ITL {group['itl']}, "
                     f"family {group['family']}")
    goal = List(case["goal"]["signing"], 0, case["goal"]["tokens"], case["goal"]["callmanager"],
                case["goal"]["itlrecovery"], case["goal"]["trust"], -1)
    signers = "+".join(problem.sasts[i]["name"] for i in bits(case["goal"]["signers"]))
    lines.append(f"wanted   {show(problem, goal)} {signers}")
    lost = [s["name"] for s in problem.sasts if not s["has_key"]]
    lines.append(f"keys     all but {'+'.join(lost) or 'none'}")
    for step in answer["steps"]:
        lines.append("step     " + show(problem, List(**step)))
    if not answer["found"]:
        lines.append("no plan  " + answer["why"])
    return "\n".join(lines)


# ---- runs ----------------------------------------------------------------------------------------


def walk(rng, case, answer):
    """Phones go through a plan, some of them late, and nobody signs before all have the step
    before; what is wrong, or None."""
    problem = Problem(case)
    certificates, trusted = case["certificates"], None
    servers = None
    phones = []
    for group in case["groups"]:
        held = None
        if group["ctl"] == "list":
            held = problem.ctl(("held", group["held"]), group["held"], -1,
                               key_bits=group["key_bits"], digest=group["digest"])
        offered = problem.ctl("first", answer["steps"][0]["sasts"], answer["steps"][0]["signer"])
        phones += [phone for _, phone in completions(group, offered, held)]
    servers = problem.ctl("servers", 0, -1, certificates, key_bits=1)
    for number, step in enumerate(List(**s) for s in answer["steps"]):
        made = problem.ctl(("step", number), step.sasts, step.signer, step.sasts)
        trusted = {problem.anchors[i].certificate for i in bits(step.trust)}
        late = [p for p in phones if rng.random() < 0.3]
        for phone in [p for p in phones if p not in late] + late:
            if phone.offer(made, servers, trusted, case["tvs"])[0] not in SAFE:
                return f"step {number + 1} locks a phone out: {phone.family}, {phone.ctl}"
            # What it fetches again is nothing new.
            if phone.offer(made, servers, trusted, case["tvs"])[0] != "unchanged":
                return f"step {number + 1} is not what the phone holds"
        servers = made
    return None


def ask(rng, driver, case):
    answer = driver.ask({"plan": case})
    text = check(case, answer, len(case["sasts"]) <= 6)
    if text is None and answer["found"] and answer["steps"] and rng is not None:
        text = walk(rng, case, answer)
    return text, answer


def run(rng, driver, met):
    case = random_problem(rng)
    text, answer = ask(rng, driver, case)
    if text is not None:
        return case, text
    kind = "plan of" if answer["found"] else "no plan, visits and"
    met[f"{kind} {len(answer['steps'])} steps"] += 1
    current, goal = case["current"], case["goal"]
    if answer["found"] and current and all(
            min(current[role], goal[role]) >= 0 and current[role] != goal[role]
            for role in ("callmanager", "itlrecovery")):
        met["plan that changes both anchors"] += 1
    return None


def smaller(case):
    """Cases with a little less in them."""
    for i in range(len(case["groups"])):
        yield dict(case, groups=case["groups"][:i] + case["groups"][i + 1:])
    for i, group in enumerate(case["groups"]):
        plain = {"sbd": "yes", "digests": ["yes"] * 3, "largest_key": 4096}
        less = [{"family": plain}, {"family": dict(plain, sbd="no")}, {"itl": "yes"}, {"n": 1}]
        less += [{"held": group["held"] & ~bit(k)} for k in bits(group["held"])]
        for other in less:
            if {**group, **other} != group and not (
                    other == {"family": plain} and group["family"] == dict(plain, sbd="no")):
                yield dict(case, groups=case["groups"][:i] + [{**group, **other}]
                           + case["groups"][i + 1:])
    if case["tvs"]:
        yield dict(case, tvs=False)
    if case["digest"] != 1:
        yield dict(case, digest=1)
    for i, sast in enumerate(case["sasts"]):
        for other in ({"has_key": True}, {"key_bits": 2048}):
            if {**sast, **other} != sast:
                yield dict(case, sasts=case["sasts"][:i] + [{**sast, **other}]
                           + case["sasts"][i + 1:])
    if case["current"]:
        if case["certificates"] != case["current"]["sasts"]:
            yield dict(case, certificates=case["current"]["sasts"])
        for k in bits(case["current"]["trust"]):
            less = dict(case["current"], trust=case["current"]["trust"] & ~bit(k),
                        sasts=case["current"]["sasts"] & ~bit(k))
            yield dict(case, current=less, certificates=case["certificates"] & ~bit(k))
    if case["goal"]["trust"]:
        yield dict(case, goal=dict(case["goal"], trust=0))
