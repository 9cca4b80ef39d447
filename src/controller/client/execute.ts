import type { Step } from '../../core/action.ts';
import type { Observation } from '../../core/observation.ts';
import { DONE, type Round, type StepResult } from './round.ts';
import type { StepContext } from './step-context.ts';
import { adopt } from './steps/adopt.ts';
import { deregister } from './steps/deregister.ts';
import { addFinalizer, confirmAbsence, letGo } from './steps/finalizer.ts';
import { forgetLeftBehind } from './steps/forget.ts';
import { identify } from './steps/identify.ts';
import { bindToOwner, deleteObject } from './steps/lifetime.ts';
import { mark } from './steps/mark.ts';
import { reportInterrupted } from './steps/orphan.ts';
import { publish, removeSecret } from './steps/publish.ts';
import { read } from './steps/read.ts';
import { register } from './steps/register.ts';
import { release } from './steps/release.ts';
import { notePolicy, retain, takeOver } from './steps/retain.ts';
import { update } from './steps/update.ts';

/** Does one step. Every branch is a short list of effects, in the order that crashes permit. */
export function execute(step: Step, o: Observation, round: Round, context: StepContext): Promise<StepResult> {
  switch (step.type) {
    case 'ReportOrphan':
      return reportInterrupted(step.call, o, context);
    case 'SettleCall':
      context.calls.settle(step.call);
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
