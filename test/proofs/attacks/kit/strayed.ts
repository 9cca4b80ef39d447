import type { StubServer } from '../../../kit/stub-server.ts';

/** Requests that show a credential of another server, one line each. */
export function strayed(receiver: StubServer, giver: StubServer): readonly string[] {
  return receiver.requests
    .map(({ method, path, headers, body }) => `${method} ${path} ${JSON.stringify({ headers, body })}`)
    .filter((text) => [...giver.secrets].some((secret) => text.includes(secret)));
}
