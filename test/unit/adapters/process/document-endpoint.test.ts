import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ServedDocuments,
  startDocumentEndpoint,
} from '../../../../src/adapters/process/document-endpoint.ts';
import type { HttpServer } from '../../../../src/adapters/process/http-server.ts';
import {
  type DocumentObject,
  type ServedDocument,
  toDocumentConfigMap,
  toDocumentObject,
} from '../../../../src/core/served-document.ts';
import { createRecordingLog } from '../../../kit/fakes/fake-clock.ts';

const URL_OF_APP = 'https://clients.example.com/team-a/app-1a2b3c4d-x7k2';
const PATH = '/team-a/app-1a2b3c4d-x7k2';
const HOST = 'clients.example.com';
const DOCUMENT: ServedDocument = { url: URL_OF_APP, body: '{"a":1}', keys: '{"keys":[]}', maxAge: 300 };

const stored = (served: ServedDocument, name = 'oac-1-a'): DocumentObject =>
  toDocumentObject(
    toDocumentConfigMap(served, {
      name,
      namespace: 'documents',
      client: { namespace: 'team-a', name: 'app', uid: '1' },
    }),
  );

let documents: ServedDocuments;
let endpoint: HttpServer;
let isReady: boolean;
let statuses: number[];
beforeEach(async () => {
  documents = new ServedDocuments();
  statuses = [];
  isReady = true;
  endpoint = await startDocumentEndpoint({
    port: 0,
    documents,
    isReady: () => isReady,
    log: createRecordingLog(),
    answered: (status) => statuses.push(status),
  });
});
afterEach(() => endpoint.close());

const ask = (path: string, { host = HOST, method = 'GET', headers = {} } = {}) =>
  new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      request(
        { port: endpoint.port, path, method, headers: { ...headers, host }, agent: false },
        (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
        },
      )
        .on('error', reject)
        .end();
    },
  );

const GONE = { status: 410, body: 'no client has this URL' };

describe('the endpoint of documents', () => {
  it('serves document and keys with the headers that servers want', async () => {
    documents.apply(stored(DOCUMENT));
    const answer = await ask(PATH);
    expect(answer).toMatchObject({
      status: 200,
      body: DOCUMENT.body,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'public, max-age=300',
        etag: expect.stringMatching(/^".{22}"$/),
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
      },
    });
    expect(answer.headers).not.toHaveProperty('location');
    expect(await ask(`${PATH}/jwks`)).toMatchObject({ status: 200, body: DOCUMENT.keys });
    expect(await ask(PATH, { host: `${HOST.toUpperCase()}:443` })).toMatchObject({ status: 200 });
    expect(await ask(PATH, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it('answers 304 to a copy that is current', async () => {
    documents.apply(stored(DOCUMENT));
    const { headers } = await ask(PATH);
    const tag = String(headers['etag']);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
      expect(await ask(PATH, { headers: { 'if-none-match': known } })).toMatchObject({
        status: 304,
        body: '',
        headers: { etag: tag, 'cache-control': 'public, max-age=300' },
      });
    }
    expect(await ask(PATH, { headers: { 'if-none-match': '"other"' } })).toMatchObject({ status: 200 });
  });

  it('answers 410 where no client is, which no cache keeps', async () => {
    documents.apply(stored({ url: URL_OF_APP, body: '{}', maxAge: 300 }));
    const answers = await Promise.all([
      ask('/'),
      ask('/team-a/app'),
      ask(`${PATH}/`),
      ask(`${PATH}?a=b`),
      ask(`${PATH}/jwks`),
      ask(PATH, { host: 'other.example.com' }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ ...GONE, headers: { 'cache-control': 'no-store' } });
    }
  });

  it('follows the objects: a change, a withdrawal of keys, a deletion', async () => {
    documents.apply(stored(DOCUMENT));
    documents.apply(stored({ url: URL_OF_APP, body: '{"a":2}', maxAge: 60 }));
    expect(await ask(PATH)).toMatchObject({
      body: '{"a":2}',
      headers: { 'cache-control': 'public, max-age=60' },
    });
    expect(await ask(`${PATH}/jwks`)).toMatchObject(GONE);
    documents.remove(stored(DOCUMENT));
    expect(await ask(PATH)).toMatchObject(GONE);
    documents.apply(stored(DOCUMENT));
    documents.apply(stored({ ...DOCUMENT, url: `${URL_OF_APP}2` }, 'oac-2-a'));
    documents.keepOnly(new Set(['oac-2-a']));
    expect(await ask(PATH)).toMatchObject(GONE);
    expect(await ask(`${PATH}2`)).toMatchObject({ status: 200 });
  });

  it('tells the status of each answer, and how many documents it has', async () => {
    documents.apply(stored(DOCUMENT));
    const unreadable = toDocumentObject({ metadata: { name: 'damaged', resourceVersion: '1' } });
    documents.apply(unreadable);
    expect([documents.size, documents.unreadable]).toEqual([1, 1]);
    await ask(PATH);
    await ask(PATH, { headers: { 'if-none-match': '*' } });
    await ask('/');
    await ask(PATH, { method: 'POST' });
    expect(statuses).toEqual([200, 304, 410, 405]);
  });

  it('says that it does not know, before the first list is read', async () => {
    isReady = false;
    expect(await ask(PATH)).toMatchObject({ status: 503, headers: { 'cache-control': 'no-store' } });
  });

  it('takes nothing but GET and HEAD', async () => {
    documents.apply(stored(DOCUMENT));
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await ask(PATH, { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });

  it.each([
    ['no data', undefined],
    ['no URL', { url: 'app', 'client.json': '{}', 'max-age': '300' }],
    ['a document that is too large', { url: URL_OF_APP, 'client.json': 'a'.repeat(5001), 'max-age': '300' }],
    [
      'keys that are too large',
      { url: URL_OF_APP, 'client.json': '{}', 'jwks.json': 'a'.repeat(12_001), 'max-age': '300' },
    ],
    ['no time', { url: URL_OF_APP, 'client.json': '{}', 'max-age': 'long' }],
    ['too long a time', { url: URL_OF_APP, 'client.json': '{}', 'max-age': '86401' }],
  ])('serves nothing of a ConfigMap with %s', (_, data) => {
    const raw = { metadata: { name: 'a', resourceVersion: '1' }, data };
    expect(toDocumentObject(raw)).toEqual({
      metadata: { name: 'a', resourceVersion: '1' },
      served: undefined,
    });
  });
});
