import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, expectTypeOf, test } from 'vitest';
import type { StepContext } from '../../../../src/controller/client/step-context.ts';
import type { Context } from '../../../../src/controller/context.ts';
import { importedFiles, sourceOf } from '../../../kit/structure/source.ts';

const src = join(import.meta.dirname, '..', '..', '..', '..', 'src');
const files = globSync('controller/client/**/*.ts', { cwd: src }).toSorted();

/** What these files export begins and ends calls: steps have it by `Calls` alone. */
const CLOSED = [
  'controller/calls/record-answer.ts',
  'controller/calls/settlements.ts',
  'controller/durable/ledger.ts',
  'controller/state/server-registry.ts',
  'controller/state/slots.ts',
];
const EXCEPT = ['controller/client/step-context.ts'];

test.each(files.filter((path) => !EXCEPT.includes(path)))(
  '%s imports nothing that begins or ends calls',
  (path) => {
    const imported = importedFiles(sourceOf(path, readFileSync(join(src, path), 'utf8')));
    expect(imported.filter((file) => CLOSED.includes(file))).toEqual([]);
  },
);

test('a step has no means to begin or end calls', () => {
  expectTypeOf<
    Extract<keyof StepContext['ledger'], 'begin' | 'answered' | 'settle' | 'interrupt'>
  >().toBeNever();
  expectTypeOf<Extract<keyof StepContext['servers'], 'enter' | 'leave' | 'abandon'>>().toBeNever();
  expectTypeOf<Extract<keyof StepContext['slots'], 'withSlot'>>().toBeNever();
  expectTypeOf<Extract<keyof StepContext['recorder'], 'create' | 'update' | 'replay'>>().toBeNever();
  expectTypeOf<Extract<keyof StepContext, 'journal' | 'lead'>>().toBeNever();
});

test('these are their names, which the whole context has', () => {
  expectTypeOf<Context['ledger']>().toHaveProperty('begin');
  expectTypeOf<Context['ledger']>().toHaveProperty('answered');
  expectTypeOf<Context['ledger']>().toHaveProperty('settle');
  expectTypeOf<Context['ledger']>().toHaveProperty('interrupt');
  expectTypeOf<Context['servers']>().toHaveProperty('enter');
  expectTypeOf<Context['servers']>().toHaveProperty('leave');
  expectTypeOf<Context['servers']>().toHaveProperty('abandon');
  expectTypeOf<Context['slots']>().toHaveProperty('withSlot');
  expectTypeOf<Context['recorder']>().toHaveProperty('create');
  expectTypeOf<Context['recorder']>().toHaveProperty('update');
});
