import type { Failure } from '../../core/failure.ts';
import type { Gate } from '../../core/observation.ts';
import type { Problem } from '../../core/problem.ts';
import type { ServerRef } from '../../core/record.ts';
import type { HealthCall, ServerHealth } from '../../core/server-health.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { tellOnly } from '../../core/tell.ts';
import { clientViewerOf } from '../../core/viewers.ts';
import type { Clock, Log } from '../ports.ts';

/** What is told of a server to those who read its clients, and what beside that to those who look after it. */

const TOLD_AGAIN_MS = 60_000;

/** What clients' objects don't say of calls that fail: in the log, and with the server object. */
export class ServerTelling {
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'warn'>;
  /** When a refused call was last told with the server object, in milliseconds since the epoch. */
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

  /** Whether the status of the server object is to be written for it: seldom enough that no client makes many writes. */
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

/** Whose state it is. */
export const naming = ({ kind, name }: ServerRef, gate: Gate): Gate =>
  gate.open ? gate : { ...gate, message: `${kind} ${name}: ${gate.message}` };

/** Tenants read which server and which reason; what it says of credentials and addresses is for those who may see them. */
export function forClients({ kind, name }: ServerRef, { reason, message }: Problem): Problem {
  const told = tellOnly(
    'Credential',
    `${kind} ${name}: ${message}`,
    `${kind} ${name} is not ready (${reason}); its status says more to the platform team.`,
  );
  return { reason, message: told(clientViewerOf(kind)) };
}
