import { kindText } from '../../api/bindable-kinds.ts';
import { referenceText } from '../../api/kubernetes.ts';
import { rfc3339 } from '../../api/time.ts';
import { lifetimeEnd } from '../clock-visits.ts';
import { isGoneAlready, setbackOf } from '../earlier-calls.ts';
import type { Usable } from '../narrowed.ts';
import { endClient, whyEnded } from './deregistration.ts';
import { planHeldEnding } from './documents.ts';
import { blocked, ended, stall, wait } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about `spec.lifetime`. */

export const lifetimeOver: Rule<Usable> = {
  finding: 'LifetimeOver',
  found:
    "The time that spec.lifetime.expiresAfter gives is over, by the API server's clock and by that of the operator's machine.",
  follows: 'The object is deleted; or, by onExpiry Deregister, its client and its Secret are removed.',
  decide: (o) => {
    const { object, spec } = o;
    const end = lifetimeEnd(object);
    if (end === undefined || o.earliest < end) {
      return undefined;
    }
    const message = `The lifetime that the spec gives ended at ${rfc3339(end)}.`;
    if (spec.lifetime?.onExpiry !== 'Deregister') {
      return { type: 'DeleteObject', message, object };
    }
    const record = o.current ?? o.surplus.find(({ document }) => document === undefined);
    if (record !== undefined) {
      const setback = setbackOf(o, 'Deregister', record.registrationSecret);
      if (record.document !== undefined && record.role === 'current' && !isGoneAlready(setback)) {
        const why = whyEnded('Expired', record.clientId);
        return planHeldEnding(o, record, record.document, 'Expired', why);
      }
      return (
        endClient(o, record, 'Expired') ?? (setback && wait(setback.reason, setback.message, setback.retryAt))
      );
    }
    const secret = o.secrets.find(({ ownerUid }) => ownerUid === object.uid);
    return secret === undefined
      ? ended(
          `The lifetime ended at ${rfc3339(end)}; the client and its Secret are removed. Delete the object, or raise spec.lifetime.expiresAfter, which registers a client anew.`,
        )
      : { type: 'RemoveSecret', message, secret };
  },
};

/** An object whose lifetime is bound to another object must have that object as owner before a client is registered. */
export const ownerMissing: Rule<Usable> = {
  finding: 'OwnerMissing',
  found: 'The object lacks the owner that spec.lifetime.boundTo names.',
  follows: 'It gets that owner.',
  decide: (o) => {
    const { object, spec } = o;
    const owner = spec.lifetime?.boundTo;
    if (owner === undefined) {
      return undefined;
    }
    const name = referenceText(owner);
    if (object.owners.includes(name)) {
      return undefined;
    }
    const kind = kindText(owner);
    if (o.bindableKinds?.includes(kind) === false) {
      return stall(
        'InvalidSpec',
        `spec.lifetime.boundTo names ${kind}, and this installation admits ${o.bindableKinds.join(', ')}. Name one of these, or ask the platform team to admit the kind by --bound-to-kinds.`,
      );
    }
    const message = `The object lacks the owner that spec.lifetime.boundTo names: ${owner.kind} ${owner.name}.`;
    return blocked(o, 'Bind', name) ?? { type: 'BindToOwner', message, object, owner };
  },
};
