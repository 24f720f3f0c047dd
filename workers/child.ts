import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Part } from './supervised.ts';

/** Longer than a process takes at the most to stop in good order (process.ts). */
const STOP_MS = 20_000;
const START_MS = 120_000;

/** A process of ours did not start, and has itself said why. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
}

export interface Child extends Part {
  send(message: object): void;
}

export interface ChildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly node_flags: readonly string[];
  readonly onExit?: () => void;
}

/** Starts one of our processes, and waits until it is ready. It stops by itself when we are gone: it sees the channel close. */
export async function startChild(file: string, { env, node_flags, onExit }: ChildOptions): Promise<Child> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...node_flags, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches the launcher alone, which stops everything in the right order.
    detached: true,
    env,
  });
  child.on('error', () => undefined);
  const exited = once(child, 'exit').then(() => onExit?.());
  const isReady = await Promise.race([
    whenReady(child),
    exited.then(() => false),
    sleep(START_MS, false, { ref: false }),
  ]);
  const stop = (): Promise<void> => stopChild(child, exited);
  if (!isReady) {
    await stop();
    throw new ChildFailed(file);
  }
  return {
    exited,
    stop,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
  };
}

function whenReady(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve(true);
    });
  });
}

async function stopChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const isOver = await Promise.race([exited.then(() => true), sleep(STOP_MS, false, { ref: false })]);
  if (!isOver) child.kill('SIGKILL');
  await exited;
}
