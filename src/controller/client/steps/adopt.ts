import type { AdoptStep } from '../../../core/action.ts';
import { classifyRead } from '../../../core/classify.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import { credentialSecrets } from '../../../core/held-secrets.ts';
import { homeAt } from '../../../core/home.ts';
import { withinBounds } from '../../../core/kept-answer.ts';
import { managementOf } from '../../../core/management.ts';
import type { Observation } from '../../../core/observation.ts';
import { recordName } from '../../../core/record.ts';
import { adopted } from '../../../core/recorded.ts';
import { serverKey } from '../../../core/server-key.ts';
import { defined } from '../../../oauth/objects.ts';
import { readRequest } from '../../../oauth/registration.ts';
import { guarded, newAttempt } from '../../calls/guarded-call.ts';
import { authorize } from '../../calls/management-token.ts';
import type { Context } from '../../context.ts';
import { recordsOfClient } from '../observe.ts';
import { DONE, type Round, type StepResult } from '../round.ts';
import { circumstancesOf, record } from './record.ts';
import { isWithinQuota } from './register.ts';
import { failed, subjectOf } from './report.ts';

/** The token proves that whoever wrote the Secret holds the client; what the server says of it is recorded. */
export async function adopt(
  step: AdoptStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { connection, ref, basis, client, object } = step;
  const attempt = newAttempt(context);
  const identity = { namespace: o.namespace, name: o.name, uid: object.uid };
  const circumstances = circumstancesOf(o, context);
  const expected = adopted(step, attempt, identity, undefined, circumstances);
  const wanted = { ...expected.record, resourceVersion: '' };
  if (recordsOfClient(wanted, context.caches).some(({ role }) => role !== 'left-behind')) {
    const message = `Client ${client.clientId} is recorded for another OAuthClient of this installation`;
    return failed('Adopt', basis, failure('Terminal', 'ClientAlreadyManaged', message), o, round, context);
  }
  const facts = { ref, uid: connection.uid, createdAt: 0, deletion: undefined };
  const view = { available: true, ref, connection, gate: { open: true } } as const;
  const management = managementOf(homeAt(wanted, { ...facts, view }, o.namespaceUid), expected.content);
  if (management.kind !== 'Managed' || management.credential.kind !== 'RegistrationAccessToken') {
    const message = management.kind === 'Managed' ? 'Only its own token proves a client' : management.message;
    return failed('Adopt', basis, failure('Terminal', 'ConfigurationURLRefused', message), o, round, context);
  }
  const server = serverKey(ref, o.namespace);
  const prepare = async () => {
    const authorization = await authorize(management.credential, server, connection, context);
    return 'kind' in authorization ? authorization : readRequest({ url: management.url, authorization });
  };
  const name = recordName(object.uid, attempt);
  const isWanted = () => isWithinQuota(o, connection, context);
  const call = { attempt, kind: 'Read', client: identity, record: name, server, isWanted } as const;
  const called = await guarded(call, connection, prepare, context);
  if (called === undefined) {
    return DONE;
  }
  if (called.kind === 'NotReady') {
    context.servers.leave(server, called.entered, called.failure);
    return failed('Adopt', basis, called.failure, o, round, context);
  }
  const secrets = [client.registrationAccessToken, ...credentialSecrets(connection), ...called.sent];
  const { dialect } = connection;
  const said = classifyRead(called.outcome, {
    dialect,
    secrets,
    now: context.clock.now(),
    ...called.told,
  });
  const verdict = withinBounds(said, secrets);
  const problem =
    verdict.kind === 'Done'
      ? otherClient(verdict.information?.clientId, client.clientId)
      : unproven(verdict, client.clientId);
  context.servers.leave(server, called.entered, problem);
  if (problem !== undefined || verdict.kind !== 'Done') {
    context.ledger.settle(attempt);
    return failed('Adopt', basis, problem ?? (verdict as Failure), o, round, context);
  }
  const found = adopted(step, attempt, identity, verdict.information, circumstances);
  const written = await record(found, { attempt, learned: [] }, o, round, context);
  if (written === undefined) {
    return DONE;
  }
  context.ledger.settle(attempt);
  context.memory.succeeded(round.key, 'Adopt', basis);
  context.events.record({
    type: 'Normal',
    reason: 'Adopted',
    action: 'Adopt',
    message: `Client ${client.clientId} at ${connection.issuer} is managed by this object now.`,
    regarding: subjectOf(o, undefined),
  });
  return DONE;
}

function otherClient(answered: string | undefined, asked: string): Failure | undefined {
  return answered === asked
    ? undefined
    : failure('Terminal', 'AdoptionRefused', `The token in the Secret is not that of client ${asked}`);
}

/** A refusal tells of what the Secret brings: the server, and the tokens that it gave us, are as they were. */
function unproven(read: Failure, clientId: string): Failure {
  if (read.kind === 'Transient' || read.kind === 'Unknown') {
    return read;
  }
  const message = `Client ${clientId} could not be read with the token in the Secret: ${read.message}`;
  return failure('Terminal', 'AdoptionRefused', defined({ message, detail: read.detail }));
}
