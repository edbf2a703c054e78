import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { YAMLParseError, parse } from 'yaml';
import { z } from 'zod';
import { decodePem } from '../../encoding/index.js';
import { isDomain, isSpc } from '../../identifiers/index.js';
import type { TokenAuthorityTrust } from '../../issuance/acme/index.js';
import { Refusal, Unavailable } from '../../reasons/index.js';

const domain = z.string().refine(isDomain);
const settings = {
  /** PEM files, beside this one. */
  anchors: z.string(),
  crls: z.string().optional(),
  profile: z.enum(['rfc5280', 'delegate', 'shaken', 'numbering-authority']).default('rfc5280'),
  revocation: z.enum(['off', 'when-named', 'required']).default('when-named'),
  fingerprint: z.enum(['rfc7638', 'spki']).default('rfc7638'),
};
const shape = z.strictObject({
  authorities: z.array(
    z.union([z.strictObject({ dns: domain, ...settings }), z.strictObject({ spc: z.string().refine(isSpc), ...settings })]),
  ),
  /** Where x5u may be fetched. */
  hosts: z.array(domain).default([]),
});
type Entry = z.infer<typeof shape>['authorities'][number];

export interface TrustedAuthorities {
  readonly authorities: readonly TokenAuthorityTrust[];
  readonly hosts: readonly string[];
}

const NONE: TrustedAuthorities = { authorities: [], hosts: [] };

const isMissing = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/**
 * Token authorities that the provider trusts beside itself: YAML that the operator writes, read anew each time. What is broken in it trusts nobody until it
 * is mended, and says so.
 */
export class TokenAuthorityFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws Unavailable `not-ready` */
  async read(): Promise<TrustedAuthorities> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return NONE;
      throw error;
    }
    try {
      const { authorities, hosts } = shape.parse(parse(text));
      return { authorities: await Promise.all(authorities.map((entry) => this.#trust(entry))), hosts };
    } catch (error) {
      const isBroken = error instanceof z.ZodError || error instanceof YAMLParseError || error instanceof Refusal || isMissing(error);
      if (isBroken) throw new Unavailable('not-ready', 'the token authorities cannot be read');
      throw error;
    }
  }

  async #trust({ anchors, crls, profile, revocation, fingerprint, ...name }: Entry): Promise<TokenAuthorityTrust> {
    return {
      name,
      anchors: await this.#ders(anchors),
      crls: crls === undefined ? [] : await this.#ders(crls),
      profile,
      revocation,
      fingerprint,
    };
  }

  async #ders(file: string): Promise<Buffer[]> {
    return decodePem(await readFile(join(dirname(this.#path), file), 'utf8')).map(({ der }) => der);
  }
}
