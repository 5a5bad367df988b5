/** Goal: becoming a user by a link, or by whoever runs it, and hearing when neither is offered. */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const PASSWORD = "correct horse battery";
const SHOTS = process.env.SHOTS;
const server = new Server({ STOCKYARD_SIGN_UP: "confirmed" });
let browser: Browser;

interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

before(async () => {
  browser = await openBrowser();
  await server.start();
  await server.end();
  const words = ["-m", "stockyard", "users", "role", server.demo.email, "admin"];
  const python = process.env.E2E_PYTHON ?? "python3";
  const done = spawnSync(python, [...words, "--data", server.data], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function shot(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

async function mailTo(email: string): Promise<Mail> {
  const mails = (await (await fetch(`${server.url}/dev/mail.json`)).json()) as Mail[];
  const found = mails.find((mail) => mail.to === email);
  assert(found, `no mail to ${email}`);
  return found;
}

async function ask(page: Page, name: string, email: string): Promise<Mail> {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  assert.equal(await page.getByLabel("Password").count(), 0);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText(`A mail is on its way to ${email}.`).waitFor();
  return mailTo(email);
}

const linkIn = (mail: Mail): string => mail.text.match(/https?:\S+/)?.[0] ?? "";
const home = (page: Page) =>
  page.getByRole("heading", { name: "Home" }).waitFor({ state: "attached" });

test("a link in a mail opens the account, and works once", async () => {
  const { page, context, faults } = await openPage(browser, server);
  const mail = await ask(page, "Ann", "ann@example.com");
  assert.equal(mail.subject, "Open your Stockyard account");
  await shot(page, "join-sent");
  const link = linkIn(mail);
  // Programs that look through mails open links.
  assert.equal((await fetch(link, { headers: { Accept: "text/html" } })).status, 200);
  await page.goto(link);
  await page.getByLabel("Password", { exact: true }).fill("ann@example.com");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByText(/the password is the e-mail address/i).waitFor();
  await shot(page, "join-finish");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Open the account" }).click();
  await home(page);
  await page.getByText("$100,000.00").first().waitFor();
  assert.deepEqual(faults, []);
  await context.close();

  const late = await openPage(browser, server);
  await late.page.goto(link);
  await late.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await late.page.getByRole("button", { name: "Open the account" }).click();
  await late.page.getByText("This link does not work.").waitFor();
  await late.page.getByRole("link", { name: "Have a new one sent" }).click();
  // A known address is answered alike; only its reader hears that it is known.
  const again = await ask(late.page, "Eve", "ann@example.com");
  assert.equal(again.subject, "You have a Stockyard account");
  await late.context.close();
});

test("an account that is open while signing in fails is said to be open", async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(linkIn(await ask(page, "Cy", "cy@example.com")));
  await page.route("**/auth/login", (route) => route.abort());
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByText("Your account is open.").waitFor();
  await page.unroute("**/auth/login");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill("cy@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await home(page);
  await context.close();
});

test("an admin adds a user, who chooses a password", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/operator");
  await page.getByRole("button", { name: "Add a user" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Bob");
  await dialog.getByLabel("E-mail").fill("ann@example.com");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByText(/already a user with this e-mail/i).waitFor();
  await dialog.getByLabel("E-mail").fill("bob@example.com");
  await shot(page, "join-add");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("dialog", { name: "Bob is added" }).waitFor();
  await shot(page, "join-added");
  const link = await page.getByRole("textbox", { name: "Link" }).inputValue();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Bob" }).click();
  await page.getByRole("button", { name: "Link for a new password" }).click();
  await page.getByRole("dialog", { name: "A new password for Bob" }).waitFor();
  await shot(page, "join-link");
  assert.deepEqual(faults, []);
  await context.close();

  const other = await openPage(browser, server, { viewport: PHONE, dark: true });
  await other.page.goto(link);
  await other.page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await other.page.getByRole("button", { name: "Use this password" }).click();
  await other.page.getByRole("link", { name: "Sign in" }).click();
  await other.page.getByLabel("E-mail").fill("bob@example.com");
  await other.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await home(other.page);
  assert.deepEqual(other.faults, []);
  await other.context.close();
});

for (const dark of [false, true]) {
  test(`signing up is accessible and fits a phone, ${dark ? "dark" : "light"}`, async () => {
    const { page, context } = await openPage(browser, server, { dark, viewport: PHONE });
    for (const path of ["/sign-up", "/finish#sl_x"]) {
      await page.goto(path);
      await page.getByRole("heading", { name: "Open an account" }).waitFor();
      await page.getByRole("button", { name: /Send the link|Open the account/ }).waitFor();
      assert.deepEqual(await axe(page), []);
      await shot(page, `join${path.slice(0, 7).replace("/", "-")}-390${dark ? "-dark" : ""}`);
    }
    await context.close();
  });
}

test("where nobody can sign up, the page says who can help", async () => {
  const closed = await new Server({ STOCKYARD_SIGN_UP: "closed" }).start();
  const { page, context } = await openPage(browser, closed);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await page.getByRole("button", { name: /demo account/ }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Open an account" }).count(), 0);
  await page.goto("/sign-up");
  await page.getByText("Nobody can sign up here by themselves.").waitFor();
  assert.equal(await page.getByLabel("E-mail").count(), 0);
  await shot(page, "join-closed");
  await context.close();
  await closed.remove();
});
