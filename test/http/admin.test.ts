import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Principal } from '../../src/gateway/index.js';
import * as shapes from '../../src/http/answer-schemas.js';
import { openApiDocument } from '../../src/http/index.js';
import type { ReloadOutcome } from '../../src/ports/index.js';
import { PRINCIPALS, TlsPki, VERSIONS, ask, fixedConfiguration, startSite, type Reply, type TestSite } from '../support/http-site.js';

const tls = new TlsPki();
const dp: Principal = { domain: 'dp2.example', kind: 'dp', class: null, spc: null };
const principals = new Map([...PRINCIPALS, [dp.domain, dp]]);
const clients = new Map([...principals.keys(), 'stranger.example'].map((dns) => [dns, tls.client([{ dns }])]));

let site: TestSite;
let reloads = 0;
let outcome: ReloadOutcome = { ok: true };

beforeAll(async () => {
  const configuration = fixedConfiguration({
    reload: async () => {
      reloads += 1;
      return outcome;
    },
    state: () => ({
      versions: VERSIONS,
      since: 1_790_000_000_000,
      reloads: { done: reloads, refused: 0 },
      refused: outcome.ok ? [] : outcome.problems,
      lists: [
        { name: 'sti-pa', sequence: 7, until: 1_800_000_000, refused: { rollback: 1, invalid: 0, unavailable: 2 } },
        { name: 'other', sequence: null, until: null, refused: { rollback: 0, invalid: 0, unavailable: 1 } },
      ],
      feeds: [
        { name: 'national', sequence: 3, until: 1_800_000_000, rows: 12, refused: { rollback: 0, invalid: 1, unavailable: 0 } },
        { name: 'late', sequence: null, until: null, rows: 0, refused: { rollback: 0, invalid: 0, unavailable: 0 } },
      ],
      crls: {
        hosts: [
          { host: 'crl.sti.example', kept: 2, thisUpdate: 1_795_000_000, nextUpdate: 1_795_086_400 },
          { host: 'none.sti.example', kept: 0, thisUpdate: null, nextUpdate: null },
        ],
        fetches: { new: 3, rollback: 1 },
      },
      remarks: outcome.ok ? [] : outcome.problems,
    }),
  });
  site = await startSite(tls, { configuration, principalOf: (domain) => principals.get(domain) });
});
beforeEach(() => {
  reloads = 0;
  outcome = { ok: true };
});
afterAll(() => site.server.drain());

const call = (path: string, as?: string, method = 'POST'): Promise<Reply> => {
  const client = as === undefined ? undefined : clients.get(as);
  return ask(site.port, tls.ca, { method, path, ...(client === undefined ? {} : { client }) });
};
const json = (reply: Reply): unknown => JSON.parse(reply.body.toString());
const RELOAD = '/v1/admin/reload';

describe('POST /v1/admin/reload', () => {
  test('is for operators alone', async () => {
    const asked: [string, number, unknown][] = [];
    for (const domain of principals.keys()) {
      const reply = await call(RELOAD, domain);
      asked.push([principals.get(domain)?.kind ?? '', reply.status, (json(reply) as { reason?: string }).reason]);
    }
    expect(asked.filter(([kind]) => kind === 'operator')).toEqual([['operator', 200, undefined]]);
    expect(asked.filter(([kind, status, reason]) => kind !== 'operator' && (status !== 403 || reason !== 'client-not-allowed'))).toEqual(
      [],
    );
    expect(new Set(asked.map(([kind]) => kind))).toEqual(new Set(['ap', 'np', 'ep', 'dp', 'auditor', 'operator']));
    expect(reloads).toBe(1);
  });

  test('is for nobody who is not known', async () => {
    for (const as of [undefined, 'stranger.example']) {
      const reply = await call(RELOAD, as);
      expect([reply.status, json(reply)]).toMatchObject([401, { reason: 'client-unknown' }]);
    }
    expect([(await call(RELOAD, 'operator.example', 'GET')).status, reloads]).toEqual([405, 0]);
  });

  test('answers with the versions in force', async () => {
    expect(shapes.reloaded.parse(json(await call(RELOAD, 'operator.example')))).toEqual({ versions: VERSIONS });
  });

  test('that was refused answers with everything that is wrong, and with what stays in force', async () => {
    outcome = { ok: false, problems: ['policies/gateway.yaml: audience: is missing', 'tls/ca.pem: cannot be read (ENOENT)'] };
    const reply = await call(RELOAD, 'operator.example');
    expect(reply.status).toBe(409);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(shapes.notReloaded.parse(json(reply))).toMatchObject({
      reason: 'configuration-refused',
      problems: outcome.problems,
      versions: VERSIONS,
    });
  });

  test('is in the OpenAPI document with who may call it', () => {
    const { paths } = JSON.parse(openApiDocument()) as { paths: Record<string, { post: { 'x-principals': string[]; responses: object } }> };
    expect(paths[RELOAD]?.post).toMatchObject({ 'x-principals': ['operator'] });
    expect(Object.keys(paths[RELOAD]?.post.responses ?? {})).toEqual(['200', '409', 'default']);
  });
});

describe('a configuration on disk that cannot be put in force', () => {
  test('is a remark of /readyz for operators and auditors, and a metric; the gateway stays ready', async () => {
    const before = (await call('/metrics', 'operator.example', 'GET')).body.toString();
    expect(before).toContain('signpost_configuration_drift 0');
    outcome = { ok: false, problems: ['policies/gateway.yaml: audience: is missing'] };
    for (const as of ['operator.example', 'auditor.example']) {
      const told = await call('/readyz', as, 'GET');
      expect([told.status, shapes.readiness.parse(json(told)).remarks]).toEqual([200, [expect.stringContaining('policies/gateway.yaml')]]);
    }
    expect(json(await call('/readyz', 'a.example', 'GET'))).toEqual({ ready: true });
    const page = (await call('/metrics', 'operator.example', 'GET')).body.toString();
    expect(page).toContain('signpost_configuration_drift 1');
    expect(page).toContain(`signpost_configuration_version_info{trust="${VERSIONS.trust}",revocation="${VERSIONS.revocation}"`);
    expect(page).not.toContain('gateway.yaml');
    for (const line of [
      'signpost_numbering_feed_sequence{feed="national"} 3',
      'signpost_numbering_feed_sequence{feed="late"} -1',
      'signpost_numbering_feed_until_seconds{feed="late"} 0',
      'signpost_numbering_feed_refused{feed="national",fault="invalid"} 1',
      'signpost_trust_list_sequence{list="sti-pa"} 7',
      'signpost_trust_list_sequence{list="other"} -1',
      'signpost_trust_list_until_seconds{list="sti-pa"} 1800000000',
      'signpost_trust_list_until_seconds{list="other"} 0',
      'signpost_trust_list_refused{list="sti-pa",fault="rollback"} 1',
      'signpost_crl_kept{host="crl.sti.example"} 2',
      'signpost_crl_this_update_seconds{host="crl.sti.example"} 1795000000',
      'signpost_crl_next_update_seconds{host="none.sti.example"} 0',
      'signpost_crl_fetches{outcome="rollback"} 1',
    ])
      expect(page).toContain(`${line}\n`);
  });
});
