import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createExportActivities } from '../../activities/exports/index.ts';
import { connect } from '../../db/connection.ts';
import { requestExport } from '../../db/data-exports.ts';
import { appUrl, migrate } from '../../db/migrate.ts';
import { createOrganization } from '../../db/organizations.ts';
import { inOrganization } from '../../db/transaction.ts';
import { startPostgres } from '../../workers/embedded/postgres.ts';
import { Builders } from '../support/builders.ts';

/** An export of 100,000 invoices: its time, and how much memory the process needs at most. */
const ROWS = 100_000;
const GOAL_MB = 300;
const at = '2026-01-31T10:00:00.000Z';
const secret = 'the secret of the benchmarks, which is none';

const data_dir = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const postgres = await startPostgres({ data_dir, isFleeting: true });
try {
  await migrate(postgres.owner_url, secret);
  const db = connect(appUrl(postgres.owner_url, secret), { application_name: 'bench' });
  const { organization } = await createOrganization(db, { name: 'Acme', sandbox: true, clock: at, at, secret });
  const build = new Builders(db, organization.id, at);
  const invoice = await build.invoice(await build.customer());
  await inOrganization(db, organization.id, async (trx) => {
    const columns = Object.keys(invoice).filter(
      (name) => !['id', 'occasion', 'number', 'sequential_id'].includes(name),
    );
    const list = columns.map((name) => `"${name}"`).join(', ');
    await trx.raw(
      `insert into invoices (id, occasion, number, sequential_id, ${list})
       select gen_random_uuid(), 'bench/' || n, 'N-' || n, null, ${list} from invoices, generate_series(2, ?) n where id = ?`,
      [ROWS, invoice.id],
    );
  });
  const { writeExport } = createExportActivities({
    db,
    log: pino({ level: 'silent' }),
    wallClock: () => at,
    settings: { api_url: 'http://localhost', secret } as never,
    mailer: undefined,
  });
  const requested = await inOrganization(db, organization.id, (trx) =>
    requestExport(trx, { resource_type: 'invoices', filters: {}, email: null }, at),
  );
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  const begun = performance.now();
  await new MockActivityEnvironment().run(writeExport, {
    organization_id: organization.id,
    data_export_id: requested.id,
    at,
  });
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(watch);
  console.log(
    `${ROWS} rows in ${seconds.toFixed(1)} s, at most ${Math.round(peak / 2 ** 20)} MB resident (goal: under ${GOAL_MB})`,
  );
  await db.destroy();
} finally {
  await postgres.server.stop();
  rmSync(data_dir, { recursive: true, force: true });
}
