import { createJsonWebTokens } from '../adapters/authorization-server/json-web-tokens.ts';
import { systemRandom } from '../adapters/process/random.ts';
import { RESERVED_SECRET_METADATA } from '../api/names.ts';
import type { Calls } from '../controller/calls/calls.ts';
import { observe } from '../controller/client/observe.ts';
import type { Context } from '../controller/context.ts';
import { createController } from '../controller/controller.ts';
import { Ledger } from '../controller/durable/ledger.ts';
import { createRecorder } from '../controller/durable/recorder.ts';
import { Orphans } from '../controller/durable/suspected-orphans.ts';
import type { AuthorizationServerHttp, KubernetesApi } from '../controller/ports.ts';
import { ReusableTokens } from '../controller/state/reusable-tokens.ts';
import { TextPool } from '../controller/state/text-pool.ts';
import type { ClientKey } from '../core/client-key.ts';
import type { Observation } from '../core/observation.ts';
import { sha256 } from '../oauth/sha256.ts';
import type { ClusterAccess } from './cluster.ts';
import { SILENT_LOG } from './silent-log.ts';

/**
 * The controller of the operator, which never starts: it decides, and nothing is written or sent. Its caches are empty at
 * first.
 */
export interface DryRun {
  readonly context: Context & { readonly calls: Calls };
  readonly observe: (key: ClientKey) => Observation;
}

/** What is known of the operator that is asked about. Its flags are not known: the defaults are assumed. */
interface OperatorFacts {
  readonly namespace: string;
  /** Id, from the status of a client: `name@cluster`. Default: that of the namespace, in any cluster. */
  readonly installation: string | undefined;
}

/** @param http for the documents of servers; default: nothing is sent at all */
export function createDryRun(
  { api: given, clock }: Pick<ClusterAccess, 'api' | 'clock'>,
  { namespace, installation = namespace }: OperatorFacts,
  http: AuthorizationServerHttp = NOTHING_SENT,
): DryRun {
  const api = readsOnly(given);
  const [name = namespace] = installation.split('@');
  const own = { id: installation, name };
  const log = SILENT_LOG;
  const journal = { append: nothing, settle: nothing, unsettled: () => [] };
  const contexts: Context[] = [];
  createController(
    {
      api,
      http,
      clock,
      random: systemRandom,
      log,
      lead: { held: () => false },
      journal,
      ledger: new Ledger({
        ...{ api, namespace, clock, log, holder: 'kubectl-oauthclient', onFenced: nothing },
        installation: { id: own.id, isOurs: () => true },
      }),
      recorder: createRecorder({ api, journal, clock, log }),
      orphans: new Orphans({ api, namespace, clock, log }),
      events: { record: nothing },
      counters: {
        orphanSuspected: nothing,
        clientChanged: nothing,
        tokenLost: nothing,
        firstReady: nothing,
        verified: nothing,
        serverGone: nothing,
      },
      jwt: createJsonWebTokens(),
      tokens: new ReusableTokens(clock),
      texts: new TextPool(),
      hashOf: sha256,
      report: nothing,
      settings: {
        operatorNamespace: namespace,
        installation: own,
        cluster: name,
        urlRules: { allowHttp: true },
        namespacedServerHosts: undefined,
        // The flags of the operator are not known here.
        documents: { namespace, baseUrls: 'Any', namespacedBaseUrls: 'Any' },
        namespaces: undefined,
        reservedSecretMetadata: RESERVED_SECRET_METADATA,
      },
    },
    (context) => {
      contexts.push(context);
      return NO_CALLS;
    },
  );
  const [made] = contexts;
  if (made === undefined) {
    throw new Error('The controller makes its context at once');
  }
  const context = { ...made, calls: NO_CALLS };
  return { context, observe: (key) => observe(key, context) };
}

const nothing = () => undefined;

/** Reads with the caller's rights; a write is refused here, whatever the caller may do. */
function readsOnly(api: KubernetesApi): KubernetesApi {
  const refuse = async () =>
    ({ ok: false, status: 403, reason: 'Forbidden', message: 'a dry run writes nothing' }) as const;
  return { get: api.get, create: refuse, dryRun: refuse, replace: refuse, patch: refuse, delete: refuse };
}

const NOTHING_SENT: AuthorizationServerHttp = {
  send: async () => ({ kind: 'notSent', reason: 'Unsendable', detail: 'a dry run sends nothing' }),
};

const forbidden = (): never => {
  throw new Error('A dry run makes no call');
};
const NO_CALLS: Calls = {
  guarded: forbidden,
  paced: forbidden,
  record: forbidden,
  settle: forbidden,
  settleAllOf: forbidden,
};
