import { resolve } from 'node:path';
import { z } from 'zod';
import type { MailSettings } from '../activities/mail/mailer.ts';
import { appUrl } from '../db/migrate.ts';
import { type Secrets, keepSecrets } from './secrets.ts';
import { StartError } from './start-error.ts';

const port = z.coerce.number('must be a port number').int().min(1).max(65_535);
const seconds = z.coerce.number('must be a number of seconds').int().min(1).max(600);
const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');
const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must look like postgres://user:password@host:5432/database',
});

/** Every variable that this software reads. The README's table says the same in words. */
const environment = z.object({
  DATA_DIR: z.string().default('.data'),
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: port.default(3000),
  LAGO_API_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  ADMIN_API_KEY: z.string().min(16, 'must have 16 characters or more').optional(),
  SECRET_KEY_BASE: z.string().min(32, 'must have 32 characters or more').optional(),
  LAGO_RSA_PRIVATE_KEY: z.string().optional(),

  DATABASE_URL: postgresUrl.optional(),
  DATABASE_APP_URL: postgresUrl.optional(),
  DATABASE_POOL_MAX: z.coerce.number().int().min(2).max(200).default(10),
  POSTGRES_PORT: port.optional(),

  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must look like host:7233')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS: flag.optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
  TEMPORAL_TEST_SERVER_PATH: z.string().optional(),
  TEMPORAL_PORT: port.optional(),
  TEMPORAL_UI_PORT: port.optional(),
  WORKER_METRICS_PORT: port.optional(),

  PUPPETEER_EXECUTABLE_PATH: z.string().optional(),

  LAGO_WEBHOOK_ATTEMPTS: z.coerce.number().int().min(1).max(20).default(3),
  LAGO_WEBHOOK_TIMEOUT_SECONDS: seconds.default(30),
  WEBHOOK_ALLOW_PRIVATE_TARGETS: flag.default(false),

  LAGO_SMTP_ADDRESS: z.string().optional(),
  LAGO_SMTP_PORT: port.default(587),
  LAGO_SMTP_USERNAME: z.string().optional(),
  LAGO_SMTP_PASSWORD: z.string().optional(),
  LAGO_SMTP_DOMAIN: z.string().optional(),
  LAGO_FROM_EMAIL: z.string().optional(),

  VIES_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .default('https://ec.europa.eu/taxation_customs/vies/rest-api'),

  LAGO_SUBSCRIPTION_TERMINATION_ALERT_SENT_AT_DAYS: z
    .string()
    .regex(/^\d{1,4}(\s*,\s*\d{1,4})*$/, 'must be numbers of days, such as 15,45')
    .default('15,45')
    .transform((text) => text.split(',').map(Number)),

  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['json', 'text']).default('json'),
});

export interface Config extends Secrets {
  /** Absolute. */
  readonly data_dir: string;
  readonly api: { readonly host: string; readonly port: number; readonly url: string };
  readonly database: {
    /** May create tables. Only migrations use it; the API and the workers need not know it. */
    readonly owner_url?: string;
    readonly app_url?: string;
    readonly pool_max: number;
    /** Of the embedded server. Undefined: any free one. */
    readonly port?: number;
  };
  readonly temporal: {
    readonly address?: string;
    readonly namespace: string;
    readonly api_key?: string;
    readonly tls: boolean;
    readonly cli_path?: string;
    readonly test_server_path?: string;
    readonly port?: number;
    readonly ui_port?: number;
  };
  readonly worker: { readonly metrics_port?: number };
  readonly documents: { readonly chromium_path?: string };
  readonly webhooks: {
    readonly attempts_max: number;
    readonly timeout_seconds: number;
    readonly allow_private_targets: boolean;
  };
  /** Absent: nothing is mailed. */
  readonly mail?: MailSettings;
  /** How many days before its end a subscription is told of. */
  readonly termination_alert_days: readonly number[];
  /** Where VAT numbers are checked. */
  readonly vies_url: string;
  readonly log: { readonly level: string; readonly format: 'json' | 'text' };
}

/**
 * Reads the environment, once, at the start of each process. Secrets that are not given are made and kept in the data folder.
 * @throws StartError naming the first variable that is wrong.
 */
export function readConfig(variables: NodeJS.ProcessEnv = process.env): Config {
  // Compose files pass what is not set as an empty text.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StartError(`${issue?.path.join('.')} is not usable: ${issue?.message}`);
  }
  const env = parsed.data;
  const data_dir = resolve(env.DATA_DIR);
  const secrets = keepSecrets(data_dir, {
    admin_api_key: env.ADMIN_API_KEY,
    secret: env.SECRET_KEY_BASE,
    webhook_private_key: env.LAGO_RSA_PRIVATE_KEY,
  });
  return {
    ...secrets,
    data_dir,
    api: {
      host: env.API_HOST,
      port: env.API_PORT,
      url: (env.LAGO_API_URL ?? `http://127.0.0.1:${env.API_PORT}`).replace(/\/+$/, ''),
    },
    database: {
      owner_url: env.DATABASE_URL,
      app_url: env.DATABASE_APP_URL ?? (env.DATABASE_URL && appUrl(env.DATABASE_URL, secrets.secret)),
      pool_max: env.DATABASE_POOL_MAX,
      port: env.POSTGRES_PORT,
    },
    temporal: {
      address: env.TEMPORAL_ADDRESS,
      namespace: env.TEMPORAL_NAMESPACE,
      api_key: env.TEMPORAL_API_KEY,
      tls: env.TEMPORAL_TLS ?? env.TEMPORAL_API_KEY !== undefined,
      cli_path: env.TEMPORAL_CLI_PATH,
      test_server_path: env.TEMPORAL_TEST_SERVER_PATH,
      port: env.TEMPORAL_PORT,
      ui_port: env.TEMPORAL_UI_PORT,
    },
    worker: { metrics_port: env.WORKER_METRICS_PORT },
    documents: { chromium_path: env.PUPPETEER_EXECUTABLE_PATH },
    webhooks: {
      attempts_max: env.LAGO_WEBHOOK_ATTEMPTS,
      timeout_seconds: env.LAGO_WEBHOOK_TIMEOUT_SECONDS,
      allow_private_targets: env.WEBHOOK_ALLOW_PRIVATE_TARGETS,
    },
    ...(env.LAGO_SMTP_ADDRESS !== undefined && { mail: readMail(env, env.LAGO_SMTP_ADDRESS) }),
    termination_alert_days: env.LAGO_SUBSCRIPTION_TERMINATION_ALERT_SENT_AT_DAYS,
    vies_url: env.VIES_URL.replace(/\/+$/, ''),
    log: { level: env.LOG_LEVEL, format: env.LOG_FORMAT },
  };
}

function readMail(env: z.output<typeof environment>, host: string): MailSettings {
  if (env.LAGO_FROM_EMAIL === undefined)
    throw new StartError('LAGO_FROM_EMAIL is not usable: it must be given with LAGO_SMTP_ADDRESS');
  return {
    host,
    port: env.LAGO_SMTP_PORT,
    username: env.LAGO_SMTP_USERNAME,
    password: env.LAGO_SMTP_PASSWORD,
    domain: env.LAGO_SMTP_DOMAIN,
    from: env.LAGO_FROM_EMAIL,
  };
}
