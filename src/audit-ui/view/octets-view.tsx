import { textOf, toHex, type Octets } from '../proof/octets.js';
import { SaveButton } from './save-button.js';
import { number, visible } from './words.js';

const LINE = 16;

const dump = (octets: Octets): string =>
  Array.from({ length: Math.ceil(octets.length / LINE) }, (_, i) => {
    const line = octets.slice(i * LINE, (i + 1) * LINE);
    const hex = (toHex(line).match(/.{2}/g) ?? []).join(' ').padEnd(LINE * 3);
    const text = [...line].map((octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '·')).join('');
    return `${(i * LINE).toString(16).padStart(4, '0')}  ${hex} ${text}`;
  }).join('\n');

/** The octets that the leaf hash is over. */
export const OctetsView = ({ octets }: { readonly octets: Octets }) => (
  <section aria-labelledby="octets">
    <h2 id="octets">The octets</h2>
    <p>{number(octets.length)} octets, exactly as the log holds them.</p>
    <pre class="raw" tabIndex={0} aria-label="The leaf as text">
      {visible(textOf(octets) ?? 'not UTF-8', 70_000)}
    </pre>
    <details>
      <summary>In hexadecimal</summary>
      <pre class="dump" tabIndex={0} aria-label="The leaf in hexadecimal">
        {dump(octets.slice(0, 4096))}
      </pre>
    </details>
    <p class="buttons">
      <SaveButton name="leaf.json" octets={octets}>
        Save the octets
      </SaveButton>
    </p>
  </section>
);
