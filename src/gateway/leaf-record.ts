import { isDomain } from '../identifiers/index.js';
import {
  commitList,
  commitMapping,
  commitSii,
  digestInLeaf,
  encodeLeaf,
  nameInLeaf,
  signerInLeaf,
  versionsInLeaf,
  type LeafSigner,
} from '../log/index.js';
import type { RegistryEvent } from '../registry/index.js';
import type { SweepEffect } from './sealed-sweep.js';
import type { Fall, NotAccepted, Signer, VerifiedPassport, Versions } from '../verification/index.js';

/** What every leaf says of its maker. */
export interface LeafOrigin {
  /** Domain of the authenticated client. */
  readonly client: string;
  /** ms */
  readonly time: number;
  /** Secret that opens the leaf's commitments. */
  readonly opening: Uint8Array;
  /** Name and build of this gateway. */
  readonly gateway: string;
}

export interface AcceptedDecision extends LeafOrigin {
  readonly event: RegistryEvent;
  readonly verified: VerifiedPassport | null;
  readonly versions: Versions;
}

export const acceptedLeaf = ({ event, verified, client, time, opening, gateway, versions }: AcceptedDecision): Buffer => {
  const mapped = 'ssi' in event ? commitMapping(opening, event.ssi, event.provider) : null;
  return encodeLeaf({
    v: 1,
    k: 'accept',
    t: time,
    act: event.type,
    ap: nameInLeaf(client),
    np: verified === null ? null : signerOf(verified.signer, opening),
    tok: verified === null ? null : digestInLeaf(verified.passportDigest),
    sii: commitSii(opening, event.sii),
    map: mapped,
    why: 'OK',
    ...versionsInLeaf(versions),
    gw: gateway,
  });
};

export interface RefusedDecision extends LeafOrigin {
  readonly verdict: Pick<NotAccepted, 'reason' | 'known' | 'versions'>;
}

export const refusedLeaf = ({ verdict, client, time, opening, gateway }: RefusedDecision): Buffer => {
  const { action, sii, ssi, signer, passportDigest } = verdict.known;
  return encodeLeaf({
    v: 1,
    k: 'reject',
    t: time,
    act: action,
    ap: nameInLeaf(client),
    np: signer === null ? null : signerOf(signer, opening),
    tok: passportDigest === null ? null : digestInLeaf(passportDigest),
    sii: sii === null ? null : commitSii(opening, sii),
    map: ssi === null ? null : commitMapping(opening, ssi, ''),
    why: verdict.reason,
    ...versionsInLeaf(verdict.versions),
    gw: gateway,
  });
};

/** The record of a refusal in a batch: a `reject` leaf that commits to no SII, since nothing that would open it is kept. */
export const batchedLeaf = ({ verdict, ...origin }: RefusedDecision): Buffer =>
  refusedLeaf({ ...origin, verdict: { ...verdict, known: { ...verdict.known, sii: null, ssi: null } } });

export interface SweepDecision extends Omit<LeafOrigin, 'client'> {
  readonly effect: SweepEffect;
  /** Null: they ran out. */
  readonly cause: Pick<Fall, 'reason' | 'crl' | 'crlReason'> | null;
  readonly count: number;
  /** SHA-256 of the packed list. */
  readonly digest: Uint8Array;
  readonly versions: Versions;
}

export const sweptLeaf = ({ effect, cause, count, digest, time, opening, gateway, versions }: SweepDecision): Buffer =>
  encodeLeaf({
    v: 1,
    k: cause === null ? 'expire' : 'revoke',
    t: time,
    act: null,
    ap: null,
    np: null,
    tok: null,
    sii: null,
    map: null,
    why: cause?.reason ?? 'OK',
    ...versionsInLeaf(versions),
    gw: gateway,
    fell: {
      eff: effect,
      n: count,
      list: commitList(opening, digest),
      crl: cause === null || cause.crl === null ? null : digestInLeaf(Buffer.from(cause.crl, 'hex')),
      rsn: cause?.crlReason ?? null,
    },
  });

/**
 * RFC 8226 section 9 lets an SPC be any IA5String, and RFC 5280 section 4.2.1.6 a dNSName be more than a domain (a wildcard, upper case): one outside
 * the leaf's grammar was refused, and is left out rather than written raw.
 */
const signerOf = (signer: Signer, opening: Uint8Array): LeafSigner => {
  const named = signerInLeaf({ ...signer, domain: signer.domain !== null && isDomain(signer.domain) ? signer.domain : null }, opening);
  return named.spc === null || /^[0-9A-Z]{1,20}$/.test(named.spc) ? named : { ...named, spc: null };
};
