import { RESOURCES } from '../../../api/kubernetes.ts';
import { ANNOTATIONS, SHOWS_NONE } from '../../../api/names.ts';
import type { ObservedClient } from '../../../core/observation.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import type { ObservedSecret } from '../../../core/workload-secret.ts';
import { toSecretObject } from '../../state/cached-objects.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { notWritten } from './report.ts';

/** The finalizer of `kubectl delete --cascade=orphan`, until the garbage collector has taken the owner off dependents. */
const ORPHAN = 'orphan';

/**
 * The object goes and its workload Secret stays, by `--cascade=orphan`: from now on the Secret says that it shows no client,
 * since the client is removed. Otherwise a later object of this name would ask for the lost record. No write where the
 * Secret goes with the object.
 */
export async function disown(record: RegistrationRecord, input: StepInput): Promise<StepResult> {
  const { o, context } = input;
  for (const secret of o.secrets.filter(({ shows }) => shows === record.registrationSecret)) {
    if (!staysBehind(secret, o.object)) {
      continue;
    }
    const { namespace, name, uid } = secret;
    const annotations = { [ANNOTATIONS.shows]: SHOWS_NONE, [ANNOTATIONS.projection]: null };
    const patched = await context.api.patch(
      RESOURCES.secret,
      { namespace, name },
      { metadata: { uid, annotations } },
    );
    if (!patched.ok && patched.status !== 404 && patched.status !== 409) {
      return notWritten(`Secret ${name} is not changed`, patched, input);
    }
    if (patched.ok) {
      context.caches.secrets.learn(toSecretObject(patched.object));
    }
  }
  return DONE;
}

const staysBehind = ({ ownerUid }: ObservedSecret, object: ObservedClient | undefined): boolean =>
  ownerUid === undefined || (object?.finalizers?.includes(ORPHAN) ?? false);
