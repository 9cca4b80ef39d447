import { expect, test } from 'vitest';
import { TextPool } from '../../../src/controller/state/text-pool.ts';
import { createCaches } from '../../../src/controller/wake-ups.ts';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

const spec = { issuer, registration: open };
const marked = { annotations: { 'oauth-registrar.dev/is-default-server': 'true' } };

test.each([
  ['becomes the default', objectOf(spec), objectOf(spec, marked), 1],
  ['stops being the default', objectOf(spec, marked), objectOf(spec), 1],
  ['stays as it is', objectOf(spec), objectOf(spec), 0],
])('a server object that %s is reconciled so often', (_, before, after, times) => {
  const paced: string[] = [];
  const nothing = () => undefined;
  const caches = createCaches({
    ...{ addClient: nothing, paceClient: nothing, undone: nothing, countAgain: nothing },
    ...{ paceServer: (key: string) => void paced.push(key) },
    ...({ servers: { wakeNamespace: nothing }, texts: new TextPool() } as object),
  } as never);
  const versioned = (object: typeof before, resourceVersion: string) => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion },
  });
  caches.clusterServers.applied(versioned(before, '1'));
  const seen = paced.length;
  caches.clusterServers.applied(versioned(after, '2'));
  expect(paced.length - seen).toBe(times);
});
