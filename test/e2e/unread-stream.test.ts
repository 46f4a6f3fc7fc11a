/** A closed stream is reset if its peer does not read to the end. Without access to the HTTP/2 stream it is not. */
import { connect as connectHttp2, constants } from "node:http2";
import { ListenRequest, OverflowAction } from "ate-dispatcher-client/internal";
import { describe, expect, it, onTestFinished } from "vitest";
import { flood } from "../support/flood.js";
import { startInspectable } from "../support/in-process.js";
import { connect } from "../support/wire-client.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;

describe("a peer that was closed", () => {
  it.each([
    ["for not reading", 64 * KIB],
    ["because a newer session replaced it, with a large queue", 64 * MIB],
  ])("%s and does not read on is reset after closeTimeoutMs and leaves no state", async (_, bufferBytes) => {
    const { address, runtime } = await startInspectable({ closeTimeoutMs: 100 });
    const session = connectHttp2(`http://${address}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": "/ate.dispatcher.v1.DispatcherService/Listen",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const topics = ["cut"];
    const overflowAction = OverflowAction.DISCONNECT;
    const listen = ListenRequest.encode(
      ListenRequest.fromPartial({ listenerId: "cut", topics, overflowAction, bufferBytes }),
    ).finish();
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(listen.byteLength, 1);
    const closed = new Promise<number>((resolve) => stream.on("close", () => resolve(stream.rstCode)));
    stream.on("error", () => undefined);
    stream.end(Buffer.concat([frame, listen]));
    await new Promise((resolve) => stream.on("response", resolve));
    const client = connect(address);
    const other = await client.listener({ topics });
    const { openSessionCount } = runtime.snapshot();
    await flood(client, "cut", 5_000, KIB);
    await other.take("delivery", 5_000);
    // A session that was closed for not reading is gone already and is not replaced.
    await client.listener({ listenerId: "cut" });
    expect(await closed).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    // Two sessions were added, the producer and the newer listener; the older listener was removed.
    expect(runtime.snapshot().openSessionCount).toBe(openSessionCount + 1);
  });
});
