import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { KnownProperties } from '../../api/known-properties.ts';
import { Listener } from '../../db/listener.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('expressions of metrics', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
  });

  const addition = 'event.properties.a + event.properties.b';
  const createMetric = (changes: object = {}, client = acme) =>
    client.post('/billable_metrics', {
      billable_metric: {
        name: 'm',
        code: 'm',
        aggregation_type: 'sum_agg',
        field_name: 'value',
        expression: addition,
        ...changes,
      },
    });
  const changeMetric = (changes: object) => acme.put('/billable_metrics/m', { billable_metric: changes });
  const usage = (properties: object, changes: object = {}) => ({
    transaction_id: randomUUID(),
    external_subscription_id: 's',
    code: 'm',
    properties,
    ...changes,
  });
  const send = (properties: object, changes?: object, client = acme) =>
    client.post('/events', { event: usage(properties, changes) });
  const valueOf = async (properties: object, changes?: object): Promise<unknown> =>
    (await send(properties, changes)).body.event.properties.value;
  const countEvents = async (): Promise<number> => (await acme.get('/events')).body.meta.total_count;

  describe('on a metric', () => {
    it('are kept, shown, changed and cleared', async () => {
      assert.equal((await createMetric()).body.billable_metric.expression, addition);
      assert.equal((await changeMetric({ name: 'n' })).body.billable_metric.expression, addition);
      assert.equal((await changeMetric({ expression: '1 + 1' })).body.billable_metric.expression, '1 + 1');
      assert.equal((await acme.get('/billable_metrics/m')).body.billable_metric.expression, '1 + 1');
      assert.equal((await changeMetric({ expression: null })).body.billable_metric.expression, null);
      assert.equal((await changeMetric({ expression: '1' })).body.billable_metric.expression, '1');
      assert.equal((await changeMetric({ expression: ' ' })).body.billable_metric.expression, null, 'a blank is none');
    });

    it('are refused when they cannot be parsed, and the answer says where', async () => {
      for (const { status, body } of [
        await createMetric({ expression: 'event.properties.a +' }),
        await createMetric({ expression: 'value' }),
      ]) {
        assert.equal(status, 422);
        assert.deepEqual(body.error_details, { expression: ['invalid_expression'] });
      }
      await createMetric();
      const { status, body } = await changeMetric({ expression: '1 + nothing' });
      assert.deepEqual([status, body.error_details], [422, { expression: ['invalid_expression'] }]);
      assert.match(body.message, /^position 4: expected /);
      assert.equal((await acme.get('/billable_metrics/m')).body.billable_metric.expression, addition);
    });

    it('stay as they are once a plan charges for it', async () => {
      const { lago_id: billable_metric_id } = (await createMetric()).body.billable_metric;
      const charges = [{ billable_metric_id, charge_model: 'standard', properties: { amount: '1' } }];
      const plan = {
        name: 'p',
        code: 'p',
        interval: 'monthly',
        amount_cents: 0,
        amount_currency: 'EUR',
        pay_in_advance: false,
      };
      assert.equal((await acme.post('/plans', { plan: { ...plan, charges } })).status, 200);
      for (const expression of ['1', 'invalid', null]) {
        const { status, body } = await changeMetric({ expression });
        assert.deepEqual([status, body.billable_metric.expression], [200, addition]);
      }
    });
  });

  describe('tried on an event', () => {
    const evaluate = (expression: unknown, event: unknown) =>
      acme.post('/billable_metrics/evaluate_expression', { expression, event });
    const sample = { code: 'x', timestamp: 1651240791, properties: { value: '2.4' } };

    const results: [expression: string, event: object, value: string][] = [
      ['round(event.properties.value)', sample, '2.0'],
      ['event.properties.value * event.properties.units', { code: 'x', properties: { value: 10.4, units: 2 } }, '20.8'],
      ["concat(event.code, '-', event.timestamp)", sample, 'x-1651240791'],
      ['event.timestamp', { ...sample, timestamp: '1651240791.9' }, '1651240791.0'],
      ['event.timestamp', { code: 'x', properties: {} }, '1769853600.0'],
      ['1 + 1', {}, '2.0'],
    ];
    for (const [expression, event, value] of results)
      it(`give ${value} for ${expression}`, async () => {
        const { status, body } = await evaluate(expression, event);
        assert.deepEqual([status, body], [200, { expression_result: { value } }]);
      });

    const mandatory = ['value_is_mandatory'];
    const refusals: [what: string, expression: unknown, event: unknown, details: object][] = [
      ['no expression', undefined, sample, { expression: mandatory }],
      ['an empty expression', '', {}, { expression: mandatory }],
      ['no event', '1', undefined, { event: mandatory }],
      ['an invalid expression', 'invalid_expression', sample, { expression: ['invalid_expression'] }],
      ['an invalid expression and event', '1 +', { properties: {} }, { expression: ['invalid_expression'] }],
      ['an event without a variable', 'event.properties.b', sample, { event: ['invalid_event'] }],
      ['a text where a number is needed', 'event.code * 2', sample, { event: ['invalid_event'] }],
      ['a division by zero', '1 / 0', sample, { event: ['invalid_event'] }],
      ['a timestamp that is none', '1', { ...sample, timestamp: 'now' }, { timestamp: ['invalid_format'] }],
      ['properties that are none', '1', { ...sample, properties: [1] }, { properties: ['value_is_invalid'] }],
    ];
    for (const [what, expression, event, details] of refusals)
      it(`are refused with ${what}`, async () => {
        const { status, body } = await evaluate(expression, event);
        assert.deepEqual([status, body.code, body.error_details], [422, 'validation_errors', details]);
      });

    it('say what is wrong with the event', async () => {
      assert.equal((await evaluate('event.properties.b', sample)).body.message, 'Variable: b not found');
    });

    it('store nothing', async () => {
      await evaluate('event.properties.value', sample);
      assert.equal(await countEvents(), 0);
    });
  });

  describe('of events that come in', () => {
    it('are computed before they are stored, whatever was sent', async () => {
      await createMetric();
      const { status, body } = await send({ a: '1', b: 2, value: 'sent' }, { transaction_id: 'one' });
      assert.equal(status, 200);
      assert.deepEqual(body.event.properties, { a: '1', b: 2, value: '3.0' });
      assert.deepEqual((await acme.get('/events/one')).body, body);
      const batch = await acme.post('/events/batch', {
        events: [usage({ a: 1, b: 2 }), usage({ a: 1 }, { code: 'other' }), usage({ a: '0.1', b: '0.2' })],
      });
      const stored = batch.body.events.map((event: { properties: object }) => event.properties);
      assert.deepEqual(stored, [{ a: 1, b: 2, value: '3.0' }, { a: 1 }, { a: '0.1', b: '0.2', value: '0.3' }]);
    });

    it('know the code and the timestamp', async () => {
      await createMetric({ expression: "concat(event.code, ' at ', event.timestamp)" });
      assert.equal(await valueOf({}, { timestamp: '1651240791.999' }), 'm at 1651240791');
      assert.equal(await valueOf({}), 'm at 1769853600', 'by the clock of the sandbox');
    });

    it('refuse an event that they cannot be computed of', async () => {
      await createMetric();
      const { status, body } = await send({ a: '1' });
      assert.deepEqual(
        [status, body],
        [
          422,
          {
            status: 422,
            error: 'Unprocessable Entity',
            code: 'expression_evaluation_failed',
            error_details: 'Variable: b not found',
          },
        ],
      );
      assert.equal((await send({ a: '1', b: 'x' })).body.error_details, 'Expected a decimal');
      assert.equal(await countEvents(), 0);
    });

    it('refuse the whole batch, and tell which of its events and why', async () => {
      await createMetric();
      await send({ a: 1, b: 1 }, { transaction_id: 'stored' });
      const { status, body } = await acme.post('/events/batch', {
        events: [
          usage({ a: 1, b: 1 }),
          usage({ a: 1 }),
          usage({ a: 1, b: 1 }, { transaction_id: 'stored' }),
          usage({ a: 'x', b: 1 }),
          usage({}, { code: 'other' }),
        ],
      });
      assert.deepEqual(
        [status, body],
        [
          422,
          {
            status: 422,
            error: 'Unprocessable Entity',
            code: 'validation_errors',
            error_details: {
              1: 'expression_evaluation_failed: Variable: b not found',
              3: 'expression_evaluation_failed: Expected a decimal',
            },
          },
        ],
      );
      assert.equal(await countEvents(), 1);
    });

    it('only refuse events where the metric counts them', async () => {
      await createMetric({ aggregation_type: 'count_agg' });
      assert.deepEqual((await send({ a: 1, b: 2 })).body.event.properties, { a: 1, b: 2 });
      assert.equal((await send({ a: 1 })).status, 422);
    });

    it('are those of the own organization', async () => {
      await createMetric();
      const other = await api.newOrganization();
      assert.deepEqual((await send({ a: 1 }, {}, other)).body.event.properties, { a: 1 });
      await createMetric({ expression: '7' }, other);
      assert.equal((await send({ a: 1 }, {}, other)).body.event.properties.value, '7.0');
      assert.equal(await valueOf({ a: 1, b: 1 }), '2.0');
    });

    it('leave events alone that are stored already', async () => {
      await createMetric();
      await send({ a: 1, b: 1 }, { transaction_id: 'before' });
      await changeMetric({ expression: '5' });
      assert.equal((await acme.get('/events/before')).body.event.properties.value, '2.0');
    });
  });

  describe('in memory', () => {
    const isLookUp = (statement: string): boolean => statement.includes('expression');
    const statementsOf = async (work: () => Promise<void>): Promise<string[]> => {
      const statements: string[] = [];
      const listen = ({ sql }: { sql: string }): void => void statements.push(sql);
      api.db.on('query', listen);
      await work();
      api.db.removeListener('query', listen);
      return statements;
    };

    it('cost no query an event', async () => {
      await createMetric();
      await send({ a: 1, b: 1 });
      const statements = await statementsOf(async () => {
        for (let n = 1; n <= 3; n++) assert.equal(await valueOf({ a: n, b: 1 }), `${n + 1}.0`);
      });
      assert.deepEqual(statements.filter(isLookUp), []);
    });

    it('follow every change of the metric at once', async () => {
      assert.equal(await valueOf({ a: 1, b: 1 }), undefined);
      await createMetric();
      assert.equal(await valueOf({ a: 1, b: 1 }), '2.0');
      await changeMetric({ expression: '5' });
      assert.equal(await valueOf({ a: 1, b: 1 }), '5.0');
      await changeMetric({ field_name: 'other' });
      assert.deepEqual((await send({})).body.event.properties, { other: '5.0' });
      await changeMetric({ code: 'n' });
      assert.deepEqual((await send({})).body.event.properties, {});
      assert.deepEqual((await send({}, { code: 'n' })).body.event.properties, { other: '5.0' });
      await acme.delete('/billable_metrics/n');
      assert.deepEqual((await send({}, { code: 'n' })).body.event.properties, {});
    });

    it('follow changes made by another process as soon as they are told of', async () => {
      await createMetric();
      const listener = new Listener(api.app_url);
      const known = new KnownProperties(api.db, listener);
      const { id } = acme.organization;
      const told = (): Promise<void> => listener.next('expressions', (payload) => payload === id, 10_000);
      try {
        await listener.start();
        assert.equal((await known.of(id)).get('m')?.expression, addition);
        assert.ok(!(known.of(id) instanceof Promise), 'known from now on');

        const heard = told();
        await changeMetric({ expression: '5' });
        await heard;
        assert.equal((await known.of(id)).get('m')?.expression, '5');

        const heardOfDeletion = told();
        await acme.delete('/billable_metrics/m');
        await heardOfDeletion;
        assert.equal((await known.of(id)).size, 0);
      } finally {
        await listener.stop();
      }
    });

    it('are not told of where metrics have none', async () => {
      await createMetric({ expression: null });
      const { id } = acme.organization;
      const heard: string[] = [];
      const off = api.deps.listener.on('expressions', (payload) => heard.push(payload));
      const told = api.deps.listener.next('expressions', (payload) => payload === id, 10_000);
      await changeMetric({ name: 'n' });
      await changeMetric({ expression: '1' });
      await told;
      off();
      assert.deepEqual(heard, [id]);
    });

    it('are looked up again when they changed meanwhile', async () => {
      await createMetric();
      const { id } = acme.organization;
      const known = new KnownProperties(api.db, api.deps.listener);
      const found = known.of(id);
      known.forget(id);
      await found;
      assert.ok(known.of(id) instanceof Promise);
    });

    it('are looked up a request while nobody listens, once for all that wait', async () => {
      await createMetric();
      const { id } = acme.organization;
      const known = new KnownProperties(api.db, new Listener(api.app_url));
      assert.equal((await known.of(id)).get('m')?.expression, addition);
      await changeMetric({ expression: '5' });
      assert.equal((await known.of(id)).get('m')?.expression, '5');

      const statements = await statementsOf(async () => {
        const found = await Promise.all(Array.from({ length: 50 }, async () => known.of(id)));
        assert.deepEqual(new Set(found.map((properties) => properties.get('m')?.expression)), new Set(['5']));
      });
      assert.equal(statements.filter(isLookUp).length, 2, 'the first for itself, the others together');
    });

    it('are looked up again after a look-up that failed', async () => {
      await createMetric();
      const { id } = acme.organization;
      const known = new KnownProperties(api.db, api.deps.listener);
      await assert.rejects(async () => known.of('no id'));
      assert.equal((await known.of(id)).get('m')?.expression, addition);
    });
  });
});
