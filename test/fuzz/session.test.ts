import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { mutateTextOctets } from '../support/mutation/text.js';
import { Campaign } from './campaign.js';
import type { FuzzOptions } from './options.js';
import { Session, replay } from './session.js';
import { judged, must, type Target } from './target.js';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const targetOf = (name: string, run: Target['run']): Target => ({
  name,
  share: 100_000,
  seeds: () => [Buffer.from('[1,2]')],
  mutate: mutateTextOctets,
  run,
});

const readJson = (input: Buffer): string => {
  try {
    JSON.parse(input.toString());
    return 'accepted';
  } catch {
    return 'malformed-json';
  }
};

/** A parser that has a fault: a list of one element makes it fail. */
const broken = targetOf('broken', (input) => {
  if (/^\[[^,[\]]+\]$/.test(input.toString())) throw new RangeError('a list of one');
  return readJson(input);
});
const sound = targetOf('sound', readJson);
/** A parser that takes what it must not. */
const lax = targetOf('lax', (input) =>
  judged(() => {
    must(readJson(input) === 'accepted', 'accepted though it is no JSON');
  }),
);
/** A parser that an input can keep busy. */
const slow = targetOf('slow', (input) => {
  for (const end = process.cpuUsage().user + 300_000; input.length > 5 && process.cpuUsage().user < end;);
  return readJson(input);
});

interface Said {
  readonly event: string;
  readonly [fact: string]: unknown;
}

const fuzz = (out: string, targets: readonly Target[], changes: Partial<FuzzOptions> = {}): { holds: boolean; said: Said[] } => {
  const said: Said[] = [];
  const options = { seconds: 60, inputs: 20_000, seed: 1, target: '', out, replay: null, hostile: false, ...changes };
  const holds = new Session(options, targets, (event, facts) => void said.push({ event, ...facts })).run();
  return { holds, said };
};

const findingIn = (said: readonly Said[]): Said => said.find(({ event }) => event === 'finding') ?? { event: 'none' };
const again = (file: string, target: Target): boolean => replay(file, [target], () => {});

describe('a session over a target', () => {
  test('that is broken finds what breaks it, saves it, and replays it until it is mended', () => {
    const { holds, said } = fuzz(join(folder, 'broken'), [sound, broken]);
    expect(holds).toBe(false);
    const { file, target, octets, error } = findingIn(said);
    expect(target).toBe('broken');
    expect(String(error)).toContain('RangeError');
    const input = readFileSync(String(file));
    expect(input).toHaveLength(Number(octets));
    expect(() => broken.run(input)).toThrow(RangeError);
    expect(again(String(file), broken)).toBe(false);
    expect(again(String(file), sound)).toBe(true);
    expect(said.at(-1)).toMatchObject({ event: 'end', findings: true });
  });

  test('that is sound tries all the inputs asked for, and writes nothing', () => {
    const out = join(folder, 'sound');
    const { holds, said } = fuzz(out, [sound], { inputs: 500 });
    expect(holds).toBe(true);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ event: 'end', inputs: 500, findings: false, targets: { sound: { inputs: 500, outcomes: 2 } } });
    expect(existsSync(out)).toBe(false);
  });

  test('that accepts what it must not finds that too', () => {
    const { holds, said } = fuzz(join(folder, 'lax'), [lax]);
    expect(holds).toBe(false);
    expect(String(findingIn(said)['error'])).toContain('Wrong');
  });

  test('that takes too long for one input finds the input', () => {
    const { holds, said } = fuzz(join(folder, 'slow'), [slow]);
    expect(holds).toBe(false);
    expect(String(findingIn(said)['error'])).toContain('TooDear');
  });

  test('finds the same with the same seed', () => {
    const files = [1, 1, 2].map((seed) => String(findingIn(fuzz(join(folder, 'same'), [broken], { seed }).said)['file']));
    expect(files[1]).toBe(files[0]);
    expect(files[2]).not.toBe(files[0]);
    const mutants = [1, 1, 2].map((seed) => fuzz(folder, [sound], { inputs: 200, seed }).said.at(-1)?.['mutants']);
    expect(mutants[1]).toBe(mutants[0]);
    expect(mutants[2]).not.toBe(mutants[0]);
  });

  test('ends when its time is over', () => {
    expect(fuzz(join(folder, 'late'), [broken], { seconds: 0 }).said).toMatchObject([{ event: 'end', inputs: 0 }]);
  });
});

describe('a campaign', () => {
  const depths = targetOf('depths', (input) => `malformed-json ${String(input.toString().split('[').length)}`);

  test('keeps the first inputs that got an answer nobody had got before, two of each', () => {
    const campaign = new Campaign(depths, 1);
    ['a', 'b', 'c', '[', '[[', '['].forEach((text) => campaign.try(Buffer.from(text)));
    expect(campaign.kept).toBe(5);
    expect(campaign.inputs).toBe(6);
    expect([...campaign.outcomes]).toEqual([['malformed-json', 6]]);
  });

  test('changes what it kept, so that it gets further than one change of a seed goes', () => {
    const longest = (target: Target): number => {
      const campaign = new Campaign(target, 1);
      return Math.max(
        ...Array.from({ length: 3000 }, () => {
          const input = campaign.next();
          campaign.try(input);
          return input.toString().split('[').length;
        }),
      );
    };
    expect(longest(depths)).toBeGreaterThan(longest(targetOf('one label', () => 'malformed-json')));
  });
});
