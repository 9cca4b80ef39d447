import type { Action, Decision } from './action.ts';
import { nextVisit } from './clock-visits.ts';
import { endNotice } from './due.ts';
import { type Registered, type Registrable, registered, type Usable, usable } from './narrowed.ts';
import type { Observation } from './observation.ts';
import { retirementNotice } from './retirement.ts';
import { adoptionRequested, adoptionSecretUnusable } from './rules/adoption.ts';
import { documentUnchecked, documentUnprimed, documentUnseen, secretHeld } from './rules/documents.ts';
import {
  leftBehindRecordExpired,
  objectDeleting,
  objectGone,
  recordOutlivesObject,
} from './rules/endings.ts';
import { clientExpired, clientExpiring, retainedTokenExpiring, tokenExpiring } from './rules/expiry.ts';
import { clientForgotten, readRefused } from './rules/forgotten.ts';
import { serverUnidentified } from './rules/identity.ts';
import { idle } from './rules/idle.ts';
import { installationRenamed, managedElsewhere, writtenByNewerVersion } from './rules/installation.ts';
import { lifetimeOver, ownerMissing } from './rules/lifetime.ts';
import { driftReported, editWaiting, keyDue, metadataDiffers } from './rules/metadata.ts';
import { finalizerMissing, objectSuspended, reservedMetadataRequested, specInvalid } from './rules/object.ts';
import { readDue, readNotice } from './rules/reading.ts';
import { clientUnregistered, recordMissing, serverUnavailable } from './rules/registration.ts';
import {
  replacementRequested,
  replacementWaiting,
  serverChanged,
  serverReplaced,
} from './rules/replacement.ts';
import { restartAwaited, restartNeeded, restartsNotOffered, usersUnknown } from './rules/restarts.ts';
import { objectRestored } from './rules/restored.ts';
import { clientRetained, deletionPolicyDiffers, retentionRefused } from './rules/retention.ts';
import { clientAlreadyManaged } from './rules/rivals.ts';
import { first, follow, type Rule, whereReachable } from './rules/rule.ts';
import {
  clientSecretMissing,
  formerSecretLeft,
  secretNotRenderable,
  secretWriteUndone,
  workloadSecretDiffers,
} from './rules/secret.ts';
import { surplusClientUnused } from './rules/surplus.ts';
import {
  answerUnrecorded,
  callUnderWay,
  callWithoutEffect,
  registrationInterrupted,
} from './rules/unsettled.ts';
import { verificationAwaited, verificationDue } from './rules/verification.ts';
import { clientOutsidePolicy } from './rules/wanted.ts';

/*
 * The whole behaviour is five chains of rules, one after the other. The first rule that finds something decides, so the
 * order matters. The facts that the rules of a chain rely on are proven once, before the chain; see `narrowed.ts`.
 */

/** Must be settled before anything is decided about the client. */
const UNSETTLED: readonly Rule<Observation>[] = [
  managedElsewhere,
  writtenByNewerVersion,
  answerUnrecorded,
  callUnderWay,
  registrationInterrupted,
  callWithoutEffect,
  serverUnidentified,
  installationRenamed,
];

/** Objects that are gone or being deleted, and the clients that they leave. */
const ENDINGS: readonly Rule<Observation>[] = [
  recordOutlivesObject,
  retainedTokenExpiring,
  leftBehindRecordExpired,
  objectDeleting,
];

/** The object is there, and its spec can be used. */
const USABLE: readonly Rule<Usable>[] = [
  reservedMetadataRequested,
  objectSuspended,
  lifetimeOver,
  restartsNotOffered,
  finalizerMissing,
  objectRestored,
  recordMissing,
  deletionPolicyDiffers,
  ownerMissing,
  usersUnknown,
  surplusClientUnused,
  adoptionSecretUnusable,
];

/** The object has no client, and the server that its spec names is available. */
const REGISTRATION: readonly Rule<Registrable>[] = [clientRetained, adoptionRequested];

/** The object has a client. */
const UPKEEP: readonly Rule<Registered>[] = [
  clientAlreadyManaged,
  documentUnchecked,
  documentUnprimed,
  workloadSecretDiffers,
  restartNeeded,
  replacementRequested,
  serverChanged,
  serverReplaced,
  clientForgotten,
  whereReachable(readRefused),
  editWaiting,
  whereReachable(metadataDiffers),
  whereReachable(driftReported),
  whereReachable(keyDue),
  whereReachable(tokenExpiring),
  whereReachable(clientExpiring),
  formerSecretLeft,
  whereReachable(readDue),
  clientSecretMissing,
  secretNotRenderable,
  clientExpired,
  whereReachable(verificationDue),
  replacementWaiting,
  retentionRefused,
  clientOutsidePolicy,
  documentUnseen,
  secretHeld,
  secretWriteUndone,
  restartAwaited,
  verificationAwaited,
];

const UP_TO_DATE = 'The client is registered and its Secret is up to date.';
const WITHOUT_SECRET = 'The client is registered. No Secret is written, since spec.secret.mode is None.';

const clientUpToDate: Rule<Registered, Action> = {
  finding: 'ClientUpToDate',
  found: 'The client is registered as the spec says, and the Secret of the workload shows it.',
  follows: 'Nothing is to be done.',
  decide: (o) => {
    const { current, server } = o;
    const isDangling = !server.available && server.reason === 'AuthorizationServerNotAvailable';
    const dangling = isDangling ? ` But an edit would wait: ${server.message}` : '';
    return idle(
      'Ready',
      'Registered',
      `${o.spec.secret.mode === 'None' ? WITHOUT_SECRET : UP_TO_DATE}${endNotice(current)}${readNotice(o)}${retirementNotice(o)}${dangling}`,
    );
  },
};

/**
 * What to do next about one OAuthClient. Pure. Called again after each step, with a new observation, until it returns
 * `Idle`.
 */
export function plan(o: Observation): Decision {
  const decision = first(UNSETTLED, o) ?? first(ENDINGS, o) ?? planPresent(o);
  return decision.type === 'Idle' ? { ...decision, ...nextVisit(o, decision.until) } : decision;
}

function planPresent(o: Observation): Decision {
  const { object } = o;
  if (object === undefined) {
    return follow(objectGone, o);
  }
  const { desired } = object;
  return desired.valid ? planUsable(usable(o, object, desired)) : follow(specInvalid, desired);
}

function planUsable(o: Usable): Decision {
  const { current } = o;
  return (
    first(USABLE, o) ?? (current === undefined ? planUnregistered(o) : planRegistered(registered(o, current)))
  );
}

function planUnregistered(o: Usable): Decision {
  const { server } = o;
  if (!server.available) {
    return follow(serverUnavailable, server);
  }
  const registrable = { ...o, server };
  return first(REGISTRATION, registrable) ?? follow(clientUnregistered, registrable);
}

const planRegistered = (o: Registered): Decision => first(UPKEEP, o) ?? follow(clientUpToDate, o);

/** The part of a rule that the reference page shows. */
export type Finding = Pick<Rule<never>, 'finding' | 'found' | 'follows'>;

/** All rules in the order in which they are evaluated, including those that end a chain. */
export const CHAINS = {
  unsettled: UNSETTLED,
  endings: [...ENDINGS, objectGone, specInvalid],
  usable: USABLE,
  registration: [serverUnavailable, ...REGISTRATION, clientUnregistered],
  upkeep: [...UPKEEP, clientUpToDate],
} as const satisfies Readonly<Record<string, readonly Finding[]>>;
