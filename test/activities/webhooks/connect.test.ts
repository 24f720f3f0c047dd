import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Lookup, connectToTargets, onlyPublic } from '../../../activities/webhooks/connect.ts';
import { type Answer, post } from '../../../activities/webhooks/post.ts';

interface Resolver {
  readonly lookup: Lookup;
  readonly asked: string[];
}

/** Answers each question with the next list of addresses; the last one again and again. */
function resolveTo(...answers: string[][]): Resolver {
  const asked: string[] = [];
  return {
    asked,
    lookup(hostname, { all }, callback) {
      const addresses = answers[Math.min(asked.length, answers.length - 1)] as string[];
      asked.push(hostname);
      const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (all === true) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    },
  };
}

describe('the address of a webhook target', () => {
  let server: Server;
  let port: number;
  let requests = 0;

  before(async () => {
    server = createServer((_, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => server.close());
  beforeEach(() => {
    requests = 0;
  });

  async function send(
    url: string,
    { lookup, allow = false }: { lookup?: Lookup; allow?: boolean } = {},
  ): Promise<Answer> {
    const options = { timeout_milliseconds: 2000, connections_max: 1, allow_private_targets: allow };
    const dispatcher = connectToTargets(lookup ? { ...options, lookup } : options);
    try {
      const { signal } = new AbortController();
      return await post({ url, headers: {}, payload: '{}', dispatcher, timeout_milliseconds: 2000, signal });
    } finally {
      await dispatcher.destroy();
    }
  }

  // Every notation that a URL has for 127.0.0.1 and its like. None may reach the receiver, which listens there.
  const hosts = [
    '127.0.0.1', '127.1', '127.0.1', '2130706433', '017700000001', '0177.0.0.1', '0x7f.0.0.1', '0x7f000001', '0x7F.1', '0177.0.0.0x1', '127.0.0.1.', '00000177.0.0.1',
    '127.255.255.254', '0', '0.0.0.0', '0x0', '%31%32%37.0.0.1', '１２７.０.０.１', '127。0。0。1', 'localhost', 'LOCALHOST',
    '[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]',
    'user:password@127.0.0.1', '1.1.1.1@127.0.0.1',
  ]; // prettier-ignore
  for (const host of hosts)
    it(`written as ${host} is refused when private`, async () => {
      const answer = await send(`http://${host}:${port}/`);
      assert.deepEqual(answer, { http_status: null, response: 'address_refused: the address is not public' });
      assert.equal(requests, 0);
    });

  it('in another network is refused without waiting for it', async () => {
    for (const host of [
      '10.0.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '[fe80::1]',
      '[fd00:ec2::254]',
      '100.64.0.1',
      '3232235777',
      '0xa9fea9fe',
    ])
      assert.match((await send(`http://${host}/latest/meta-data/`)).response, /^address_refused/, host);
  });

  it('is refused for https as well, before anything is said', async () => {
    assert.match((await send(`https://127.0.0.1:${port}/`)).response, /^address_refused/);
    assert.match(
      (await send(`https://inside.example:${port}/`, resolveTo(['127.0.0.1']))).response,
      /^address_refused/,
    );
  });

  for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fd00::1'])
    it(`is refused when a name leads to ${address}`, async () => {
      const resolver = resolveTo([address]);
      assert.match((await send(`http://inside.example:${port}/`, resolver)).response, /^address_refused/);
      assert.deepEqual(resolver.asked, ['inside.example']);
      assert.equal(requests, 0);
    });

  it('is refused among public ones', async () => {
    const resolver = resolveTo(['127.0.0.1', '::1'], ['::1', '10.0.0.1']);
    assert.match((await send(`http://both.example:${port}/`, resolver)).response, /^address_refused/);
    assert.match((await send(`http://both.example:${port}/`, resolver)).response, /^address_refused/);
    assert.equal(requests, 0);
  });

  it('is resolved once for a connection: there is no second answer to be trusted in', async () => {
    const resolver = resolveTo(['127.0.0.1'], ['1.1.1.1']);
    assert.match((await send(`http://rebinding.example:${port}/`, resolver)).response, /^address_refused/);
    assert.deepEqual(resolver.asked, ['rebinding.example']);
  });

  it('is checked again on the next connection: public at first, private then', async () => {
    const resolver = resolveTo(['::ffff:127.0.0.1']);
    const first = await send(`http://rebinding.example:${port}/`, { ...resolver, allow: true });
    assert.equal(first.http_status, 200);
    assert.match((await send(`http://rebinding.example:${port}/`, resolver)).response, /^address_refused/);
    assert.equal(requests, 1);
  });

  it('is one of those that were checked, and no other', async () => {
    const lookup = onlyPublic(
      resolveTo(['10.0.0.1', '1.1.1.1', '::1', '2606:4700::1'], ['8.8.8.8'], ['127.0.0.1']).lookup,
    );
    const ask = (all: boolean): Promise<unknown> =>
      new Promise((resolve) =>
        lookup('rebinding.example', { all }, (error, address) => resolve(error?.message ?? address)),
      );
    assert.deepEqual(await ask(true), [
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]);
    assert.equal(await ask(false), '8.8.8.8');
    assert.equal(await ask(false), 'the address is not public');
  });

  it('may be private when the operator allows it', async () => {
    assert.equal((await send(`http://127.0.0.1:${port}/`, { allow: true })).http_status, 200);
    assert.equal(
      (await send(`http://inside.example:${port}/`, { ...resolveTo(['127.0.0.1']), allow: true })).http_status,
      200,
    );
  });

  for (const url of [
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'ftp://example.com/',
    'javascript:1',
    'http://',
    'no url',
  ])
    it(`${url} leads nowhere`, async () => {
      assert.equal((await send(url, { allow: true })).http_status, null);
    });
});
