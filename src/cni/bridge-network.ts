// The network of a standalone daemon: a bridge of its own, built from the reference plugins.

export interface BridgeNetworkOptions {
  readonly name: string;
  /** The bridge interface on the host, 15 characters at most. */
  readonly bridge: string;
  /** IPv4 in CIDR notation; 10.88.0.0/16 when not given. The first address is the bridge's own. */
  readonly subnet?: string;
  /** Whether pods may have host ports; needs iptables. */
  readonly hostPorts: boolean;
  /** Directory of the address leases, below the daemon's own directories so that they go with it. */
  readonly dataDir: string;
}

/** A conflist of version 1.0.0, the newest that the plugins of current distributions speak. */
export function bridgeNetwork({ name, bridge, subnet, hostPorts, dataDir }: BridgeNetworkOptions): object {
  return {
    cniVersion: '1.0.0',
    name,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir,
          ranges: [[{ subnet: subnet ?? '10.88.0.0/16' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      ...(hostPorts ? [{ type: 'portmap', capabilities: { portMappings: true }, snat: true }] : []),
    ],
  };
}
