import { type ComputedProperties, listComputedProperties } from '../db/computed-properties.ts';
import type { Database } from '../db/connection.ts';
import type { Listener } from '../db/listener.ts';
import { inOrganization } from '../db/transaction.ts';
import { stopwatch } from './middleware/clock.ts';

const ORGANIZATIONS_MAX = 10_000;
/** Notifications make known properties forgotten at once. This is for a listening connection that died without anybody noticing. */
const AGE_MAX_MS = 60_000;

interface Known {
  readonly properties: ComputedProperties;
  readonly since: number;
}

interface LookUp {
  readonly found: Promise<ComputedProperties>;
  next?: Promise<ComputedProperties>;
}

const nothing: ComputedProperties = new Map();

/**
 * What metrics compute of their events, by organization, so that an event costs no query. Trusted only while changes of metrics are being
 * listened to: without that, the requests of an organization that come in during one look-up share the next.
 */
export class KnownProperties {
  readonly #db: Database;
  readonly #listener: Listener;
  readonly #known = new Map<string, Known>();
  readonly #running = new Map<string, LookUp>();
  /** Counts what may have made a running look-up stale. */
  #changes = 0;

  constructor(db: Database, listener: Listener) {
    this.#db = db;
    this.#listener = listener;
    listener.on('expressions', (organization_id) => this.forget(organization_id));
  }

  /** Of the organization, or of all with ''. Who changes a metric in this process need not wait for the notification to come back. */
  forget(organization_id: string): void {
    this.#changes++;
    if (organization_id === '') this.#known.clear();
    else this.#known.delete(organization_id);
  }

  /** No promise where nothing has to be waited for. */
  of(organization_id: string): ComputedProperties | Promise<ComputedProperties> {
    const known = this.#known.get(organization_id);
    if (known && this.#listener.isListening && stopwatch() - known.since < AGE_MAX_MS) return known.properties;
    const running = this.#running.get(organization_id);
    if (!running) return this.#lookUp(organization_id);
    // It may have begun before a change that this request must see.
    const again = (): ComputedProperties | Promise<ComputedProperties> => this.of(organization_id);
    return (running.next ??= running.found.then(again, again));
  }

  #lookUp(organization_id: string): Promise<ComputedProperties> {
    const found = this.#read(organization_id).finally(() => this.#running.delete(organization_id));
    this.#running.set(organization_id, { found });
    return found;
  }

  async #read(organization_id: string): Promise<ComputedProperties> {
    const changes = this.#changes;
    const found = await inOrganization(this.#db, organization_id, listComputedProperties);
    const properties = found.size === 0 ? nothing : found;
    if (this.#listener.isListening && changes === this.#changes) this.#remember(organization_id, properties);
    return properties;
  }

  #remember(organization_id: string, properties: ComputedProperties): void {
    this.#known.delete(organization_id);
    if (this.#known.size >= ORGANIZATIONS_MAX) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(organization_id, { properties, since: stopwatch() });
  }
}
