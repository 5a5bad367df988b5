/**
 * The service worker: it keeps the app's own files, so that the app opens at once, and opens while
 * the server is away to say so. It never keeps or answers what the API says. VERSION and FILES are
 * filled in when the app is built.
 */
const VERSION = "__VERSION__";
const FILES = __FILES__;
const OURS = "stockyard-";
const PAGE = "/index.html";
/** A server that does not answer in this time is away. */
const PATIENCE_MS = 4_000;
/** First parts of paths that are never the app's. */
const NEVER = /^\/(api|dev|graphql|health|ingest|internal|metrics|stream|v1|v2|v1beta[123])(\/|$)/;

self.addEventListener("install", (event) => {
  // What has no hash in its name is asked for anew: the browser may keep an older one.
  const wanted = FILES.map((path) =>
    path.startsWith("/assets/") ? path : new Request(path, { cache: "reload" }),
  );
  event.waitUntil(caches.open(OURS + VERSION).then((cache) => cache.addAll(wanted)));
});

/** The version before stays: a page that was opened with it may still load a part of it. */
self.addEventListener("activate", (event) => {
  const clean = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith(OURS));
    const older = names.filter((name) => name !== OURS + VERSION).slice(0, -1);
    await Promise.all(older.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || NEVER.test(pathname)) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(request));
  else if (FILES.includes(pathname)) event.respondWith(fresh(request, pathname));
});

/** The page as the server has it; as it was kept, while the server is away. */
async function page(request) {
  try {
    return await Promise.race([fetch(request), away()]);
  } catch {
    const found = await own(PAGE);
    return found ?? fetch(request);
  }
}

function away() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("away")), PATIENCE_MS));
}

/** Its name changes with what is in it. */
async function kept(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function fresh(request, pathname) {
  try {
    return await fetch(request);
  } catch {
    return (await own(pathname)) ?? Response.error();
  }
}

async function own(path) {
  const cache = await caches.open(OURS + VERSION);
  return cache.match(path, { ignoreVary: true });
}
