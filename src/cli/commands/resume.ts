import type { CliCommand } from '../command.ts';
import { GONE, steer } from '../steer.ts';
import { ANY_OPERAND, isSeen } from '../target.ts';
import { WAIT } from '../wait-flags.ts';

export const resumeCommand: CliCommand = {
  name: 'resume',
  summary: 'Ends what suspend did: the operator goes on',
  details: 'It unsets spec.suspend. The exit code is 0 if the object is ready afterwards, else 1.',
  operands: [ANY_OPERAND],
  options: WAIT,
  hasNoOutput: true,
  run: (context) =>
    steer(
      'Any',
      () => ({
        patchOf: () => ({ spec: { suspend: null } }),
        isDone: (now) => now === undefined || (now.spec?.['suspend'] !== true && isSeen(now)),
        doneText: (now) => (now === undefined ? GONE : 'is resumed'),
        endsReady: true,
      }),
      context,
    ),
};
