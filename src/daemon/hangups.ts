// SIGHUP: one answer after another, and none is lost that comes before there is anybody to answer.

/** Hears SIGHUP from its construction on. Signals that come while one is answered are answered together, after it. */
export class Hangups {
  #isPending = false;
  #isBusy = false;
  #answer: (() => Promise<void>) | undefined;

  constructor() {
    process.on('SIGHUP', () => {
      this.#isPending = true;
      void this.#run();
    });
  }

  /** From now on `answer`, which never rejects, is run for signals, also for one that came before. */
  listen(answer: () => Promise<void>): void {
    this.#answer = answer;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#isPending && this.#answer !== undefined) {
      this.#isPending = false;
      await this.#answer();
    }
    this.#isBusy = false;
  }
}
