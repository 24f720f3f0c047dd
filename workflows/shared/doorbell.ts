import { condition, defineSignal, setHandler } from '@temporalio/workflow';

/** Something that this workflow looks after has changed. Says nothing more: the rows do. */
export const wake = defineSignal('wake');

/** Remembers that it rang until somebody answers. Ten rings are as good as one. */
export class Doorbell {
  #isRinging = false;

  constructor(signal = wake) {
    setHandler(signal, () => {
      this.#isRinging = true;
    });
  }

  isRinging(): boolean {
    return this.#isRinging;
  }

  /** Whoever answers must look at the rows next. */
  answer(): void {
    this.#isRinging = false;
  }

  async wait(): Promise<void> {
    await condition(() => this.#isRinging);
  }
}
