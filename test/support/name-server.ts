import { createSocket } from 'node:dgram';

/** A name server on loopback. `records`: hexadecimal address by "name type"; null: it never answers. */
export const openNameServer = async (records: ReadonlyMap<string, string> | null) => {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  let arrived: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (arrived = resolve));
  socket.on('message', (query, { port, address }) => {
    const { question, end } = readQuestion(query);
    asked.push(question);
    arrived();
    if (records === null) return;
    const record = records.get(question);
    const octets = Buffer.from(record ?? '', 'hex');
    // RFC 1035 section 4.1.1: an answer, no recursion wanted or had; SERVFAIL where there is no record.
    const head = Buffer.from([
      query[0] ?? 0,
      query[1] ?? 0,
      0x81,
      record === undefined ? 0x82 : 0x80,
      0,
      1,
      0,
      record === undefined ? 0 : 1,
      0,
      0,
      0,
      0,
    ]);
    const answer = Buffer.concat([
      Buffer.from([0xc0, 12]),
      query.subarray(end - 4, end),
      Buffer.from([0, 0, 0, 60, 0, octets.length]),
      octets,
    ]);
    socket.send(Buffer.concat([head, query.subarray(12, end), ...(record === undefined ? [] : [answer])]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    asked,
    first,
    close: (): Promise<void> => new Promise((resolve) => socket.close(() => resolve())),
  };
};

const readQuestion = (query: Buffer): { question: string; end: number } => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { question: `${labels.join('.')} ${query.readUInt16BE(at + 1)}`, end: at + 5 };
};
