import { celText, DURATION, described, duration, durationMs, rules } from './schema.ts';

interface DurationBounds {
  readonly least: string;
  readonly most: string;
  /** As an example in the refusal, where a person may not know what is meant. */
  readonly like?: string;
}

/** Every duration in the schemas has both bounds, so that a wait which a tenant sets always ends. */
export const DURATIONS = {
  /** `connection.timeout` of a server object. */
  timeout: { least: '1s', most: '2m', like: '30s' },
  /** `identification.document.maxAge` of a server object. */
  maxAge: { least: '30s', most: '24h', like: '5m' },
  cooldown: { least: '1s', most: '24h' },
  retryFor: { least: '1m', most: '168h' },
  /** `drift.interval` of a server object. */
  interval: { least: '1m', most: '720h' },
  /** `verification.interval` of a server object. */
  verificationInterval: { least: '5m', most: '8760h', like: '24h' },
  /** Validity of statements and signed requests. */
  validity: { least: '1s', most: '24h', like: '5m' },
  /** Of what a server gives, as `dialectOverrides.lifetimes` has it. */
  lifetime: { least: '1s', most: '87600h' },
  registrationInterval: { least: '0s', most: '1h', like: '1m30s' },
  maxOverlap: { least: '0s', most: '720h' },
  /** `replacement.overlap` of an OAuthClient. */
  overlap: { least: '0s', most: '720h' },
  rotateAfter: { least: '5m', most: '87600h' },
  /** `credential.generatedKey.overlap` of an OAuthClient. */
  keyOverlap: { least: '1m', most: '720h' },
  expiresAfter: { least: '1m', most: '87600h' },
} as const satisfies Readonly<Record<string, DurationBounds>>;

export type DurationName = keyof typeof DURATIONS;

/** A duration within its bounds. */
export function boundedDuration(name: DurationName, description?: string) {
  const { least, most, like = '1h30m' }: DurationBounds = DURATIONS[name];
  const day = durationMs(most) < DAY_MS ? '' : '; a day is 24h';
  const message = `must be between ${least} and ${most}, in hours, minutes and seconds like ${like}${day}`;
  const grammar = `self != '' && self.matches(${celText(DURATION.source)})`;
  const bounds = `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`;
  const schema = duration().meta(rules({ rule: `${grammar} && ${bounds}`, message }));
  return description === undefined ? schema : described(schema, description);
}

const DAY_MS = 24 * 3_600_000;

/** Milliseconds of a duration, cut to its upper bound: objects that were stored before there was one may hold more. */
export const boundedMs = (name: DurationName, text: string): number =>
  Math.min(durationMs(text), durationMs(DURATIONS[name].most));
