import type { HttpOutcome, HttpRequest } from '../../../src/oauth/http-message.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { attemptOf, plain, type RegisteredClient, SHOWS_SECRET } from './authorization-server.ts';
import type { Restore } from './scheduler.ts';
import { keptMap, keptSet } from './snapshot.ts';

export const OTHER_ISSUER = 'https://other.example.net';

/** Part of every secret that this server gives. */
const MARK = 'magpie';

/** A second server, of another owner: it accepts every credential; the calls check whether one belongs to the first server. */
export class OtherServer {
  readonly clients = new Map<string, RegisteredClient>();
  /** `client_id client_secret` of all that were ever given together. */
  readonly issued = new Set<string>();
  #made = 0;

  save(): Restore {
    const made = this.#made;
    const kept = [keptMap(this.clients), keptSet(this.issued)];
    return () => {
      this.#made = made;
      for (const restore of kept) {
        restore();
      }
    };
  }

  handle(request: HttpRequest): HttpOutcome {
    const { method, url, body } = request;
    const { pathname } = new URL(url);
    if (pathname.startsWith('/.well-known/')) {
      return answer(200, { issuer: OTHER_ISSUER, registration_endpoint: `${OTHER_ISSUER}/register` });
    }
    const id = method === 'POST' ? this.#register() : pathname.slice(pathname.lastIndexOf('/') + 1);
    const client = this.clients.get(id);
    if (method !== 'POST' && client === undefined) {
      return answer(401, { error: 'invalid_token' });
    }
    if (method === 'DELETE') {
      this.clients.delete(id);
      return answer(204);
    }
    const secret = `${MARK}-secret-${id}`;
    const token = `${MARK}-token-${id}`;
    if (method !== 'GET') {
      const metadata = parseJsonObject(plain(body ?? '')) ?? {};
      this.clients.set(id, { id, attempt: client?.attempt ?? attemptOf(request), secret, token, metadata });
    }
    this.issued.add(`${id} ${secret}`);
    return answer(method === 'POST' ? 201 : 200, {
      client_id: id,
      client_secret: secret,
      client_secret_expires_at: 0,
      registration_access_token: token,
      registration_client_uri: `${OTHER_ISSUER}/register/${id}`,
    });
  }

  #register(): string {
    this.#made += 1;
    return `other-${this.#made}`;
  }
}

/** Whether a request has something that the other server gave. */
export function bringsWhatIsAnothers({ url, headers, body }: HttpRequest): boolean {
  const sent = [...Object.values(headers), body ?? ''].map(plain).join(' ');
  return isOther(url) ? SHOWS_SECRET.test(sent) : sent.includes(MARK);
}

export const isOther = (url: string): boolean => url.startsWith(OTHER_ISSUER);

const answer = (status: number, body?: object): HttpOutcome => ({
  kind: 'answered',
  status,
  headers: {},
  body: new Sensitive(body === undefined ? '' : JSON.stringify(body)),
});
