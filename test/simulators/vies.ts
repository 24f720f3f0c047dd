import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** The register of VAT numbers as it answers: `POST /check-vat-number`. Knows the numbers it is told of, and can be out of order. */
export class ViesSimulator {
  readonly url: string;
  /** By country code and number: `FR40303265045`. */
  readonly known = new Map<string, { name: string; address: string }>();
  /** The reason why it does not answer, as VIES says it; undefined: it does. */
  outage: string | undefined;
  readonly asked: string[] = [];
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(): Promise<ViesSimulator> {
    const server = createServer((request, response) => {
      void (async () => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const answer = simulator.#answer(request.url ?? '', body);
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const simulator = new ViesSimulator(`http://127.0.0.1:${port}`, async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });
    return simulator;
  }

  stop(): Promise<void> {
    return this.#close();
  }

  #answer(path: string, body: string): { status: number; body: object } {
    if (path !== '/check-vat-number') return { status: 404, body: {} };
    const { countryCode, vatNumber } = JSON.parse(body) as { countryCode: string; vatNumber: string };
    this.asked.push(countryCode + vatNumber);
    if (this.outage !== undefined)
      return { status: 500, body: { actionSucceed: false, errorWrappers: [{ error: this.outage }] } };
    const found = this.known.get(countryCode + vatNumber);
    const { name, address } = found ?? { name: '---', address: '---' };
    const requestDate = '2026-01-31T10:00:00.000Z';
    return { status: 200, body: { countryCode, vatNumber, requestDate, valid: found !== undefined, name, address } };
  }
}
