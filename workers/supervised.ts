import { setTimeout as sleep } from 'node:timers/promises';

/** Something that runs: a process of ours, a server. */
export interface Part {
  /** Resolves when it is gone, whoever ended it. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 30_000;
/** Whatever ran for this long had recovered: its next failure is a new one. */
const STEADY_MS = 60_000;

/** Keeps a part running: when it ends by itself it is started again, after a pause that doubles while it keeps failing. */
export class Supervised<P extends Part> {
  readonly #name: string;
  readonly #start: () => Promise<P>;
  readonly #say: (line: string) => void;
  readonly #stopping = new AbortController();
  #part: P | undefined;
  #watching: Promise<void> | undefined;

  constructor(name: string, start: () => Promise<P>, say: (line: string) => void) {
    this.#name = name;
    this.#start = start;
    this.#say = say;
  }

  /** The first start must succeed: what is wrong then is for the operator to put right. */
  async start(): Promise<P> {
    const part = await this.#start();
    this.#part = part;
    if (this.#stopping.signal.aborted) await part.stop();
    else this.#watching = this.#watch(part);
    return part;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#part?.stop();
    await this.#watching;
  }

  async #watch(first: P): Promise<void> {
    let pause_ms = PAUSE_MS_MIN;
    let part: P | undefined = first;
    while (!this.#stopping.signal.aborted) {
      const since = performance.now();
      await part?.exited;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - since > STEADY_MS) pause_ms = PAUSE_MS_MIN;
      this.#say(`${this.#name} ended unexpectedly: starting it again`);
      await sleep(pause_ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      pause_ms = Math.min(pause_ms * 2, PAUSE_MS_MAX);
      part = await this.#start().catch(() => undefined);
      this.#part = part;
    }
    await part?.stop();
  }
}
