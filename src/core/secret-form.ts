import type { OAuthClientSpec } from '../api/oauth-client.ts';
import { FORMATS, formatNamed } from '../formats/formats.ts';
import { nameOfValue } from '../formats/named-values.ts';
import { PUBLISHED_NAMES, VALUE_NAMES } from '../formats/published-client.ts';
import { templateProblem } from '../formats/template.ts';
import { presentable } from '../oauth/error-response.ts';
import { cut } from '../oauth/text.ts';
import { isDataKey } from './object-grammar.ts';

/** What of `spec.secret` gives its Secret a form, judged without the values of the client. */

type SecretSpec = OAuthClientSpec['secret'];

const shown = (text: string): string => presentable(cut(text, 100), []);

/** The problems, as sentences without a full stop. */
export const secretFormProblems = (secret: SecretSpec): readonly string[] =>
  [sharedName(secret), unfitName(secret), ...templateProblems(secret)].filter(
    (problem) => problem !== undefined,
  );

function sharedName(secret: SecretSpec): string | undefined {
  const names = namesIn(secret);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined
    ? undefined
    : `secret.keys gives the name "${shown(twice)}" to two values; choose another for one`;
}

function unfitName(secret: SecretSpec): string | undefined {
  const { name: format, isName = () => true } = formatNamed(secret.format, FORMATS);
  const unfit = namesIn(secret).find((name) => !isName(name));
  return unfit === undefined
    ? undefined
    : `secret.keys has "${shown(unfit)}", which can't be a name in the format ${format}: use letters, digits and _`;
}

/** The name of each value that the Secret can have, those that are left out aside. */
function namesIn({ keys = {}, include = [], format }: SecretSpec): readonly string[] {
  const wireNames = new Set([...PUBLISHED_NAMES, ...include, ...Object.keys(keys)]);
  const shape = formatNamed(format, FORMATS);
  return [...wireNames].map((wireName) => nameOfValue(wireName, keys, shape)).filter((name) => name !== '');
}

function templateProblems({ template, include = [] }: SecretSpec): readonly string[] {
  const names = [...VALUE_NAMES, ...include];
  return Object.entries(template?.data ?? {})
    .flatMap(([key, text]) => {
      const problem = isDataKey(key) ? templateProblem(text, names) : "can't be the key of a Secret";
      return problem === undefined ? [] : [`secret.template.data: "${shown(key)}" ${problem}`];
    })
    .slice(0, 3);
}
