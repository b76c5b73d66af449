// Host ports of a pod: from the CRI's list to the one plugins read.
import { invalidArgument } from '../errors.ts';
import type { PortMapping as CriPortMapping } from '../gen/runtime/v1/PortMapping.ts';

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Empty: all of the host's addresses. */
  readonly hostIp: string;
}

const MAX_PORT = 65535;
const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const satisfies Record<
  CriPortMapping['protocol'],
  PortMapping['protocol']
>;

/**
 * The mappings that ask for a host port; the others only name a container's port.
 * @throws invalid-argument when a port is out of range
 */
export function toPortMappings(mappings: readonly CriPortMapping[]): PortMapping[] {
  return mappings
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ hostPort, containerPort, protocol, hostIp }) => {
      if (hostPort > MAX_PORT || containerPort <= 0 || containerPort > MAX_PORT) {
        throw invalidArgument(`port mapping ${hostPort} to ${containerPort}: ports are 1 to ${MAX_PORT}`);
      }
      return { hostPort, containerPort, protocol: PROTOCOLS[protocol], hostIp };
    });
}
