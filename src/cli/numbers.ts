/**
 * Formats numbers, sizes and times for display. The exact values are in the JSON output.
 */
import { ms } from "./render.js";

/** Formats a whole number with separators, as in `12,345`. */
export function count(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Formats a size in binary units, as in `1.2 MiB`. */
export function size(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (value < 1_024)
      return `${unit === "B" || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1_024;
  }
  return `${count(Math.round(value))} TiB`;
}

/** Formats a rate: whole from 10 per second, with one decimal below; a dash if unknown. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return "-";
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond));
}

/** Formats a time span: in milliseconds, from 10 s in seconds, from 2 min in two units. */
export function span(value: number): string {
  if (value < 10_000) return ms(value);
  return value < 120_000 ? `${(value / 1_000).toFixed(1)} s` : age(value);
}

/** Formats a long time span in its two largest units, as in `3h 12m`. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [
    `${Math.floor(seconds / 86_400)}d`,
    `${Math.floor(seconds / 3_600) % 24}h`,
    `${Math.floor(seconds / 60) % 60}m`,
    `${seconds % 60}s`,
  ];
  const first = parts.findIndex((part) => !part.startsWith("0"));
  return first < 0 ? "0s" : parts.slice(first, first + 2).join(" ");
}

/** Formats an instant in the local time zone, as in `2026-03-01 12:00:05`. */
export function dateTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}
