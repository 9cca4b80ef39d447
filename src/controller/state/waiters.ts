import { namespaceOf } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { Caller, Waiting } from '../../core/scope.ts';
import type { ServerKey } from '../../core/server-key.ts';

/** A client that said so within this time still waits: clients that may call requeue themselves. */
const FRESH_MS = 15_000;

/**
 * Which clients wait for which server. Clients that would call at once if permitted are *ready*; the others wait for
 * something else, too, and are woken only when all are. Namespaces take turns.
 */
export class Waiters {
  /** Server → namespace → its waiting clients. Maps keep the order of insertion: the first namespace is the next. */
  readonly #lines = new Map<ServerKey, Map<string, Line>>();
  /** Client → servers. */
  readonly #servers = new Map<ClientKey, Set<ServerKey>>();

  /** Sets the servers for which the client waits. The value: whether it is ready. */
  waits(client: ClientKey, servers: ReadonlyMap<ServerKey, boolean>, now: number): void {
    for (const server of this.#servers.get(client) ?? []) {
      if (!servers.has(server)) {
        this.#remove(server, client);
      }
    }
    for (const [server, isReady] of servers) {
      const lines = this.#lines.get(server) ?? new Map<string, Line>();
      const line = lines.get(namespaceOf(client)) ?? new Line();
      line.add(client, isReady, now);
      this.#lines.set(server, lines.set(namespaceOf(client), line));
      this.#servers.set(client, (this.#servers.get(client) ?? new Set()).add(server));
    }
  }

  isWaitedFor(server: ServerKey): boolean {
    return this.#lines.has(server);
  }

  /** Other clients that wait and are ready. */
  beside(server: ServerKey, { namespace, client }: Caller, now: number): Waiting {
    const lines = this.#lines.get(server) ?? new Map<string, Line>();
    for (const [other, line] of lines) {
      if (other !== namespace && line.isFresh(now)) {
        return { otherNamespaces: true, otherClients: true };
      }
    }
    return { otherNamespaces: false, otherClients: lines.get(namespace)?.isFresh(now, client) ?? false };
  }

  takeAll(server: ServerKey): readonly ClientKey[] {
    return this.#take(server, (line) => line.all);
  }

  takeReady(server: ServerKey): readonly ClientKey[] {
    return this.#take(server, (line) => line.ready);
  }

  /** The next in turn: of another namespace than this one's if there is any, and this one itself last. */
  takeOne(server: ServerKey, last: Caller | undefined): ClientKey | undefined {
    const lines = [...(this.#lines.get(server) ?? [])];
    const inTurn = lines.toSorted(
      ([a], [b]) => Number(a === last?.namespace) - Number(b === last?.namespace),
    );
    const firstOf = (those: (line: Line) => Iterable<ClientKey>) => {
      const found = inTurn.flatMap(([, line]) => nextOf(those(line), last?.client) ?? []);
      return found.find((client) => client !== last?.client) ?? found[0];
    };
    const next = firstOf((line) => line.ready) ?? firstOf((line) => line.others);
    if (next !== undefined) {
      this.#remove(server, next);
      this.#toTheEnd(server, namespaceOf(next));
    }
    return next;
  }

  /** Clients of one namespace that wait for any server. */
  takeNamespace(namespace: string): readonly ClientKey[] {
    return [...this.#lines].flatMap(([server, lines]) => {
      const clients = [...(lines.get(namespace)?.all ?? [])];
      for (const client of clients) {
        this.#remove(server, client);
      }
      return clients;
    });
  }

  #take(server: ServerKey, those: (line: Line) => Iterable<ClientKey>): readonly ClientKey[] {
    const taken = [...(this.#lines.get(server)?.values() ?? [])].flatMap((line) => [...those(line)]);
    for (const client of taken) {
      this.#remove(server, client);
    }
    return taken;
  }

  #toTheEnd(server: ServerKey, namespace: string): void {
    const lines = this.#lines.get(server);
    const line = lines?.get(namespace);
    if (lines !== undefined && line !== undefined) {
      lines.delete(namespace);
      lines.set(namespace, line);
    }
  }

  #remove(server: ServerKey, client: ClientKey): void {
    const lines = this.#lines.get(server);
    const line = lines?.get(namespaceOf(client));
    line?.delete(client);
    if (line?.isEmpty) {
      lines?.delete(namespaceOf(client));
    }
    if (lines?.size === 0) {
      this.#lines.delete(server);
    }
    const servers = this.#servers.get(client);
    servers?.delete(server);
    if (servers?.size === 0) {
      this.#servers.delete(client);
    }
  }
}

/** The first other one, or this one if it is alone. */
function nextOf(clients: Iterable<ClientKey>, last: ClientKey | undefined): ClientKey | undefined {
  let found: ClientKey | undefined;
  for (const client of clients) {
    if (client !== last) {
      return client;
    }
    found = client;
  }
  return found;
}

/** Clients of one namespace that wait for one server, in the order of arrival. */
class Line {
  readonly #ready = new Set<ClientKey>();
  readonly #others = new Set<ClientKey>();
  /** The last two that became ready, the latest first. */
  #latest: readonly { readonly client: ClientKey; readonly at: number }[] = [];

  get isEmpty(): boolean {
    return this.#ready.size === 0 && this.#others.size === 0;
  }

  get ready(): Iterable<ClientKey> {
    return this.#ready;
  }

  get others(): Iterable<ClientKey> {
    return this.#others;
  }

  get all(): Iterable<ClientKey> {
    return [...this.#ready, ...this.#others];
  }

  isFresh(now: number, except?: ClientKey): boolean {
    return this.#latest.some(
      ({ client, at }) => client !== except && now - at < FRESH_MS && this.#ready.has(client),
    );
  }

  add(client: ClientKey, isReady: boolean, now: number): void {
    const [to, from] = isReady ? [this.#ready, this.#others] : [this.#others, this.#ready];
    from.delete(client);
    to.add(client);
    if (isReady) {
      const other = this.#latest.find((one) => one.client !== client);
      this.#latest = [{ client, at: now }, ...(other === undefined ? [] : [other])];
    }
  }

  delete(client: ClientKey): void {
    this.#ready.delete(client);
    this.#others.delete(client);
  }
}
