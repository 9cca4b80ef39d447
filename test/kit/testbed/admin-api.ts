/** Requests with an administrator's rights. */
export interface AdminApi {
  /** `path` from the root. Throws, with the start of the body, on any answer but 2xx, and where there is none. */
  request<T = unknown>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<AdminAnswer<T>>;
}

export interface AdminAnswer<T> {
  readonly headers: Headers;
  /** The parsed body, `undefined` where it is empty. */
  readonly json: T;
}

const SHOWN_CHARACTERS = 400;

/** An API with JSON bodies at `url`. `authorization` is asked for the header of that name before each request. */
export function adminApi(url: string, authorization?: () => Promise<string>): AdminApi {
  return {
    request: async <T>(method: string, path: string, body?: unknown) => {
      const headers = new Headers({ 'content-type': 'application/json' });
      if (authorization !== undefined) {
        headers.set('authorization', await authorization());
      }
      const sent = body === undefined ? null : JSON.stringify(body);
      const answer = await fetch(`${url}${path}`, { method, headers, body: sent });
      const text = await answer.text();
      if (!answer.ok) {
        throw new Error(
          `${method} ${path} was answered ${answer.status}: ${text.slice(0, SHOWN_CHARACTERS)}`,
        );
      }
      return { headers: answer.headers, json: (text === '' ? undefined : JSON.parse(text)) as T };
    },
  };
}
