import { describe, expect, test } from '@jest/globals';
import { Place } from '../../src/adapters/status/place.js';
import { Places, type PlaceLimits } from '../../src/adapters/status/places.js';
import { parseCrl } from '../../src/x509/index.js';
import { AT, issueCa } from '../support/raw-certificate.js';
import { entry, issueCrl } from '../support/raw-crl.js';

const ca = issueCa({ issuer: null, subject: 'ca' });
/** Some 330 octets. */
const small = parseCrl(issueCrl(ca));
const large = parseCrl(issueCrl(ca, [Buffer.concat(Array.from({ length: 170 }, (_, n) => entry(Buffer.of(0x11, n))))]));
const LIMITS: PlaceLimits = { maxPlaces: 6, maxOctets: 6000, maxPlacesOfHost: 3, maxOctetsOfHost: 4000, maxTriedOfHost: 2 };

const placeOf = (name: string, neededAt: number, more: Partial<Pick<Place, 'isConfigured' | 'flight'>> = {}): Place => {
  const [host = ''] = name.split('/');
  return Object.assign(new Place(`https://${name}`, host, 1), { neededAt, ...more });
};
const keeping = (place: Place, crl = small): Place => Object.assign(place, { kept: { crl, signers: [], fetchedAt: 0 } });
const opened = (...all: Place[]): Places => {
  const places = new Places(LIMITS);
  for (const place of all) places.add(place);
  return places;
};
const urls = (all: readonly Place[] | null): string[] | null => all?.map(({ url }) => url.slice('https://'.length)) ?? null;
const flying = (): Pick<Place, 'flight'> => ({ flight: new Promise(() => undefined) });

describe('room for one more', () => {
  const newcomer = placeOf('a/new', 99);

  test('is there within the bounds, and takes nothing', () => {
    const places = opened(keeping(placeOf('a/1', 1)), keeping(placeOf('a/2', 2)), newcomer);
    expect(urls(places.makeRoom(newcomer, small.der.length))).toEqual([]);
    expect(places.all.length).toBe(3);
  });

  test.each<[string, readonly Place[], string]>([
    ['the one needed longest ago goes', [placeOf('a/1', 2), placeOf('a/2', 1), placeOf('a/3', 3)], 'a/2'],
    ['not one that is being fetched', [placeOf('a/1', 1, flying()), placeOf('a/2', 2), placeOf('a/3', 3)], 'a/2'],
    ['and no other host has to give', [placeOf('b/1', 0), placeOf('a/1', 1), placeOf('a/2', 2), placeOf('a/3', 3)], 'a/1'],
  ])('of a host that has its share: %s', (_, before, gone) => {
    const places = opened(...before.map((place) => keeping(place)), newcomer);
    expect(urls(places.makeRoom(newcomer, small.der.length))).toEqual([gone]);
    expect(urls(places.all)).not.toContain(gone);
  });

  test('is never made by what policy names, which does not count against its host either', () => {
    const named = [1, 2, 3, 4].map((n) => keeping(placeOf(`a/${n}`, 0, { isConfigured: true })));
    expect(urls(opened(...named, newcomer).makeRoom(newcomer, 1))).toEqual([]);
    const all = [1, 2, 3, 4, 5, 6].map((n) => keeping(placeOf(`a/${n}`, 0, { isConfigured: true })));
    const places = opened(...all, newcomer);
    expect(places.makeRoom(newcomer, 1)).toBeNull();
    expect(places.all.length).toBe(7);
  });

  test('is made for what policy names by whoever has most', () => {
    const places = opened(...['b/1', 'b/2', 'b/3', 'c/1', 'c/2', 'd/1'].map((name, i) => keeping(placeOf(name, 9 - i))));
    const named = placeOf('e/new', 99, { isConfigured: true });
    expect(urls(places.makeRoom(named, 1))).toEqual(['b/3']);
  });

  test('where all is full is made by a host that has no less than the newcomer would', () => {
    const places = opened(...['b/1', 'b/2', 'b/3', 'c/1', 'c/2', 'c/3'].map((name, i) => keeping(placeOf(name, 9 - i))), newcomer);
    expect(urls(places.makeRoom(newcomer, 1))).toEqual(['b/3']);
    // With one fewer of b, c has most.
    places.add(keeping(newcomer));
    const second = placeOf('a/second', 99);
    expect(urls(places.makeRoom(second, 1))).toEqual(['c/3']);
  });

  test('is not taken from hosts that have less', () => {
    const others = ['b/1', 'c/1', 'd/1', 'e/1'].map((name) => keeping(placeOf(name, 0)));
    const own = [placeOf('a/1', 50), placeOf('a/2', 51)].map((place) => keeping(place));
    const places = opened(...others, ...own, newcomer);
    expect(urls(places.makeRoom(newcomer, 1))).toEqual(['a/1']);
  });

  test('is counted in octets as well: the largest share gives, and no share may be larger than a host may have', () => {
    const two = [placeOf('b/1', 1), placeOf('b/2', 2)].map((place, i) => keeping(place, i === 0 ? large : small));
    expect(large.der.length).toBeGreaterThan(3000);
    const places = opened(...two, newcomer);
    expect(urls(places.makeRoom(newcomer, 3000))).toEqual(['b/1']);
    expect(places.makeRoom(newcomer, 4001)).toBeNull();
    expect(urls(places.makeRoom(newcomer, 4000))).toEqual([]);
  });

  test('is not needed for the CRL that a place has already', () => {
    const own = [1, 2, 3].map((n) => keeping(placeOf(`a/${n}`, n)));
    const [first = newcomer] = own;
    const places = opened(...own);
    expect(urls(places.makeRoom(first, small.der.length))).toEqual([]);
  });
});

describe('what was tried and brought nothing', () => {
  test('goes for the next one of its host, and takes nothing from what is kept', () => {
    const kept = [1, 2, 3].map((n) => keeping(placeOf(`a/${n}`, n)));
    const places = opened(...kept, placeOf('a/x', 10), placeOf('a/y', 11), placeOf('b/x', 1));
    places.add(placeOf('a/z', 12));
    expect(urls(places.all)).toEqual(['a/1', 'a/2', 'a/3', 'a/y', 'b/x', 'a/z']);
    places.add(placeOf('a/named', 0, { isConfigured: true }));
    expect(places.all.length).toBe(7);
  });
});

describe('a place', () => {
  test('is needed when its CRL was looked into since', () => {
    const crl = parseCrl(issueCrl(ca));
    const place = keeping(placeOf('a/1', 5), crl);
    place.noteNeed(AT);
    expect(place.neededAt).toBe(5);
    crl.find(crl.issuer, Buffer.of(1));
    place.noteNeed(AT + 1);
    place.noteNeed(AT + 2);
    expect(place.neededAt).toBe(AT + 1);
  });
});
