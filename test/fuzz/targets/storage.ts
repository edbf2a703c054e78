import {
  BATCH_HEAD,
  encodeBatch,
  holdsPayload,
  isSegmentHead,
  encodeSegmentHead,
  parseBatchHead,
  parseRecords,
} from '../../../src/adapters/files/wal-format.js';
import { decodeSealedErasure, encodeSealedErasure } from '../../../src/gateway/sealed-erasure.js';
import { decodeSealedEvent, encodeSealedEvent } from '../../../src/gateway/sealed-event.js';
import { decodeSealedOpening, encodeSealedOpening } from '../../../src/gateway/sealed-opening.js';
import { decodeSealedSweep, encodeSealedSweep } from '../../../src/gateway/sealed-sweep.js';
import { packPlaces } from '../../../src/log/index.js';
import { erase, packSubject, transition, unpackSubject, type RegistryEvent, type Subject } from '../../../src/registry/index.js';
import { mutateOctets } from '../../support/mutation/octets.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import {
  CIRCLE,
  DAY,
  contextAt,
  givingUp,
  numberProvider,
  porting,
  registering,
  releasing,
  subjectOf,
  withdrawing,
} from '../../support/registry-fixtures.js';
import { testEntry } from '../../support/log-fixtures.js';
import { judged, must, type Target } from '../target.js';

const batch = (): Buffer =>
  encodeBatch(
    7,
    Array.from({ length: 3 }, (_, n) => ({ leaf: testEntry(n), sealed: Buffer.alloc(40 * n, n), keySlot: n })),
  );

const WAL: Target = {
  name: 'batches of the write-ahead log',
  share: 20_000,
  seeds: () => [batch(), Buffer.concat([encodeSegmentHead(7), batch()])],
  mutate: mutateOctets,
  run: (input) => {
    const at = isSegmentHead(input.subarray(0, 20), 7) ? 20 : 0;
    const head = parseBatchHead(input, at);
    if (head === null) return 'no-head';
    const body = input.subarray(at + BATCH_HEAD, at + BATCH_HEAD + head.length + 4);
    if (!holdsPayload(head, body)) return 'no-payload';
    const records = [...parseRecords(body.subarray(0, head.length))];
    must(encodeBatch(head.first, records).equals(batch()), 'a batch that nobody wrote');
    return 'accepted';
  },
};

const EVENTS: readonly RegistryEvent[] = [
  registering('a.example', DAY),
  withdrawing('a.example', DAY + 1),
  releasing(DAY + 2),
  givingUp('a.example'),
  porting('505X', DAY + 60, DAY + 3),
];
const SEALED: Target = {
  name: 'sealed events',
  share: 20_000,
  seeds: () =>
    EVENTS.map((event) =>
      encodeSealedEvent({
        event,
        opening: Buffer.alloc(32, 1),
        mappingLifetime: 1000,
        spent:
          event.type === 'withdraw-by-connection' ? null : { signingDigest: Buffer.alloc(32, 2), client: 'a.example', byReference: false },
        credential: event.type === 'register' ? { class: 3, serial: Buffer.of(1, 2) } : null,
      }),
    ),
  mutate: mutateTextOctets,
  run: (input) => judged(() => `accepted ${decodeSealedEvent(input).event.type}`),
};

const REVOCATION: Target = {
  name: 'sealed revocations',
  share: 36_000,
  seeds: () => {
    const list = [1, 2, 9].map((index) => ({ id: String.fromCharCode(index).repeat(16), index }));
    return [encodeSealedSweep({ opening: Buffer.alloc(32, 1), effect: 'marked', attestBy: DAY }, packPlaces(list))];
  },
  mutate: mutateOctets,
  run: (input) =>
    judged(() => {
      const read = decodeSealedSweep(input);
      must(encodeSealedSweep(read, packPlaces(read.list)).equals(input), 'two spellings of a revocation');
    }),
};

const subjects = (): Subject[] => {
  const grown: Subject[] = [];
  ['a.example', 'b.example', 'c.example'].forEach((provider, n) => {
    const more = n === 1 ? ({ purpose: 'business', kind: 'service', circle: CIRCLE } as const) : {};
    grown.push(subjectOf(transition(grown.at(-1) ?? null, registering(provider, DAY + n, more), contextAt(DAY + n, n + 1))));
  });
  const signer = { ...numberProvider(DAY), kind: 'numbering-authority', spc: null } as const;
  for (const event of [porting('505X', DAY + 60, DAY + 3), porting('505X', DAY + 50, DAY + 3, { signer })])
    grown.push(subjectOf(transition(grown.at(-1) ?? null, event, contextAt(DAY + 9, grown.length + 1))));
  return grown;
};

const SUBJECT: Target = {
  name: 'stored subjects',
  share: 25_000,
  seeds: () => subjects().map((subject) => Buffer.from(packSubject(subject))),
  mutate: mutateOctets,
  run: (input) =>
    judged(() => {
      const { mappings, order } = unpackSubject(input);
      return `accepted ${String(mappings.length)} ${String(order.length)}`;
    }),
};

const ERASURE: Target = {
  name: 'sealed erasures',
  share: 15_000,
  seeds: () =>
    subjects().map((subject) =>
      encodeSealedErasure({ opening: Buffer.alloc(32, 1), caseId: 'GDPR 17', id: 'i'.repeat(16), residue: erase(subject, 90, DAY * 1000) }),
    ),
  mutate: mutateOctets,
  run: (input) => judged(() => `accepted ${decodeSealedErasure(input).caseId.length}`),
};

const OPENING: Target = {
  name: 'sealed openings',
  share: 5_000,
  seeds: () => [encodeSealedOpening({ opening: Buffer.alloc(32, 1), caseId: 'POL 17' })],
  mutate: mutateOctets,
  run: (input) => judged(() => must(encodeSealedOpening(decodeSealedOpening(input)).equals(input), 'two spellings of an opening')),
};

export const STORAGE: readonly Target[] = [WAL, SEALED, REVOCATION, SUBJECT, ERASURE, OPENING];
