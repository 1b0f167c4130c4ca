#!/usr/bin/env bats
# ctlsign runbook: before, during and after a migration; HTML that is well-formed and loads nothing.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load cluster

setup_file() {
  commands_setup_file
  cluster_setup_file
  cert_itl_recovery "$K/recovery2" cucm-pub.lab.example
}

setup() {
  cluster_setup
}

# Twenty phones that hold the CTL in use.
fleet() {
  local md5 n
  md5=$(md5sum <CTLFile.tlv | cut -d ' ' -f 1)
  {
    echo 'Device Name,Model,CTL MD5,ITL MD5'
    for n in {10..29}; do echo "SEP0011223344$n,Cisco 8851,$md5,$md5"; done
  } >fleet.csv
  ctlsign phones import fleet.csv
  assert_success
}

# A migration to another ITLRecovery certificate, which is one step.
begin() {
  first_ctl
  fleet
  cp "$K/recovery2.pem" "$K/recovery2.key" certs/
  ctlsign migrate rotate --itlrecovery certs/recovery2.pem --yes
  assert_success
  sed -i 's|certs/recovery\.|certs/recovery2.|' ctlsign.conf
}

step() {
  ctlsign migrate next --yes --timestamp $(($(date +%s) + 5))
  assert_success
  carried
}

# well_formed FILE: XML with balanced tags, also for a parser of HTML, and nothing from elsewhere.
well_formed() {
  run "$PYTHON" - "$1" <<'PYTHON'
import html.parser, re, sys, xml.etree.ElementTree as tree
text = open(sys.argv[1], encoding="utf-8").read()
root = tree.fromstring(text)
assert root.tag == "html", root.tag
loads = {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
for element in root.iter():
    assert element.tag.split("}")[-1] not in loads, element.tag
    for name in element.attrib:
        assert name.split("}")[-1] not in ("href", "src") and not name.startswith("on"), name

class Balance(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

balance = Balance()
balance.feed(text)
balance.close()
assert not balance.open, balance.open
assert set(re.findall(r"https?:[^\"' ]*", text)) <= {"http://www.w3.org/2000/svg"}
assert "@import" not in text and set(re.findall(r"url\([^)]*\)", text)) <= {"url(#head)"}
svg = [e for e in root.iter() if e.tag == "{http://www.w3.org/2000/svg}svg"]
print(len(svg), "pictures,", sum(1 for e in root.iter() if e.tag.endswith("}rect")), "boxes")
PYTHON
  assert_success
}

@test "runbook: nothing yet" {
  ctlsign runbook
  assert_success
  refute_stderr
  assert_line '# Runbook: the CTL of cluster lab'
  assert_line '## How to begin a migration'
  assert_line 'There is no generation yet.'
  assert_line '- [ ] cucm-sub1: carried by hand'
  refute_line --partial '## Step'
  refute_file state.db
}

@test "runbook: without a migration: the state, the chain, the drift" {
  first_ctl
  new_certificate sub1
  fleet
  ctlsign runbook
  assert_success
  assert_line '| Mode | mixed |'
  assert_line --regexp '^20 phones, seen between .* UTC and .* UTC\.$'
  assert_line 'All of them hold the newest CTL.'
  assert_line --regexp '^- .*cucm-sub1.*do: '
  assert_line --regexp '^\| Generation 1 \| in use now \| signed by CallManager \(.*\): the first one \| .* \| 20 phones hold it \|$'
  # In groups of four, as they are read from a phone.
  assert_line --partial "| $(md5sum <CTLFile.tlv | cut -c 1-32 | sed 's/..../& /g; s/ $//') |"
  assert_line --partial "| $(sha1sum <CTLFile.tlv | cut -c 1-40 | sed 's/..../& /g; s/ $//') |"
  assert_line '  ctlsign migrate tokenless --plan'
}

@test "runbook: before: the plan with what must be true, what to type, the way back" {
  begin
  ctlsign runbook
  assert_success
  assert_line --regexp '^# Runbook: cluster lab, migration 1 to other keys$'
  assert_line 'Step 1 of 1 is next.'
  assert_line --regexp '^## Step 1 of 1 \(next\): '
  assert_line --regexp '^- adds ITLRecovery '
  assert_line 'All of it is true, as far as ctlsign can see today:'
  assert_line --regexp '^\| .*20 phones.* \| yes \|'
  assert_line --regexp '^\| Cisco 8851 .* \| 20 \| installed: '
  assert_line '  ctlsign migrate next'
  assert_line '  Migration    1, to other keys'
  assert_line '  Generation 2 is signed by ...,'
  assert_line --regexp '^- \[ \] CallManager \(.*\) signs step 1; its key: certs/callmanager\.key$'
  assert_line --regexp '^- \[ \] restart TFTP.*cucm-pub, cucm-sub1$'
  assert_line --regexp '^\| Step 1 \| next \| to be signed by CallManager \(.*\), whom generation 1 trusts \|'
  assert_line '| Cisco 8851, phone 3 |  |  |  |  |'
  assert_line "  cp -p state.db ctlsign.conf FOLDER/"
  assert_line '  (in every line the same SHA-1 and generation, and at its end: current)'
  refute_line '### What was done'
  refute_line --partial 'tokenless-signer ='
}

# line_of TEXT: the number of the first line of the runbook that is TEXT.
line_of() {
  grep -nxF -m 1 -- "$1" <<<"$output" | cut -d : -f 1
}

@test "runbook: phones are looked at after what is to be restarted" {
  begin
  ctlsign runbook
  local what last=0
  for what in '### What to type' '  ctlsign migrate status' '  ctlsign migrate next' \
    '  ctlsign nodes' '### What to do then' '### Checksums to compare on phones' \
    '### Days later, when the phones have been on'; do
    # The first ones of the step itself; "ctlsign nodes" stands in other parts, too.
    assert_line "$what"
    [[ $(sed "1,${last}d" <<<"$output" | grep -nxF -m 1 -- "$what") ]] || return
    last=$((last + $(sed "1,${last}d" <<<"$output" | grep -nxF -m 1 -- "$what" | cut -d : -f 1)))
  done
  [[ $(line_of '  ctlsign phones import FILE.csv') -gt $last ]]
  [[ $(line_of '  ctlsign phones check') -gt $(line_of '  ctlsign phones import FILE.csv') ]]
  [[ $(line_of '### The way back') -gt $(line_of '  ctlsign phones check') ]]
}

@test "runbook: the ways back are whole commands, alone" {
  begin
  ctlsign runbook
  assert_line '  ctlsign publish --back'
  assert_line --regexp '^  ctlsign rollback 1 --sign-with KEY$'
  assert_line 'before every server has it:'
  assert_line 'which puts the CTL before it back'
  ctlsign runbook --format html
  assert_line --partial '<pre class="type">ctlsign rollback 1 --sign-with KEY</pre>'
}

@test "runbook: another tokenless signer than ctlsign.conf names is told" {
  first_ctl
  fleet
  ctlsign migrate tokenless --signer ITLRecovery --yes
  assert_success
  ctlsign runbook
  assert_success
  assert_line --partial 'tokenless-signer = ITLRecovery in ctlsign.conf'
  echo 'tokenless-signer = ITLRecovery' >>ctlsign.conf
  ctlsign runbook
  refute_line --partial 'tokenless-signer = ITLRecovery in ctlsign.conf'
}

@test "runbook: after it was given up: what was signed, for the archive, and how to begin another" {
  begin
  ctlsign migrate abort --yes
  assert_success
  ctlsign runbook
  assert_success
  assert_line '# Runbook: cluster lab, migration 1 to other keys'
  assert_line --regexp "^This migration was given up on 20.* by $(id -un) \(uid.*\. What follows are its steps that were signed\.$"
  refute_line --regexp '^## Step'
  refute_line --regexp '^\| Step 1 '
  assert_line '## How to begin a migration'
  ctlsign runbook -o aborted.html
  assert_success
  well_formed aborted.html
}

@test "runbook: after it was given up, with a step that was signed" {
  begin
  step
  ctlsign migrate abort --yes
  assert_success
  ctlsign runbook
  assert_success
  assert_line --regexp '^## Step 1 of 1 \(done\): '
  assert_line '| Generation | 2 |'
  assert_line '## How to begin a migration'
}

@test "runbook: what the commands say is what it says they say" {
  begin
  ctlsign runbook
  printf '%s\n' "$output" >book.md
  ctlsign migrate status
  assert_failure 6
  grep -qFx "  $(head -n 1 <<<"$output")" book.md
  ctlsign phones import fleet.csv
  assert_success
  [[ $(head -n 1 <<<"$output") == "Phones in the file  "* ]]
  grep -qFx '  Phones in the file  ...' book.md
  step
  ctlsign runbook
  assert_line --regexp '^  Generation 2 is signed by CallManager, key file '
}

@test "runbook: during: signed, not on all servers yet" {
  begin
  ctlsign migrate next --yes --no-publish --timestamp $(($(date +%s) + 5))
  assert_success
  ctlsign runbook
  assert_success
  assert_line 'Step 1 of 1 is signed as generation 2, and not on all servers yet.'
  assert_line --regexp '^## Step 1 of 1 \(signed, not on all servers yet\): '
  assert_line '| Generation | 2 |'
  assert_line --regexp '^\| Generation 2 \| signed, not on all servers yet \|'
}

@test "runbook: after: filled in, and only what was seen is ticked" {
  begin
  step
  ctlsign runbook
  assert_success
  assert_line 'All steps are done. This ends the migration: ctlsign migrate next'
  ctlsign migrate next --yes
  assert_success
  # It stays the runbook of that migration, for the archive.
  ctlsign runbook
  assert_success
  assert_line 'All steps are done.'
  assert_line --regexp '^## Step 1 of 1 \(done\): '
  assert_line '| Generation | 2 |'
  assert_line "| SHA-1 | $(sha1sum <CTLFile.tlv | cut -c 1-40 | sed 's/..../& /g; s/ $//') |"
  assert_equal "$(grep -c '^- \[x\] Type:$' <<<"$output")" 1
  assert_line --regexp '^- \[ \] restart TFTP'
  refute_line --partial 'What must be true before'
}

@test "runbook: a cluster that was changed underneath: stop" {
  begin
  sed -i 's|certs/recovery2\.|certs/recovery.|' ctlsign.conf
  cp "$K/recovery2.pem" certs/other.pem
  ctlsign trust add certs/other.pem --yes
  assert_success
  next_ctl
  ctlsign runbook
  assert_success
  assert_line --partial 'STOP. The cluster was changed'
}

@test "runbook: HTML is well-formed, loads nothing, and has the picture" {
  ctlsign runbook -o empty.html
  assert_success
  well_formed empty.html
  assert_output '0 pictures, 0 boxes'
  begin
  ctlsign runbook -o before.html
  assert_success
  refute_output
  well_formed before.html
  assert_output '1 pictures, 2 boxes'
  grep -q '<div class="line">Done by, date and time:</div>' before.html
  step
  ctlsign runbook --output after.HTM
  assert_success
  well_formed after.HTM
  assert_output '1 pictures, 2 boxes'
}

@test "runbook: names that would be markup" {
  first_ctl
  sed -i 's/^cluster = .*/cluster = "<script>](x)|*_`"/' ctlsign.conf
  ctlsign runbook
  assert_success
  assert_equal "${lines[0]}" '# Runbook: the CTL of cluster \<script\>\](x)\|\*\_\`'
  ctlsign runbook -o book.html
  assert_success
  well_formed book.html
  grep -qF '<h1>Runbook: the CTL of cluster &lt;script&gt;](x)|*_`</h1>' book.html
}

@test "runbook: the format is the file's, or what --format says" {
  ctlsign runbook -o book.md
  assert_success
  [[ $(head -c 2 book.md) == '# ' ]]
  ctlsign runbook --format html
  assert_success
  assert_equal "${lines[0]}" '<!DOCTYPE html>'
  ctlsign runbook -o book.txt --format markdown
  assert_success
  [[ $(head -c 2 book.txt) == '# ' ]]
  refused 2 "'x\.txt' ends neither in \.md nor in \.html" runbook -o x.txt
  refused 2 "not 'pdf'" runbook --format pdf
}

@test "runbook: a file that exists only with --force, and never the cluster's own" {
  first_ctl
  echo mine >book.md
  refused 1 'book\.md.*exists.*--force' runbook -o book.md
  assert_equal "$(cat book.md)" mine
  ctlsign runbook -o book.md --force
  assert_success
  [[ $(head -c 2 book.md) == '# ' ]]
  local name
  for name in state.db ctlsign.conf CTLFile.tlv; do
    refused 2 "own file.*another name" runbook -o "$name" --format html --force
  done
  refused 1 'nowhere' runbook -o nowhere/book.md
}

@test "runbook: commands name the inventory when it had to be named" {
  first_ctl
  mv ctlsign.conf 'my lab.conf'
  ctlsign runbook --config 'my lab.conf'
  assert_success
  assert_line "  ctlsign migrate status --config 'my lab.conf'"
  CTLSIGN_CONFIG='my lab.conf' ctlsign runbook
  assert_success
  assert_line "  ctlsign migrate status --config 'my lab.conf'"
}

@test "runbook: an inventory in disorder is told, and the rest is written" {
  first_ctl
  rm certs/sub1.pem
  ctlsign runbook
  assert_success
  assert_line --regexp '^- .*certs/sub1\.pem'
  assert_line --partial '| Generation 1 | in use now |'
}

@test "runbook: it changes nothing" {
  begin
  local before
  before=$(files_here)
  ctlsign runbook
  assert_success
  assert_equal "$(files_here)" "$before"
}

@test "runbook: usage" {
  refused 2 "unexpected argument 'x'" runbook x
  refused 2 '--force needs -o FILE' runbook --force
  refused 2 '--format' runbook --format html --format html
}
