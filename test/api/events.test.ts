import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { inOrganization, rows } from '../../db/transaction.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const duplicate = { transaction_id: ['value_already_exist'] };

describe('events', () => {
  let api: TestApi;
  let client: ApiClient;

  before(async () => {
    api = await startApi();
    client = await api.newOrganization();
  });
  after(() => api.stop());

  const event = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
    transaction_id: randomUUID(),
    external_subscription_id: 'subscription',
    code: 'calls',
    ...changes,
  });
  const send = (changes?: Record<string, unknown>) => client.post('/events', { event: event(changes) });
  const sendBatch = (...events: unknown[]) => client.post('/events/batch', { events });

  describe('sending one', () => {
    it('answers with the event as stored', async () => {
      const { status, body } = await send({
        transaction_id: 'whole',
        timestamp: '1651240791.123456',
        properties: { value: '1.50', nested: { list: [1, null, true] } },
        precise_total_amount_cents: '1234.56',
        external_customer_id: 'dropped',
      });
      assert.equal(status, 200);
      const { lago_id, created_at, ...rest } = body.event;
      assert.match(lago_id, /^[0-9a-f-]{36}$/);
      assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.deepEqual(rest, {
        transaction_id: 'whole',
        lago_customer_id: null,
        lago_subscription_id: null,
        external_subscription_id: 'subscription',
        code: 'calls',
        timestamp: '2022-04-29T13:59:51.123Z',
        precise_total_amount_cents: '1234.56',
        properties: { value: '1.50', nested: { list: [1, null, true] } },
      });
      assert.deepEqual((await client.get('/events/whole')).body, body);
    });

    it('takes an event as of now if it has no timestamp, with no properties if it has none', async () => {
      const before = new Date().toISOString();
      for (const absent of [{}, { timestamp: null, properties: null }]) {
        const { body } = await send(absent);
        assert.ok(body.event.timestamp >= before && body.event.timestamp <= new Date().toISOString());
        assert.deepEqual(body.event.properties, {});
      }
    });

    it('takes an event of a sandbox as of its clock', async () => {
      const sandbox = await api.newOrganization({ clock: '2031-05-06T07:08:09.000Z' });
      const { body } = await sandbox.post('/events', { event: event() });
      assert.equal(body.event.timestamp, '2031-05-06T07:08:09.000Z');
      assert.equal(body.event.created_at, '2031-05-06T07:08:09Z');
    });

    it('stores events of subscriptions and metrics that nobody knows, or of no subscription', async () => {
      const known = await send({ external_subscription_id: 'nobody', code: 'nothing' });
      const without = await send({ external_subscription_id: undefined });
      assert.deepEqual([known.status, without.status], [200, 200]);
      assert.equal(without.body.event.external_subscription_id, null);
    });

    it('keeps where a request came from to itself', async () => {
      const transaction_id = randomUUID();
      const { body } = await api.request('POST', '/api/v1/events', {
        body: { event: event({ transaction_id }) },
        headers: { authorization: `Bearer ${client.api_key}`, 'user-agent': 'meter/1.0' },
      });
      assert.equal(JSON.stringify(body).includes('meter'), false);
      const metadata: unknown = await inOrganization(api.db, client.organization.id, (trx) =>
        rows(trx, 'events').where({ transaction_id }).pluck('metadata'),
      );
      assert.deepEqual(metadata, [{ user_agent: 'meter/1.0', ip_address: '127.0.0.1' }]);
    });

    const timestamps: [sent: unknown, stored: string][] = [
      [1651240791, '2022-04-29T13:59:51.000000Z'],
      [1651240791.123, '2022-04-29T13:59:51.123000Z'],
      [1651240791.123456, '2022-04-29T13:59:51.123456Z'],
      ['1651240791', '2022-04-29T13:59:51.000000Z'],
      ['1651240791.1', '2022-04-29T13:59:51.100000Z'],
      ['1651240791.9999999', '2022-04-29T13:59:51.999999Z'],
      ['-1.5', '1969-12-31T23:59:58.500000Z'],
      ['0', '1970-01-01T00:00:00.000000Z'],
      ['253402300799.999999', '9999-12-31T23:59:59.999999Z'],
    ];
    for (const [timestamp, stored] of timestamps)
      it(`reads the timestamp ${JSON.stringify(timestamp)} to the microsecond`, async () => {
        const transaction_id = randomUUID();
        assert.equal((await send({ timestamp, transaction_id })).body.event.timestamp, `${stored.slice(0, 23)}Z`);
        const found = await inOrganization(api.db, client.organization.id, (trx) =>
          rows(trx, 'events')
            .where({ transaction_id })
            .first(trx.raw(`to_char(timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact`)),
        );
        assert.deepEqual(found, { exact: stored });
      });

    const refused: [what: string, changes: Record<string, unknown>, details: Record<string, string[]>][] = [
      ['no transaction id', { transaction_id: undefined }, { transaction_id: ['value_is_mandatory'] }],
      ['a null transaction id', { transaction_id: null }, { transaction_id: ['value_is_mandatory'] }],
      ['a blank transaction id', { transaction_id: ' ' }, { transaction_id: ['value_is_mandatory'] }],
      ['an object for a transaction id', { transaction_id: {} }, { transaction_id: ['value_is_invalid'] }],
      ['a NUL in the transaction id', { transaction_id: 'a\0' }, { transaction_id: ['value_is_invalid'] }],
      ['half a character in the code', { code: '\ud800' }, { code: ['value_is_invalid'] }],
      ['an endless transaction id', { transaction_id: 'é'.repeat(401) }, { transaction_id: ['value_is_too_long'] }],
      ['no code', { code: undefined }, { code: ['value_is_mandatory'] }],
      ['neither of them', { code: '', transaction_id: '' }, { transaction_id: ['value_is_mandatory'], code: ['value_is_mandatory'] }],
      ['a subscription that is a list', { external_subscription_id: ['a'] }, { external_subscription_id: ['value_is_invalid'] }],
      ['an ISO timestamp', { timestamp: '2022-04-29T08:59:51Z' }, { timestamp: ['invalid_format'] }],
      ['an empty timestamp', { timestamp: '' }, { timestamp: ['invalid_format'] }],
      ['a timestamp that is no number', { timestamp: true }, { timestamp: ['invalid_format'] }],
      ['a timestamp in milliseconds', { timestamp: 1651240791123 }, { timestamp: ['invalid_format'] }],
      ['properties that are a list', { properties: [1] }, { properties: ['value_is_invalid'] }],
      ['properties that are a text', { properties: 'a' }, { properties: ['value_is_invalid'] }],
      ['a NUL in a property', { properties: { a: { b: ['\0'] } } }, { properties: ['value_is_invalid'] }],
      ['a NUL in the name of a property', { properties: { '\0': 1 } }, { properties: ['value_is_invalid'] }],
      ['an amount that is no number', { precise_total_amount_cents: 'abc' }, { precise_total_amount_cents: ['value_is_invalid'] }],
      ['an amount too large to store', { precise_total_amount_cents: '9'.repeat(26) }, { precise_total_amount_cents: ['value_is_invalid'] }],
    ]; // prettier-ignore
    for (const [what, changes, error_details] of refused)
      it(`refuses ${what}`, async () => {
        const { status, body } = await send(changes);
        assert.equal(status, 422);
        assert.deepEqual(body, {
          status: 422,
          error: 'Unprocessable Entity',
          code: 'validation_errors',
          error_details,
        });
      });

    it('refuses properties nested without end', async () => {
      const nested = (depth: number) =>
        `{"event":{"transaction_id":"${randomUUID()}","code":"a","properties":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}}`;
      assert.deepEqual((await client.post('/events', nested(100))).body.error_details, {
        properties: ['value_is_invalid'],
      });
      const { status } = await client.post('/events', nested(100_000));
      assert.ok(status >= 400 && status < 500, String(status));
    });

    it('refuses a body without an event', async () => {
      for (const body of [{}, { event: {} }, { event: null }, []])
        assert.equal((await client.post('/events', body)).status, 400);
    });

    it('takes the longest keys there may be', async () => {
      const longest = '\u{1f600}'.repeat(200);
      assert.equal(
        (await send({ transaction_id: longest, code: longest, external_subscription_id: longest })).status,
        200,
      );
    });

    it('refuses an event that is already stored', async () => {
      const changes = { transaction_id: randomUUID() };
      assert.equal((await send(changes)).status, 200);
      const { status, body } = await send({ ...changes, code: 'other', timestamp: 1 });
      assert.deepEqual([status, body.error_details], [422, duplicate]);
      assert.equal((await send({ ...changes, external_subscription_id: 'other' })).status, 200);
    });

    it('counts an event sent many times at once one time', async () => {
      const same = event();
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.post('/events', { event: same })));
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
      assert.equal(
        answers.filter(({ status, body }) => status === 422 && body.error_details.transaction_id).length,
        19,
      );
    });
  });

  describe('sending a batch', () => {
    const count = async (code: string): Promise<number> =>
      (await client.get(`/events?code=${code}`)).body.meta.total_count;

    it('answers with the events in their order', async () => {
      const events = Array.from({ length: 100 }, (_, n) => event({ transaction_id: `ordered-${99 - n}` }));
      const { status, body } = await sendBatch(...events);
      assert.equal(status, 200);
      assert.deepEqual(
        body.events.map((one: { transaction_id: string }) => one.transaction_id),
        events.map((one) => one['transaction_id']),
      );
    });

    it('wants 1 to 100 events', async () => {
      for (const body of [{}, { events: [] }, { events: null }])
        assert.deepEqual((await client.post('/events/batch', body)).body.error_details, { events: ['no_events'] });
      const { status, body } = await sendBatch(...Array.from({ length: 101 }, () => event()));
      assert.deepEqual([status, body.error_details], [422, { events: ['too_many_events'] }]);
      assert.equal((await client.post('/events/batch', { events: 'many' })).status, 422);
    });

    it('tells by position what is wrong, and stores nothing', async () => {
      const code = 'wrong-batch';
      const { status, body } = await sendBatch(
        event({ code }),
        event({ code, timestamp: 'yesterday', transaction_id: '' }),
        7,
        event({ code }),
      );
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, {
        1: { transaction_id: ['value_is_mandatory'], timestamp: ['invalid_format'] },
        2: { events: ['value_is_invalid'] },
      });
      assert.equal(await count(code), 0);
    });

    it('looks for duplicates only when all events are well formed', async () => {
      const stored = event();
      await client.post('/events', { event: stored });
      const { body } = await sendBatch(stored, event({ code: '' }));
      assert.deepEqual(body.error_details, { 1: { code: ['value_is_mandatory'] } });
    });

    it('refuses a batch of which an event is already stored, and stores none of it', async () => {
      const code = 'half-stored';
      const stored = event({ code });
      await client.post('/events', { event: stored });
      const { status, body } = await sendBatch(event({ code }), stored, event({ code }));
      assert.deepEqual([status, body.error_details], [422, { 1: duplicate }]);
      assert.equal(await count(code), 1);
    });

    it('refuses the second of two equal transaction ids, whatever the subscriptions', async () => {
      const code = 'repeated';
      const stored = event({ code });
      await client.post('/events', { event: stored });
      const one = event({ code });
      const { body } = await sendBatch(one, stored, { ...one, external_subscription_id: 'other' }, event({ code }));
      assert.deepEqual(body.error_details, { 1: duplicate, 2: duplicate });
      assert.equal(await count(code), 1);
    });

    it('counts the events of the same batch sent twice at once one time', async () => {
      for (let round = 0; round < 5; round++) {
        const code = `twice-${round}`;
        const events = Array.from({ length: 100 }, () => event({ code }));
        const answers = await Promise.all([
          sendBatch(...events),
          sendBatch(...events),
          sendBatch(...events.slice(50), event({ code })),
        ]);
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422, 422]);
        const isFirst = answers[2]?.status === 422;
        assert.equal(await count(code), isFirst ? 100 : 51);
      }
    });
  });

  describe('reading', () => {
    before(async () => {
      client = await api.newOrganization();
      const at = (day: number, changes = {}) => event({ timestamp: Date.UTC(2026, 0, day) / 1000, ...changes });
      await sendBatch(
        at(1, { transaction_id: 'b', code: 'storage' }),
        at(3, { transaction_id: 'd' }),
        at(1, { transaction_id: 'a', external_subscription_id: 'other' }),
        at(2, { transaction_id: 'c/%2F é' }),
      );
    });

    const list = async (query = ''): Promise<string[]> =>
      (await client.get(`/events${query}`)).body.events.map((one: { transaction_id: string }) => one.transaction_id);

    const lists: [query: string, expected: string[]][] = [
      ['', ['d', 'c/%2F é', 'a', 'b']],
      ['?code=storage', ['b']],
      ['?external_subscription_id=other', ['a']],
      ['?timestamp_from=2026-01-02T00:00:00Z', ['d', 'c/%2F é']],
      ['?timestamp_to=2026-01-02T00:00:00Z', ['c/%2F é', 'a', 'b']],
      ['?timestamp_from=2026-01-02&timestamp_to=2026-01-02&code=calls', ['c/%2F é']],
      ['?per_page=3&page=2', ['b']],
    ];
    for (const [query, expected] of lists)
      it(`lists ${query || 'all, newest first'}`, async () => assert.deepEqual(await list(query), expected));

    it('pages with the numbers of pages and events', async () => {
      const { body } = await client.get('/events?per_page=3');
      assert.deepEqual(body.meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 4 });
    });

    const refused: [query: string, details: Record<string, string[]>][] = [
      ['code=%00', { code: ['value_is_invalid'] }],
      ['timestamp_from=soon', { timestamp_from: ['invalid_date'] }],
      ['timestamp_to=2026-13-01', { timestamp_to: ['invalid_date'] }],
      ['timestamp_from_started_at=true', { external_subscription_id: ['required with timestamp_from_started_at'] }],
      ['timestamp_from_started_at=true&external_subscription_id=a&timestamp_from=2026-01-01', { timestamp_from: ['cannot be used with timestamp_from_started_at'] }],
    ]; // prettier-ignore
    for (const [query, error_details] of refused)
      it(`refuses ${query}`, async () => {
        const { status, body } = await client.get(`/events?${query}`);
        assert.deepEqual([status, body.error_details], [422, error_details]);
      });

    it('finds an event by its transaction id, whatever characters it has', async () => {
      const { status, body } = await client.get(`/events/${encodeURIComponent('c/%2F é')}`);
      assert.deepEqual([status, body.event?.transaction_id], [200, 'c/%2F é']);
      assert.deepEqual((await client.get('/events/unknown')).body, {
        status: 404,
        error: 'Not Found',
        code: 'event_not_found',
      });
    });

    it('shows no events of another organization', async () => {
      const other = await api.newOrganization();
      assert.equal((await other.get('/events')).body.meta.total_count, 0);
      assert.equal((await other.get('/events/a')).status, 404);
    });
  });
});
