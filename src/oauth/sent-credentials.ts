import type { HttpRequest } from './http-message.ts';
import { parseJsonObject } from './json.ts';
import { Sensitive } from './sensitive.ts';

/**
 * The parts of a request that are masked in the server's words before people see them: the credential of the
 * `Authorization` header, a client's secret or assertion in a form, a client's secret, a software statement or a signed
 * body. Never the metadata.
 */
export function sentCredentials({ headers, body }: HttpRequest): readonly Sensitive[] {
  const { authorization } = headers;
  const texts = [
    ...(authorization === undefined ? [] : headerParts(revealed(authorization))),
    ...(body === undefined ? [] : bodyParts(revealed(body))),
  ];
  return texts.filter((text) => text !== '').map((text) => new Sensitive(text));
}

const revealed = (value: string | Sensitive): string => (typeof value === 'string' ? value : value.reveal());

/** For `Basic`, the password, unchanged and encoded. The user's name is no secret. */
function headerParts(header: string): readonly string[] {
  const [, scheme = '', credential = ''] = /^(\S+) (.*)$/.exec(header) ?? [];
  const decoded = scheme === 'Basic' ? Buffer.from(credential, 'base64').toString('utf8') : '';
  const password = decoded.slice(decoded.indexOf(':') + 1);
  return scheme === 'Basic' ? [credential, password, unescaped(password)] : [credential];
}

/** Decodes a password that was form-encoded first (RFC 6749 section 2.3.1). */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

const SECRET_PARAMETERS = ['client_secret', 'client_assertion'];

function bodyParts(body: string): readonly string[] {
  const document = parseJsonObject(body);
  if (document !== undefined) {
    const { software_statement: statement, client_secret: secret } = document;
    return [statement, secret].filter((value) => typeof value === 'string');
  }
  if (JWS.test(body)) {
    return [body];
  }
  const form = new URLSearchParams(body);
  return SECRET_PARAMETERS.flatMap((name) => form.getAll(name));
}

/** Compact serialization (RFC 7515 section 7.1). */
const JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;
