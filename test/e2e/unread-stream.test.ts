/** A closed stream that its peer does not read to the end is reset. Without the HTTP/2 stream below grpc-js it is not. */
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
    ["because another one took its place, with much in its queue", 64 * MIB],
  ])("%s, and does not read on, is cut after its time, and nothing of it is left", async (_, bufferBytes) => {
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
    // One that was closed for not reading is replaced by nobody.
    await client.listener({ listenerId: "cut" });
    expect(await closed).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    // The producer that poured and the successor have come, and the listener has gone.
    expect(runtime.snapshot().openSessionCount).toBe(openSessionCount + 1);
  });
});
