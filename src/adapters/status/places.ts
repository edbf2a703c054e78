import { STATUS_LIMITS } from './limits.js';
import type { Place } from './place.js';

export type PlaceLimits = Readonly<Record<'maxPlaces' | 'maxOctets' | 'maxPlacesOfHost' | 'maxOctetsOfHost' | 'maxTriedOfHost', number>>;

interface Share {
  readonly places: number;
  readonly octets: number;
}

const NOTHING: Share = { places: 0, octets: 0 };

/**
 * The places that are known, within bounds of number and octets. Where a CRL lacks room, what certificates named makes it: of its own host once that has
 * its share, else of a host that has no less than its own, the least recently needed first. So no host takes what others need, and none is shut out. What
 * policy names never goes, and a place that never had a good CRL takes nothing from one that has.
 */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #byUrl = new Map<string, Place>();

  constructor(limits: PlaceLimits = STATUS_LIMITS) {
    this.#limits = limits;
  }

  get all(): readonly Place[] {
    return [...this.#byUrl.values()];
  }

  get(url: string): Place | null {
    return this.#byUrl.get(url) ?? null;
  }

  /** A place to be tried; of those of its host that have nothing yet, the one needed longest ago goes for it. */
  add(place: Place): void {
    const tried = this.all.filter(({ host, kept, isConfigured }) => host === place.host && kept === null && !isConfigured);
    const oldest = place.isConfigured || tried.length < this.#limits.maxTriedOfHost ? null : leastNeeded(tried);
    if (oldest !== null) this.delete(oldest);
    this.#byUrl.set(place.url, place);
  }

  delete({ url }: Place): void {
    this.#byUrl.delete(url);
  }

  /** Octets that a CRL of this place may have at most, whatever goes for it. */
  mostOctetsFor({ url, isConfigured }: Place): number {
    const { maxOctets, maxOctetsOfHost } = this.#limits;
    const left = maxOctets - shareOf(this.all.filter((other) => other.isConfigured && other.url !== url)).octets;
    return isConfigured ? left : Math.min(left, maxOctetsOfHost);
  }

  /** Takes places away until a CRL of so many octets fits behind this one, and returns them; null, and none is taken, where it cannot fit. */
  makeRoom(place: Place, octets: number): readonly Place[] | null {
    const staying = new Set(this.all.filter((other) => other !== place && other.kept !== null));
    const gone: Place[] = [];
    for (let hosts = this.#crowded(staying, place, octets); hosts !== null; hosts = this.#crowded(staying, place, octets)) {
      const victim = hosts.map((host) => leastNeeded([...staying].filter((other) => other.host === host))).find((found) => found !== null);
      if (victim === undefined) return null;
      staying.delete(victim);
      gone.push(victim);
    }
    for (const victim of gone) this.delete(victim);
    return gone;
  }

  /** Hosts one of whose places has to go, the first to ask first; null: there is room. */
  #crowded(staying: ReadonlySet<Place>, { host, isConfigured }: Place, octets: number): readonly string[] | null {
    const { maxPlaces, maxOctets, maxPlacesOfHost, maxOctetsOfHost } = this.#limits;
    const hosts = new Set([...staying].map((place) => place.host));
    const shares = new Map([...hosts].map((of) => [of, shareOf([...staying].filter((place) => isLearned(place) && place.host === of))]));
    const own = shares.get(host) ?? NOTHING;
    const wanted: Share = { places: own.places + 1, octets: own.octets + octets };
    if (!isConfigured && (wanted.places > maxPlacesOfHost || wanted.octets > maxOctetsOfHost)) return [host];
    const all = shareOf([...staying]);
    const tooMany = all.places + 1 > maxPlaces;
    if (!tooMany && all.octets + octets <= maxOctets) return null;
    const measure = (share: Share): number => (tooMany ? share.places : share.octets);
    const mayBeAsked = ([of, share]: readonly [string, Share]): boolean => isConfigured || of === host || measure(share) >= measure(wanted);
    return [...shares]
      .filter(mayBeAsked)
      .sort(([, a], [, b]) => measure(b) - measure(a))
      .map(([of]) => of);
  }
}

const isLearned = ({ isConfigured }: Place): boolean => !isConfigured;

const shareOf = (places: readonly Place[]): Share => ({
  places: places.length,
  octets: places.reduce((sum, { octets }) => sum + octets, 0),
});

/** null where all are named by policy or being fetched. */
const leastNeeded = (places: readonly Place[]): Place | null =>
  places
    .filter((place) => isLearned(place) && place.flight === null)
    .reduce<Place | null>((least, place) => (least === null || place.neededAt < least.neededAt ? place : least), null);
