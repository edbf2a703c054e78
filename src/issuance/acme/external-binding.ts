import type { JsonObject } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';
import { parseAccountKey, type AccountKey } from './account-key.js';
import { isMacRight, parseObject, readSignedRequest } from './signed-request.js';

/** A key that the provider printed for one AP. */
export interface BindingKey {
  /** The AP's domain. */
  readonly domain: string;
  readonly key: Uint8Array;
}

/** The keys that the provider printed. Null: never printed, or taken back. Read anew each time. */
export interface BindingKeys {
  find(kid: string): Promise<BindingKey | null>;
}

export interface Binding {
  readonly kid: string;
  readonly domain: string;
}

/**
 * RFC 8555 section 7.3.4: proves that whoever makes the account holds the key that was printed for this AP, and meant this account key and this server.
 * @throws Refusal `malformed-json`, `jws-malformed`, `jws-alg-not-allowed`, `binding-wrong`
 */
export const checkExternalBinding = async (inner: JsonObject, account: AccountKey, url: string, keys: BindingKeys): Promise<Binding> => {
  const jws = readSignedRequest(inner, 'binding');
  if (!('kid' in jws.signer)) return refuse('jws-malformed', 'kid');
  const { kid } = jws.signer;
  if (jws.url !== url) return refuse('binding-wrong', 'url');
  const known = await keys.find(kid);
  if (known === null) return refuse('binding-wrong', 'kid');
  if (!isMacRight(jws, known.key)) return refuse('binding-wrong', 'MAC');
  const bound = parseAccountKey(parseObject(jws.payload, 'binding-wrong'));
  if (!bound.thumbprint.equals(account.thumbprint)) return refuse('binding-wrong', 'account key');
  return { kid, domain: known.domain };
};
