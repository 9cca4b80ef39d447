import * as z from 'zod';
import { MAX_URL_LENGTH, URL_PATTERN } from '../oauth/url.ts';

/** Building blocks of the schemas. What zod can't say goes to the CRD through `meta`. */

export interface ValidationRule {
  /** CEL. */
  readonly rule: string;
  /** A sentence that says what to write. */
  readonly message: string;
}

export const rules = (...list: readonly ValidationRule[]) => ({ 'x-kubernetes-validations': list });

/** Adds a description and keeps what `meta` already holds. */
export const described = <Schema extends z.ZodType>(schema: Schema, description: string): Schema =>
  schema.meta({ ...schema.meta(), description });

/** A URL in the one strict grammar of `oauth/url.ts`. */
export const url = (...more: readonly ValidationRule[]) =>
  z
    .string()
    .max(MAX_URL_LENGTH)
    .meta(
      rules(
        {
          rule: `self.matches(${JSON.stringify(URL_PATTERN)})`,
          message:
            'must be an absolute URL like https://sso.example.com/path, without user information or fragment',
        },
        ...more,
      ),
    );

export const text = (max: number) => z.string().min(1).max(max);

/**
 * A text of a form.
 *
 * @param pattern in the common part of RE2 (CEL) and JavaScript
 * @param message says what to write
 */
export const textMatching = (schema: z.ZodString, pattern: RegExp, message: string) =>
  schema
    .refine((text) => pattern.test(text), message)
    .meta(rules({ rule: `self.matches(${celText(pattern.source)})`, message }));

/** A text as CEL has it. */
export const celText = (text: string): string => JSON.stringify(text);

/** The name of an object in the same namespace (of the operator's, for cluster-scoped objects). */
export const objectName = () =>
  textMatching(
    text(253),
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be a name of lower-case letters, digits, - and ., like sso-credentials, that begins and ends with a letter or digit',
  );

const DATA_KEY = '[-._A-Za-z0-9]';

/** What a key of a Secret is, to be read after "must be" or "is". */
export const KEY_FORM = 'letters, digits, -, _ and ., and does not start with two dots';

/** CEL: whether the expression is a key that a Secret can have. */
export const isSecretKey = (what: string): string =>
  `(${what}.matches('^${DATA_KEY}{1,253}$') && ${what} != '.' && !${what}.startsWith('..'))`;

/** A key of a Secret. */
export const secretKey = () =>
  textMatching(
    text(253),
    new RegExp(`^([-_A-Za-z0-9]${DATA_KEY}*|[.][-_A-Za-z0-9]${DATA_KEY}*)$`),
    `must be a key of a Secret: it consists of ${KEY_FORM}`,
  );

/** The name in a reference to a Secret. */
export const secretName = () => described(objectName(), 'Name of the Secret, like `sso-iat`.');

/** A key in a reference to a Secret. */
export const secretKeyHolding = (what: string, key: string) =>
  described(secretKey(), `Key of the Secret that holds ${what}.`).default(key);

/** A duration like `30s`, `5m` or `1h30m`; `boundedDuration` gives it bounds and a sentence. */
export const duration = () =>
  z
    .string()
    .max(32)
    .refine((text) => DURATION.test(text), 'must be hours, minutes and seconds, like 1h30m');

export const DURATION = /^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$/;

/** Milliseconds of a duration that matches the schema. */
export function durationMs(duration: string): number {
  const [, hours = '0h', minutes = '0m', seconds = '0s'] = DURATION.exec(duration) ?? [];
  const number = (part: string) => Number(part.slice(0, -1));
  return ((number(hours) * 60 + number(minutes)) * 60 + number(seconds)) * 1000;
}

/** A list of distinct texts or numbers: several field managers may each own some of its items. */
export const set = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item).max(max).meta({ 'x-kubernetes-list-type': 'set' });

/** A list whose order has a meaning, or whose items are objects: one field manager writes it whole. */
export const list = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item).max(max).meta({ 'x-kubernetes-list-type': 'atomic' });

export const stringMap = (maxProperties: number, maxLength: number) =>
  z.record(z.string(), z.string().max(maxLength)).meta({ maxProperties });

/**
 * An object that is passed through as it is. Not `z.json()`: it is recursive, and a CRD has no references. A schema bounds
 * its members; what is in them is bounded by the size of the whole spec (`SHARES`).
 */
export const anyObject = () =>
  z.record(z.string(), z.unknown()).meta({ 'x-kubernetes-preserve-unknown-fields': true, maxProperties: 64 });

/** RFC 3339, in status. */
export const time = () => z.string().max(64).meta({ format: 'date-time' });

export const conditions = () =>
  z
    .array(
      z.object({
        type: described(text(64), 'What the condition is about, like `Ready`.'),
        status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'True, False or Unknown.' }),
        reason: described(text(64), 'One word for machines; the reference page lists all.'),
        message: described(z.string().max(2048), 'What is the case, and what to do, for people.'),
        lastTransitionTime: described(time(), 'When the status last changed.'),
        observedGeneration: described(z.int(), 'The generation of the spec that was judged.').optional(),
      }),
    )
    .max(16)
    .meta({
      description: 'How the object stands. Look at Ready first.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    });
