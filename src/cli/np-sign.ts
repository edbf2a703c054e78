import { Command, Option } from 'commander';
import { createHash } from 'node:crypto';
import { DeskFiles, readCertificates, readPrivateKey } from '../adapters/desk/index.js';
import { foldDomain, parseSii } from '../identifiers/index.js';
import { keySigner, signStatementThrough, type IssuedCredential, type Statement } from '../issuance/index.js';
import { CONSENTS, type Consent } from '../passport/index.js';
import { refuse } from '../reasons/index.js';
import { keyPairOf, sources, type Does } from './np-desk.js';
import { keyOptions, lifetimeOption, parseInstant, passphraseOf, type DeskOptions } from './np-options.js';
import type { DeskReport } from './np-report.js';

interface SignOptions extends Omit<DeskOptions, 'dir'> {
  readonly dir?: string;
  readonly audience: string;
  readonly lifetime: number;
  readonly credential?: string;
  readonly credentialKey?: string;
  readonly tn?: string;
  readonly mail?: string;
}

interface MappingOptions extends SignOptions {
  readonly provider: string;
  readonly user: string;
  readonly consent: Consent;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: 'user' | 'service';
  readonly circle?: string;
}

interface PreferOptions extends MappingOptions {
  readonly preferDefault?: string;
  readonly preferConsumer?: string;
  readonly preferBusiness?: string;
}

interface PortOptions extends SignOptions {
  readonly from: string;
  readonly to: string;
  readonly effective: number;
}

const credentialOf = (options: SignOptions): IssuedCredential => {
  const { dir, credential, credentialKey } = options;
  if (credential !== undefined && credentialKey !== undefined) {
    return { path: readCertificates(credential), key: keyPairOf(readPrivateKey(credentialKey, passphraseOf(options))) };
  }
  if (dir === undefined || credential !== undefined) throw new Error('give --dir, or --credential and --credential-key');
  // Without the lock: signing changes nothing, and many may sign at once.
  return new DeskFiles(dir, passphraseOf(options)).own() ?? refuse('credential-missing', "the desk's own credential: issue makes one");
};

const siiOf = ({ tn, mail }: SignOptions): string => {
  if ((tn === undefined) === (mail === undefined)) throw new Error('give --tn or --mail');
  return parseSii(tn === undefined ? `mailto:${mail}` : `tel:+${tn.replace(/^\+/, '')}`).uri;
};

const mappingOf = ({ provider: typed, user }: MappingOptions): { readonly ssi: string; readonly provider: string } => {
  const provider = foldDomain(typed);
  return { ssi: user.startsWith('mimi://') ? user : `mimi://${provider}/u/${user}`, provider };
};

const signed = async (
  options: SignOptions,
  said: (base: { audience: string; sii: string; lifetime: number }) => Statement,
): Promise<DeskReport> => {
  const statement = said({ audience: options.audience, sii: siiOf(options), lifetime: options.lifetime });
  const { path, key } = credentialOf(options);
  const credential = { path, signer: keySigner(key) };
  const passport = await signStatementThrough(statement, credential, Math.floor(sources.now() / 1000), sources.random);
  return { json: { passport }, words: passport };
};

const register = (options: MappingOptions): Promise<DeskReport> =>
  signed(options, (base) => ({
    ...base,
    action: 'register',
    ...mappingOf(options),
    consent: options.consent,
    purpose: options.purpose,
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    // DESIGN section 5: only the digest of the code is signed.
    ...(options.circle === undefined ? {} : { circle: createHash('sha256').update(options.circle, 'utf8').digest('base64url') }),
  }));

const withdraw = (options: MappingOptions): Promise<DeskReport> =>
  signed(options, (base) => ({ ...base, action: 'withdraw', ...mappingOf(options) }));

const prefer = (options: PreferOptions): Promise<DeskReport> =>
  signed(options, (base) => ({
    ...base,
    action: 'prefer',
    ...mappingOf(options),
    consent: options.consent,
    preference: Object.fromEntries(
      Object.entries({ default: options.preferDefault, consumer: options.preferConsumer, business: options.preferBusiness }).flatMap(
        ([purpose, provider]) => (provider === undefined ? [] : [[purpose, foldDomain(provider)]]),
      ),
    ),
  }));

const release = (options: SignOptions): Promise<DeskReport> => signed(options, (base) => ({ ...base, action: 'release' }));

const port = (options: PortOptions): Promise<DeskReport> =>
  signed(options, (base) => ({ ...base, action: 'port', from: options.from, to: options.to, effective: options.effective }));

const signing = (parent: Command, name: string, description: string): Command =>
  keyOptions(parent.command(name).description(description))
    .option('--dir <dir>', 'directory of the desk')
    .requiredOption('--audience <id>', 'id of the discovery provider')
    .option('--tn <number>', 'the number, with its country code')
    .option('--mail <address>', 'the mailbox')
    .addOption(lifetimeOption('how long it may be presented', '10m'))
    .option('--credential <file>', "PEM of another path than the desk's own credential")
    .option('--credential-key <file>', 'PEM of its key');

const mapping = (parent: Command, name: string, description: string): Command =>
  signing(parent, name, description)
    .requiredOption('--provider <domain>', "the AP's domain")
    .requiredOption('--user <user>', 'the user there, or the whole mimi: URI');

const consent = (): Option => new Option('--consent <consent>', 'how the user agreed').choices(CONSENTS).default('operator');

/** `sign ACTION`: prints the compact PASSporT; nothing is sent. A port is a number's alone. */
export const signCommands = (desk: Command, does: Does, ports: boolean): void => {
  const sign = desk.command('sign').description("sign a PASSporT with the desk's own credential and print it");
  mapping(sign, 'register', 'a mapping')
    .addOption(consent())
    .addOption(new Option('--purpose <purpose>', 'what the mapping is for').choices(['consumer', 'business']).default('consumer'))
    .addOption(new Option('--kind <kind>', 'who answers there').choices(['user', 'service']))
    .option('--circle <code>', 'circle code: only who knows it finds the mapping')
    .action(does(register));
  mapping(sign, 'withdraw', 'that a mapping is withdrawn').action(does(withdraw));
  mapping(sign, 'prefer', 'which provider is the default')
    .addOption(consent())
    .option('--prefer-default <domain>', 'for every purpose')
    .option('--prefer-consumer <domain>', 'for consumers')
    .option('--prefer-business <domain>', 'for businesses')
    .action(does(prefer));
  signing(sign, 'release', 'that the number or mailbox is nobody’s any more').action(does(release));
  if (!ports) return;
  signing(sign, 'port', 'that the number moves to another provider')
    .requiredOption('--from <spc>', 'SPC of the provider that loses it')
    .requiredOption('--to <spc>', 'SPC of the provider that gains it')
    .requiredOption('--effective <instant>', 'when', parseInstant)
    .action(does(port));
};
