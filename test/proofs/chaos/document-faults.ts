import type { DocumentsProcess } from '../../kit/testbed/documents.ts';
import type { Faults } from './soak-faults.ts';
import { type Chance, drawnOf } from './soak-random.ts';

/** How often which fault occurs before the public URL of documents, as a share of the calls. */
const CALLS = {
  'cut before the call': 0.04,
  unavailable: 0.04,
  'another body': 0.02,
  redirect: 0.02,
} as const;

/** What leads to the documents fails at random while faults are active. */
export function failDocuments({ intercept }: DocumentsProcess, faults: Faults, chance: Chance): void {
  intercept((_request, response) => {
    const fault = faults.active ? drawnOf(CALLS, chance) : undefined;
    if (fault === undefined) {
      return false;
    }
    faults.count('documents', fault);
    switch (fault) {
      case 'cut before the call':
        response.destroy();
        break;
      case 'unavailable':
        response.writeHead(503).end();
        break;
      case 'another body':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        break;
      case 'redirect':
        response.writeHead(302, { location: '/elsewhere' }).end();
        break;
    }
    return true;
  });
}
