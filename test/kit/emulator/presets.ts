import type { Behaviour, Departures } from './behaviour.ts';
import { type Capabilities, capabilitiesOf } from './capabilities.ts';
import { withDepartures } from './departures.ts';
import { ENGINES, IBM } from './presets/engines.ts';
import { OPENAM, PING } from './presets/ping.ts';
import { PLATFORMS } from './presets/platforms.ts';
import type { Preset } from './presets/preset.ts';
import { PRODUCTS } from './presets/products.ts';
import { rfc7591 } from './presets/rfc7591.ts';
import { RUNNABLE } from './presets/runnable.ts';

/** The systems that have a dialect, by its name. */
export const PRESETS = {
  rfc7591: { departures: {} },
  ...RUNNABLE,
  ...PING,
  ...PRODUCTS,
  ...ENGINES,
  ...PLATFORMS,
} as const satisfies Readonly<Record<string, Preset>>;

/** Further systems, met in the wild for one habit each. */
export const OTHER_PRESETS = { ...OPENAM, ...IBM } as const satisfies Readonly<Record<string, Preset>>;

export type DialectName = keyof typeof PRESETS;
export type PresetName = DialectName | keyof typeof OTHER_PRESETS;

const ALL: Readonly<Record<PresetName, Preset>> = { ...PRESETS, ...OTHER_PRESETS };

/** Names of `PRESETS`, in order. */
export const DIALECT_NAMES = Object.keys(PRESETS) as DialectName[];

/** @param variant one of `variantsOf(name)` */
export function behaviourOf(name: PresetName, variant?: string): Behaviour {
  const { departures } = ALL[name];
  return withDepartures(
    withDepartures(rfc7591, departures),
    variant === undefined ? {} : variantOf(name, variant),
  );
}

/** Names of the other settings that administrators of this system can choose. */
export const variantsOf = (name: PresetName): readonly string[] => Object.keys(ALL[name].variants ?? {});

/** What a variant changes, to be given to `startEmulator` beside the name. Throws for a variant that isn't there. */
export function variantOf(name: PresetName, variant: string): Departures {
  const departures = ALL[name].variants?.[variant];
  if (departures === undefined) {
    throw new Error(`${name} has no variant ${variant}, only ${variantsOf(name).join(', ')}`);
  }
  return departures;
}

/** What each system can do and asks for, in its preset's setting. */
export const CAPABILITIES: Readonly<Record<DialectName, Capabilities>> = Object.fromEntries(
  DIALECT_NAMES.map((name) => [name, capabilitiesOf(behaviourOf(name))]),
) as Readonly<Record<DialectName, Capabilities>>;
