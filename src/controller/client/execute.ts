import type { Step } from '../../core/action.ts';
import type { Observation } from '../../core/observation.ts';
import type { Context } from '../context.ts';
import { DONE, type Round, type StepResult } from './round.ts';
import { adopt } from './steps/adopt.ts';
import { deregister, release } from './steps/deregister.ts';
import { addFinalizer, confirmAbsence, letGo } from './steps/finalizer.ts';
import { forgetLeftBehind } from './steps/forget.ts';
import { identify } from './steps/identify.ts';
import { bindToOwner, deleteObject } from './steps/lifetime.ts';
import { mark } from './steps/mark.ts';
import { reportOrphan } from './steps/orphan.ts';
import { publish, removeSecret } from './steps/publish.ts';
import { read } from './steps/read.ts';
import { register } from './steps/register.ts';
import { notePolicy, retain, takeOver } from './steps/retain.ts';
import { update } from './steps/update.ts';

const INTERRUPTED = 'The operator stopped before it read the answer';

/** Does one step. Every branch is a short list of effects, in the order that crashes permit. */
export function execute(step: Step, o: Observation, round: Round, context: Context): Promise<StepResult> {
  switch (step.type) {
    case 'ReportOrphan':
      return reportOrphan(
        step.call.attempt,
        'RegistrationOutcomeUnknown',
        INTERRUPTED,
        INTERRUPTED,
        o,
        context,
      );
    case 'SettleCall':
      context.ledger.settle(step.call.attempt);
      return Promise.resolve(DONE);
    case 'ConfirmAbsence':
      return confirmAbsence(o, round, context);
    case 'AddFinalizer':
      return addFinalizer(step.object, o, context);
    case 'RemoveFinalizer':
      return letGo(step, o, context);
    case 'Register':
      return register(step, o, round, context);
    case 'Update':
      return update(step, o, round, context);
    case 'Deregister':
      return deregister(step, o, round, context);
    case 'Release':
      return release(step, o, round, context);
    case 'Forget':
      return forgetLeftBehind(step.record, o, round, context);
    case 'Publish':
      return publish(step, o, round, context);
    case 'Read':
      return read(step, o, round, context);
    case 'Adopt':
      return adopt(step, o, round, context);
    case 'TakeOver':
      return takeOver(step, o, round, context);
    case 'Retain':
      return retain(step.object, step.record, o, context);
    case 'Identify':
      return identify(step.record, step.server, round, context);
    case 'Claim':
      return mark(step.record, { installation: step.installation }, context);
    case 'NotePolicy':
      return notePolicy(step.record, step.retain, context);
    case 'BindToOwner':
      return bindToOwner(step.object, step.owner, o, round, context);
    case 'DeleteObject':
      return deleteObject(step.object, o, context);
    case 'RemoveSecret':
      return removeSecret(step.secret, context);
  }
}
