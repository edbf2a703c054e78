import { Command } from 'commander';
import { reportFailure, printReport, type AuditReport } from './audit-report.js';
import type { FsckOptions } from './audit-fsck.js';
import type { VerifyOptions } from './audit-verify.js';

const PLACE = 'PLACE is a data directory, or the https URL of a gateway.';

const program = (answer: (work: Promise<AuditReport>) => Promise<void>): Command => {
  const audit = new Command('signpost audit').description('prove what a gateway says of its decisions, without trusting it').exitOverride();
  audit
    .command('verify')
    .description('verify one tlog-proof, one receipt or one signed answer, offline')
    .argument('<file>', 'the proof, receipt or answer; - reads standard input')
    .option('--log-vkey <vkey>', "the log's verifier key, for a proof or an answer")
    .option('--receipt-vkey <vkey>', 'the receipt key, for a receipt or an answer')
    .option('--leaf <file>', 'the entry as the log holds it, as GET /v1/entries/INDEX gives it')
    .option('--leaf-hash <base64>', 'or its hash alone')
    .option('--witness <vkey...>', "witnesses' verifier keys")
    .option('--quorum <n>', 'how many of them must have cosigned (default: all)')
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
  return audit;
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
