// Waiting for what happens in the background.
import { expect } from '@jest/globals';

/** Checks every 20 ms, for at most 5 s, until `check` holds. */
export async function eventually(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 250 && !check(); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(check()).toBe(true);
}
