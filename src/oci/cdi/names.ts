// Names of CDI devices, and where a container lists them.
import { invalidArgument } from '../../errors.ts';
import type { ContainerConfig } from '../../gen/runtime/v1/ContainerConfig.ts';

const KIND = /^[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?$/;
const NAME = /^[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/;
const ANNOTATION = 'cdi.k8s.io/';

/** Whether `text` is the `vendor/class` of a spec. */
export function isDeviceKind(text: string): boolean {
  return KIND.test(text);
}

/** Whether `text` may name a device within its kind. */
export function isDeviceName(text: string): boolean {
  return NAME.test(text);
}

/**
 * The CDI devices a container asks for, by field and by annotation, once each and in this order.
 * @throws invalid-argument for what is not `vendor/class=name`
 */
export function requestedCdiDevices({
  CDIDevices,
  annotations,
}: Pick<ContainerConfig, 'CDIDevices' | 'annotations'>): string[] {
  const annotated = Object.entries(annotations)
    .filter(([key]) => key.startsWith(ANNOTATION))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, value]) => value.split(',').map((name) => name.trim()));
  const names = [...new Set([...CDIDevices.map(({ name }) => name), ...annotated])];
  for (const name of names) checkName(name);
  return names;
}

function checkName(text: string): void {
  const [kind = '', name = '', ...more] = text.split('=');
  if (isDeviceKind(kind) && isDeviceName(name) && more.length === 0) return;
  throw invalidArgument(`CDI device "${text}" is not of the form vendor/class=name`);
}
