import { z } from 'zod';
import { Refusal, refuse, type Reason } from '../../reasons/index.js';
import type { Certificate, CrlSet } from '../../x509/index.js';
import { objectOf, openSigned, textOf, type SignedForm } from '../trust-list/form.js';
import { judgeListSigner } from '../trust-list/signer.js';
import { checkSignature } from '../trust-list/trust-list.js';

/** A statement is a few hundred octets and a path. */
export const MAX_STATEMENT_OCTETS = 64 * 1024;

/** RFC 8725 section 3.11: what is signed for one use must not pass for another. */
export const STATEMENT_TYP = 'numbering+jwt';

/** Seconds that the clock of who makes the feed may be ahead, as PASSporTs' may. */
const AHEAD = 30;

const common = {
  name: z.string(),
  sequence: z.int().nonnegative(),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.int().nonnegative(),
};

const schema = z.discriminatedUnion('mode', [
  z.strictObject({ ...common, mode: z.literal('full') }),
  /** Rows that are added to what is in force under `base`: the latest validFrom wins. */
  z.strictObject({ ...common, mode: z.literal('delta'), base: z.int().nonnegative() }),
]);

/** What was accepted last: no feed goes back behind it. */
export interface StatementFloor {
  readonly sequence: number;
  /** Lower-case hex SHA-256 of the payload. */
  readonly digest: string;
}

/** A statement that holds. Its rows are still to be held against it. */
export interface NumberingStatement extends StatementFloor {
  /** Seconds: from then on it counts no more, by its `exp` or because its signer's path has run out. */
  readonly until: number;
  /** Of the file of rows: SHA-256, lower-case hex, and how many they are. */
  readonly sha256: string;
  readonly rows: number;
  /** Null: a full list. Else the sequence of the statement that the rows are added to. */
  readonly base: number | null;
}

export interface StatementInput {
  readonly octets: Uint8Array;
  readonly name: string;
  /** The only certificates that the signer's path may end in; never anchors of PASSporTs. */
  readonly roots: readonly Certificate[];
  readonly floor: StatementFloor | null;
  /** CRLs at hand; null: none are looked at. */
  readonly crls: CrlSet | null;
  /** ms since 1970. */
  readonly at: number;
}

/**
 * The statement of a feed of numbering data: a compact JWS over the digest of its rows (docs/adr/0018). Proves that a key under a pinned root signed it, that
 * it is in force at `at`, and that it is not older than the last one; not that it is the newest there is, and nothing about the rows yet. Whether its sequence
 * counts is asked once the signature holds, so that nobody else can raise the alarm.
 * @throws Refusal `feed-malformed`, `feed-untrusted`, `feed-rolled-back`, `feed-expired`, `feed-base-missing`
 */
export const readNumberingStatement = async (input: StatementInput): Promise<NumberingStatement> => {
  const form = asked('feed-malformed', () => openStatement(input.octets));
  const { endEntity, until } = asked('feed-untrusted', () => judgeListSigner({ ...input, chain: form.x5c ?? [] }));
  await checkSignature(form.compact, endEntity).catch((error: unknown) => recoded('feed-untrusted', error));
  const payload = schema.safeParse(asked('feed-malformed', () => objectOf(form.payload, 'payload')));
  if (!payload.success || payload.data.name !== input.name) return refuse('feed-malformed', 'payload');
  const { name, sequence, iat, exp, sha256, rows, ...mode } = payload.data;
  const { floor } = input;
  if (floor !== null && sequence < floor.sequence) return refuse('feed-rolled-back', name);
  if (floor !== null && sequence === floor.sequence && form.digest !== floor.digest) return refuse('feed-rolled-back', 'other content');
  const second = Math.floor(input.at / 1000);
  if (exp <= second || iat > second + AHEAD) return refuse('feed-expired', name);
  const base = mode.mode === 'delta' ? mode.base : null;
  const isNew = sequence !== floor?.sequence;
  if (isNew && base !== null && base !== floor?.sequence) return refuse('feed-base-missing', `base ${base}`);
  return { sequence, digest: form.digest, until: Math.min(exp, until + 1), sha256, rows, base };
};

const openStatement = (octets: Uint8Array): SignedForm => {
  if (octets.length > MAX_STATEMENT_OCTETS) return refuse('feed-malformed', 'size');
  const form = openSigned(textOf(octets));
  if (form.header['typ'] !== STATEMENT_TYP) return refuse('feed-malformed', 'typ');
  return form.x5c === null || form.x5u !== null ? refuse('feed-malformed', 'x5c') : form;
};

/** The rules of other signed lists say what is wrong with a list; of a feed it is this. */
const recoded = (reason: Reason, error: unknown): never => {
  if (error instanceof Refusal && error.reason === 'trust-list-invalid') return refuse(reason, error.detail);
  throw error;
};

const asked = <T>(reason: Reason, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    return recoded(reason, error);
  }
};
