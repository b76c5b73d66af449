// Names of block devices.
import { readFileSync } from 'node:fs';

/** Tells a device's path by its numbers, and remembers it: devices keep their names until the host restarts. */
export class BlockDevices {
  readonly #names = new Map<string, string>();
  readonly #directory: string;

  constructor(directory = '/sys/dev/block') {
    this.#directory = directory;
  }

  /** `/dev/sda`, or the numbers as `8:0` for one that the kernel does not name. */
  readonly name = (major: number, minor: number): string => {
    const numbers = `${major}:${minor}`;
    const known = this.#names.get(numbers);
    if (known !== undefined) return known;
    const name = this.#read(numbers) ?? numbers;
    this.#names.set(numbers, name);
    return name;
  };

  #read(numbers: string): string | undefined {
    try {
      const [, name] = /^DEVNAME=(.+)$/m.exec(readFileSync(`${this.#directory}/${numbers}/uevent`, 'utf8')) ?? [];
      return name === undefined ? undefined : `/dev/${name}`;
    } catch {
      return undefined;
    }
  }
}
