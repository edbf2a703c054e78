import type { IncomingMessage } from 'node:http';

/** RFC 9110 section 12.5.3: whether the client takes gzip; a weight of 0 says no, and who says nothing gets what every client can read. */
export const takesGzip = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  (headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .some((coding) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?:0?\.[0-9]*[1-9][0-9]*|1(?:\.0*)?))?\s*$/.test(coding));
