import { readConfig } from './config.ts';
import { explainDatabaseError, openDatabase } from './database.ts';
import { explain } from './start-error.ts';

/** After Temporal's data was lost: every workflow that the rows say should be alive is rung, and the relay starts those that are not. */
try {
  const config = readConfig();
  const db = await openDatabase(config, 'perennial-rebuild');
  try {
    const { rows } = await db.raw<{ rows: { rung: number }[] }>('select ring_everything() as rung');
    console.log(`Rang ${rows[0]?.rung} workflows. The workers start those that are not running.`);
  } catch (error) {
    throw explainDatabaseError(error, config.database.app_url!);
  } finally {
    await db.destroy();
  }
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
