import { describe, expect, test } from '@jest/globals';
import { pooled } from '../../src/encoding/index.js';

/** 0, 1, 2, ... 250, 0, 1, ...: no octet of a page is that of the page before. */
const counting = () => {
  let next = 0;
  const pages: Buffer[] = [];
  const fill = (page: Buffer): void => {
    pages.push(page);
    for (let i = 0; i < page.length; i += 1) page[i] = next++ % 251;
  };
  return { fill, pages };
};

describe('octets that are drawn a page at a time', () => {
  test('are those of the source, each handed out once', () => {
    const { fill, pages } = counting();
    const draw = pooled(fill);
    const drawn = Buffer.concat(Array.from({ length: 256 }, () => draw(32)));
    expect(drawn).toEqual(Buffer.from(Array.from({ length: 8192 }, (_, i) => i % 251)));
    expect(pages).toHaveLength(2);
  });

  test('are gone from the page, and the holder has a copy', () => {
    const { fill, pages } = counting();
    const draw = pooled(fill);
    const first = draw(12);
    expect(pages[0]?.subarray(0, 12)).toEqual(Buffer.alloc(12));
    draw(4080);
    expect(draw(32)).not.toEqual(Buffer.alloc(32));
    expect(first).toEqual(Buffer.from(Array.from({ length: 12 }, (_, i) => i)));
  });

  test('are asked for at once where they are more than a page', () => {
    const { fill, pages } = counting();
    expect(pooled(fill)(10_000)).toEqual(Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 251)));
    expect(pages.map(({ length }) => length)).toEqual([10_000]);
  });
});
