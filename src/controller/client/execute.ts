import type { Step } from '../../core/action.ts';
import { DONE, type StepInput, type StepResult } from './round.ts';
import { adopt } from './steps/adopt.ts';
import { checkDocument, primeDocument } from './steps/check-document.ts';
import { deregister } from './steps/deregister.ts';
import { addFinalizer, confirmAbsence, letGo } from './steps/finalizer.ts';
import { findUsers } from './steps/find-users.ts';
import { forgetNeedless } from './steps/forget.ts';
import { identify } from './steps/identify.ts';
import { bindToOwner, deleteObject } from './steps/lifetime.ts';
import { mark } from './steps/mark.ts';
import { reportInterrupted } from './steps/orphan.ts';
import { publish, removeSecret } from './steps/publish.ts';
import { read } from './steps/read.ts';
import { register } from './steps/register.ts';
import { release } from './steps/release.ts';
import { restart } from './steps/restart.ts';
import { notePolicy, retain, takeOver } from './steps/retain.ts';
import { takeBack } from './steps/take-back.ts';
import { update } from './steps/update.ts';
import { verify } from './steps/verify.ts';

/** Executes one step. Every branch is a short list of effects, in an order that survives a crash after each. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one line for each step.
export function execute(step: Step, input: StepInput): Promise<StepResult> {
  const { context } = input;
  switch (step.type) {
    case 'ReportOrphan':
      return reportInterrupted(step.call, input);
    case 'SettleCall':
      context.calls.settle(step.call);
      return Promise.resolve(DONE);
    case 'ConfirmAbsence':
      return confirmAbsence(input);
    case 'AddFinalizer':
      return addFinalizer(step.object, input);
    case 'RemoveFinalizer':
      return letGo(step, input);
    case 'Register':
      return register(step, input);
    case 'Update':
      return update(step, input);
    case 'Deregister':
      return deregister(step, input);
    case 'Release':
      return release(step, input);
    case 'Forget':
      return forgetNeedless(step, input);
    case 'Publish':
      return publish(step, input);
    case 'FindUsers':
      return findUsers(step, input);
    case 'Restart':
      return restart(step, input);
    case 'CheckDocument':
      return checkDocument(step, input);
    case 'PrimeDocument':
      return primeDocument(step, input);
    case 'Read':
      return read(step, input);
    case 'Verify':
      return verify(step, input);
    case 'Adopt':
      return adopt(step, input);
    case 'TakeOver':
      return takeOver(step, input);
    case 'TakeBack':
      return takeBack(step.current, step.former, input);
    case 'Retain':
      return retain(step.object, step.record, input);
    case 'Identify':
      return identify(step.record, step.server, input);
    case 'Claim':
      return mark(step.record, { installation: step.installation }, context);
    case 'NotePolicy':
      return notePolicy(step.record, step.retain, context);
    case 'BindToOwner':
      return bindToOwner(step.object, step.owner, input);
    case 'DeleteObject':
      return deleteObject(step.object, input);
    case 'RemoveSecret':
      return removeSecret(step.secret, context);
  }
}
