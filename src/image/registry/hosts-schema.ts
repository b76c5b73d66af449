// hosts.toml as containerd defines it: the fields we act on.
import { z } from 'zod';

const OneOrMany = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]));
// A lone path, a list of paths, or a list of [cert, key] pairs.
const Clients = z.union([z.string(), z.array(z.union([z.string(), z.array(z.string())]))]);

/** The settings of one host; they stand at the top level for `server` itself. */
export const HostTable = z.object({
  capabilities: z.array(z.string()).optional(),
  ca: OneOrMany.optional(),
  client: Clients.optional(),
  skip_verify: z.boolean().optional(),
  header: z.record(z.string(), OneOrMany).optional(),
  override_path: z.boolean().optional(),
  dial_timeout: z.string().optional(),
});
export type HostTable = z.infer<typeof HostTable>;

/** @see containerd docs/hosts.md */
export const HostsFile = HostTable.extend({
  server: z.string().optional(),
  host: z.record(z.string(), HostTable).optional(),
});
export type HostsFile = z.infer<typeof HostsFile>;
