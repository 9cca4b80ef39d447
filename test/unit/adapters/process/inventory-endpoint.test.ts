import { request } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type InventoryReader,
  startInventoryEndpoint,
} from '../../../../src/adapters/process/inventory-endpoint.ts';
import { PAGE_HEADERS } from '../../../../src/inventory/respond.ts';
import { inventoryView } from '../../../kit/fixtures/inventory.ts';

type Options = Parameters<typeof startInventoryEndpoint>[0];

async function start(options: Partial<Options> = {}) {
  const readers: object[] = [];
  const endpoint = await startInventoryEndpoint({
    port: 0,
    host: '127.0.0.1',
    show: async (reader, make) => {
      readers.push(reader);
      return make(inventoryView(3));
    },
    ...options,
  });
  onTestFinished(endpoint.close);
  const ask = (path: string, { method = 'GET', headers = {} } = {}) =>
    new Promise<{ status: number | undefined; headers: object; body: string }>((resolve, reject) => {
      const sent = request({ port: endpoint.port, host: '127.0.0.1', path, method, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part) => {
          body += part;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      sent.on('error', reject);
      sent.end();
    });
  return { ...endpoint, ask, readers };
}

describe('the endpoint of the inventory', () => {
  test('serves the page with headers that permit nothing else', async () => {
    const { ask, readers } = await start();
    const { status, headers, body } = await ask('/?namespace=billing-0&ready=True', {
      headers: { authorization: 'Bearer t' },
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8' });
    expect(body).toContain('<h1>Clients</h1>');
    expect(readers).toMatchObject([{ authorization: 'Bearer t', namespace: 'billing-0' }]);
  });

  test.each([`/?namespace=${'x'.repeat(64)}`, '/?namespace=Shop', '/servers?namespace=shop&namespace=*'])(
    'refuses what is no name of a namespace before anything is asked: %s',
    async (path) => {
      const { ask, readers } = await start();
      expect(await ask(path)).toMatchObject({
        status: 400,
        body: expect.stringContaining(
          '<p>The parameter namespace has to be the name of a namespace: a DNS label of at most 63 characters.</p>',
        ),
      });
      expect(readers).toEqual([]);
    },
  );

  test('asks for the namespace that the page shows, also where the parameter is repeated', async () => {
    const { ask, readers } = await start();
    await ask('/?namespace=billing-0&namespace=shop&namespace=');
    expect(readers).toMatchObject([{ namespace: 'shop' }]);
  });

  test('says of a request whether its connection is closed', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<InventoryReader>();
    const never = Promise.withResolvers<never>();
    const { port } = await start({
      show: (reader) => {
        resolve(reader);
        return never.promise;
      },
    });
    const sent = request({ port, host: '127.0.0.1', path: '/' });
    sent.on('error', () => undefined);
    sent.end();
    const { isClosed } = await arrived;
    expect(isClosed()).toBe(false);
    sent.destroy();
    await expect.poll(isClosed).toBe(true);
  });

  test('answers a query that is wrong with a sentence', async () => {
    const { ask, readers } = await start();
    const { status, body } = await ask('/clients/a/b?page=x');
    expect(status).toBe(400);
    expect(body).toContain('<p>The parameter page has to be a number from 1 to 1000000.</p>');
    expect(readers).toEqual([]);
  });

  test('serves the style sheet to everybody: it says nothing', async () => {
    const { ask, readers } = await start();
    expect(await ask('/style.css')).toMatchObject({
      status: 200,
      headers: { ...PAGE_HEADERS, 'content-type': 'text/css; charset=utf-8' },
    });
    expect(readers).toEqual([]);
  });

  test('the style sheet needs no view of the cluster and loads nothing', async () => {
    const { ask, readers } = await start();
    const { body } = await ask('/style.css');
    expect(body).toContain('{');
    expect(body).not.toMatch(/url\(|@import/);
    expect(readers).toEqual([]);
  });

  test('answers a HEAD without a body, and no other method', async () => {
    const { ask } = await start();
    expect(await ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(await ask('/', { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
      body: 'Only GET is served.\n',
    });
  });

  test.each([
    [401, { 'www-authenticate': 'Bearer' }],
    [403, {}],
    [503, { refresh: '1', 'retry-after': '1', connection: 'close' }],
  ] as const)('passes a refusal on: %i', async (status, headers) => {
    const { ask } = await start({ show: async () => ({ status, message: 'No.' }) });
    expect(await ask('/clients/a/b')).toMatchObject({ status, headers, body: 'No.\n' });
  });

  test('says nothing of a fault of its own', async () => {
    const { ask } = await start({ show: () => Promise.reject(new Error('canary')) });
    const { status, body } = await ask('/');
    expect([status, body.includes('canary')]).toEqual([500, false]);
  });

  test('answers what is not there with 404', async () => {
    const { ask } = await start();
    expect(await ask('/clients/billing-0/none')).toMatchObject({ status: 404 });
  });
});

describe('with a secret in its path', () => {
  test('it is found below it alone', async () => {
    const { ask, readers } = await start({ pathToken: 's3cret' });
    expect(await ask('/s3cret/')).toMatchObject({ status: 200 });
    expect(await ask('/s3cret/style.css')).toMatchObject({ status: 200 });
    const count = readers.length;
    for (const path of [
      '/',
      '/s3cret',
      '/style.css',
      '/wrong/',
      '/s3cre/',
      '//s3cret/',
      '/s3cret%2f',
      '/x/s3cret/',
    ]) {
      expect(await ask(path)).toMatchObject({ status: 404, body: 'Not found.\n' });
    }
    expect(readers).toHaveLength(count);
  });
});

describe('with known host names', () => {
  test('another one is refused, as DNS rebinding would send it', async () => {
    const { ask, port, readers } = await start({ hostNames: ['127.0.0.1', 'localhost'] });
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost']) {
      expect(await ask('/', { headers: { host } })).toMatchObject({ status: 200 });
    }
    for (const host of [`evil.example.com:${port}`, 'localhost.evil.example.com', 'evil@localhost']) {
      expect(await ask('/', { headers: { host } })).toMatchObject({
        status: 421,
        body: 'This page is not served under that host name.\n',
      });
    }
    expect(readers).toHaveLength(3);
  });
});
