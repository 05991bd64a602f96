// One Chromium and what every scenario watches: nothing may violate the content security policy,
// throw, or fail to load.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export const stack = {
  url: process.env.STACK_URL,
  aws: process.env.STACK_AWS_ORIGIN,
  password: (name) => JSON.parse(process.env.STACK_PASSWORDS)[name],
  screenshots: process.env.STACK_SCREENSHOTS,
};

export async function withBrowser(flags, work) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium', args: [...FLAGS, ...flags], chromiumSandbox: false,
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

// A person at a browser. `expectStatus`: answers of 4xx and 5xx that the scenario means to see.
export async function newPerson(browser, { expectStatus = [], ...options } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(60_000);
  const complaints = [];
  context.on('page', (page) => {
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' && !/Content.Security.Policy/.test(message.text())) return;
      if (/status of/.test(message.text()) &&
          expectStatus.some((status) => message.text().includes(`status of ${status}`))) return;
      complaints.push(`${page.url()}: ${message.text()}`);
    });
  });
  return {
    context,
    newPage: () => context.newPage(),
    async done() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

export async function logIn(page, name, at = '/login') {
  await page.goto(stack.url + at);
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(stack.password(name));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export function roleButton(page, role, account) {
  return page.getByRole('button', { name: new RegExp(`^${role} in .*${account}`) });
}

export async function assertLanded(page, expected) {
  await page.locator('#landed').waitFor();
  for (const [id, text] of Object.entries(expected)) {
    assert.equal(await page.locator(`#${id}`).innerText(), text);
  }
}
