const FULLEST = 0.7;
const GROWTH = 1.5;
const LEAST = 16;

/** A set of integers from 0 to 2^52 - 1 that are as good as random, in one typed array: 11 to 17 octets each, nothing to collect. */
export class NumberSet {
  /** Open addressing; each number plus one, so that 0 is a free place. */
  private places = new Float64Array(LEAST);
  private count = 0;

  get size(): number {
    return this.count;
  }

  has(number: number): boolean {
    return this.places[this.placeOf(number)] !== 0;
  }

  /** Whether it is new. */
  add(number: number): boolean {
    const place = this.placeOf(number);
    if (this.places[place] !== 0) return false;
    this.places[place] = number + 1;
    this.count += 1;
    if (this.count > this.places.length * FULLEST) this.grow();
    return true;
  }

  private placeOf(number: number): number {
    let place = number % this.places.length;
    for (;;) {
      const there = this.places[place];
      if (there === 0 || there === number + 1) return place;
      place = place + 1 === this.places.length ? 0 : place + 1;
    }
  }

  private grow(): void {
    const old = this.places;
    this.places = new Float64Array(Math.ceil(old.length * GROWTH));
    for (const there of old) if (there !== 0) this.places[this.placeOf(there - 1)] = there;
  }
}
