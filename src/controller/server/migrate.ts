import { namespaceOf } from '../../api/kubernetes.ts';
import { type ClientKey, clientKey } from '../../core/client-key.ts';
import type { Problem } from '../../core/problem.ts';
import type { ServerRef } from '../../core/record.ts';
import { keyOfServer, type ServerKey, serverKey } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';
import type { MigrationFacts } from '../../core/summarize-migration.ts';
import type { Context } from '../context.ts';
import { serverObjectOf } from '../state/server-objects.ts';

interface Facts extends Pick<Context, 'caches' | 'moves'> {
  readonly servers: Pick<Context['servers'], 'state'>;
}

/**
 * Begins the migration of a server object's clients, goes on with it, or ends it where `spec.migration` was removed.
 * `undefined`: there is none.
 */
export function refreshMigration(object: ServerObject, context: Facts): MigrationFacts | undefined {
  const { moves, caches } = context;
  const key = keyOfServer(object);
  const terms = object.spec?.migration;
  if (terms === undefined) {
    moves.end(key);
    return undefined;
  }
  const { to, maxConcurrent, suspend: isSuspended } = terms;
  const known = object.status.migration;
  const isSame = known?.to.kind === to.kind && known.to.name === to.name;
  const before = isSame ? { total: known.total, isBegun: known.begun } : { total: 0, isBegun: false };
  const movedBefore = isSame ? known.moved : 0;
  const missing = missingTarget(object, to, context);
  const problem = missing ?? unreadyTarget(object, to, context);
  if (missing !== undefined) {
    moves.end(key);
  }
  if (problem === undefined) {
    const clients = () => [
      ...clientsAt(key, caches),
      ...(known === undefined || isSame ? [] : referringAt(object, known.to, caches)),
    ];
    moves.begin(key, { to: `${to.kind}/${to.name}`, maxConcurrent, isSuspended }, clients, before);
  }
  return {
    to,
    isSuspended,
    problem,
    counts: moves.counts(key) ?? {
      // The new server object is not ready, as right after a start: status goes on to say what it said.
      ...{ ...before, left: before.total - movedBefore },
      ...{ moving: 0, refused: 0, isJudged: false },
    },
    references: caches.clients.count('references', key),
    movedForGood: movedForGood(object, isSame || known === undefined ? [to] : [to, known.to], caches),
  };
}

const clientsAt = (server: ServerKey, { registrations }: Pick<Facts['caches'], 'registrations'>) =>
  registrations
    .find('server', server)
    .flatMap(({ record }) => (record?.role === 'current' ? clientKey(record.client) : []));

/** How many OAuthClients name this object, and have a client at one of the others and none here. */
function movedForGood(
  object: ServerObject,
  others: readonly { readonly kind: string; readonly name: string }[],
  caches: Facts['caches'],
): number {
  const here = new Set(clientsAt(keyOfServer(object), caches));
  const there = new Set(others.flatMap((other) => referringAt(object, other, caches)));
  return [...there].filter((client) => !here.has(client)).length;
}

/** The OAuthClients that name the object, and have a client at another one: by its migration, or one of before. */
function referringAt(
  object: ServerObject,
  to: { readonly kind: string; readonly name: string },
  caches: Facts['caches'],
): readonly ClientKey[] {
  const { namespace = '' } = object.metadata;
  return clientsAt(serverKey(refOf(to), namespace), caches).filter((client) => {
    const desired = caches.clients.get(client)?.observed.desired;
    const ref = desired?.valid === true ? desired.spec.authorizationServerRef : undefined;
    return ref !== undefined && serverKey(ref, namespaceOf(client)) === keyOfServer(object);
  });
}

const refOf = ({ kind, name }: { readonly kind: string; readonly name: string }): ServerRef => ({
  kind: kind === 'AuthorizationServer' ? kind : 'ClusterAuthorizationServer',
  name,
});

/** Whether clients are to move and none can, because of the new server object. */
export const isMigrationHeld = (object: ServerObject, { moves }: Facts): boolean =>
  object.spec?.migration !== undefined && moves.counts(keyOfServer(object)) === undefined;

/** The new server object can't be the end of a migration, so the clients stay where they are. */
function missingTarget(
  { metadata: { namespace = '' } }: ServerObject,
  to: MigrationFacts['to'],
  { caches }: Facts,
): Problem | undefined {
  const name = `${to.kind} ${to.name}`;
  const target = serverObjectOf(serverKey(to, namespace), caches);
  if (target?.spec === undefined) {
    const what =
      target === undefined ? 'does not exist: create it' : 'has a spec that can not be used: correct it';
    return refused(`${name} ${what}, or name another in spec.migration.to.`);
  }
  return target.spec.migration === undefined
    ? undefined
    : refused(
        `${name} has a migration of its own: name the server object that the clients are to end up at.`,
      );
}

function unreadyTarget(
  { metadata: { namespace = '' } }: ServerObject,
  to: MigrationFacts['to'],
  { servers }: Facts,
): Problem | undefined {
  const { connection, problem } = servers.state(serverKey(to, namespace)) ?? {};
  return connection === undefined
    ? refused(`${to.kind} ${to.name} is not ready: ${problem?.message ?? 'it was not looked at yet.'}`)
    : undefined;
}

const refused = (message: string): Problem => ({ reason: 'MigrationRefused', message });
