"""Random migrations: problems for the planner.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

# release: (tokens list the anchors, tokenless exists, ITLRecovery is its second SAST)
RELEASES = {"12.5(1)": (True, True, True), "11.5(1)": (True, True, True),
            "10.5(2)": (False, True, True), "10.0(1)": (False, True, False),
            "9.1(2)": (False, False, False)}


def bit(index):
    return 1 << index if index >= 0 else 0


def bits(number):
    return [i for i in range(number.bit_length()) if number >> i & 1]


def random_family(rng):
    if rng.random() < 0.04:
        return None
    return {"sbd": rng.choice(("yes", "yes", "yes", "no", "no", "maybe")),
            "digests": ["yes", rng.choice(("yes",) * 8 + ("no", "maybe")),
                        rng.choice(("yes",) * 4 + ("no", "maybe"))],
            "largest_key": rng.choice((4096,) * 6 + (2048, 2048, 1024, 0))}


def random_list(rng, sasts, release, everything):
    """A list that somebody made at that release."""
    list_anchors, tokenless, itlrecovery = RELEASES[release]
    by_kind = {kind: [i for i, s in enumerate(sasts) if s["kind"] == kind]
               for kind in ("token", "callmanager", "itlrecovery")}
    if not tokenless or (by_kind["token"] and rng.random() < 0.5):
        tokens = sum(bit(i) for i in by_kind["token"][:rng.choice((1, 2, 2, 2, 3))])
        roles = (0, 0) if list_anchors else (-1, -1)
        signing = "tokens"
    else:
        tokens, signing = 0, "tokenless"
        roles = (0, 0 if itlrecovery else -1)
    c = by_kind["callmanager"][0] if roles[0] == 0 else -1
    i = by_kind["itlrecovery"][0] if roles[1] == 0 else -1
    listed = tokens | bit(c) | bit(i)
    trust = sum(bit(k) for k in bits(everything & ~listed) if rng.random() < 0.1)
    signers = bits(tokens or bit(c) | bit(i))
    return {"signing": signing, "sasts": listed | trust, "tokens": tokens, "callmanager": c,
            "itlrecovery": i, "trust": trust, "signer": rng.choice(signers)}


def random_group(rng, problem, everything):
    current = problem["current"]
    ctl = rng.choice(("list",) * 16 + ("none", "unknown", "other"))
    if current is None:
        ctl = rng.choice(("none", "none", "none", "list"))
    held = digest = key_bits = 0
    if ctl == "list":
        if current is not None and rng.random() < 0.7:
            held = current["sasts"]
            signer = current["signer"]
        else:
            held = sum(bit(i) for i in bits(everything) if rng.random() < 0.5) or 1
            signer = rng.choice(bits(held))
        digest = rng.choice((problem["digest"], problem["digest"], 1))
        key_bits = problem["sasts"][signer]["key_bits"]
    return {"family": random_family(rng), "ctl": ctl, "held": held, "digest": digest,
            "itl": rng.choice(("yes",) * 6 + ("no", "no", "maybe")),
            "key_bits": key_bits, "n": rng.randint(1, 500)}


def random_goal(rng, sasts, release):
    list_anchors, tokenless, itlrecovery = RELEASES[release]
    by_kind = {kind: [i for i, s in enumerate(sasts) if s["kind"] == kind]
               for kind in ("token", "callmanager", "itlrecovery", "foreign")}
    c, i = rng.choice(by_kind["callmanager"]), rng.choice(by_kind["itlrecovery"])
    trust = sum(bit(k) for k in by_kind["foreign"] if rng.random() < 0.5)
    goal = {"trust": trust, "keep_trust": rng.random() < 0.5, "tokens": 0}
    if len(by_kind["token"]) >= 2 and (not tokenless or rng.random() < 0.5):
        chosen = rng.sample(by_kind["token"], rng.randint(2, len(by_kind["token"])))
        goal.update(signing="tokens", tokens=sum(bit(k) for k in chosen),
                    callmanager=c if list_anchors else -1, itlrecovery=i if list_anchors else -1)
        goal["signers"] = goal["tokens"] if rng.random() < 0.7 else bit(rng.choice(chosen))
    else:
        goal.update(signing="tokenless", callmanager=c, itlrecovery=i if itlrecovery else -1)
        among = [k for k in (c, goal["itlrecovery"]) if k >= 0]
        goal["signers"] = bit(rng.choice(among)) if rng.random() < 0.7 else sum(map(bit, among))
    return goal


def random_problem(rng):
    counts = rng.choice((
        {"token": 2, "callmanager": 1, "itlrecovery": 1, "foreign": 0},
        {"token": 2, "callmanager": 1, "itlrecovery": 1, "foreign": 0},
        {"token": 0, "callmanager": 2, "itlrecovery": 2, "foreign": 0},
        {"token": 1, "callmanager": 2, "itlrecovery": 1, "foreign": 0},
        {"token": 2, "callmanager": 2, "itlrecovery": 1, "foreign": 0},
        {"token": 3, "callmanager": 1, "itlrecovery": 1, "foreign": 0},
        {"token": 2, "callmanager": 1, "itlrecovery": 1, "foreign": 1},
        {"token": 2, "callmanager": 2, "itlrecovery": 2, "foreign": 0},
        {"token": 4, "callmanager": 1, "itlrecovery": 1, "foreign": 0},
        {"token": 4, "callmanager": 2, "itlrecovery": 2, "foreign": 2},
    ))
    short = {"token": "T", "callmanager": "C", "itlrecovery": "I", "foreign": "F"}
    sasts = []
    for kind, count in counts.items():
        for k in range(1, count + 1):
            name = f"{short[kind]}{k}"
            sasts.append({"kind": kind, "name": name, "has_key": rng.random() < 0.92,
                          "key_bits": rng.choice((2048,) * 8 + (1024, 4096)),
                          "anchor": [f"CN={name}", f"{len(sasts):02x}", f"key {name}",
                                     f"certificate {name}"]})
    everything = (1 << len(sasts)) - 1
    releases = [r for r, (_, tokenless, _) in RELEASES.items() if tokenless or counts["token"]]
    release = rng.choice(releases + ["12.5(1)"] * 4)
    before = release if rng.random() < 0.6 else rng.choice(releases)
    problem = {"sasts": sasts, "release": release, "digest": rng.choice((1, 1, 2, 3)),
               "tvs": rng.random() < 0.7, "certificates": 0, "current": None}
    if rng.random() < 0.95:
        problem["current"] = random_list(rng, sasts, before, everything)
        problem["certificates"] = problem["current"]["sasts"]
        if rng.random() < 0.6:  # the publisher's own record has CallManager's
            problem["certificates"] |= bit(counts["token"])
    problem["groups"] = [random_group(rng, problem, everything)
                         for _ in range(rng.randint(1, 4))]
    problem["goal"] = random_goal(rng, sasts, release)
    return problem
