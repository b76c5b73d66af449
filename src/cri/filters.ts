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

interface Labelled {
  readonly id: string;
  readonly config: { readonly labels: Readonly<Record<string, string>> };
  readonly status: { readonly phase: string };
}

interface ObjectFilter {
  readonly id: string;
  readonly labelSelector: Readonly<Record<string, string>>;
}

/** Whether a pod or container is to be seen, and has the wanted id and labels. What is still being made is hidden. */
export function matchesObject(record: Labelled, filter: ObjectFilter | null): boolean {
  if (record.status.phase === 'creating') return false;
  return (
    filter === null || (matchesId(record.id, filter.id) && matchesLabels(record.config.labels, filter.labelSelector))
  );
}

/** The same for a container, whose pod can be asked for too. */
export function matchesContainer(
  record: Labelled & { readonly sandboxId: string },
  filter: (ObjectFilter & { readonly podSandboxId: string }) | null,
): boolean {
  return matchesObject(record, filter) && matchesId(record.sandboxId, filter?.podSandboxId ?? '');
}

/** Whether a state is the wanted one; no filter wants any. */
export function matchesState(state: string, wanted: { readonly state: string } | null | undefined): boolean {
  return wanted === null || wanted === undefined || wanted.state === state;
}
