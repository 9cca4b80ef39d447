import type { CliCommand } from '../command.ts';
import { GONE, steer } from '../steer.ts';
import { ANY_OPERAND, isSeen } from '../target.ts';
import { WAIT } from '../wait-flags.ts';

export const suspendCommand: CliCommand = {
  name: 'suspend',
  summary: 'Has the operator send nothing for a client, or nothing to a server, until resume',
  details: 'It sets spec.suspend. Clients that are registered go on working.',
  operands: [ANY_OPERAND],
  options: WAIT,
  hasNoOutput: true,
  run: (context) =>
    steer(
      'Any',
      () => ({
        patchOf: () => ({ spec: { suspend: true } }),
        isDone: (now) => now === undefined || (now.spec?.['suspend'] === true && isSeen(now)),
        doneText: (now) => (now === undefined ? GONE : 'is suspended'),
        endsReady: false,
      }),
      context,
    ),
};
