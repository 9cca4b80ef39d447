import { RESOURCES, type Resource } from '../../../src/api/kubernetes.ts';
import { type Calls, createCalls } from '../../../src/controller/calls/calls.ts';
import type { CallHandlers, Conclusion } from '../../../src/controller/calls/guarded-call.ts';
import type { Context } from '../../../src/controller/context.ts';
import { Ledger } from '../../../src/controller/durable/ledger.ts';
import type { LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import type { KubernetesApi } from '../../../src/controller/ports.ts';
import type { Process, World } from './world.ts';

/**
 * At every moment inside a call with an effect, something may throw: a defect in a handler, in the ledger or in a
 * port. All must come to rest nevertheless, without another process. `network.ts` has the moments of sending.
 */

export function throwingCalls(world: World, process: Process): (context: Context) => Calls {
  const inside = (name: string, holdsAnswer = false) => world.inside(process, name, holdsAnswer);
  return (context) => {
    const calls = createCalls(context);
    return {
      ...calls,
      guarded: (call, terms, handlers) => calls.guarded(call, terms, throwingHandlers(handlers, inside)),
      async record(answer) {
        inside('record', true);
        const written = await calls.record(answer);
        inside('recorded');
        return written;
      },
    };
  };
}

function throwingHandlers<R>(
  { prepare, notReady, conclude }: CallHandlers<R>,
  inside: (name: string, holdsAnswer?: boolean) => void,
): CallHandlers<R> {
  const throwing = ({ finish, ...rest }: Conclusion<R>): Conclusion<R> => ({
    ...rest,
    async finish() {
      inside('finish', true);
      const finished = await finish();
      inside('finished');
      return finished;
    },
  });
  return {
    async prepare() {
      inside('prepare');
      const made = await prepare();
      inside('prepared');
      return made;
    },
    notReady(failure) {
      inside('not ready');
      return throwing(notReady(failure));
    },
    async conclude(answer) {
      inside('conclude', true);
      return throwing(await conclude(answer));
    },
  };
}

export class ThrowingLedger extends Ledger {
  readonly #inside: (name: string) => void;

  constructor(world: World, process: Process, options: ConstructorParameters<typeof Ledger>[0]) {
    super(options);
    this.#inside = (name) => world.inside(process, name);
  }

  override async begin(entry: LedgerEntry): Promise<boolean> {
    this.#inside('begin');
    const committed = await super.begin(entry);
    this.#inside('begun');
    return committed;
  }
}

/** The API port by which answers are recorded. */
export function throwingApi(world: World, process: Process, api: KubernetesApi): KubernetesApi {
  const inside = ({ kind }: Resource) => {
    if (kind === RESOURCES.secret.kind) {
      world.inside(process, 'write');
    }
  };
  return {
    ...api,
    async create(resource, object) {
      inside(resource);
      return api.create(resource, object);
    },
    async replace(resource, object, subresource) {
      inside(resource);
      return api.replace(resource, object, subresource);
    },
    async patch(resource, key, patch) {
      inside(resource);
      return api.patch(resource, key, patch);
    },
  };
}
