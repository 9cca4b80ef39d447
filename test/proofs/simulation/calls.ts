import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { OAuthClientStatus } from '../../../src/api/oauth-client.ts';
import { decodeEntries } from '../../../src/controller/durable/ledger-entry.ts';
import { credentialVersion } from '../../../src/core/verification.ts';
import type { HttpOutcome, HttpRequest } from '../../../src/oauth/http-message.ts';
import type { Change } from '../../kit/fakes/cluster.ts';
import { attemptOf, documentOf, pathOf, plain, subjectIn, TOKEN_PATH } from './authorization-server.ts';
import { noClientInUseEnds } from './in-use.ts';
import { decoded, records } from './knowledge.ts';
import { bringsWhatIsAnothers, isOther } from './other-server.ts';
import type { Restore } from './scheduler.ts';
import { keptMap, keptSet } from './snapshot.ts';
import type { Process, World } from './world.ts';

/** Calls to the authorization server: what must hold when one is sent, and which answers were lost. */

interface Call {
  readonly process: Process;
  /** uid of the OAuthClient of the call. */
  readonly uid: string;
}

const isProbe = ({ url }: HttpRequest): boolean => pathOf(url) === TOKEN_PATH;

export class Calls {
  /** Called when a process sends a registration for the object with this uid. */
  readonly onRegistration: ((process: Process, uid: string) => void)[] = [];
  readonly #underWay = new Set<Call>();
  /** Attempt id → uid of the OAuthClient. */
  readonly #uids = new Map<string, string>();
  /** Client id → the last answer about it, until a process has received it completely. */
  readonly #unheard = new Map<string, HttpOutcome>();
  /** Process and credential → when the process heard that the server accepts it, and how often it asked again since. */
  readonly #accepted = new Map<string, { readonly at: number; readonly again: number }>();
  /** uid of the object → the credential that its status shows as accepted, and since when. */
  readonly #told = new Map<string, { readonly credential: string; readonly since: number }>();
  /** What people asked of any object. */
  readonly #asked = new Set<string>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  save(): Restore {
    const kept = [
      keptSet(this.#underWay),
      keptMap(this.#uids),
      keptMap(this.#unheard),
      keptMap(this.#accepted),
      keptMap(this.#told),
      keptSet(this.#asked),
    ];
    return () => {
      kept.forEach((restore) => {
        restore();
      });
    };
  }

  /**
   * Called when a process gives a call to its connection.
   *
   * @returns call it when the call is over
   */
  sent(process: Process, request: HttpRequest): () => void {
    if (!process.alive || request.method === 'GET') {
      return () => undefined;
    }
    if (isProbe(request)) {
      this.#probes(process, request);
      this.#knowsFromStatus(process, request);
      return () => undefined;
    }
    const call = {
      process,
      uid: request.method === 'POST' ? this.#registers(request, process) : this.#of(request),
    };
    for (const other of this.#underWay) {
      if (other.uid === call.uid && other.process !== process && other.process.alive) {
        this.#world.violated(`${process.name} calls for ${call.uid} while ${other.process.name} does`);
      }
    }
    this.#underWay.add(call);
    return () => this.#underWay.delete(call);
  }

  /** A status was written. */
  changed({ kind, before, after }: Change): void {
    const uid = (after ?? before)?.metadata.uid ?? '';
    const asked = after?.metadata.annotations?.[ANNOTATIONS.reconcileRequestedAt];
    if (kind === 'OAuthClient' && asked !== undefined) {
      this.#asked.add(`${uid} ${asked}`);
    }
    const { verification } = (after?.status ?? {}) as OAuthClientStatus;
    if (kind !== 'OAuthClient' || this.#told.get(uid)?.credential === verification?.credential) {
      return;
    }
    if (verification?.result === 'Verified') {
      this.#told.set(uid, { credential: verification.credential, since: this.#world.scheduler.now });
    } else {
      this.#told.delete(uid);
    }
  }

  /** What status showed as accepted when a process started, that process tries after an interval at the earliest. */
  #knowsFromStatus(process: Process, { headers }: HttpRequest): void {
    const [, basic = ''] = plain(headers['authorization'] ?? '').split(' ');
    const [id] = decoded(basic).split(':');
    const record = records(this.#world).find(({ clientId }) => clientId === id);
    const told = this.#told.get(record?.client.uid ?? '');
    const object = this.#world.cluster
      .all('OAuthClient')
      .find(({ metadata }) => metadata.uid === record?.client.uid);
    const { verifiesEveryMs = Number.POSITIVE_INFINITY } = this.#world.conditions;
    if (record === undefined || told === undefined || object === undefined) {
      return;
    }
    const isKnown = told.credential === credentialVersion(record) && told.since < process.since;
    const isAsked =
      object.metadata.annotations?.[ANNOTATIONS.reconcileRequestedAt] !==
      object.status?.['lastHandledReconcileAt'];
    if (isKnown && !isAsked && this.#world.scheduler.now < process.since + 0.9 * verifiesEveryMs) {
      this.#world.violated(
        `${process.name} asks with a credential that status showed as accepted when it started`,
      );
    }
  }

  /**
   * One process asks with one credential once in an interval, after it has heard that the server accepts it, and once more
   * for each request of a person, which it may see later.
   */
  #probes(process: Process, request: HttpRequest): void {
    const key = this.#keyOf(process, request);
    const known = this.#accepted.get(key);
    const { verifiesEveryMs = Number.POSITIVE_INFINITY } = this.#world.conditions;
    if (known === undefined || this.#world.scheduler.now >= known.at + 0.9 * verifiesEveryMs) {
      return;
    }
    this.#accepted.set(key, { ...known, again: known.again + 1 });
    if (known.again >= this.#asked.size) {
      this.#world.violated(`${process.name} asks again with a credential that the server accepted just now`);
    }
  }

  /** A process heard what the server says of a credential. What may pass, such as 503, is no answer: it is asked again. */
  verified(process: Process, request: HttpRequest, answer: HttpOutcome): void {
    if (!isProbe(request)) {
      return;
    }
    const key = this.#keyOf(process, request);
    const known = this.#accepted.get(key);
    const text = answer.kind === 'answered' ? answer.body.reveal() : '';
    if (text.includes('invalid_grant')) {
      this.#accepted.set(key, { at: this.#world.scheduler.now, again: known?.again ?? 0 });
    } else if (text.includes('invalid_client')) {
      // A refusal is asked about once more.
      this.#accepted.delete(key);
    } else if (known !== undefined) {
      this.#accepted.set(key, { ...known, again: known.again - 1 });
    }
  }

  /** What is asked with, by which process, and the records' versions. */
  #keyOf(process: Process, { headers }: HttpRequest): string {
    const versions = records(this.#world).map(({ clientId, revision }) => `${clientId} ${revision}`);
    return [process.name, plain(headers['authorization'] ?? ''), ...versions].join(' ');
  }

  /** The server handles the request. */
  handled(request: HttpRequest): HttpOutcome {
    if (bringsWhatIsAnothers(request)) {
      this.#world.violated(`${request.method} ${request.url} brought a credential that another server gave`);
    }
    const ended = request.method === 'DELETE' ? decodeURIComponent(request.url.split('/').at(-1) ?? '') : '';
    const wasThere = this.#world.clientOf(ended) !== undefined;
    this.#ruleOfOne(request);
    const answer = isOther(request.url)
      ? this.#world.other.handle(request)
      : this.#world.server.handle(request);
    if (wasThere && this.#world.clientOf(ended) === undefined) {
      noClientInUseEnds(this.#world, ended);
    }
    const id = this.#world.server.clientIdIn(answer);
    if (id !== undefined) {
      this.#unheard.set(id, answer);
    }
    return answer;
  }

  /** At some servers a software statement, and a ServiceAccount, has one client. */
  #ruleOfOne(request: HttpRequest): void {
    const { server, conditions } = this.#world;
    const isOne = conditions.statement !== undefined || conditions.credential === 'serviceAccount';
    if (request.method !== 'POST' || isProbe(request) || isOther(request.url) || !isOne) {
      return;
    }
    const uid = this.#uids.get(attemptOf(request));
    const ofObject = records(this.#world).filter(({ client }) => client.uid === uid);
    // A client that was left at a server, since its object went to another one, can't be ended before the object comes back.
    const hasMoved = ofObject.some(({ issuer }) => issuer !== ofObject[0]?.issuer);
    const own = hasMoved ? undefined : ofObject.find(({ clientId }) => server.clients.has(clientId));
    // After a defect of its own the operator counts an answer as lost, although its record is there.
    if (own !== undefined && conditions.statement !== undefined && conditions.throws.length === 0) {
      this.#world.violated(`a client is registered for the software statement of client ${own.clientId}`);
    }
    const rival = [...server.clients.values()].find(
      ({ id, metadata }) =>
        subjectIn(metadata) === subjectIn(documentOf(request)) && this.#isOfAnother(id, uid),
    );
    if (rival !== undefined && conditions.credential === 'serviceAccount') {
      this.#world.violated(`a client is registered for the ServiceAccount of client ${rival.id}`);
    }
  }

  /** Whether the client is in use by another object that lives. */
  #isOfAnother(id: string, uid: string | undefined): boolean {
    const record = records(this.#world).find(({ clientId, role }) => clientId === id && role === 'current');
    return (
      record !== undefined &&
      record.client.uid !== uid &&
      this.#world.cluster
        .all('OAuthClient')
        .some(
          ({ metadata }) => metadata.uid === record.client.uid && metadata.deletionTimestamp === undefined,
        )
    );
  }

  /** A process received this answer. */
  heard(answer: HttpOutcome): void {
    const id = this.#world.server.clientIdIn(answer);
    if (id !== undefined && this.#unheard.get(id) === answer) {
      this.#unheard.delete(id);
    }
  }

  /** Whether a process received the last answer about this client. */
  isHeard(clientId: string): boolean {
    return !this.#unheard.has(clientId);
  }

  #registers(request: HttpRequest, process: Process): string {
    const attempt = attemptOf(request);
    const entry = decodeEntries(this.#world.ledger()).find((one) => one.attempt === attempt);
    if (entry === undefined && process === this.#world.leader) {
      this.#world.violated(`attempt ${attempt} was sent without a committed entry`);
    }
    const uid = entry?.client.uid ?? attempt;
    this.#uids.set(attempt, uid);
    for (const tell of this.onRegistration) {
      tell(process, uid);
    }
    return uid;
  }

  /** The uid of the client's object; the client may be gone. */
  #of({ url }: HttpRequest): string {
    const id = url.slice(url.lastIndexOf('/') + 1);
    return this.#uids.get(this.#world.clientOf(id)?.attempt ?? '') ?? id;
  }
}
