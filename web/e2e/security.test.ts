/** Goal: a person sets up a second factor, signs in with it, sees where else, and leaves. */
import { strict as assert } from "node:assert";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, DESKTOP, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const server = new Server();
let browser: Browser;
const EMAIL = "ann@example.com";
const PASSWORD = "correct horse battery";

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

const STEP_S = 30;
const step = () => Math.floor(Date.now() / 1000 / STEP_S);

/** What an authenticator app shows (RFC 6238), by its own sums. */
function codeAt(secret: string, at: number): string {
  const bits = [...secret]
    .map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(at));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  const found = (mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
  return String(found).padStart(6, "0");
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

async function signIn(page: Page, password = PASSWORD): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

const home = (page: Page) =>
  page.getByRole("heading", { name: "Home", level: 1 }).waitFor({ state: "attached" });

test("a second factor, from the picture to signing in with it, and leaving", async () => {
  const made = await fetch(`${server.url}/api/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "Ann", email: EMAIL, password: PASSWORD }),
  });
  assert.equal(made.status, 201);
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page);
  await home(page);
  await page.goto("/account");
  await page.getByRole("link", { name: "Security" }).click();
  await page.getByRole("button", { name: "Set it up" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Present password").fill("wrong password");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByText("The password is wrong.").waitFor();
  await dialog.getByLabel("Present password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByAltText("QR code for the authenticator app").waitFor();
  const seen = await dialog
    .locator("img")
    .evaluate((one: HTMLImageElement) => one.complete && one.naturalWidth > 0);
  assert(seen, "the picture is drawn");
  await picture(page, "security-enrol-desk-light");
  assert.deepEqual(await axe(page), []);
  const secret = await dialog.getByRole("textbox", { name: "Or type this secret" }).inputValue();
  const first = step();
  await dialog.getByLabel("Code of your authenticator app").fill(codeAt(secret, first));
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await dialog.getByText("Keep these recovery codes").waitFor();
  await picture(page, "security-codes-desk-light");
  const codes = await dialog.locator("li").allInnerTexts();
  assert.equal(codes.length, 10);
  await dialog.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes are left.").waitFor();

  // Another browser needs the code; the one that was used is of no use any more.
  const other = await openPage(browser, server, { viewport: PHONE, dark: true });
  await signIn(other.page);
  const code = other.page.getByLabel("Code of your authenticator app");
  await code.fill(codeAt(secret, first));
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.page.getByText("was used already").waitFor();
  await picture(other.page, "sign-in-code-hand-dark");
  assert.deepEqual(await axe(other.page), []);
  await code.fill(codeAt(secret, first + 1));
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await home(other.page);

  // Both are listed, each sees which it is, and one ends the other.
  await other.page.goto("/security");
  await other.page.getByText("this browser").waitFor();
  await picture(other.page, "security-hand-dark");
  assert.deepEqual(await axe(other.page), []);
  await page.reload();
  await page.getByText("this browser").waitFor();
  await picture(page, "security-desk-light");
  const listed = page.getByRole("listitem").filter({ hasText: "last seen" });
  assert.equal(await listed.count(), 2);
  await page.getByRole("button", { name: /^Sign out Chrome/ }).click();
  await page.getByText("last seen").nth(1).waitFor({ state: "detached" });
  await other.page.reload();
  await other.page.getByText("Your session has ended").waitFor();

  // A new password needs a code as well; a recovery code does.
  const form = page.locator("section", { has: page.getByRole("heading", { name: "Password" }) });
  await form.getByLabel("Present password").fill(PASSWORD);
  await form.getByLabel("Code of your authenticator app").fill(codes[0] ?? "");
  await form.getByLabel("New password").fill("staple the horse");
  await form.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password is changed").waitFor();

  await page.getByRole("button", { name: "Leave for good" }).click();
  await dialog.getByLabel("Present password").fill("staple the horse");
  await dialog.getByLabel("Code of your authenticator app").fill(codes[1] ?? "");
  await dialog.getByLabel("I want to be erased here.").check();
  await picture(page, "security-leave-desk-light");
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole("button", { name: "Leave for good" }).click();
  await page.getByText("You have left.").waitFor();
  await signIn(page, "staple the horse");
  await page.getByText("The e-mail address or the password is wrong.").waitFor();
  assert.deepEqual([...faults, ...other.faults], []);
  await context.close();
  await other.context.close();
});

test("the address is changed, or asked for by mail", async () => {
  const body = { name: "Bob", email: "bob@example.com", password: PASSWORD };
  await fetch(`${server.url}/api/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const { page, context, faults } = await openPage(browser, server, { viewport: DESKTOP });
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(body.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await home(page);
  await page.goto("/security");
  await page.getByRole("button", { name: "Change the address" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New e-mail address").fill("bob@example.com");
  await dialog.getByLabel("Present password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Change the address" }).click();
  await dialog.getByText("This is the address already.").waitFor();
  await dialog.getByLabel("New e-mail address").fill("bob@example.org");
  await dialog.getByRole("button", { name: "Change the address" }).click();
  await page.getByText(/The address is changed|Look into your mail/).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
