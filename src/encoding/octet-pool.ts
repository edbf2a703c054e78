const PAGE = 4096;

/**
 * Octets of a source that is asked for a page at a time: asking for each nonce would cost more than the cipher that needs it. What was handed out does
 * not stay behind.
 * @param fill fills a buffer, as the system's random source does
 */
export const pooled = (fill: (page: Buffer) => unknown): ((length: number) => Buffer) => {
  const page = Buffer.alloc(PAGE);
  let used = PAGE;
  return (length) => {
    if (length > PAGE) {
      const large = Buffer.alloc(length);
      fill(large);
      return large;
    }
    if (used + length > PAGE) {
      fill(page);
      used = 0;
    }
    const octets = Buffer.from(page.subarray(used, used + length));
    page.fill(0, used, used + length);
    used += length;
    return octets;
  };
};
