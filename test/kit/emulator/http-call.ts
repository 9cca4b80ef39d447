import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** TLS client certificate, PEM. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** PEM. Default: any certificate is believed. */
  readonly ca?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request over a connection of its own, redirects not followed. Rejects where there is no whole answer. */
export async function callHttp({ url, body, certificate, ca, ...rest }: HttpCall): Promise<HttpAnswer> {
  const tls = { ...certificate, ...(ca === undefined ? { rejectUnauthorized: false } : { ca }) };
  const options = { ...rest, agent: false as const };
  const request = url.startsWith('https:')
    ? requestHttps(url, { ...options, ...tls })
    : requestHttp(url, options);
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      text(response).then(
        (read) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: read }),
        reject,
      );
    });
    request.end(body);
  });
}
