import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a gateway that breaks: each connection in turn lets so many octets of the gateway through, and is then cut. */
export class CuttingProxy {
  readonly #server = createServer((socket) => this.#join(socket));
  readonly #target: { readonly host: string; readonly port: number };
  readonly #allowances: number[];
  readonly #sockets = new Set<Socket>();
  connections = 0;

  /** `allowances`: octets, one a connection; the last holds for all that follow. */
  constructor(target: string, ...allowances: number[]) {
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
    this.#allowances = allowances;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(socket: Socket): void {
    let left = this.#allowances[Math.min(this.connections, this.#allowances.length - 1)] ?? 0;
    this.connections += 1;
    const gateway = connect(this.#target);
    const cut = (): void => {
      socket.destroy();
      gateway.destroy();
    };
    for (const one of [socket, gateway]) {
      this.#sockets.add(one);
      one.on('error', cut).on('close', cut);
    }
    socket.pipe(gateway);
    gateway.on('data', (part: Buffer) => {
      socket.write(part.subarray(0, left));
      left -= part.length;
      if (left <= 0) cut();
    });
  }
}
