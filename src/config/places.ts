// Where crisol keeps things: the system's directories, or everything under one directory.
import { join, resolve } from 'node:path';

/** Directories that defaults are made from. */
export interface Places {
  /** Configuration, registries, CNI configuration. */
  readonly etc: string;
  /** State that survives a reboot. */
  readonly root: string;
  /** State that does not. */
  readonly run: string;
  readonly socket: string;
  /** Directories with CNI network configurations. */
  readonly cniConf: string;
}

export const SYSTEM_PLACES: Places = {
  etc: '/etc/crisol',
  root: '/var/lib/crisol',
  run: '/run/crisol',
  socket: '/run/crisol/crisol.sock',
  cniConf: '/etc/cni/net.d',
};

/** The places of a standalone daemon: all below `directory`. */
export function standalonePlaces(directory: string): Places {
  const base = resolve(directory);
  return {
    etc: base,
    root: join(base, 'root'),
    run: join(base, 'run'),
    socket: join(base, 'crisol.sock'),
    cniConf: join(base, 'cni', 'net.d'),
  };
}

/** The default configuration file of these places. */
export function defaultConfigFile(places: Places): string {
  return join(places.etc, 'config.toml');
}
