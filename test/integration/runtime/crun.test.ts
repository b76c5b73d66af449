import { afterAll, beforeAll } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRuntimeDriver } from './describe-runtime-driver.ts';

const CONTROLLERS = '/sys/fs/cgroup/unified/cgroup.controllers';

// crun refuses a hybrid host whose cgroup v2 mount lists controllers. In a mount namespace of its own it sees none.
const dir = mkdtempSync(join(tmpdir(), 'crun-'));
const path = join(dir, 'crun');

beforeAll(() => {
  const hybrid = existsSync(CONTROLLERS) && readFileSync(CONTROLLERS, 'latin1').trim() !== '';
  const plain = '#!/bin/sh\nexec crun "$@"\n';
  const hidden = `#!/bin/sh\nexec unshare -m sh -c 'mount --bind /dev/null ${CONTROLLERS} && exec crun "$@"' sh "$@"\n`;
  writeFileSync(path, hybrid ? hidden : plain, { mode: 0o755 });
});

afterAll(() => rmSync(dir, { recursive: true }));

describeRuntimeDriver('crun', path);
