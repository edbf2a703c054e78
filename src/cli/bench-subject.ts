import { subjectId } from '../identifiers/index.js';
import { partitionOf, type MappingStore, type PartitionBatch, type SubjectId } from '../ports/index.js';
import { packSubject, type Subject } from '../registry/index.js';

/** One mapping as a registration leaves it. `iat` in seconds. */
const oneMapping = (provider: string, user: string, index: number, iat: number): Subject => ({
  keySlot: index + 1,
  mappings: [
    {
      provider,
      user,
      purpose: 'consumer',
      kind: 'user',
      circle: null,
      firstIndex: index,
      leafIndex: index,
      expires: iat + 30 * 86_400,
      attest: false,
      credential: (index + 1).toString(16).padStart(32, '0'),
      authority: '709J',
      operator: null,
    },
  ],
  fence: 0,
  quarantined: false,
  order: [{ provider, iat, jti: Buffer.alloc(16, index % 251).toString('base64url') }],
  preference: null,
  record: null,
  port: null,
  halves: [],
  leafIndex: index,
});

const PEPPER = Buffer.alloc(32, 7);

export const idOf = (sii: string): SubjectId => subjectId(PEPPER, sii);

/** Numbers applied at once: as a full batch of the sequencer. */
const BATCH = 2000;

/** Puts one mapping for each number into a store, in batches, as the sequencer does; the same each time, so that stores can be compared. */
export const fillStore = async (store: MappingStore, count: number, numberAt: (index: number) => string): Promise<void> => {
  const iat = Math.floor(Date.now() / 1000);
  const positions = new Map<number, number>();
  for (let from = 0; from < count; from += BATCH) {
    const groups = new Map<number, PartitionBatch & { readonly puts: { id: SubjectId; packed: Uint8Array }[] }>();
    for (let index = from; index < Math.min(count, from + BATCH); index += 1) {
      const id = idOf(`tel:+${numberAt(index)}`);
      const partition = partitionOf(id);
      const puts = groups.get(partition)?.puts ?? [];
      puts.push({ id, packed: packSubject(oneMapping('a.example', `user${index}`, index, iat)) });
      groups.set(partition, { partition, previous: positions.get(partition) ?? 0, position: index + 1, puts });
    }
    for (const { partition, position } of groups.values()) positions.set(partition, position);
    await store.apply(1, [...groups.values()]);
  }
};

/** Subjects put at once where a whole store is walked. */
const PUT_AT_ONCE = 1024;

/** Walks a store that `fillStore` filled, to its end, and puts the first so many subjects again, as they are, under the next positions. */
export const putAgain = async (store: MappingStore, count: number): Promise<void> => {
  const positions = await store.positions();
  let left = count;
  let puts: { id: SubjectId; packed: Uint8Array }[] = [];
  const flush = async (): Promise<void> => {
    const groups = new Map<number, { id: SubjectId; packed: Uint8Array }[]>();
    for (const put of puts) groups.set(partitionOf(put.id), [...(groups.get(partitionOf(put.id)) ?? []), put]);
    puts = [];
    const batches = Array.from(groups, ([partition, own]) => {
      const previous = positions[partition] ?? 0;
      return { partition, previous, position: (positions[partition] = previous + 1), puts: own };
    });
    await store.apply(1, batches);
  };
  for await (const [id, packed] of store.entries()) {
    if (left === 0) continue;
    left -= 1;
    if (puts.push({ id, packed }) === PUT_AT_ONCE) await flush();
  }
  await flush();
};
