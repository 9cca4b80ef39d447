import type { Calls } from '../calls/calls.ts';
import type { Context } from '../context.ts';
import type { Ledger } from '../durable/ledger.ts';
import type { Recorder } from '../durable/recorder.ts';
import type { ServerRegistry } from '../state/server-registry.ts';
import type { Slots } from '../state/slots.ts';

/**
 * The context of steps: everything except the methods that begin and end calls. A step makes a call, records its answer and
 * settles it through {@link Calls} only, so it can't forget to release something.
 */
export interface StepContext
  extends Omit<Context, 'journal' | 'lead' | 'ledger' | 'recorder' | 'servers' | 'slots'> {
  readonly calls: Calls;
  readonly ledger: Pick<
    Ledger,
    'callsOf' | 'copiedFrom' | 'entry' | 'hasNewer' | 'isInherited' | 'registrationsAt' | 'shortage'
  >;
  readonly recorder: Pick<Recorder, 'pendingOf' | 'room'>;
  readonly servers: Pick<
    ServerRegistry,
    'gate' | 'health' | 'isAdmissionRefused' | 'learn' | 'metUnsupported' | 'state' | 'view' | 'waits'
  >;
  readonly slots: Pick<Slots, 'isCrowded'>;
}
