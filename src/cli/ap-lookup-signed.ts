import { writeFileSync } from 'node:fs';
import { encodeBase64 } from '../encoding/index.js';
import type { ApClient, SignedLookupAnswer } from '../client/index.js';
import { Usage } from './ap-caller.js';
import { understandSii } from './ap-identifier.js';
import { circleOf } from './ap-passport.js';
import { lookupWords, type Report } from './ap-report.js';

interface Options {
  readonly country?: string;
  readonly view?: 'consumer' | 'business' | 'all';
  readonly circle?: string;
  readonly logKey?: string;
  readonly receiptKey?: string;
  readonly out?: string;
}

export const questionOf = ({ view, circle }: Options) => ({
  ...(view === undefined ? {} : { view }),
  ...(circle === undefined ? {} : { circle: circleOf(circle) }),
});

/** One number at a time: an answer that is kept is about one. */
export const lookupSigned = async (
  options: Options,
  typed: readonly string[],
  withClient: (work: (client: ApClient) => Promise<SignedLookupAnswer>) => Promise<SignedLookupAnswer>,
): Promise<Report> => {
  const [one] = typed;
  if (one === undefined || typed.length > 1) throw new Usage('--signed takes one number or address');
  const { logKey: logVkey, receiptKey: receiptVkey } = options;
  if (logVkey === undefined || receiptVkey === undefined) throw new Usage('--signed needs --log-key and --receipt-key');
  const sii = understandSii(one, options.country);
  const answer = await withClient((client) => client.lookupSigned(sii, { logVkey, receiptVkey }, questionOf(options)));
  if (options.out !== undefined) writeFileSync(options.out, answer.document);
  return { code: answer.mappings.length > 0 ? 0 : 1, json: JSON.parse(answer.document), words: wordsOf(answer) };
};

/** What a verified answer says, and what it stands on. */
export const wordsOf = (answer: SignedLookupAnswer): string => {
  const { origin, size, root, time } = answer.statement;
  const entries = answer.entries.map(({ index, isProven }) => `entry ${index} ${isProven ? 'is in the log' : 'is promised by receipt'}`);
  const found = entries.length === 0 ? ['signed: nobody'] : entries;
  const under = `signed by ${origin} for ${answer.asker} at ${new Date(time).toISOString()}, under ${size} entries, root ${encodeBase64(root)}`;
  return [lookupWords(answer), ...found, under].join('\n');
};
