import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A wire between a process and a server, that can be cut, or go dead without telling either end. */
export class Proxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #isDead = false;

  private constructor(address: string) {
    const { hostname, port } = new URL(`tcp://${address}`);
    this.#target = { host: hostname, port: Number(port) };
  }

  static async to(address: string): Promise<Proxy> {
    const proxy = new Proxy(address);
    await proxy.mend();
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Connections break, new ones are refused. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.close();
    this.#breakAll();
    await once(server, 'close');
  }

  /** Connections stay and new ones are taken, but nothing passes any more. */
  goDead(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** As good as new. What was underway when it went dead is lost. */
  async mend(): Promise<void> {
    if (this.#isDead) this.#breakAll();
    this.#isDead = false;
    if (this.#server) return;
    this.#server = createServer((near) => this.#pass(near));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #pass(near: Socket): void {
    const far = connect(this.#target);
    const ends = [near, far];
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(end);
      end.on('data', (chunk) => {
        if (!this.#isDead) other.write(chunk);
      });
      end.on('error', () => undefined);
      end.on('close', () => {
        this.#sockets.delete(end);
        other.destroy();
      });
    }
    if (this.#isDead) for (const end of ends) end.pause();
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
