import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

export interface LauncherLock {
  /** The launcher before us did not get to stop what it had started. */
  readonly wasLeft: boolean;
  release(): void;
}

/** One launcher to a data folder: two would start two Postgres on the same files. */
export function lockDataFolder(data_dir: string): LauncherLock {
  const file = join(data_dir, 'launcher.pid');
  const take = (): void => writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
  const release = (): void => rmSync(file, { force: true });
  try {
    take();
    return { wasLeft: false, release };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new StartError(
        `the data folder ${data_dir} is not writable (${(error as NodeJS.ErrnoException).code}): set DATA_DIR to a folder that this user may write`,
      );
  }
  const pid = Number(readFileSync(file, 'utf8'));
  if (isLauncher(pid))
    throw new StartError(
      `Perennial already runs on ${data_dir} (process ${pid}): stop it, or set DATA_DIR to another folder`,
    );
  release();
  take();
  return { wasLeft: true, release };
}

/** Process numbers come around again, so the name is looked at too, where the system shows it. */
function isLauncher(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('start.ts') && pid !== process.pid;
  } catch {
    return pid !== process.pid;
  }
}
