import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { A, makePlace, openAt, registration, sharedNumber, type Opened, type Place } from '../support/open-gateway.js';

let place: Place;
let opened: Opened;

beforeAll(async () => {
  place = await makePlace();
  opened = await openAt(place);
  await opened.gateway.searchable();
});
afterAll(() => opened.close());

const register = async (from: number, to: number): Promise<void> => {
  const numbers = Array.from({ length: to - from }, (_, i) => sharedNumber(from + i));
  const submissions = await Promise.all(numbers.map((tn) => opened.gateway.submit(registration(place, tn), A)));
  expect(submissions.map(({ outcome }) => outcome)).not.toContain('refused');
};
const areas = async (): Promise<unknown> => (await opened.gateway.coverage()).areas;

describe('coverage', () => {
  test('does not tell of fewer than a hundred', async () => {
    await register(0, 99);
    expect(await areas()).toEqual([]);
  });

  test('is kept for a minute, then grows, by calling code and rounded down', async () => {
    await register(99, 230);
    expect(await areas()).toEqual([]);
    place.clock.advance(60);
    expect(await areas()).toEqual([{ area: '1', siis: 200 }]);
  });

  test('falls with what is withdrawn', async () => {
    const given = Array.from({ length: 40 }, (_, i) => ({ sii: `tel:+${sharedNumber(i)}`, ssi: 'mimi://a.example/u/alice' }));
    await Promise.all(given.map((one) => opened.gateway.withdraw(one, A)));
    place.clock.advance(60);
    expect(await areas()).toEqual([{ area: '1', siis: 100 }]);
  });

  test('is the same after a restart', async () => {
    await opened.close();
    opened = await openAt(place);
    await opened.gateway.searchable();
    expect(await areas()).toEqual([{ area: '1', siis: 100 }]);
  });
});
