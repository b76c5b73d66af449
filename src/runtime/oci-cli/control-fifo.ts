// Commands to a container's monitor, over the FIFO it reads.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { ContainerRef, TerminalSize } from '../driver.ts';
import { bundleFiles } from './bundle-files.ts';

function send(container: ContainerRef, command: string): void {
  // Opened for reading too, or opening would fail or wait where nobody reads.
  const fd = openSync(bundleFiles(container.bundle).control, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    writeSync(fd, `${command}\n`);
  } finally {
    closeSync(fd);
  }
}

/** Has the monitor start a new log file. */
export function sendReopen(container: ContainerRef): void {
  send(container, '2 0 0');
}

/** Has the monitor set the size of the container's terminal. */
export function sendResize(container: ContainerRef, size: TerminalSize): void {
  send(container, `1 ${size.rows} ${size.columns}`);
}
