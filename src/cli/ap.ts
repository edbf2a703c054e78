import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ApClient } from '../client/index.js';
import { foldDomain } from '../identifiers/index.js';
import type { Consent } from '../passport/index.js';
import { Usage, audienceOf, credentialFor, domainOf, tlsOf, type CallerOptions } from './ap-caller.js';
import { enroll, enrollCommand, type EnrollOptions } from './ap-enroll.js';
import { attested, type AttestOptions } from './ap-attest.js';
import { importFile } from './ap-import.js';
import { understandSii, understandSsi } from './ap-identifier.js';
import { lookupSigned, questionOf } from './ap-lookup-signed.js';
import { circleOf, signNow, type ApStatement } from './ap-passport.js';
import { checkMappings } from './ap-check.js';
import { watchAnswers } from './ap-watch.js';
import { lookupWords, print, quotaWords, reportError, type Report } from './ap-report.js';

interface Options extends CallerOptions, Partial<Pick<AttestOptions, 'providerUrl' | 'providerCa' | 'evidence' | 'out'>> {
  readonly json?: boolean;
  readonly country?: string;
  readonly receiptKey?: string;
  readonly logKey?: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: 'user' | 'service';
  readonly consent: Consent;
  readonly circle?: string;
  readonly lifetime: number;
  readonly action: ApStatement['action'];
  readonly preferDefault?: string;
  readonly preferConsumer?: string;
  readonly preferBusiness?: string;
  readonly passport?: string;
  readonly signed?: boolean;
  readonly view?: 'consumer' | 'business' | 'all';
  readonly proof: AttestOptions['proof'];
  readonly register?: true;
  readonly resume?: boolean;
  readonly after?: string;
}

/** `signpost ap`: what an application provider does, from the command line. */
export const run = async (argv: string[]): Promise<number> => {
  let outcome: Report | null = null;
  const does =
    (work: Work) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      outcome = await work(command.opts(), ...command.args);
    };
  try {
    await program(does).parseAsync(argv, { from: 'user' });
  } catch (error) {
    outcome = reportError(error);
  }
  return outcome === null ? 2 : print(outcome, argv.includes('--json'));
};

/** A verb takes its own options, of all that there are. */
type Work = (options: Options & EnrollOptions, ...operands: string[]) => Promise<Report>;
type Does = (work: Work) => (...given: unknown[]) => Promise<void>;

const program = (does: Does): Command => {
  const ap = new Command('signpost ap').description('sign, register, withdraw and look up as an application provider').exitOverride();
  preferenceOptions(statementOptions(verb(ap, 'sign', 'sign a PASSporT and print it; nothing is sent')))
    .argument('<sii>', 'number or e-mail address')
    .argument('<user>', 'user, or the whole mimi: URI')
    .addOption(new Option('--action <action>', 'what to sign').choices(['register', 'withdraw', 'prefer']).default('register'))
    .action(does(sign));
  statementOptions(verb(ap, 'register', 'register a mapping'))
    .argument('[sii]', 'number or e-mail address')
    .argument('[user]', 'user, or the whole mimi: URI')
    .option('--passport <file>', 'present this PASSporT instead of signing one')
    .action(does(register));
  statementOptions(verb(ap, 'withdraw', 'give up a mapping, by connection or, with --signed, by a PASSporT'))
    .argument('[sii]', 'number or e-mail address')
    .argument('[user]', 'user, or the whole mimi: URI')
    .option('--signed', 'sign a withdraw PASSporT')
    .option('--passport <file>', 'present this PASSporT instead of signing one')
    .action(does(withdraw));
  preferenceOptions(statementOptions(verb(ap, 'prefer', 'say which provider is the default: each must have a mapping')))
    .argument('[sii]', 'number or e-mail address')
    .argument('[user]', 'user, or the whole mimi: URI')
    .option('--passport <file>', 'present this PASSporT instead of signing one')
    .action(does(prefer));
  attestOptions(verb(ap, 'attest', "have the number's or mailbox's provider attest what its subscriber wishes"))
    .argument('<sii>', 'number or e-mail address')
    .argument('<user>', 'user, or the whole mimi: URI')
    .action(does(attest));
  verb(ap, 'lookup', 'who can be reached under a number or address')
    .argument('<sii...>', 'numbers or e-mail addresses')
    .addOption(new Option('--view <view>', 'which mappings').choices(['consumer', 'business', 'all']))
    .option('--circle <code>', 'circle code')
    .option('--signed', 'ask for a signed answer and verify it; --log-key and --receipt-key are then needed')
    .option('--log-key <vkey>', "the log's key")
    .option('--out <file>', 'with --signed: keep the answer there, for audit verify')
    .action(does(lookup));
  verb(ap, 'watch', 'a JSON line for each answer of yours that has changed, until SIGTERM')
    .option('--after <id>', 'go on after this id of an earlier run')
    .action(does((options) => watchAnswers(options)));
  verb(ap, 'check', 'whether mappings are still what was registered: a JSON line for each that is not')
    .argument('<file>', 'lines of {"sii","ssi","logIndex","leafHash"}, or of what register --json printed; - reads standard input')
    .option('--log-key <vkey>', "the log's key")
    .option('--state <file>', 'the checkpoint that the last run ended with; replaced by this one')
    .option('--soon <days>', 'what runs out so soon is told of too (default: 3)')
    .action(does((options, file = '') => checkMappings(file, options)));
  verb(ap, 'quota', 'what is left of the quota of lookups, and what it comes of').action(does(quota));
  statementOptions(verb(ap, 'import', 'register what a file holds, at full speed; a connection that breaks is made again'))
    .argument('<file>', 'lines of {"passport"}, of PASSporTs, or of number,user[,purpose[,kind]], which are signed')
    .option('--out <file>', 'write what became of each line there: {"line","status","reason","logIndex"}')
    .option('--resume', 'go on with --out: what it has as accepted is not sent again')
    .action(does((options, file = '') => importFile(options, file)));
  enrollCommand(ap).action(does((options) => enroll(options)));
  return ap;
};

const parseGateway = (text: string): string => {
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw new InvalidArgumentError('give an https URL such as https://localhost:8443');
  return text;
};

const verb = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .exitOverride()
    .option('--url <url>', 'the gateway', parseGateway, 'https://localhost:8443')
    .option('--pki <dir>', 'a PKI directory of dev-pki; with --as it stands for all the files below')
    .option('--as <domain>', 'this AP')
    .option('--ca <file>', "PEM of the gateway's TLS authority")
    .option('--cert <file>', 'PEM of the TLS client certificate')
    .option('--key <file>', 'PEM of its key')
    .option('--country <code>', 'country of numbers typed without one, such as US')
    .option('--receipt-key <vkey>', "the gateway's receipt key; receipts are then checked")
    .option('--json', 'JSON to standard output');

const statementOptions = (command: Command): Command =>
  command
    .option('--credential <file>', 'PEM of the path that signs, end-entity first')
    .option('--credential-key <file>', 'PEM of its key')
    .option('--audience <id>', 'id of the discovery provider')
    .addOption(new Option('--purpose <purpose>', 'what the mapping is for').choices(['consumer', 'business']).default('consumer'))
    .addOption(new Option('--kind <kind>', 'who answers there').choices(['user', 'service']))
    .addOption(new Option('--consent <consent>', 'how the user agreed').choices(['operator', 'sim', 'otp', 'app']).default('app'))
    .option('--circle <code>', 'circle code: only who knows it finds the mapping')
    .option('--lifetime <seconds>', 'how long the PASSporT may be presented', Number, 300);

const attestOptions = (command: Command): Command =>
  command
    .option('--provider-url <url>', 'the number or mail provider')
    .option('--provider-ca <file>', 'PEM of its TLS authority, if it is not that of --ca')
    .addOption(new Option('--proof <proof>', 'how the wish is proven').choices(['otp', 'sim', 'operator']).default('otp'))
    .option('--evidence <file>', "with sim the access token, with operator the portal's statement")
    .option('--audience <id>', 'id of the discovery provider, if the provider knows several')
    .addOption(new Option('--purpose <purpose>', 'what the mapping is for').choices(['consumer', 'business']).default('consumer'))
    .addOption(new Option('--kind <kind>', 'who answers there').choices(['user', 'service']))
    .option('--circle <code>', 'circle code: only who knows it finds the mapping')
    .option('--out <file>', 'write the PASSporT there too')
    .option('--register', 'register it with the gateway at once');

const preferenceOptions = (command: Command): Command =>
  command
    .option('--prefer-default <domain>', 'the default for every purpose')
    .option('--prefer-consumer <domain>', 'the default for consumers')
    .option('--prefer-business <domain>', 'the default for businesses');

const sign = async (options: Options, typedSii = '', typedUser = ''): Promise<Report> => {
  const passport = signed(options, options.action, typedSii, typedUser);
  return { code: 0, json: { passport }, words: passport };
};

const register = async (options: Options, typedSii?: string, typedUser?: string): Promise<Report> => {
  const passport = presented(options, 'register', typedSii, typedUser);
  const done = await withClient(options, (client) => client.register(passport));
  const words = `registered until ${done.mapping?.expires ?? '?'}: entry ${done.logIndex} of the log${done.first ? '' : ' (was registered before)'}`;
  return { code: 0, json: done, words };
};

const prefer = async (options: Options, typedSii?: string, typedUser?: string): Promise<Report> => {
  const passport = presented(options, 'prefer', typedSii, typedUser);
  const done = await withClient(options, (client) => client.prefer(passport));
  return { code: 0, json: done, words: `preference set: entry ${done.logIndex} of the log` };
};

const attest = async (options: Options, typedSii = '', typedUser = ''): Promise<Report> => {
  const answer = await attested(options, typedSii, typedUser);
  if (options.register !== true) return { code: 0, json: answer, words: answer.passport };
  const done = await withClient(options, (client) => client.register(answer.passport));
  const words = `attested (${answer.consent}) and registered until ${done.mapping?.expires ?? '?'}: entry ${done.logIndex} of the log`;
  return { code: 0, json: { ...answer, registered: done }, words };
};

const withdraw = async (options: Options, typedSii?: string, typedUser?: string): Promise<Report> => {
  const what =
    options.signed === true || options.passport !== undefined
      ? presented(options, 'withdraw', typedSii, typedUser)
      : ownMapping(options, typedSii, typedUser);
  const done = await withClient(options, (client) => client.withdraw(what));
  return { code: 0, json: done, words: `withdrawn: entry ${done.logIndex} of the log` };
};

const needBoth = (typedSii: string, typedUser: string): void => {
  if (typedSii === '' || typedUser === '') throw new Error('SII and USER are needed, or --passport FILE');
};

const ownMapping = (options: Options, typedSii = '', typedUser = ''): { readonly sii: string; readonly ssi: string } => {
  needBoth(typedSii, typedUser);
  return { sii: understandSii(typedSii, options.country), ssi: understandSsi(typedUser, domainOf(options)) };
};

const lookup = async (options: Options, ...typed: string[]): Promise<Report> => {
  if (options.signed === true) return await lookupSigned(options, typed, (work) => withClient(options, work));
  const how = questionOf(options);
  const queries = typed.map((one) => ({ ...how, sii: understandSii(one, options.country) }));
  const answers = await withClient(options, (client) => client.lookupMany(queries));
  const found = answers.every((answer) => answer.mappings.length > 0);
  return { code: found ? 0 : 1, json: answers.length === 1 ? answers[0] : { answers }, words: answers.map(lookupWords).join('\n') };
};

const quota = async (options: Options): Promise<Report> => {
  const left = await withClient(options, (client) => client.quota());
  return { code: 0, json: left, words: quotaWords(left) };
};

const presented = (options: Options, action: Options['action'], typedSii = '', typedUser = ''): string =>
  options.passport === undefined ? signed(options, action, typedSii, typedUser) : readFileSync(options.passport, 'utf8').trim();

const signed = (options: Options, action: Options['action'], typedSii: string, typedUser: string): string => {
  needBoth(typedSii, typedUser);
  const sii = understandSii(typedSii, options.country);
  return signNow(statementOf(options, action, sii, typedUser), credentialFor(options, sii));
};

const statementOf = (options: Options, action: Options['action'], sii: string, typedUser: string): ApStatement => {
  const provider = domainOf(options);
  const stated = { audience: audienceOf(options), sii, lifetime: options.lifetime, provider, ssi: understandSsi(typedUser, provider) };
  if (action === 'withdraw') return { ...stated, action };
  if (action === 'prefer') return { ...stated, action, consent: options.consent, preference: preferenceOf(options) };
  return {
    ...stated,
    action,
    consent: options.consent,
    purpose: options.purpose,
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    ...(options.circle === undefined ? {} : { circle: circleOf(options.circle) }),
  };
};

/** Domains as people type them, as PASSporTs name them. @throws Usage when nothing is preferred */
const preferenceOf = ({ preferDefault, preferConsumer, preferBusiness }: Options): Record<string, string> => {
  const named = Object.entries({ default: preferDefault, consumer: preferConsumer, business: preferBusiness });
  const preference = Object.fromEntries(named.flatMap(([purpose, typed]) => (typed === undefined ? [] : [[purpose, foldDomain(typed)]])));
  if (Object.keys(preference).length === 0) throw new Usage('give --prefer-default, --prefer-consumer or --prefer-business');
  return preference;
};

const withClient = async <T>(options: Options, work: (client: ApClient) => Promise<T>): Promise<T> => {
  const client = new ApClient({
    url: options.url,
    ...tlsOf(options),
    ...(options.receiptKey === undefined ? {} : { receiptVkey: options.receiptKey }),
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
};
