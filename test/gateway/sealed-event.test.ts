import { describe, expect, test } from '@jest/globals';
import { AS_JUDGED, decodeSealedEvent, encodeSealedEvent, type SealedEvent } from '../../src/gateway/sealed-event.js';
import { Tree } from '../../src/log/index.js';
import { restoreSnapshot } from '../../src/gateway/snapshot.js';
import { PARTITIONS } from '../../src/ports/index.js';
import type { RegistryEvent } from '../../src/registry/index.js';
import { reasonOf } from '../support/reasons.js';
import { DAY, givingUp, numberProvider, porting, preferring, registering, releasing, withdrawing } from '../support/registry-fixtures.js';

const UNDER = { judgedUnder: { ...AS_JUDGED, providerOfRecord: '709J', underPort: null } };
const AHEAD = { judgedUnder: { ...UNDER.judgedUnder, underPort: { to: '505X', effective: DAY + 60 } } };

const sealed = (event: RegistryEvent): SealedEvent => ({
  event,
  opening: Buffer.alloc(32, 1),
  mappingLifetime: 1000,
  spent: event.type === 'withdraw-by-connection' ? null : { signingDigest: Buffer.alloc(32, 2), client: 'a.example', byReference: false },
  credential: event.type === 'register' ? { class: 3, serial: Buffer.of(1, 2) } : null,
});

describe('a sealed event', () => {
  test.each<RegistryEvent>([
    registering('a.example', DAY, UNDER),
    registering('a.example', DAY, { ...AHEAD, operator: '505X' }),
    withdrawing('a.example', DAY, UNDER),
    preferring('a.example', DAY, { default: 'a.example' }, UNDER),
    releasing(DAY, UNDER),
    porting('505X', DAY + 60, DAY, UNDER),
    porting('505X', DAY + 60, DAY, { ...UNDER, signer: { ...numberProvider(DAY), kind: 'numbering-authority', spc: null } }),
    givingUp('a.example'),
  ])('of $type has all that the fold needs', (event) => {
    expect(decodeSealedEvent(encodeSealedEvent(sealed(event)))).toEqual(sealed(event));
  });

  test('of the version before ports is read as one without', () => {
    const event = registering('a.example', DAY, UNDER);
    const fields = JSON.parse(encodeSealedEvent(sealed(event)).toString()) as [
      number,
      string,
      string,
      string,
      number,
      unknown,
      unknown,
      unknown[],
    ];
    const [, ...rest] = fields;
    rest[6] = rest[6].slice(0, 5);
    const before = (version: number) => Buffer.from(JSON.stringify([version, ...rest]));
    expect(decodeSealedEvent(before(2))).toEqual(sealed(event));
    for (const version of [1, 4]) expect(reasonOf(() => decodeSealedEvent(before(version)))).toBe('log-corrupt');
  });
});

describe('a snapshot', () => {
  const frame = (kind: number, content: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(content.length);
    head[4] = kind;
    return Buffer.concat([head, content]);
  };
  const taken = (version: number): Buffer[] => {
    const tree = Buffer.from(new Tree().serialise()).toString('base64');
    const header = { version, size: 0, tree, time: 7, credentials: 0 };
    return [frame(4, Buffer.from(JSON.stringify(header))), frame(1, Buffer.alloc(PARTITIONS * 6))];
  };

  test('of this version and of the one before ports is read, of any other not', () => {
    for (const version of [4, 5]) expect(restoreSnapshot(taken(version)).time).toBe(7);
    for (const version of [3, 6]) expect(reasonOf(() => restoreSnapshot(taken(version)))).toBe('log-corrupt');
  });
});
