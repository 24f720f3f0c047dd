import { ChildFailed } from './child.ts';
import { readConfig } from './config.ts';
import { playDemo } from './demo.ts';
import { explain } from './start-error.ts';
import { type Addresses, System } from './system.ts';

// On a terminal a person reads along.
if (process.stdout.isTTY) process.env['LOG_FORMAT'] ??= 'text';

const isDemo = process.argv.includes('--demo');
const say = (line: string): void => console.log(line);

const stopped = new Promise<'stopped'>((resolve) => {
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // Who asks twice is in a hurry: everything else sees that we are gone, and stops by itself.
      if (++signals > 1 && signal === 'SIGINT') process.exit(130);
      resolve('stopped');
    });
});

process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  let system: System | undefined;
  try {
    const config = readConfig();
    if (isDemo && (await isServing(config.api.url))) {
      await playDemo(config, say);
      return 0;
    }
    system = new System(config, say);
    const addresses = await Promise.race([system.start(), stopped]);
    if (addresses !== 'stopped') {
      announce(addresses);
      await (isDemo ? Promise.race([playDemo(config, say), stopped]) : stopped);
    }
    say('Stopping.');
    return 0;
  } catch (error) {
    if (!(error instanceof ChildFailed)) console.error(explain(error));
    return 1;
  } finally {
    await system?.stop();
  }
}

function announce({ api, temporal_ui, data_dir, first_api_key }: Addresses): void {
  say('');
  say(`  API            ${api}/api/v1`);
  say(`  Documentation  ${api}/docs`);
  if (temporal_ui) say(`  Temporal UI    ${temporal_ui}`);
  say(`  Data folder    ${data_dir}`);
  if (first_api_key) say(`  API key        ${first_api_key}   (of the organization "My company"; shown this once)`);
  say('');
  say('  Ready. Ctrl-C stops everything.');
  say('');
}

async function isServing(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`).then(
    (answer) => answer.ok,
    () => false,
  );
}
