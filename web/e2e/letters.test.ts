/** Goal: a mail's link lets its reader in, once, and forgotten passwords come back; in a real browser. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const PASSWORD = "correct horse battery";
const server = new Server();
let browser: Browser;

interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function signedUp(name: string): Promise<string> {
  const email = `${name}@example.com`;
  const answer = await fetch(`${server.url}/api/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, email, password: PASSWORD }),
  });
  assert.equal(answer.status, 201);
  return email;
}

/** The link in the newest mail to somebody. */
async function linkTo(email: string): Promise<string> {
  const mails = (await (await fetch(`${server.url}/dev/mail.json`)).json()) as Mail[];
  const link = mails.find((mail) => mail.to === email)?.text.match(/https?:\S+/)?.[0];
  assert(link, `no mail to ${email}`);
  return link;
}

async function askFor(page: Page, email: string): Promise<string> {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Sign in by a link in a mail" }).click();
  // The page before has a field of the same name.
  await page.getByRole("heading", { name: "Sign in by mail" }).waitFor();
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("Look into your mail").waitFor();
  return linkTo(email);
}

const home = (page: Page) =>
  page.getByRole("heading", { name: "Home" }).waitFor({ state: "attached" });

test("the browser that asked is in by opening the link, stays in, trades and gets out", async () => {
  const email = await signedUp("ann");
  const { page, context, faults } = await openPage(browser, server);
  await page.goto(await askFor(page, email));
  await home(page);
  await page.getByText("$100,000.00").first().waitFor();
  assert.equal(new URL(page.url()).hash, "");
  assert.equal(await page.evaluate(() => document.cookie), "");
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.doesNotMatch(kept, /sy_|sl_/);
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
  const days = ((cookie?.expires ?? 0) - Date.now() / 1000) / 86_400;
  assert(days > 6.9 && days <= 7, `${days} days`);

  await page.reload();
  await home(page);
  // By the cookie also a stream is opened and an order placed.
  const placed = await page.evaluate(async () => {
    const order = { symbol: "AAPL", side: "buy", qty: "3" };
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(order);
    return (await fetch("/api/v1/orders", { method: "POST", headers, body })).status;
  });
  assert.equal(placed, 201);
  await page.goto("/positions");
  await page.getByText("AAPL").first().waitFor();
  await page.getByRole("button", { name: "You and your settings" }).click();
  const out = page.waitForResponse(/logout/);
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.equal((await out).status(), 204);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal((await page.request.get("/api/v1/me")).status(), 401);
  assert.deepEqual(faults, []);
  await context.close();
});

test("another browser is asked first, and a link that was used does not work", async () => {
  const email = await signedUp("bob");
  const asking = await openPage(browser, server);
  const link = await askFor(asking.page, email);
  await asking.context.close();
  // A program that looks through mails opens it, and uses nothing up.
  assert.equal((await fetch(link, { redirect: "manual" })).status, 303);

  const { page, context, faults } = await openPage(browser, server);
  await page.goto(link);
  await page.getByText("b…@example.com").waitFor();
  assert.equal(new URL(page.url()).hash, "");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await home(page);
  assert.deepEqual(faults, []);
  await context.close();

  const late = await openPage(browser, server);
  await late.page.goto(link);
  await late.page.getByText("This link does not work.").waitFor();
  await late.page.getByRole("link", { name: "Have a new one sent" }).click();
  await late.page.getByRole("heading", { name: "Sign in by mail" }).waitFor();
  await late.context.close();
});

test("a forgotten password is replaced, and only the new one counts", async () => {
  const email = await signedUp("cat");
  const { page, context, faults } = await openPage(browser, server);
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgot the password?" }).click();
  await page.getByRole("heading", { name: "Forgotten password" }).waitFor();
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("Look into your mail").waitFor();
  await page.goto(await linkTo(email));
  await page.getByLabel("New password", { exact: true }).fill("another horse battery");
  await page.getByRole("button", { name: "Use this password" }).click();
  await page.getByText("The password is the new one.").waitFor();
  await page.getByRole("link", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").getByText("password is wrong").waitFor();
  await page.getByLabel("Password", { exact: true }).fill("another horse battery");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await home(page);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a new address counts once its link is opened", async () => {
  const email = await signedUp("dan");
  const { page, context, faults } = await openPage(browser, server);
  await page.goto(await askFor(page, email));
  await home(page);
  await page.goto("/security");
  await page.getByRole("button", { name: "Change the address" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New e-mail address").fill("dan@example.org");
  await dialog
    .getByLabel(/password/i)
    .first()
    .fill(PASSWORD);
  await dialog.getByRole("button", { name: "Change the address" }).click();
  await page.getByText("Look into your mail").waitFor();
  await page.goto(await linkTo("dan@example.org"));
  await page.getByRole("button", { name: "Confirm the address" }).click();
  await page.getByText("dan@example.org").waitFor();
  await page.getByRole("link", { name: "Go to Stockyard" }).click();
  await home(page);
  await page.getByRole("button", { name: "You and your settings" }).click();
  await page.getByText("dan@example.org").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("whoever is a user or not, the page says the same", async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto("/by-mail");
  await page.getByLabel("E-mail").fill("nobody@example.com");
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("If there is a user with the address nobody@example.com").waitFor();
  await context.close();
});

for (const dark of [false, true]) {
  test(`the development mailbox and the pages of links are accessible, ${dark ? "dark" : "light"}`, async () => {
    const { page, context } = await openPage(browser, server, { dark, viewport: PHONE });
    const wrong = `sl_${"x".repeat(43)}`;
    for (const path of [
      ...["/dev/mail", "/by-mail", "/forgot", "/link", `/link#${wrong}`, `/reset#${wrong}`],
      ...["/reset", `/confirm-email#${wrong}`],
    ]) {
      await page.goto("about:blank");
      await page.goto(path);
      await page.locator("h1").first().waitFor();
      assert.deepEqual(await axe(page), [], path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(wide, PHONE.width, path);
    }
    await context.close();
  });
}
