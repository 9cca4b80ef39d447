import { RESOURCES, type Secret } from '../../../api/kubernetes.ts';
import type { RegisterStep } from '../../../core/action.ts';
import { expectedRendering } from '../../../core/expected-rendering.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import { minimalRecord } from '../../../core/minimal-record.ts';
import type { Observation } from '../../../core/observation.ts';
import { recordName, toRegistrationSecret } from '../../../core/record.ts';
import { recordRegistration } from '../../../core/recorded-answer.ts';
import { serverKey } from '../../../core/server-key.ts';
import { inputsHash, toWorkloadSecret, wantedSecret } from '../../../core/workload-secret.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import { presentable } from '../../../oauth/error-response.ts';
import { Sensitive } from '../../../oauth/sensitive.ts';
import { asSentence } from '../../../oauth/text.ts';
import { PLACES } from '../../state/refused-writes.ts';
import type { StepInput } from '../round.ts';
import type { StepContext } from '../step-context.ts';
import { circumstancesOf } from './record.ts';

/**
 * If the API server refused a Secret before, makes a dry run of the Secrets that this registration will need. Resolves
 * with the reason why nothing may be registered now; makes no request if nothing was refused.
 */
export async function refusedWrite(step: RegisterStep, input: StepInput): Promise<Failure | undefined> {
  const { o, context } = input;
  const { refusedWrites } = context;
  const { namespace } = o;
  const tryIt = (secret: () => Secret) => () => context.api.dryRun(RESOURCES.secret, secret());
  const records =
    (await refusedWrites.check(
      PLACES.records(),
      tryIt(() => minimalRecord(expectedRecord(step, input))),
    )) ??
    (await refusedWrites.check(
      PLACES.record(namespace),
      tryIt(() => expectedRecord(step, input)),
    ));
  if (records !== undefined) {
    return refusedFor(
      'RecordWriteRefused',
      "Nothing is registered, since the API server refuses registration Secrets in the operator's namespace",
      records,
      context,
    );
  }
  if (isWithoutWorkloadSecret(step)) {
    return undefined;
  }
  const workload = await refusedWrites.check(
    PLACES.workload(namespace),
    tryIt(() => expectedWorkloadSecret(step, o)),
  );
  return (
    workload &&
    refusedFor(
      'SecretWriteRefused',
      `Nothing is registered, since the API server refuses Secrets in namespace ${namespace}`,
      workload,
      context,
    )
  );
}

const isWithoutWorkloadSecret = ({ object }: RegisterStep): boolean =>
  object.desired.spec.secret.mode === 'None';

/** Whether a write that this registration needs was refused since {@link refusedWrite} found none. */
export const isWriteRefused = (
  step: RegisterStep,
  namespace: string,
  { refusedWrites }: StepContext,
): boolean =>
  [
    PLACES.records(),
    PLACES.record(namespace),
    ...(isWithoutWorkloadSecret(step) ? [] : [PLACES.workload(namespace)]),
  ].some((place) => refusedWrites.isRefusing(place));

function refusedFor(
  reason: Failure['reason'],
  what: string,
  { message, retryAt }: { readonly message: string; readonly retryAt: number },
  { clock }: StepContext,
): Failure {
  const retryAfterMs = Math.max(0, retryAt - clock.now());
  const text = `${what}: ${asSentence(presentable(message, []))} It is tried without being stored before anything is sent`;
  return failure('Transient', reason, text, { retryAfterMs });
}

/** Sample values, about as long as a server's. */
const EXPECTED: ClientInformation = {
  clientId: 'expected'.repeat(8),
  clientSecret: new Sensitive('expected'.repeat(16)),
  registrationAccessToken: new Sensitive('expected'.repeat(128)),
  registrationClientUri: `https://sso.example.com/${'expected'.repeat(16)}`,
  metadata: {},
};
const ATTEMPT = 'expected00';

function expectedRecord(step: RegisterStep, input: StepInput): Secret {
  const { o, context } = input;
  const client = { namespace: o.namespace, name: o.name, uid: step.object.uid };
  const registration = {
    step,
    attempt: ATTEMPT,
    client,
    server: serverKey(step.ref, o.namespace),
    document: step.document,
    keys: [],
  };
  const answer = { ...EXPECTED, metadata: step.document };
  const { record, content } = recordRegistration(registration, answer, circumstancesOf(input));
  return toRegistrationSecret(record, content, context.settings.operatorNamespace);
}

function expectedWorkloadSecret({ object, document, connection, ref }: RegisterStep, o: Observation): Secret {
  const client = { namespace: o.namespace, name: o.name, uid: object.uid };
  const { spec } = object.desired;
  const { keys = {}, include = [], template } = spec.secret;
  const { issuer, endpoints } = connection;
  const record = { registrationSecret: recordName(object.uid, ATTEMPT), revision: 1, issuer };
  const wanted = wantedSecret(client, spec);
  const audience = spec.credential?.serviceAccount && connection.workloadIdentity?.audience;
  // No registration is planned for what can't be rendered.
  const rendering = expectedRendering({ name: o.name, spec, document, connection, ref }, 'Usual');
  const values = rendering.ok ? rendering.data : {};
  const format = wanted.format.name;
  const inputs = inputsHash({ record, format, keys, include, template, endpoints, audience });
  return toWorkloadSecret(client, wanted, { shows: record.registrationSecret, inputs, values });
}
