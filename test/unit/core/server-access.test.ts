import { describe, expect, test } from 'vitest';
import { type AdmittedNamespaces, admits } from '../../../src/core/server-access.ts';

describe('admits', () => {
  const labels = { sso: 'true', team: 'a' };
  const expression = (
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
    key: string,
    values?: string[],
  ) => ({
    selector: { matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] },
  });

  test.each<readonly [string, AdmittedNamespaces | undefined, boolean]>([
    ['nobody where nothing is said', undefined, false],
    ['nobody where nothing is named', {}, false],
    ['nobody by an empty list', { names: [] }, false],
    ['a namespace by its name', { names: ['shop'] }, true],
    ['no other name', { names: ['shop2', 'sho'] }, false],
    ['everybody by an empty selector', { selector: {} }, true],
    ['a namespace by its label', { selector: { matchLabels: { sso: 'true' } } }, true],
    ['no other label', { selector: { matchLabels: { sso: 'true', team: 'b' } } }, false],
    ['by name, though the label says no', { names: ['shop'], selector: { matchLabels: { x: 'y' } } }, true],
    [
      'by label, though the name says no',
      { names: ['other'], selector: { matchLabels: { sso: 'true' } } },
      true,
    ],
    ['by In', expression('In', 'team', ['a', 'b']), true],
    ['not by In of others', expression('In', 'team', ['b']), false],
    ['not by In of a label that is missing', expression('In', 'x', ['a']), false],
    ['by NotIn', expression('NotIn', 'team', ['b']), true],
    ['by NotIn of a label that is missing', expression('NotIn', 'x', ['b']), true],
    ['not by NotIn', expression('NotIn', 'team', ['a']), false],
    ['by Exists', expression('Exists', 'team'), true],
    ['not by Exists', expression('Exists', 'x'), false],
    ['by DoesNotExist', expression('DoesNotExist', 'x'), true],
    ['not by DoesNotExist', expression('DoesNotExist', 'team'), false],
    [
      'only when all of a selector agrees',
      { selector: { matchLabels: { sso: 'true' }, ...expression('Exists', 'x').selector } },
      false,
    ],
  ])('%s', (_, allowed, admitted) => {
    expect(admits(allowed, 'shop', labels)).toBe(admitted);
  });
});
