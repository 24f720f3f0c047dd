import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Database } from '../db/connection.ts';
import type { EventWriter } from '../db/events.ts';
import type { Listener } from '../db/listener.ts';
import type { KnownProperties } from './known-properties.ts';

export interface ApiSettings {
  /** Where callers reach us, without a trailing slash: links in answers, the issuer of webhook signatures. */
  readonly api_url: string;
  /** Pepper of API key digests, among others. */
  readonly secret: string;
  /** Without it the admin API is off. */
  readonly admin_api_key?: string;
  /** PEM, RSA. */
  readonly webhook_private_key: string;
  readonly version: string;
}

/** What the process hands to the API. */
export interface ApiDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly settings: ApiSettings;
  /** The process's registry; the API adds its own metrics and serves all of them. */
  readonly metrics: Registry;
  /** Started by the process after the app is made, stopped by it at the end. */
  readonly listener: Listener;
  /** The parts that requests depend on, by name, and whether each can be used right now. */
  isReady(): Promise<Record<string, boolean>>;
  /** Aborted when the process stops: whoever is kept waiting is answered then. */
  readonly stopping?: AbortSignal;
}

/** What operations get: that, and what the app makes of it. */
export interface OperationDeps extends ApiDeps {
  readonly events: EventWriter;
  readonly properties: KnownProperties;
}
