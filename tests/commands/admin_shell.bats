#!/usr/bin/env bats
# ctlsign admin at a terminal: the prompt, editing, completion, history, the one question, signals.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output is set by tty_finish

load fixtures
load cluster
load ../lib/tty

PROMPT="admin:"

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  tty_require
  cluster_setup
  HISTORY=$XDG_STATE_HOME/ctlsign/admin-history
}

teardown() {
  tty_stop
}

# shell [ARG...]: starts it and waits for the prompt.
shell() {
  tty_start -- "$CTLSIGN" admin "$@"
  tty_wait "$PROMPT"
}

# prompts N: until the prompt was shown so many times.
prompts() {
  tty_wait "$PROMPT" 10 "$1"
}

# leave: exit ends it well.
leave() {
  tty_type exit
  tty_finish
  assert_success
}

@test "commands are run one after the other, also behind one that fails" {
  shell
  tty_type "show ctl"
  tty_wait "CTL File not found."
  prompts 2
  tty_type "utils ctl update CTLFile"
  tty_wait "this cluster has no CTL yet"
  prompts 3
  tty_type "shwo itl"
  tty_wait "did you mean: show itl?"
  prompts 4
  tty_type "show itl"
  tty_wait "ITL File not found."
  prompts 5
  leave
}

@test "quit and Ctrl-D leave as well" {
  shell
  tty_type quit
  tty_finish
  assert_success
  shell
  tty_key C-d
  tty_finish
  assert_success
}

@test "a change shows the difference first, and asks one question" {
  with_targets
  shell
  tty_type "utils ctl set-cluster mixed-mode"
  tty_wait 'Type "yes" to go on'
  local before
  before=$(tty_screen)
  [[ $before == *"This operation will set the cluster to Mixed mode."*"the first CTL of cluster lab"*"SHA-512"*'Type "yes"'* ]]
  [[ ! -e CTLFile.tlv ]]
  tty_type yes
  tty_wait "Cluster set to Mixed Mode"
  prompts 2
  [[ -s CTLFile.tlv ]]
  tty_type "utils ctl update CTLFile"
  tty_wait 'Type "yes" to go on' 10 2
  tty_type no
  tty_wait "nothing was signed, and nothing has changed"
  prompts 3
  leave
  assert_equal "$(grep -c 'Type "yes"' <<<"$output")" 2
  ctlsign history
  refute_line --regexp '^2 '
}

@test "--yes asks nothing" {
  shell --yes
  tty_type "utils ctl set-cluster mixed-mode"
  tty_wait "Cluster set to Mixed Mode"
  prompts 2
  leave
  [[ $output != *'Type "yes"'* ]]
}

@test "file delete tftp asks y or n" {
  first_ctl
  shell
  tty_type "file delete tftp CTLFile.tlv"
  tty_wait "This operation will delete ./CTLFile.tlv."
  tty_wait "Do you want to continue? (y/n):"
  tty_type n
  tty_wait "nothing was deleted"
  prompts 2
  [[ -e CTLFile.tlv ]]
  tty_type "file delete tftp CTLFile.tlv"
  tty_wait "Do you want to continue? (y/n):" 10 2
  tty_type y
  tty_wait "Deleted: ./CTLFile.tlv"
  [[ ! -e CTLFile.tlv ]]
  prompts 3
  leave
}

@test "Tab completes words, and lists the choices" {
  shell
  tty_tmux send-keys -l "sh"
  tty_key Tab
  tty_wait "admin:show"
  tty_tmux send-keys -l "c"
  tty_key Tab Enter
  tty_wait "CTL File not found."
  prompts 2
  tty_tmux send-keys -l "ut"
  tty_key Tab
  tty_wait "admin:utils"
  tty_key Tab
  tty_wait "ctl sipOAuth-mode"
  tty_tmux send-keys -l "c"
  tty_key Tab
  tty_tmux send-keys -l "up"
  tty_key Tab
  tty_wait "admin:utils ctl up"
  tty_key Tab
  tty_wait "update upgrade"
  tty_tmux send-keys -l "d"
  tty_key Tab Tab
  tty_wait "admin:utils ctl update CTLFile"
  tty_key Enter
  tty_wait "this cluster has no CTL yet"
  leave
}

@test "the arrow keys go back to earlier lines, in the next session, too" {
  shell
  tty_type "show ctl"
  prompts 2
  tty_type "show itl"
  prompts 3
  tty_key Up Up Enter
  tty_wait "CTL File not found." 10 2
  prompts 4
  leave
  shell
  # exit, show ctl, show itl
  tty_key Up Up Up Enter
  tty_wait "ITL File not found."
  prompts 2
  leave
}

@test "the history is the owner's only, and has only what named a command" {
  mkdir -p "$(dirname "$HISTORY")" && : >"$HISTORY" && chmod 644 "$HISTORY"
  shell
  tty_type "4711-my-pin"
  tty_wait "unknown command"
  prompts 2
  tty_type "show ctl"
  prompts 3
  leave
  assert_equal "$(<"$HISTORY")" "show ctl
exit"
  assert_equal "$(stat -c %a "$HISTORY")" 600
  assert_equal "$(grep -rl 4711 "$XDG_STATE_HOME")" ""
}

@test "a passphrase that is asked for comes into no history" {
  openssl rsa -aes256 -passout pass:opensesame -in certs/callmanager.key -out certs/locked.key
  mv certs/locked.key certs/callmanager.key
  shell
  tty_type "utils ctl set-cluster mixed-mode"
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_wait "assphrase"
  tty_type "opensesame"
  tty_wait "Cluster set to Mixed Mode"
  prompts 2
  leave
  [[ $output != *opensesame* ]]
  assert_equal "$(grep -rl opensesame "$XDG_STATE_HOME")" ""
}

@test "a history that has grown is cut to its newest 500 lines" {
  mkdir -p "$(dirname "$HISTORY")"
  for ((i = 1; i <= 1001; i++)); do echo "show itl $i"; done >"$HISTORY"
  shell
  tty_key Up
  tty_wait "admin:show itl 1001"
  tty_key C-c
  prompts 2
  leave
  assert_equal "$(wc -l <"$HISTORY")" 501
  assert_equal "$(head -n 1 "$HISTORY")" "show itl 502"
}

@test "a history that cannot be written is warned of, and nothing else" {
  : >"$BATS_TEST_TMPDIR/file"
  XDG_STATE_HOME=$BATS_TEST_TMPDIR/file
  shell
  tty_type "show ctl"
  tty_wait "CTL File not found."
  tty_wait "warning: "
  prompts 2
  leave
  assert_equal "$(grep -c 'warning: ' <<<"$output")" 1
}

@test "Ctrl-C clears the line, and the shell goes on" {
  shell
  tty_tmux send-keys -l "utils ctl set-cluster non-sec"
  tty_wait "admin:utils ctl set-cluster non-sec"
  tty_key C-c
  prompts 2
  tty_type "show ctl"
  tty_wait "CTL File not found."
  prompts 3
  leave
  [[ $output != *"unknown command"* ]]
}

@test "Ctrl-C at a question ends the question only, and the next one is asked as ever" {
  shell
  tty_type "utils ctl set-cluster mixed-mode"
  tty_wait 'Type "yes" to go on'
  tty_key C-c
  prompts 2
  [[ ! -e CTLFile.tlv ]]
  tty_type "utils ctl set-cluster mixed-mode"
  tty_wait 'Type "yes" to go on' 10 2
  tty_key C-c
  prompts 3
  tty_type "utils ctl set-cluster mixed-mode"
  tty_wait 'Type "yes" to go on' 10 3
  tty_type yes
  tty_wait "Cluster set to Mixed Mode"
  prompts 4
  leave
  [[ -s CTLFile.tlv ]]
}

@test "SIGTERM or SIGHUP at a question ends the shell by that signal, and nothing has changed" {
  local name
  for name in TERM HUP; do
    shell
    tty_type "utils ctl set-cluster mixed-mode"
    tty_wait 'Type "yes" to go on'
    tty_signal "$name"
    tty_finish
    assert_killed "$(kill -l "$name")"
    [[ ! -e CTLFile.tlv ]]
    tty_stop
  done
}

@test "SIGTERM at the prompt ends the shell by that signal, with the terminal as it was" {
  # shellcheck disable=SC2016  # expanded by the inner shell
  tty_start -- bash -c 'stty -g >before; "$0" admin </dev/tty & echo $! >child; wait $!
    echo "ended $?"; stty -g >after' "$CTLSIGN"
  tty_wait "$PROMPT"
  kill -TERM "$(<child)"
  tty_wait "ended 143"
  tty_finish
  assert_equal "$(<after)" "$(<before)"
}

@test "the terminal is as it was when the shell ends" {
  # shellcheck disable=SC2016  # expanded by the inner shell
  tty_start -- bash -c 'stty -g >before; "$0" admin; stty -g >after' "$CTLSIGN"
  tty_wait "$PROMPT"
  tty_type "show ctl"
  prompts 2
  tty_type exit
  tty_finish
  assert_equal "$(<after)" "$(<before)"
}

@test "Ctrl-Z stops the shell, and fg brings the line back" {
  tty_start -- bash --norc -i
  tty_type "'$CTLSIGN' admin"
  tty_wait "$PROMPT"
  tty_tmux send-keys -l "show"
  tty_wait "admin:show"
  tty_key C-z
  tty_wait "Stopped"
  tty_type "echo still \$((40 + 2)) here"
  tty_wait "still 42 here"
  tty_type fg
  tty_wait "admin:show" 10 2
  tty_type " ctl"
  tty_wait "CTL File not found."
  tty_type exit
  tty_type "exit 0"
  tty_finish
}

@test "results go to stdout, the conversation to the terminal" {
  tty_start --stdout out -- "$CTLSIGN" admin
  tty_wait "$PROMPT"
  tty_type "show ctl"
  prompts 2
  leave
  assert_equal "$(<out)" "Length of CTL file: 0
CTL File not found."
}

@test "a runbook at a terminal: the question is asked there" {
  printf '%s\n' "utils ctl set-cluster mixed-mode" "show ctl" >runbook
  tty_start --stdin runbook -- "$CTLSIGN" admin
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_wait "Cluster set to Mixed Mode"
  tty_finish
  assert_success
}
