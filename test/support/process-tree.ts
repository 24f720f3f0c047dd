import { readFileSync, readdirSync } from 'node:fs';

/** All processes that one has started, directly and indirectly. */
export function childrenOf({ pid }: { readonly pid: number }): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    const child = Number(name);
    return child > 0 ? [{ child, parent: parentOf(child) }] : [];
  });
  const found = [pid];
  for (const known of found) found.push(...parents.filter(({ parent }) => parent === known).map(({ child }) => child));
  return found.slice(1);
}

export function isAlive(pid: number): boolean {
  return !['Z', undefined].includes(statusOf(pid)?.[1]);
}

function parentOf(pid: number): number | undefined {
  const parent = statusOf(pid)?.[2];
  return parent === undefined ? undefined : Number(parent);
}

/** Its state and its parent. They follow the name, which may contain anything. */
function statusOf(pid: number): RegExpExecArray | null {
  try {
    return /.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}
