import { Refusal } from '../reasons/index.js';
import { STREAMED, type Answer } from './answer.js';
import { parseBody } from './body.js';
import { Chunks, linesOf, type Line } from './chunks.js';
import { describeFault } from './fault.js';
import { LIMITS } from './limits.js';
import { OrderedAnswers } from './ordered-answers.js';
import { factsOf, problemDocument, type ProblemFacts } from './problem.js';
import { COMMON_HEADERS, dropBody } from './respond.js';
import type { Exchange } from './route.js';
import { passportLine } from './schemas.js';
import { present } from './submission.js';

export const STREAM_TYPE = 'application/x-ndjson';

/**
 * PASSporTs by lines, answered by lines, in order, of any length (CONTRACT section 2). The budgets hold for each line, and a line's fate
 * is its own. A client that is suspended or removed meanwhile is refused from the next line on. While draining, the line that is not taken any more is answered `draining`, and the stream ends: of the lines after it
 * nothing was done.
 */
export const answerStream = async (exchange: Exchange): Promise<Answer> => {
  const { request, response, requestId, site } = exchange;
  const chunks = new Chunks(request);
  const watchdog = setTimeout(
    () => (answers.pending > 0 && !answers.blocked ? watchdog.refresh() : response.destroy()),
    LIMITS.streamIdleMs,
  );
  const answers = new OrderedAnswers(response, LIMITS.linesPerStream, () => watchdog.refresh());
  const stopReading = site.admission.onDrain(() => chunks.stop());
  response.writeHead(200, [...COMMON_HEADERS, 'X-Request-Id', requestId, 'Content-Type', STREAM_TYPE, 'Cache-Control', 'no-store']);
  response.flushHeaders();
  try {
    let number = 0;
    for await (const line of linesOf(chunks, LIMITS.lineBytes)) {
      watchdog.refresh();
      if (response.destroyed || site.admission.draining) break;
      number += 1;
      await answers.room();
      await begin(exchange, answers, number, line);
    }
    if (site.admission.draining && !request.readableEnded)
      answers.begin(Promise.resolve(problemLine(exchange, number + 1, { reason: 'draining' })));
    await answers.finished();
    await end(exchange);
  } finally {
    clearTimeout(watchdog);
    stopReading();
  }
  return STREAMED;
};

const end = async ({ request, response }: Exchange): Promise<void> => {
  response.end();
  if (request.readableEnded) return;
  await dropBody(request);
  request.destroy();
};

const begin = async (exchange: Exchange, answers: OrderedAnswers, number: number, line: Line): Promise<void> => {
  const { lines, turns } = exchange.site.admission;
  await lines.take();
  await turns.take();
  answers.begin(answerLine(exchange, number, line).finally(() => lines.give()));
};

const answerLine = async (exchange: Exchange, number: number, line: Line): Promise<string> => {
  const { site, requestId } = exchange;
  try {
    if (line === null) throw new Refusal('too-large', 'line');
    const answer = await present(site, passportOf(line), exchange.caller());
    if (!answer.accepted) return problemLine(exchange, number, answer.facts);
    site.metrics.line(answer.status);
    return `${JSON.stringify({ line: number, status: answer.status, ...answer.body })}\n`;
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) site.log.error({ requestId, line: number, fault: describeFault(thrown) }, 'fault');
    return problemLine(exchange, number, factsOf(thrown));
  }
};

/** The one spelling without white space and escapes: what stands in it is what the strict parser would read. */
const PLAIN = /^\{"passport":"([A-Za-z0-9_.-]*)"\}$/;

/** @throws Refusal as `parseBody` */
const passportOf = (line: Buffer): string => PLAIN.exec(line.toString('latin1'))?.[1] ?? parseBody(line, passportLine).passport;

const problemLine = ({ site, requestId }: Exchange, number: number, facts: ProblemFacts): string => {
  const document = problemDocument(facts, requestId);
  site.metrics.line(document.status);
  return `${JSON.stringify({ line: number, ...document })}\n`;
};
