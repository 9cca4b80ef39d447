import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/core/action.ts';
import type { Observation } from '../../src/core/observation.ts';
import { plan } from '../../src/core/plan.ts';
import { document } from './observations.ts';

/** Tables of observations and what is done about them. */

/** The part of an action that a person would name: what, about which record, why. */
export function gist(action: Action): object {
  switch (action.type) {
    case 'Rest':
      return action;
    case 'Deregister':
      return { type: action.type, record: action.home.record.secretName, because: action.because };
    case 'Release':
      return {
        type: action.type,
        record: action.record.secretName,
        role: action.role,
        reason: action.setback.reason,
      };
    case 'Update':
      return {
        type: action.type,
        record: action.at.record.secretName,
        document: action.document,
        ...(action.keys === 'Keep' ? {} : { keys: action.keys }),
      };
    case 'Register':
      return {
        type: action.type,
        document: action.document,
        server: action.ref.name,
        ...(action.replaces === undefined ? {} : { replaces: action.replaces.secretName }),
      };
    case 'BindToOwner':
      return { type: action.type, owner: action.owner.name };
    case 'Publish':
      return { type: action.type, record: action.record.secretName, secret: action.wanted.name };
    case 'TakeOver':
      return { type: action.type, record: action.record.secretName, proof: action.proof?.name };
    case 'Forget':
    case 'Retain':
      return { type: action.type, record: action.record.secretName };
    case 'NotePolicy':
      return { type: action.type, record: action.record.secretName, retain: action.retain };
    case 'RemoveSecret':
      return { type: action.type, secret: action.secret.name };
    case 'ReportOrphan':
    case 'SettleCall':
      return { type: action.type, attempt: action.call.attempt };
    default:
      return { type: action.type };
  }
}

export const waits = (reason: string, message: string, until?: number) => ({
  type: 'Rest',
  state: 'Waiting',
  reason,
  message,
  ...(until === undefined ? {} : { until }),
});
export const stalls = (reason: string, message: string) => ({
  type: 'Rest',
  state: 'Stalled',
  reason,
  message,
});
export const gone = (until?: number) => ({
  type: 'Rest',
  state: 'Gone',
  reason: 'Deleting',
  message: 'The object is gone.',
  ...(until === undefined ? {} : { until }),
});
export const ready = {
  type: 'Rest',
  state: 'Ready',
  reason: 'Registered',
  message: 'The client is registered and its Secret is up to date.',
};
export const registers = { type: 'Register', document, server: 'corporate' };
export const updates = { type: 'Update', record: 'oac-uid-1-a1', document: { client_name: 'Edited' } };
export const publishes = { type: 'Publish', record: 'oac-uid-1-a1', secret: 'storefront-oauth' };
export const deregisters = (because: string, name = 'oac-uid-1-a1') => ({
  type: 'Deregister',
  record: name,
  because,
});

export type Case = readonly [title: string, observation: Observation, action: object];

export const table = (name: string, cases: readonly Case[]) => {
  describe(name, () => {
    test.each(cases)('%s', (_, o, action) => {
      expect(gist(plan(o))).toEqual(action);
    });
  });
};
