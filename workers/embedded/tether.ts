import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOG_BYTES_MAX = 10_000_000;
const LAST_LINES = 3;

/**
 * Holds the line that the launcher keeps open. When it closes, be it that the launcher was killed, the server is told to stop. Without this a
 * killed launcher would leave the servers running, as they know nothing of it.
 */
const TETHER = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -s INT $server 2>/dev/null; } &
wait $server
`;

export interface TetherOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Takes what the server prints. */
  readonly log_file: string;
}

export interface TetheredServer {
  /** Resolves when the server is gone, whoever stopped it. */
  readonly exited: Promise<void>;
  readonly hasExited: boolean;
  /** The end of what it printed since it was started: why it did not start. */
  lastWords(): string;
  /** An orderly stop; after `patience_ms` not so orderly. */
  stop(patience_ms?: number): Promise<void>;
}

/** Starts a server in a session of its own, so that Ctrl-C reaches the launcher alone, which stops everything in the right order. */
export function startTethered(command: readonly string[], { env, uid, gid, log_file }: TetherOptions): TetheredServer {
  const log = openLog(log_file);
  const printed_before = fstatSync(log).size;
  const shell = spawn('/bin/sh', ['-c', TETHER, 'tether', ...command], {
    stdio: ['pipe', log, log],
    detached: true,
    cwd: '/',
    env,
    uid,
    gid,
  });
  closeSync(log);
  shell.stdin?.on('error', () => undefined);
  return new Tethered(shell, () => readFileSync(log_file).subarray(printed_before).toString());
}

class Tethered implements TetheredServer {
  readonly exited: Promise<void>;
  hasExited = false;
  readonly #shell: ChildProcess;
  readonly #printed: () => string;

  constructor(shell: ChildProcess, printed: () => string) {
    this.#shell = shell;
    this.#printed = printed;
    this.exited = new Promise((resolve) => {
      const finish = (): void => {
        this.hasExited = true;
        shell.stdin?.destroy();
        resolve();
      };
      shell.once('exit', finish);
      shell.once('error', finish);
    });
  }

  lastWords(): string {
    return this.#printed().trim().split('\n').slice(-LAST_LINES).join(' | ') || 'it printed nothing';
  }

  async stop(patience_ms = 15_000): Promise<void> {
    this.#shell.stdin?.end();
    const isOver = await Promise.race([this.exited.then(() => true), sleep(patience_ms, false, { ref: false })]);
    if (!isOver && this.#shell.pid) process.kill(-this.#shell.pid, 'SIGKILL');
    await this.exited;
  }
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}
