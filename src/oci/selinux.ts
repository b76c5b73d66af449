// SELinux labels of a container's process and of its file systems.
import type { SELinuxOption } from '../gen/runtime/v1/SELinuxOption.ts';

interface SelinuxLabels {
  readonly process: string;
  readonly mount: string;
}

interface SelinuxRequest {
  readonly selinuxOptions: SELinuxOption | null;
  readonly privileged: boolean;
}

/**
 * Labels out of the pod's options, with the usual container types where a part is empty. undefined without options, on
 * a host without SELinux (runtimes refuse a label there), and for privileged containers.
 */
export function selinuxLabels(request: SelinuxRequest | null, selinuxEnabled: boolean): SelinuxLabels | undefined {
  if (!selinuxEnabled || request === null || request.privileged || request.selinuxOptions === null) return undefined;
  const { user, role, type, level } = request.selinuxOptions;
  const [userPart, levelPart] = [user || 'system_u', level || 's0'];
  return {
    process: `${userPart}:${role || 'system_r'}:${type || 'container_t'}:${levelPart}`,
    mount: `${userPart}:object_r:container_file_t:${levelPart}`,
  };
}
