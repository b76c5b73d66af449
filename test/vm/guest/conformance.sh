# shellcheck shell=bash
# Specs of critest: the nine that no other lab can run, and others whose outcome depends on the machine.

# run_specs REPORT HANDLER [ARG...]: how they went is for the report to tell; what was printed is in REPORT.log.
run_specs() {
  cd /lab
  critest -runtime-endpoint "$CONTAINER_RUNTIME_ENDPOINT" -image-endpoint "$IMAGE_SERVICE_ENDPOINT" -runtime-handler "$2" \
    -ginkgo.no-color -ginkgo.junit-report "$1" "${@:3}" >"$1.log" 2>&1 || true
}

# specs COUNT HANDLER FOCUS: as many pass, and none fails.
specs() {
  local report=$RESULTS/critest-$2-${RANDOM}.xml
  run_specs "$report" "$2" -ginkgo.focus "$3"
  node /lab/guest/verdict.mjs "$report" /dev/null | grep -v 'not selected' | tee "$report.verdict"
  sed -n 's/.*<testcase name="\[It\] \(\[k8s.io\] \)\?\([^"]*\)"[^>]*status="passed".*/told: \2/p' "$report"
  matches 'verdict' "$(tail -1 "$report.verdict")" "^conformance: $1 passed, 0 failed"
}

suite_conformance() { check 'conformance: 9 AppArmor specs (runc)' specs 9 runc AppArmor; }

suite_userns_specs() { check 'conformance: 6 user namespace specs (crun)' specs 6 crun UserNamespaces; }
