import type { AuthorizationServerStatus } from '../api/authorization-server.ts';
import type { NewCondition } from '../api/conditions.ts';
import { rfc3339 } from '../api/time.ts';
import type { Idle } from './action.ts';
import { currentRecord, surplusRecords } from './current-record.ts';
import { moveVerdict } from './migration.ts';
import type { Observation, ObservedMigration } from './observation.ts';
import { overlapEnd } from './overlap.ts';
import type { Problem } from './problem.ts';
import { isAt, type RegistrationRecord, type ServerRef } from './record.ts';

/** What status says of a migration: of the server object whose clients move, and of each client. */

/** How far the migration of one server object is. */
export interface MoveCounts {
  /** Clients that had to move when the first one was permitted to; until then, those that are known to have to. */
  readonly total: number;
  /** Clients that have not moved, those that move now included. */
  readonly left: number;
  readonly moving: number;
  /** Clients that the new server can't take as things are. */
  readonly refused: number;
  /** Whether of each client it is known whether the new server can take it. */
  readonly isJudged: boolean;
  /** Whether any client was permitted to move. */
  readonly isBegun: boolean;
}

export interface MigrationFacts {
  readonly to: ServerRef;
  readonly isSuspended: boolean;
  /** Why no client can move there now. */
  readonly problem: Problem | undefined;
  readonly counts: MoveCounts;
  /** OAuthClients whose spec names the object. */
  readonly references: number;
  /** Of these, those that have a client at the new server object and none at this one. */
  readonly movedForGood: number;
}

export function migrationStatus({
  to,
  counts: { total, left, moving, refused, isBegun },
  references,
  movedForGood,
}: MigrationFacts): AuthorizationServerStatus['migration'] {
  const moved = total - left;
  return {
    to: { kind: to.kind, name: to.name },
    ...{ total, moved, moving, refused, references, movedForGood },
    begun: isBegun,
  };
}

/** Condition `Migrating` of a server object; none once all clients have moved. */
export function migrationConditions({
  to,
  isSuspended,
  problem,
  counts: { left, refused, isJudged, isBegun },
}: MigrationFacts): readonly NewCondition[] {
  const there = `${to.kind} ${to.name}`;
  if (problem !== undefined) {
    return [migrating('MigrationRefused', problem.message)];
  }
  if (refused > 0) {
    const others = isBegun ? 'The others move.' : 'No client moves until none is refused.';
    return [
      migrating(
        'MigrationRefused',
        `${there} would refuse ${clientsText(refused)}: condition Migrating of each says why, and kubectl oauthclient check lists them. Correct the policy of ${there}, or those clients. ${others}`,
      ),
    ];
  }
  if (left === 0) {
    return [];
  }
  if (!isJudged && !isBegun) {
    return [migrating('Migrating', `Which clients ${there} would refuse is not known yet.`)];
  }
  return [
    migrating(
      'Migrating',
      isSuspended
        ? `${there} would refuse no client. No client moves while spec.migration.suspend is true.`
        : `The clients move to ${there}: status.migration says how far that is.`,
    ),
  ];
}

const clientsText = (clients: number): string => (clients === 1 ? '1 client' : `${clients} clients`);

/** Condition `Migrating` of an OAuthClient: while it moves, can go back, or can't move. */
export function moveConditions(
  o: Observation,
  idle: Pick<Idle, 'state' | 'message'>,
): readonly NewCondition[] {
  const { migration } = o;
  if (migration === undefined) {
    return [];
  }
  const [from, to] = [migration.from, migration.to].map(({ kind, name }) => `${kind} ${name}`);
  switch (migration.state) {
    case 'Waiting':
      return waitingConditions(o, migration, `The clients of ${from} move to ${to}`);
    case 'Moving':
      return [
        idle.state === 'Stalled'
          ? migrating(
              'MigrationRefused',
              `The client moves from ${from} to ${to}, and can not. ${idle.message}`,
            )
          : migrating('Migrating', `The client moves from ${from} to ${to}.`),
      ];
    case 'Moved':
      return formerOf(o, migration.from).map((former) =>
        migrating(
          'Migrating',
          `The client moved from ${from} to ${to}. Client ${former.clientId} ends at ${from} at ${rfc3339(overlapEnd(o, former))}.`,
        ),
      );
  }
}

/** Nothing is said of a client that is where its spec has it. */
function waitingConditions(
  o: Observation,
  migration: ObservedMigration,
  what: string,
): readonly NewCondition[] {
  const verdict = moveVerdict(o, migration);
  if (typeof verdict !== 'string') {
    const message = `${what}, and this one would be refused there, so it stays where it is. ${verdict.message}`;
    return [migrating('MigrationRefused', message)];
  }
  const { server } = currentRecord(o) ?? {};
  return server === undefined || isAt({ server }, migration.from)
    ? []
    : [migrating('Migrating', `${what}. This one stays at ${server.kind} ${server.name} until its turn.`)];
}

/** The client that the current one replaced at the server that it left. */
const formerOf = (o: Observation, from: ServerRef): readonly RegistrationRecord[] =>
  surplusRecords(o, currentRecord(o))
    .filter((record) => record.role === 'current' && isAt(record, from) && overlapEnd(o, record) > o.now)
    .slice(0, 1);

const migrating = (reason: 'Migrating' | 'MigrationRefused', message: string): NewCondition => ({
  type: 'Migrating',
  status: 'True',
  reason,
  message,
});
