import { namespaceOf, type Secret } from '../../../api/kubernetes.ts';
import type { Observation } from '../../../core/observation.ts';
import type { Circumstances } from '../../../core/recorded.ts';
import { presentable } from '../../../oauth/error-response.ts';
import type { Context } from '../../context.ts';
import type { Told } from '../../durable/recorder.ts';
import { toRegistrationObject } from '../../state/cached-objects.ts';
import { PLACES } from '../../state/refused-writes.ts';
import { warn } from './report.ts';

/**
 * Records an answer. `undefined`: the API server doesn't take the Secret at this time; recording goes on by itself, the
 * call stays under way in the ledger, and the client waits for it.
 *
 * @param settles whether the call is over when its answer is recorded; default true
 */
export function recordAnswer(
  kind: 'create' | 'update',
  attempt: string,
  secret: Secret,
  o: Observation,
  context: Context,
  { settles = true }: { readonly settles?: boolean } = {},
): Promise<Secret | undefined> {
  const told = toldOf(`${o.namespace}/${o.name}`, context, settles ? attempt : undefined);
  return context.recorder[kind](attempt, secret, {
    ...told,
    refused(form, message) {
      told.refused(form, message);
      if (form === 'Minimal') {
        const { name, namespace } = secret.metadata;
        const what = `Registration Secret ${namespace}/${name} was refused by the API server: ${presentable(message, [])}`;
        warn('RecordWriteRefused', 'Record', what, o, context);
      }
    },
  });
}

/**
 * What follows where an answer isn't recorded at once, or was read by an earlier process.
 *
 * @param attempt the call that is over when its answer is recorded
 */
export function toldOf(client: string, context: Context, attempt: string | undefined): Told {
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

/** What an answer that arrives now doesn't say itself. */
export const circumstancesOf = (
  { namespaceUid }: Observation,
  { clock, settings }: Context,
): Circumstances => ({
  namespaceUid,
  installation: settings.installation.id,
  now: clock.now(),
});
