import type { AuditEvent } from '../kit/testbed/audit-log.ts';
import type { ControlPlane } from '../kit/testbed/control-plane.ts';
import { OPERATOR_USER } from '../kit/testbed/testbed.ts';
import type { ServerTally } from './server-process.ts';
/** What was asked of the API server and of the authorization server in a while, by one operator alone. */
export interface RequestCounts {
  /** `create secrets`, `update oauthclients/status`: how often. */
  readonly byKind: Readonly<Record<string, number>>;
  readonly writes: number;
  /** Single objects; lists and watches are apart. */
  readonly gets: number;
  readonly lists: number;
  /** To the authorization server about clients: without discovery. */
  readonly calls: number;
  /** How many clients more there are at the authorization server. */
  readonly clientsMore: number;
}

/** Whose requests: an account, and of its programs one. */
export interface Requester {
  readonly user: string;
  /** Default: whatever. */
  readonly userAgent?: string;
}

interface Asked {
  readonly controlPlane: ControlPlane;
  readonly server: { tally(): Promise<ServerTally> };
}

const OPERATOR: Requester = { user: OPERATOR_USER, userAgent: 'oauth-registrar' };
const READS: readonly string[] = ['get', 'list', 'watch'];

export const isRead = (verb: string): boolean => READS.includes(verb);

/** Begins to count; the returned function tells what came since. The Lease is left out: it costs the same at rest. */
export async function countRequests(
  stage: Asked,
  requester: Requester = OPERATOR,
): Promise<() => Promise<RequestCounts>> {
  const position = await stage.controlPlane.auditPosition();
  const before = await stage.server.tally();
  return async () => {
    const events = (await stage.controlPlane.audit(position)).filter(isOf(requester));
    const after = await stage.server.tally();
    const byKind = tallyOf(events.map(kindOf));
    const verbs = tallyOf(events.map(({ verb }) => verb));
    const { get: gets = 0, list: lists = 0 } = verbs;
    return {
      byKind,
      writes: events.filter(({ verb }) => !isRead(verb)).length,
      gets,
      lists,
      calls: callsOf(after) - callsOf(before),
      clientsMore: after.clients - before.clients,
    };
  };
}

const isOf =
  (requester: Requester) =>
  ({ user, userAgent, stage, resource }: AuditEvent): boolean =>
    user === requester.user &&
    userAgent === (requester.userAgent ?? userAgent) &&
    stage === 'ResponseComplete' &&
    resource !== 'leases' &&
    resource !== undefined;

const kindOf = ({ verb, resource, subresource }: AuditEvent): string =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;

const callsOf = ({ calls: { register, read, update, remove } }: ServerTally): number =>
  register + read + update + remove;

function tallyOf(names: readonly string[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.length]));
}
