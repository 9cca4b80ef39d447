import { ANNOTATIONS } from '../api/names.ts';
import type { Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/**
 * Whether a person asked by annotation for another client, and none was registered for this request.
 *
 * @param current the record that serves the object. Without one, its status or its Secret says which request was
 *   answered last: a restored object may have lost its status, not its Secret.
 */
export function isRotationRequested(
  { object, secrets }: Pick<Observation, 'object' | 'secrets'>,
  current: Pick<RegistrationRecord, 'rotatedFor'> | undefined,
): boolean {
  const requested = object?.rotateRequestedAt;
  if (requested === undefined) {
    return false;
  }
  const shown = secrets.map(({ annotations }) => annotations[ANNOTATIONS.rotateRequestedAt]);
  const answered =
    current === undefined ? [object?.status.lastHandledRotateAt, ...shown] : [current.rotatedFor];
  return !answered.includes(requested);
}
