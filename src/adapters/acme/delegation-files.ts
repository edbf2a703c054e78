import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isDomain } from '../../identifiers/index.js';
import { parseCsrTemplate, type Delegation, type Delegations } from '../../issuance/acme/index.js';
import { Refusal, Unavailable } from '../../reasons/index.js';

const shape = z.strictObject({ for: z.string().refine(isDomain), 'csr-template': z.unknown() });
/** The id is what comes before the dot, and stands in a URL. */
const FILE = /^([A-Za-z0-9_-]{1,64})\.json$/;

const isMissing = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/**
 * Delegations of RFC 9115 as files that the operator writes: `<id>.json` with `for`, the AP's domain, and `csr-template`. A file that is removed takes its
 * delegation back, and ends what is renewed under it; one that is broken must not, so it makes all of them unavailable until it is mended.
 */
export class DelegationFiles implements Delegations {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws Unavailable `not-ready` */
  async of(domain: string): Promise<readonly Delegation[]> {
    const names = (await this.#names()).toSorted();
    const all = await Promise.all(names.flatMap((name) => (FILE.test(name) ? [this.#read(name)] : [])));
    return all.filter((one) => one.domain === domain);
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#directory);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #read(name: string): Promise<Delegation> {
    try {
      const { for: domain, 'csr-template': template } = shape.parse(JSON.parse(await readFile(join(this.#directory, name), 'utf8')));
      return { id: name.replace(/\.json$/, ''), domain, template: parseCsrTemplate(template) };
    } catch (error) {
      if (error instanceof Refusal || error instanceof SyntaxError || error instanceof z.ZodError) {
        throw new Unavailable('not-ready', 'a delegation file is broken');
      }
      throw error;
    }
  }
}
