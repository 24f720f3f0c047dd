import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { StartError, explain } from './start-error.ts';

/** The API answers open requests, a worker finishes its activities; whatever takes longer is cut off, and done again by the next one. */
const STOP_MS = 15_000;

export interface Running {
  /** Finishes what is under way, takes on nothing new, closes all connections. */
  stop(): Promise<void>;
}

/**
 * The life of a process: reads its configuration, starts, tells the launcher (if there is one) that it is ready, and stops in an orderly way on
 * SIGTERM, on Ctrl-C, and when the launcher has gone.
 */
export async function runProcess(
  name: string,
  start: (config: Config, log: Logger) => Promise<Running>,
): Promise<void> {
  const isLaunched = process.send !== undefined;
  try {
    const config = readConfig();
    const log = createLog(name, config.log);
    const wanted = whenToStop(isLaunched);
    for (const event of ['uncaughtException', 'unhandledRejection'])
      process.on(event, (error: unknown) => {
        log.fatal({ err: error }, 'stopped by an error that nobody caught');
        process.exit(1);
      });
    const running = await Promise.race([start(config, log), wanted.then(() => undefined)]);
    if (!running) process.exit(0);
    process.send?.('ready');

    const reason = await wanted;
    log.info({ reason }, 'stopping');
    const isStopped = await Promise.race([running.stop().then(() => true), sleep(STOP_MS, false)]);
    if (!isStopped) log.warn('stopped before everything under way was finished');
    process.exit(0);
  } catch (error) {
    console.error(explain(error));
    // Tells the launcher that starting again will not help until somebody has done something.
    process.exit(error instanceof StartError ? 78 : 1);
  }
}

function whenToStop(isLaunched: boolean): Promise<string> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve('SIGTERM'));
    process.on('SIGINT', () => resolve('SIGINT'));
    process.on('SIGHUP', () => resolve('SIGHUP'));
    if (isLaunched) process.on('disconnect', () => resolve('the launcher has gone'));
  });
}
