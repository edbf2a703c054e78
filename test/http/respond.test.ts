import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { JSON_TYPE, answerWith } from '../../src/http/answer.js';
import { respond } from '../../src/http/respond.js';

/** More than the buffers of both ends take. */
const BODY = ' '.repeat(32 * 1024 * 1024);
let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((request, response) => void respond(request, response, answerWith(200, JSON_TYPE, BODY), 'id', false, 200));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

test('who reads has all of an answer, and who takes nothing of it is cut off', async () => {
  const accepted = once(server, 'connection');
  const idle = connect(port, '127.0.0.1');
  idle.on('error', () => undefined);
  idle.pause();
  idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [socket] = await accepted;
  await once(socket, 'close');
  idle.destroy();
  const request = get({ host: '127.0.0.1', port, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let octets = 0;
  for await (const part of response as AsyncIterable<Buffer>) octets += part.length;
  expect([octets, response.complete]).toEqual([BODY.length, true]);
});
