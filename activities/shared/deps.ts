import type { Logger } from 'pino';
import type { Instant } from '../../billing/clock/instant.ts';
import type { Database } from '../../db/connection.ts';

/** What the processes decide and activities need. Read from the environment in workers/config.ts only. */
export interface ActivitySettings {
  readonly api_url: string;
  readonly secret: string;
  /** The register of VAT numbers, without a slash at its end. */
  readonly vies_url: string;
  /** How many days before its end a subscription is told of. */
  readonly termination_alert_days: readonly number[];
  readonly webhooks: {
    readonly attempts_max: number;
    readonly timeout_seconds: number;
    readonly allow_private_targets: boolean;
    /** PEM of the RSA key that signs webhook JWTs. */
    readonly private_key: string;
  };
}

export interface Deps {
  readonly db: Database;
  readonly log: Logger;
  readonly settings: ActivitySettings;
  /** The machine's time, for what waits on networks. Billing never asks it. */
  readonly wallClock: () => Instant;
}
