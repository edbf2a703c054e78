#!/usr/bin/env node
import { createRequire } from 'node:module';

/** A verb: its module is loaded only when it is asked for, since the libraries behind some take longer to load than others take to run. */
interface Verb {
  readonly summary: string;
  readonly load: () => Promise<{ run(argv: string[]): Promise<number> }>;
}

const VERBS: Readonly<Record<string, Verb>> = {
  serve: { summary: 'run the gateway', load: () => import('./serve.js') },
  demo: { summary: 'tell the story with real keys, from a credential to an audit', load: () => import('./demo.js') },
  health: { summary: 'ask a running gateway whether it is ready', load: () => import('./health.js') },
  bench: { summary: 'measure, each figure beside its limit', load: () => import('./bench.js') },
  inspect: {
    summary: 'say what a certificate, CRL, PASSporT, receipt or proof is, and what is wrong with it',
    load: () => import('./inspect.js'),
  },
  explain: { summary: 'what a reason code means and what to do', load: () => import('./explain.js') },
  verify: { summary: 'judge PASSporTs or certificate paths offline, a JSON line each', load: () => import('./verify.js') },
  np: {
    summary: "the number provider's desk: init, issue, delegate, grant, list, renew, revoke, publish, sign, serve",
    load: () => import('./np.js'),
  },
  ep: {
    summary: "the e-mail provider's desk: init, issue, delegate, list, renew, revoke, publish, sign, serve",
    load: () => import('./ep.js'),
  },
  ap: {
    summary: 'the application provider: enroll, attest, sign, register, import, withdraw, prefer, lookup, watch, check, quota',
    load: () => import('./ap.js'),
  },
  audit: { summary: 'the auditor: verify, fsck, follow, grep, export, open, replay, monitor', load: () => import('./audit.js') },
  witness: { summary: 'cosign the checkpoints of logs, so that none can show two histories', load: () => import('./witness.js') },
  policy: { summary: 'check and compare policies; import numbering data, and show who holds a number', load: () => import('./policy.js') },
  backup: { summary: 'copy a data directory, also while a gateway runs on it', load: () => import('./backup.js') },
  restore: {
    summary: 'make a data directory of a backup that is not behind what was published, or one for reading alone',
    load: () => import('./restore.js'),
  },
  key: { summary: "rotate the key that wraps the vault's keys", load: () => import('./key.js') },
  'dev-pki': { summary: 'make a development PKI with credentials and policies', load: () => import('./dev-pki.js') },
};

const usage = (): string => {
  const width = Math.max(...Object.keys(VERBS).map((verb) => verb.length));
  const lines = Object.entries(VERBS).map(([verb, { summary }]) => `  ${verb.padEnd(width)}  ${summary}`);
  return `usage: signpost VERB [options]\n\n${lines.join('\n')}\n\nsignpost VERB --help explains each. Exit: 0 yes, 1 no, 2 could not be run.\n`;
};

const main = async (argv: string[]): Promise<number> => {
  const [name, ...rest] = argv;
  if (name === '--version' || name === '-V') {
    const { version } = createRequire(import.meta.url)('signpost/package.json') as { version: string };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const help = name === undefined || name === '--help' || name === '-h' || name === 'help';
  const verb = help || !Object.hasOwn(VERBS, name) ? undefined : VERBS[name];
  if (verb === undefined) {
    if (help) process.stdout.write(usage());
    else process.stderr.write(`there is no verb ${JSON.stringify(name)}; signpost --help lists them\n`);
    return help && name !== undefined ? 0 : 2;
  }
  return await (await verb.load()).run(rest);
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // CONTRACT section 3: 2 = could not be run; never a stack trace.
  process.stderr.write(`${JSON.stringify({ error: error instanceof Error ? error.message : 'unknown error' })}\n`);
  process.exitCode = 2;
}
