import type { Failure } from '../../core/failure.ts';
import type { Gate } from '../../core/observation.ts';
import type { Problem } from '../../core/problem.ts';
import type { ServerRef } from '../../core/record.ts';
import type { HealthCall, ServerHealth } from '../../core/server-health.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { tellOnly } from '../../core/tell.ts';
import { clientViewerOf } from '../../core/viewers.ts';
import type { Clock, Log } from '../ports.ts';

/** What the readers of clients may see about a server, and what only the platform team may see. */

const TOLD_AGAIN_MS = 60_000;

/** Reports details of failed calls that the clients' objects don't show: in the log, and in the server's status. */
export class ServerTelling {
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'warn'>;
  /** When a failed call was last reported in the server's status, in milliseconds since the epoch. */
  readonly #toldAt = new Map<string, number>();

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Pick<Log, 'warn'> }) {
    this.#clock = clock;
    this.#log = log;
  }

  log(server: ServerKey, { kind: action, client }: HealthCall, failure: Failure | undefined): void {
    if (failure?.detail !== undefined) {
      const { reason, detail } = failure;
      this.#log.warn('a call failed', { server, client, action, reason, detail });
    }
  }

  crowded(server: ServerKey): void {
    this.#log.warn('the interval between registrations was not kept, because of another server object', {
      server,
    });
  }

  /** Whether to write the server's status for this failure. Rate-limited, so that no client causes many writes. */
  isDue(server: ServerKey, before: ServerHealth, after: ServerHealth): boolean {
    const now = this.#clock.now();
    const isNew = after.lastError !== undefined && after.lastError !== before.lastError;
    if (!isNew || now < (this.#toldAt.get(server) ?? Number.NEGATIVE_INFINITY) + TOLD_AGAIN_MS) {
      return false;
    }
    this.#toldAt.set(server, now);
    return true;
  }

  forget(server: ServerKey): void {
    this.#toldAt.delete(server);
  }
}

/** Adds the server's name to the message. */
export const naming = ({ kind, name }: ServerRef, gate: Gate): Gate =>
  gate.open ? gate : { ...gate, message: `${kind} ${name}: ${gate.message}` };

/** Tenants see server and reason; details about credentials and addresses are for the platform team only. */
export function forClients({ kind, name }: ServerRef, { reason, message }: Problem): Problem {
  const told = tellOnly(
    'Credential',
    `${kind} ${name}: ${message}`,
    `${kind} ${name} is not ready (${reason}); its status says more to the platform team.`,
  );
  return { reason, message: told(clientViewerOf(kind)) };
}
