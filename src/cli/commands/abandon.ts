import { ANNOTATIONS } from '../../api/names.ts';
import type { CliCommand } from '../command.ts';
import { YES } from '../confirm.ts';
import { GONE, steer } from '../steer.ts';
import { CLIENT_OPERAND } from '../target.ts';
import { WAIT } from '../wait-flags.ts';

export const abandonCommand: CliCommand = {
  name: 'abandon',
  summary: 'Lets a deleted OAuthClient go although its client may stay at the server',
  details: `It writes the annotation ${ANNOTATIONS.abandon}. The client is left behind: kubectl oauthclient left-behind.`,
  operands: [CLIENT_OPERAND],
  options: [YES, ...WAIT],
  hasNoOutput: true,
  run(context) {
    return steer(
      'Clients',
      (target) => ({
        refusalOf: ({ metadata }) =>
          metadata.deletionTimestamp === undefined
            ? `${target.text} is not being deleted, and only then it can be abandoned: kubectl delete oac ${target.key.name} -n ${target.key.namespace}.`
            : undefined,
        questionOf: ({ status }) =>
          `Client ${status?.clientId ?? '(unknown)'} of ${target.text} may stay at its server, and nothing removes it later. Go on?`,
        patchOf: ({ metadata: { uid } }) => ({ metadata: { annotations: { [ANNOTATIONS.abandon]: uid } } }),
        isDone: (now) => now === undefined,
        doneText: () => `${GONE}; if its client exists, it is left behind`,
        endsReady: false,
      }),
      context,
    );
  },
};
