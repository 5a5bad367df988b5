/**
 * Goal: the app can be installed, opens while the server is away and says so, keeps nothing that the
 * API says, and tells when a new version is here.
 */
import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const server = new Server();
let browser: Browser;

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

/** Until the worker keeps the app's files, and serves this page. */
async function kept(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

test("a browser finds it fit to be installed", async () => {
  const { page, context } = await openPage(browser, server, { worker: true });
  await page.goto("/sign-in");
  await kept(page);
  const devtools = await context.newCDPSession(page);
  const manifest = await devtools.send("Page.getAppManifest");
  assert.deepEqual(manifest.errors, []);
  const { icons, id } = JSON.parse(manifest.data ?? "{}");
  assert.equal(id, "/");
  for (const { src, sizes, type } of icons) {
    const picture = await fetch(`${server.url}${src}`);
    assert.equal(picture.headers.get("content-type"), type);
    const bytes = Buffer.from(await picture.arrayBuffer());
    if (type === "image/png") {
      assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes);
    }
  }
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  // Nothing is installed in a private window, which every page of these tests is in.
  const found = installabilityErrors.filter((one) => one.errorId !== "in-incognito");
  assert.deepEqual(found, []);
  await context.close();
});

test("it opens while the server is away, says so, goes on by itself, and kept no answer", async () => {
  const { page, context, faults } = await openPage(browser, server, {
    viewport: PHONE,
    worker: true,
  });
  await enterAsDemo(page);
  await kept(page);
  await server.end("SIGKILL");
  await page.goto("/markets");
  await page.getByRole("heading", { name: "Stockyard cannot be reached" }).waitFor();
  assert.deepEqual(await axe(page), []);
  const known = await page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) found.push(new URL(url).pathname);
    }
    return found;
  });
  assert.ok(known.includes("/index.html"));
  const ours = /^\/(index\.html|app\.webmanifest|theme\.js|icon[\w-]*\.\w+|assets\/[\w.-]+)$/;
  assert.deepEqual(
    known.filter((path) => !ours.test(path)),
    [],
  );
  await server.start();
  await page.getByRole("heading", { name: "Markets" }).waitFor({ timeout: 30_000 });
  await page.getByRole("table", { name: "Symbols" }).waitFor();
  await page.getByRole("button", { name: "You and your settings" }).click();
  await page.getByText(server.demo.email).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("a new version is told, and taken when one wants it", async (t) => {
  let version = "";
  // The same server, whose worker changes.
  const proxy = createServer(async (request, response) => {
    const answer = await fetch(`${server.url}${request.url}`, {
      headers: { accept: request.headers.accept ?? "*/*" },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get("content-type") ?? "text/plain";
    response.writeHead(answer.status, { "content-type": type, "cache-control": "no-cache" });
    response.end(
      request.url === "/sw.js"
        ? bytes.toString().replace(/VERSION = "/, `VERSION = "${version}`)
        : bytes,
    );
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { page, context } = await openPage(browser, server, { worker: true });
  await page.goto(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/sign-in`);
  await kept(page);
  version = "newer-";
  await page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
  await page.getByText("A new version of Stockyard is here").waitFor();
  await page.getByRole("button", { name: "Reload" }).click();
  await page.waitForFunction(async () => (await caches.keys()).some((one) => /newer/.test(one)));
  await page.getByText("A new version of Stockyard is here").waitFor({ state: "detached" });
  await context.close();
});
