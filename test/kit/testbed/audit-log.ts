import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Every request at Metadata level: who, which verb, which object, which answer; no bodies. */
export const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
`;

/** The API server writes an event just after the answer; this long after an answer its event is in the file. */
const SETTLE_MS = 100;

/** One request to the API server, as it was answered. */
export interface AuditEvent {
  /** `ResponseStarted` is a watch that is going on; it gets a `ResponseComplete` of its own when it ends. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly user: string;
  /** Kubernetes' verb: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** Plural; absent for paths that are no resource (`/readyz`). */
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly code: number;
  /** When the request came in, milliseconds since the epoch. */
  readonly timestamp: number;
  /** When the stage was reached: with `ResponseComplete`, when it was answered. Milliseconds since the epoch. */
  readonly answeredAt: number;
  readonly userAgent: string;
  readonly uri: string;
}

interface RawEvent {
  readonly stage: AuditEvent['stage'];
  readonly user?: { readonly username?: string };
  readonly verb: string;
  readonly objectRef?: Partial<Readonly<Record<'resource' | 'subresource' | 'namespace' | 'name', string>>>;
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly userAgent?: string;
  readonly requestURI: string;
}

/** A place in the log: what was answered before it was called for, and what after. In bytes. */
export async function auditPosition(path: string): Promise<number> {
  await sleep(SETTLE_MS);
  return (await stat(path)).size;
}

/**
 * All events so far, or those after a position, oldest answer first. Waits 100 ms, so that requests answered before the
 * call are in it.
 */
export async function readAuditLog(path: string, start = 0): Promise<readonly AuditEvent[]> {
  await sleep(SETTLE_MS);
  const events: AuditEvent[] = [];
  const input = createReadStream(path, { start });
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    // The last line may be half written.
    if (line.endsWith('}')) {
      events.push(toAuditEvent(JSON.parse(line) as RawEvent));
    }
  }
  return events;
}

function toAuditEvent(raw: RawEvent): AuditEvent {
  const { resource, subresource, namespace, name } = raw.objectRef ?? {};
  return {
    stage: raw.stage,
    user: raw.user?.username ?? '',
    verb: raw.verb,
    resource,
    subresource,
    namespace,
    name,
    code: raw.responseStatus?.code ?? 0,
    timestamp: Date.parse(raw.requestReceivedTimestamp),
    answeredAt: Date.parse(raw.stageTimestamp),
    userAgent: raw.userAgent ?? '',
    uri: raw.requestURI,
  };
}
