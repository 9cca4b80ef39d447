import type { Secret } from '../api/kubernetes.ts';
import { MOST_SECRET_BYTES } from '../formats/render-secret.ts';

/**
 * What the API server admits as names, labels, annotations and Secrets (`apimachinery/pkg/util/validation`,
 * `pkg/apis/core`).
 */

const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const LABEL = new RegExp(`^${DNS_LABEL}$`);
const SUBDOMAIN = new RegExp(`^${DNS_LABEL}(\\.${DNS_LABEL})*$`);
const NAME_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DATA_KEY = /^[-._A-Za-z0-9]{1,253}$/;

const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;
const MAX_LABEL_VALUE = 63;
/** Keys and values of all annotations of one object together, in bytes. */
const MAX_ANNOTATIONS = 262_144;

/** A DNS label (RFC 1123), the form of a namespace's name. */
export const isNamespaceName = (text: string): boolean => text.length <= MAX_LABEL && LABEL.test(text);

/** A DNS subdomain (RFC 1123), the form of a Secret's name. */
export const isSubdomain = (text: string): boolean => text.length <= MAX_SUBDOMAIN && SUBDOMAIN.test(text);

/** `name` or `prefix/name`: a key of a label. */
export function isQualifiedName(text: string): boolean {
  const [first = '', second, ...more] = text.split('/');
  return second === undefined
    ? NAME_PART.test(first)
    : more.length === 0 && isSubdomain(first) && NAME_PART.test(second);
}

export const isLabelValue = (text: string): boolean =>
  text === '' || (text.length <= MAX_LABEL_VALUE && NAME_PART.test(text));

/** A key of a Secret. */
export const isDataKey = (text: string): boolean =>
  DATA_KEY.test(text) && text !== '.' && !text.startsWith('..');

const bytesOfMap = (map: Readonly<Record<string, string>>): number =>
  Object.entries(map).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );

const decodedBytes = (base64: string): number => Math.floor((base64.replace(/=+$/, '').length * 3) / 4);

/**
 * Why the API server would not admit the Secret, by its own bounds; quotas and policies aside. `undefined`: it would.
 *
 * @param reserve bytes of values that are added later
 */
export function secretProblem({ metadata, data = {} }: Secret, reserve = 0): string | undefined {
  const { name, labels = {}, annotations = {} } = metadata;
  const label = Object.entries(labels).find(([key, value]) => !isQualifiedName(key) || !isLabelValue(value));
  const annotation = Object.keys(annotations).find((key) => !isQualifiedName(key.toLowerCase()));
  const key = Object.keys(data).find((wanted) => !isDataKey(wanted));
  const ofAnnotations = bytesOfMap(annotations);
  const ofData = Object.values(data).reduce((sum, value) => sum + decodedBytes(value), reserve);
  if (!isSubdomain(name)) {
    return `its name "${name}" is none`;
  }
  if (label !== undefined) {
    return `its label ${label[0]} is none, or has a value that labels can't have`;
  }
  if (annotation !== undefined) {
    return `its annotation ${annotation} is none`;
  }
  if (key !== undefined) {
    return `its key "${key}" is none`;
  }
  if (ofAnnotations > MAX_ANNOTATIONS) {
    return `its annotations take ${ofAnnotations} bytes, and ${MAX_ANNOTATIONS} are stored`;
  }
  return ofData > MOST_SECRET_BYTES
    ? `its values take ${ofData} bytes, and ${MOST_SECRET_BYTES} are stored`
    : undefined;
}
