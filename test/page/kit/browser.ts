import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { inject, onTestFinished } from 'vitest';
import { startInventoryEndpoint } from '../../../src/adapters/process/inventory-endpoint.ts';
import type { InventoryView } from '../../../src/inventory/view.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: inject('chromium'), args: FLAGS });

/** Serves a view as `kubectl oauthclient ui` does; its URL ends with a slash. */
export async function serve(view: InventoryView): Promise<string> {
  const pathToken = 'the-secret-of-the-path';
  const endpoint = await startInventoryEndpoint({
    port: 0,
    host: '127.0.0.1',
    hostNames: ['127.0.0.1'],
    pathToken,
    show: async (_, make) => make(view),
  });
  onTestFinished(endpoint.close);
  return `http://127.0.0.1:${endpoint.port}/${pathToken}/`;
}

type ContextOptions = Parameters<Browser['newContext']>[0];

export interface OpenPage {
  readonly page: Page;
  /** Every URL that the page asked for. */
  readonly requested: readonly string[];
  /** What went wrong in the page, and what its policy blocked, as the console has it. */
  readonly complaints: readonly string[];
}

/** A window of its own, closed when the test is over. */
export async function openPage(browser: Browser, options: ContextOptions = {}): Promise<OpenPage> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1280, height: 1000 },
    ...options,
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const requested: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requested.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, requested, complaints };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds wrong with the page, by rule. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate<readonly Violation[]>(
    'axe.run(document).then(({ violations }) => violations)',
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
}
