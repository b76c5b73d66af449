import { join } from 'node:path';
import { findTraits } from '../../../src/runtime/traits.ts';
import { describeRuntimeDriver } from './describe-runtime-driver.ts';

const PROGRAMS = join(process.cwd(), '.lab/bin');

function features(args: readonly string[]) {
  const traits = findTraits('runsc version 0', '  -oci-seccomp\n', args);
  if (traits === undefined) throw new ReferenceError('gVisor is not known by its name');
  return traits;
}

const today = ['--platform=systrap', '--network=none'];
describeRuntimeDriver('runsc of today', join(PROGRAMS, 'runsc'), { args: today, features: features(today) });

const debian = ['--platform=ptrace', '--network=none'];
describeRuntimeDriver('runsc of Debian', join(PROGRAMS, 'runsc-debian'), {
  args: debian,
  features: features(debian),
  lacks: ['update'],
});
