import { describe, expect, expectTypeOf, test } from 'vitest';
import { type EVENTS, type EventReason, isEventReason } from '../../../src/api/events.ts';
import type { Reason } from '../../../src/api/reasons.ts';
import type { EventInput } from '../../../src/controller/durable/events.ts';
import type { Failure } from '../../../src/core/failure.ts';

describe('the table of Events', () => {
  test('has every reason that an Event or a failure may have, by their types', () => {
    expectTypeOf<EventInput['reason']>().toEqualTypeOf<keyof typeof EVENTS>();
    expectTypeOf<Failure['reason']>().toEqualTypeOf<EventReason>();
    expectTypeOf<EventReason>().toExtend<Reason>();
    expectTypeOf<Reason>().not.toExtend<EventReason>();
  });

  test('distinguishes reasons of Events from those of conditions alone', () => {
    expect(isEventReason('DriftDetected')).toBe(true);
    expect(isEventReason('BoundObjectNotFound')).toBe(false);
  });
});
