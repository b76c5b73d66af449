// What a shim is told beside the task itself.
import type { AnyMessage, Protocol } from './protocol.ts';
import type { Shim } from './options.ts';
import type { ShimTraits } from './traits.ts';

/** Undefined: the shim goes by its own configuration. */
export function taskOptions(protocol: Protocol, shim: Shim, traits: ShimTraits): AnyMessage | undefined {
  if (traits.options === 'runc') {
    return protocol.any('containerd.runc.v1.Options', {
      binaryName: shim.binary ?? '',
      root: shim.root,
      systemdCgroup: shim.systemdCgroup,
    });
  }
  if (shim.configPath === undefined) return undefined;
  return protocol.any('runtimeoptions.v1.Options', { typeUrl: traits.configType, configPath: shim.configPath });
}
