// One thing at a time that may be started anew before the one before has ended. Pure.

export class Turns {
  private n = 0;
  private ending: Promise<unknown> = Promise.resolve();

  /** Have something end, after all that was to end before. No start that waits is carried out. */
  async end(ends: () => Promise<void>): Promise<void> {
    this.n += 1;
    this.ending = Promise.all([this.ending, ends()]);
    await this.ending;
  }

  /** The same, and then a start: once everything has ended, and unless another one or an end has come meanwhile. */
  async restart(ends: () => Promise<void>, starts: () => Promise<void>): Promise<void> {
    const ended = this.end(ends);
    const turn = this.n;
    await ended;
    if (turn === this.n) {
      await starts();
    }
  }
}
