import type { Agent } from 'undici';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * One call and its parsed answer; `undefined` if that is empty. A PATCH is a JSON merge patch. Throws, with the start of
 * the body, on any answer but 2xx.
 */
export type Caller = <T>(method: Method, path: string, body?: object, accept?: string) => Promise<T>;

const SHOWN_CHARACTERS = 300;

/** Calls of one origin with a bearer token, over the kept connections of `agent`. Nothing is tried again. */
export function createCaller(agent: Agent, origin: string, token: string): Caller {
  return async <T>(method: Method, path: string, body?: object, accept = 'application/json') => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await agent.request({
      origin,
      path,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept,
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode > 299) {
      throw new Error(
        `${method} ${path} was answered ${answer.statusCode}: ${text.slice(0, SHOWN_CHARACTERS)}`,
      );
    }
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
}
