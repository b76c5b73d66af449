// Prints the default configuration with every key, its meaning and its default: `crisol config default`.
import { DAEMON_FIELDS } from './daemon-keys.ts';
import { fallbackOf, type Field, type Fields, type FileValue } from './field.ts';
import { POLICY_SCOPE_FIELDS } from './image-policy.ts';
import { SYSTEM_PLACES, type Places } from './places.ts';
import { FEATURE_FIELDS, OCI_FIELDS, SHIM_FIELDS } from './runtime-handler.ts';
import { SECTIONS } from './schema.ts';

const HEADER = `# The configuration of crisol, with every key at its default. Keys that have none are commented out.
# Further files in config.toml.d/*.toml are merged over this one by name: tables key by key, everything else replaced.
# Unknown keys are errors; "crisol config check" reads everything without starting anything.`;

const RUNTIMES = `# Runtime handlers: the NAME of [runtimes.NAME] is the "handler" of a RuntimeClass. Two kinds:
# "oci", an OCI runtime binary under conmon (runc, crun, runsc), and "shim-v2", a containerd shim (Kata).
# Without any table there is runc, as below.`;

/** A value in TOML. Basic strings have JSON's escapes. */
export function toToml(value: FileValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
}

/** The whole default file; loading it gives the same Config as having no file. */
export function printDefaultConfig(places: Places = SYSTEM_PLACES): string {
  const scope = commentOut(
    `[images.policy.scopes."registry.example.com/team"]\n${printFields(POLICY_SCOPE_FIELDS, places)}`,
  ).replace('keys = []', 'keys = ["/etc/crisol/keys/team.pub"]');
  const sections = Object.entries(SECTIONS).map(
    ([name, { doc, fields }]) =>
      `# ${doc}\n[${name}]\n${printFields(fields, places)}${name === 'images.policy' ? `\n${scope}` : ''}`,
  );
  const shim = [
    '[runtimes.kata]',
    'kind = "shim-v2"',
    // A shim's path has no default, yet the table is nothing without it.
    printFields(SHIM_FIELDS, places).replace('# path = ', 'path = '),
    '[runtimes.kata.features]',
    printFields(FEATURE_FIELDS, places),
  ].join('\n');
  const parts = [
    HEADER,
    `version = 1\n${printFields(DAEMON_FIELDS, places)}`,
    ...sections,
    `${RUNTIMES}\n[runtimes.runc]\nkind = "oci"\n${printFields(OCI_FIELDS, places)}`,
    `# What the runtime can do, where it cannot be asked.\n[runtimes.runc.features]\n${printFields(FEATURE_FIELDS, places)}`,
    `# The keys of a shim:\n${commentOut(shim)}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function printFields(fields: Fields, places: Places): string {
  return Object.values(fields)
    .map((field) => `# ${field.doc}.\n${printValue(field, places)}`)
    .join('\n');
}

function printValue(field: Field<unknown>, places: Places): string {
  const value = fallbackOf(field, places);
  if (value !== undefined) return `${field.key} = ${toToml(value)}`;
  return `# ${field.key} = ${toToml(field.example ?? '')}`;
}

function commentOut(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith('#') ? `#${line}` : `# ${line}`))
    .join('\n');
}
