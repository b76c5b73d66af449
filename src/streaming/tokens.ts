// One-time tokens: the secret part of a URL, good for one connection within a minute.
import { randomBytes } from 'node:crypto';
import { DaemonError } from '../errors.ts';

const LIFETIME_MS = 60_000;
const MAX_TOKENS = 1000;

/** Keeps what each token stands for until it is taken or has expired. */
export class Tokens<T> {
  /** In the order of their expiry. */
  readonly #entries = new Map<string, { readonly value: T; readonly expiresAt: number }>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A new token for `value`. @throws resource-exhausted while 1000 are waiting */
  issue(value: T): string {
    this.#expire();
    if (this.#entries.size >= MAX_TOKENS) {
      throw new DaemonError('resource-exhausted', `${MAX_TOKENS} streaming requests wait for their clients already`);
    }
    const token = randomBytes(18).toString('base64url');
    this.#entries.set(token, { value, expiresAt: this.#now() + LIFETIME_MS });
    return token;
  }

  /** What `token` stands for, once; undefined when it is unknown, used or too old. */
  take(token: string): T | undefined {
    this.#expire();
    const entry = this.#entries.get(token);
    this.#entries.delete(token);
    return entry?.value;
  }

  #expire(): void {
    const now = this.#now();
    for (const [token, { expiresAt }] of this.#entries) {
      if (expiresAt > now) return;
      this.#entries.delete(token);
    }
  }
}
