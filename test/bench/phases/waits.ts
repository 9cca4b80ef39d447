import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { LEDGER_NAME } from '../../../src/controller/durable/ledger-store.ts';
import type { AuditEvent } from '../../kit/testbed/audit-log.ts';
import { type Figure, figuresOf, quantile } from '../figure.ts';

/** The way of one new client, in milliseconds. */
interface Way {
  /** From the answer to its creation until the ledger's write that has its entry. */
  readonly untilLedger: number;
  readonly ledger: number;
  /** From then on until the registration Secret's write: the POST. */
  readonly post: number;
  readonly recordWrite: number;
  readonly secretWrite: number;
  readonly statusWrite: number;
  /** Between these writes. */
  readonly between: number;
}

const ROWS: readonly (readonly [keyof Way, string])[] = [
  ['untilLedger', "until the ledger's write"],
  ['ledger', "the ledger's write"],
  ['post', 'the POST'],
  ['recordWrite', 'write of the registration Secret'],
  ['secretWrite', 'write of the workload Secret'],
  ['statusWrite', 'PUT of the status'],
  ['between', 'between the writes'],
];

/** Where new clients waited, by the audit log: medians of each part. */
export function waitFigures(
  group: string,
  events: readonly AuditEvent[],
  clients: readonly OAuthClient[],
): readonly Figure[] {
  const ways = waysOf(events, clients);
  return figuresOf(group)(
    'ms',
    Object.fromEntries(
      ways.length === 0
        ? []
        : ROWS.map(([part, name]) => [
            `of these, p50: ${name}`,
            quantile(
              ways.map((way) => way[part]),
              0.5,
            ),
          ]),
    ),
  );
}

/** Of those clients whose requests are all in the log. */
export function waysOf(events: readonly AuditEvent[], clients: readonly OAuthClient[]): readonly Way[] {
  const answered = events.filter(({ stage, code }) => stage === 'ResponseComplete' && code < 300);
  const creations = new Map(
    answered.filter(({ verb }) => verb === 'create').map((event) => [keyOf(event), event]),
  );
  const statuses = new Map(
    answered
      .filter(({ verb, subresource }) => verb === 'update' && subresource === 'status')
      .map((event) => [keyOf(event), event]),
  );
  const records = new Map(
    answered
      .filter(({ verb, resource }) => verb === 'create' && resource === 'secrets')
      .flatMap((event) => {
        const uid = /^oac-(.{36})-/.exec(event.name ?? '')?.[1];
        return uid === undefined ? [] : [[uid, event] as const];
      }),
  );
  const ledger = answered
    .filter(({ verb, name }) => verb === 'update' && name === LEDGER_NAME)
    .toSorted((a, b) => a.answeredAt - b.answeredAt);
  return clients.flatMap(({ metadata: { namespace, name, uid = '' }, spec }) => {
    const created = creations.get(`oauthclients ${namespace}/${name}`);
    const record = records.get(uid);
    const secret = creations.get(`secrets ${namespace}/${spec.secret?.name}`);
    const status = statuses.get(`oauthclients ${namespace}/${name}`);
    const entry = record && ledger.findLast(({ answeredAt }) => answeredAt <= record.timestamp);
    if (!(created && record && secret && status && entry)) {
      return [];
    }
    return [
      {
        untilLedger: Math.max(0, entry.timestamp - created.answeredAt),
        ledger: lasted(entry),
        post: record.timestamp - entry.answeredAt,
        recordWrite: lasted(record),
        secretWrite: lasted(secret),
        statusWrite: lasted(status),
        between: Math.max(0, secret.timestamp - record.answeredAt + status.timestamp - secret.answeredAt),
      },
    ];
  });
}

const keyOf = ({ resource, namespace, name }: AuditEvent): string => `${resource} ${namespace}/${name}`;

const lasted = ({ timestamp, answeredAt }: AuditEvent): number => answeredAt - timestamp;
