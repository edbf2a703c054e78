import type { Principal } from '../../src/gateway/index.js';
import type { IssuedCredential } from '../../src/issuance/index.js';
import { AUDIENCE, registration, sign, type Place } from './open-gateway.js';

/** The losing NP of the development PKI, who holds the shared numbers, and the gaining. */
export const FROM = '709J';
export const TO = '505X';

/** APs that the NPs operate. */
export const OF_FROM: Principal = { domain: 'a.example', kind: 'ap', class: 'consumer', spc: FROM };
export const OF_TO: Principal = { domain: 'b.example', kind: 'ap', class: 'consumer', spc: TO };
export const OTT: Principal = { domain: 'biz.example', kind: 'ap', class: 'business', spc: null };
export const OPERATOR: Principal = { domain: 'operator.example', kind: 'operator', class: null, spc: null };

/** `by`: SPC of the NP that signs; null: the numbering authority. */
export const port = (
  place: Place,
  tn: string,
  by: string | null,
  effective: number,
  terms: { from?: string; to?: string } = {},
): string => {
  const { hierarchy } = place.pki;
  const credential = by === null ? hierarchy.numberingAuthority() : hierarchy.npCredential(by);
  const { from = FROM, to = TO } = terms;
  return sign(place, credential, { action: 'port', audience: AUDIENCE, sii: `tel:+${tn}`, lifetime: 600, from, to, effective });
};

/** A delegate of the gaining NP for one number. */
export const delegateOfTo = ({ pki }: Place, provider: string, tn: string): IssuedCredential =>
  pki.hierarchy.delegate({ spc: TO, provider, numbers: [{ start: tn, count: 1 }] });

/** A register by a delegate of the gaining NP. */
export const registrationOfTo = (place: Place, tn: string, provider: string, credential = delegateOfTo(place, provider, tn)): string =>
  registration(place, tn, { provider, user: 'new', credential });
