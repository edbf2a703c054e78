import { toHex } from '../proof/octets.js';
import { visible } from './words.js';

/** A digest as a text that a leaf or note holds. */
export const Code = ({ children, most }: { readonly children: string; readonly most?: number }) => (
  <code class="hash">{visible(children, most)}</code>
);

/** A digest as hex. */
export const Hash = ({ octets }: { readonly octets: Uint8Array }) => <code class="hash">{toHex(octets)}</code>;
