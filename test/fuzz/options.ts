import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly seconds: number;
  readonly inputs: number;
  readonly seed: number;
  /** Part of a target's name; '' is all of them. */
  readonly target: string;
  /** Where an input is saved that breaks something. */
  readonly out: string;
  /** A saved input to run again. */
  readonly replay: string | null;
  /** Whether the lines that are made to be dear are run first. */
  readonly hostile: boolean;
}

export const USAGE = `usage: npm run fuzz -- [--seconds N] [--inputs N] [--seed N] [--target NAME] [--out FOLDER] [--no-hostile]
       npm run fuzz -- --replay FILE --target NAME
`;

/** No end of its own: until it is stopped. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

const count = (text: string | undefined, otherwise: number): number | null => {
  if (text === undefined) return otherwise;
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
};

/** The options, or null for a usage error. */
export const readOptions = (args: readonly string[]): FuzzOptions | null => {
  let values: Partial<Record<'seconds' | 'inputs' | 'seed' | 'target' | 'out' | 'replay', string>> & { 'no-hostile'?: boolean };
  try {
    const text = { type: 'string' } as const;
    ({ values } = parseArgs({
      args: [...args],
      options: { seconds: text, inputs: text, seed: text, target: text, out: text, replay: text, 'no-hostile': { type: 'boolean' } },
    }));
  } catch {
    return null;
  }
  const [seconds, inputs, seed] = [
    count(values.seconds, FOR_EVER),
    count(values.inputs, FOR_EVER),
    count(values.seed, Date.now() % 2 ** 32),
  ];
  if (seconds === null || inputs === null || seed === null || seed >= 2 ** 32) return null;
  const { target = '', out = 'fuzz-findings', replay = null } = values;
  return { seconds, inputs, seed, target, out, replay, hostile: values['no-hostile'] !== true && replay === null };
};
