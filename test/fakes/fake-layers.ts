// Layers that are only remembered: unpacking for real needs root.
import { readFile } from 'node:fs/promises';
import { digestOf } from '../../src/image/digest.ts';
import type { LayerSource, Layers } from '../../src/image/layer-contract.ts';

export class FakeLayers implements Layers {
  readonly unpacked: string[] = [];
  readonly #layers = new Set<string>();

  has(chainId: string): boolean {
    return this.#layers.has(chainId);
  }

  warmUp(): void {
    // Nothing takes time here.
  }

  async unpack(chainId: string, _parents: readonly string[], source: LayerSource): Promise<void> {
    await source.arrival?.whole;
    if (digestOf(await readFile(source.path)) !== source.diffId)
      throw new Error(`fake layer of ${source.path} differs`);
    this.unpacked.push(chainId);
    this.#layers.add(chainId);
  }

  usage(): { bytes: number; inodes: number } {
    return { bytes: 1000, inodes: 10 };
  }

  async remove(chainId: string): Promise<void> {
    this.#layers.delete(chainId);
  }

  async verify(): Promise<{ state: 'good' }> {
    return { state: 'good' };
  }

  async setAside(chainId: string): Promise<void> {
    this.#layers.delete(chainId);
  }

  list(): readonly string[] {
    return [...this.#layers];
  }
}
