import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** The words of an error in JSON, in the shapes that servers use. */
interface ErrorWords {
  /** A code, or a sentence in the place of one. */
  readonly error?: string;
  readonly description?: string;
}

/** Members with a code, beside `error`; in `error`, some servers have a sentence. */
const CODES = ['error_code', 'errorCode', 'errorcode', 'scimType', 'code'];

/** Members with a sentence; the first one counts. */
const SENTENCES = [
  'error_description',
  'errorDescription',
  'errorSummary',
  'error_message',
  'errorMessage',
  'message',
  'Message',
  'detail',
  'description',
  'faultstring',
  'resultMessage',
  'msg',
  'error_hint',
  'details',
  'reason',
  'title',
];

/** Members with further errors: an object, a list, or lists by the name of a field. */
const INNER = [
  'error',
  'fault',
  'errors',
  'errorCauses',
  'fieldErrors',
  'generalErrors',
  'validationErrors',
  'violations',
  'invalid-params',
  'details',
  'detail',
];

/** Deeper members are no words for people. */
const MAX_DEPTH = 5;
const MAX_SENTENCES = 4;

/**
 * Reads `error` and `error_description` (RFC 6749 section 5.2), `title` and `detail` (RFC 9457), and what is common
 * besides: `message`, `errors`, nested error objects, the shapes of Spring, ASP.NET, Okta and Auth0. Other members
 * aren't read: they may repeat the request.
 */
export function errorWords(document: JsonObject): ErrorWords {
  const word = textOf(document['error']);
  const isSentence = word !== undefined && !isCode(word);
  const error = codeOf(document, isSentence ? undefined : word) ?? word ?? codeWithin(document);
  const sentences = sentencesIn(document, MAX_DEPTH);
  if (isSentence && error !== word && sentences.length === 0) {
    sentences.push(word);
  }
  const others = [...new Set(sentences)].filter((text) => text !== error);
  const description = others.slice(0, MAX_SENTENCES).join('; ');
  return { ...(error ? { error } : {}), ...(description ? { description } : {}) };
}

/** `error_code` says more than `error`; other codes are a server's own. */
function codeOf(document: JsonObject, word: string | undefined): string | undefined {
  const code = textOf(document['error_code']);
  return code !== undefined && /^[a-z_]{1,64}$/.test(code) ? code : (word ?? codeIn(document));
}

/** Whether an answer without a client says that something failed, whatever its status. */
export function saysError(document: JsonObject): boolean {
  const { error, errors, status, statusCode, success, ok } = document;
  const isFailed = (value: Json | undefined) => typeof value === 'number' && value >= 400 && value < 600;
  return (
    isSet(error) ||
    isSet(errors) ||
    isFailed(status) ||
    isFailed(statusCode) ||
    success === false ||
    ok === false ||
    status === 'error' ||
    [...CODES.slice(0, 3), ...SENTENCES.slice(0, 5), 'fault'].some((member) => isSet(document[member]))
  );
}

const isSet = (value: Json | undefined): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== null && value !== '' && value !== false && value !== 0;

const isCode = (text: string): boolean => /^[\w.:/-]{1,64}$/.test(text);

const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

const codeIn = (object: JsonObject): string | undefined =>
  CODES.map((member) => textOf(object[member])).find((text) => text !== undefined && isCode(text));

/** The code of the first error within. */
function codeWithin(document: JsonObject): string | undefined {
  const { error, errors } = document;
  const within = [error, ...(Array.isArray(errors) ? errors : [])].filter(isJsonObject);
  return within.map(codeIn).find((code) => code !== undefined);
}

function sentencesIn(value: Json | undefined, depth: number): string[] {
  if (depth === 0 || value === undefined) {
    return [];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item: Json) => textOf(item) ?? sentencesIn(item, depth - 1));
  }
  return isJsonObject(value) ? sentencesOf(value, depth) : [];
}

function sentencesOf(object: JsonObject, depth: number): string[] {
  const sentence = SENTENCES.map((member) => textOf(object[member])).find((text) => text !== undefined);
  const { title, detail } = object;
  const isTitled = sentence !== undefined && sentence === detail && textOf(title) !== undefined;
  const own = isTitled ? [`${title}: ${detail}`] : sentence === undefined ? [] : [sentence];
  const hint = textOf(object['error_hint']);
  const inner = INNER.flatMap((member) => within(object[member], depth - 1));
  return [...own, ...(hint === undefined ? [] : [hint]), ...inner];
}

/** `{redirect_uris: ['must be https']}` is a list by the name of a field. */
function within(value: Json | undefined, depth: number): string[] {
  if (!isJsonObject(value)) {
    return Array.isArray(value) ? sentencesIn(value, depth) : [];
  }
  const named = Object.entries(value).flatMap(([name, item]) =>
    Array.isArray(item) && !INNER.includes(name)
      ? sentencesIn(item, depth).map((text) => `${name}: ${text}`)
      : [],
  );
  return [...sentencesIn(value, depth), ...named];
}
