// The least memory limit a runtime handler takes: below it a sandboxed container would die without a word.
import { invalidArgument } from '../errors.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';

/**
 * @param limit bytes; 0: no limit
 * @throws invalid-argument with both numbers when the limit is below `container_min_memory` of the pod's handler
 */
export function checkMemoryLimit({ handler }: Pick<SandboxRecord, 'handler'>, limit: number): void {
  const least = handler.containerMinMemoryBytes;
  if (limit <= 0 || limit >= least) return;
  throw invalidArgument(
    `memory limit of ${limit} bytes is below the ${least} bytes that runtime handler "${handler.name}" asks for ` +
      '(container_min_memory)',
  );
}
