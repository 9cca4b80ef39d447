import { referenceText } from '../../../src/api/kubernetes.ts';
import { rfc3339 } from '../../../src/api/time.ts';
import type { RegisterStep, Step, UpdateStep } from '../../../src/core/action.ts';
import { currentRecord } from '../../../src/core/current-record.ts';
import { renewalBasis } from '../../../src/core/due.ts';
import type { Observation } from '../../../src/core/observation.ts';
import type { RegistrationRecord } from '../../../src/core/record.ts';
import { inputsHash, projectionOf } from '../../../src/core/workload-secret.ts';
import { omit } from '../../../src/oauth/objects.ts';
import { connection, setback } from '../../kit/fixtures/observations.ts';

/** A cluster and a server in which every step succeeds at once: applies a step to a client's observation. */

export function after(o: Observation, step: Step): Observation {
  const next = changed(o, step);
  // Status is written after every step.
  const shown = currentRecord(next);
  return next.object === undefined || shown === undefined
    ? next
    : { ...next, object: { ...next.object, status: { ...next.object.status, clientId: shown.clientId } } };
}

function changed(o: Observation, step: Step): Observation {
  switch (step.type) {
    case 'ReportOrphan':
    case 'SettleCall':
      return { ...o, calls: o.calls.filter((call) => call !== step.call) };
    case 'ConfirmAbsence':
      return { ...o, absence: { ...o.absence, proven: true } };
    case 'AddFinalizer':
      return { ...o, object: { ...step.object, hasFinalizer: true } };
    case 'RemoveFinalizer':
      return gone(o);
    case 'Register':
      return { ...o, records: [...o.records, registered(o, step)] };
    case 'Adopt':
      return { ...o, records: [...o.records, { ...newRecord(o, step), managed: true }] };
    case 'Update':
      return updated(o, step);
    case 'Read':
      return { ...o, readAt: o.now };
    case 'Verify':
      return {
        ...o,
        probe: {
          credential: step.credential,
          result: 'Verified',
          times: 1,
          message: 'It is accepted.',
          at: o.now,
          request: o.object?.reconcileRequestedAt,
        },
      };
    case 'CheckDocument':
      return withRole({ ...o, readAt: o.now, documentChecked: step.basis }, step.home.record, {
        document: { ...step.document, seen: { digest: step.document.digest, at: rfc3339(o.now) } },
      });
    case 'PrimeDocument':
      return withRole(o, step.home.record, {
        document: { ...step.document, primed: step.document.digest },
      });
    case 'Deregister':
      if (step.phase === 'Withdraw' && step.home.record.document !== undefined) {
        const document = { ...step.home.record.document, digest: 'withdrawn', withdrawnAt: rfc3339(o.now) };
        return withRole(o, step.home.record, { document });
      }
      return { ...o, records: o.records.filter((record) => record !== step.home.record) };
    case 'Forget':
      return { ...o, records: o.records.filter((record) => record !== step.record) };
    case 'Release':
      return withRole(o, step.record, { role: step.role });
    case 'Retain':
      return gone(withRole(o, step.record, { role: 'retained' }));
    case 'Identify':
      return withRole(o, step.record, {
        serverUid: step.server.uid,
        registrationOrigin: ORIGIN,
        installation: o.installation.id,
      });
    case 'Claim':
      return withRole(o, step.record, { installation: step.installation });
    case 'NotePolicy':
      return withRole(o, step.record, { retain: step.retain });
    case 'TakeBack':
      return step.current.replaces === step.former.registrationSecret
        ? withRole(o, step.current, { replacementUndoneAt: rfc3339(o.now) })
        : {
            ...o,
            records: o.records.map((record) =>
              record === step.former ? omit(record, 'replacementUndoneAt') : record,
            ),
          };
    case 'TakeOver': {
      const client = { ...step.record.client, uid: step.object.uid };
      return withRole(o, step.record, { role: 'current', client });
    }
    case 'Publish':
      return published(o, step);
    case 'FindUsers':
      return { ...o, users: [{ of: step.retirement.id, pods: [], at: o.now }] };
    case 'Restart':
      return { ...o, restarted: { credential: step.credential, at: rfc3339(o.now) } };
    case 'BindToOwner':
      return { ...o, object: { ...step.object, owners: [referenceText(step.owner)] } };
    case 'DeleteObject':
      return step.object.hasFinalizer ? { ...o, object: { ...step.object, deleting: true } } : gone(o);
    case 'RemoveSecret':
      return { ...o, secrets: o.secrets.filter((secret) => secret !== step.secret) };
  }
}

const ORIGIN = 'https://sso.example.com';

/** Kubernetes removes the object together with everything that it owned. */
const gone = (o: Observation): Observation => ({
  ...o,
  object: undefined,
  absence: { since: o.now, proven: true },
  secrets: o.secrets.filter(({ ownerUid }) => ownerUid !== o.object?.uid),
});

const withRole = (o: Observation, given: RegistrationRecord, change: Partial<RegistrationRecord>) => ({
  ...o,
  records: o.records.map((record) => (record === given ? { ...record, ...change } : record)),
});

function newRecord(
  o: Observation,
  { object, ref }: Pick<RegisterStep, 'object' | 'ref'>,
): RegistrationRecord {
  const attempt = `n${o.records.length}`;
  return {
    registrationSecret: `oac-${object.uid}-${attempt}`,
    resourceVersion: '1',
    role: 'current',
    attempt,
    client: { namespace: o.namespace, name: o.name, uid: object.uid },
    purpose: {},
    retain: object.retained,
    namespaceUid: o.namespaceUid,
    installation: o.installation.id,
    server: ref,
    serverUid: connection.uid,
    issuer: ORIGIN,
    registrationOrigin: ORIGIN,
    clientId: `client-${attempt}`,
    metadataHash: '',
    revision: 1,
    registeredAt: new Date(o.now).toISOString(),
    managed: true,
  };
}

function registered(o: Observation, step: RegisterStep): RegistrationRecord {
  const { object, hash, replaces } = step;
  return {
    ...newRecord(o, step),
    metadataHash: hash,
    ...keys(o, object.desired),
    ...(replaces === undefined ? {} : { replaces: replaces.registrationSecret }),
    ...(object.rotateRequestedAt === undefined ? {} : { rotatedFor: object.rotateRequestedAt }),
  };
}

const keys = (o: Observation, desired: RegisterStep['object']['desired'] | undefined) =>
  desired?.valid && desired.spec.credential?.generatedKey !== undefined
    ? { keyCreatedAt: new Date(o.now).toISOString() }
    : {};

/** The server's update changes no expiry, so it is noted that another request is useless. */
function updated(o: Observation, step: UpdateStep): Observation {
  const { keyRotatesAt: _, keyRetiresAt: __, ...kept } = step.at.record;
  const record = {
    ...kept,
    metadataHash: step.hash,
    revision: step.at.record.revision + 1,
    ...keys(o, step.object?.desired),
    ...servedAnew(step.at.record),
  };
  const noUse = setback({
    action: 'Renew',
    kind: 'Terminal',
    basis: renewalBasis(step.at.record),
    retryAt: Number.POSITIVE_INFINITY,
  });
  return {
    ...o,
    records: o.records.map((given) => (given === step.at.record ? record : given)),
    setbacks: step.because === 'Expires' ? [...o.setbacks, noUse] : o.setbacks,
  };
}

function servedAnew({ document }: RegistrationRecord): Pick<RegistrationRecord, 'document'> {
  if (document === undefined) {
    return {};
  }
  const { withdrawnAt: _, isFirst: __, ...served } = document;
  return { document: { ...served, digest: `${served.digest}+` } };
}

function published(o: Observation, step: Extract<Step, { type: 'Publish' }>): Observation {
  const { object, record, wanted } = step;
  const { keys: names = {}, include = [] } = (object.desired.valid && object.desired.spec.secret) || {};
  const endpoints = (o.server.available ? o.server.connection.endpoints : o.server.endpoints) ?? {};
  const secret = {
    name: wanted.name,
    namespace: o.namespace,
    uid: 'secret-uid',
    resourceVersion: '1',
    ownerUid: object.uid,
    shows: record.registrationSecret,
    projection: projectionOf(inputsHash({ record, format: 'Keys', keys: names, include, endpoints }), [
      'client_id',
    ]),
    labels: wanted.labels,
    annotations: wanted.annotations,
  };
  return { ...o, secrets: [...o.secrets.filter(({ name }) => name !== wanted.name), secret] };
}
