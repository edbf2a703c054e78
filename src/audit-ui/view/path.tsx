import type { Leaf } from '../reading/leaf.js';
import { Code } from './hash-text.js';
import { visible } from './words.js';

interface Link {
  readonly role: string;
  readonly says: string;
  readonly value: string | null;
}

const HIDDEN = 'committed to, not shown: the certificate names a number or mailbox';

const certificate = (role: string, print: string): Link =>
  print.startsWith('*') ? { role, says: HIDDEN, value: print } : { role, says: 'fingerprint, SHA-256', value: print };

const linksOf = ({ signer, passport, sii, map, action }: Leaf): Link[] => {
  if (signer === null) return [];
  const issuers = signer.iss.toReversed();
  const anchored = issuers.map((print, i) => certificate(i === 0 ? 'Anchor' : i === issuers.length - 1 ? 'Issuer' : 'Intermediate', print));
  return [
    ...anchored,
    ...(signer.ee === null ? [] : [certificate('End-entity', signer.ee)]),
    { role: 'PASSporT', says: `signed: ${visible(action ?? 'nothing that could be read', 40)}`, value: passport },
    ...(sii === null ? [] : [{ role: 'Number or address', says: 'a commitment under the opening of this entry', value: sii }]),
    ...(map === null ? [] : [{ role: 'Where it is mapped to', says: 'a commitment under the opening of this entry', value: map }]),
  ];
};

/** Who vouched for whom, from the anchor down to the number. */
export const Path = ({ leaf }: { readonly leaf: Leaf }) => {
  const links = linksOf(leaf);
  return (
    <section aria-labelledby="path">
      <h2 id="path">Chain of authority</h2>
      {links.length === 0 ? (
        <p>The leaf names nobody: a signer is named once the path had been verified, and in entries about one PASSporT alone.</p>
      ) : (
        <ol class="path">
          {links.map(({ role, says, value }, i) => (
            <li key={role + String(i)}>
              <strong>{role}</strong> <span class="quiet">{says}</span>
              {value !== null && (
                <div>
                  <Code>{value}</Code>
                </div>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
};
