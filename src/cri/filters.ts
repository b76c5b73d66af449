// List filters as predicates: all given fields must match; no filter matches everything.
// @see CRI PodSandboxFilter, ContainerFilter, ContainerStatsFilter

/** Whether `labels` holds every pair of `selector`. */
export function matchesLabels(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Whether an id is the wanted one or begins with the wanted prefix; '' wants any. */
export function matchesId(id: string, wanted: string): boolean {
  return wanted === '' || id.startsWith(wanted);
}

/** Whether a state is the wanted one; no filter wants any. */
export function matchesState(state: string, wanted: { readonly state: string } | null | undefined): boolean {
  return wanted === null || wanted === undefined || wanted.state === state;
}
