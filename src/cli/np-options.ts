import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { DeskFiles } from '../adapters/desk/index.js';
import type { NumberRange } from '../issuance/index.js';

/** Options that every command at a desk has. */
export interface DeskOptions {
  readonly dir: string;
  readonly passphraseFile?: string;
  readonly json?: true;
}

export const deskOptions = (command: Command): Command => keyOptions(command.requiredOption('--dir <dir>', 'directory of the desk'));

/** Options of a command that uses keys, at a desk or not. */
export const keyOptions = (command: Command): Command =>
  command
    .option('--passphrase-file <file>', 'file with the passphrase of the keys; or in SIGNPOST_PASSPHRASE')
    .option('--json', 'answer as one JSON object');

/** Where the desk publishes; without the slash that people type at the end. */
export const parseBaseUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.protocol !== 'https:' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new InvalidArgumentError('give an https URL such as https://sti.np.example');
  return url.href.replace(/\/+$/, '');
};

export const baseUrlOption = (command: Command): Command =>
  command.option(
    '--base-url <url>',
    'https URL under which the desk publishes: its certificates then say where their CRL is',
    parseBaseUrl,
  );

export const baseUrlOf = ({ baseUrl }: { readonly baseUrl?: string }): { readonly baseUrl?: string } =>
  baseUrl === undefined ? {} : { baseUrl };

export const whyOption = (command: Command): Command => command.option('--why <text>', 'why, for the ledger');

/** Without the line end that editors add. */
export const passphraseIn = (file: string): string => readFileSync(file, 'utf8').replace(/\r?\n$/, '');

/** The passphrase; none: keys are stored without one. */
export const passphraseOf = ({ passphraseFile }: Pick<DeskOptions, 'passphraseFile'>): string | undefined => {
  if (passphraseFile !== undefined) return passphraseIn(passphraseFile);
  const inEnvironment = process.env['SIGNPOST_PASSPHRASE'];
  return inEnvironment === '' ? undefined : inEnvironment;
};

export const filesOf = (options: DeskOptions): DeskFiles => new DeskFiles(options.dir, passphraseOf(options));

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `24h`, `90d`, `600s`: seconds. */
export const parseDuration = (text: string): number => {
  const [, digits = '', unit = ''] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? 0);
  if (!(seconds > 0)) throw new InvalidArgumentError('give a number and s, m, h or d, such as 24h');
  return seconds;
};

/** `--help` says the default as it would be written. */
export const lifetimeOption = (description: string, byDefault: string): Option =>
  new Option('--lifetime <duration>', description).argParser(parseDuration).default(parseDuration(byDefault), byDefault);

/** `12025550100` or `12025550200+100`; may be given again, or several with commas. */
export const collectNumbers = (text: string, before: readonly NumberRange[]): readonly NumberRange[] => [
  ...before,
  ...text.split(',').map(parseRange),
];

const parseRange = (text: string): NumberRange => {
  const [, start, count = '1'] = /^\+?([0-9]{1,15})(?:\+([0-9]{1,15}))?$/.exec(text.trim()) ?? [];
  if (start === undefined) throw new InvalidArgumentError('give a number with its country code, or START+COUNT');
  return { start, count: Number(count) };
};

export const NOTHING: readonly NumberRange[] = [];

/** `--numbers` and `--range`, which mean the same. */
export interface NumberOptions {
  readonly numbers: readonly NumberRange[];
  readonly range: readonly NumberRange[];
}

export const numberOptions = (command: Command, what: string): Command =>
  command
    .option('--numbers <number>', `${what}; may be repeated`, collectNumbers, NOTHING)
    .option('--range <start+count>', 'the same for a range; may be repeated', collectNumbers, NOTHING);

export const numbersOf = ({ numbers, range }: NumberOptions): readonly NumberRange[] => [...numbers, ...range];

/** What the ledger is to say of why; nothing where nothing was given. */
export const whyOf = ({ why }: { readonly why?: string }): { readonly why?: string } => (why === undefined ? {} : { why });

/** `action=register,prefer`: a claim and the values that it may have. May be given again. */
export const collectPermitted = (text: string, before: Readonly<Record<string, string[]>>): Readonly<Record<string, string[]>> => {
  const [, claim, values] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  if (claim === undefined || values === undefined) throw new InvalidArgumentError('give CLAIM=VALUE[,VALUE]');
  return { ...before, [claim]: values.split(',') };
};

/** An instant as people write it (RFC 3339); seconds. */
export const parseInstant = (text: string): number => {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('give an instant such as 2026-11-24T05:00:00Z');
  return Math.floor(ms / 1000);
};
