import { SHARES } from '../../api/shares.ts';
import { FairGate } from '../../controller/queue/fair-gate.ts';
import type { ServerName } from '../../core/server-key.ts';
import type { LookupTurn } from './egress.ts';

/** By then the calling request has timed out. */
const GIVEN_UP_MS = 10_000;

/**
 * The system's resolver occupies a thread per look-up, and libuv gives at most half of its threads to look-ups. So
 * look-ups for AuthorizationServers are bounded, and namespaces take turns: slow names delay only the tenant who uses them.
 * Look-ups for ClusterAuthorizationServers never wait: a quarter of that half, at least one thread, is reserved for them.
 *
 * @param threads of libuv (`UV_THREADPOOL_SIZE`)
 */
export function createLookupTurns(threads: number): (server: ServerName) => LookupTurn {
  const lent = Math.max(1, Math.floor((threads + 1) / 2));
  const most = Math.min(SHARES.nameLookups.most, Math.max(1, lent - Math.max(1, Math.floor(lent / 4))));
  const perNamespace = Math.min(SHARES.nameLookupsOfNamespace.most, Math.max(1, Math.floor(most / 2)));
  const gate = new FairGate({ most, perNamespace });
  return ({ namespace }) => (namespace === undefined ? atOnce : inTurn(gate, namespace));
}

const atOnce: LookupTurn = (resolve) => resolve;

const inTurn =
  (gate: FairGate, namespace: string): LookupTurn =>
  (resolve) =>
  (hostname, options, callback) => {
    const askedAt = performance.now();
    void gate.run(namespace, () => {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      if (performance.now() - askedAt >= GIVEN_UP_MS) {
        done();
        callback(tooLate(hostname), []);
      } else {
        resolve(hostname, options, (error, addresses) => {
          done();
          callback(error, addresses);
        });
      }
      return promise;
    });
  };

const tooLate = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${hostname} was not looked up: other names of the namespace took too long`), {
    code: 'EAI_AGAIN',
  });
