import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventoryView } from '../kit/fixtures/inventory.ts';
import { clientObject } from '../kit/fixtures/objects.ts';
import { openPage, serve, startBrowser, violationsOf } from './kit/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

const view = inventoryView(1_200);
const PAGES = [
  '',
  '?ready=False&sort=-name',
  '?text=nothing-fits',
  'servers',
  'outstanding',
  'outstanding?server=none',
];
const ONE_CLIENT = 'clients/ml-agents-0/scheduler-7';

/** First cells of the table of clients. */
const namesIn = (page: Page) => page.locator('table').last().locator('tbody th').allInnerTexts();
const caption = (page: Page) => page.locator('caption').last().innerText();

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test.each([...PAGES, ONE_CLIENT, 'no-such-page', '?page=x'])(
    'axe finds nothing wrong with /%s',
    async (path) => {
      const { page } = await openPage(browser, { colorScheme });
      await page.goto(`${await serve({ ...view, hidden: ['Your account may not list servers.'] })}${path}`);
      expect(await violationsOf(page)).toEqual([]);
    },
  );

  test('axe finds nothing wrong in a narrow window, with the table of days open', async () => {
    const { page } = await openPage(browser, { colorScheme, viewport: { width: 360, height: 700 } });
    await page.goto(await serve(view));
    await page.locator('summary').click();
    expect(await violationsOf(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
  });
});

test('axe does find what is wrong', async () => {
  const { page } = await openPage(browser);
  await page.setContent('<html><body><img src="data:,"></body></html>');
  expect(await violationsOf(page)).toContainEqual(expect.stringMatching(/^image-alt: /));
});

// Without scripts, as a reader may have it: the page has none.
describe.each([true, false])('with scripts permitted: %s', (javaScriptEnabled) => {
  test('a filter is typed and chosen, and stands in the URL', async () => {
    const { page } = await openPage(browser, { javaScriptEnabled });
    await page.goto(await serve(view));
    expect(await caption(page)).toBe('1200 clients, page 1 of 12');
    await page.getByLabel('Text').fill('redirect_uris must use https');
    await page.getByLabel('Server').selectOption({ label: 'corporate' });
    await page.getByRole('button', { name: 'Show' }).click();
    const query = new URL(page.url()).searchParams;
    expect([query.get('text'), query.get('server')]).toEqual([
      'redirect_uris must use https',
      'ClusterAuthorizationServer/corporate',
    ]);
    expect(await caption(page)).toBe('16 clients, page 1 of 1');
    expect(await page.getByLabel('Text').inputValue()).toBe('redirect_uris must use https');
    await page.getByRole('link', { name: 'Show all' }).click();
    expect(await caption(page)).toBe('1200 clients, page 1 of 12');
  });

  test('a column sorts, and then the other way round', async () => {
    const { page } = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${await serve(view)}?namespace=billing-0`);
    await page.getByRole('columnheader', { name: 'Name' }).first().getByRole('link').click();
    const up = await namesIn(page);
    expect(await page.getByRole('columnheader', { name: 'Name' }).first().getAttribute('aria-sort')).toBe(
      'ascending',
    );
    await page.getByRole('columnheader', { name: 'Name' }).first().getByRole('link').click();
    expect(await namesIn(page)).toEqual(up.toReversed());
    expect(up).toEqual(up.toSorted());
    expect(new URL(page.url()).searchParams.get('namespace')).toBe('billing-0');
  });

  test('pages follow each other without a gap', async () => {
    const { page } = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${await serve(view)}?server=corporate&size=200`);
    const seen = await namesIn(page);
    while ((await page.getByRole('link', { name: 'Next', exact: true }).count()) > 0) {
      await page.getByRole('link', { name: 'Next', exact: true }).click();
      seen.push(...(await namesIn(page)));
    }
    const fitting = view.rows
      .filter(({ server }) => server === 'ClusterAuthorizationServer/corporate')
      .map(({ namespace, name }) => `${namespace} ${name}`)
      .toSorted();
    expect(fitting.length).toBeGreaterThan(600);
    expect(seen).toEqual(fitting.map((one) => one.replace(/^.* /, '')));
  });
});

describe('by keyboard', () => {
  test('the first key leads past the navigation', async () => {
    const { page } = await openPage(browser);
    await page.goto(await serve(view));
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
  });

  test('a filter is set, a client opened and left again', async () => {
    const { page } = await openPage(browser);
    const url = await serve(view);
    await page.goto(url);
    await page.getByLabel('Text').focus();
    await page.keyboard.type('scheduler-7');
    await page.keyboard.press('Enter');
    await page.waitForURL(/text=scheduler-7/);
    await page.getByRole('link', { name: 'scheduler-7', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}${ONE_CLIENT}`);
    expect(await page.locator('h1').innerText()).toBe('ml-agents-0/scheduler-7');
    await page.getByRole('link', { name: /^Clients/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(url);
  });

  test('every control can be reached, and each shows that it has the focus', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${await serve(view)}?namespace=billing-0&size=25`);
    const controls = await page
      .locator('a, button, input:not([type=hidden]), select, summary, [tabindex="0"]:not(details *)')
      .count();
    const reached = new Set<unknown>();
    for (let step = 0; step < controls; step += 1) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate('[...document.querySelectorAll("*")].indexOf(document.activeElement)'));
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
    }
    expect(reached.size).toBe(controls);
  });
});

test('nothing is asked of another origin, on any page', async () => {
  const { page, requested, complaints } = await openPage(browser);
  const url = await serve(view);
  for (const path of [...PAGES, ONE_CLIENT]) {
    await page.goto(`${url}${path}`);
  }
  expect(requested.filter((one) => !one.startsWith(url))).toEqual([]);
  expect(requested).toContain(`${url}style.css`);
  expect(complaints).toEqual([]);
});

describe('hostile texts', () => {
  const EVIL =
    '"><script>window.evil=1;alert(1)</script><img src=x onerror="window.evil=2"><svg onload=alert(2)>';
  const hostile = clientObject(
    {
      name: 'hostile',
      labels: { 'oauth-registrar.dev/purpose': EVIL, 'oauth-registrar.dev/session': EVIL },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: EVIL, uid: 'p' }],
    },
    {},
    {
      clientId: EVIL,
      issuer: 'javascript:alert(3)',
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: EVIL,
          message: EVIL,
          lastTransitionTime: '2026-05-01T00:00:00Z',
        },
      ],
    },
  );
  const evil = inventoryView(0, { hidden: [EVIL], source: EVIL }, [hostile]);

  test.each([
    '',
    'clients/shop/hostile',
    `?text=${encodeURIComponent(EVIL)}`,
    `?owner=${encodeURIComponent(EVIL)}`,
  ])('run nothing on /%s', async (path) => {
    const { page, requested, complaints } = await openPage(browser);
    const url = await serve(evil);
    await page.goto(`${url}${path}`);
    expect(await page.locator('main').innerText()).toContain('<script>window.evil=1;alert(1)</script>');
    expect(await page.evaluate('window.evil')).toBeUndefined();
    expect(await page.locator('script, img, svg[onload]').count()).toBe(0);
    expect(requested.filter((one) => !one.startsWith(url))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('would run nothing even as markup: the policy blocks it', async () => {
    const { page, complaints } = await openPage(browser);
    await page.goto(await serve(evil));
    const blocked: (string | undefined)[] = [];
    page.on('requestfailed', (request) => blocked.push(`${request.url()} ${request.failure()?.errorText}`));
    page.on('requestfinished', (request) => blocked.push(`${request.url()} was sent`));
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(`<img src="https://evil.example.com/x" onerror="window.evil=3"><p style="color:red">`)});
      document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.evil=4' }));
      document.body.append(Object.assign(document.createElement('script'), { src: 'https://evil.example.com/s.js' }));`);
    await expect.poll(() => complaints.length).toBeGreaterThanOrEqual(4);
    expect(complaints.every((text) => text.includes('Content Security Policy'))).toBe(true);
    expect(await page.evaluate('window.evil')).toBeUndefined();
    expect(blocked.toSorted()).toEqual([
      'https://evil.example.com/s.js csp',
      'https://evil.example.com/x csp',
    ]);
  });
});

test('of 10,000 clients a page is shown', async () => {
  const { page } = await openPage(browser);
  await page.goto(`${await serve(inventoryView(10_000))}?sort=ends`);
  expect(await caption(page)).toBe('10000 clients, page 1 of 100');
  expect(await page.locator('table').last().locator('tbody tr').count()).toBe(100);
});

describe('the pictures of the docs', () => {
  test.each(['light', 'dark'] as const)('are there, and taken anew on request: %s', async (colorScheme) => {
    const path = join(import.meta.dirname, '..', '..', 'docs', `inventory-${colorScheme}.png`);
    if (process.env['UPDATE_SCREENSHOTS'] === '1') {
      const { page } = await openPage(browser, { colorScheme, viewport: { width: 1200, height: 1080 } });
      await page.goto(`${await serve(inventoryView(1_200))}?text=&sort=ready&size=25`);
      await page.screenshot({ path });
    }
    expect(existsSync(path)).toBe(true);
  });
});
