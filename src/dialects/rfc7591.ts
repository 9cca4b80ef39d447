import type { Dialect } from './dialect.ts';

/** A server that does as RFC 7591, RFC 7592 and RFC 6750 say. */
export const rfc7591: Dialect = {
  name: 'rfc7591',
  readEffect: 'None',
  deletionUnsupportedStatuses: [404, 405, 501],
  goneStatuses: [401, 404],
  notCreatedStatuses: [501, 503],
  tokenRefusals: ['access_denied', 'invalid_token', 'insufficient_scope', 'invalid_client'],
};
