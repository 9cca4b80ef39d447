import type { Action } from '../action.ts';
import type { Registered, Usable } from '../narrowed.ts';
import { formerSecrets, publishBasis, renderBasis, wantedOf, workloadDifference } from '../workload.ts';
import { blocked, stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about the Secret that workloads mount. */

export const workloadSecretDiffers: Rule<Registered> = {
  finding: 'WorkloadSecretDiffers',
  found: 'The Secret of the workload does not exist, or does not show the registration as the spec says.',
  follows: 'It is written.',
  decide: (o) => {
    const { object, current: record } = o;
    const wanted = wantedOf(o);
    if (record.secretMissingFor !== undefined || wanted.isNone) {
      return undefined;
    }
    const difference = workloadDifference(o, record, wanted);
    if (difference === undefined) {
      return undefined;
    }
    if (record.document !== undefined && record.document.seen === undefined) {
      return undefined;
    }
    const rendering = renderBasis(o, record, wanted);
    if (blocked(o, 'Render', rendering) !== undefined) {
      return undefined;
    }
    const basis = publishBasis(wanted, object);
    const message = `Secret ${wanted.name} ${difference}.`;
    const waiting = blocked(o, 'Publish', basis);
    return waiting?.reason === UNDONE
      ? undefined
      : (waiting ?? { type: 'Publish', message, object, record, wanted, basis, rendering });
  },
};

/** Something at admission takes off what the operator writes: nothing else waits for that. */
const UNDONE = 'SecretWriteUndone';

export const secretWriteUndone: Rule<Registered> = {
  finding: 'SecretWriteUndone',
  found: 'Something at admission takes off a label or annotation of the Secret that the operator wrote.',
  follows: 'The Secret is written again after a pause that grows. All else goes on.',
  decide: (o) => {
    const idle = blocked(o, 'Publish', publishBasis(wantedOf(o), o.object));
    return idle?.reason === UNDONE ? idle : undefined;
  },
};

export const secretNotRenderable: Rule<Registered> = {
  finding: 'SecretNotRenderable',
  found: 'The Secret can not be made of the values of this client as spec.secret says.',
  follows: 'It stays as it is. All else goes on. A person has to act.',
  decide: (o) => blocked(o, 'Render', renderBasis(o, o.current, wantedOf(o))),
};

export const formerSecretLeft: Rule<Registered> = {
  finding: 'FormerSecretLeft',
  found:
    'There is a Secret of the object under a name that the spec no longer gives, or the spec wants none.',
  follows: 'It is removed.',
  decide: (o) => {
    const wanted = wantedOf(o);
    const isWritten = o.current.secretMissingFor === undefined && secretNotRenderable.decide(o) === undefined;
    const [secret] = isWritten ? formerSecrets(o, wanted) : [];
    return (
      secret && {
        type: 'RemoveSecret',
        message: wanted.isNone
          ? `The spec wants no Secret, and Secret ${secret.name} is left of an earlier one.`
          : `The spec names Secret ${wanted.name}, and Secret ${secret.name} is left of another name.`,
        secret,
      }
    );
  },
};

/** The Secret that workloads have stays as it was: it may show a client that works. */
export const clientSecretMissing: Rule<Registered> = {
  finding: 'ClientSecretMissing',
  found: 'The client authenticates with a secret, and no answer of the server brought one.',
  follows: 'It is not ready, and its Secret is not written. A person has to act.',
  decide: ({ current: { clientId, secretMissingFor } }) =>
    secretMissingFor === undefined
      ? undefined
      : stall(
          'ClientSecretMissing',
          `Client ${clientId} is registered with the authentication method ${secretMissingFor}, and the server gave no client_secret, so nobody can authenticate as it. Secrets of workloads stay as they were. If the client needs no secret, set spec.client.tokenEndpointAuthMethod, for a public client to none; else look at the server why it gives none.`,
        ),
};

/** The reason to wait, while a Secret that isn't the object's has the name that the spec gives. */
export function conflictWaiting(o: Usable): Action | undefined {
  const idle = blocked(o, 'Publish', publishBasis(wantedOf(o), o.object));
  return idle?.reason === 'SecretConflict' ? idle : undefined;
}
