import { mkdirSync } from 'node:fs';
import type { Command } from 'commander';
import { BindingKeyFile } from '../adapters/acme/index.js';
import { writeSecret } from '../adapters/desk/index.js';
import { parseDomain } from '../identifiers/index.js';
import { sources, type Does } from './np-desk.js';
import { deskOptions, filesOf, type DeskOptions } from './np-options.js';
import type { DeskReport } from './np-report.js';

interface EnrolKeyOptions extends DeskOptions {
  readonly for: string;
  readonly out?: string;
}

/** One key, one account: whoever has it makes the AP's account, so it goes to the AP by a way that is trusted. */
const enrolKey = (options: EnrolKeyOptions): DeskReport => {
  const files = filesOf(options);
  if (!files.exists) throw new Error('there is no desk in this directory: init makes one');
  mkdirSync(files.path('acme'), { recursive: true, mode: 0o700 });
  const printed = new BindingKeyFile(files.path('acme/binding-keys.jsonl')).add(parseDomain(options.for), sources.random, sources.now());
  const text = JSON.stringify(printed);
  if (options.out === undefined) return { json: printed, words: text };
  writeSecret(options.out, `${text}\n`);
  return { json: { kid: printed.kid, file: options.out }, words: options.out };
};

export const enrolKeyCommand = (desk: Command, does: Does): void => {
  deskOptions(desk.command('enrol-key').description('print a key with which an AP makes its ACME account, once'))
    .requiredOption('--for <domain>', "the AP's domain")
    .option('--out <file>', 'write it to this file, readable by you alone, and not to standard output')
    .action(does(enrolKey));
};
