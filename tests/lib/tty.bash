# A command at a terminal of its own, for what is asked on /dev/tty.  tmux plays the terminal; its
# server is private to the test, and gone after tty_stop.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

tty_require() {
  command -v tmux >/dev/null || skip "tmux is not installed"
}

tty_tmux() {
  env -u TMUX LC_ALL=C.UTF-8 tmux -u -S "$TTY_DIR/socket" -f "$TTY_DIR/tmux.conf" "$@" 3>&- 4>&-
}

# tty_start [--stdin FILE] [--stdout FILE] [--stderr FILE] [--] COMMAND [ARG...]
# starts the command in the current directory and environment; streams that are not redirected are
# the terminal, TTY_COLUMNS wide: 250 where it is unset.
tty_start() {
  local redirect=
  while [[ ${1-} == --* ]]; do
    case $1 in
    --stdin) redirect+=" <$(printf %q "$2")" ;;
    --stdout) redirect+=" >$(printf %q "$2")" ;;
    --stderr) redirect+=" 2>$(printf %q "$2")" ;;
    --)
      shift
      break
      ;;
    *)
      echo "tty_start: $1?" >&2
      return 2
      ;;
    esac
    shift 2
  done
  tty_stop
  # A socket's path has about a hundred characters, which bats' own directories may use up.
  TTY_DIR=$(mktemp -d /tmp/ctlsign-tty.XXXXXX) || return
  printf '%s\n' 'set -g status off' 'set -g history-limit 5000' 'set -g default-shell /bin/bash' \
    'set -g default-terminal screen' >"$TTY_DIR/tmux.conf"
  {
    export -p
    printf '%s\n' "unset TMUX TMUX_PANE; export TERM=screen" \
      "cd $(printf %q "$PWD") || exit"
    # The command must get Ctrl-C with its default meaning, this script must survive it.
    printf '%s\n' "trap : INT QUIT TSTP"
    # shellcheck disable=SC2016  # expanded by the inner shell
    printf '%s' 'bash -c '\''echo $$ >"$0/pid"; exec "$@"'\' " $(printf %q "$TTY_DIR")"
    printf ' %q' "$@"
    printf '%s\n' "$redirect" "echo \$? >$TTY_DIR/status.new" \
      "mv $TTY_DIR/status.new $TTY_DIR/status" "exec sleep 600"
  } >"$TTY_DIR/script"
  tty_tmux new-session -d -x "${TTY_COLUMNS:-250}" -y 50 "bash --norc $TTY_DIR/script"
}

# Prints what the terminal showed from the start, wrapped lines joined.
tty_screen() {
  tty_tmux capture-pane -p -J -S - | sed 's/ *$//'
}

# The same as it stands there, words that are broken in the middle broken, as one line.
tty_words() {
  tty_tmux capture-pane -p -S - | tr -s '[:space:]' ' '
}

tty_ended() {
  [[ -f $TTY_DIR/status ]]
}

# tty_wait TEXT [SECONDS [TIMES]]: until the screen shows TEXT, or shows it so many times.
tty_wait() {
  local text=$1 end=$((SECONDS + ${2-10} + 1)) times=${3-1} over=no screen
  while :; do
    ! tty_ended || over=yes
    screen=$(tty_screen)
    if [[ $(grep -oF -- "$text" <<<"$screen" | wc -l) -ge $times ]]; then
      return 0
    fi
    if [[ $over == yes ]] || ((SECONDS >= end)); then
      printf '%s\n' "the terminal never showed: $text" "ended: $over" "screen:" "$screen" >&2
      return 1
    fi
    sleep 0.02
  done
}

# tty_type TEXT: types it and presses Enter.
tty_type() {
  tty_tmux send-keys -l -- "$1" && tty_tmux send-keys Enter
}

# tty_key KEY...: tmux's names: Enter, C-c, C-d, Escape.
tty_key() {
  tty_tmux send-keys "$@"
}

# tty_signal SIGNAL: to the command itself.
tty_signal() {
  kill -s "$1" "$(<"$TTY_DIR/pid")"
}

# tty_finish [SECONDS]: waits for the end; sets status, output (the screen) and lines as run does.
# shellcheck disable=SC2034
tty_finish() {
  local end=$((SECONDS + ${1-20} + 1))
  until tty_ended; do
    if ((SECONDS >= end)); then
      printf '%s\n' "the command does not end; screen:" "$(tty_screen)" >&2
      return 1
    fi
    sleep 0.02
  done
  status=$(<"$TTY_DIR/status")
  output=$(tty_screen)
  mapfile -t lines <<<"$output"
  RAN_SPLIT=no
  BATS_RUN_COMMAND="(at a terminal) $(tail -n 4 "$TTY_DIR/script" | head -n 1)"
}

# For teardown: ends the command and the terminal.
tty_stop() {
  [[ -n ${TTY_DIR-} ]] || return 0
  tty_tmux kill-server 2>/dev/null || true
  rm -rf "$TTY_DIR"
  TTY_DIR=
}
