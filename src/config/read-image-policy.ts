// Reads [images.policy] and the scopes below it.
import { isTable, type FileTable } from './documents.ts';
import {
  IMAGE_POLICY_FIELDS,
  POLICY_SCOPE_FIELDS,
  type ImagePolicyConfig,
  type PolicyScopeConfig,
} from './image-policy.ts';
import { readTable, type ReadContext } from './read-table.ts';

const PATH = ['images', 'policy'];
const SCOPE = /^[A-Za-z0-9.-]+(:[0-9]+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** The policy in `table`; a scope that asks for signatures must name keys. */
export function readImagePolicy(context: ReadContext, table: FileTable): ImagePolicyConfig {
  const values = readTable(context, PATH, table, IMAGE_POLICY_FIELDS, ['scopes']);
  const given = table['scopes'];
  if (given !== undefined && !isTable(given)) context.report([...PATH, 'scopes'], 'must be a table');
  const scopes: Record<string, PolicyScopeConfig> = {};
  for (const [name, own] of Object.entries(isTable(given) ? given : {})) {
    const at = [...PATH, 'scopes', name];
    if (!SCOPE.test(name)) context.report(at, 'a scope is HOST or HOST/PATH, such as "registry.example.com/team"');
    if (!isTable(own)) {
      context.report(at, `must be a table, [images.policy.scopes.${JSON.stringify(name)}]`);
      continue;
    }
    const scope = readTable(context, at, own, POLICY_SCOPE_FIELDS);
    scopes[name] = scope;
    const keys = (scope.keys as readonly string[] | undefined) ?? [];
    if (scope.require === 'signed' && keys.length === 0) {
      context.report(at, 'asks for a signature but names no keys: write keys = ["/path/of/cosign.pub"]');
    }
    if (scope.require !== 'signed' && keys.length > 0)
      context.report([...at, 'keys'], 'only require = "signed" has keys');
  }
  return { ...values, scopes };
}
