import { describe, expect, it } from 'vitest';
import { printedTable } from './printed-table.ts';

const HEADER = 'NAME         READY   CLIENT ID            AGE';

describe('A printed table', () => {
  it('is the same for other ages, identifiers and widths', () => {
    const page = `${HEADER}\nstorefront   True    gOnPPGjSNSXcxNo339   2s`;
    const printed = 'NAME   READY   CLIENT ID   AGE\nstorefront   True   x8yz-1_abc   1m10s\n';
    expect(printedTable(printed)).toEqual(printedTable(page));
    expect(printedTable(page)).toEqual([
      ['NAME', 'READY', 'CLIENT ID', 'AGE'],
      ['storefront', 'True', '*', '*'],
    ]);
  });

  it('differs by any other cell, by a value without the form, and by a row', () => {
    const page = printedTable(`${HEADER}\nstorefront   True   gOnPPGjSNSXcxNo339   2s`);
    expect(printedTable(`${HEADER}\nstorefront   False   gOnPPGjSNSXcxNo339   2s`)).not.toEqual(page);
    expect(printedTable(`${HEADER}\nstorefront   True   gOnPPGjSNSXcxNo339   <invalid>`)).not.toEqual(page);
    expect(printedTable(HEADER)).not.toEqual(page);
  });
});
