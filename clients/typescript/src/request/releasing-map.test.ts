import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ReleasingMap } from "./releasing-map.js";

describe("a ReleasingMap", () => {
  it("returns the value that was set last, until the value is removed", () => {
    const map = new ReleasingMap<string>();
    map.set("a", "first");
    map.set("b", "second");
    map.set("a", "third");

    expect(map.get("a")).toBe("third");
    expect(map.take("a")).toBe("third");
    expect(map.take("a")).toBeUndefined();
    expect(map.get("a")).toBeUndefined();
    expect(map.get("b")).toBe("second");
  });

  it("releases removed values", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const map = new ReleasingMap<object>();
    const put = (key: string): WeakRef<object> => {
      const value = {};
      map.set(key, value);
      return new WeakRef(value);
    };
    const [removed, kept] = [put("removed"), put("kept")];
    map.take("removed");
    await new Promise((resolve) => setImmediate(resolve));
    collect();

    expect(removed.deref()).toBeUndefined();
    expect(kept.deref()).toBe(map.get("kept"));
  });

  it("keeps the right value for each key when keys come and go", () => {
    const map = new ReleasingMap<number>();
    for (let i = 0; i < 1_000; i++) {
      map.set(`k${i}`, i);
      if (i >= 10) expect(map.take(`k${i - 10}`)).toBe(i - 10);
    }
    expect(map.takeAll()).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999]);
    expect(map.takeAll()).toEqual([]);
  });
});
