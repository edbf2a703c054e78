import { Command, InvalidArgumentError } from 'commander';
import { deskOptions, type DeskOptions } from './np-options.js';
import { LEVELS, parseLevel, parsePort } from './serve-options.js';

/** What `serve` of a desk was asked. */
export interface ServeOptions extends DeskOptions {
  readonly tls: string;
  readonly anyAp?: true;
  readonly host: string;
  readonly port: number;
  readonly url?: string;
  readonly terms?: string;
  readonly logLevel: string;
  readonly printReady?: true;
}

export type DeskKind = 'np' | 'ep';

/** An https origin: ACME appends paths to it. */
const parseOrigin = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:' || (url.origin !== text && `${url.origin}/` !== text))
    throw new InvalidArgumentError('give https://host:port');
  return url.origin;
};

/** `serve` of a desk: the one command there that runs until it is told to stop. */
export const serveCommand = (kind: DeskKind): Command =>
  deskOptions(new Command('serve').description('run the server of the desk; SIGTERM finishes what is in flight and exits'))
    .requiredOption('--tls <dir>', "folder with server.pem, server.key.pem and ca.pem, the clients' authority")
    .option('--any-ap', 'every client whose certificate names one domain counts as an AP, not only those of principals.yaml')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port; 0: the system chooses', parsePort, kind === 'np' ? 8444 : 8445)
    .option('--url <url>', 'where clients reach it, when that is not where it listens', parseOrigin)
    .option('--terms <url>', 'terms that an AP agrees to when it makes its ACME account')
    .option('--log-level <level>', LEVELS.join(', '), parseLevel, 'info')
    .option('--print-ready', 'print one JSON line to standard output once the server is ready')
    .configureOutput({ writeErr: (text) => process.stderr.write(`${JSON.stringify({ level: 50, msg: text.trim() })}\n`) })
    .exitOverride();
