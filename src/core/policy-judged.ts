import { presentable } from '../oauth/error-response.ts';
import { isJsonObject, type Json, type JsonObject } from '../oauth/json.ts';
import { cut } from '../oauth/text.ts';

/** The parts of a document that a policy judges, and how a refusal shows them. */

/** A member of the document, or a claim of its software statement: servers register both (RFC 7591 section 2.3). */
export interface Judged {
  readonly name: string;
  readonly value: Json;
  readonly isClaim: boolean;
}

export function judgedIn(document: JsonObject): readonly Judged[] {
  return Object.entries(document).flatMap(([name, value]): readonly Judged[] =>
    name === 'software_statement' && isJsonObject(value)
      ? Object.entries(value).map(([claim, claimed]) => ({ name: claim, value: claimed, isClaim: true }))
      : [{ name, value, isClaim: false }],
  );
}

/** A text within a value, and the nearest name above it. */
interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Every string of a value, in order. Works without recursion, since an issuer can nest a statement to any depth. */
export function namedTextsIn(name: string, value: Json): readonly NamedText[] {
  const texts: NamedText[] = [];
  const open: (readonly [string, Json])[] = [[name, value]];
  while (open.length > 0) {
    const [above, next] = open.pop() as readonly [string, Json];
    if (typeof next === 'string') {
      texts.push({ name: above, text: next });
    } else if (typeof next === 'object' && next !== null) {
      const isList = Array.isArray(next);
      for (const [key, part] of Object.entries(next).toReversed()) {
        open.push([isList ? above : key, part]);
      }
    }
  }
  return texts;
}

export const textsIn = (value: Json): readonly string[] => namedTextsIn('', value).map(({ text }) => text);

/** The text without control characters, cut to 200 characters. */
export const shownText = (text: string): string => cut(presentable(text, []), 200);

export const shownList = (list: readonly string[], none = 'none'): string =>
  list.length === 0 ? none : shownText(list.join(', '));

export const judgedName = ({ name, isClaim }: Judged): string =>
  shownText(isClaim ? `software_statement.${name}` : name);
