/** Who may call: every method of a real server, with credentials and without. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { ConfigError, createDispatcher } from "../../src/compose.js";
import type { Logger } from "../../src/ports/logger.js";
import { startServer, useServer } from "../support/in-process.js";
import { EVERYTHING, writePolicy } from "../support/policy-file.js";
import { callRaw, callWithoutEnd, connectRaw, framed } from "../support/raw-call.js";
import { bearer, writeTokenFile } from "../support/token-file.js";
import { connect } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const TOKEN = "planted-token-of-orders";
const EXPIRED = "planted-token-of-yesterday";
const file = writeTokenFile([
  { token: TOKEN, id: "orders", groups: ["traders"] },
  { token: EXPIRED, id: "yesterday", expires: "2020-01-01" },
]);
afterAll(file.remove);

const server = useServer({ authTokensFile: file.path });

const UNAUTHENTICATED = {
  code: "UNAUTHENTICATED",
  reason: "UNAUTHENTICATED",
  domain: "ate.dispatcher",
  metadata: {},
  message:
    "the call has no valid credentials; send a valid token as authorization: Bearer, or a client certificate",
};

/** Ends every call whose caller is known. */
const MALFORMED = framed(Buffer.from([0xff]));
/** Every method that is not for probes. */
const METHODS = [
  ...[
    "Dispatch",
    "Gather",
    "Submit",
    "CancelRequest",
    "Produce",
    "Listen",
    "UpdateListener",
    "Subscribe",
  ].map((name) => `/ate.dispatcher.v1.DispatcherService/${name}`),
  ...[
    "GetServerInfo",
    "ListTopics",
    "ListProducers",
    "ListListeners",
    "ListRequests",
    "GetRequest",
    "Watch",
  ].map((name) => `/ate.dispatcher.v1.IntrospectionService/${name}`),
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

describe("with a source of identities", () => {
  it.each(METHODS)("%s needs credentials", async (path) => {
    const session = connectRaw(server.address);

    expect((await callRaw(session, path, MALFORMED)).refused).toMatchObject(UNAUTHENTICATED);
    const authorization = "Bearer wrong";
    expect((await callRaw(session, path, MALFORMED, { authorization })).refused).toMatchObject(
      UNAUTHENTICATED,
    );
    // The connection is as good as before.
    const valid = await callRaw(session, path, MALFORMED, { authorization: `Bearer ${TOKEN}` });
    expect(valid.refused?.code).not.toBe("UNAUTHENTICATED");
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["an expired token", { authorization: `Bearer ${EXPIRED}` }],
    ["another scheme", { authorization: `Basic ${TOKEN}` }],
    ["no scheme", { authorization: TOKEN }],
    ["an odd byte in the token", { authorization: `Bearer ${TOKEN}\u00e9` }],
    ["the token under another name", { "x-authorization": `Bearer ${TOKEN}` }],
    [
      "an identity that nobody vouches for",
      { "x-forwarded-client-cert": "URI=spiffe://prod/ns/a/sa/orders" },
    ],
    ["one of another proxy", { "l5d-client-id": "orders" }],
  ])("the sentence is the same for %s", async (_, headers) => {
    const session = connectRaw(server.address);

    expect((await callRaw(session, "Submit", framed(Buffer.alloc(0)), headers)).refused).toMatchObject(
      UNAUTHENTICATED,
    );
  });

  it.each(["Check", "Watch"])("health stays open: %s", async (method) => {
    const session = connectRaw(server.address);
    const stream = session.request({
      ":method": "POST",
      ":path": `/grpc.health.v1.Health/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(framed(Buffer.alloc(0)));
    const message = await new Promise<Buffer>((resolve) => stream.once("data", resolve));

    expect([...message]).toEqual([0, 0, 0, 0, 2, 8, 1]);
  });

  it("a whole scatter works with a token", async () => {
    const client = connect(server.address);
    const producer = client.produce(bearer(TOKEN));
    await producer.hello({ producerId: "p", registrations: [{ topic: "t" }] });
    const listener = client.listen({ topics: ["t"] }, bearer(TOKEN));
    await listener.next("ready");
    const caller = client.submit(bearer(TOKEN));
    caller.submit({ correlationId: "c", request: { topic: "t" } });
    producer.answer(await producer.next("assignment"), 7);

    expect((await listener.next("delivery")).result?.outcome).toEqual({ $case: "value", value: 7 });
    const { requestId } = await client.dispatch({ topic: "t" }, bearer(TOKEN));
    expect(requestId).not.toBe("");
  });

  it("a call that is refused and stays open is reset", async () => {
    const { address } = await startServer({ authTokensFile: file.path, closeTimeoutMs: 20 });
    const refused = await callWithoutEnd(connectRaw(address), "Produce", framed(Buffer.alloc(0)));

    expect(refused.refused).toMatchObject(UNAUTHENTICATED);
  });

  it("no call that is refused reaches the dispatcher", async () => {
    const client = connect(server.address);
    await refusalOf(client.dispatch({ topic: "unknown.topic", requestId: "refused" }));
    await client.listen({ topics: ["unknown.topic"] }, bearer("wrong")).ended;
    await client.produce(bearer("wrong")).ended;

    const unknown = await refusalOf(
      client.unary("CancelRequest", Buffer.from("\n\u0007refused"), bearer(TOKEN)),
    );
    expect(unknown.reason).toBe("REQUEST_NOT_FOUND");
  });
});

describe("the token file", () => {
  const second = "planted-token-of-quotes";

  it("is read again when it has changed, and stays as it was if it has become invalid", async () => {
    const { path, remove } = writeTokenFile([{ token: TOKEN, id: "orders" }]);
    onTestFinished(remove);
    const { address, dispatcher } = await startServer({ authTokensFile: path });
    const client = connect(address);
    const producer = client.produce(bearer(TOKEN));
    await producer.hello({ producerId: "p", registrations: [{ topic: "t" }] });
    const next = writeTokenFile([{ token: second, id: "quotes" }]);
    onTestFinished(next.remove);
    renameSync(next.path, path);

    expect(await dispatcher.reload()).toContainEqual({ what: "tokens", result: "replaced" });
    expect((await refusalOf(client.dispatch({ topic: "t" }, bearer(TOKEN)))).reason).toBe("UNAUTHENTICATED");
    await client.dispatch({ topic: "t" }, bearer(second));
    // The stream that was open goes on.
    producer.answer(await producer.next("assignment"), 7);
    writeFileSync(path, `- { id: quotes, sha256: ${second} }`);
    const refused = (await dispatcher.reload()).find(({ what }) => what === "tokens");
    expect(refused?.result).toBe("refused");
    expect(JSON.stringify(refused)).not.toContain("planted");
    await client.dispatch({ topic: "t" }, bearer(second));
  });

  it.each([
    ["is missing", undefined, "cannot read"],
    ["is invalid", `- { id: quotes, sha256: ${second} }`, "[0].sha256 is no digest"],
  ])("stops a server from being created if it %s", (_, content, problem) => {
    const { path, remove } = writeTokenFile([]);
    onTestFinished(remove);
    if (content === undefined) rmSync(path);
    else writeFileSync(path, content);
    const policy = writePolicy([{ principals: ["*"], allow: EVERYTHING }]);
    onTestFinished(policy.remove);
    const create = () => createDispatcher({ authTokensFile: path, policyFile: policy.path });

    expect(create).toThrow(ConfigError);
    expect(create).toThrow(problem);
    expect(create).not.toThrow("planted");
  });
});

describe("secrets", () => {
  it("of calls and of the token file appear in no line of the log", async () => {
    const lines: string[] = [];
    const line = (fields: object, message: string) => void lines.push(JSON.stringify({ message, ...fields }));
    const logger: Logger = { trace: line, debug: line, info: line, warn: line, error: line };
    const { address, dispatcher } = await startServer({
      authTokensFile: file.path,
      logLevel: "trace",
      logger,
    });
    const session = connectRaw(address);
    for (const authorization of [`Bearer ${TOKEN}`, `Bearer ${EXPIRED}`, `Bearer ${TOKEN}\u0001`, TOKEN]) {
      for (const path of METHODS) await callRaw(session, path, MALFORMED, { authorization });
    }
    await dispatcher.drain();

    expect(lines.length).toBeGreaterThan(METHODS.length);
    expect(lines.filter((text) => text.includes("planted"))).toEqual([]);
  });
});

describe("settings", () => {
  it("show no secret of a URL in the log", async () => {
    const lines: string[] = [];
    const line = (fields: object, message: string) => void lines.push(JSON.stringify({ message, ...fields }));
    const { dispatcher } = await startServer({
      authJwtJwksUrl: "http://127.0.0.1:1/keys?planted-secret",
      authJwtIssuer: "https://issuer.example",
      authJwtAudience: "ate",
      logLevel: "trace",
      logger: { trace: line, debug: line, info: line, warn: line, error: line },
    });
    await dispatcher.drain();

    expect(lines.join()).toContain("http://127.0.0.1:1/keys?...");
    expect(lines.join()).not.toContain("planted");
  });
});

describe("without a source of identities", () => {
  it("everybody may call, and credentials are ignored", async () => {
    const { address } = await startServer();
    const client = connect(address);
    onTestFinished(() => client.close());

    expect((await client.dispatch({ topic: "t" })).requestId).not.toBe("");
    expect((await client.dispatch({ topic: "t" }, bearer("anything"))).requestId).not.toBe("");
  });
});
