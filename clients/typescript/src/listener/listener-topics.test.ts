import { describe, expect, it } from "vitest";
import { alreadyClosed } from "../errors.js";
import { ListenerTopics } from "./listener-topics.js";

const NOTHING = { added: [], removed: [], cursors: [] };

describe("a listener's topics", () => {
  it("change at once, and the change resolves when the server confirms the last of them", async () => {
    const topics = new ListenerTopics(["a"]);
    const { updates, done } = topics.add(["b", "c"]);
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });

    topics.changed({ ...NOTHING, added: ["b"] });
    await Promise.resolve();
    expect(isDone).toBe(false);
    topics.changed({ ...NOTHING, added: ["c"] });

    await done;
    expect(updates).toMatchObject([{ addTopics: ["b", "c"], removeTopics: [] }]);
    expect(topics.current()).toEqual(["a", "b", "c"]);
  });

  it("that are present already need no message", async () => {
    const topics = new ListenerTopics(["a"]);

    const { updates, done } = topics.add(["a"]);

    await done;
    expect(updates).toEqual([]);
  });

  it("are confirmed by the stream that started with them, and only by that stream", async () => {
    const topics = new ListenerTopics([]);
    const before = topics.add(["a"]);
    topics.streamBegins();
    const after = topics.add(["b"]);

    topics.streamIsLive();
    await before.done;
    topics.abandon(alreadyClosed("listener"));

    await expect(after.done).rejects.toMatchObject({ reason: "CLOSED" });
  });

  it("follow a change by another client", () => {
    const topics = new ListenerTopics(["a"]);

    topics.changed({ ...NOTHING, added: ["b"], removed: ["a"] });

    expect(topics.current()).toEqual(["b"]);
  });

  it("end with the last change, independent of the confirmations in between", async () => {
    const topics = new ListenerTopics([]);
    const added = topics.add(["a"]);
    const removed = topics.remove(["a"]);

    topics.changed({ ...NOTHING, added: ["a"] });
    topics.changed({ ...NOTHING, removed: ["a"] });

    await Promise.all([added.done, removed.done]);
    expect(topics.current()).toEqual([]);
  });
});
