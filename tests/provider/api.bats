#!/usr/bin/env bats
# The CTL Provider's API as its description says it: with curl, against the daemon.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load ../lib/assertions
load ../lib/provider

API=$BATS_TEST_DIRNAME/../../doc/openapi.json
OPENAPI=$BATS_TEST_DIRNAME/openapi.py

setup_file() {
  provider_require
  provider_certificates "$BATS_FILE_TMPDIR/certs"
  CTLSIGN=$(realpath "${CTLSIGN:?}")
  export CTLSIGN XDG_STATE_HOME=$BATS_FILE_TMPDIR/state-home
  cd "$BATS_FILE_TMPDIR" || return
  for name in sast1 sast2 stranger; do
    cert_make "$name" 2048 "/O=Lab/CN=$name"
  done
  list first 1000 sast1 sast1 sast2
  list second 2000 sast2 sast1 sast2
  list forged 3000 stranger stranger sast1
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  service_setup "$BATS_TEST_TMPDIR/services"
}

teardown() {
  service_teardown
}

# node: a provider that has something of everything.
node() {
  provider_conf one 'dns = "one.lab.example"' 'address = "127.0.0.1"' 'role = "subscriber"' \
    'release = "12.5(1)"' 'services = {"CallManager", "TFTP"}' \
    'servers = {"pub 10.1.2.3 10.1.2.3:2444", "tftp1 10.1.2.5"}' \
    "callmanager-certificate = \"$BATS_FILE_TMPDIR/sast1.pem\""
  provider_start one
}

# list NAME TIME SIGNER SAST...: a signed list in the file NAME
list() {
  local out=$1 time=$2 signer=$3 sast
  local -a entries=()
  shift 3
  for sast in "$@"; do
    entries+=(--sast "$sast.pem")
  done
  "$CTLSIGN" build -o "$out" --timestamp "$time" --sign-with "$signer.key" "${entries[@]}" \
    --no-lint </dev/null
}

lists() { # NAME
  printf '%s\n' "$BATS_FILE_TMPDIR/$1"
}

sha() { # LIST
  sha256sum "$(lists "$1")" | cut -d' ' -f1
}

# code EXPECTED METHOD PATH [CURL-ARGUMENT...]
code() {
  local expected=$1 method=$2 path=$3
  local -a how=(-X "$method")
  [[ $method != HEAD ]] || how=(-I)
  shift 3
  assert_equal "$method $path: $(provider_code one "$path" "${how[@]}" "$@")" \
    "$method $path: $expected"
}

# put EXPECTED PATH LIST
put() {
  code "$1" PUT "$2" -T "$(lists "$3")"
}

post() { # EXPECTED PATH JSON
  code "$1" POST "$2" -H 'Content-Type: application/json' -d "$3"
}

holds() { # LIST
  assert_same_file "$(lists "$1")" "$(provider_files one)/CTLFile.tlv"
  code 200 GET /v1/files/CTLFile.tlv
  assert_same_file "$(lists "$1")" answer
}

# What the last answer says in MEMBER.
says() {
  python3 -c 'import json, sys; print(json.load(open("answer"))[sys.argv[1]])' "$1"
}

@test "the description is the one in the sources, and its examples fit it" {
  node
  code 200 GET /v1/openapi.json
  assert_same_file "$API" answer
  python3 "$OPENAPI" "$API" examples
}

# Each operation once, in an order in which all of them succeed.
@test "every operation of the description answers as it says" {
  local method path expected
  python3 "$OPENAPI" "$API" operations | sort >described
  node
  : >asked
  ask() { # METHOD PATH CODE [CURL-ARGUMENT...]
    local method=$1 path=$2 expected=$3
    shift 3
    code "$expected" "$method" "$path" "$@"
    echo "$method $path $expected" >>asked
    if [[ $method != HEAD && $path != /v1/openapi.json && $(file_type) == application/json ]]; then
      path=${path/CTLFile.tlv/\{name\}}
      python3 "$OPENAPI" "$API" answer "$method" "$path" "$expected" answer
    fi
  }
  file_type() {
    python3 -c 'import json; json.load(open("answer")); print("application/json")' 2>/dev/null || :
  }
  put 200 /v1/files/CTLFile.tlv first
  ask PUT /v1/mode 200 -H 'Content-Type: application/json' -d '{"mode": 1}'
  ask PUT /v1/staged/CTLFile.tlv 200 -T "$(lists second)"
  ask GET /v1/staged/CTLFile.tlv 200
  ask HEAD /v1/staged/CTLFile.tlv 200
  ask POST /v1/staged/CTLFile.tlv 200 -H 'Content-Type: application/json' \
    -d "{\"sha256\": \"$(sha second)\"}"
  ask DELETE /v1/staged/CTLFile.tlv 204
  ask POST /v1/files/CTLFile.tlv/revert 200 -H 'Content-Type: application/json' \
    -d "{\"to\": \"$(sha first)\"}"
  ask PUT /v1/files/CTLFile.tlv 200 -T "$(lists second)"
  while read -r method path expected; do
    case $method in GET | HEAD)
      grep -qxF "$method $path $expected" asked || ask "$method" "$path" "$expected" ;;
    esac
  done <described
  # All that is described was asked, and nothing else.
  sort asked >all
  assert_same_file described all
}

@test "a CTL is stored, staged, committed and put back" {
  node
  code 404 GET /v1/files/CTLFile.tlv
  assert_equal "$(says error)" "this node has no CTLFile.tlv"
  put 200 /v1/files/CTLFile.tlv first
  assert_equal "$(says sha256) $(says previous)" "$(sha first) None"
  put 200 /v1/staged/CTLFile.tlv second
  holds first
  post 409 /v1/staged/CTLFile.tlv "{\"sha256\": \"$(sha first)\"}"
  post 200 /v1/staged/CTLFile.tlv "{\"sha256\": \"$(sha second)\"}"
  assert_equal "$(says previous)" "$(sha first)"
  holds second
  provider_kill one
  provider_start one
  post 409 /v1/files/CTLFile.tlv/revert '{"to": null}'
  post 200 /v1/files/CTLFile.tlv/revert "{\"to\": \"$(sha first)\"}"
  holds first
  grep -F "stored CTLFile.tlv, SHA-256 $(sha second), signed by CN=sast2" "$SERVICES/one/log"
}

@test "a forged, a foreign and an old list are refused, and nothing changes" {
  node
  put 200 /v1/files/CTLFile.tlv second
  put 409 /v1/files/CTLFile.tlv first
  assert_equal "$(says hint)" "sign a new list: an older one would bring back what was withdrawn"
  put 422 /v1/files/CTLFile.tlv forged
  [[ $(says error) == *"phones would refuse it, too"*stranger* && $(says hint) == *sast1*sast2* ]]
  put 422 /v1/staged/CTLFile.tlv forged
  code 404 GET /v1/staged/CTLFile.tlv
  code 422 PUT /v1/files/CTLFile.tlv -T "$BATS_FILE_TMPDIR/sast1.pem"
  holds second
  grep -F "refused: phones would refuse it, too" "$SERVICES/one/log"
}

@test "who has the file already is told so, and only the length is told of it to HEAD" {
  node
  put 200 /v1/files/CTLFile.tlv first
  code 304 GET /v1/files/CTLFile.tlv -H "If-None-Match: \"$(sha first)\""
  code 200 GET /v1/files/CTLFile.tlv -H "If-None-Match: \"$(sha second)\""
  code 200 HEAD /v1/files/CTLFile.tlv
  grep -i "^content-length: $(stat -c %s "$(lists first)")"$'\r' answer
  grep -i "^etag: \"$(sha first)\""$'\r' answer
  code 405 PATCH /v1/files/CTLFile.tlv -D headers
  grep -i '^allow: GET, HEAD, PUT'$'\r' headers
}

@test "JSON that does not call itself so is refused" {
  node
  code 415 PUT /v1/mode -H 'Content-Type: text/plain' -d '{"mode": 1}'
  code 415 PUT /v1/mode -H 'Content-Type:' -d '{"mode": 1}'
  code 415 POST /v1/files/CTLFile.tlv/revert -d '{"to": null}'
  code 415 PUT /v1/files/CTLFile.tlv --data-binary "@$(lists first)"
  code 200 GET /v1/mode
  assert_equal "$(says mode)" None
}

@test "no path leads out of the folder" {
  local path
  node
  for path in /v1/files/..%2fstate%2fmode /v1/files/%2e%2e/state/mode /v1/files/CTLFile.tlv%00 \
    /v1/staged/..%2f..%2fctlproviderd.conf /v1/files//etc/passwd /v1/files/lock; do
    run provider_code one "$path" --path-as-is
    [[ $output == 404 || $output == 400 ]] || fail "$path: $output"
  done
}

@test "what is refused before anything is asked is as described" {
  node
  local code path=/v1/staged/CTLFile.tlv
  code 400 DELETE "$path%00"
  python3 "$OPENAPI" "$API" answer DELETE "/v1/staged/{name}" 400 answer
  code 501 DELETE "$path" -H 'Transfer-Encoding: gzip'
  python3 "$OPENAPI" "$API" answer DELETE "/v1/staged/{name}" 501 answer
  # Every operation says so.
  for code in 400 403 501; do
    run jq -r --arg code "$code" '.paths[] | to_entries[] | select(.key != "parameters") |
      .value | select(.responses[$code] == null) | .operationId' "$API"
    assert_equal "$output" ""
  done
}
