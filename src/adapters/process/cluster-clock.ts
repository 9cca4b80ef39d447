import { rfc3339 } from '../../api/time.ts';
import type { Clock, Log } from '../../controller/ports.ts';

/** What this machine's clocks say. */
export type MachineClock = Omit<Clock, 'earliest'>;

export interface ClusterClock extends Clock {
  /**
   * The API server answered a call.
   *
   * @param date the header `Date` of the answer (RFC 9110 section 6.6.1)
   * @param askedAt when the call was sent, by the monotonic clock
   */
  readonly heard: (date: string | undefined, askedAt: number) => void;
}

/** How far the time may differ before it is corrected: API servers of one cluster differ by about a second. */
const TOLERANCE_MS = 5_000;

/** A difference that is logged. */
const NOTABLE_MS = 60_000;

/** The header has whole seconds. */
const SECOND_MS = 1_000;

/**
 * The time of the API server. Between its answers the monotonic clock of this machine counts on, so a wall clock of this
 * machine that is wrong, or that is put right, changes nothing. Before the first answer it is this machine's time.
 *
 * Objects of the cluster are created, and end, by the API server's time. A machine may be wrong by days after its boot.
 */
export function createClusterClock(machine: MachineClock, log: Pick<Log, 'warn'>): ClusterClock {
  /** The present time is this plus the monotonic clock. */
  let offset = machine.now() - machine.monotonic();
  let told = 0;
  const now = () => Math.floor(offset + machine.monotonic());
  const tell = () => {
    const aheadMs = machine.now() - now();
    if (Math.abs(aheadMs - told) < NOTABLE_MS) {
      return;
    }
    told = aheadMs;
    log.warn("the clock of this machine differs from the API server's, which counts", {
      machine: rfc3339(machine.now()),
      apiServer: rfc3339(now()),
    });
  };
  return {
    now,
    earliest: () => Math.min(now(), machine.now()),
    monotonic: machine.monotonic,
    sleep: machine.sleep,
    heard(date, askedAt) {
      const said = Date.parse(date ?? '');
      if (Number.isNaN(said)) {
        return;
      }
      // The answer was made at some time since the call was sent.
      const least = said - machine.monotonic();
      const most = said + SECOND_MS - askedAt;
      if (offset < least - TOLERANCE_MS || offset > most + TOLERANCE_MS) {
        offset = Math.min(Math.max(offset, least), most);
      }
      tell();
    },
  };
}
