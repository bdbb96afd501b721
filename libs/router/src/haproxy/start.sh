#!/bin/sh
# start.sh COMMAND...: the first thing in the router's container. The engine starts it also while no Tagship process
# runs, so what a power cut or a person has done to the file of seats is put right here: the routes before the last
# change take its place, and where even they are gone, none. HAProxy would not start, or know no app.
set -eu
LC_ALL=C
export LC_ALL
file=/tagship/state/seats.cfg

line='# tagship seats [0-9]+|# end|# seat [0-9]+ app=[!-~]+ [!-~ ]+|backend s[0-9]+-(blue|green) from slot'
line="$line|  server [!-~]+ [[]?[0-9a-f.:]+[]]?:[0-9]+"

# Every line is one that the router writes, the end mark is there, and so is each seat of the heading.
is_whole() {
  [ -f "$1" ] && [ "$(tail -n 1 "$1" | tr -d '\000')" = '# end' ] &&
    ! grep -aEvxq "$line" "$1" &&
    [ "$(sed -n '1s/^# tagship seats //p' "$1")" = "$(grep -c '^# seat ' "$1")" ]
}

if ! is_whole "$file"; then
  if is_whole "$file.last"; then
    echo "[WARNING] the file of seats is damaged: starting with the routes before its last change" >&2
    cp "$file.last" "$file.mended"
  else
    echo "[WARNING] the file of seats is damaged or missing: starting without routes" >&2
    printf '# tagship seats 0\n# end\n' >"$file.mended"
  fi
  mv "$file.mended" "$file"
fi
exec "$@"
