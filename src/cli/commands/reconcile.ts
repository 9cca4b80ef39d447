import { ANNOTATIONS } from '../../api/names.ts';
import type { CliCommand } from '../command.ts';
import { GONE, requestValue, steer } from '../steer.ts';
import { ANY_OPERAND } from '../target.ts';
import { WAIT } from '../wait-flags.ts';

export const reconcileCommand: CliCommand = {
  name: 'reconcile',
  summary: 'Has the operator try now what waits or was refused',
  details: `It writes the annotation ${ANNOTATIONS.reconcileRequestedAt}. On a server object it ends the pauses of its
calls, too. The exit code is 0 if the object is ready afterwards, else 1.`,
  operands: [ANY_OPERAND],
  options: WAIT,
  hasNoOutput: true,
  run(context) {
    const asked = requestValue(context.cluster.clock.now());
    return steer(
      'Any',
      () => ({
        patchOf: () => ({ metadata: { annotations: { [ANNOTATIONS.reconcileRequestedAt]: asked } } }),
        isDone: (now) => now === undefined || now.status?.lastHandledReconcileAt === asked,
        doneText: (now) => (now === undefined ? GONE : 'is reconciled'),
        endsReady: true,
      }),
      context,
    );
  },
};
