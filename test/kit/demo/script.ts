import type { Step } from './report.ts';
import type { Stage } from './stage.ts';
import { deletionLeavesNothing } from './steps/deletion.ts';
import { editArrives } from './steps/edit.ts';
import { becomesReady } from './steps/ready.ts';
import { secretComesBack } from './steps/repair.ts';
import { secretIsThere } from './steps/secret.ts';
import { tokenIsIssued } from './steps/token.ts';

/** The life of one client up to its end. Each step reads what it needs itself, nothing is taken over from another. */
export function lifeOfAClient(stage: Stage): readonly Step[] {
  return [
    {
      title: 'An OAuthClient is applied and becomes Ready',
      essential: true,
      run: (report) => becomesReady(stage, report),
    },
    { title: 'The Secret for the workload', run: (report) => secretIsThere(stage, report) },
    {
      title: 'A workload gets a token with what the Secret holds',
      run: (report) => tokenIsIssued(stage, report),
    },
    { title: 'An edit arrives at the server', run: (report) => editArrives(stage, report) },
    { title: 'A deleted Secret comes back', run: (report) => secretComesBack(stage, report) },
  ];
}

/** The last step of that life. */
export function endOfAClient(stage: Stage): Step {
  return {
    title: 'Deleting the OAuthClient leaves nothing behind',
    run: (report) => deletionLeavesNothing(stage, report),
  };
}
