import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { OrderedAnswers } from '../../src/http/ordered-answers.js';

/** A response whose reader takes one write at a time. */
class SlowReader extends EventEmitter {
  readonly destroyed = false;
  readonly written: string[] = [];

  write(text: string): boolean {
    this.written.push(text);
    return false;
  }
}

test('the end is seen when the last answer is taken late', async () => {
  const reader = new SlowReader();
  const answers = new OrderedAnswers(reader as unknown as ServerResponse, 4, () => undefined);
  answers.begin(Promise.resolve('one\n'));
  const finished = answers.finished();
  await new Promise((resolve) => setImmediate(resolve));
  expect([reader.written, answers.blocked, answers.pending]).toEqual([['one\n'], true, 0]);
  reader.emit('drain');
  await finished;
  expect(answers.blocked).toBe(false);
});
