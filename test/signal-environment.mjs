// Jest gives tests a copy of `process` that never hears a signal; host/spawn.ts lives by SIGCHLD.
import { TestEnvironment } from 'jest-environment-node';

export default class SignalEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.forward = () => this.global.process.emit('SIGCHLD');
    process.on('SIGCHLD', this.forward);
  }

  async teardown() {
    process.off('SIGCHLD', this.forward);
    await super.teardown();
  }
}
