import { presentable } from '../../oauth/error-response.ts';
import { cut } from '../../oauth/text.ts';
import type { Action } from '../action.ts';
import type { UnusableSpec, Usable } from '../narrowed.ts';
import { stall, wait } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about the object itself, before its registration. */

export const specInvalid: Rule<UnusableSpec, Action> = {
  finding: 'SpecInvalid',
  found: 'The spec can not be used as it is.',
  follows: 'Nothing is sent, and a person has to act.',
  decide: ({ problem, reason }) => stall(reason ?? 'InvalidSpec', problem),
};

export const reservedMetadataRequested: Rule<Usable> = {
  finding: 'ReservedMetadataRequested',
  found: 'spec.secret asks for a label or an annotation that the platform team reserves.',
  follows: 'Nothing is sent, and a person has to act.',
  decide: ({ spec, reservedSecretMetadata }) => {
    const { labels = {}, annotations = {} } = spec.secret;
    const isReserved = (name: string): boolean =>
      reservedSecretMetadata.some((entry) => (entry.endsWith('/') ? name.startsWith(entry) : name === entry));
    const reserved = [...Object.keys(labels), ...Object.keys(annotations)].find(isReserved);
    return reserved === undefined
      ? undefined
      : stall(
          'InvalidSpec',
          `spec.secret asks for ${presentable(cut(reserved, 200), [])}, which has a meaning to another controller and is reserved by the platform team; remove it.`,
        );
  },
};

/** A suspended client is only ended: the rules about deletion come before. */
export const objectSuspended: Rule<Usable> = {
  finding: 'ObjectSuspended',
  found: 'spec.suspend is set.',
  follows: 'Nothing is sent or written until it is unset.',
  decide: ({ spec }) =>
    spec.suspend === true
      ? wait('Suspended', 'Nothing is sent or written for this client until spec.suspend is unset.')
      : undefined,
};

export const finalizerMissing: Rule<Usable> = {
  finding: 'FinalizerMissing',
  found: 'The object lacks the finalizer.',
  follows: 'It gets the finalizer, before anything is registered.',
  decide: ({ object }) =>
    object.hasFinalizer
      ? undefined
      : {
          type: 'AddFinalizer',
          message: 'The object lacks the finalizer that holds it until its client is deregistered.',
          object,
        },
};
