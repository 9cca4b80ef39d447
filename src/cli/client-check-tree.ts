import type { Decision } from '../core/action.ts';
import { isProblem } from '../core/problem.ts';
import type { ClientCheck } from './client-check.ts';
import { cureLine } from './conditions.ts';
import type { Cell } from './print.ts';
import type { Branch } from './tree.ts';

/** What `check` prints about an OAuthClient. Pure. */
export function clientCheckTree(check: ClientCheck): Branch {
  const { client, steps, stated, server, notSeen } = check;
  const { namespace, name } = client.metadata;
  const next = steps.at(-1);
  return {
    line: [`OAuthClient ${namespace}/${name}: `, nextCell(check)],
    notes: notesOf(check),
    branches: [
      ...(stated !== undefined && next !== undefined && next.type !== 'Idle'
        ? [{ line: [`When that is over: ${next.type}. ${next.message}`] }]
        : []),
      serverLine(server),
      ...sentBranches(check),
      {
        line: ['Not seen:'],
        branches: [...notSeen, ONLY_STATUS].map((text) => ({ line: [{ text, tone: 'quiet' }] })),
      },
    ],
  };
}

const ONLY_STATUS =
  'Pauses, refusals and waits are those that status shows; calls under way, and the flags of the operator, are not seen.';

/** The same for programs. */
export function clientCheckValue(check: ClientCheck): object {
  const { client, steps, stated, server, wanted, refused, notSeen } = check;
  const { namespace, name } = client.metadata;
  return {
    namespace,
    name,
    steps: steps.map((step) => ({
      type: step.type,
      finding: step.finding,
      message: step.message,
      ...(step.type === 'Idle' ? { state: step.state, reason: step.reason } : {}),
    })),
    stated,
    server: server && {
      kind: server.kind,
      name: server.name,
      endpoint: server.connection?.registrationEndpoint,
    },
    body: wanted === undefined || isProblem(wanted) ? undefined : wanted.document,
    withheld:
      wanted === undefined || isProblem(wanted) ? undefined : wanted.withheld.map(({ member }) => member),
    refused,
    notSeen,
  };
}

/** Whether nothing stands in the way: a step comes next, or the client is as its spec says. */
export function isGood({ steps, stated, refused }: ClientCheck): boolean {
  const next = steps.at(-1);
  const isFine =
    next !== undefined && (next.type !== 'Idle' || next.state === 'Ready' || next.state === 'Ended');
  return isFine && stated === undefined && refused === undefined;
}

function nextCell({ steps, stated }: ClientCheck): Cell {
  const next = steps.at(-1);
  if (stated !== undefined) {
    return { text: `waits, ${stated.reason}`, tone: 'bad' };
  }
  if (next === undefined) {
    return { text: 'the next step is not known', tone: 'quiet' };
  }
  return next.type === 'Idle' ? idleCell(next) : { text: `next step ${next.type}`, tone: 'good' };
}

function idleCell({ state, reason }: Extract<Decision, { readonly type: 'Idle' }>): Cell {
  switch (state) {
    case 'Ready':
    case 'Ended':
      return { text: 'nothing to do', tone: 'good' };
    case 'Waiting':
      return { text: `waits, ${reason}`, tone: 'waiting' };
    case 'Stalled':
    case 'Gone':
      return { text: `a person must act, ${reason}`, tone: 'bad' };
  }
}

function notesOf({ steps, stated }: ClientCheck): readonly Cell[] {
  const next = steps.at(-1);
  const shown = stated ?? (next?.type === 'Idle' ? next : undefined);
  const message = shown?.message ?? next?.message ?? 'Too little is seen to plan; below is what is not seen.';
  return [message, ...cureLine(shown?.reason)];
}

function serverLine(server: ClientCheck['server']): Branch {
  if (server === undefined) {
    return { line: ['Server: none'] };
  }
  const { kind, name, connection } = server;
  const where = connection === undefined ? 'not usable' : connection.registrationEndpoint;
  return { line: [`${kind} ${name}: ${where}`] };
}

function sentBranches({ wanted, refused }: ClientCheck): readonly Branch[] {
  if (wanted === undefined) {
    return [];
  }
  if (isProblem(wanted)) {
    return [{ line: ['Body: ', { text: wanted.message, tone: 'bad' }] }];
  }
  const body = JSON.stringify(wanted.document, null, 2).split('\n');
  const hasStatement = wanted.document['software_statement'] !== undefined;
  return [
    { line: ['Body of a registration, after defaults, in the dialect of the server:'], notes: body },
    ...(hasStatement
      ? [{ line: ['software_statement shows the claims: a signed JWT is sent in their place'] }]
      : []),
    ...wanted.withheld.map(({ member, asked }) => ({
      line: [`Not sent, because of the dialect: ${member} ${asked}`],
    })),
    refused === undefined
      ? { line: ['The policy of the server ', { text: 'permits it', tone: 'good' }] }
      : { line: [{ text: 'It may not be sent: ', tone: 'bad' }, refused.message] },
  ];
}
