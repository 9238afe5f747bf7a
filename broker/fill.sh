#!/bin/sh
# fill.sh TEMPLATE: prints it with every ${NAME} replaced from the environment; stops at a name that is not set.
exec awk '
{
  line = $0; done = ""
  while (match(line, /\$\{[A-Z_]+\}/)) {
    name = substr(line, RSTART + 2, RLENGTH - 3)
    if (!(name in ENVIRON)) { print FILENAME ": " name " is not set: add it to .env" > "/dev/stderr"; exit 1 }
    done = done substr(line, 1, RSTART - 1) ENVIRON[name]
    line = substr(line, RSTART + RLENGTH)
  }
  print done line
}' "$1"
