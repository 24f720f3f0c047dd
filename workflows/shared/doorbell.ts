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

  /** Answers what this very workflow task has brought as well: the ring that a workflow is started with comes after its first lines. */
  async answerAll(): Promise<void> {
    let looks = 0;
    // A condition that does not hold is looked at again once all messages of the task are handled.
    await condition(() => looks++ > 0);
    this.answer();
  }

  async wait(): Promise<void> {
    await condition(() => this.#isRinging);
  }
}
