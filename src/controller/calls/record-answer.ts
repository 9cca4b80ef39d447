import { namespaceOf, type Secret } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { clientOfRecord } from '../../core/record.ts';
import type { Context } from '../context.ts';
import type { RecordListener } from '../durable/recorder.ts';
import { toRegistrationObject } from '../state/cached-objects.ts';
import { PLACES } from '../state/refused-writes.ts';

/** One answer to record. */
export interface RecordedAnswer {
  /** `create`: the first record of a client. `update`: the existing record, changed by a later answer. */
  readonly kind: 'create' | 'update';
  readonly attempt: string;
  readonly secret: Secret;
  /** Whether the call's ledger entry is settled as soon as the answer is recorded. */
  readonly settles: boolean;
  /** The API server refused even the minimal record; `message` is its message. */
  readonly onRefused: (message: string) => void;
}

/**
 * Records an answer. `undefined`: the API server doesn't accept the Secret now. Then recording continues in the background,
 * settles the entry at its end, and wakes the client, which waits for it.
 */
export function recordAnswer(answer: RecordedAnswer, context: Context): Promise<Secret | undefined> {
  const { kind, attempt, secret, settles, onRefused } = answer;
  const client = clientOfRecord(secret);
  const told = toldOf(client, context, settles ? attempt : undefined);
  return context.recorder[kind](attempt, secret, {
    ...told,
    refused(form, message) {
      told.refused(form, message);
      if (form === 'Minimal') {
        onRefused(message);
      }
    },
  });
}

/**
 * What to do when an answer isn't recorded at once, or was read by an earlier process.
 *
 * @param client `namespace/name`
 * @param attempt the call that is over when its answer is recorded
 */
export function toldOf(client: ClientKey, context: Context, attempt: string | undefined): RecordListener {
  const { caches, ledger, refusedWrites, wake } = context;
  return {
    refused(form, message) {
      const place = form === 'Minimal' ? PLACES.records() : PLACES.record(namespaceOf(client));
      refusedWrites.refused(place, message);
    },
    recorded(written) {
      caches.registrations.learn(toRegistrationObject(written));
      if (attempt !== undefined) {
        ledger.settle(attempt);
      }
      wake(client);
    },
  };
}
