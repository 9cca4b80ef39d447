import { cpus, loadavg } from 'node:os';
import { argumentsOf } from '../../tools/command-line.ts';

/** `npm run bench:page`: reads the flags before anything is loaded. */
const { values } = argumentsOf({
  name: 'bench:page',
  about: `Measures how long the operator takes to answer a request for the inventory page, by HTTP on this machine, beside the same
bytes sent as they are. Needs Node alone. A few seconds.`,
  flags: {
    clients: { value: 'N,M', about: 'Numbers of OAuthClients. Default: 1000,5000,10000.' },
    requests: { value: 'N', isCount: true, about: 'Requests for each row. Default: 50.' },
  },
});
const { createInventoryAccess } = await import('../../src/adapters/kubernetes/inventory-access.ts');
const { startHttpServer } = await import('../../src/adapters/process/http-server.ts');
const { startInventoryEndpoint } = await import('../../src/adapters/process/inventory-endpoint.ts');
const { toClientObject } = await import('../../src/core/desired.ts');
const { INVENTORY_NOW, inventoryClient } = await import('../kit/fixtures/inventory.ts');
const { quantile } = await import('./figure.ts');

const sizes = String(values.clients ?? '1000,5000,10000')
  .split(',')
  .map(Number);
const requests = Number(values.requests ?? 50);

const QUERIES = [
  ['all clients, by namespace', ''],
  ['those with trouble first', '?sort=ready'],
  ['what ends within a week, the next first', '?ends=7&sort=ends'],
  ['a text that few have', '?text=scheduler-99'],
] as const;

/** As the operator makes it: of its caches, for a caller who may see everything. Turns and pauses of callers are left out. */
function inventoryOf(count: number) {
  const clients = Array.from({ length: count }, (_, index) => toClientObject(inventoryClient(index)));
  const nothing = { values: () => [].values() };
  return createInventoryAccess({
    caches: {
      clients: { values: () => clients.values() },
      servers: nothing,
      clusterServers: nothing,
    } as never,
    lists: () => ({ unremoved: undefined, suspects: [] }),
    isReady: () => true,
    reviews: {
      callerOf: async () => ({ name: 'ann', user: { username: 'ann' }, key: 'ann' }),
      isAllowed: async () => true,
    },
    operatorNamespace: 'oauth-registrar-system',
    clock: { now: () => INVENTORY_NOW, monotonic: () => 0, sleep: async () => undefined },
  });
}

interface Times {
  readonly medianMs: number;
  readonly mostMs: number;
  readonly body: string;
}

async function timesOf(url: string): Promise<Times> {
  const times: number[] = [];
  let body = '';
  for (let index = 0; index < requests; index += 1) {
    const start = performance.now();
    body = await (await fetch(url)).text();
    times.push(performance.now() - start);
  }
  return { medianMs: quantile(times, 0.5), mostMs: quantile(times, 1), body };
}

/** The same bytes without any making: what HTTP on this machine costs. */
async function rawTimes(body: string): Promise<Times> {
  const answer = { status: 200, headers: { 'content-type': 'text/html' }, body };
  const limits = { mostConnections: 64, silenceMs: 30_000, maxHeaderSize: 8_192 };
  const raw = await startHttpServer({ port: 0, host: '127.0.0.1', ...limits, answer: async () => answer });
  const times = await timesOf(`http://127.0.0.1:${raw.port}/`);
  await raw.close();
  return times;
}

const ms = (number: number): string => `${number.toFixed(1)} ms`;

console.log('| Clients | Page | KB | median | most | the same bytes as they are: median | most |');
console.log('| --: | --- | --: | --: | --: | --: | --: |');
for (const count of sizes) {
  const endpoint = await startInventoryEndpoint({ port: 0, host: '127.0.0.1', show: inventoryOf(count) });
  const url = `http://127.0.0.1:${endpoint.port}/`;
  // The first page of a process also compiles the code.
  await timesOf(url);
  for (const [what, query] of QUERIES) {
    const page = await timesOf(`${url}${query}`);
    const raw = await rawTimes(page.body);
    const size = Math.round(page.body.length / 1_000);
    console.log(
      `| ${count.toLocaleString('en')} | ${what} | ${size} | ${ms(page.medianMs)} | ${ms(page.mostMs)} | ${ms(raw.medianMs)} | ${ms(raw.mostMs)} |`,
    );
  }
  await endpoint.close();
}
console.log(`\n${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}.`);
