/**
 * A listener that resumes from thousands of cursors beside a thousand listeners of everything. If each cursor is checked
 * by collecting all listeners of its topic, one message costs ten million steps.
 */
import { bytesField, concat } from "../../support/wire-bytes.js";
import type { Attack } from "../attack.js";
import { prepared } from "../attacker/stream.js";
import { listen, METHOD } from "./messages.js";
import { connectionsFor } from "./parties.js";

const LISTENERS = 980;
const CURSORS = 10_000;
const RESUMPTIONS = 5;

export const resumeBesideListeners: Attack = {
  name: "resume-beside-listeners",
  sends: `Listen, gzipped: resumes from ${CURSORS} cursors beside ${LISTENERS} listeners of everything`,
  async run(attacker) {
    const connectionOf = connectionsFor(attacker, LISTENERS);
    for (let i = 0; i < LISTENERS; i++) {
      const listener = connectionOf(i).open(METHOD.listen);
      listener.send(listen(`all-${i}`, ["r.>"]));
      listener.finish();
    }
    await attacker.wait(1_500);
    const cursors = Array.from({ length: CURSORS }, (_, i) => bytesField(3, bytesField(1, `r.${i}`)));
    const message = prepared(concat(listen("resuming", ["r.>"]), ...cursors), true);
    const connection = attacker.connect();
    for (let i = 0; i < RESUMPTIONS && attacker.goesOn; i++) {
      const stream = connection.open(METHOD.listen, { gzip: true });
      stream.send(message);
      stream.finish();
      await attacker.wait(200);
    }
    await attacker.wait(1_000);
  },
};
