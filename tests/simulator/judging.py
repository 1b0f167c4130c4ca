"""The simulator's first half: random fleets that live through random operations, and whether the
phone model says of each phone what the independent reading says.

A case is the question as the driver takes it, with a member "truth" beside each phone that the
driver does not look at: what the phone really is.  What the question hides of a phone is tried in
every way that it could be ("completions").

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import itertools

from phone import Anchor, Ctl, Family, Phone

# Every phone can check the keys that the cluster's own certificates have; only a family's row may
# say that one cannot.  The description does not say so: it is where the model starts from.
KEY_OF_ALL = 2048
SAFE = {"first", "unchanged", "sast", "tvs"}
NO_SUCH_DIGEST = 7
# What a reason for "unknown" says is hidden, as completions() names it.
HIDDEN = {"which-ctl": {"ctl"}, "which-family": {"sbd", "digest", "key"}, "which-itl": {"itl"},
          "firmware": {"digest"}, "largest-key": {"key"}}


def anchor_of(listed):
    return Anchor(*listed)


def ctl_of(listed):
    return Ctl(listed["md5"], listed["size"], listed["digest"], listed["key_bits"],
               listed["valid"], anchor_of(listed["signer"]),
               tuple(anchor_of(a) for a in listed["sasts"]), frozenset(listed["certificates"]))


# ---- everything that a phone could be -----------------------------------------------------------


def yes_or_no(answer):
    return {"yes": [True], "no": [False]}.get(answer, [True, False])


def digest_options(family, digest):
    """Whether it knows the digest.  SHA-1 is known to every phone, a number that is none to no."""
    if digest == 1:
        return [True]
    if digest not in (2, 3):
        return [False]
    return yes_or_no(family["digests"][digest - 1] if family else "maybe")


def key_options(family, bits):
    """Largest keys: one that is too small for BITS, and one that is not."""
    if family is not None and family["largest_key"]:
        return [family["largest_key"]]
    return [4096, KEY_OF_ALL] if bits > KEY_OF_ALL else [4096]


def ctl_options(known, new, held):
    """What it may hold: (name, Ctl or None)."""
    if known["ctl"] == "none":
        return [("none", None)]
    if known["ctl"] == "list":
        return [("list", held)]
    stranger = Ctl("stranger", 1000, 1, 512, True, None, (), frozenset())
    options = [("strange", stranger)]
    if new.signer is not None:
        options.append(("knows", stranger._replace(sasts=(new.signer,))))
    if known["ctl"] == "unknown":
        options += [("none", None), ("same", new)]
    return options


def completions(known, new, held):
    """Every phone that fits what is known: (what was hidden, as it is here; Phone).  HELD is the CTL
    that it is known to hold."""
    family = known["family"]
    for sbd, digest, key, itl, (name, ctl) in itertools.product(
            yes_or_no(family["sbd"] if family else "maybe"), digest_options(family, new.digest),
            key_options(family, new.key_bits), yes_or_no(known["itl"]),
            ctl_options(known, new, held)):
        knows = {new.digest} if digest else set()
        if name == "list":  # that it holds it is proof
            knows.add(ctl.digest)
            key = max(key, ctl.key_bits)
        phone = Phone(Family(sbd, frozenset(knows), key), ctl, itl)
        if name == "same" and phone.beyond_it(new):
            continue  # it cannot have got it
        yield {"sbd": sbd, "digest": digest, "key": key, "itl": itl, "ctl": name}, phone


# ---- what is wrong with an answer ---------------------------------------------------------------


def depends(found, hidden):
    """Whether two of FOUND that differ in what is HIDDEN alone differ in being safe."""
    seen = {}
    for tags, safe in found:
        rest = tuple(sorted((k, v) for k, v in tags.items() if k not in hidden))
        if seen.setdefault(rest, safe) != safe:
            return True
    return False


def wrong_verdict(verdict, whole):
    """WHOLE: (tags, outcome, reasons) of every completion."""
    outcome, why = verdict
    outcomes = {o for _, o, _ in whole}
    safe = outcomes <= SAFE
    unsafe = outcomes == {"rejected"}
    if outcome == "unknown":
        if safe or unsafe:
            return f"called unknown ({why}), and it is {sorted(outcomes)} however it is"
        if why not in HIDDEN:
            return f"unknown because of '{why}'"
        if not depends([(t, o in SAFE) for t, o, _ in whole], HIDDEN[why]):
            return f"called unknown because of '{why}', on which it does not depend"
        return None
    if outcome in SAFE:
        if not safe:
            return f"called {outcome}, and it may be rejected"
        if outcome not in outcomes:
            return f"called {outcome}, and it is one of {sorted(outcomes)}"
        return f"{outcome} because of '{why}'" if why else None
    if not unsafe:
        return f"called {outcome}, and it may be {sorted(outcomes & SAFE)}"
    everywhere = set.intersection(*(set(r) for _, _, r in whole))
    anywhere = set.union(*(set(r) for _, _, r in whole))
    if why not in (everywhere or anywhere):
        return f"rejected because of '{why}', not of {sorted(everywhere or anywhere)}"
    return None


def check(question, verdicts):
    """What is wrong with the driver's answer to a case: [(phone's index, text)]."""
    lists = [ctl_of(listed) for listed in question["lists"]]
    new = lists[question["new"]]
    servers = lists[question["server"]] if question["server"] >= 0 else None
    about = (new, servers, question["trust"], question["tvs"])
    wrong = []
    if len(verdicts) != len(question["phones"]):
        return [(0, "there is not an answer for each phone")]
    for index, (known, verdict) in enumerate(zip(question["phones"], verdicts)):
        held = lists[known["list"]] if known["ctl"] == "list" else None
        whole = [(tags, *phone.judge(*about)) for tags, phone in completions(known, new, held)]
        text = wrong_verdict(verdict, whole)
        if text is None and "truth" in known:
            really = true_phone(known["truth"], lists).judge(*about)[0]
            if (verdict[0] in SAFE) != (really in SAFE) and verdict[0] != "unknown":
                text = f"called {verdict[0]}, and it does {really}"
        if text is not None:
            wrong.append((index, text))
    return wrong


def true_phone(truth, lists):
    return Phone(Family(truth["sbd"], frozenset(truth["digests"]), truth["largest_key"]),
                 lists[truth["list"]] if truth["list"] >= 0 else None, truth["itl"])


# ---- random fleets ------------------------------------------------------------------------------


class Fleet:
    """A cluster, its phones, and what happens to them."""

    OPERATIONS = ("update", "update", "signer", "rotate", "rotate", "rotate_both", "bridge",
                  "trust", "tokens_lost", "tvs", "digest", "careless", "rollback", "again", "big",
                  "broken", "erased")

    def __init__(self, rng, driver, count):
        self.rng, self.driver, self.count = rng, driver, count
        self.lists, self.ctls = [], []
        self.pool = self.certificates()
        self.sasts = rng.sample(range(8), rng.randint(1, 4))
        self.signer = rng.choice(self.sasts)
        self.nodes = rng.sample(range(len(self.pool)), rng.randint(0, 2))
        self.trust = set()
        self.tvs = rng.random() < 0.7
        self.digest = rng.choice((1, 1, 2, 2, 3))
        self.lost = set()
        self.server = self.new_list()
        self.phones = [self.new_phone() for _ in range(rng.randint(1, 8))]

    def certificates(self):
        """Some certificates; and some that are nearly another one."""
        rng = self.rng
        pool = []
        for i in range(10):
            bits = rng.choice((1024, 2048, 2048, 2048, 4096))
            pool.append((bits, [f"CN={i}", f"{i:02x}", f"key {i}", f"certificate {i}"]))
        for i in range(8):
            bits, (issuer, serial, key, der) = pool[i]
            kind = rng.randrange(4)
            if kind == 0:  # another key under the same name and number
                twin = [issuer, serial, f"other key {i}", f"forged {i}"]
            elif kind == 1:  # renewed with the same key
                twin = [issuer, serial + "00", key, f"renewed {i}"]
            elif kind == 2:
                twin = [issuer + " 2", serial, key, f"reissued {i}"]
            else:  # a record without its certificate
                twin = [issuer, serial, key, ""]
            pool.append((bits, twin))
        return pool

    def new_list(self, **other):
        number = len(self.lists) + 1
        bits, signer = self.pool[self.signer]
        sasts = [self.pool[i][1] for i in self.sasts]
        certificates = [a[3] for a in sasts if a[3]]
        certificates += [self.pool[i][1][3] for i in self.nodes if self.pool[i][1][3]]
        made = {"md5": f"{number:032x}", "sha1": f"{number:040x}", "size": 9000,
                "digest": self.digest, "key_bits": bits, "valid": True, "signer": signer,
                "sasts": sasts, "certificates": certificates}
        made.update(other)
        self.lists.append(made)
        self.ctls.append(ctl_of(made))
        return number - 1

    def new_phone(self):
        """It has got the list by itself, or one of another cluster by whatever way, or none."""
        rng = self.rng
        phone = {"sbd": rng.random() < 0.6, "itl": rng.random() < 0.75, "list": -1,
                 "digests": [1] + [d for d in (2, 3) if rng.random() < 0.8],
                 "largest_key": rng.choice((1024, 2048, 2048, 4096, 4096)),
                 "stranger": False, "online": rng.random() < 0.8}
        kind = rng.random()
        if kind < 0.15:
            phone["stranger"] = True
            phone["list"] = self.new_list(sasts=[a for _, a in rng.sample(self.pool, 2)],
                                          digest=1)
            phone["largest_key"] = max(phone["largest_key"],
                                       self.lists[phone["list"]]["key_bits"])
        elif kind < 0.85:
            if self.true(phone).judge(self.ctls[self.server], None, (), False)[0] == "first":
                phone["list"] = self.server
        return phone

    def true(self, phone):
        return true_phone(phone, self.ctls)

    # What happens.  Each returns the index of the new list.

    def do_update(self):
        return self.new_list()

    def signers(self, among):
        return [i for i in among if i not in self.lost]

    def do_signer(self):
        among = self.signers(self.sasts)
        self.signer = self.rng.choice(among) if among else self.signer
        return self.new_list()

    def do_rotate(self, several=1):
        before = list(self.sasts)
        for _ in range(several):
            i = self.rng.randrange(len(self.sasts))
            self.sasts[i] = self.rng.randrange(len(self.pool))
        among = self.signers(before + self.sasts) or before
        self.signer = self.rng.choice(among)
        return self.new_list()

    def do_rotate_both(self):
        return self.do_rotate(len(self.sasts))

    def do_bridge(self):
        more = self.rng.sample(range(len(self.pool)), self.rng.randint(1, 3))
        self.sasts = list(dict.fromkeys(self.sasts + more))[:7]
        return self.new_list()

    def do_trust(self):
        if self.trust and self.rng.random() < 0.4:
            self.trust.remove(self.rng.choice(sorted(self.trust)))
        else:
            self.trust.add(self.rng.randrange(len(self.pool)))
        return self.new_list()

    def do_tokens_lost(self):
        """The keys of some are lost; another one signs, which may be new."""
        self.lost.update(i for i in self.sasts if self.rng.random() < 0.5)
        among = self.signers(self.sasts)
        if not among:
            self.sasts = [self.rng.randrange(len(self.pool))]
            among = self.sasts
        self.signer = self.rng.choice(among)
        return self.new_list()

    def do_tvs(self):
        self.tvs = not self.tvs
        return self.do_rotate()

    def do_digest(self):
        self.digest = self.rng.choice((1, 2, 3, 3, NO_SUCH_DIGEST))
        made = self.do_signer()
        self.digest = self.digest if self.digest != NO_SUCH_DIGEST else 1
        return made

    def do_careless(self):
        self.signer = self.rng.randrange(len(self.pool))
        if self.rng.random() < 0.7 and self.signer not in self.sasts:
            self.sasts.append(self.signer)
        return self.new_list()

    def do_rollback(self):
        return self.rng.randrange(len(self.lists))

    def do_again(self):
        return self.server

    def do_big(self):
        return self.new_list(size=self.rng.choice((65535, 65536, 65537, 70000)))

    def do_broken(self):
        return self.new_list(valid=False)

    def do_erased(self):
        """Somebody walks round and deletes the CTL on some phones."""
        for phone in self.phones:
            if self.rng.random() < 0.4:
                phone["list"], phone["stranger"] = -1, False
        return self.new_list()

    # What is known of a phone.

    def known(self, phone):
        rng = self.rng
        hide = rng.random() < 0.5
        held = self.lists[phone["list"]] if phone["list"] >= 0 else None
        known = {"itl": "yes" if phone["itl"] else "no", "list": phone["list"],
                 "ctl": "none" if held is None else "other" if phone["stranger"] else "list"}
        row = {"sbd": "yes" if phone["sbd"] else "no", "largest_key": phone["largest_key"],
               "digests": ["yes"] + ["yes" if d in phone["digests"] else "no" for d in (2, 3)]}
        if hide and rng.random() < 0.3:
            known["ctl"] = "unknown"
        if hide and rng.random() < 0.3:
            known["itl"] = "maybe"
        if known["ctl"] == "list" and rng.random() < 0.1:
            # The row knows less than what the phone is seen with.
            if held["key_bits"] == row["largest_key"]:
                row["largest_key"] = 512
            if held["digest"] in (2, 3):
                row["digests"][held["digest"] - 1] = "no"
        if hide and rng.random() < 0.3:
            row["sbd"] = "maybe"
        if hide and rng.random() < 0.3:
            row["largest_key"] = 0
        if hide and rng.random() < 0.3:
            row["digests"][rng.choice((1, 2))] = "maybe"
        if phone["largest_key"] < KEY_OF_ALL:
            row["largest_key"] = row["largest_key"] or phone["largest_key"]
        elif hide and rng.random() < 0.2:
            row = None
        known["family"] = row
        known["truth"] = {k: v for k, v in phone.items() if k not in ("stranger", "online")}
        return known

    def question(self, new):
        return compact({"lists": self.lists, "new": new, "server": self.server,
                        "trust": sorted(self.pool[i][1][3] for i in self.trust
                                        if self.pool[i][1][3]),
                        "tvs": self.tvs, "phones": [self.known(p) for p in self.phones]})

    # A run.

    def operate(self):
        name = self.rng.choice(self.OPERATIONS)
        before = (list(self.sasts), self.signer, set(self.trust), self.tvs, self.digest)
        new = getattr(self, "do_" + name)()
        question = self.question(new)
        verdicts = self.driver.ask({"judge": question})
        wrong = check(question, verdicts)
        if wrong:
            return question, wrong
        for verdict in verdicts:
            self.count["verdict " + " ".join(verdict).strip()] += 1
        self.count["operation " + name] += 1
        if any(v[0] == "rejected" for v in verdicts) and self.rng.random() < 0.5:
            # The officer listens.
            self.sasts, self.signer, self.trust, self.tvs, self.digest = before
            return None
        for phone in self.phones:
            if phone["online"]:
                truth = self.true(phone)
                truth.offer(self.ctls[new], self.ctls[self.server],
                            question["trust"], self.tvs)
                if truth.ctl is self.ctls[new]:
                    phone["list"], phone["stranger"] = new, False
            phone["online"] = self.rng.random() < 0.8
        self.server = new
        return None


def run(rng, driver, count):
    """(case, what is wrong) or None."""
    fleet = Fleet(rng, driver, count)
    for _ in range(rng.randint(2, 8)):
        found = fleet.operate()
        if found is not None:
            return found
    return None


# ---- a smaller case -----------------------------------------------------------------------------


def compact(question):
    """The same without the lists that nobody speaks of."""
    used = {question["new"], question["server"]}
    for phone in question["phones"]:
        used.update((phone["list"], phone.get("truth", {}).get("list", -1)))
    order = sorted(used - {-1})
    at = {old: new for new, old in enumerate(order)}
    at[-1] = -1
    phones = []
    for phone in question["phones"]:
        phone = dict(phone, list=at[phone["list"]])
        if "truth" in phone:
            phone["truth"] = dict(phone["truth"], list=at[phone["truth"]["list"]])
        phones.append(phone)
    return dict(question, lists=[question["lists"][i] for i in order], new=at[question["new"]],
                server=at[question["server"]], phones=phones)


def smaller(question):
    """Cases with a little less in them."""
    if len(question["phones"]) > 1:
        for phone in question["phones"]:
            yield compact(dict(question, phones=[phone]))
    for phone in question["phones"]:
        if "truth" in phone:
            yield compact(dict(question, phones=[
                {k: v for k, v in phone.items() if k != "truth"}]))
        for other in ({"itl": "no"}, {"ctl": "none", "list": -1}):
            if {**phone, **other} != phone and "truth" not in phone:
                yield compact(dict(question, phones=[{**phone, **other}]))
    if question["tvs"]:
        yield dict(question, tvs=False)
    if question["server"] >= 0:
        yield compact(dict(question, server=-1))
    for i in range(len(question["trust"])):
        yield dict(question, trust=question["trust"][:i] + question["trust"][i + 1:])
    for i, listed in enumerate(question["lists"]):
        for name in ("sasts", "certificates"):
            for k in range(len(listed[name])):
                less = dict(listed, **{name: listed[name][:k] + listed[name][k + 1:]})
                yield dict(question,
                           lists=question["lists"][:i] + [less] + question["lists"][i + 1:])
