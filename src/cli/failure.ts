import type { Resource } from '../api/kubernetes.ts';
import type { ApiResult } from '../controller/ports.ts';
import { asSentence, visible } from '../oauth/text.ts';

/** Exit codes. The help prints this table. */
export const EXITS = {
  done: { code: 0, means: 'done; of status and check: ready' },
  found: { code: 1, means: 'not ready, not found, or something was found that a person has to decide' },
  usage: { code: 2, means: 'wrong usage' },
  unreachable: {
    code: 3,
    means:
      'the cluster is not reachable, can not answer at present, refuses the credentials, or has no OAuthClients',
  },
  forbidden: { code: 4, means: 'a right is missing; the message names verb, resource and namespace' },
  fault: { code: 5, means: 'a fault of the plugin itself; the message says what happened' },
  hungUp: { code: 129, means: 'the terminal was closed' },
  interrupted: { code: 130, means: 'interrupted by Ctrl-C' },
  closedPipe: { code: 141, means: 'the program that reads the output ended first' },
  terminated: { code: 143, means: 'ended by SIGTERM' },
} as const;

/** Why a command stops: one sentence for people, and the exit code. */
export interface CommandFailure {
  readonly exit: keyof typeof EXITS;
  readonly sentence: string;
}

export type RefusedCall = Extract<ApiResult<never>, { readonly ok: false }>;

/** What was asked of the API server. */
export interface AskedCall {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';
  readonly resource: Pick<Resource, 'group' | 'plural' | 'kind' | 'namespaced'>;
  /** `undefined`: all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** A command's failure, if the API server refused or did not answer. */
export function commandFailure(refused: RefusedCall, asked: AskedCall): CommandFailure {
  const { status, reason, message } = refused;
  if (status === 429 || status >= 500) {
    return {
      exit: 'unreachable',
      sentence: `The API server can't ${asked.verb} ${inFull(asked)} at present: ${spoken(message)}`,
    };
  }
  switch (status) {
    case 0:
      return { exit: 'unreachable', sentence: `The API server does not answer: ${spoken(message)}` };
    case 401:
      return {
        exit: 'unreachable',
        sentence:
          'The API server does not accept your credentials: log in again, or choose another --context.',
      };
    case 403:
      return { exit: 'forbidden', sentence: missingRight(asked) };
    case 404:
      return reason === 'NotServed' ? notServed(asked) : { exit: 'found', sentence: notFound(asked) };
    default:
      return {
        exit: 'found',
        sentence: `The API server refuses to ${asked.verb} ${inFull(asked)}: ${spoken(message)}`,
      };
  }
}

/** Names verb, resource and namespace. */
const missingRight = (asked: AskedCall): string =>
  `Your account may not ${asked.verb} ${resourceName(asked.resource)} ${where(asked)}.`;

/** A sentence about what is not seen for want of a right. @param consequence begins in lower case, without a full stop */
export const unseenBecause = (asked: AskedCall, consequence: string): string =>
  `${missingRight(asked).replace(/\.$/, '')}, so ${consequence}.`;

/** The same for any call that failed: of another failure it says what happened. */
export const unseenAfter = (refused: RefusedCall, asked: AskedCall, consequence: string): string =>
  refused.status === 403
    ? unseenBecause(asked, consequence)
    : `${commandFailure(refused, asked).sentence} So ${consequence}.`;

function notServed({ resource }: AskedCall): CommandFailure {
  return {
    exit: 'unreachable',
    sentence: `This cluster does not have ${resourceName(resource)}: install oauth-registrar, or choose another --context.`,
  };
}

const notFound = ({ resource, namespace, name = '' }: AskedCall): string =>
  resource.namespaced
    ? `There is no ${resource.kind} "${name}" in namespace ${namespace}.`
    : `There is no ${resource.kind} "${name}".`;

const resourceName = ({ group, plural }: AskedCall['resource']): string =>
  group === '' ? plural : `${plural}.${group}`;

function where({ resource, namespace }: AskedCall): string {
  if (!resource.namespaced) {
    return 'in this cluster';
  }
  return namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
}

const inFull = ({ resource, namespace, name }: AskedCall): string =>
  [
    resourceName(resource),
    ...(name === undefined ? [] : [`"${name}"`]),
    ...(namespace ? [`in namespace ${namespace}`] : []),
  ].join(' ');

const spoken = (message: string): string => asSentence(visible(message));
