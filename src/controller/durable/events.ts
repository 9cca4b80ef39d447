import { EVENTS, type EventKind, type EventReason } from '../../api/events.ts';
import { API_VERSION, type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import { microTime } from '../../api/time.ts';
import { cutToBytes, visible } from '../../oauth/text.ts';
import type { ApiResult, Clock, KubernetesApi, Log } from '../ports.ts';
import { EventLimits } from './event-limits.ts';

/** Events report warnings, deletions and recoveries. A routine creation has no Event: conditions report it. */
export interface EventRecorder {
  /**
   * Written in the background; a failure is logged. The same event is written once in ten minutes, and only so many of
   * one namespace: see `event-limits.ts`.
   */
  record(event: EventInput): void;
}

/** An Event to write. Its type follows from its reason, by the table `EVENTS`. */
export interface EventInput {
  readonly reason: EventReason;
  readonly message: string;
  /** The action, such as `Register`. */
  readonly action: string;
  readonly regarding: EventSubject;
}

/** The object that an Event is about. */
export interface EventSubject {
  readonly kind: EventKind;
  /** `''` for a ClusterAuthorizationServer. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /**
   * A namespace that is deleted or being deleted accepts no new objects: then the Event is created in the operator's
   * namespace. So is one for which the API server says that, since the deletion may not be known yet.
   */
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

/** The API server accepts 1,024 characters. */
const MAX_NOTE_BYTES = 1_000;
/** Kubernetes takes Events of objects without a namespace there, and `kubectl describe` finds them. */
const NAMESPACE_OF_CLUSTER_EVENTS = 'default';
/** A cut name may have such characters: see `short-name.ts`. */
const NOT_IN_NAMES = /[^a-z0-9.-]/g;

/** A DNS subdomain (RFC 1123): its labels begin and end with a letter or digit, also where a name was cut. */
const validName = (name: string): string =>
  name
    .replace(NOT_IN_NAMES, '')
    .split('.')
    .map((label) => label.replace(/^-+|-+$/g, ''))
    .filter((label) => label !== '')
    .join('.');

export function createEventRecorder(options: {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly operatorNamespace: string;
  readonly identity: string;
}): EventRecorder {
  const { clock, log } = options;
  const limits = new EventLimits();
  return {
    record(event) {
      const id = `${event.regarding.uid} ${event.reason} ${event.message}`;
      const { namespace } = event.regarding;
      const verdict = limits.judge(id, { namespace, isEnding: event.action === 'Deregister' }, clock.now());
      if (verdict === 'Full') {
        log.debug('event not written: the namespace has its share', { namespace, reason: event.reason });
      }
      if (verdict !== 'New') {
        return;
      }
      void write(event, options).then((result) => {
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

type Options = Parameters<typeof createEventRecorder>[0];

async function write(event: EventInput, options: Options): Promise<ApiResult<EventObject>> {
  const written = await options.api.create(RESOURCES.event, toEvent(event, options));
  const { regarding } = event;
  return isNamespaceGone(written) && regarding.namespace !== '' && !regarding.namespaceTerminating
    ? write({ ...event, regarding: { ...regarding, namespaceTerminating: true } }, options)
    : written;
}

const isNamespaceGone = (written: ApiResult<EventObject>): boolean =>
  !written.ok &&
  (written.status === 404 || (written.status === 403 && written.message.includes('being terminated')));

function toEvent(event: EventInput, options: Options): EventObject {
  const { clock, random, operatorNamespace, identity } = options;
  const { kind, namespace, name, uid, namespaceTerminating } = event.regarding;
  const suffix = `${clock.now().toString(16)}${Math.floor(random() * 2 ** 32).toString(16)}`;
  const home = namespaceTerminating ? operatorNamespace : namespace || NAMESPACE_OF_CLUSTER_EVENTS;
  return {
    metadata: {
      name: `${validName(name.slice(0, 200))}.${suffix}`,
      namespace: home,
    },
    eventTime: microTime(clock.now()),
    reportingController: 'oauth-registrar.dev/operator',
    reportingInstance: identity.slice(0, 128),
    action: event.action,
    reason: event.reason,
    note: cutToBytes(visible(event.message), MAX_NOTE_BYTES),
    type: EVENTS[event.reason].type,
    regarding: { apiVersion: API_VERSION, kind, name, uid, ...(namespace === '' ? {} : { namespace }) },
  };
}
