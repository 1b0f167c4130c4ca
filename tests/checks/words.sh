#!/bin/sh
# All text for people goes through gettext: no literal English reaches an error, a hint or a print
# call without _(), N_() or ngettext().  Formats without words ("%s: %s") are fine.
#
# usage: words.sh [SOURCE-DIRECTORY]     prints TAP
set -u
cd "${1:-${SRCDIR:-.}}" || exit 99

bare=$(find src tokens -name '*.c' | sort | xargs perl -0777 -ne '
  while (/\b(error_set|error_hint|error_errno|error_openssl|cli_usage_error|cli_warn|fputs|puts)\s*\(((?:[^();"]|"(?:[^"\\]|\\.)*"|\((?:[^()"]|"(?:[^"\\]|\\.)*"|\((?:[^()"]|"(?:[^"\\]|\\.)*")*\))*\))*)\)\s*[;,:)]/g) {
    my ($call, $args, $at) = ($1, $2, $-[0]);
    # what stands inside a call of gettext is translated
    $args =~ s/\b(?:N?_|ngettext|gettext)\s*\((?:[^()"]|"(?:[^"\\]|\\.)*"|\((?:[^()"]|"(?:[^"\\]|\\.)*")*\))*\)//g;
    while ($args =~ /"((?:[^"\\]|\\.)*)"/g) {
      my $text = my $shown = $1;
      $text =~ s/%[-+ 0-9.*\$]*(?:hh|h|ll|l|z|j)?[a-zA-Z]//g;
      next unless $text =~ /[A-Za-z]{3}/ && $shown =~ / /;  # a lone word is a name
      my $line = 1 + (substr($_, 0, $at) =~ tr/\n//);
      print "$ARGV:$line: $call: \"$shown\"\n";
    }
  }')
if [ -z "$bare" ]; then echo "ok 1 - text for people goes through gettext"; else
  echo "not ok 1 - text for people goes through gettext"
  echo "$bare" | sed 's/^/# /'
fi
echo "1..1"
[ -z "$bare" ]
