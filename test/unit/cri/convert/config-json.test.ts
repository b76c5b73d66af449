import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import {
  ENUM_FIELDS,
  MAP_FIELDS,
  NUMBER_FIELDS,
  protocolName,
  toConfigJson,
} from '../../../../src/cri/convert/config-json.ts';
import { packageRoot } from '../../../../src/package-root.ts';

const file = join(packageRoot(), 'proto/runtime/v1/api.proto');
const CONFIGS = ['ContainerConfig', 'PodSandboxConfig'];

/** Every field that a config can have, however deep. */
function fieldsOf(keepCase: boolean): Map<string, protobuf.Field> {
  const root = new protobuf.Root().loadSync(file, { keepCase });
  const found = new Map<string, protobuf.Field>();
  const visit = (type: protobuf.Type) => {
    for (const field of type.fieldsArray) {
      field.resolve();
      if (found.has(field.fullName)) continue;
      found.set(field.fullName, field);
      if (field.resolvedType instanceof protobuf.Type) visit(field.resolvedType);
    }
  };
  for (const name of CONFIGS) visit(root.lookupType(`runtime.v1.${name}`));
  return found;
}

// A config's fields only: windows is refused.
const isOurs = ({ fullName }: protobuf.Field) => !fullName.includes('Windows');
const fields = [...fieldsOf(false).values()].filter(isOurs);
const originals = [...fieldsOf(true).values()].filter(isOurs);

describe('toConfigJson()', () => {
  it('knows the name of every field in the protocol', () => {
    expect(fields.length).toBeGreaterThan(80);
    expect(fields.map(({ name }) => protocolName(name))).toEqual(originals.map(({ name }) => name));
  });

  it('knows every enum, 64-bit number and map', () => {
    const isWide = ({ type, parent }: protobuf.Field) => /^u?int64$/.test(type) && parent?.name !== 'Int64Value';
    const names = (matching: (field: protobuf.Field) => boolean) =>
      new Set(fields.filter(matching).map(({ name }) => name));
    expect(names(({ resolvedType }) => resolvedType instanceof protobuf.Enum)).toEqual(
      new Set(Object.keys(ENUM_FIELDS)),
    );
    expect(names(isWide)).toEqual(NUMBER_FIELDS);
    expect(names((field) => field instanceof protobuf.MapField)).toEqual(MAP_FIELDS);
  });

  it('knows the number of every name of an enum', () => {
    for (const { name, resolvedType } of fields) {
      if (!(resolvedType instanceof protobuf.Enum)) continue;
      for (const [text, number] of Object.entries(resolvedType.values)) {
        expect(toConfigJson({ [name]: text })).toEqual(number === 0 ? {} : { [protocolName(name)]: number });
      }
    }
  });

  it.each([
    {
      name: 'what is not set',
      message: { a: '', b: null, c: [], d: '0x', oomScoreAdj: '0', labels: {} },
      json: { d: '0x' },
    },
    { name: 'messages without a field', message: { linux: { seccomp: {} } }, json: { linux: { seccomp: {} } } },
    {
      name: 'names that are the user’s own',
      message: { labels: { camelCase: '1' } },
      json: { labels: { camelCase: '1' } },
    },
    {
      name: 'numbers',
      message: { runAsUser: { value: '7' }, supplementalGroups: ['8'] },
      json: { run_as_user: { value: 7 }, supplemental_groups: [8] },
    },
    { name: 'user 0', message: { runAsUser: { value: '0' } }, json: { run_as_user: { value: 0 } } },
    {
      name: 'environment variables',
      message: {
        envs: [
          { key: 'A', value: Buffer.from('1') },
          { key: 'B', value: '2' },
        ],
      },
      json: {
        envs: [
          { key: 'A', value: '1' },
          { key: 'B', value: '2' },
        ],
      },
    },
  ])('writes $name as crictl reads it', ({ message, json }) => {
    expect(toConfigJson(message)).toEqual(json);
  });
});
