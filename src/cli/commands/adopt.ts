import type { CliCommand } from '../command.ts';
import { conditionOf } from '../conditions.ts';
import { GONE, steer } from '../steer.ts';
import { CLIENT_OPERAND, isSeen } from '../target.ts';
import { WAIT } from '../wait-flags.ts';

const NO_SECRET = {
  exit: 'usage',
  sentence: 'Name the Secret that holds the client: --secret NAME is required.',
} as const;

export const adoptCommand: CliCommand = {
  name: 'adopt',
  summary: 'Has an OAuthClient take over a client that was registered elsewhere',
  details: `It sets spec.adopt. The Secret has the label oauth-registrar.dev/credential=true and holds client_id,
registration_access_token, registration_client_uri and, if there is one, client_secret.`,
  operands: [CLIENT_OPERAND],
  options: [
    {
      usage: '--secret <NAME>',
      about: 'Secret of the same namespace that holds the client. It is required.',
    },
    ...WAIT,
  ],
  hasNoOutput: true,
  run(context) {
    const secret = context.flags['secret'];
    return steer(
      'Clients',
      (target) => {
        if (typeof secret !== 'string' || secret === '') {
          return NO_SECRET;
        }
        return {
          refusalOf: ({ status }) =>
            status?.clientId === undefined
              ? undefined
              : `${target.text} has client ${status.clientId} already, so it can not adopt another one. Use another OAuthClient.`,
          patchOf: () => ({ spec: { adopt: { secretRef: { name: secret } } } }),
          isDone: (now) =>
            now === undefined ||
            (isSeen(now) &&
              (conditionOf(now.status, 'Registered')?.status === 'True' ||
                conditionOf(now.status, 'Stalled') !== undefined)),
          doneText: (now) => {
            if (now === undefined) {
              return GONE;
            }
            return conditionOf(now.status, 'Registered')?.status === 'True'
              ? `has client ${now.status?.clientId}`
              : 'has not taken over the client';
          },
          endsReady: true,
        };
      },
      context,
    );
  },
};
