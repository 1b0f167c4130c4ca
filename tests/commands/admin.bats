#!/usr/bin/env bats
# ctlsign admin with -c, and with a runbook on standard input: CUCM's command names, the nearest one
# for a name that is none, and what stops a runbook.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures
load cluster

MODE="run sql select paramname,paramvalue from processconfig where paramname='ClusterSecurityMode'"

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup && with_targets
}

# admin COMMAND [ARG...]
admin() {
  local command=$1
  shift
  ctlsign admin -c "$command" "$@"
}

# admin_refused CODE REGEXP COMMAND [ARG...]: one line on stderr, and no file is changed.
admin_refused() {
  local code=$1 pattern=$2 command=$3
  shift 3
  refused "$code" "$pattern" admin -c "$command" "$@"
}

# runbook [ARG...]: stdin has the lines.
runbook() {
  export RUNBOOK=$BATS_TEST_TMPDIR/runbook
  cat >"$RUNBOOK"
  # shellcheck disable=SC2016  # expanded by the inner shell
  run_split bash -c 'exec "$0" admin "$@" <"$RUNBOOK"' "$CTLSIGN" "$@"
}

# security_mode VALUE
security_mode() {
  admin "$MODE"
  assert_success
  assert_output "paramname           paramvalue
=================== ==========
ClusterSecurityMode $1"
}

@test "a first mixed mode is tokenless, as CUCM's is, and ends with CUCM's words" {
  admin "utils ctl set-cluster mixed-mode" --yes
  assert_success
  assert_stderr --partial "This operation will set the cluster to Mixed mode."
  assert_line "Cluster set to Mixed Mode"
  assert_equal "${lines[-1]}" "Please Restart Cisco Tftp, Cisco CallManager and Cisco CTIManager services on all nodes in the cluster that run these services"
  ctlsign verify CTLFile.tlv
  assert_success
  ctlsign history --json
  assert_success
  assert_output --partial '"tokenless"'
  security_mode 1
}

@test "with a CTL it keeps its kind of signing: nothing is added to the command" {
  first_ctl
  admin "utils ctl set-cluster mixed-mode" --yes
  assert_success
  ctlsign history
  assert_line --regexp '^1 .*set-cluster mixed-mode --tokenless'
  assert_line --regexp '^2 .*set-cluster mixed-mode  '
  refute_line --regexp '^2 .*--tokenless'
}

@test "update, non-secure mode, upgrade and reset localkey are the commands of that meaning" {
  first_ctl
  admin "utils ctl update CTLFile" --yes
  assert_success
  assert_line "CTL file Updated"
  admin "utils ctl reset localkey" --yes
  assert_success
  assert_line "CTL file Updated"
  admin "utils ctl set-cluster non-secure-mode" --yes
  assert_success
  assert_line "Cluster set to Non Secure Mode"
  security_mode 0
  admin "utils ctl upgrade" --yes
  assert_success
  security_mode 1
  ctlsign history
  assert_line --regexp '^2 .*update'
  assert_line --regexp '^3 .*reset-localkey'
  assert_line --regexp '^4 .*set-cluster non-secure-mode'
  assert_line --regexp '^5 .*set-cluster mixed-mode --tokenless'
}

@test "an old release has no CTIManager to restart" {
  sed -i 's/^release = .*/release = "10.5(2)"/' ctlsign.conf
  admin "utils ctl set-cluster mixed-mode" --yes
  assert_success
  assert_equal "${lines[-1]}" "Please Restart Cisco Tftp and Cisco CallManager services on all nodes in the cluster that run these services"
}

@test "what asks is refused without a terminal and without --yes, before anything is shown" {
  for command in "set-cluster mixed-mode" "set-cluster non-secure-mode" "update CTLFile" upgrade \
    "reset localkey"; do
    admin_refused 2 "'utils ctl $command' asks .* there is no terminal to ask at; .*--yes" \
      "utils ctl $command"
  done
  admin_refused 2 "there is no terminal to ask at; give ctlsign admin --yes" \
    "file delete tftp CTLFile.tlv"
}

@test "a command that fails has its own exit code, and no closing words" {
  admin_refused_output() {
    ctlsign admin -c "$2" --yes
    assert_failure "$1"
    refute_output
  }
  admin_refused_output 1 "utils ctl update CTLFile"
  assert_stderr --partial "this cluster has no CTL yet"
  first_ctl
  sed -i 's/^export-controlled = yes/export-controlled = no/' ctlsign.conf
  admin_refused_output 1 "utils ctl set-cluster mixed-mode"
  assert_stderr --partial "not registered to a Smart/Virtual Account"
}

@test "without a cluster a runbook is told so at the start" {
  rm ctlsign.conf
  runbook </dev/null
  assert_failure 1
  assert_one_line_error 'ctlsign.conf: .*No such file.*; make one with: ctlsign init'
}

@test "what no key could sign is not announced" {
  sed -i '/^callmanager {/d' ctlsign.conf
  admin_refused 5 "the CallManager key is to sign, .*; enter it: callmanager [{] key" \
    "utils ctl upgrade" --yes
  admin "utils ctl set-cluster mixed-mode" --yes --sign-with certs/callmanager.key
  assert_success
  echo 'callmanager { key = "certs/gone.key" }' >>ctlsign.conf
  admin_refused 1 "certs/gone.key: cannot read the key that is to sign: No such file" \
    "utils ctl upgrade" --yes
}

@test "show ctl and show itl: the cluster's files, and CUCM's words without one" {
  quietly admin -c ""
  admin "show ctl"
  assert_success
  assert_output "Length of CTL file: 0
CTL File not found."
  refute_stderr
  admin "show itl"
  assert_success
  assert_output "Length of ITL file: 0
ITL File not found."
  first_ctl
  ctlsign show CTLFile.tlv
  local shown=$output
  admin "show ctl"
  assert_success
  assert_output "$shown"
  cp CTLFile.tlv ITLFile.tlv
  admin "show itl"
  assert_success
  assert_line "The checksum value of the CTL file:"
}

@test "show ctl of a CTL that does not verify: exit code 3" {
  first_ctl
  # In a certificate's signature, the last but one field of the last record.
  patch_byte CTLFile.tlv $(($(stat -c %s CTLFile.tlv) - 20))
  admin "show ctl"
  assert_failure 3
}

@test "utils sipOAuth-mode shows and sets the mode" {
  admin "utils sipOAuth-mode"
  assert_success
  assert_output "SIP OAuth mode is disabled."
  admin "utils sipOAuth-mode enable"
  assert_success
  assert_line "SIP OAuth mode is enabled."
  admin "utils sipOAuth-mode status"
  assert_success
  assert_output --partial "SIP OAuth mode is enabled: CallManager listens on TCP 5090"
  admin "utils sipOAuth-mode disable"
  assert_success
  admin "utils sipOAuth-mode"
  assert_output "SIP OAuth mode is disabled."
}

@test "run sql: the security mode, with any case and blanks, and either or both columns" {
  security_mode 0
  first_ctl
  security_mode 1
  admin "RUN SQL  SELECT ParamName , ParamValue FROM ProcessConfig
    WHERE ParamName = \"clustersecuritymode\" ;"
  assert_success
  assert_line "ClusterSecurityMode 1"
  admin "run sql select paramvalue from processconfig where paramname='ClusterSecurityMode'"
  assert_success
  assert_output "paramvalue
==========
1"
}

@test "run sql: any other statement is refused with the one that is answered" {
  for statement in "select * from device" "select paramname,paramvalue from processconfig" \
    "select paramnames from processconfig where paramname='ClusterSecurityMode'" \
    "select paramname paramvalue from processconfig where paramname='ClusterSecurityMode'" \
    "select paramvalue from processconfig where paramname='Cluster'" \
    "select paramvalue from processconfig where paramname='ClusterSecurityModes'" \
    "select paramvalue from processconfig where paramname=ClusterSecurityMode" \
    "update processconfig set paramvalue=1 where paramname='ClusterSecurityMode'" \
    "select paramvalue from processconfig where paramname='ClusterSecurityMode' or '1'='1'" \
    "select paramname,paramname,paramname from processconfig where paramname='ClusterSecurityMode'"; do
    admin_refused 2 "it is: run sql select paramname,paramvalue from processconfig where paramname='ClusterSecurityMode'$" \
      "run sql $statement"
  done
  admin_refused 2 "'run sql' needs more: run sql STATEMENT" "run sql"
}

@test "file list tftp: the folders of the CTL file and of what is delivered, each once" {
  cluster_conf && first_ctl
  mkdir -p tftp/Ringtones more && touch {tftp,more}/CTLFile.tlv tftp/{.hidden.tlv,a.cnf.xml}
  sed -i 's|^subscriber cucm-sub1 {|&\n  deliver = {"'"$PWD"'/tftp", "./more", "sftp://ctl@10.9.9.9/tftp"}|' ctlsign.conf
  admin "file list tftp *.tlv"
  assert_success
  refute_stderr
  assert_output "       ./CTLFile.tlv
       $PWD/tftp/CTLFile.tlv
       ./more/CTLFile.tlv
dir count = 0, file count = 3"
  admin "file list tftp R*"
  assert_success
  assert_output "<dir>  $PWD/tftp/Ringtones
dir count = 1, file count = 0"
  admin "file list tftp nothing"
  assert_success
  assert_output "dir count = 0, file count = 0"
  rm -r tftp
  admin "file list tftp CTL*"
  assert_success
  assert_stderr --regexp '^ctlsign: warning: a folder is left out: .*/tftp: No such file or directory'
}

@test "file list tftp: of the CTL file's own folder only lists, unless it is delivered to" {
  cluster_conf && first_ctl
  : >cucm-pub.key
  admin "file list tftp *"
  assert_success
  assert_output "       ./CTLFile.tlv
dir count = 0, file count = 1"
  sed -i 's|^subscriber cucm-sub1 {|&\n  deliver = {"."}|; 1i ctl-file = "working.tlv"' ctlsign.conf
  admin "file list tftp *.key"
  assert_output "       ./cucm-pub.key
dir count = 0, file count = 1"
}

@test "file list tftp: a pattern leads nowhere else" {
  for pattern in /etc/passwd '../*' '*/*' ..; do
    admin_refused 2 "is no pattern of a file name: it contains '/' or '\.\.'; for example" \
      "file list tftp $pattern"
  done
}

@test "file delete tftp: from all folders, with an entry in the audit log" {
  mkdir tftp
  cluster_conf
  sed -i 's|^subscriber cucm-sub1 {|&\n  deliver = {"tftp"}|' ctlsign.conf
  first_ctl
  cp CTLFile.tlv tftp/ && cp CTLFile.tlv tftp/ITLFile.tlv
  admin "file delete tftp CTLFile.tlv" --yes
  assert_success
  assert_line "Deleted: ./CTLFile.tlv, tftp/CTLFile.tlv"
  assert_line --partial "Phones keep the list that they have"
  [[ ! -e CTLFile.tlv && ! -e tftp/CTLFile.tlv && -e tftp/ITLFile.tlv ]]
  ctlsign audit show
  assert_success
  assert_line --regexp 'file delete tftp.*started'
  assert_output --partial 'deletes ./CTLFile.tlv, tftp/CTLFile.tlv'
  ctlsign audit verify
  assert_success
  # The history still has it.
  admin "utils ctl update CTLFile" --yes
  assert_success
  [[ -s CTLFile.tlv ]]
  admin "file delete tftp CTLFile.tlv noconfirm"
  assert_success
  admin "file delete tftp CTLFile.tlv noconfirm"
  assert_failure 1
  assert_one_line_error "there is no file 'CTLFile.tlv' to delete; see .*file list tftp"
}

@test "file delete tftp: only plain names of lists" {
  mkdir Folder.tlv
  for name in ctlsign.conf ../CTLFile.tlv /etc/x.tlv '*.tlv' .tlv .x.tlv certs/x.tlv CTLFile.TLV; do
    admin_refused 2 "is not the plain name of a trust list" "file delete tftp $name" --yes
  done
  admin "file delete tftp Folder.tlv" --yes
  assert_failure 1
  assert_stderr --partial "there is no file 'Folder.tlv'"
  [[ -d Folder.tlv ]]
  admin_refused 2 "'now' is not understood here; .* noconfirm" "file delete tftp CTLFile.tlv now"
}

@test "file delete tftp: a link is deleted, not what it leads to" {
  first_ctl
  echo precious >target && ln -s target Link.tlv
  admin "file delete tftp Link.tlv" --yes
  assert_success
  [[ ! -L Link.tlv && -s target ]]
}

@test "an unknown command is answered with the nearest one" {
  local typed
  while IFS='|' read -r typed near; do
    admin_refused 2 "unknown command '${typed//\*/\\*}'; did you mean: $near\?\$" "$typed"
  done <<'END'
utils ctl udpate CTLFile|utils ctl update CTLFile
utils ctl update|utils ctl update CTLFile
util ctl set-cluster mixed|utils ctl set-cluster mixed-mode
utils ctl set-cluster nonsecure-mode|utils ctl set-cluster non-secure-mode
utils ctl reset-localkey|utils ctl reset localkey
utils sipOAuth-mode enabled|utils sipOAuth-mode enable
show clt|show ctl
show ctl all|show ctl
file lst tftp *.tlv|file list tftp
runn sql select paramvalue from processconfig|run sql
exti|exit
END
}

@test "the beginning of a command is told as such" {
  admin_refused 2 "'utils ctl' is only the beginning of a command; see how it goes on: help utils ctl$" \
    "utils ctl"
  admin_refused 2 "needs more: file list tftp PATTERN$" "file list tftp"
}

@test "names are the same in upper and lower case, blanks do not count" {
  admin "  SHOW   Ctl  "
  assert_success
  assert_output --partial "CTL File not found."
  admin "utils sipoauth-mode STATUS"
  assert_success
}

@test "help and ? list the commands, all or those that begin so" {
  admin help
  assert_success
  for name in "utils ctl set-cluster mixed-mode" "utils ctl set-cluster non-secure-mode" \
    "utils ctl update CTLFile" "utils ctl upgrade" "utils ctl reset localkey" "show ctl" "show itl" \
    "utils sipOAuth-mode enable" "file list tftp PATTERN" "file delete tftp FILE" \
    "run sql STATEMENT" exit quit; do
    assert_line --partial "  $name "
  done
  local all=$output
  admin "?"
  assert_output "$all"
  admin "help nothing like that"
  assert_output "$all"
  for form in "help utils ctl" "? utils ctl" "utils ctl ?"; do
    admin "$form"
    assert_success
    assert_equal "${#lines[@]}" 5
    assert_line --partial "utils ctl upgrade"
  done
}

@test "bad lines: controls, an open quote, too long, too many words" {
  admin_refused 2 "control characters" $'show\x1b ctl'
  admin_refused 2 "a quote is not closed" "show 'ctl"
  admin_refused 1 "longer than 1023 bytes" "$(printf '%01100d' 0)"
  admin_refused 1 "more than 32 words" "$(printf 'a %.0s' {1..40})"
}

@test "wrong options" {
  refused 2 "unexpected argument 'show'; a command is given with -c" admin show ctl
  refused 2 "-c is given twice" admin -c "show ctl" -c "show itl"
  refused 2 "--timeout takes 1 to 3600 seconds" admin -c "show ctl" --timeout never
  runbook --pin-fd 0 <<<"show ctl"
  assert_failure 2
  assert_one_line_error "pin-fd 0 is standard input"
}

@test "a runbook: comments and empty lines, and --config for each command" {
  mkdir elsewhere && cd elsewhere
  runbook --config ../ctlsign.conf --yes <<END
# first CTL, then look
show ctl

  # who is it
utils ctl set-cluster mixed-mode
show ctl
$MODE
utils ctl update CTLFile
utils sipOAuth-mode enable
utils sipOAuth-mode
utils ctl set-cluster non-secure-mode
$MODE
file list tftp CTL*
file delete tftp CTLFile.tlv
exit
this is not read any more
END
  assert_success
  assert_line "CTL File not found."
  assert_line "Cluster set to Mixed Mode"
  assert_line "ClusterSecurityMode 1"
  assert_line "CTL file Updated"
  assert_line --partial "SIP OAuth mode is enabled: CallManager listens"
  assert_line "Cluster set to Non Secure Mode"
  assert_line "ClusterSecurityMode 0"
  assert_line "dir count = 0, file count = 3"
  assert_line "Deleted: ../CTLFile.tlv, ../at-cucm-pub/CTLFile.tlv, ../at-cucm-sub1/CTLFile.tlv"
  assert_stderr --partial "admin:utils ctl update CTLFile"
  cd ..
  ctlsign history
  assert_line --regexp '^3 .*set-cluster non-secure-mode'
}

@test "a runbook stops at the first command that fails, and says which line" {
  runbook --yes <<'END'
show ctl
# nothing to update yet
utils ctl update CTLFile
utils ctl set-cluster mixed-mode
END
  assert_failure 1
  assert_stderr --partial "ctlsign: the runbook stops at line 3, which failed with exit code 1: utils ctl update CTLFile"
  [[ ! -e CTLFile.tlv ]]
  runbook < <(printf 'show itl\r\nshow clt')
  assert_failure 2
  assert_line "ITL File not found."
  assert_stderr --partial "did you mean: show ctl?"
  assert_stderr --partial "the runbook stops at line 2,"
}

@test "a runbook with answers in it is told where questions are asked" {
  runbook --yes < <(printf 'utils ctl set-cluster mixed-mode\ny\n')
  assert_failure 2
  assert_stderr --partial "'y' is an answer, and nothing was asked; questions are asked at the terminal"
  runbook < <(printf 'utils ctl set-cluster mixed-mode\ny\n')
  assert_failure 2
  assert_stderr --partial "the runbook stops at line 1,"
}

@test "a runbook with a NUL or a line that is too long does nothing of that line" {
  runbook < <(printf 'show\0ctl\n')
  assert_failure 2
  assert_stderr --partial "control characters"
  runbook < <(printf 'show ctl %05000d\n' 0)
  assert_failure 1
  assert_stderr --partial "longer than 1023 bytes"
}

@test "--token, --module and --pin-file are passed on: tokens sign the first CTL, and stay" {
  softhsm_require
  make_sasts tok1 tok2
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  for n in 1 2; do
    softhsm_token "SAST-$n" 1234
    softhsm_import "SAST-$n" 01 "$K/tok$n"
  done
  (umask 077 && echo 1234 >pin)
  runbook --yes --module "$SOFTHSM_MODULE" --pin-file pin --token pkcs11:token=SAST-1 \
    --token pkcs11:token=SAST-2 <<'END'
utils ctl set-cluster mixed-mode
END
  assert_success
  assert_line "Cluster set to Mixed Mode"
  ctlsign history --json
  assert_json '[.[].signing] | join(",")' tokens
  runbook --yes --module "$SOFTHSM_MODULE" --pin-file pin --token pkcs11:token=SAST-1 <<'END'
utils ctl update CTLFile
utils ctl upgrade
END
  assert_success
  ctlsign history --json
  assert_json '[.[].signing] | join(",")' tokens,tokens,tokenless
}

@test "--pin-fd: each command of a runbook takes a line" {
  openssl rsa -aes256 -passout pass:first -in certs/callmanager.key -out certs/locked.key
  mv certs/locked.key certs/callmanager.key
  printf 'first\nfirst\n' >pins && exec 7<pins
  runbook --yes --pin-fd 7 <<'END'
utils ctl set-cluster mixed-mode
utils ctl update CTLFile
utils ctl update CTLFile
END
  exec 7<&-
  assert_failure
  assert_stderr --partial "the runbook stops at line 3,"
  ctlsign history
  assert_line --regexp '^2 .*update'
}
