import type { Sensitive } from './sensitive.ts';
import { fold, formsOfText, type Octets, type View, viewsOf } from './text-views.ts';

/**
 * Removes credentials from a text that somebody else wrote, in any form: unchanged, in part, percent-encoded, in base64
 * or base64url at any alignment, in hex, with HTML or JSON escapes, in another case, backwards, with spaces, control
 * characters or invisible characters between.
 *
 * Text and credentials are compared by short runs of characters. The runs of each view of the text are indexed; the
 * runs of each form of the credentials are looked up. So the time grows with the length of the credentials alone: some
 * 30 ms for one of 16 KiB, 1 ms for one of 1 KiB.
 */

/** A run of so many characters of a credential is masked. A shorter credential is masked only as a whole. */
const RUN = 8;
/** Shorter values could be ordinary words and aren't masked. */
const SHORTEST = 4;
/** No server repeats a longer value, so longer ones aren't masked. */
const LONGEST = 32 * 1024;

const MASK = '[redacted]';

/** The text without the credentials. Bounded by the caller: a few KiB. */
export function masked(text: string, credentials: readonly Sensitive[]): string {
  const forms = credentials.flatMap((credential) => formsOf(credential.reveal().slice(0, LONGEST)));
  if (forms.length === 0) {
    return text;
  }
  const views = viewsOf(text);
  const indexes = new Map<number, Index>();
  const spans = forms.flatMap((form) => {
    const index = indexes.get(form.run) ?? indexOf(views, form.run);
    indexes.set(form.run, index);
    return findAll(form, index);
  });
  return withoutSpans(text, spans);
}

interface CredentialForm {
  readonly octets: Octets;
  /** The shortest run that is masked. */
  readonly run: number;
}

/** The forms in which a credential may appear. Encodings that the views of a text undo aren't repeated here. */
function formsOf(credential: string): readonly CredentialForm[] {
  if (credential.length < SHORTEST) {
    return [];
  }
  const raw = Buffer.from(credential, 'utf8');
  const texts = [credential, [...credential].reverse().join('')];
  const plain = new Set([
    ...texts.flatMap((text) => formsOfText(text).map(({ octets }) => octets)),
    // Text next to an escape may look like part of another escape, so the usual encodings are also searched unchanged.
    ...ENCODINGS.map((encode) => formsOfText(encode(credential))[0]?.octets ?? ''),
  ]);
  const isShort = raw.length < RUN;
  const hex = raw.toString('hex');
  return [
    ...[...plain].map((octets) => ({ octets, run: RUN })),
    ...[0, 1, 2].map((offset) => ({ octets: fold(inBase64(raw, offset)), run: RUN })),
    { octets: hex, run: isShort ? hex.length : 2 * RUN },
  ].flatMap(({ octets, run }) =>
    octets.length < SHORTEST ? [] : [{ octets, run: Math.min(run, octets.length) }],
  );
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => encodeURIComponent(text.toWellFormed()),
  // As in forms (application/x-www-form-urlencoded).
  (text) => text.replaceAll(' ', '+'),
  (text) => new URLSearchParams([['', text]]).toString().slice(1),
  (text) => text.replace(/[&<>"']/g, (character) => HTML[character] ?? ''),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
];

/**
 * The part of its base64 form that doesn't depend on the text before it, where it begins at this octet of a group of
 * three.
 */
function inBase64(raw: Buffer, offset: number): string {
  const padded = Buffer.concat([Buffer.alloc(offset), raw]);
  return padded.toString('base64').slice([0, 2, 3][offset]).replace(/=+$/, '');
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface RunPlace {
  readonly view: View;
  readonly at: number;
}

/** Every run of the views, with its places. */
interface Index {
  readonly places: Map<string, RunPlace[]>;
  /** Filter by {@link slotOf}: it rules out most runs of a credential before they are cut out. */
  readonly slots: Uint8Array;
}

function indexOf(views: readonly View[], run: number): Index {
  const index: Index = { places: new Map(), slots: new Uint8Array(SLOTS) };
  for (const view of views) {
    for (let at = 0; at + run <= view.octets.length; at += 1) {
      const text = view.octets.slice(at, at + run);
      const known = index.places.get(text);
      if (known === undefined) {
        index.places.set(text, [{ view, at }]);
      } else {
        known.push({ view, at });
      }
      index.slots[slotOf(view.octets, at)] = 1;
    }
  }
  return index;
}

const SLOTS = 1 << 16;

/** Hash of the first four octets. */
function slotOf(octets: Octets, at: number): number {
  const first = (octets.charCodeAt(at) << 8) | octets.charCodeAt(at + 1);
  const second = (octets.charCodeAt(at + 2) << 8) | octets.charCodeAt(at + 3);
  return (Math.imul(first, 0x9e3b) ^ second) & (SLOTS - 1);
}

/** The places of this form's runs. A run that was found is removed from the index: once is enough. */
function findAll({ octets, run }: CredentialForm, { places, slots }: Index): readonly Span[] {
  const spans: Span[] = [];
  for (let at = 0; at + run <= octets.length; at += 1) {
    const text = slots[slotOf(octets, at)] === 1 ? octets.slice(at, at + run) : undefined;
    const found = text === undefined ? undefined : places.get(text);
    if (text !== undefined && found !== undefined) {
      spans.push(...found.map((place) => spanOf(place, run)));
      places.delete(text);
    }
  }
  return spans;
}

function spanOf({ view: { from, to }, at }: RunPlace, run: number): Span {
  return { start: Math.min(...from.slice(at, at + run)), end: Math.max(...to.slice(at, at + run)) };
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let shown = '';
  let end = 0;
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    if (shown === '' || span.start > end) {
      shown += text.slice(end, span.start) + MASK;
    }
    end = Math.max(end, span.end);
  }
  return shown + text.slice(end);
}
