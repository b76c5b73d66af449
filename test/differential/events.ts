// The events of the whole run, as `crictl events` prints them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const LAST_MS = 500;

interface Event {
  readonly containerEventType: string;
  readonly containerId: string;
  readonly containersStatuses?: readonly { readonly state: string; readonly metadata: { readonly name: string } }[];
  readonly podSandboxStatus?: { readonly state: string; readonly metadata: { readonly name: string } };
}

/** Listens from its construction on. */
export class Events {
  readonly #child = spawn('crictl', ['events', '-o', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  #text = '';
  #complaint = '';

  constructor() {
    this.#child.stdout.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#complaint += chunk.toString()));
  }

  /** What was told so far: for each container and pod the types in their order. */
  async end(): Promise<object> {
    await new Promise((resolve) => setTimeout(resolve, LAST_MS));
    const ended = this.#child.exitCode;
    if (ended === null) {
      this.#child.kill();
      await once(this.#child, 'close');
    }
    // What it says of being stopped by us is no answer of the daemon.
    const code = ended === null ? 'none' : (/\bcode = (\w+)/.exec(this.#complaint)?.[1] ?? 'none');
    return { code, events: inOrder(parse(this.#text)) };
  }
}

function parse(text: string): readonly Event[] {
  return text
    .split(/\n(?=\{)/)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part) as Event);
}

function inOrder(events: readonly Event[]): object {
  const told: Record<string, string[]> = {};
  for (const { containerId, containerEventType, podSandboxStatus } of events) {
    (told[containerId] ??= []).push(`${containerEventType}, its pod ${podSandboxStatus?.state ?? 'not told'}`);
  }
  return told;
}
