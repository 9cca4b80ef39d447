import {
  type ConfigMap,
  type KubernetesObject,
  RESOURCES,
  type Resource,
} from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS, FINALIZER, LABELS } from '../../../src/api/names.ts';
import { LEDGER_NAME } from '../../../src/controller/durable/ledger-store.ts';
import type { HttpRequest, JournalEntry } from '../../../src/controller/ports.ts';
import { SERVER_RECORD, serverRecordName } from '../../../src/core/server-record.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../../src/core/suspects.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';

/** Every effect of the operator, in the order of a client's life. */
export const EFFECTS = [
  // A new leader.
  'lead-write',
  // Effects without a call come first: the finalizer, and the mark on the record of a retained client.
  'finalizer-add',
  'record-mark',
  // What manages the clients of a namespaced server, before the first of them.
  'server-record-write',
  // A registration.
  'ledger-write',
  'register-call',
  'journal-registration',
  'record-create',
  'journal-settle',
  'workload-secret-create',
  // The former Secret, after spec.secret.name changed.
  'workload-secret-delete',
  'status-put',
  // An update.
  'update-call',
  'journal-update',
  'record-update',
  'workload-secret-replace',
  // A deregistration.
  'delete-call',
  'finalizer-remove',
  'record-delete',
  // Others.
  'orphan-list',
  'event',
  'server-status-put',
  'ledger-tidy',
] as const;

/** Effects of what not every client has, in the order of a client's life. */
export const FURTHER_EFFECTS = [
  // A document that identifies a client: it is served, seen at its public URL, and fetched by the server.
  'document-create',
  'document-check',
  'document-priming',
  'document-replace',
  'document-delete',
  // What a client's own credential is tried for: to find out whether it works, or to manage the client.
  'token-call',
  'workload-restart',
] as const;

export type Effect = (typeof EFFECTS | typeof FURTHER_EFFECTS)[number];

const SUSPECT_LISTS: readonly string[] = [SUSPECTS, OWN_SUSPECTS];

/** The effect of a call; `undefined`: it only reads, or has none of these effects. */
export function effectOfCreate(resource: Resource, object: KubernetesObject): Effect | undefined {
  if (resource === RESOURCES.event) {
    return 'event';
  }
  if (resource === RESOURCES.configMap && SUSPECT_LISTS.includes(object.metadata.name)) {
    return 'orphan-list';
  }
  if (isDocument(object)) {
    return 'document-create';
  }
  if (resource !== RESOURCES.secret) {
    return undefined;
  }
  if (object.metadata.labels?.[LABELS.registration] === SERVER_RECORD) {
    return 'server-record-write';
  }
  return isRegistration(object) ? 'record-create' : 'workload-secret-create';
}

/**
 * Distinguishes the writes of the ledger: the first one takes the lead, those with new entries begin calls, others
 * remove settled entries.
 */
export function createReplaceNamer(): (resource: Resource, object: KubernetesObject) => Effect | undefined {
  const known = new Set<string>();
  let leads = false;
  const ledgerWrite = ({ data = {} }: ConfigMap): Effect => {
    const added = Object.keys(data).filter((key) => !known.has(key));
    for (const key of added) {
      known.add(key);
    }
    if (!leads) {
      leads = true;
      return 'lead-write';
    }
    return added.length > 0 ? 'ledger-write' : 'ledger-tidy';
  };
  return (resource, object) => {
    switch (resource) {
      case RESOURCES.configMap:
        if (object.metadata.name === LEDGER_NAME) {
          return ledgerWrite(object);
        }
        if (isDocument(object)) {
          return 'document-replace';
        }
        // The list of unremoved clients follows from the records: a kill around its write loses nothing.
        return SUSPECT_LISTS.includes(object.metadata.name) ? 'orphan-list' : undefined;
      case RESOURCES.secret:
        return 'workload-secret-replace';
      case RESOURCES.oauthClient:
        return 'status-put';
      default:
        return 'server-status-put';
    }
  };
}

export function effectOfPatch(resource: Resource, patch: object): Effect | undefined {
  if (resource === RESOURCES.deployment) {
    return 'workload-restart';
  }
  if (resource === RESOURCES.secret) {
    const { annotations } = (patch as Partial<KubernetesObject>).metadata ?? {};
    if (annotations?.[ANNOTATIONS.writtenBy]) {
      return 'record-update';
    }
    return 'data' in patch ? 'server-record-write' : 'record-mark';
  }
  const { finalizers } = (patch as Partial<KubernetesObject>).metadata ?? {};
  return finalizers && (finalizers.includes(FINALIZER) ? 'finalizer-add' : 'finalizer-remove');
}

export function effectOfDelete(resource: Resource, name: string): Effect | undefined {
  if (resource === RESOURCES.configMap && name.startsWith('oac-')) {
    return 'document-delete';
  }
  if (resource !== RESOURCES.secret) {
    return undefined;
  }
  if (name.startsWith(serverRecordName(''))) {
    return undefined;
  }
  return name.startsWith('oac-') ? 'record-delete' : 'workload-secret-delete';
}

export function effectOfRequest({ method, url, headers }: HttpRequest): Effect | undefined {
  if (headers['content-type'] === 'application/x-www-form-urlencoded') {
    return 'token-call';
  }
  if (method === 'GET' && url.includes('response_type=code')) {
    return 'document-priming';
  }
  if (method === 'GET' && headers['cache-control'] === 'no-cache') {
    return 'document-check';
  }
  return ({ POST: 'register-call', PUT: 'update-call', DELETE: 'delete-call' } as const)[method as string];
}

export function effectOfAppend({ payload }: JournalEntry): Effect {
  return parseJsonObject(payload.reveal())?.['kind'] === 'update' ? 'journal-update' : 'journal-registration';
}

const isDocument = ({ metadata }: KubernetesObject): boolean => metadata.labels?.[LABELS.document] === 'true';

const isRegistration = ({ metadata }: KubernetesObject): boolean =>
  metadata.labels?.[LABELS.registration] === 'true';
