#!/usr/bin/env bats
# Places that cannot be written: a full disk, one that is read-only, streams that take nothing.  The
# old list is whole, and no PIN is spent on what could not be kept.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2012,SC2016,SC2030,SC2031,SC2154

load fixture

setup_file() {
  fixture_make
}

setup() {
  fixture_use
  cp "$BATS_FILE_TMPDIR/sast.key" .
  PEM=("$CTLSIGN" build --sign-with sast.key --sast sast.pem --sast second.pem
    --ccm-tftp 'node.pem,dns=node.lab')
  "${PEM[@]}" -o old --timestamp 1700000000
}

teardown() {
  fixture_nobody_end
}

# on_small_disk PREPARE COMMAND...: with out/ as a file system of 32 KB that holds the old list, runs
# the shell text PREPARE and then the command.  Its status, output and error are as after run_split;
# the list and the names in out/ are copied to `after` and `names`.
on_small_disk() {
  local prepare=$1
  shift
  [[ $(id -u) -eq 0 ]] || skip "only root can mount a file system"
  printf '%s\n' 'mount -t tmpfs -o size=32k none out || exit 99' "cp old $OUT" "$prepare" \
    '"$@" 3>&- 4>&-' 'status=$?' 'LC_ALL=C ls -A out >names' "cp $OUT after" 'exit $status' >small-disk
  run_split unshare -m bash small-disk "$@"
  [[ $status -ne 99 ]] || skip "nothing can be mounted here"
}

assert_old_list_alone() { # NAME...
  cmp old after || fail "the old list is not whole" || return
  assert_equal "$(<names)" "$(printf '%s\n' "$@")"
}

@test "a full disk: the old list is whole, one line says why, nothing else is left" {
  on_small_disk 'head -c 100000 /dev/zero >out/filler 2>/dev/null' "${PEM[@]}" -o "$OUT" --force
  assert_failure 1
  assert_one_line_error "^ctlsign: $OUT: .*No space left on device"
  assert_old_list_alone filler list.tlv
}

@test "a disk with room for a part of the list" {
  on_small_disk 'head -c 100000 /dev/zero >out/filler 2>/dev/null; truncate -s -4096 out/filler' \
    "${PEM[@]}" --ccm-tftp node.pem,dns=other.lab --tftp node.pem,dns=node.lab -o "$OUT" --force
  assert_failure 1
  assert_one_line_error "^ctlsign: $OUT: .*No space left on device"
  assert_old_list_alone filler list.tlv
}

@test "a full disk and a new name: no empty or cut file" {
  on_small_disk 'head -c 100000 /dev/zero >out/filler 2>/dev/null' "${PEM[@]}" -o out/other.tlv
  assert_failure 1
  assert_one_line_error 'No space left on device'
  assert_old_list_alone filler list.tlv
}

@test "a full disk that has room again: the same command works" {
  on_small_disk 'head -c 100000 /dev/zero >out/filler 2>/dev/null; "$@" 2>/dev/null; rm out/filler' \
    "${PEM[@]}" -o "$OUT" --force
  assert_success
  refute_stderr
  "$CTLSIGN" verify after
  assert_equal "$(<names)" list.tlv
}

@test "a read-only file system, before any PIN is read" {
  on_small_disk 'mount -o remount,ro out' "${BUILD[@]}" --force --pin-file pin
  assert_failure 1
  assert_one_line_error "^ctlsign: $OUT: .*Read-only file system"
  assert_old_list_alone list.tlv
  assert_calls 0 C_Login
}

@test "a directory that the user may not write" {
  fixture_nobody
  chmod 755 "$BENCH/out"
  cp old "$BENCH/$OUT"
  chmod -R a-w "$BENCH/out"
  chmod a+r "$BENCH/sast.key"
  run_split "${NOBODY[@]}" "$BENCH/ctlsign" build --force -o "$BENCH/$OUT" \
    --sign-with "$BENCH/sast.key" --sast "$BENCH/sast.pem" --sast "$BENCH/second.pem" \
    --ccm-tftp "$BENCH/node.pem,dns=node.lab"
  assert_failure 1
  assert_one_line_error "^ctlsign: $BENCH/$OUT: cannot write into the directory: Permission denied"
  cmp old "$BENCH/$OUT"
  assert_equal "$(ls -A "$BENCH/out")" list.tlv
}

@test "a limit on file sizes: the old list is whole" {
  cp old "$OUT"
  # The limit's signal is ignored, as some shells and daemons have it: an error instead.
  run_split bash -c 'trap "" XFSZ; ulimit -f 1; exec "$@"' - "${PEM[@]}" -o "$OUT" --force
  assert_failure 1
  assert_one_line_error "^ctlsign: $OUT: .*File too large"
  cmp old "$OUT"
  # The signal ends the program, and nothing more.
  run bash -c 'ulimit -f 1; exec "$@"' - "${PEM[@]}" -o "$OUT" --force
  [[ $status -ne 0 ]]
  cmp old "$OUT"
  assert_equal "$(find out -mindepth 1)" "$OUT"
}

@test "outputs that are no place for a list cost no PIN" {
  local place
  mkdir out/folder
  mkfifo out/fifo
  ln -s loop out/loop
  ln -s nowhere/list.tlv out/dangling
  for place in out/folder out/fifo out/missing/list.tlv out/folder/ out/loop out/dangling /dev/full \
    /dev/null sast.pem/list.tlv "out/$(printf '%0300d' 0)"; do
    BUILD[5]=$place
    run_split timeout 20 "${BUILD[@]}" --force --pin-file pin
    assert_failure 1 || fail "for ${place@Q}"
    assert_one_line_error
    assert_calls 0 C_Login || fail "for ${place@Q}"
  done
  BUILD[5]=old
  run_split "${BUILD[@]}" --pin-file pin
  assert_failure 1
  assert_one_line_error 'old: the file exists and is left as it is; .*--force'
  assert_calls 0 C_Login
  assert_equal "$(LC_ALL=C ls -A out | tr '\n' ' ')" 'dangling fifo folder loop '
}

@test "a PIN file or a certificate is never the output" {
  local before
  before=$(sha256sum pin sast.pem sast.key)
  BUILD[5]=pin
  run_split "${BUILD[@]}" --force --pin-file pin
  assert_failure 2
  assert_one_line_error 'output file is also one of the inputs'
  BUILD[5]=second.pem
  run_split "${BUILD[@]}" --force --pin-file pin
  assert_failure 2
  assert_calls 0 C_Login
  assert_equal "$(sha256sum pin sast.pem sast.key)" "$before"
}

@test "a stdout that takes nothing is an error of every command that prints" {
  local -a command
  local line
  while read -r line; do
    read -ra command <<<"$line"
    # run_split would catch stdout.
    run bash -c '"$@" 2>&1 >/dev/full' - "$CTLSIGN" "${command[@]}"
    assert_failure 1 || fail "ctlsign $line"
    assert_output "ctlsign: cannot write the result: No space left on device" || fail "ctlsign $line"
  done <<LINES
show old
show --json old
lint --json old
diff --json old old
token list --module $P11MOCK
token list --module $P11MOCK --json
token list --module $P11MOCK --uri
token show --module $P11MOCK SAST-1
--help
--version
build --help
LINES
}

@test "commands that have nothing to print do not mind a full stdout" {
  "$CTLSIGN" verify old >/dev/full
  "$CTLSIGN" diff old old >/dev/full
  "${PEM[@]}" -o "$OUT" >/dev/full
  "$CTLSIGN" verify "$OUT"
}

@test "a stderr that takes nothing does not change the exit code" {
  run bash -c '"$@" 2>/dev/full' - "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  run bash -c '"$@" 2>&-' - "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  # Two wrong PINs are as many as go without a person.
  rm -r "$XDG_STATE_HOME"
  run bash -c '"$@" <&- >&- 2>&-' - "${BUILD[@]}" --pin-file pin
  assert_list_written
}
