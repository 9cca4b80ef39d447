import { isJsonObject, type Json } from '../oauth/json.ts';

/**
 * Takes out of objects what may be a secret, for people who send them to others. Nothing here decides by the look of a
 * value alone: a field that may hold anything loses all its values, and what was lost there is removed wherever else it
 * appears, such as in the words of a server in a condition.
 */

/** Fields of specs and status whose values a person or a server chose freely: their names stay. */
const FREE: ReadonlySet<string> = new Set([
  'additionalMetadata',
  'annotations',
  'claims',
  'claimsFromClient',
  'jwks',
  'labels',
  'localized',
  'parameters',
  'asked',
  'registered',
]);
/** Fields that are of no use to a reader of the bundle, and repeat others. */
const DROPPED: ReadonlySet<string> = new Set(['managedFields']);
/** Annotations and labels of the operator hold names, times and requests. */
const OWN = /^(oauth-registrar\.dev\/|app\.kubernetes\.io\/|kubernetes\.io\/metadata\.name$)/;
/** A shorter value is an ordinary word, and would take words out of every sentence. */
const SHORTEST = 4;

export const REDACTED = '[redacted]';

const URL_LIKE = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>\\)\]}]+/gi;
/** A JSON Web Token or another JOSE object in compact form, a PEM block, and credentials of an HTTP header. */
const CREDENTIAL_LIKE =
  /\beyJ[\w-]*\.[\w-]*(?:\.[\w-]*){0,3}|-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)|\b(?:Bearer|Basic|DPoP) [\w.~+/=-]{8,}/g;

/** Values that were taken out, so that they can be removed from texts elsewhere. */
export class Redaction {
  readonly #taken = new Set<string>();
  #pattern: RegExp | undefined;

  /** The value without what may be a secret. Call it for all objects before {@link Redaction.text}. */
  object(value: Json): Json {
    if (typeof value === 'string') {
      return this.#withoutParts(value);
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.object(item));
    }
    if (!isJsonObject(value)) {
      return value;
    }
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, member]) =>
        DROPPED.has(name) ? [] : [[name, FREE.has(name) ? this.#free(member) : this.object(member)]],
      ),
    );
  }

  /** A text of the bundle, such as a whole file, without the values that were taken out of any object. */
  text(text: string): string {
    this.#pattern ??= patternOf(this.#taken);
    return this.#withoutParts(this.#pattern === undefined ? text : text.replaceAll(this.#pattern, REDACTED));
  }

  /** All values, except those of the operator's own labels and annotations. */
  #free(value: Json): Json {
    if (Array.isArray(value)) {
      return value.map((item) => this.#free(item));
    }
    if (isJsonObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          OWN.test(name) ? this.object(member) : this.#free(member),
        ]),
      );
    }
    return typeof value === 'boolean' || value === null ? value : this.#take(String(value));
  }

  #take(text: string): string {
    if (text.length >= SHORTEST) {
      this.#taken.add(text);
      this.#pattern = undefined;
    }
    return text === '' ? '' : REDACTED;
  }

  #withoutParts(text: string): string {
    return text
      .replaceAll(CREDENTIAL_LIKE, (found) => this.#take(found))
      .replaceAll(URL_LIKE, (found) => this.#withoutUserAndQuery(found));
  }

  #withoutUserAndQuery(text: string): string {
    const url = URL.parse(text);
    if (
      url === null ||
      (url.username === '' && url.password === '' && url.search === '' && url.hash === '')
    ) {
      return text;
    }
    for (const part of [url.password, url.search.slice(1), url.hash.slice(1), ...url.searchParams.values()]) {
      this.#take(part);
      this.#take(decoded(part));
    }
    const user = url.username === '' && url.password === '' ? '' : `${REDACTED}@`;
    const query = url.search === '' ? '' : `?${REDACTED}`;
    const fragment = url.hash === '' ? '' : `#${REDACTED}`;
    return `${url.protocol}//${user}${url.host}${url.pathname}${query}${fragment}`;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As other texts may hold it: in JSON, in a URL, and as the data of a Secret. */
function formsOfTaken(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const encoded = [
    encodeURIComponent(text.toWellFormed()),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ];
  return [text, JSON.stringify(text).slice(1, -1), ...encoded];
}

/** The longest first: a value may be a part of another one. */
function patternOf(taken: ReadonlySet<string>): RegExp | undefined {
  const forms = new Set([...taken].flatMap(formsOfTaken));
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  return longestFirst.length === 0
    ? undefined
    : new RegExp(longestFirst.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'g');
}
