import { join } from 'node:path';
import { describeRuntimeDriver } from './describe-runtime-driver.ts';

const SHIMS = join(process.cwd(), '.lab/bin/shims');

// Debian's serves version 2 of the task service and prints a bare address, the current one version 3 and a message.
describeRuntimeDriver('shim-runc of Debian', join(SHIMS, 'debian/containerd-shim-runc-v2'), { kind: 'shim-v2' });
describeRuntimeDriver('shim-runc of today', join(SHIMS, 'current/containerd-shim-runc-v2'), { kind: 'shim-v2' });
