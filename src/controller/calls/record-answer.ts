import { namespaceOf, type Secret } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { clientOfRecord } from '../../core/record.ts';
import type { Context } from '../context.ts';
import type { RecordListener } from '../durable/recorder.ts';
import { toRegistrationObject } from '../state/cached-objects.ts';
import { PLACES } from '../state/refused-writes.ts';

/** One answer that is to be recorded. */
export interface RecordedAnswer {
  /** `create`: the first record of a client. `update`: what a later answer makes of the record that is there. */
  readonly kind: 'create' | 'update';
  readonly attempt: string;
  readonly secret: Secret;
  /** Whether the call's ledger entry may go as soon as the answer is recorded. */
  readonly settles: boolean;
  /** The API server refused even the minimal record; `message` is what it says. */
  readonly onRefused: (message: string) => void;
}

/**
 * Records an answer. `undefined`: the API server doesn't take the Secret at this time. Then recording goes on by itself,
 * settles the entry when it is done, and wakes the client, which waits for it.
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
 * What follows where an answer isn't recorded at once, or was read by an earlier process.
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
