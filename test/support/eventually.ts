// Waiting for what happens in the background.
import { expect } from '@jest/globals';

/** Checks every 20 ms, for at most 5 s, until `check` holds. */
export async function eventually(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 250 && !check(); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(check()).toBe(true);
}

/** Repeats a check that throws until it does not, every 50 ms, for at most 10 s; then what it threw is the failure. */
export async function until(check: () => unknown): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await check();
      return;
    } catch (error) {
      if (tries === 200) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
