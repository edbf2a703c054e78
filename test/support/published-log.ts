import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatCheckpoint, signNote, TileBuilder, type Signer } from '../../src/log/index.js';
import { testSigner } from './log-fixtures.js';

export const ORIGIN = 'dp.example/log';
export const LOG_SIGNER: Signer = testSigner(ORIGIN);

/** The files of a log, by path below its prefix. */
export type LogFiles = Map<string, Buffer>;

/** A log of these entries as it is published: tiles, bundles and a signed checkpoint. */
export const publish = (entries: Iterable<Buffer>, signers: readonly Signer[] = [LOG_SIGNER]): LogFiles => {
  const builder = new TileBuilder();
  const files: LogFiles = new Map();
  for (const entry of entries) for (const { path, octets } of builder.append(entry)) files.set(path, Buffer.from(octets));
  for (const { path, octets } of builder.partials()) files.set(path, Buffer.from(octets));
  const text = formatCheckpoint({ origin: ORIGIN, size: builder.size, root: builder.root() });
  return files.set('checkpoint', Buffer.from(signNote(text, signers)));
};

const PAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'audit-ui');

/** The auditor's page as `npm run build` made it, by path below /audit/. */
export const builtPage = (): Map<string, Buffer> => {
  if (!existsSync(PAGE)) throw new Error('the page is not built: npm run build');
  const files = readdirSync(PAGE, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return new Map(files.map((file) => join(file.parentPath, file.name)).map((path) => [relative(PAGE, path), readFileSync(path)]));
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** What any static server does with a folder that holds `audit/` beside `log/`: no API, no keys, no compression. */
export class StaticServer {
  readonly #server: Server;
  readonly #page = builtPage();
  log: LogFiles;

  private constructor(log: LogFiles) {
    this.log = log;
    this.#server = createServer((request, response) => {
      const path = (request.url ?? '').replace(/\?.*/, '');
      const file = path.startsWith('/log/') ? this.log.get(path.slice(5)) : this.#page.get(path.replace(/^\/audit\//, '') || 'index.html');
      if (file === undefined) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? (path === '/audit/' ? 'text/html' : 'application/octet-stream') })
          .end(file);
    });
  }

  static async start(log: LogFiles): Promise<StaticServer> {
    const server = new StaticServer(log);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/audit/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
