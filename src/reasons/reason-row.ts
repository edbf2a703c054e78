/** Refused: a verdict. Request: malformed or not allowed, before any verdict. Unavailable: nothing was decided. Fault: ours. */
export type Family = 'refused' | 'request' | 'unavailable' | 'fault';

export interface ReasonRow {
  readonly family: Family;
  readonly http: number;
  /** The SIP status of RFC 8224 section 6.2.2 that comes nearest, or "-". */
  readonly sip: string;
  readonly clause: string;
  readonly title: string;
  readonly advice: string;
}

export const row = (family: Family, http: number, sip: string, clause: string, title: string, advice: string): ReasonRow => ({
  family,
  http,
  sip,
  clause,
  title,
  advice,
});
