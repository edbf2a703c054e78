import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import helmet from 'helmet';
import { Refusal } from '../reasons/index.js';
import type { Dispatcher } from './dispatch.js';
import { RouteRefusal } from './problem.js';
import type { Route } from './route.js';
import type { CommonSite } from './site.js';

/** Query strings are read from the raw target by the server; express would read them leniently. */
const rawQuery = (request: IncomingMessage): string | null => {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? null : url.slice(mark + 1);
};

/** Routes that are not hot. Express finds the route and helmet adds its header fields; all else is the dispatcher's, as for hot ones. */
export const expressApp = <S extends CommonSite>(dispatcher: Dispatcher<S>, routes: readonly Route<S>[]): express.Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('trust proxy', false);
  app.set('query parser', false);
  // The header fields that every answer has are the responder's; HSTS twice would be no HSTS (RFC 6797 section 8.1 takes the first).
  app.use(
    helmet({
      strictTransportSecurity: false,
      xContentTypeOptions: false,
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    }),
  );
  for (const path of new Set(routes.map((route) => route.path))) {
    const group = routes.filter((route) => route.path === path);
    app.all(path, (request, response) =>
      dispatcher.serve(ofMethod(group, request.method), request, response, rawQuery(request), paramsOf(request.params)),
    );
  }
  app.use((request: IncomingMessage, response: ServerResponse) => dispatcher.serve(NOT_FOUND, request, response));
  return app;
};

/** Express gives a wildcard as its segments. */
const paramsOf = (params: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? value.join('/') : (value ?? '')]));

/** RFC 9110 section 9.3.2: HEAD is GET without the content. */
const allowed = (route: Pick<Route, 'method'>): readonly string[] => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]);

/** The route, or for a method that it does not take one that says so under the same name. */
export const forMethod = <S extends CommonSite>(route: Route<S>, method: string | undefined): Route<S> => ofMethod([route], method);

/** Of the routes at one path the one that takes the method, or one that says which are taken, in the manner of the first. */
const ofMethod = <S extends CommonSite>(group: readonly Route<S>[], method = ''): Route<S> => {
  const found = group.find((route) => allowed(route).includes(method));
  if (found !== undefined) return found;
  const [first] = group;
  const refused = refusing(first?.path ?? 'unmatched', new RouteRefusal(group.flatMap(allowed)));
  return first?.problem === undefined ? refused : { ...refused, problem: first.problem.bind(first) };
};

/** A pseudo-route that refuses: what cannot be routed is answered, counted and logged like everything else. */
export const refusing = (path: string, refusal: Refusal): Route<CommonSite> => ({
  method: 'GET',
  path,
  access: 'public',
  consumes: [],
  urgency: 'always',
  handle: () => {
    throw refusal;
  },
});

const NOT_FOUND = refusing('unmatched', new Refusal('not-found'));
