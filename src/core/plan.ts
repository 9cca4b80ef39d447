import type { Action } from './action.ts';
import { nextVisit } from './clock-visits.ts';
import type { Observation } from './observation.ts';
import { aClientIsToBeAdopted } from './rules/adoption.ts';
import {
  aClientLeftBehindIsOver,
  aRegistrationOutlivedItsObject,
  itsLifetimeIsOver,
  theObjectIsBeingDeleted,
  theObjectIsGone,
  thereAreSurplusRecords,
} from './rules/endings.ts';
import { aRetainedTokenExpires, expiryVisits, theClientExpires, theTokenExpires } from './rules/expiry.ts';
import { theServerIsNotIdentified } from './rules/identity.ts';
import { anotherInstallationManagesIt, theRecordNamesAFormerInstallation } from './rules/installation.ts';
import {
  aClientWasRetained,
  anotherObjectManagesIt,
  itIsNotBoundToItsOwner,
  itIsSuspended,
  theFinalizerIsMissing,
  theRecordTellsAnotherPolicy,
  theSpecCannotBeUsed,
} from './rules/object.ts';
import { aReadIsDue, readVisit } from './rules/reading.ts';
import {
  aKeyIsDue,
  itIsNotRegistered,
  itIsToBeReplaced,
  theMetadataDiffers,
  theRecordIsMissing,
  theServerWasChanged,
} from './rules/registration.ts';
import { itsRecordIsOfAnEarlierObject } from './rules/restored.ts';
import { rest } from './rules/rests.ts';
import { aFormerSecretIsLeft, theWorkloadSecretDiffers } from './rules/secret.ts';
import {
  aCallIsOfNoConsequence,
  aCallIsUnderWay,
  anAnswerIsBeingRecorded,
  aRegistrationWasInterrupted,
} from './rules/unsettled.ts';
import { itMayNotOutliveItsObject, theClientIsOutsideThePolicy } from './rules/wanted.ts';

type Rule = (o: Observation) => Action | undefined;

/** The whole behaviour: the first rule that has something to say decides. */
const RULES: readonly Rule[] = [
  anotherInstallationManagesIt,
  anAnswerIsBeingRecorded,
  aCallIsUnderWay,
  aRegistrationWasInterrupted,
  aCallIsOfNoConsequence,
  theServerIsNotIdentified,
  theRecordNamesAFormerInstallation,
  aRegistrationOutlivedItsObject,
  aRetainedTokenExpires,
  aClientLeftBehindIsOver,
  theObjectIsGone,
  theObjectIsBeingDeleted,
  theSpecCannotBeUsed,
  itIsSuspended,
  itsLifetimeIsOver,
  theFinalizerIsMissing,
  itsRecordIsOfAnEarlierObject,
  theRecordIsMissing,
  theRecordTellsAnotherPolicy,
  itIsNotBoundToItsOwner,
  thereAreSurplusRecords,
  aClientWasRetained,
  aClientIsToBeAdopted,
  anotherObjectManagesIt,
  itIsNotRegistered,
  theWorkloadSecretDiffers,
  itIsToBeReplaced,
  theServerWasChanged,
  theMetadataDiffers,
  aKeyIsDue,
  theTokenExpires,
  theClientExpires,
  aFormerSecretIsLeft,
  aReadIsDue,
  itMayNotOutliveItsObject,
  theClientIsOutsideThePolicy,
];

/** Pure and synchronous. Called again after every step, until it rests. */
export function plan(observation: Observation): Action {
  for (const rule of RULES) {
    const action = rule(observation);
    if (action !== undefined) {
      return action.type === 'Rest'
        ? {
            ...action,
            ...nextVisit(observation, action.until, ...expiryVisits(observation), readVisit(observation)),
          }
        : action;
    }
  }
  const ready = rest('Ready', 'Registered', 'The client is registered and its Secret is up to date.');
  return { ...ready, ...nextVisit(observation, ...expiryVisits(observation), readVisit(observation)) };
}
