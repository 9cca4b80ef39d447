import { challengeOf } from './challenge.ts';
import type { HttpAnswer } from './http-message.ts';
import { whyUnreadable } from './torn-json.ts';

/** Who gave an answer: the API of an authorization server, or a proxy, a firewall or an ingress before it. */

type Answered = Pick<HttpAnswer, 'headers' | 'body' | 'unread'>;

/**
 * What a body is. `Object`: a JSON object. `JSON`: the beginning of one, or JSON that could not be decoded. `Empty`:
 * whatever the content type, which some frameworks set always. `HTML`: markup of any kind. `Other`: any other text, also
 * a JSON list. The body decides, then the content type.
 */
type BodyForm = 'Object' | 'JSON' | 'Empty' | 'HTML' | 'Other';

export function bodyForm({ headers, body, unread }: Answered): BodyForm {
  const text = body.reveal().trim();
  const type = mediaTypeOf(headers) ?? '';
  const why = whyUnreadable(text);
  if (why !== 'NotJSON') {
    return why === 'Truncated' ? 'JSON' : 'Object';
  }
  if (text === '' && unread === undefined) {
    return 'Empty';
  }
  if (text.startsWith('<') || MARKUP.test(type)) {
    return 'HTML';
  }
  return unread !== undefined && isJsonType(type) ? 'JSON' : 'Other';
}

const MARKUP = /^text\/html$|xhtml/;

/** @param type as {@link mediaTypeOf} gives it */
export const isJsonType = (type: string): boolean => /^[a-z]+\/(?:json|[^/]+\+json)$/.test(type);

/**
 * Whether the API itself answered. An API answers a refusal with a JSON object, with nothing, or with a challenge that
 * names an error (RFC 6750 section 3). HTML, lists and other texts are what proxies, firewalls and ingresses answer in
 * its place.
 */
export function isFromApi(answer: Answered): boolean {
  const form = bodyForm(answer);
  return (
    form === 'Object' ||
    form === 'JSON' ||
    form === 'Empty' ||
    challengeOf(answer.headers['www-authenticate'])['error'] !== undefined
  );
}

/** `text/html` of `Text/HTML; charset=utf-8`. */
export const mediaTypeOf = (headers: HttpAnswer['headers']): string | undefined =>
  /^\s*([\w.+-]{1,60}\/[\w.+-]{1,60})/.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
