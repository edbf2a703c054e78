import type { Binding, KeyPair, NumberRange } from '../../issuance/index.js';
import type { SubjectSpki } from './credentials.js';

/** What the credentials of one batch have in common. */
export interface DelegateBatch {
  /** Lower-case hexadecimal: the ledger's lines name it. */
  readonly batch: string;
  readonly to: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly permitted?: Binding['permitted'];
  readonly why?: string;
}

export interface BatchItem {
  readonly subject: SubjectSpki;
  readonly numbers: readonly NumberRange[];
}

/** A grant that the operator gives. */
export interface Granting {
  readonly to: string;
  readonly numbers?: readonly NumberRange[];
  readonly mailboxes?: 'all' | string[];
  readonly ca: boolean;
  /** Seconds. */
  readonly lifetimeMax?: number;
  readonly why?: string;
}

/** What of an AP's grants is taken back; neither numbers nor mailboxes: all. */
export interface Ungranting {
  readonly to: string;
  readonly numbers?: readonly NumberRange[];
  readonly mailboxes?: readonly string[];
  readonly why?: string;
}

export interface Renewed {
  readonly serial: string;
  readonly renews: string;
  readonly path: Buffer[];
  /** Null where the key stays with its owner. */
  readonly key: KeyPair | null;
  /** Of a CA whose key was made here. */
  readonly crl: Buffer | null;
}
