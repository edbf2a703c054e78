import { Refusal } from '../../src/reasons/index.js';
import {
  RFC5280_RULES,
  STIR_RULES,
  judgePath,
  parseCertificate,
  parsePath,
  type JudgedPath,
  type PathInput,
} from '../../src/x509/index.js';
import { AT } from './raw-certificate.js';

type Options = Partial<Pick<PathInput, 'at' | 'iat' | 'maxDepth' | 'policies'>>;

const judge = (rules: PathInput['rules'], path: readonly Uint8Array[], anchors: readonly Uint8Array[], options: Options): JudgedPath =>
  judgePath({ path: parsePath(path, rules), anchors: anchors.map((der) => parseCertificate(der)), at: AT, rules, ...options });

export const judgeRfc5280 = (path: readonly Uint8Array[], anchors: readonly Uint8Array[], options: Options = {}): JudgedPath =>
  judge(RFC5280_RULES, path, anchors, options);

export const judgeStir = (path: readonly Uint8Array[], anchors: readonly Uint8Array[], options: Options = {}): JudgedPath =>
  judge(STIR_RULES, path, anchors, options);

/** `reason@position` of what a judgement throws, or `accepted`. Anything thrown but a Refusal fails the test. */
export const outcomeOf = (judgement: () => unknown): string => {
  try {
    judgement();
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason}@${error.position ?? 'none'}`;
    throw error;
  }
};
