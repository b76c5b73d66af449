# shellcheck shell=bash
# Runs checks one by one, for the suites to source: a check is a function that fails by its status.

RESULTS=/lab/results
passed=0
failed=0

# check NAME FUNCTION [ARG...]: runs it in a shell of its own that ends with the first command that fails. Of what it
# prints, lines that begin with "told: " are shown in any case.
check() {
  local name=$1 started=$SECONDS status=0
  shift
  (
    set -euo pipefail
    "$@"
  ) >"$RESULTS/check.log" 2>&1
  status=$?
  if ((status == 0)); then
    passed=$((passed + 1))
    printf 'ok      %s (%s s)\n' "$name" $((SECONDS - started))
    sed -n 's/^told: /        /p' "$RESULTS/check.log"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s (%s s)\n' "$name" $((SECONDS - started))
    sed 's/^/        /' "$RESULTS/check.log" | tail -30
  fi
  jq -cn --arg name "$name" --argjson passed "$((status == 0))" --argjson seconds $((SECONDS - started)) \
    --rawfile log "$RESULTS/check.log" \
    '{ name: $name, passed: ($passed == 1), seconds: $seconds } + (if $passed == 1 then {} else { log: $log } end)' \
    >>"$RESULTS/checks.jsonl"
}

verdict() {
  journalctl --no-pager -o short-monotonic >"$RESULTS/journal.log"
  printf 'vm: %s passed, %s failed, (%s s since the machine started)\n' "$passed" "$failed" "$(cut -d. -f1 /proc/uptime)"
  ((failed == 0 && passed > 0))
}

# equal WHAT ACTUAL EXPECTED
equal() {
  [[ $2 == "$3" ]] || { echo "$1: expected \"$3\", got \"$2\"" && return 1; }
}

# matches WHAT ACTUAL REGEX
matches() {
  [[ $2 =~ $3 ]] || { echo "$1: expected something like \"$3\", got \"$2\"" && return 1; }
}

# between WHAT ACTUAL LEAST MOST
between() {
  [[ $2 =~ ^[0-9]+$ ]] && (($2 >= $3 && $2 <= $4)) || { echo "$1: expected $3 to $4, got \"$2\"" && return 1; }
}

# refused COMMAND...: prints what it complains about; fails when the command succeeds.
refused() {
  local output
  if output=$("$@" 2>&1); then echo "succeeded: $*: $output" >&2 && return 1; fi
  echo "$output"
}

# eventually COMMAND...: tries for a minute.
eventually() {
  local try
  for try in $(seq 120); do
    "$@" && return 0
    sleep 0.5
  done
  echo "not within a minute: $*"
  return 1
}
