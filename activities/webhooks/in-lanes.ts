export interface Lanes<Item> {
  readonly lanes_max: number;
  /** Answers with nothing when there is nothing left. Never called twice at once. */
  readonly take: () => Promise<Item[]>;
  readonly work: (item: Item, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Works on what there is, so many at a time: a slow one occupies its lane and no other. The first failure, or the signal, stops all of them. */
export async function inLanes<Item>({ lanes_max, take, work, signal }: Lanes<Item>): Promise<void> {
  const stop = new AbortController();
  const stopped = AbortSignal.any([stop.signal, signal]);
  const queue: Item[] = [];
  let taking: Promise<void> | undefined;

  const next = async (): Promise<Item | undefined> => {
    if (queue.length === 0) {
      taking ??= take()
        .then((items) => void queue.push(...items))
        .finally(() => (taking = undefined));
      await taking;
    }
    stopped.throwIfAborted();
    return queue.shift();
  };
  const lane = async (): Promise<void> => {
    try {
      for (let item = await next(); item !== undefined; item = await next()) await work(item, stopped);
    } catch (error) {
      stop.abort(error);
    }
  };

  await Promise.all(Array.from({ length: lanes_max }, lane));
  stopped.throwIfAborted();
}
