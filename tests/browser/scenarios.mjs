// node scenarios.mjs NAME: one scenario, by name; browser_test.py runs them all.
import assert from 'node:assert/strict';
import path from 'node:path';
import { assertLanded, logIn, newPerson, roleButton, stack, withBrowser } from './browser.mjs';

const STAGING = '210987654321';

const scenarios = {

  async lands_with_a_chosen_role(browser) {
    const alice = await newPerson(browser);
    const page = await alice.newPage();
    await logIn(page, 'alice');
    await page.getByText('Alice Anders').waitFor();
    await roleButton(page, 'Developer', STAGING).click();
    await assertLanded(page, {
      account: STAGING, role: 'Developer', 'session-name': 'alice', duration: '14400 seconds',
    });
    assert.ok(page.url().startsWith(stack.aws));
    await alice.done();
  },

  async works_without_javascript_by_its_buttons(browser) {
    const bob = await newPerson(browser, { javaScriptEnabled: false });
    const page = await bob.newPage();
    await logIn(page, 'bob');
    await roleButton(page, 'ReadOnly', '123412341234').click();
    const button = page.getByRole('button', { name: 'Continue to Amazon Web Services' });
    assert.ok(await button.isVisible());
    await button.click();
    await assertLanded(page, { role: 'ReadOnly', 'session-name': 'bob' });
    await bob.done();
  },

  async works_by_keyboard_alone(browser) {
    const alice = await newPerson(browser);
    const page = await alice.newPage();
    await page.goto(stack.url + '/login');
    // The user name has the focus already.
    await page.keyboard.type('alice');
    await page.keyboard.press('Tab');
    await page.keyboard.type(stack.password('alice'));
    await page.keyboard.press('Enter');
    await page.getByText('Alice Anders').waitFor();
    // To the button by Tab; each stop shows that it has the focus.
    const target = roleButton(page, 'Operator', STAGING);
    for (let stops = 0; ; stops += 1) {
      assert.ok(stops < 40, 'Tab never reached the role');
      await page.keyboard.press('Tab');
      const ring = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      });
      assert.ok(ring, 'a stop of the Tab key does not show that it has the focus');
      if (await target.evaluate((element) => element === document.activeElement)) break;
    }
    await page.keyboard.press('Enter');
    await assertLanded(page, { role: 'Operator' });
    await alice.done();
  },

  async shows_each_role_with_the_group_that_gave_it(browser) {
    const alice = await newPerson(browser);
    const page = await alice.newPage();
    await logIn(page, 'alice');
    await page.getByRole('link', { name: 'What you can become, and why' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Administrator' });
    assert.match(await row.innerText(), /Production[^]*aws-production-admins/);
    assert.equal(await page.getByRole('row').count(), 6);  // five roles and the head
    await alice.done();
  },

  async says_what_is_wrong_to_everybody(browser) {
    const bob = await newPerson(browser);
    const page = await bob.newPage();
    await page.goto(stack.url + '/login');
    await page.getByLabel('User name').fill('bob');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const alert = page.getByRole('alert');
    assert.match(await alert.innerText(), /Invalid username or password\./);
    assert.equal(await page.getByLabel('Password').inputValue(), '');
    await bob.done();
  },

  async a_second_tab_ends_with_the_session(browser) {
    const alice = await newPerson(browser, { expectStatus: [403] });
    const first = await alice.newPage();
    await logIn(first, 'alice');
    await first.getByText('Alice Anders').waitFor();
    const second = await alice.newPage();
    await second.goto(stack.url + '/apps/aws');
    await second.getByText('Choose a role').waitFor();
    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.getByText('You are signed out here').waitFor();
    await roleButton(second, 'Developer', STAGING).click();
    await second.waitForLoadState();
    assert.ok(!second.url().startsWith(stack.aws), 'a role after signing out');
    assert.equal(await second.locator('input[name=SAMLResponse]').count(), 0);
    await alice.done();
  },

  async a_session_serves_two_tabs(browser) {
    const alice = await newPerson(browser);
    const pages = [await alice.newPage(), await alice.newPage()];
    await logIn(pages[0], 'alice');
    await pages[0].getByText('Alice Anders').waitFor();
    await pages[1].goto(stack.url + '/');
    await roleButton(pages[1], 'Operator', STAGING).click();
    await roleButton(pages[0], 'Developer', STAGING).click();
    await assertLanded(pages[1], { role: 'Operator' });
    await assertLanded(pages[0], { role: 'Developer' });
    await alice.done();
  },

  async the_back_button_shows_no_response(browser) {
    const bob = await newPerson(browser);
    const page = await bob.newPage();
    await logIn(page, 'bob');
    await roleButton(page, 'ReadOnly', '123412341234').click();
    await assertLanded(page, { role: 'ReadOnly' });
    // Chromium keeps nothing that is no-store, and asks before it posts a form again.
    await page.goBack().catch((error) => assert.match(String(error), /ERR_CACHE_MISS/));
    assert.equal(await page.locator('input[name=SAMLResponse]').count(), 0);
    await bob.done();
  },

  async a_page_of_ours_is_in_nobody_s_frame(browser) {
    const victim = await newPerson(browser);
    const page = await victim.newPage();
    await page.goto(stack.aws);
    const blocked = page.waitForEvent('console', (message) => /frame/i.test(message.text()));
    await page.evaluate((url) => {
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
    }, stack.url + '/login');
    await blocked;
    for (const frame of page.frames().slice(1)) {
      assert.equal(await frame.locator('#username').count().catch(() => 0), 0);
    }
    await victim.context.close();  // the blocked frame is a complaint that we wanted
  },

  async another_site_s_form_mints_nothing(browser) {
    const alice = await newPerson(browser, { expectStatus: [403] });
    const page = await alice.newPage();
    await logIn(page, 'alice');
    await page.getByText('Alice Anders').waitFor();
    const csrf = await page.locator('form[action="/apps/aws"] input[name=csrf]').inputValue();
    const evil = await alice.newPage();
    await evil.goto(stack.aws);
    await evil.evaluate(({ url, token }) => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = url + '/apps/aws';
      for (const [name, value] of [['csrf', token], ['role', 'all']]) {
        const input = document.createElement('input');
        Object.assign(input, { type: 'hidden', name, value });
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    }, { url: stack.url, token: csrf });
    await evil.waitForURL(`${stack.url}/**`);
    assert.equal(await evil.locator('input[name=SAMLResponse]').count(), 0);
    await alice.done();
  },

  // aws-saml.md 3.4 and security.md B3: a cross-site POST carries no Lax cookie, and works.
  async a_request_from_another_site_is_answered(browser) {
    const alice = await newPerson(browser);
    const page = await alice.newPage();
    await logIn(page, 'alice');
    await page.getByText('Alice Anders').waitFor();
    const request = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ` +
      `ID="_browser-test" Version="2.0" IssueInstant="${new Date().toISOString()}" ` +
      `AssertionConsumerServiceURL="${stack.aws}/saml"><saml:Issuer ` +
      `xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:amazon:webservices</saml:Issuer>` +
      `</samlp:AuthnRequest>`;
    await page.goto(stack.aws);
    await page.evaluate(({ url, value }) => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = url + '/saml/aws/sso';
      const input = document.createElement('input');
      Object.assign(input, { type: 'hidden', name: 'SAMLRequest', value });
      form.append(input);
      document.body.append(form);
      form.submit();
    }, { url: stack.url, value: Buffer.from(request).toString('base64') });
    await roleButton(page, 'Developer', STAGING).click();
    await assertLanded(page, { role: 'Developer' });
    await alice.done();
  },

  async fits_every_screen_in_light_and_dark(browser) {
    for (const colorScheme of ['light', 'dark']) {
      for (const [size, width] of [['narrow', 360], ['wide', 1280]]) {
        const alice = await newPerson(browser, {
          colorScheme, viewport: { width, height: 800 }, expectStatus: [403, 404],
        });
        const page = await alice.newPage();
        const shoot = async (name) => {
          const fits = await page.evaluate(
            () => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
          await page.screenshot({
            path: path.join(stack.screenshots, `${name}-${size}-${colorScheme}.png`),
            fullPage: true,
          });
          assert.ok(fits, `${name} scrolls sideways at ${width} pixels`);
          await assertReadable(page, `${name}, ${size}, ${colorScheme}`);
        };
        await page.goto(stack.url + '/login');
        await shoot('login');
        await logIn(page, 'alice');
        await page.getByText('Alice Anders').waitFor();
        await shoot('portal');
        await page.goto(stack.url + '/apps/aws');
        await shoot('choice');
        await page.goto(stack.url + '/why');
        await shoot('why');
        await page.goto(stack.url + '/nothing');
        await shoot('not-found');
        await page.goto(stack.url + '/');
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByText('You are signed out here').waitFor();
        await shoot('signed-out');
        await logIn(page, 'dave');
        await page.getByText('Request number:').waitFor();
        await shoot('no-role');
        await alice.done();
      }
    }
  },

  // Chromium takes AWS's real addresses for the stand-in's, and applies form-action to the redirect
  // from the sign-in page to the console (security.md B5).
  async lands_at_the_real_addresses(browser) {
    const alice = await newPerson(browser);
    const page = await alice.newPage();
    await logIn(page, 'alice');
    await page.getByText('Alice Anders').waitFor();
    await roleButton(page, 'Developer', STAGING).click();
    await assertLanded(page, { role: 'Developer' });
    assert.match(page.url(), /^https:\/\/eu-west-1\.console\.aws\.amazon\.com\//);
    await alice.done();
  },
};

// WCAG 1.4.3: text against its background at 4.5 to 1, large text at 3 to 1.
async function assertReadable(page, where) {
  const faint = await page.evaluate(() => {
    const parse = (text) => {
      const parts = text.match(/[\d.]+/g).map(Number);
      return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
    };
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const backgroundOf = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const { rgb, alpha } = parse(getComputedStyle(at).backgroundColor);
        if (alpha === 1) return rgb;
        if (alpha > 0) return null;  // translucent: not for this sum
      }
      return parse(getComputedStyle(document.documentElement).backgroundColor).alpha === 1
        ? parse(getComputedStyle(document.documentElement).backgroundColor).rgb : [255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
      if (!own || !element.checkVisibility() || element.getBoundingClientRect().width < 2) continue;
      const style = getComputedStyle(element);
      if (!/^rgba?\(/.test(style.color)) continue;
      const behind = backgroundOf(element);
      if (!behind) continue;
      const [light, dark] = [luminance(parse(style.color).rgb), luminance(behind)]
        .sort((a, b) => b - a);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < (large ? 3 : 4.5)) {
        found.push(`${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
      }
    }
    return found;
  });
  assert.deepEqual(faint, [], `${where}: text that is hard to read`);
}

const name = process.argv[2];
if (!Object.hasOwn(scenarios, name)) throw new Error(`no scenario '${name}'`);
const flags = JSON.parse(process.env.STACK_BROWSER_FLAGS ?? '[]');
await withBrowser(flags, scenarios[name]);
