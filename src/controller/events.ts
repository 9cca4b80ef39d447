import { API_VERSION, type KubernetesObject, RESOURCES } from '../api/kubernetes.ts';
import type { Reason } from '../api/reasons.ts';
import { visible } from '../oauth/text.ts';
import type { Clock, KubernetesApi, Log } from './ports.ts';

/** Events tell of warnings, deletions and recoveries. A routine creation has none: conditions tell it. */
export interface EventRecorder {
  /** Written in the background; a failure is logged. The same event is written once in ten minutes. */
  record(event: EventInput): void;
}

export interface EventInput {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly message: string;
  /** What was being done, like `Register`. */
  readonly action: string;
  readonly regarding: EventSubject;
}

export interface EventSubject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** A namespace that is being deleted takes no new objects: then the Event goes to the operator's. */
  readonly namespaceTerminating: boolean;
}

interface EventObject extends KubernetesObject {
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly note: string;
  readonly type: string;
  readonly regarding: object;
}

const REPEAT_AFTER_MS = 600_000;
const MAX_REMEMBERED = 10_000;
const MAX_NOTE = 1000;

export function createEventRecorder(options: {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly operatorNamespace: string;
  readonly identity: string;
}): EventRecorder {
  const { api, clock, log } = options;
  const told = new Map<string, number>();
  return {
    record(event) {
      const id = `${event.regarding.uid} ${event.reason} ${event.message}`;
      const now = clock.now();
      if (now < (told.get(id) ?? 0)) {
        return;
      }
      if (told.size >= MAX_REMEMBERED) {
        told.clear();
      }
      told.set(id, now + REPEAT_AFTER_MS);
      void api.create(RESOURCES.event, toEvent(event, options)).then((result) => {
        if (!result.ok) {
          log.warn('event not written', {
            reason: event.reason,
            status: result.status,
            message: result.message,
          });
        }
      });
    },
  };
}

function toEvent(event: EventInput, options: Parameters<typeof createEventRecorder>[0]): EventObject {
  const { clock, random, operatorNamespace, identity } = options;
  const { kind, namespace, name, uid, namespaceTerminating } = event.regarding;
  const suffix = `${clock.now().toString(16)}${Math.floor(random() * 2 ** 32).toString(16)}`;
  const home = namespaceTerminating || namespace === '' ? operatorNamespace : namespace;
  return {
    metadata: { name: `${name.slice(0, 200)}.${suffix}`, namespace: home },
    eventTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
    reportingController: 'oauth-registrar.dev/operator',
    reportingInstance: identity.slice(0, 128),
    action: event.action,
    reason: event.reason,
    note: visible(event.message).slice(0, MAX_NOTE),
    type: event.type,
    regarding: { apiVersion: API_VERSION, kind, name, uid, ...(namespace === '' ? {} : { namespace }) },
  };
}
