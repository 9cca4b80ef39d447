import type { TestProject } from 'vitest/node';
import { ensureBinaries } from '../../../kit/testbed/binaries.ts';
import { createProgress } from '../../../kit/testbed/progress.ts';
import { AT_VARIABLE, buildSubject } from './subject.ts';

/** Bundles the operator under attack, once for all files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureBinaries(createProgress());
  const { remove, ...subject } = await buildSubject(process.env[AT_VARIABLE] || undefined);
  project.provide('attacked', subject);
  return remove;
}
