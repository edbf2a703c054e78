import { refuse } from '../reasons/index.js';
import { isDomain } from './domain.js';

/** A service-specific identifier: a user at one provider. */
export interface Ssi {
  /** `mimi://provider.example/u/alice` */
  readonly uri: string;
  readonly provider: string;
  readonly user: string;
}

/** DESIGN section 7: answers are padded to one size, so an SSI is bounded. The alphabet is ASCII: characters are bytes. */
const MAX_SSI_BYTES = 96;
const SSI = /^mimi:\/\/([a-z0-9.-]+)\/u\/([A-Za-z0-9._~-]+)$/;

/**
 * An SSI in its one spelling; nothing is folded. Proves the spelling, not that the user exists.
 * @throws Refusal `non-canonical-uri`
 */
export const parseSsi = (value: unknown): Ssi => {
  const match = typeof value === 'string' && value.length <= MAX_SSI_BYTES ? SSI.exec(value) : null;
  const [uri, provider, user] = match ?? [];
  // RFC 3986 section 5.2.4: a resolver would remove "." and ".." and read another URI.
  if (uri === undefined || provider === undefined || user === undefined || user === '.' || user === '..' || !isDomain(provider)) {
    return refuse('non-canonical-uri', 'SSI');
  }
  return { uri, provider, user };
};
