import type { AdoptStep } from '../../../core/action.ts';
import { classifyRead } from '../../../core/classify.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import { credentialSecrets } from '../../../core/held-secrets.ts';
import { homeAt } from '../../../core/home.ts';
import { withinBounds } from '../../../core/kept-answer.ts';
import { type Management, managementOf } from '../../../core/management.ts';
import { recordName } from '../../../core/record.ts';
import { type Recorded, recordAdoption } from '../../../core/recorded-answer.ts';
import { serverKey } from '../../../core/server-key.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import { defined } from '../../../oauth/objects.ts';
import { readRequest } from '../../../oauth/registration.ts';
import { type Answer, type Conclusion, type Finish, newAttempt } from '../../calls/guarded-call.ts';
import { managementAddress } from '../../calls/management-token.ts';
import { recordsOfClient } from '../observe.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import type { StepContext } from '../step-context.ts';
import { unkept } from './kept-means.ts';
import { circumstancesOf, RECORDING, record, SETTLED } from './record.ts';
import { isWithinQuota } from './register.ts';
import { failed, subjectOf } from './report.ts';

/** The token proves that the author of the Secret controls the client; the server's answer about it is recorded. */
export async function adopt(step: AdoptStep, input: StepInput): Promise<StepResult> {
  const { o, context } = input;
  const { connection, ref, basis, client, object } = step;
  const attempt = newAttempt(context);
  const identity = { namespace: o.namespace, name: o.name, uid: object.uid };
  const circumstances = circumstancesOf(input);
  const expected = recordAdoption(step, attempt, identity, undefined, circumstances);
  const management = manageable(step, expected, input);
  if (management.kind !== 'Managed') {
    return failed('Adopt', basis, management, input);
  }
  const stopped = await unkept(step, input);
  if (stopped !== undefined) {
    return failed('Adopt', basis, stopped, input);
  }
  const server = serverKey(ref, o.namespace);
  const name = recordName(object.uid, attempt);
  const isWanted = () => isWithinQuota(o, connection, context);
  const audited = { event: 'Adoption', why: step.message, clientId: client.clientId } as const;
  const call = {
    attempt,
    kind: 'Read',
    client: identity,
    registrationSecret: name,
    server,
    audited,
    isWanted,
  } as const;
  const unadopted = (problem: Failure): Conclusion<StepResult> => ({
    shown: problem,
    finish: () => ({ entry: 'Settle', result: failed('Adopt', basis, problem, input) }),
  });
  const result = await context.calls.guarded<StepResult>(call, connection, {
    prepare: async () => {
      const address = await managementAddress(management, server, connection, context);
      return 'kind' in address ? address : readRequest(address);
    },
    notReady: unadopted,
    conclude: (answer) => {
      const proven = prove(step, answer, context);
      return 'serverTrouble' in proven
        ? unadopted(proven)
        : {
            shown: undefined,
            finish: () => {
              const found = recordAdoption(step, attempt, identity, proven, circumstances);
              return keep(step, attempt, found, input);
            },
          };
    },
  });
  return result ?? DONE;
}

/** URL and token to read the client; or why it is not adopted. */
function manageable(
  { client, connection, ref }: AdoptStep,
  { record: expected, content }: Recorded,
  { o, context }: StepInput,
): (Management & { readonly kind: 'Managed' }) | Failure {
  const wanted = { ...expected, resourceVersion: '' };
  if (recordsOfClient(wanted, context.caches).some(({ role }) => role !== 'left-behind')) {
    const message = `Client ${client.clientId} is recorded for another OAuthClient of this installation`;
    return failure('Terminal', 'ClientAlreadyManaged', message);
  }
  const facts = { ref, uid: connection.uid, createdAt: 0, deletion: undefined, migration: undefined };
  const view = { available: true, ref, connection, gate: { open: true } } as const;
  const management = managementOf(homeAt(wanted, { ...facts, view }, o.namespaceUid), content);
  if (management.kind !== 'Managed') {
    return failure('Terminal', 'ConfigurationURLRefused', management.message);
  }
  return management.credential.kind === 'RegistrationAccessToken'
    ? management
    : failure('Terminal', 'ConfigurationURLRefused', 'Only its own token proves a client');
}

/** The server's answer about the client; or why that doesn't prove that the Secret holds its token. */
function prove(
  { client: { clientId, registrationAccessToken }, connection }: AdoptStep,
  { outcome, sent, told }: Answer,
  { clock }: StepContext,
): ClientInformation | Failure {
  const secrets = [registrationAccessToken, ...credentialSecrets(connection), ...sent];
  const { dialect } = connection;
  const said = classifyRead(outcome, { dialect, secrets, now: clock.now(), ...told });
  const verdict = withinBounds(said, secrets);
  if (verdict.kind !== 'Done') {
    const isRenewed = verdict.partial?.registrationAccessToken?.equals(registrationAccessToken) === false;
    // The token in the Secret is invalid now. The first update registers the metadata that this answer lacks.
    return isRenewed && verdict.partial?.clientId === clientId
      ? verdict.partial
      : unproven(verdict, clientId);
  }
  return verdict.information.clientId === clientId
    ? verdict.information
    : failure('Terminal', 'AdoptionRefused', `The token in the Secret is not that of client ${clientId}`);
}

async function keep(
  { basis, client, connection }: AdoptStep,
  attempt: string,
  found: Recorded,
  input: StepInput,
): Promise<Finish<StepResult>> {
  const { o, round, context } = input;
  const written = await record(found, { attempt, learned: [] }, input);
  if (written === undefined) {
    return RECORDING;
  }
  context.memory.succeeded(round.key, 'Adopt', basis);
  context.events.record({
    reason: 'Adopted',
    action: 'Adopt',
    message: `Client ${client.clientId} at ${connection.issuer} is managed by this object now.`,
    regarding: subjectOf(o, undefined),
  });
  return SETTLED;
}

/** A refusal concerns the Secret's content only: the state of the server and our own tokens is unchanged. */
function unproven(read: Failure, clientId: string): Failure {
  if (read.kind === 'Transient' || read.kind === 'Unknown') {
    return read;
  }
  const message = `Client ${clientId} could not be read with the token in the Secret: ${read.message}`;
  return failure('Terminal', 'AdoptionRefused', defined({ message, detail: read.detail }));
}
