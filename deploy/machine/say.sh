# shellcheck shell=sh
# What the launcher says, on stderr: one line a step, and what to do where a step fails.

say() {
  printf 'tagship: %s\n' "$*" >&2
}

# fail WHAT-IS-WRONG WHAT-TO-DO
fail() {
  printf 'tagship: %s\n         %s\n' "$1" "$2" >&2
  exit 1
}

# The folder for what is needed only while preparing; removed at the end.
make_workspace() {
  [ -z "${workspace-}" ] || return 0
  workspace=$(mktemp -d "${TMPDIR:-/var/tmp}/tagship-prepare.XXXXXX")
  trap 'clean_up' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Also gives back what would otherwise pass on to the program that the launcher becomes.
clean_up() {
  [ -n "${workspace-}" ] || return 0
  rm -rf -- "$workspace"
  workspace=
  allow_services
  exec 9>&-
}

# step TITLE WHAT-TO-DO-IF-IT-FAILS COMMAND [ARGUMENT...]
# Runs the command quietly; says how long it took, or shows the last it said.
step() {
  title=$1 mend=$2
  shift 2
  if try_step "$title" failed "$@"; then
    return 0
  fi
  tail -n 15 -- "$workspace/step.log" | sed 's/^/         | /' >&2
  fail "$title failed." "$mend"
}

# try_step TITLE WORD-FOR-FAILURE COMMAND [ARGUMENT...]
# The same, but the caller decides what a failure means.
try_step() {
  title=$1 word=$2
  shift 2
  began=$(date +%s)
  if [ -t 2 ]; then printf 'tagship: %s ... ' "$title" >&2; else say "$title ..."; fi
  outcome='done' status=0
  "$@" >"$workspace/step.log" 2>&1 </dev/null || outcome=$word status=1
  took="$outcome ($(($(date +%s) - began)) s)"
  if [ -t 2 ]; then printf '%s\n' "$took" >&2; else say "$title: $took"; fi
  return "$status"
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# bounded SECONDS COMMAND [ARGUMENT...]: ended when it takes longer, where this machine can do that.
bounded() {
  seconds=$1
  shift
  if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}
