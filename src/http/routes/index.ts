import type { Route } from '../route.js';
import { adminReload } from './admin.js';
import { auditFile, auditIndex, auditPlace } from './audit-page.js';
import { discovery, openapi, reasons } from './documents.js';
import { entry, opening, proof, record } from './entries.js';
import { search } from './search.js';
import { erasures } from './erasures.js';
import { healthz, readyz } from './health.js';
import { invalidations } from './invalidations.js';
import { keptDocument } from './kept-documents.js';
import { log } from './log.js';
import { lookups } from './lookups.js';
import { metrics } from './metrics.js';
import { alarms, monitor } from './monitor.js';
import { passports } from './passports.js';
import { coverage } from './coverage.js';
import { quota } from './quota.js';
import { putWebhookUrl, readWebhookUrl, removeWebhookUrl } from './webhook.js';
import { putPrincipal, readPrincipal, removePrincipal } from './principals.js';
import { withdrawals } from './withdrawals.js';

/** Answered before express: it would cost more than the signature check that they spend their time on (standards: stack 4). */
export const HOT_ROUTES: readonly Route[] = [passports, withdrawals, lookups];

export const EXPRESS_ROUTES: readonly Route[] = [
  invalidations,
  quota,
  coverage,
  readWebhookUrl,
  putWebhookUrl,
  removeWebhookUrl,
  reasons,
  log,
  search,
  monitor,
  alarms,
  entry,
  proof,
  opening,
  record,
  keptDocument,
  healthz,
  readyz,
  metrics,
  openapi,
  discovery,
  auditPlace,
  auditIndex,
  auditFile,
  adminReload,
  readPrincipal,
  putPrincipal,
  removePrincipal,
  erasures,
];

export const ROUTES: readonly Route[] = [...HOT_ROUTES, ...EXPRESS_ROUTES];
