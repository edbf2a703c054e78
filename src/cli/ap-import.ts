import { ApClient } from '../client/index.js';
import type { IssuedCredential } from '../issuance/index.js';
import type { Consent } from '../passport/index.js';
import { Usage, audienceOf, credentialFor, domainOf, tlsOf, type CallerOptions } from './ap-caller.js';
import { understandSii, understandSsi } from './ap-identifier.js';
import { circleOf, signNow } from './ap-passport.js';
import { reportError, type Report } from './ap-report.js';
import { ImportProgress, type Screen } from './import-progress.js';
import { ImportResults, isAccepted } from './import-results.js';
import { factsOf, readImport, type ImportRow } from './import-source.js';

/** What `ap import` was asked. */
export interface ImportOptions extends CallerOptions {
  readonly country?: string;
  readonly receiptKey?: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: 'user' | 'service';
  readonly consent: Consent;
  readonly circle?: string;
  readonly lifetime: number;
  /** File of the results. */
  readonly out?: string;
  readonly resume?: boolean;
}

/** What an import has come to. */
interface Tally {
  accepted: number;
  refused: number;
  readonly earlier: number;
  readonly reasons: Map<string, number>;
}

/**
 * Streams a file's PASSporTs to the gateway. Memory does not grow with the file, but for the lines that an earlier run has as accepted.
 * Exit code 0: all were accepted; 1: some were not; 2: it could not be run, or not to its end.
 * @throws Usage, Error before anything is sent
 */
export const importFile = async (options: ImportOptions, file: string, screen: Screen = process.stderr): Promise<Report> => {
  const { out, resume } = options;
  if (resume === true && out === undefined) throw new Usage('--resume goes on with the results of --out');
  const tls = tlsOf(options);
  const sign = signerOf(options);
  const { lines, source } = await factsOf(file);
  const results = resume === true && out !== undefined ? ImportResults.resume(out, source) : ImportResults.begin(out, source);
  const earlier = results.accepted.size;
  const tally: Tally = { accepted: 0, refused: 0, earlier, reasons: new Map() };
  const progress = new ImportProgress(lines, earlier, screen, () => performance.now());
  const client = new ApClient({
    url: options.url,
    ...tls,
    ...(options.receiptKey === undefined ? {} : { receiptVkey: options.receiptKey }),
  });
  try {
    await stream(client, readImport(file, results.accepted, sign), results, tally, progress);
    return reportOf(tally, tally.refused === 0 ? 0 : 1, null);
  } catch (error) {
    return reportOf(tally, 2, reportError(error).words);
  } finally {
    progress.end(doneOf(tally), tally.refused);
    results.close();
    client.close();
  }
};

const doneOf = ({ accepted, refused, earlier }: Tally): number => accepted + refused + earlier;

const stream = async (
  client: ApClient,
  lines: ReturnType<typeof readImport>,
  results: ImportResults,
  tally: Tally,
  progress: ImportProgress,
): Promise<void> => {
  /** Numbers of the lines that are sent and not answered, in order. */
  const sent: number[] = [];
  const settle = (line: number, status: number | null, reason: string | null, logIndex: number | null): void => {
    results.add({ line, status, reason, logIndex });
    if (isAccepted(status)) tally.accepted += 1;
    else {
      tally.refused += 1;
      const why = reason ?? 'unknown';
      tally.reasons.set(why, (tally.reasons.get(why) ?? 0) + 1);
    }
    progress.tell(doneOf(tally), tally.refused);
  };
  const passports = async function* (): AsyncGenerator<string> {
    for await (const { line, what } of lines) {
      if ('reason' in what) settle(line, null, what.reason, null);
      else {
        sent.push(line);
        yield what.passport;
      }
    }
  };
  for await (const { status, reason, logIndex } of client.import(passports()))
    settle(sent.shift() ?? 0, status, reason ?? null, logIndex ?? null);
};

/** Signs rows with the credential that is named, read once, or with the PKI directory's for each number. */
const signerOf = (options: ImportOptions): ((row: ImportRow) => string) => {
  const named: IssuedCredential | null = options.credential === undefined ? null : credentialFor(options, '');
  return ({ number, user, purpose, kind }) => {
    const provider = domainOf(options);
    const sii = understandSii(number, options.country);
    const ssi = understandSsi(user, provider);
    const kinds = kind ?? options.kind;
    return signNow(
      {
        action: 'register',
        audience: audienceOf(options),
        sii,
        ssi,
        provider,
        lifetime: options.lifetime,
        consent: options.consent,
        purpose: purpose ?? options.purpose,
        ...(kinds === undefined ? {} : { kind: kinds }),
        ...(options.circle === undefined ? {} : { circle: circleOf(options.circle) }),
      },
      named ?? credentialFor(options, sii),
    );
  };
};

const reportOf = ({ accepted, refused, earlier, reasons }: Tally, code: number, error: string | null): Report => {
  const json = { accepted, refused, earlier, reasons: Object.fromEntries(reasons), ...(error === null ? {} : { error }) };
  const rows = [...reasons].toSorted(([, a], [, b]) => b - a).map(([reason, count]) => `  ${count} ${reason}`);
  const words = [`${accepted} accepted, ${refused} refused${earlier === 0 ? '' : `, ${earlier} accepted before`}`, ...rows];
  return { code, json, words: (error === null ? words : [...words, `ended early: ${error}`]).join('\n') };
};
