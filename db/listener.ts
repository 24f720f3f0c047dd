import pg from 'pg';

const RECONNECT_MS = 500;
const CONNECT_MS = 10_000;
/** It hears nothing for hours, and must notice all the same that the other end is gone. */
const KEEP_ALIVE_MS = 10_000;

/**
 * One connection that listens to Postgres's notifications and hands them out by channel. Notifications sent while it is not connected are
 * lost: whoever listens also looks by himself now and then, or asks `isListening`.
 */
export class Listener {
  readonly #url: string;
  readonly #handlers = new Map<string, Set<(payload: string) => void>>();
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(url: string) {
    this.#url = url;
  }

  get isListening(): boolean {
    return this.#client !== undefined;
  }

  /** Calls `handler` with the payload of each notification; with '' after each new connection, since some may have been missed. Returns its undoing. */
  on(channel: string, handler: (payload: string) => void): () => void {
    let handlers = this.#handlers.get(channel);
    if (!handlers) {
      handlers = new Set();
      this.#handlers.set(channel, handlers);
      void this.#client?.query(`listen ${channel}`).catch(() => undefined);
    }
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  /** Resolves when a notification of the channel that `matches` arrives, or after `timeout_ms`. */
  next(channel: string, matches: (payload: string) => boolean, timeout_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(finish, timeout_ms);
      const off = this.on(channel, (payload) => {
        if (payload === '' || matches(payload)) finish();
      });
    });
  }

  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'perennial-listener',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      connectionTimeoutMillis: CONNECT_MS,
    });
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    client.on('notification', ({ channel, payload = '' }) => this.#hand(channel, payload));
    try {
      await client.connect();
      for (const channel of this.#handlers.keys()) await client.query(`listen ${channel}`);
      this.#client = client;
      for (const channel of this.#handlers.keys()) this.#hand(channel, '');
    } catch {
      void client.end().catch(() => undefined);
      this.#scheduleRetry();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => undefined);
  }

  #hand(channel: string, payload: string): void {
    for (const handler of [...(this.#handlers.get(channel) ?? [])]) handler(payload);
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.start(), RECONNECT_MS);
  }
}
