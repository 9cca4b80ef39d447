import { describe, expect, test } from 'vitest';
import { isRotationRequested } from '../../../src/core/rotation-request.ts';
import { object, observation, record, secret } from '../../kit/fixtures/observations.ts';

const requesting = (status = {}) => object({ rotateRequestedAt: '2', status });
const answering = secret({ annotations: { 'oauth-registrar.dev/rotate-requested-at': '2' } });

describe('another client is requested', () => {
  test.each([
    ['not by an object without the annotation', object(), [], record(), false],
    ['by an annotation that no registration answered', requesting(), [], record(), true],
    ['by another value than that of the current record', requesting(), [], record({ rotatedFor: '1' }), true],
    [
      'not by the value that the current record answers',
      requesting(),
      [],
      record({ rotatedFor: '2' }),
      false,
    ],
    [
      'by another value than that of the current record, whatever status and Secret say',
      requesting({ lastHandledRotateAt: '2' }),
      [answering],
      record({ rotatedFor: '1' }),
      true,
    ],
    [
      'without a record, by the annotation',
      requesting({ lastHandledRotateAt: '1' }),
      [secret()],
      undefined,
      true,
    ],
    [
      'not without a record, where status says that it was answered',
      requesting({ lastHandledRotateAt: '2' }),
      [],
      undefined,
      false,
    ],
    [
      'not without a record, where a Secret says that it was answered',
      requesting(),
      [answering],
      undefined,
      false,
    ],
  ])('%s', (_, given, secrets, current, requested) => {
    expect(isRotationRequested(observation({ object: given, secrets }), current)).toBe(requested);
  });
});
