import type { CallEffect, Dialect } from './dialect.ts';

const plain: CallEffect = { supported: true, token: 'None', secret: 'None' };

/** A server that does as RFC 7591, RFC 7592 and RFC 6750 say. Every other dialect is told as what differs from it. */
export const rfc7591: Dialect = {
  scopeEncoding: 'String',
  jwksEncoding: 'Object',
  basicEncoding: 'Encoded',
  languageTags: 'Send',
  membersNotSent: [],
  scopesNotSent: [],
  updateSemantics: 'Replace',
  updateBody: 'Declared',
  clearBy: 'Omit',
  secretEcho: 'Omit',
  readEffect: plain,
  updateEffect: plain,
  secretOnRead: 'Ignore',
  deleteSupported: true,
  goneStatuses: [401, 404],
  notCreatedStatuses: [501, 503],
  tokenRefusals: ['access_denied', 'invalid_token', 'insufficient_scope', 'invalid_client'],
  configurationUrl: 'AsReturned',
  lifetimes: {},
  registrationInterval: '0s',
};
