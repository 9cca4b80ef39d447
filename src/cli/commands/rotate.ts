import { ANNOTATIONS } from '../../api/names.ts';
import type { CliCommand } from '../command.ts';
import { conditionOf } from '../conditions.ts';
import { YES } from '../confirm.ts';
import { GONE, requestValue, steer } from '../steer.ts';
import { CLIENT_OPERAND, type Steered } from '../target.ts';
import { WAIT } from '../wait-flags.ts';

export const rotateCommand: CliCommand = {
  name: 'rotate',
  summary: 'Has another client registered, which takes the place of the present one',
  details: `It writes the annotation ${ANNOTATIONS.rotateRequestedAt}. The client_id changes. The present client ends when
its overlap (spec.replacement.overlap) is over.`,
  operands: [CLIENT_OPERAND],
  options: [YES, ...WAIT],
  hasNoOutput: true,
  run(context) {
    const asked = requestValue(context.cluster.clock.now());
    return steer(
      'Clients',
      (target) => ({
        refusalOf: ({ status }) =>
          status?.clientId === undefined
            ? `${target.text} has no client yet, so there is nothing to replace.`
            : undefined,
        questionOf: ({ status }) =>
          `Another client takes the place of ${status?.clientId} of ${target.text}, which ends when its overlap is over. Go on?`,
        patchOf: () => ({ metadata: { annotations: { [ANNOTATIONS.rotateRequestedAt]: asked } } }),
        isDone: (now, before) =>
          now === undefined || now.status?.lastHandledRotateAt === asked || isRefusedSince(now, before),
        doneText: (now, before) => {
          if (now === undefined) {
            return GONE;
          }
          return now.status?.lastHandledRotateAt === asked
            ? `has client ${now.status.clientId} in place of ${before.status?.clientId}`
            : 'keeps its client';
        },
        endsReady: true,
      }),
      context,
    );
  },
};

/** A person must act first, for a reason that was not there before: Ready has the words, and Stalled refers to it. */
const isRefusedSince = (now: Steered, before: Steered): boolean =>
  conditionOf(now.status, 'Stalled') !== undefined &&
  conditionOf(now.status, 'Ready')?.message !== conditionOf(before.status, 'Ready')?.message;
