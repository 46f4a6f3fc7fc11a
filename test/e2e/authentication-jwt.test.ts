/** JWTs against a real server, with keys in a file and at a URL. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";
import { startServer, useServer } from "../support/in-process.js";
import { AUDIENCE, createIssuer, ISSUER, keySetOf } from "../support/jwt-issuer.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { bearer } from "../support/token-file.js";
import { connect } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const folder = mkdtempSync(join(tmpdir(), "ate-jwt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const issuer = await createIssuer();
const authJwtJwksFile = join(folder, "keys.json");
writeFileSync(authJwtJwksFile, keySetOf(issuer));
const CLAIMS = { authJwtIssuer: ISSUER, authJwtAudience: AUDIENCE };

const server = useServer({ authJwtJwksFile, ...CLAIMS });
const now = (): number => Math.floor(Date.now() / 1_000);

/** An issuer that publishes its keys when the test says so, and how often it was asked. */
async function publisher() {
  const waiting: ServerResponse[] = [];
  let text: string | undefined;
  let askedCount = 0;
  let asked = (): void => undefined;
  const http = createServer((_, response) => {
    askedCount++;
    if (text === undefined) waiting.push(response);
    else response.end(text);
    asked();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const address = http.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return {
    authJwtJwksUrl: `http://127.0.0.1:${address.port}/keys`,
    /** Resolves when the keys have been asked for. */
    asked: () =>
      new Promise<void>((resolve) => {
        asked = resolve;
        if (askedCount > 0) resolve();
      }),
    publish: (keys: string) => {
      text = keys;
      for (const response of waiting.splice(0)) response.end(keys);
    },
    get askedCount() {
      return askedCount;
    },
  };
}

describe("a JWT", () => {
  it("is asked for by every method, and serves all of them", async () => {
    const client = connect(server.address);
    const token = bearer(await issuer.token(now(), { claims: { groups: ["traders"] } }));
    const producer = client.produce(token);
    await producer.hello({ producerId: "p", registrations: [{ topic: "t" }] });
    const gather = client.gather({ topic: "t" }, token);
    producer.answer(await producer.next("assignment"), 7);

    expect((await gather.next("delivery")).result?.outcome).toEqual({ $case: "value", value: 7 });
    expect((await refusalOf(client.dispatch({ topic: "t" }))).reason).toBe("UNAUTHENTICATED");
    expect((await client.dispatch({ topic: "t" }, token)).requestId).not.toBe("");
  });

  it.each([
    ["for another service", { claims: { aud: "other" } }],
    ["of another issuer", { claims: { iss: "https://other.example" } }],
    ["that has expired", { expiresAt: 1 }],
    ["that does not expire", { claims: { exp: undefined } }],
    ["that is not valid yet", { claims: { nbf: 4_000_000_000 } }],
    ["of an unknown key", { kid: "k2" }],
    ["for everybody", { claims: { sub: "*" } }],
    ["for a group", { claims: { sub: "group:traders" } }],
    ["that is bound to a certificate", { claims: { cnf: { "x5t#S256": "x" } } }],
  ])("%s is refused with the sentence of all", async (_, init) => {
    const client = connect(server.address);
    const refused = await refusalOf(client.dispatch({ topic: "t" }, bearer(await issuer.token(now(), init))));

    expect(refused).toMatchObject({
      code: "UNAUTHENTICATED",
      message:
        "the call has no valid credentials; send a valid token as authorization: Bearer, or a client certificate",
    });
  });

  it("lets messages that come while it is verified wait in their order", async () => {
    const keys = await publisher();
    const { address } = await startServer({ ...CLAIMS, authJwtJwksUrl: keys.authJwtJwksUrl });
    const client = connect(address);
    const token = bearer(await issuer.token(now()));
    const caller = client.submit(token);
    for (let i = 0; i < 100; i++) caller.submit({ correlationId: `c${i}`, request: { topic: "t" } });
    caller.halfClose();
    const unary = client.dispatch({ topic: "t" }, token);
    await keys.asked();
    keys.publish(keySetOf(issuer));

    for (let i = 0; i < 100; i++) expect((await caller.next("acceptance")).correlationId).toBe(`c${i}`);
    expect((await caller.ended).code).toBe("OK");
    await unary;
    expect(keys.askedCount).toBe(1);
  });

  it("is not processed if its call was cancelled while it was verified", async () => {
    const keys = await publisher();
    const { address } = await startServer({ ...CLAIMS, authJwtJwksUrl: keys.authJwtJwksUrl });
    const token = await issuer.token(now());
    const session = connectRaw(address);
    const opened = vi.spyOn(DispatcherRuntime.prototype, "openStream");
    onTestFinished(() => opened.mockRestore());
    const streams = Array.from({ length: 50 }, () => {
      const stream = session.request({
        ":method": "POST",
        ":path": "/ate.dispatcher.v1.DispatcherService/Submit",
        "content-type": "application/grpc",
        te: "trailers",
        authorization: `Bearer ${token}`,
      });
      stream.on("error", () => undefined);
      return stream;
    });
    await keys.asked();
    await Promise.all(
      streams.map((stream) => {
        const closed = new Promise((resolve) => stream.on("close", resolve));
        stream.close(8);
        return closed;
      }),
    );
    // The answer to a PING says that the server has read the resets.
    await new Promise((resolve) => session.ping(resolve));
    keys.publish(keySetOf(issuer));
    const client = connect(address);
    await client.dispatch({ topic: "t" }, bearer(token));

    expect(opened).not.toHaveBeenCalled();
    expect((await callRaw(session, "Submit", framed(Buffer.alloc(0)))).refused?.code).toBe("UNAUTHENTICATED");
  });

  it("is verified with keys at a URL", async () => {
    const keys = await publisher();
    keys.publish(keySetOf(issuer));
    const { address } = await startServer({ ...CLAIMS, authJwtJwksUrl: keys.authJwtJwksUrl });
    const client = connect(address);
    expect((await client.dispatch({ topic: "t" }, bearer(await issuer.token(now())))).requestId).not.toBe("");
    expect((await refusalOf(client.dispatch({ topic: "t" }, bearer("a.b.c")))).reason).toBe(
      "UNAUTHENTICATED",
    );
  });
});
