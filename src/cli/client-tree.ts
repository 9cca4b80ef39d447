import { type Condition, SEE_READY } from '../api/conditions.ts';
import type { InventoryEnd, Readiness } from '../core/inventory.ts';
import { secretUseText } from '../core/secret-uses.ts';
import type { ServerObject } from '../core/server-object.ts';
import { enumerated } from '../oauth/text.ts';
import { timeAndDistance } from './age.ts';
import { type ClientPicture, isSecretOf, type SecretUser } from './client-picture.ts';
import { conditionOf, cureLine } from './conditions.ts';
import type { Cell } from './print.ts';
import type { Branch } from './tree.ts';

/**
 * The tree that `status NAME` prints: the client, its server object, its registration, its Secret with the Pods that use
 * it, what ends when, and what waits for what. Pure.
 *
 * @param now milliseconds since the epoch
 */
export function clientTree(picture: ClientPicture, now: number): Branch {
  const { row } = picture;
  return {
    line: [`OAuthClient ${row.namespace}/${row.name}: `, readyCell(row.ready, row.reason)],
    notes: explained(row),
    branches: [
      serverBranch(picture),
      registrationBranch(picture, now),
      secretBranch(picture),
      credentialBranch(picture),
      endsBranch(picture, now),
      waitsBranch(picture),
    ].flatMap((branch) => branch ?? []),
  };
}

/** `Ready`, or the reason why not. */
function readyCell(ready: Readiness, reason: string): Cell {
  if (ready === 'True') {
    return {
      text: reason === 'Registered' || reason === 'Available' ? 'Ready' : `Ready, ${reason}`,
      tone: 'good',
    };
  }
  return { text: `not ready, ${reason}`, tone: ready === 'False' ? 'bad' : 'waiting' };
}

/** The message as it is, since it may end with a command to copy; and the cure that the table of reasons has. */
function explained({ reason, message }: Pick<Condition, 'reason' | 'message'>): readonly Cell[] {
  return message === '' ? cureLine(reason) : [message, ...cureLine(reason)];
}

function serverBranch({ server }: ClientPicture): Branch {
  if (server === undefined) {
    return { line: ['Server: ', { text: 'none is named, and there is no default', tone: 'bad' }] };
  }
  const { kind, name, object } = server;
  const title = `${kind} ${name}: `;
  switch (object.state) {
    case 'Absent':
      return { line: [title, { text: 'does not exist', tone: 'bad' }] };
    case 'Unseen':
      return {
        line: [title, { text: 'not seen', tone: 'quiet' }],
        notes: [{ text: object.why, tone: 'quiet' }],
      };
    case 'Present':
      return { line: [title, ...serverCells(object.found)], notes: serverNotes(object.found) };
  }
}

function serverCells({ status }: ServerObject): readonly Cell[] {
  const ready = conditionOf(status, 'Ready');
  return [readyCell(ready?.status ?? 'Unknown', ready?.reason ?? 'Queued')];
}

/** What is wrong, and what holds calls back. */
function serverNotes({ status: { conditions = [] } }: ServerObject): readonly Cell[] {
  const troubles = conditions.filter(
    ({ type, status }) =>
      ((type === 'Ready' || type === 'AdmissionAccepted') && status === 'False') ||
      ((type === 'Paused' || type === 'SecretsUnwatched') && status === 'True'),
  );
  return troubles.filter(({ message }) => message !== SEE_READY).flatMap(explained);
}

function registrationBranch({ row, client }: ClientPicture, now: number): Branch {
  const { clientId, issuer, registeredAt } = row;
  if (clientId === undefined) {
    return { line: ['Registration: ', { text: 'none', tone: 'waiting' }] };
  }
  const since = registeredAt === undefined ? '' : `, since ${timeAndDistance(registeredAt, now)}`;
  const registered = conditionOf(client.observed.status, 'Registered');
  const differs = (client.observed.status.substitutions ?? []).map(
    ({ member, asked, registered: got }): Cell => ({
      text: `${member}: asked for "${asked}", registered is "${got}".`,
      tone: 'quiet',
    }),
  );
  const [offered, migrating] = (['MetadataNotOffered', 'Migrating'] as const).map((type) =>
    conditionOf(client.observed.status, type),
  );
  return {
    line: [`Registration: client ${clientId} at ${issuer}${since}`],
    notes: [
      ...(registered?.reason === 'Unmanaged' ? explained(registered) : []),
      ...(offered?.status === 'True' ? explained(offered) : []),
      ...(migrating?.status === 'True' ? explained(migrating) : []),
      ...differs,
    ],
  };
}

function secretBranch(picture: ClientPicture): Branch {
  const { secret, users, client } = picture;
  const synced = conditionOf(client.observed.status, 'SecretSynced');
  const says = synced === undefined || synced.message === SEE_READY ? [] : [synced.message];
  const { desired } = client.observed;
  if (desired.valid && desired.spec.secret.mode === 'None' && secret.metadata.state === 'Absent') {
    return { line: ['Secret: ', { text: 'none, as the spec says', tone: 'good' }], notes: [], branches: [] };
  }
  return {
    line: [`Secret ${secret.name}: `, secretCell(picture)],
    notes: [
      ...says,
      ...[secret.metadata, users].flatMap((seen) =>
        seen.state === 'Unseen' ? [{ text: seen.why, tone: 'quiet' } as const] : [],
      ),
    ],
    branches: users.state === 'Present' ? usersBranches(users.found) : [],
  };
}

/** Whether the server accepts the credential, where the server object has it tried. */
function credentialBranch({ client }: ClientPicture): Branch | undefined {
  const verified = conditionOf(client.observed.status, 'Verified');
  if (verified === undefined) {
    return undefined;
  }
  const { status, reason, message } = verified;
  return status === 'True'
    ? { line: ['Credential: ', { text: 'accepted by the server', tone: 'good' }] }
    : {
        line: ['Credential: ', { text: reason, tone: status === 'False' ? 'bad' : 'waiting' }],
        notes: [message],
      };
}

function secretCell({ secret: { metadata }, client }: ClientPicture): Cell {
  const synced = conditionOf(client.observed.status, 'SecretSynced');
  switch (metadata.state) {
    case 'Absent':
      return { text: 'does not exist', tone: 'bad' };
    case 'Unseen':
      return {
        text: synced?.status === 'True' ? 'written, as status says' : 'not written, as status says',
        tone: 'quiet',
      };
    case 'Present':
      if (!isSecretOf(client, metadata.found)) {
        return { text: "exists and is not this client's", tone: 'bad' };
      }
      return synced?.status === 'True'
        ? { text: 'written', tone: 'good' }
        : { text: 'does not show the present registration', tone: 'waiting' };
  }
}

const MOST_USERS = 10;

function usersBranches(users: readonly SecretUser[]): readonly Branch[] {
  if (users.length === 0) {
    return [{ line: [{ text: 'No Pod uses it.', tone: 'quiet' }] }];
  }
  const more = users.length - MOST_USERS;
  return [
    ...users.slice(0, MOST_USERS).map(({ name, phase, uses }) => ({
      line: [`Pod ${name} (${phase}): ${enumerated(uses.map(secretUseText), 4)}`],
    })),
    ...(more > 0 ? [{ line: [`and ${more} more Pods`] }] : []),
  ];
}

function endsBranch({ row }: ClientPicture, now: number): Branch | undefined {
  const token = row.tokenExpiresAt;
  const lines = [
    ...row.ends.map((end) => `${END_WORDS[end.what](end)} ${timeAndDistance(end.at, now)}${renewal(end)}`),
    ...(token === undefined
      ? []
      : [
          `the registration access token expires at ${timeAndDistance(token, now)}; the operator renews it before`,
        ]),
  ];
  return lines.length === 0
    ? { line: [{ text: 'Ends: nothing', tone: 'quiet' }] }
    : { line: ['Ends:'], branches: lines.map((line) => ({ line: [line] })) };
}

const renewal = ({ isRenewed }: InventoryEnd): string => (isRenewed ? '; the operator renews it before' : '');

const END_WORDS: Readonly<Record<InventoryEnd['what'], (end: InventoryEnd) => string>> = {
  Lifetime: () => 'the client ends by spec.lifetime at',
  ClientSecret: () => 'the client secret expires at',
  Registration: () => 'the server ends the registration at',
  FormerClient: ({ clientId }) => `the former client ${clientId} is removed at`,
};

/** Who has to act, by the type of the condition. */
const WAITS = {
  Reconciling: 'the operator goes on by itself',
  Stalled: 'a person must act first',
  Paused: 'nothing is sent until the suspension ends',
} as const;

function waitsBranch({ row, client: { observed } }: ClientPicture): Branch | undefined {
  const { status, generation } = observed;
  const held = Object.entries(WAITS).flatMap(([type, words]) => {
    const condition = row.conditions.find((one) => one.type === type && one.status === 'True');
    return condition === undefined ? [] : [`${type}: ${words}`];
  });
  const asked = [
    isUnhandled(observed.reconcileRequestedAt, status.lastHandledReconcileAt) &&
      'a try that was asked for has not been made yet',
    isUnhandled(observed.rotateRequestedAt, status.lastHandledRotateAt) &&
      'a rotation that was asked for has not been made yet',
    !row.isCurrent &&
      `the operator has not seen the present spec: status is about generation ${status.observedGeneration ?? 0} of ${generation}`,
    row.deleting && 'the object is being deleted, and waits for the end of the client at the server',
    status.refusal && `refused ${status.refusal.attempts} times, the last time at ${status.refusal.at}`,
  ].filter((text) => typeof text === 'string');
  const lines = [...held, ...asked];
  return lines.length === 0
    ? undefined
    : { line: ['Waits:'], branches: lines.map((line) => ({ line: [line] })) };
}

const isUnhandled = (asked: string | undefined, handled: string | undefined): boolean =>
  asked !== undefined && asked !== handled;
