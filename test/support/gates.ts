import pg from 'pg';
import { until } from './until.ts';

/** What a process does in the database, by the statement that does it. */
export interface Place {
  readonly table: string;
  /** When the row's trigger fires: `before insert`, `after update`, ... or `at commit` of a transaction that has inserted a row. */
  readonly when: 'before insert' | 'after insert' | 'before update' | 'after update' | 'before delete' | 'at commit';
  /** Of rows for which this holds. */
  readonly if?: string;
}

/**
 * Stops processes at places in their transactions: each place of an organization that is closed here lets nobody pass. The database itself does
 * it, by triggers that wait for a lock, so that the processes under test are those of production.
 */
export class Gates {
  readonly #client: pg.Client;
  readonly #numbers = new Map<string, number>();

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async build(owner_url: string, places: Readonly<Record<string, Place>>): Promise<Gates> {
    const client = new pg.Client({ connectionString: owner_url, application_name: 'perennial-test-gates' });
    client.on('error', () => undefined);
    await client.connect();
    const gates = new Gates(client);
    await client.query(`
      create function pass_gate() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(tg_argv[0]::int, hashtext(coalesce(new.organization_id, old.organization_id)::text));
        return case when tg_op = 'DELETE' then old else new end;
      end $$`);
    for (const [name, place] of Object.entries(places)) await gates.#build(name, place);
    return gates;
  }

  async #build(name: string, { table, when, if: condition }: Place): Promise<void> {
    const number = this.#numbers.size + 1;
    this.#numbers.set(name, number);
    const timing = when === 'at commit' ? 'after insert' : when;
    const kind = when === 'at commit' ? 'constraint trigger' : 'trigger';
    await this.#client.query(`
      create ${kind} gate_${number} ${timing} on ${table} ${when === 'at commit' ? 'deferrable initially deferred' : ''}
      for each row ${condition ? `when (${condition})` : ''} execute function pass_gate(${number})`);
  }

  async close(name: string, organization_id: string): Promise<void> {
    await this.#client.query('select pg_advisory_lock($1::int, hashtext($2))', [this.#number(name), organization_id]);
  }

  async open(name: string, organization_id: string): Promise<void> {
    await this.#client.query('select pg_advisory_unlock($1::int, hashtext($2))', [this.#number(name), organization_id]);
  }

  async openAll(): Promise<void> {
    await this.#client.query('select pg_advisory_unlock_all()');
  }

  /** Resolves when somebody stands before a closed gate. */
  arrival(name: string, organization_id: string): Promise<void> {
    return until(`somebody comes to "${name}"`, async () => {
      const { rowCount } = await this.#client.query(
        `select from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())
           and classid::bigint = $1 and objid = (hashtext($2)::bigint & 4294967295)::oid`,
        [this.#number(name), organization_id],
      );
      return rowCount !== 0;
    });
  }

  async tearDown(): Promise<void> {
    await this.#client.end();
  }

  #number(name: string): number {
    const number = this.#numbers.get(name);
    if (number === undefined) throw new Error(`there is no gate at "${name}"`);
    return number;
  }
}
