/** Who signs a request: an account by kid, a key by jwk, either, or nobody (GET). */
export type SignedBy = 'account' | 'key' | 'either' | 'nobody';

export interface Resource {
  readonly method: 'GET' | 'POST';
  /** Parameters as `:name`; ids are base64url, domains lower-case. */
  readonly path: string;
  readonly signedBy: SignedBy;
}

const get = (path: string): Resource => ({ method: 'GET', path, signedBy: 'nobody' });
const post = (path: string, signedBy: SignedBy = 'account'): Resource => ({ method: 'POST', path, signedBy });

/** Every resource of the ACME server, for whoever carries requests to it. A GET stands for HEAD too. */
export const ACME_RESOURCES = {
  directory: get('/acme/directory'),
  newNonce: get('/acme/new-nonce'),
  newAccount: post('/acme/new-account', 'key'),
  account: post('/acme/account/:id'),
  orders: post('/acme/account/:id/orders'),
  moreOrders: post('/acme/account/:id/orders/:from'),
  delegations: post('/acme/account/:id/delegations'),
  delegation: post('/acme/delegation/:id'),
  keyChange: post('/acme/key-change'),
  newOrder: post('/acme/new-order'),
  order: post('/acme/order/:id'),
  finalize: post('/acme/order/:id/finalize'),
  authorization: post('/acme/authorization/:id'),
  challenge: post('/acme/challenge/:id'),
  certificate: post('/acme/certificate/:id'),
  certificateGet: get('/acme/certificate/:id'),
  x5u: get('/acme/x5u/:id'),
  star: post('/acme/star/:id'),
  starGet: get('/acme/star/:id'),
  revokeCert: post('/acme/revoke-cert', 'either'),
} as const satisfies Record<string, Resource>;

export type ResourceName = keyof typeof ACME_RESOURCES;
