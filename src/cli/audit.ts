import { Command } from 'commander';
import { reportFailure, printReport, type AuditReport } from './audit-report.js';
import type { ExportOptions } from './audit-export.js';
import type { MonitorOptions } from './audit-monitor.js';
import { withFilters } from './audit-filter.js';
import type { GrepOptions } from './audit-grep.js';
import type { FollowOptions } from './audit-follow.js';
import type { FsckOptions } from './audit-fsck.js';
import type { OpenOptions } from './audit-open.js';
import type { ReplayOptions } from './audit-replay.js';
import type { VerifyOptions } from './audit-verify.js';

const PLACE = 'PLACE is a data directory, or the https URL of a gateway.';

const TILES = 'PLACE is the https URL of a gateway or log, a data directory, or a folder of tiles.';

const program = (answer: (work: Promise<AuditReport>) => Promise<void>): Command => {
  const audit = new Command('signpost audit').description('prove what a gateway says of its decisions, without trusting it').exitOverride();
  audit
    .command('verify')
    .description('verify one tlog-proof, one receipt, one signed answer, or one export by its manifest, offline')
    .argument('<file>', 'the proof, receipt (or what ap register --json printed), answer or export; - reads standard input')
    .option('--log-vkey <vkey>', "the log's verifier key, for all but a receipt")
    .option('--receipt-vkey <vkey>', 'the receipt key, for a receipt or an answer')
    .option('--leaf <file>', 'the entry as the log holds it, as GET /v1/entries/INDEX gives it')
    .option('--leaf-hash <base64>', 'or its hash alone')
    .option('--witness <vkey...>', "witnesses' verifier keys")
    .option('--quorum <n>', 'how many of them must have cosigned (default: all)')
    .option('--policy <file>', 'of a proof: a C2SP tlog-policy file, in place of --log-vkey, --witness and --quorum')
    .option('--manifest <file>', 'of an export: FILE is what was exported')
    .option('--signer <file>', "PEM of the exporter's public key, for a manifest")
    .option('--json', 'print JSON')
    .exitOverride()
    .action((file: string, options: VerifyOptions) =>
      answer(import('./audit-verify.js').then(({ auditVerify }) => auditVerify(file, options))),
    );
  audit
    .command('fsck')
    .description(`derive a whole log again: every tile, root and leaf; of a data directory its records, keys and mappings too. ${PLACE}`)
    .argument('<place>', 'data directory or https URL')
    .option(
      '--log-vkey <vkey>',
      "the log's verifier key; without it that of keys/public.json, or for a URL the one that the gateway hands out",
    )
    .option('--ca <file>', "PEM of the authority of the gateway's TLS certificate")
    .option('--json', 'print JSON')
    .exitOverride()
    .action((place: string, options: FsckOptions) => answer(import('./audit-fsck.js').then(({ auditFsck }) => auditFsck(place, options))));
  audit
    .command('follow')
    .description(
      `remember the checkpoint, and at each look prove that the next one continues it and what each witness has kept; exit 1 when something does not hold. ${TILES}`,
    )
    .argument('<place>', 'https URL, data directory or folder of tiles')
    .option('--log-vkey <vkey>', "the log's verifier key; without it that of keys/public.json, or the one that the gateway hands out")
    .option('--witness <vkey...>', "witnesses' verifier keys, each followed by its https URL where its own copy is to be compared")
    .option('--quorum <n>', 'how many of them must have cosigned (default: all)')
    .option('--policy <file>', 'a C2SP tlog-policy file, in place of --log-vkey, --witness and --quorum')
    .option('--ca <file>', "PEM of the authority of the gateway's and the witnesses' TLS certificates")
    .option('--state <file>', 'what is remembered', 'audit-follow.json')
    .option('--once', 'look once, for cron; without it until SIGTERM')
    .option('--every <seconds>', 'between two looks', '60')
    .option('--max-age <seconds>', 'alarm when the newest cosignature (without witnesses: the checkpoint) is older')
    .option('--webhook <url>', 'https URL that is told of each alarm, once')
    .option('--webhook-key <file>', 'the secret that signs what it is told, 32 characters or more')
    .option('--json', 'print JSON, a line a look')
    .exitOverride()
    .action((place: string, options: FollowOptions) =>
      answer(import('./audit-follow.js').then(({ auditFollow }) => auditFollow(place, options, stopped()))),
    );
  withFilters(audit.command('grep'))
    .description(`print the entries that fit every filter, each verified under the checkpoint: exit 0 some, 1 none. ${TILES}`)
    .argument('<place>', 'https URL, data directory or folder of tiles')
    .option('--log-vkey <vkey>', "the log's verifier key; needed for a folder of tiles")
    .option('--ca <file>', "PEM of the authority of the gateway's TLS certificate")
    .option('--json', 'print JSON lines')
    .exitOverride()
    .action((place: string, options: GrepOptions) => answer(import('./audit-grep.js').then(({ auditGrep }) => auditGrep(place, options))));
  withFilters(audit.command('export'))
    .description(`write the entries that fit to standard output, each verified under the checkpoint. ${TILES}`)
    .argument('<place>', 'https URL, data directory or folder of tiles')
    .requiredOption('--format <format>', 'csv or jsonl')
    .option('--manifest <file>', 'write a signed manifest of what was written')
    .option('--key <file>', 'PEM of the Ed25519 or P-256 key that signs it')
    .option('--log-vkey <vkey>', "the log's verifier key; needed for a folder of tiles")
    .option('--ca <file>', "PEM of the authority of the gateway's TLS certificate")
    .exitOverride()
    .action((place: string, options: ExportOptions) =>
      answer(import('./audit-export.js').then(({ auditExport }) => auditExport(place, options))),
    );
  audit
    .command('open')
    .description(
      `what an entry commits to, with the proof that it is that. Over https for auditors: the log says that you opened it. Of a data directory, with its keys, while no gateway runs there: no entry says so. ${PLACE}`,
    )
    .argument('<place>', 'data directory or https URL')
    .argument('<index>', 'of the entry')
    .option('--case <id>', 'the case that it is for: 1 to 64 printable ASCII characters, naming nobody')
    .option('--log-vkey <vkey>', "the log's verifier key; without it that which the gateway hands out")
    .option('--pki <dir>', 'a PKI directory of dev-pki; with --as it stands for the three files below')
    .option('--as <domain>', 'this auditor')
    .option('--ca <file>', "PEM of the authority of the gateway's TLS certificate")
    .option('--cert <file>', 'PEM of the TLS client certificate')
    .option('--key <file>', 'PEM of its key')
    .option('--json', 'print JSON')
    .exitOverride()
    .action((place: string, index: string, options: OpenOptions) =>
      answer(import('./audit-open.js').then(({ auditOpen }) => auditOpen(place, index, options))),
    );
  audit
    .command('replay')
    .description(
      'judge decisions again from their sealed evidence: the same verdict, the same reason, or which step differs. PLACE is a data directory, or a file with one opened entry',
    )
    .argument('<place>', 'data directory, or file')
    .option('--from <index>', 'first entry (default 0)')
    .option('--to <index>', 'the entry behind the last (default: the size of the log)')
    .option('--documents <place>', 'of a file: the folder of documents, or the URL of a gateway')
    .option('--ca <file>', "PEM of the authority of the gateway's TLS certificate")
    .option('--cert <file>', "PEM of the auditor's TLS certificate")
    .option('--key <file>', 'PEM of its key')
    .option('--json', 'print JSON: a line for each difference, then the sum')
    .exitOverride()
    .action((place: string, options: ReplayOptions) =>
      answer(import('./audit-replay.js').then(({ auditReplay }) => auditReplay(place, options))),
    );
  audit
    .command('monitor')
    .description(
      'print what was signed under a name since the last run, complete by your own reading of the tiles, and compare it with what the gateway lists',
    )
    .argument('<name>', 'SPC of a number provider, or domain of an e-mail provider')
    .argument('<url>', 'https URL of the gateway')
    .option('--log-vkey <vkey>', "the log's verifier key")
    .option('--state <file>', 'the checkpoint that the last run ended with; replaced when this one holds')
    .option('--alarms', 'instead print alarms as they come, until SIGTERM')
    .option('--after <id>', 'alarms: go on after this id of an earlier run')
    .option('--ca <file>', "PEM of the authority of the gateway's TLS certificate")
    .option('--cert <file>', 'PEM of the TLS client certificate: of whose name it is, or of an auditor')
    .option('--key <file>', 'PEM of its key')
    .exitOverride()
    .action((name: string, url: string, options: MonitorOptions) =>
      answer(import('./audit-monitor.js').then(({ auditMonitor }) => auditMonitor(name, url, options))),
    );
  return audit;
};

/** Aborted by SIGTERM or SIGINT. */
const stopped = (): AbortSignal => {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
};

/** `signpost audit`: exit 0 it holds, 1 it does not, 2 could not be run. */
export const run = async (argv: string[]): Promise<number> => {
  let report: AuditReport = { code: 2, json: {}, words: '' };
  const answer = async (work: Promise<AuditReport>): Promise<void> => {
    report = await work;
  };
  try {
    await program(answer).parseAsync(argv, { from: 'user' });
  } catch (error) {
    report = reportFailure(error);
  }
  return printReport(report, argv.includes('--json'));
};
