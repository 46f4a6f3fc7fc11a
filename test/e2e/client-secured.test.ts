/** Sessions of the TypeScript client against a real server with tokens and a policy. */
import { type ConnectionOptions, createClient, status } from "ate-dispatcher-client";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { useServer } from "../support/in-process.js";
import { writePolicy } from "../support/policy-file.js";
import { writeTokenFile } from "../support/token-file.js";

const tokens = writeTokenFile([{ token: "right", id: "desk" }]);
const quotes = ["quotes.>"];
const policy = writePolicy([
  { principals: ["desk"], allow: { request: quotes, produce: quotes, listen: quotes } },
]);
afterAll(() => {
  tokens.remove();
  policy.remove();
});
const server = useServer({ authTokensFile: tokens.path, policyFile: policy.path });

function clientOf(token: ConnectionOptions["token"]) {
  const reconnect = { initialDelayMs: 1, maxDelayMs: 1 };
  const client = createClient({
    address: server.address,
    reconnect,
    ...(token === undefined ? {} : { token }),
  });
  onTestFinished(() => client.close({ graceMs: 0 }));
  return client;
}

const handler = () => 1;

describe("a session", () => {
  it.each([
    ["without a token", undefined],
    ["with a wrong fixed token", "wrong"],
  ])("%s ends for good", async (_, token) => {
    const client = clientOf(token);
    const refused = { code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" };

    await expect(client.createProducer({ topics: ["quotes.eu"], handler }).ready()).rejects.toMatchObject(
      refused,
    );
    await expect(client.createListener({ topics: ["quotes.eu"] }).ready()).rejects.toMatchObject(refused);
    await expect(client.dispatch("quotes.eu")).rejects.toMatchObject(refused);
  });

  it("with a function asks for another token until one is right", async () => {
    let asked = 0;
    const client = clientOf(() => (++asked < 4 ? "wrong" : "right"));
    await client.createProducer({ topics: ["quotes.eu"], handler }).ready();

    expect(asked).toBe(4);
    const results: unknown[] = [];
    for await (const { value, principal, requester } of client.gather("quotes.eu"))
      results.push([value, principal, requester]);
    expect(results).toEqual([[1, "desk", "desk"]]);
  });

  it("whose function has no token for a while waits, and goes on", async () => {
    let asked = 0;
    const client = clientOf(() => {
      if (++asked < 3) throw new Error("no network");
      return "right";
    });
    await client.createListener({ topics: ["quotes.us"] }).ready();

    expect(asked).toBe(3);
  });

  it("on a topic that is not allowed ends for good", async () => {
    const client = clientOf(() => "right");
    const refused = { code: status.PERMISSION_DENIED, reason: "NOT_ALLOWED" };

    await expect(client.createProducer({ topics: ["orders"], handler }).ready()).rejects.toMatchObject(
      refused,
    );
    await expect(client.createListener({ topics: ["orders"] }).ready()).rejects.toMatchObject(refused);
    await expect(client.dispatch("orders")).rejects.toMatchObject(refused);
    await expect(client.dispatch("quotes.free")).resolves.toMatchObject({ targets: [] });
  });
});
