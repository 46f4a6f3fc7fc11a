import type { ClientHttp2Session } from "node:http2";
import { Gap, ListenRequest } from "ate-dispatcher-client/internal";
import { listenerBufferBytes } from "../listener-buffer.js";
import type { Load } from "../peer.js";
import { openCall } from "./call.js";
import { FieldFinder } from "./wire.js";

// ListenResponse.events, ListenerEvent.{delivery,ready,gap}, Delivery.result, Result.{value,data}
const EVENTS = 1;
const DELIVERY = 1;
const READY = 7;
const GAP = 8;
const RESULT = 12;
const FIELDS = { value: 1, data: 2 };

/** Opens a listener that reads only the fields on the path to the payload. Resolves when it is registered. */
export function openLeanListener(session: ClientHttp2Session, load: Load, index: number): Promise<void> {
  const request = ListenRequest.fromPartial({
    topics: load.topics,
    bufferBytes: listenerBufferBytes(load.shape),
  });
  const reader = new FieldFinder();
  const payload = FIELDS[load.payloads.field];
  return new Promise((ready) => {
    const call = openCall(session, "Listen", load, (bytes, start, messageEnd) => {
      reader.open(bytes, start);
      for (let end = reader.find(EVENTS, messageEnd); end !== -1; end = reader.find(EVENTS, messageEnd)) {
        const kind = reader.varint() >>> 3;
        const eventEnd = reader.varint() + reader.position;
        if (kind === DELIVERY) {
          const dataEnd = reader.find(payload, reader.find(RESULT, eventEnd));
          if (dataEnd === -1) load.failed(new Error("a result has no payload"));
          else load.delivered(index, bytes, reader.position, dataEnd);
        } else if (kind === READY) ready();
        else if (kind === GAP) {
          const { lostCount } = Gap.decode(bytes.subarray(reader.position, eventEnd));
          load.lost(Number(lostCount));
        }
        reader.position = end;
      }
    });
    call.write(Buffer.from(ListenRequest.encode(request).finish()));
    call.end();
  });
}
