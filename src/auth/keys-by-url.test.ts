import { createServer, type RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { createIssuer, keySetOf } from "../../test/support/jwt-issuer.js";
import { type Fetched, fetchText } from "./fetch-keys.js";
import { KeysByUrl } from "./keys-by-url.js";

const HOUR = 3_600_000;
const FIRST = keySetOf(await createIssuer("ES256", "k1"));
const SECOND = keySetOf(await createIssuer("ES256", "k2"));

/** Keys whose clock and answers the test decides. */
function keysAt() {
  let now = 0;
  let answer: Fetched = { text: FIRST };
  let fetchCount = 0;
  const lines: string[] = [];
  const line = (fields: object, message: string) => void lines.push(JSON.stringify({ message, ...fields }));
  const keys = new KeysByUrl({
    url: "https://issuer.example/keys?planted-secret",
    maxStaleMs: HOUR,
    logger: { debug: line, info: line, warn: line, error: line },
    now: () => now,
    fetch: async () => {
      fetchCount++;
      return answer;
    },
  });
  return {
    keys,
    lines,
    answerWith: (next: Fetched) => {
      answer = next;
    },
    passTime: (ms: number) => {
      now += ms;
    },
    get fetchCount() {
      return fetchCount;
    },
  };
}

describe("the keys at a URL", () => {
  it("are fetched once for all who wait", async () => {
    const at = keysAt();
    const found = await Promise.all(Array.from({ length: 100 }, () => at.keys.newer(undefined)));

    expect(at.fetchCount).toBe(1);
    expect(new Set(found.map((set) => set?.digest)).size).toBe(1);
    expect(at.keys.current?.digest).toBe(found[0]?.digest);
  });

  it("are fetched again after five minutes, while the old ones are used", async () => {
    const at = keysAt();
    const first = await at.keys.newer(undefined);
    at.answerWith({ text: SECOND });
    at.passTime(300_000);
    expect(at.keys.current).toBe(first);
    expect(at.fetchCount).toBe(1);
    at.passTime(1);
    expect(at.keys.current).toBe(first);
    expect(at.fetchCount).toBe(2);
    expect(await at.keys.newer(first)).toBe(at.keys.current);
    expect(at.keys.current?.digest).not.toBe(first?.digest);
  });

  it("serve for an hour while the issuer is away, and then no longer", async () => {
    const at = keysAt();
    const first = await at.keys.newer(undefined);
    at.answerWith({ problem: "the fetch failed (ECONNREFUSED)" });
    for (let minutes = 0; minutes < 60; minutes++) {
      at.passTime(60_000);
      expect(at.keys.current).toBe(first);
      await at.keys.newer(first);
    }
    at.passTime(1);
    expect(at.keys.current).toBeUndefined();
    at.answerWith({ text: FIRST });
    at.passTime(10_000);
    expect((await at.keys.newer(undefined))?.digest).toBe(first?.digest);
    expect(at.lines.filter((line) => line.includes("cannot be fetched"))).toHaveLength(1);
    expect(at.lines.join()).not.toContain("planted");
  });

  it("are fetched at most once in ten seconds, whatever keys tokens name", async () => {
    const at = keysAt();
    const first = await at.keys.newer(undefined);
    for (let i = 0; i < 1_000; i++) expect(await at.keys.newer(first)).toBeUndefined();
    expect(at.fetchCount).toBe(1);
    at.passTime(10_000);
    for (let i = 0; i < 1_000; i++) await at.keys.newer(first);
    expect(at.fetchCount).toBe(2);
  });

  it("stay if the answer is no key set", async () => {
    const at = keysAt();
    const first = await at.keys.newer(undefined);
    at.passTime(10_000);
    at.answerWith({ text: "planted-secret" });

    expect(await at.keys.newer(first)).toBeUndefined();
    expect(at.keys.current).toBe(first);
    expect(at.lines.join()).toContain("is not JSON");
    expect(at.lines.join()).not.toContain("planted");
  });
});

/** Serves until the test is over. @returns the URL. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}/keys?planted-secret`;
}

describe("a fetch", () => {
  it("returns the text", async () => {
    expect(await fetchText(await serve((_, response) => response.end(FIRST)))).toEqual({ text: FIRST });
  });

  it.each<[string, RequestListener, string]>([
    [
      "a redirect",
      (request, response) =>
        request.url === "/other"
          ? response.end(FIRST)
          : response.writeHead(302, { location: "/other" }).end(),
      "the answer has the status 302",
    ],
    ["an error", (_, response) => response.writeHead(500).end(FIRST), "the answer has the status 500"],
    ["more than 1 MiB", (_, response) => response.end(" ".repeat(1_048_577)), "more than 1048576 bytes"],
    [
      "what inflates to 64 MiB",
      (_, response) =>
        response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(64 * 1_048_576))),
      "more than 1048576 bytes",
    ],
    ["a reset", (request) => request.socket.destroy(), "the fetch failed"],
  ])("fails on %s", async (_, listener, problem) => {
    const fetched = await fetchText(await serve(listener));

    expect(fetched).toEqual({ problem: expect.stringContaining(problem) });
    expect(JSON.stringify(fetched)).not.toContain("planted");
  });

  it("fails on an answer that stops half-way", async () => {
    const url = await serve((_, response) => response.write("{"));

    expect(await fetchText(url, 50)).toEqual({ problem: "the answer did not arrive in time" });
  });
});
