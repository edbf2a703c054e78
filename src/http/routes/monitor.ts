import { z } from 'zod';
import { encodeBase64 } from '../../encoding/index.js';
import type { Alarm, Gateway } from '../../gateway/index.js';
import { isDomain, isSpc } from '../../identifiers/index.js';
import { nameInLeaf } from '../../log/index.js';
import { Refusal } from '../../reasons/index.js';
import { answerWith } from '../answer.js';
import { answerLines } from '../line-stream.js';
import { openEventStream } from '../open-event-stream.js';
import { parseQuery } from '../query.js';
import { clientOf, type Exchange, type Kind, type Route } from '../route.js';
import { JSON_LINES } from './search.js';

const MONITORS: readonly Kind[] = ['np', 'ep', 'auditor'];

const query = z.strictObject({
  from: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,14})$/)
    .optional()
    .meta({ description: 'log index to begin at; `next` of the last line goes on where it ended' }),
});

/** The name as leaves have it. @throws Refusal `malformed-request`, `not-own-name` */
const nameOf = (exchange: Exchange): string => {
  const { name = '' } = exchange.params;
  if (!isSpc(name) && !isDomain(name)) throw new Refusal('malformed-request', 'name');
  const { kind, spc, domain } = clientOf(exchange);
  const own = kind === 'np' ? spc : domain;
  if (kind !== 'auditor' && name !== own) throw new Refusal('not-own-name', `kind ${kind}`);
  return nameInLeaf(name);
};

async function* linesOf(entries: ReturnType<Gateway['monitor']>): AsyncGenerator<string> {
  let next = await entries.next();
  for (; next.done !== true; next = await entries.next()) {
    const { index, leaf, leafHash, proof } = next.value;
    const text = Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('latin1');
    yield `{"index":${index},"leaf":${text},"leafHash":"${encodeBase64(leafHash)}","proof":${JSON.stringify(proof)}}\n`;
  }
  yield `{"next":${next.value}}\n`;
}

/** A provider's leaves, each with its proof; the last line says from where to go on, and that nothing was cut off. */
export const monitor: Route = {
  method: 'GET',
  path: '/v1/monitor/:name',
  access: MONITORS,
  consumes: [],
  query,
  urgency: 'normal',
  async handle(exchange) {
    const { from = '0' } = parseQuery(exchange.query, query);
    const name = nameOf(exchange);
    if (exchange.request.method === 'HEAD') return answerWith(200, JSON_LINES, '');
    const { gateway, admission } = exchange.site;
    const { domain } = clientOf(exchange);
    admission.monitors.enter(domain);
    try {
      return await answerLines(exchange, JSON_LINES, linesOf(gateway.monitor(name, Number(from))));
    } finally {
      admission.monitors.leave(domain);
    }
  },
};

/** What happened to a provider's numbers, or under its name, that it should look at. Never the number: the gateway does not tell it. */
export const alarms: Route = {
  method: 'GET',
  path: '/v1/monitor/:name/alarms',
  access: MONITORS,
  consumes: [],
  urgency: 'normal',
  handle(exchange) {
    const name = nameOf(exchange);
    const { gateway } = exchange.site;
    return openEventStream(exchange, {
      read: (after, wake) => gateway.alarms(name, after, wake),
      textOf: alarmText,
      written: () => undefined,
    });
  },
};

export const alarmText = ({ id, alarm, index, row: { kind, action, client, signer, reason, time } }: Alarm): string =>
  alarm === null
    ? `event: reset\nid: ${id}\ndata: ${JSON.stringify({ index })}\n\n`
    : `id: ${id}\ndata: ${JSON.stringify({ alarm, index, kind, action, client, signer, reason, time: new Date(time).toISOString() })}\n\n`;
