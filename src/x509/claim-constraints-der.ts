import {
  DerError,
  TAG,
  contextConstructed,
  encodeIa5,
  encodeSequence,
  encodeTlv,
  encodeUtf8,
  readChildren,
  readWhole,
  type Tlv,
} from '../encoding/index.js';
import { readExplicit, readIa5String, readUtf8String } from './der-string.js';

/** `jwt`: RFC 8226 section 8. `enhanced`: RFC 9118 section 3, which alone can exclude. An absent component is empty here. */
export type ConstraintsForm = 'jwt' | 'enhanced';

export interface ClaimConstraints {
  readonly form: ConstraintsForm;
  readonly mustInclude: readonly string[];
  /** The values that a claim may have if it is there. */
  readonly permittedValues: ReadonlyMap<string, readonly string[]>;
  readonly mustExclude: readonly string[];
}

/** SEQUENCE SIZE (1..MAX) OF. @throws DerError */
const readList = <T>(der: Uint8Array, list: Tlv, read: (der: Uint8Array, tlv: Tlv) => T): T[] => {
  const items = readChildren(der, list).map((item) => read(der, item));
  if (items.length === 0) throw new DerError('empty list');
  return items;
};

/** A claim named twice is two rules for one claim: which one binds is nobody's to guess. */
const readNames = (der: Uint8Array, tagged: Tlv): readonly string[] => {
  const names = readList(der, readExplicit(der, tagged, TAG.sequence), readIa5String);
  if (new Set(names).size !== names.length) throw new DerError('claim named twice');
  return Object.freeze(names);
};

const readValues = (der: Uint8Array, entry: Tlv): readonly [string, readonly string[]] => {
  if (entry.tag !== TAG.sequence) throw new DerError('tag');
  const [claim, values, ...more] = readChildren(der, entry);
  if (claim === undefined || values?.tag !== TAG.sequence || more.length > 0) throw new DerError('claim values');
  return [readIa5String(der, claim), Object.freeze(readList(der, values, readUtf8String))];
};

const readPermitted = (der: Uint8Array, tagged: Tlv): ReadonlyMap<string, readonly string[]> => {
  const entries = readList(der, readExplicit(der, tagged, TAG.sequence), readValues);
  const permitted = new Map(entries);
  if (permitted.size !== entries.length) throw new DerError('claim named twice');
  return permitted;
};

/** The components present, in the order of the module, each at most once. @throws DerError */
export const readConstraints = (der: Uint8Array, form: ConstraintsForm): ClaimConstraints => {
  const components = new Map<number, Tlv>();
  const last = form === 'jwt' ? 1 : 2;
  let next = 0;
  for (const component of readChildren(der, readWhole(der, TAG.sequence))) {
    const number = component.tag - contextConstructed(0);
    if (number < next || number > last) throw new DerError('component');
    components.set(number, component);
    next = number + 1;
  }
  // RFC 9118 section 3: at least one component is there.
  if (components.size === 0) throw new DerError('no component');
  const [include, permitted, exclude] = [0, 1, 2].map((number) => components.get(number));
  return {
    form,
    mustInclude: include === undefined ? [] : readNames(der, include),
    permittedValues: permitted === undefined ? new Map() : readPermitted(der, permitted),
    mustExclude: exclude === undefined ? [] : readNames(der, exclude),
  };
};

const component = (number: number, items: readonly Buffer[]): Buffer[] =>
  items.length === 0 ? [] : [encodeTlv(contextConstructed(number), encodeSequence(...items))];

export const writeConstraints = (constraints: ClaimConstraints): Buffer =>
  encodeSequence(
    ...component(0, constraints.mustInclude.map(encodeIa5)),
    ...component(
      1,
      Array.from(constraints.permittedValues, ([claim, values]) =>
        encodeSequence(encodeIa5(claim), encodeSequence(...values.map(encodeUtf8))),
      ),
    ),
    ...component(2, constraints.mustExclude.map(encodeIa5)),
  );
