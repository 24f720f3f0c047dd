import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';

/** Keys that must never reach a log, wherever in a record they turn up. */
const secretNames = [
  'authorization',
  'cookie',
  'api_key',
  'secret',
  'password',
  'hmac_key',
  'x-admin-api-key',
  'connectionString',
];
const paths = secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** One JSON record a line; with LOG_FORMAT=text a line a person reads, made of the same. */
export function createLog(process_name: string, { level, format }: Config['log']): Logger {
  const options = {
    level,
    base: { process: process_name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: '[secret]' },
  };
  const stdout = pino.destination({ dest: 1, sync: true });
  if (format === 'json') return pino(options, stdout);
  return pino(options, { write: (line) => void stdout.write(asText(line)) });
}

function asText(line: string): string {
  const { level, time, process: name, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const { type, message, stack } = (err ?? {}) as { type?: string; message?: string; stack?: string };
  const failure = err ? `\n  ${stack ?? `${type}: ${message}`}` : '';
  return (
    `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(name).padEnd(6)} ${String(msg ?? '')} ${details.join(' ')}`.trimEnd() +
    `${failure}\n`
  );
}
